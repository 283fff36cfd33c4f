"""Attacks that ask several times: the same copies for all models, by hand, and why."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import t
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia._tables import Perturbation, hash_rows
from skmia.attacks import (
    CalibratedLossAttack,
    LiRAAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows

ATTACKS = [
    CalibratedLossAttack,
    LiRAAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
]
every_attack = pytest.mark.parametrize("cls", ATTACKS)
ASKED = {"n_queries": 3, "noise": (0.2, 0.4), "flip_rate": 0.1}


@pytest.fixture(scope="module")
def asked(pool):
    """Shadows of the pool that were asked about copies, with their models."""
    return fit_shadows(
        pool.model,
        pool.X,
        pool.y,
        shadows=ShadowModels(6, keep_models=True, **ASKED),
        random_state=0,
    )


def confidence_by_hand(model, X, y, queries, pool_X):
    """Mean probability of the class `y`, the copies asked about one by one."""
    perturbation = Perturbation(queries.perturb, queries.seed).fit(pool_X)
    rows = np.arange(len(y))
    proba = [model.predict_proba(X)[rows, y]]
    for i in range(queries.n_queries):
        strengths = (
            np.array([values[i % len(values)]])
            for values in (queries.noise, queries.flip_rate)
        )
        copies = perturbation.copies(X, np.array([i]), *strengths)
        proba.append(model.predict_proba(copies)[rows, y])
    return np.mean(proba, axis=0)


@pytest.mark.parametrize("where", ["in the pool", "outside", "without labels"])
def test_the_score_by_hand(pool, where):
    """The target's mean confidence minus that of the OUT shadows."""
    attack = CalibratedLossAttack(
        GaussianNB(),
        signal="confidence",
        shadows=ShadowModels(6, **ASKED),
        random_state=0,
    ).fit(pool.X, pool.y)
    queries = attack.shadows_.queries
    assert (queries.n_queries, queries.noise) == (3, (0.2, 0.4))
    X, y, out = pool.X, pool.y, ~attack.shadows_.member
    if where == "outside":
        X, out = pool.X + 0.01, np.ones_like(out)
    p = [
        confidence_by_hand(model, X, y, queries, pool.X)
        for model in (attack.estimator_, *attack.shadows_.models)
    ]
    expected = p[0] - (np.stack(p[1:]) * out).sum(axis=0) / out.sum(axis=0)
    if where != "without labels":
        assert_allclose(attack.score_samples(X, y), expected, atol=1e-6)
        return
    # The predicted label is that of the mean answer.
    each = np.stack(
        [
            confidence_by_hand(attack.estimator_, X, np.full(len(y), c), queries, X)
            for c in range(3)
        ]
    )
    same = each.argmax(axis=0) == y
    assert 0.5 < same.mean() < 1
    scores = attack.score_samples(X)
    assert_allclose(scores[same], expected[same], atol=1e-6)
    assert (scores[~same] != expected[~same]).all()


class Remembers(GaussianNB):
    """Which rows it was asked about, as a set of their contents."""

    def predict_proba(self, X):
        seen = getattr(self, "seen_", np.empty(0, dtype=np.uint64))
        self.seen_ = np.union1d(seen, hash_rows(X))
        return super().predict_proba(X)


@pytest.mark.parametrize("given", [False, True])
def test_target_and_shadows_are_asked_about_the_same_copies(pool, given):
    shadows = ShadowModels(4, keep_models=True, **ASKED)
    if given:
        shadows = fit_shadows(
            Remembers(), pool.X, pool.y, shadows=shadows, random_state=3
        )
        model = FrozenEstimator(
            Remembers().fit(pool.X[pool.member], pool.y[pool.member])
        )
    else:
        model = Remembers()
    attack = LiRAAttack(model, shadows=shadows, random_state=8).fit(pool.X, pool.y)
    attack.score_samples(pool.X, pool.y)
    target = attack.estimator_.estimator if given else attack.estimator_
    assert len(target.seen_) == 4 * len(pool.X)
    for shadow in attack.shadows_.models:
        assert_array_equal(shadow.seen_, target.seen_)
    # Of rows that are not in the pool, too.
    attack.score_samples(pool.X + 0.01, pool.y)
    assert len(target.seen_) == 8 * len(pool.X)
    for shadow in attack.shadows_.models:
        assert_array_equal(shadow.seen_, target.seen_)


