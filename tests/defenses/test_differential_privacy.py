"""The private counterparts: what they agree with, what they spend, what they refuse."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from _helpers import global_state
from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant

NO_NOISE = 1e12
OBJECTIVE = {"mechanism": "objective"}
COUNTERPARTS = [
    LogisticRegression(),
    GaussianNB(),
    DecisionTreeClassifier(max_depth=3),
    RandomForestClassifier(n_estimators=5),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


def _name(estimator):
    return type(estimator).__name__


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def _private(estimator=None, *, epsilon=1.0, random_state=0, **params):
    return DifferentialPrivacyClassifier(
        estimator, epsilon=epsilon, random_state=random_state, **params
    )


def _objective(estimator=None, **params):
    return _private(estimator, mechanism="objective", **params)


# What the counterparts agree with as epsilon grows -----------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [0.1, 3.0])
def test_logistic_without_noise_is_one_against_the_rest(iris, n_classes, C):
    X, y = (part[: 50 * n_classes] for part in iris)
    clf = _objective(LogisticRegression(C=C), epsilon=NO_NOISE, data_norm=20.0).fit(
        X, y
    )
    # liblinear penalises the intercept, too; none of these rows is longer than 20.
    reference = OneVsRestClassifier(
        LogisticRegression(C=C, solver="liblinear", tol=1e-10, max_iter=10_000)
    ).fit(X, y)
    np.testing.assert_allclose(
        clf.predict_proba(X), reference.predict_proba(X), atol=1e-5
    )
    coef = np.vstack([model.coef_ for model in reference.estimators_])
    np.testing.assert_allclose(clf.estimator_.coef_, coef, atol=1e-4)


def test_logistic_without_noise_nor_intercept_for_any_solver(iris):
    X, y = iris
    clf = _objective(
        LogisticRegression(fit_intercept=False), epsilon=NO_NOISE, data_norm=20.0
    ).fit(X, y)
    reference = OneVsRestClassifier(
        LogisticRegression(fit_intercept=False, tol=1e-10, max_iter=10_000)
    ).fit(X, y)
    np.testing.assert_allclose(
        clf.predict_proba(X), reference.predict_proba(X), atol=1e-5
    )
    assert not clf.estimator_.intercept_.any()


def test_pipeline_without_noise_predicts_as_one_against_the_rest(iris):
    X, y = iris
    inner = make_pipeline(StandardScaler(), LogisticRegression(C=10))
    clf = _objective(inner, epsilon=NO_NOISE, data_norm=10.0).fit(X, y)
    reference = make_pipeline(
        StandardScaler(), OneVsRestClassifier(LogisticRegression(C=10))
    ).fit(X, y)
    assert np.mean(clf.predict(X) == reference.predict(X)) > 0.98


def test_naive_bayes_without_noise_is_the_public_one(iris):
    X, y = iris
    X = X + 30  # far from zero, where noise scaled to the range alone would not do
    settings = {"epsilon": NO_NOISE, "delta": 0, "bounds": (30.0, 40.0)}
    clf = _private(GaussianNB(), **settings).fit(X, y)
    reference = GaussianNB().fit(X, y)
    np.testing.assert_allclose(clf.estimator_.theta_, reference.theta_, rtol=1e-6)
    np.testing.assert_allclose(clf.estimator_.var_, reference.var_, rtol=1e-4)
    np.testing.assert_allclose(
        clf.predict_proba(X), reference.predict_proba(X), atol=1e-4
    )


def test_tree_without_noise_names_the_majority_of_each_leaf(iris):
    X, y = iris
    clf = _private(
        DecisionTreeClassifier(max_depth=4), epsilon=NO_NOISE, bounds=(0.0, 8.0)
    ).fit(X, y)
    leaves, predicted = clf.estimator_.apply(X), clf.predict(X)
    for leaf in np.unique(leaves):
        counts = np.bincount(y[leaves == leaf], minlength=3)
        assert counts[predicted[leaves == leaf][0]] == counts.max()


def test_forest_is_the_mean_of_trees_that_share_no_row(iris):
    X, y = iris
    clf = _private(
        RandomForestClassifier(n_estimators=4), epsilon=NO_NOISE, bounds=(0.0, 8.0)
    ).fit(X, y)
    trees = clf.estimator_.estimators_
    mean = np.mean([tree.predict_proba(X) for tree in trees], axis=0)
    np.testing.assert_allclose(clf.predict_proba(X), mean)
    assert clf.estimator_.max_depth == 5


def test_private_scaler_without_noise_is_the_public_one(iris):
    X, y = iris
    inner = make_pipeline(StandardScaler(), GaussianNB())
    clf = _private(inner, epsilon=NO_NOISE, bounds=(0.0, 8.0)).fit(X, y)
    reference = StandardScaler().fit(X)
    np.testing.assert_allclose(clf.estimator_[0].mean_, reference.mean_, rtol=1e-6)
    np.testing.assert_allclose(clf.estimator_[0].scale_, reference.scale_, rtol=1e-6)
    # GaussianNB's ranges are where the scaler puts those that were given.
    assert clf.score(X, y) > 0.92


# What a row can do -------------------------------------------------------------------


def test_rows_beyond_the_norm_count_as_if_shortened_to_it(iris):
    X, y = (part[:100].copy() for part in iris)
    X[3] = 1e5
    shortened = X.copy()
    shortened[3] *= 10 / np.linalg.norm(X[3])
    one, two = (_private(data_norm=10.0).fit(rows, y) for rows in (X, shortened))
    np.testing.assert_allclose(one.estimator_.coef_, two.estimator_.coef_, rtol=1e-6)


@pytest.mark.parametrize(
    "estimator", [GaussianNB(), DecisionTreeClassifier(), *COUNTERPARTS[3:]], ids=_name
)
def test_values_beyond_the_bounds_count_as_the_bounds(estimator, iris):
    X, y = (part[:100].copy() for part in iris)
    X[3] = [1e5, -1e5, 1e5, -1e5]
    given = (np.zeros(4), np.full(4, 8.0))
    settings = {"bounds": given, "epsilon": 5.0}
    if isinstance(estimator, Pipeline):
        settings["data_norm"] = 1e-3  # all rows end up on the same sphere
    one = _private(estimator, **settings).fit(X, y)
    two = _private(estimator, **settings).fit(np.clip(X, *given), y)
    if isinstance(estimator, Pipeline):
        np.testing.assert_array_equal(one.estimator_[0].mean_, two.estimator_[0].mean_)
    else:
        np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_the_private_scaler_does_not_publish_the_mean(iris):
    X, y = iris
    clf = _private(COUNTERPARTS[-1]).fit(X, y)
    assert (clf.estimator_[0].mean_ != X.mean(axis=0)).all()
    assert (clf.estimator_[0].scale_ > 0).all()


# The budget --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "given", "budget"),
    [
        (LogisticRegression(), OBJECTIVE, {"searches": 0.5, "classifier": 1.5}),
        (LogisticRegression(), OBJECTIVE | {"data_norm": 8.0}, {"classifier": 2.0}),
        (GaussianNB(), {}, {"searches": 0.5, "classifier": 1.5}),
        (GaussianNB(), {"bounds": (0, 8)}, {"classifier": 2.0}),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            OBJECTIVE,
            {"searches": 0.5, "scaler": 0.25, "classifier": 1.25},
        ),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            OBJECTIVE | {"bounds": (0, 8), "data_norm": 4.0},
            {"scaler": 0.25, "classifier": 1.75},
        ),
    ],
)
def test_shares_add_up_to_epsilon(estimator, given, budget, iris):
    accountant = PrivacyAccountant()
    clf = _private(
        estimator,
        epsilon=2.0,
        bounds_fraction=0.25,
        scaler_fraction=0.125,
        delta=0,
        accountant=accountant,
        **given,
    ).fit(*iris)
    assert clf.budget_ == pytest.approx(budget)
    assert clf.spent_epsilon_ == 2.0
    assert clf.mu_ == pytest.approx(2 * norm.ppf(1 / (1 + np.exp(-2))))
    assert clf.spent_delta_ == 0.0
    assert [loss[:2] for loss in accountant.spent] == [(2.0, 0.0)]
    assert clf.accountant is accountant


def test_gaussian_parts_add_up_in_squares_to_the_budget(iris):
    inner = make_pipeline(StandardScaler(), GaussianNB())
    clf = _private(inner, epsilon=2.0, delta=1e-6, bounds_fraction=0.25).fit(*iris)
    mu = clf.mu_
    delta = norm.cdf(mu / 2 - 2 / mu) - np.exp(2) * norm.cdf(-mu / 2 - 2 / mu)
    assert delta == pytest.approx(1e-6, rel=1e-6)
    assert (clf.spent_epsilon_, clf.spent_delta_) == (2.0, 1e-6)
    shares = {name: part**2 / mu**2 for name, part in clf.budget_.items()}
    expected = {"searches": 0.25, "scaler": 0.2, "classifier": 0.55}
    assert shares == pytest.approx(expected)


def test_accountant_refuses_before_a_row_is_looked_at():
    accountant = PrivacyAccountant(epsilon=1.5)
    X, y = np.array([[0.0], [1.0]] * 10), np.array([0, 1] * 10)
    _objective(epsilon=1.0, accountant=accountant, random_state=None).fit(X, y)
    with pytest.raises(ValueError, match="would exceed the ceiling"):
        _objective(epsilon=1.0, accountant=accountant, random_state=None).fit(
            X * np.nan, y
        )
    assert accountant.total()[0] == 1.0


def test_a_fit_that_fails_on_the_rows_stays_charged():
    accountant = PrivacyAccountant()
    with pytest.raises(ValueError, match="NaN"):
        _private(accountant=accountant).fit([[np.nan], [1.0]], [0, 1])
    assert accountant.total()[0] == pytest.approx(1)


def test_shares_that_leave_nothing_are_an_error(iris):
    clf = _private(COUNTERPARTS[-1], bounds_fraction=0.6, scaler_fraction=0.4)
    with pytest.raises(ValueError, match="must leave a fraction"):
        clf.fit(*iris)
    # Without a scaler its share is not taken.
    _private(bounds_fraction=0.6, scaler_fraction=0.4).fit(*iris)


# What leaves the fit ---------------------------------------------------------------


@pytest.mark.parametrize("estimator", COUNTERPARTS, ids=_name)
def test_no_leak_is_warned_of(estimator, iris):
    X, y = iris
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _private(estimator).fit(X, y).predict_proba(X)
    assert not caught


def test_fitted_models_are_unpickled_without_diffprivlib(iris, tmp_path):
    X, y = iris
    fitted = [_private(estimator).fit(X, y) for estimator in COUNTERPARTS]
    path = tmp_path / "models.pkl"
    expected = [clf.predict_proba(X) for clf in fitted]
    path.write_bytes(pickle.dumps(([clf.estimator_ for clf in fitted], X, expected)))
    script = (
        "import pickle, sys\n"
        "import numpy as np\n"
        "sys.modules['diffprivlib'] = None\n"
        f"models, X, expected = pickle.load(open({str(path)!r}, 'rb'))\n"
        "for model, proba in zip(models, expected, strict=True):\n"
        "    np.testing.assert_array_equal(model.predict_proba(X), proba)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_no_source_of_noise_stays_with_the_model(iris):
    model = _private().fit(*iris).estimator_
    assert model.random_state is None
    assert not any(
        isinstance(value, np.random.RandomState) for value in vars(model).values()
    )


# Parameters and steps ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [
        (LogisticRegression(intercept_scaling=2.0), "intercept_scaling"),
        (LogisticRegression(warm_start=True), "warm_start"),
        (LogisticRegression(l1_ratio=0.5), "l1_ratio"),
        (GaussianNB(var_smoothing=1e-3), "var_smoothing"),
        (DecisionTreeClassifier(min_samples_leaf=8), "min_samples_leaf"),
        (DecisionTreeClassifier(criterion="entropy"), "criterion"),
        (DecisionTreeClassifier(max_features=2), "max_features"),
        (RandomForestClassifier(bootstrap=False), "bootstrap"),
        (RandomForestClassifier(oob_score=True), "oob_score"),
        (RandomForestClassifier(ccp_alpha=0.1), "ccp_alpha"),
    ],
)
def test_a_parameter_that_would_be_dropped_is_an_error(estimator, parameter, iris):
    accountant = PrivacyAccountant()
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of .* has no"):
        _private(estimator, accountant=accountant).fit(*iris)
    assert not accountant.spent


def test_solvers_are_not_part_of_the_model(iris):
    X, y = iris
    one = _private(LogisticRegression(C=0.5)).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = LogisticRegression(
            C=0.5, solver="saga", tol=0.1, max_iter=1, random_state=1, penalty="l2"
        )
    np.testing.assert_array_equal(
        one.predict_proba(X), _private(other).fit(X, y).predict_proba(X)
    )


def test_priors_and_depth_and_trees_are_carried_over(iris):
    X, y = iris
    bayes = _private(GaussianNB(priors=[0.2, 0.3, 0.5])).fit(X, y)
    np.testing.assert_array_equal(bayes.estimator_.class_prior_, [0.2, 0.3, 0.5])
    forest = RandomForestClassifier(n_estimators=7, max_depth=2)
    trees = _private(forest).fit(X, y).estimator_.estimators_
    assert [tree.get_depth() for tree in trees] == [2] * 7
    assert clone(forest).get_params() == forest.get_params()


def test_more_trees_than_rows_say_nothing_of_how_many_rows_there_are(iris):
    X, y = (part[::10] for part in iris)
    forest = RandomForestClassifier(n_estimators=40, max_depth=2)
    clf = _private(forest, bounds=(0.0, 8.0)).fit(X, y)
    assert len(clf.estimator_.estimators_) == 40


@pytest.mark.parametrize(
    "estimator", [KNeighborsClassifier(), LogisticRegressionCV()], ids=_name
)
def test_no_counterpart_names_those_that_have_one(estimator, iris):
    with pytest.raises(ValueError, match=r"no private counterpart.*'X_public'"):
        _private(estimator).fit(*iris)


def test_the_message_names_the_closest_that_has_one(iris):
    with pytest.raises(ValueError, match=r"Take LogisticRegression, which is the clos"):
        _private(LogisticRegressionCV()).fit(*iris)
    with pytest.raises(ValueError, match=r"one of: gradient, objective, or 'teachers'"):
        _private(LogisticRegression(), mechanism="trees").fit(*iris)
    with pytest.raises(ValueError, match="'mechanism' parameter is 'teachers'"):
        _private(mechanism="teachers").fit(*iris)
    with pytest.raises(ValueError, match="'X_public' parameter means nothing"):
        _private(mechanism="gradient", X_public=iris[0]).fit(*iris)


def _rank_within_column(X):
    return np.argsort(np.argsort(X, axis=0), axis=0).astype(float)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (MinMaxScaler(), "would learn from the rows"),
        (
            make_pipeline(StandardScaler(), MinMaxScaler()),
            "would learn from the rows",
        ),
        (
            FunctionTransformer(_rank_within_column),
            "when the rows around it are others",
        ),
    ],
)
def test_a_step_that_voids_the_guarantee_is_an_error(step, message, iris):
    with pytest.raises(ValueError, match=message):
        _private(make_pipeline(step, LogisticRegression())).fit(*iris)


@pytest.mark.parametrize(
    "step", ["passthrough", Normalizer(), FunctionTransformer(np.log1p)]
)
def test_a_step_that_learns_nothing_stays(step, iris):
    X, y = iris
    clf = _private(make_pipeline(step, LogisticRegression())).fit(X, y)
    assert clf.budget_ == {"classifier": clf.mu_}
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


def test_a_step_fitted_on_public_rows_stays(iris):
    X, y = iris
    public = MinMaxScaler().fit(X[::2])
    inner = make_pipeline(FrozenEstimator(public), GaussianNB())
    settings = {"epsilon": NO_NOISE, "delta": 0, "bounds": (-1.0, 2.0)}
    clf = _private(inner, **settings).fit(X[1::2], y[1::2])
    reference = GaussianNB().fit(public.transform(X[1::2]), y[1::2])
    np.testing.assert_allclose(clf.estimator_[-1].theta_, reference.theta_, rtol=1e-6)


@pytest.mark.parametrize(
    ("estimator", "given", "message"),
    [
        (LogisticRegression(), {"bounds": (0, 1)}, "needs none here"),
        (GaussianNB(), {"data_norm": 1.0}, "means nothing to GaussianNB"),
        (GaussianNB(), {"bounds": (1, 0)}, "least below the greatest"),
        (GaussianNB(), {"bounds": (0, np.inf)}, "finite numbers"),
        (GaussianNB(), {"bounds": ([0, 0], [1, 1])}, "each of the 4 features"),
        (GaussianNB(), {"bounds": [0, 1]}, "must be 'private' or a tuple"),
        (GaussianNB(), {"bounds": "data"}, "'bounds' parameter must be"),
        (LogisticRegression(), {"data_norm": 0.0}, "'data_norm' parameter must be"),
        (LogisticRegression(), {"data_norm": "max"}, "'data_norm' parameter must be"),
        (LogisticRegression(), {"epsilon": 0}, "'epsilon' parameter must be"),
        (LogisticRegression(), {"epsilon": np.inf}, "'epsilon' parameter must be"),
        (LogisticRegression(), {"delta": 1.0}, "'delta' parameter must be"),
        (LogisticRegression(), {"bounds_fraction": 1.0}, "'bounds_fraction' parameter"),
        (LogisticRegression(), {"n_teachers": 1}, "'n_teachers' parameter must be"),
        (
            make_pipeline(StandardScaler(), Normalizer(), GaussianNB()),
            {"bounds": (0, 1)},
            "two steps need bounds",
        ),
    ],
)
def test_parameters_out_of_range(estimator, given, message, iris):
    with pytest.raises(ValueError, match=message):
        _private(estimator, **given).fit(*iris)


def test_two_places_that_need_bounds_have_two_searches(iris):
    inner = make_pipeline(StandardScaler(), Normalizer(), GaussianNB())
    clf = _private(inner, delta=0).fit(*iris)
    assert clf.budget_ == pytest.approx(
        {"searches": 0.2, "scaler": 0.2, "classifier": 0.6}
    )


def test_weights_are_refused(iris):
    X, y = iris
    with pytest.raises(ValueError, match="'objective' cannot take"):
        _objective().fit(X, y, sample_weight=np.ones(len(y)))


# Randomness, containers and labels ---------------------------------------------------


@pytest.mark.parametrize("estimator", COUNTERPARTS, ids=_name)
def test_same_seed_same_model_and_another_seed_another_one(estimator, iris):
    X, y = iris
    first, again, other = (
        _private(estimator, random_state=seed).fit(X, y).predict_proba(X)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("random_state", [None, 0])
@pytest.mark.parametrize("estimator", COUNTERPARTS, ids=_name)
def test_global_generator_and_rows_are_left_alone(estimator, random_state, iris):
    X, y = (part.copy() for part in iris)
    X.flags.writeable = y.flags.writeable = False
    before = global_state()
    clf = _private(estimator, random_state=random_state).fit(X, y)
    clf.predict(X)
    np.testing.assert_array_equal(before, global_state())


def test_without_a_seed_no_two_fits_are_alike(iris):
    X, y = iris
    first, other = (_private(random_state=None).fit(X, y) for _ in range(2))
    assert not np.array_equal(first.estimator_.coef_, other.estimator_.coef_)


@pytest.mark.parametrize("estimator", COUNTERPARTS, ids=_name)
def test_text_labels_keep_their_columns(estimator, iris):
    X, y = iris
    names = np.array(["b", "c", "a"])
    clf = _private(estimator, epsilon=NO_NOISE).fit(X, names[y])
    np.testing.assert_array_equal(clf.classes_, ["a", "b", "c"])
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])
    np.testing.assert_array_equal(clf.estimator_.predict(X), clf.predict(X))


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("estimator", COUNTERPARTS, ids=_name)
def test_frames_give_what_arrays_give(estimator, library, iris):
    X, y = iris
    frame = library.DataFrame(dict(zip("pqrs", X.T, strict=True)))
    clf = _private(estimator).fit(frame, y)
    np.testing.assert_array_equal(
        clf.predict_proba(frame), _private(estimator).fit(X, y).predict_proba(X)
    )
    if library is pd:  # scikit-learn reads polars' names from 1.9 on
        assert list(clf.feature_names_in_) == ["p", "q", "r", "s"]


@pytest.mark.parametrize("estimator", COUNTERPARTS[1:], ids=_name)
def test_sparse_rows_are_refused(estimator, iris):
    X, y = iris
    with pytest.raises(TypeError, match="dense data is required"):
        _private(estimator).fit(sparse.csr_array(X), y)


def test_tags():
    tags = get_tags(_private())
    assert tags.classifier_tags.poor_score
    assert tags.input_tags.sparse
    assert not get_tags(_objective()).input_tags.sparse
    assert get_tags(_private(X_public=np.zeros((1, 1)))).input_tags.sparse
