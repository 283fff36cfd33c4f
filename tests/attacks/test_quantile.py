"""The quantile attack: the promised rate, cross-fitting, regressors, containers."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse, special
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from skmia.attacks import LossThresholdAttack, QuantileAttack
from skmia.attacks._quantile import (
    class_columns,
    margin,
    quantile_parameters,
    widest_columns,
)
from skmia.metrics import roc_auc
from skmia.signals import SATURATED_LOGIT


def quick(**settings):
    settings = {"max_iter": 30, "random_state": 0} | settings
    return HistGradientBoostingRegressor(loss="quantile", **settings)


class Memory(RegressorMixin, BaseEstimator):
    """0, but a million for features that it was fitted on, whatever their label."""

    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def fit(self, X, y):
        self.width_ = X.shape[1]
        self.known_ = {row.tobytes() for row in np.ascontiguousarray(X[:, :-3])}
        return self

    def predict(self, X):
        rows = np.ascontiguousarray(X[:, :-3])
        return np.array([1e6 * (row.tobytes() in self.known_) for row in rows])


class Answers(ClassifierMixin, BaseEstimator):
    """Margins that are known: 8 * difficulty + noise + shift for members."""

    def __init__(self, shift):
        self.shift = shift

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        sign = 2 * X[:, 3] - 1
        p = expit(sign * (4 * X[:, 0] + X[:, 1] + self.shift * X[:, 2]))
        return np.column_stack([1 - p, p])


def leaky(n=1500, seed=0):
    """A pool of three classes of which a forest memorises the members."""
    X, y = make_classification(
        n, 8, n_informative=6, n_classes=3, flip_y=0.3, random_state=seed
    )
    member = np.zeros(n, dtype=bool)
    member[np.random.RandomState(seed).permutation(n)[: n // 2]] = True
    return X, y, member


def test_c14_margin_of_given_figures():
    proba = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    before = proba.copy()
    figures = margin(proba, np.array([0, 1, 0]))
    np.testing.assert_allclose(figures[:2], [2.23359222, -3.58351894], atol=1e-8)
    # Theirs is 73.57816206, from a clip at 1e-16; ours is as finite, and symmetric.
    assert figures[2] == 2 * SATURATED_LOGIT
    one, zero = special.logit(np.clip([1.0, 0.0], 1e-16, 1 - 1e-16))
    assert one - zero == pytest.approx(73.57816206)
    np.testing.assert_array_equal(proba, before)
    opposite = margin(np.array([[0.0, 1.0]]), np.array([0]))
    np.testing.assert_array_equal(opposite, -figures[2:])


def test_margin_is_the_formula():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(4), size=50)
    columns = rng.integers(0, 4, 50)
    expected = [
        logit(p[c]) - max(logit(p[j]) for j in range(4) if j != c)
        for p, c in zip(proba, columns, strict=True)
    ]
    np.testing.assert_allclose(margin(proba, columns), expected)
    two = expit(rng.normal(size=30) * 5)
    figures = margin(np.column_stack([1 - two, two]), np.ones(30, dtype=int))
    np.testing.assert_allclose(figures, 2 * logit(two))


def test_a_row_threshold_finds_what_a_global_one_does_not():
    rng = np.random.default_rng(0)
    n = 4000
    X = np.column_stack(
        [
            rng.normal(size=n),
            rng.normal(size=n),
            np.arange(n) < n // 2,
            rng.integers(0, 2, n),
        ]
    )
    y, member = X[:, 3].astype(int), X[:, 2] == 1
    model = FrozenEstimator(Answers(shift=3.0).fit(X, y))
    fit = np.arange(n) % 2 == 0
    # Hidden from the regressor: the noise, and membership.
    only_difficulty = ColumnTransformer([("difficulty", "passthrough", [0])])
    attack = QuantileAttack(
        model,
        regressor=make_pipeline(only_difficulty, quick(min_samples_leaf=60)),
        max_fpr=0.05,
        random_state=0,
    ).fit(X[fit], y[fit], membership=member[fit])
    asked = ~fit
    found = attack.predict(X[asked], y[asked])
    # Given the difficulty the margin is normal, members shifted by 3 standard
    # deviations: 0.91 of them lie above the 0.95 quantile of the others.
    best = norm.sf(norm.isf(0.05) - 3)
    assert found[~member[asked]].mean() == pytest.approx(0.05, abs=0.03)
    assert best - 0.25 < found[member[asked]].mean() < best + 0.03
    # One threshold for all: shift 3 in a spread of sqrt(4**2 + 1) finds 0.18.
    common = LossThresholdAttack(model, max_fpr=0.05)
    common.fit(X[fit], y[fit], membership=member[fit])
    assert common.predict(X[asked], y[asked])[member[asked]].mean() < 0.3


def test_no_regressor_judges_features_that_it_was_fitted_on():
    X, y, member = leaky(300)
    # Rows twice, some of them under another label.
    again = np.flatnonzero(~member)[:60]
    X, y = np.r_[X, X[again]], np.r_[y, np.where(again % 2, y[again], 0)]
    member = np.r_[member, np.zeros(60, dtype=bool)]
    model = DecisionTreeClassifier(max_depth=4).fit(X[member], y[member])
    attack = QuantileAttack(FrozenEstimator(model), regressor=Memory(), random_state=0)
    attack.fit(X, y, membership=member)
    # A plain regressor would know all of them.
    known = set().union(*(r.known_ for r in attack.regressors_))
    assert len(known) == len(np.unique(X[~member], axis=0))
    for label in (y, np.roll(y, 1), None):
        scores = attack.score_samples(X, label)
        assert np.abs(scores).max() < 1e5
    # Each leaves out a fifth of them.
    sizes = np.array([len(r.known_) for r in attack.regressors_])
    assert np.abs(sizes / len(known) - 0.8).max() < 0.01


def test_members_given_to_fit_change_nothing():
    """Trap 18: the population is that of the non-members."""
    X, y, member = leaky(400)
    model = RandomForestClassifier(5, random_state=0).fit(X[member], y[member])
    attack = QuantileAttack(
        FrozenEstimator(model), regressor=quick(), max_fpr=0.05, random_state=0
    )
    both = clone(attack).fit(X, y, membership=member)
    own = clone(attack).fit(X[~member], y[~member])
    np.testing.assert_array_equal(both.score_samples(X, y), own.score_samples(X, y))
    assert both.offset_ == own.offset_
    assert own.membership_ is None
    # The seed draws the folds.
    other = clone(own).set_params(random_state=1).fit(X[~member], y[~member])
    assert (other.score_samples(X, y) != own.score_samples(X, y)).any()
    outside = both.score_samples(X, y)[~member]
    assert both.offset_ in outside
    assert (outside > both.offset_).mean() <= 0.05
    np.testing.assert_array_equal(
        both.predict(X, y), both.score_samples(X, y) > both.offset_
    )


def test_a_score_depends_on_the_record_and_the_seed_alone():
    X, y, _ = leaky(400)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    attack = QuantileAttack(
        DecisionTreeClassifier(max_depth=5),
        regressor=quick(),
        max_fpr=0.1,
        random_state=3,
    )
    scores = attack.fit(X, y).score_samples(X, y)
    rows = np.array([390, 7, 7, 12])
    np.testing.assert_array_equal(attack.score_samples(X[rows], y[rows]), scores[rows])
    again = pickle.loads(pickle.dumps(clone(attack).fit(X, y)))
    np.testing.assert_array_equal(again.score_samples(X, y), scores)
    other = clone(attack).set_params(random_state=4).fit(X, y)
    assert (other.score_samples(X, y) != scores).any()
    predicted = attack.estimator_.predict(X)
    np.testing.assert_array_equal(
        attack.score_samples(X), attack.score_samples(X, predicted)
    )
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_saturated_probabilities_do_not_drown_the_others():
    X, y, member = leaky()
    model = RandomForestClassifier(20, random_state=0).fit(X[member], y[member])
    raw = margin(model.predict_proba(X), y)
    features = np.column_stack([X, class_columns(y, 3)])
    # The wrong reading: probabilities of 1 left at the end of the scale.
    assert (raw[~member] > 700).mean() > 0.001
    with threadpool_limits(1, user_api="openmp"):
        alone = quick(quantile=0.95).fit(features[~member], raw[~member])
        drowned = roc_auc(member, raw - alone.predict(features))
    attack = QuantileAttack(
        FrozenEstimator(model), regressor=quick(), max_fpr=0.05, random_state=0
    )
    scores = attack.fit(X, y, membership=member).score_samples(X, y)
    assert np.abs(scores).max() < 100
    assert roc_auc(member, scores) > max(0.8, drowned + 0.05)


def test_the_default_finds_members_in_the_game():
    X, y, _ = leaky(900)
    attack = QuantileAttack(RandomForestClassifier(20, random_state=0), random_state=0)
    scores = attack.fit(X, y).score_samples(X, y)
    assert roc_auc(attack.membership_, scores) > 0.8
    assert attack.predict(X, y)[~attack.membership_].mean() <= 0.01
    assert len(attack.regressors_) == 5
    assert all(r.quantile == 0.99 for r in attack.regressors_)


@pytest.mark.parametrize(
    ("regressor", "name"),
    [
        (quick(), "quantile"),
        (QuantileRegressor(alpha=0.01, solver="highs"), "quantile"),
        (GradientBoostingRegressor(loss="quantile", n_estimators=5), "alpha"),
        (
            make_pipeline(StandardScaler(), QuantileRegressor(alpha=0)),
            "quantileregressor__quantile",
        ),
    ],
)
def test_regressors_get_the_level_and_are_left_alone(pool, regressor, name):
    before = str(regressor.get_params())
    assert quantile_parameters(regressor) == [name]
    attack = QuantileAttack(
        pool.frozen, regressor=regressor, cv=3, max_fpr=0.1, random_state=0
    ).fit(pool.X, pool.y, membership=pool.member)
    assert len(attack.regressors_) == 3
    assert {r.get_params()[name] for r in attack.regressors_} == {0.9}
    assert str(regressor.get_params()) == before
    assert attack.predict(pool.X, pool.y)[~pool.member].mean() <= 0.1


@pytest.mark.parametrize(
    "regressor",
    [
        LinearRegression(),
        HistGradientBoostingRegressor(),
        GradientBoostingRegressor(loss="huber"),
        LogisticRegression(),
        QuantileRegressor,
        "quantile",
    ],
)
def test_what_has_no_quantile_is_refused(pool, regressor):
    with pytest.raises(ValueError, match="'regressor' parameter must be a quantile"):
        QuantileAttack(pool.frozen, regressor=regressor).fit(pool.X, pool.y)


def people(n=400):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(10, 1, n)),
            "ward": rng.choice(["north", "south", "west"], n),
        }
    )
    return frame, np.where(rng.random(n) < 0.5, "ill", "well")


def test_frames_with_text_and_missing_values():
    X, y = people()
    wards = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("w", wards, ["ward"]), ("a", "passthrough", ["age"])])
    model = make_pipeline(columns, DecisionTreeClassifier(random_state=0))
    attack = QuantileAttack(model, regressor=quick(), max_fpr=0.05, random_state=0)
    scores = attack.fit(X, y).score_samples(X, y)
    assert roc_auc(attack.membership_, scores) > 0.6
    # In other order, and beside a ward that nobody has seen.
    unseen = X.iloc[[0]].assign(ward="abroad")
    later = pd.concat([unseen, X.iloc[::-1]])
    again = attack.score_samples(later, np.r_[y[[0]], y[::-1]])
    np.testing.assert_array_equal(again[1:], scores[::-1])
    assert np.isfinite(again[0])


def test_polars_and_sparse_score_as_arrays_do():
    X, y, _ = leaky(300)
    X = np.where(np.abs(X) > 0.7, X, 0)
    frames = [
        X,
        pd.DataFrame(X, columns=list("abcdefgh")),
        pl.DataFrame(dict(zip("abcdefgh", X.T, strict=True))),
        sparse.csr_matrix(X),
        sparse.csc_array(X),
    ]
    target = DecisionTreeClassifier(max_depth=6, random_state=0)
    scores = [
        QuantileAttack(target, regressor=quick(), max_fpr=0.1, random_state=0)
        .fit(table, y)
        .score_samples(table, y)
        for table in frames
    ]
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0])


def test_wide_sparse_is_made_dense_in_part_only():
    rng = np.random.default_rng(0)
    X = sparse.random_array((200, 600), density=0.05, rng=rng, format="csr")
    X = sparse.csr_array(sparse.hstack([X, 50 * X[:, [7]]]))  # the widest of all
    y = rng.integers(0, 3, 200)
    model = FrozenEstimator(LogisticRegression().fit(X, y))
    attack = QuantileAttack(model, regressor=Memory(), max_fpr=0.1).fit(X, y)
    assert {r.width_ for r in attack.regressors_} == {256 + 3}
    widest = np.argsort(-X.toarray().var(axis=0), kind="stable")[:256]
    np.testing.assert_array_equal(widest_columns(X, 256), np.sort(widest))
    assert 600 in widest
    # A regressor that takes sparse input gets all of it.
    trees = GradientBoostingRegressor(loss="quantile", n_estimators=3)
    attack = QuantileAttack(model, regressor=trees, max_fpr=0.1).fit(X, y)
    assert attack.regressors_[0].n_features_in_ == 601 + 3


def test_class_columns():
    columns = np.array([0, 1, 1])
    np.testing.assert_array_equal(class_columns(columns, 2), [[0], [1], [1]])
    np.testing.assert_array_equal(
        class_columns(columns, 3), [[1, 0, 0], [0, 1, 0], [0, 1, 0]]
    )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"cv": 1},
            ValueError,
            r"'cv' .* int in \[2, inf\). Got 1 instead",
        ),
        ({"cv": 2.0}, TypeError, "'cv' parameter must be an int"),
        ({"max_fpr": 0}, ValueError, r"'max_fpr' .* \(0, 1\). Got 0 instead"),
        ({"max_fpr": "0.1"}, TypeError, "'max_fpr' .* Got '0.1' instead"),
    ],
)
def test_parameters_out_of_range(pool, settings, error, message):
    with pytest.raises(error, match=message):
        QuantileAttack(pool.frozen, **settings).fit(pool.X, pool.y)


def test_there_must_be_records_and_enough_non_members(pool):
    proba = pool.model.predict_proba(pool.X)
    with pytest.raises(ValueError, match=r"features.*LossThresholdAttack\(per_class"):
        QuantileAttack("precomputed").fit(proba, pool.y)
    attack = QuantileAttack(pool.frozen, max_fpr=0.3)
    with pytest.raises(ValueError, match="all of the 240 records given to fit are"):
        attack.fit(pool.X, pool.y, np.ones(240, dtype=bool))
    # Copies of four rows are four.
    rows = np.tile(np.arange(4), 10)
    with pytest.raises(ValueError, match=r"cv=5 needs .* there are 4\. Pass more"):
        attack.fit(pool.X[rows], pool.y[rows])
    with pytest.warns(UserWarning, match=r"max_fpr=0.01 with 50 non-members"):
        QuantileAttack(pool.frozen, regressor=quick()).fit(pool.X[:50], pool.y[:50])


def test_progress_is_shown(pool, terminal):
    kwargs = {"max_fpr": 0.1, "cv": 2, "random_state": 0}
    QuantileAttack(pool.frozen, **kwargs, verbose=1).fit(pool.X, pool.y, pool.member)
    assert "quantile: 100%" in terminal.readouterr().err
    QuantileAttack(pool.frozen, **kwargs).fit(pool.X, pool.y, pool.member)
    assert terminal.readouterr().err == ""