def test_the_copies_follow_from_the_random_state(pool):
    def scores(seed):
        shadows = ShadowModels(4, **ASKED)
        attack = LiRAAttack(pool.frozen, shadows=shadows, random_state=seed)
        return attack.fit(pool.X, pool.y).score_samples(pool.X, pool.y)

    assert_array_equal(scores(0), scores(0))
    assert (scores(0) != scores(1)).any()


@every_attack
def test_a_score_depends_on_the_record_alone(pool, asked, cls):
    attack = cls(pool.frozen, shadows=asked, random_state=0)
    attack.fit(pool.X, pool.y, membership=pool.member)
    scores = attack.score_samples(pool.X, pool.y)
    assert np.isfinite(scores).all()
    for rows in (np.arange(240)[::-1], np.array([17, 3, 3]), np.array([99])):
        part = attack.score_samples(pool.X[rows], pool.y[rows])
        assert_allclose(part, scores[rows], rtol=1e-10)
    # What is set after fit waits for the next fit; and a pickle has it all.
    attack.set_params(shadows=ShadowModels(noise=9.0, perturb="resample"))
    for other in (attack, pickle.loads(pickle.dumps(attack))):
        assert_array_equal(other.score_samples(pool.X, pool.y), scores)


@every_attack
def test_without_queries_it_is_what_it_was(pool, cls):
    scores = [
        cls(pool.frozen, shadows=ShadowModels(4, **given), random_state=0)
        .fit(pool.X, pool.y)
        .score_samples(pool.X, pool.y)
        for given in (
            {},
            {"n_queries": 0, "noise": 3.0, "flip_rate": 0.9, "perturb": "resample"},
            {"n_queries": 2},
        )
    ]
    assert_array_equal(scores[0], scores[1])
    assert (scores[0] != scores[2]).any()


def test_own_and_given_shadows_are_one(pool, asked):
    own = LiRAAttack(
        pool.frozen, shadows=ShadowModels(6, train_size=0.5, **ASKED), random_state=0
    )
    own.fit(pool.X, pool.y)
    given = LiRAAttack(pool.frozen, shadows=asked).fit(pool.X, pool.y)
    assert own.shadows_.queries == asked.queries
    assert own.offset_ == given.offset_
    for X in (pool.X, pool.X + 0.01):
        assert_array_equal(own.score_samples(X, pool.y), given.score_samples(X, pool.y))
    # A saved set asks the target the same, in any process.
    again = clone(given).set_params(shadows=pickle.loads(pickle.dumps(asked)))
    assert_array_equal(
        again.fit(pool.X, pool.y).score_samples(pool.X, pool.y),
        given.score_samples(pool.X, pool.y),
    )


# Refused


@pytest.mark.parametrize("given", [False, True])
def test_precomputed_answers_have_no_copies(pool, asked, given):
    proba = pool.model.predict_proba(pool.X)
    match = r"LiRAAttack with n_queries asks .* copies .*FrozenEstimator.*n_queries=0"
    shadows = asked if given else ShadowModels(**ASKED)
    with pytest.raises(ValueError, match=match):
        LiRAAttack("precomputed", shadows=shadows).fit(proba, pool.y)
    plain = ShadowSignals(asked.signals, asked.member)
    LiRAAttack("precomputed", shadows=plain).fit(proba, pool.y)


@every_attack
@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"n_queries": -1}, ValueError, "'n_queries' parameter .* Got -1 instead"),
        ({"n_queries": True}, TypeError, "'n_queries' parameter .* Got True instead"),
        ({"perturb": None}, ValueError, "'perturb' parameter .* Got None instead"),
        ({"noise": "much"}, TypeError, "'noise' parameter .* Got 'much' instead"),
        ({"flip_rate": 0.0}, ValueError, "'flip_rate' parameter .* Got 0.0 instead"),
    ],
)
def test_parameters_are_checked(pool, cls, given, error, match):
    with pytest.raises(error, match=match):
        cls(pool.frozen, shadows=ShadowModels(**given)).fit(pool.X, pool.y)


# Containers


def container(name, pool):
    rng = np.random.RandomState(0)
    n = len(pool.y)
    frame = pd.DataFrame(
        {
            "town": rng.choice(["here", "there", "far"], n),
            "age": rng.randint(18, 90, n),
            "size": pool.X[:, 0],
        }
    )
    text = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["town"]),
            (StandardScaler(), ["age", "size"]),
        ),
        LogisticRegression(),
    )
    # scikit-learn 1.6 takes no polars columns by name.
    codes = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    coarse = pl.from_pandas(frame[["town"]].assign(tens=frame["age"] // 10))
    positive = np.where(pool.X > 0.5, 1.0, 0.0)
    return {
        "pandas": (text, frame, lambda rows: frame.iloc[rows]),
        "polars": (codes, coarse, lambda rows: coarse[rows]),
        "csr": (
            BernoulliNB(),
            sparse.csr_array(positive),
            lambda rows: sparse.csc_array(positive[rows]),
        ),
    }[name]


@pytest.mark.parametrize("name", ["pandas", "polars", "csr"])
def test_text_columns_and_sparse_rows(name, pool):
    estimator, X, take = container(name, pool)
    attack = LiRAAttack(
        estimator, shadows=ShadowModels(4, n_queries=4, flip_rate=0.3), random_state=0
    ).fit(X, pool.y)
    scores = attack.score_samples(X, pool.y)
    assert np.isfinite(scores).all()
    rows = np.array([200, 5, 5, 60])
    part = attack.score_samples(take(rows), pool.y[rows])
    # Small batches are summed in another order by BLAS.
    assert_allclose(part, scores[rows], rtol=1e-9)


# What it is for


class FittedOnNoisyCopies(ClassifierMixin, BaseEstimator):
    """A classifier that never sees its records, only noisy copies of them."""

    def __init__(self, estimator, n_copies=8, noise=0.3, random_state=None):
        self.estimator = estimator
        self.n_copies = n_copies
        self.noise = noise
        self.random_state = random_state

    def fit(self, X, y):
        rng = np.random.RandomState(self.random_state)
        scale = self.noise * X.std(axis=0)
        copies = [X + scale * rng.normal(size=X.shape) for _ in range(self.n_copies)]
        self.fitted_ = clone(self.estimator).fit(
            np.concatenate(copies), np.tile(y, self.n_copies)
        )
        self.classes_ = self.fitted_.classes_
        return self

    def predict_proba(self, X):
        return self.fitted_.predict_proba(X)

    def predict(self, X):
        return self.fitted_.predict(X)


def gains(model, n_seeds):
    """AUC of 16 queries minus that of one, on the same targets and shadows.

    By attack the mean over seeds, and the half width of its 99 % interval.
    """
    found = {LiRAAttack: [], RMIAAttack: []}
    for seed in range(n_seeds):
        X, y = make_classification(
            300, 12, n_informative=8, n_classes=3, flip_y=0.1, random_state=seed
        )
        auc = []
        for n_queries in (0, 16):
            # Of copies there is no closed form: both are of one side.
            shadows = ShadowModels(
                8, n_queries=n_queries, noise=0.3, counterfactual=False
            )
            game = LiRAAttack(model, shadows=shadows, random_state=seed).fit(X, y)
            target, member = FrozenEstimator(game.estimator_), game.membership_
            for cls in found:
                attack = cls(target, shadows=game.shadows_, random_state=seed)
                scores = attack.fit(X, y, membership=member).score_samples(X, y)
                auc.append(roc_auc(member, scores))
        for cls, one, many in zip(found, auc[:2], auc[2:], strict=True):
            found[cls].append(many - one)
    return {
        cls: (
            np.mean(gain),
            t.ppf(0.995, n_seeds - 1) * np.std(gain, ddof=1) / np.sqrt(n_seeds),
        )
        for cls, gain in found.items()
    }


@pytest.fixture(scope="module")
def gains_on_noisy_copies():
    return gains(FittedOnNoisyCopies(DecisionTreeClassifier(), noise=0.3), 10)


@pytest.mark.slow
@pytest.mark.parametrize("cls", [LiRAAttack, RMIAAttack])
def test_it_finds_more_members_of_a_model_that_was_fitted_on_noisy_copies(
    gains_on_noisy_copies, cls
):
    """A tree that was fitted on 8 copies: 16 of the same noise against the record.

    Beyond the two-sided 99 % interval of ten paired seeds. Seen: 0.75 against 0.71.
    """
    mean, interval = gains_on_noisy_copies[cls]
    assert mean > interval


@pytest.mark.slow
def test_it_finds_fewer_of_a_model_that_was_fitted_on_the_records():
    """Why it is off by default, and what the guide says. Seen: 0.67 against 0.76."""
    mean, interval = gains(DecisionTreeClassifier(), 6)[LiRAAttack]
    assert mean < -interval
