"""Logistic regression by noisy gradient descent, through the public class."""

import math
import pickle
from unittest import mock

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private import _noise
from skmia.defenses._private._accounting import compose_gaussian, mu_of_budget
from skmia.defenses._private._gradient import _descent, _preparation

NO_NOISE = 1e12


def private(estimator=None, *, epsilon=1.0, random_state=0, **params):
    return DifferentialPrivacyClassifier(
        estimator, epsilon=epsilon, random_state=random_state, **params
    )


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


# Without noise -----------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [1e-3, 1e-2])
def test_without_noise_the_penalised_model_is_the_public_one(n_classes, C, iris):
    X, y = (part[: 50 * n_classes] for part in iris)
    X = np.repeat(X, 20, axis=0)  # more rows than noise on their number
    y = np.repeat(y, 20)
    clf = private(LogisticRegression(C=C), epsilon=NO_NOISE, data_norm=20.0).fit(X, y)
    reference = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(X, y)
    assert (
        log_loss(y, clf.predict_proba(X))
        < log_loss(y, reference.predict_proba(X)) + 0.05
    )
    np.testing.assert_allclose(
        clf.predict_proba(X), reference.predict_proba(X), atol=0.1
    )


def test_the_penalty_is_that_of_the_public_model(iris):
    X, y = iris
    norms = []
    for C in (1e-5, 1e-4, 1e-3):
        model = (
            private(LogisticRegression(C=C), epsilon=NO_NOISE, data_norm=20.0)
            .fit(X, y)
            .estimator_
        )
        public = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(X, y)
        norms.append(np.linalg.norm(model.coef_) / np.linalg.norm(public.coef_))
    # Clipped gradients are shorter, by the same factor at any strength.
    assert max(norms) < 1.1
    assert min(norms) > 0.2
    assert max(norms) / min(norms) < 1.6


def test_no_intercept_where_there_is_to_be_none(iris):
    X, y = iris
    model = private(LogisticRegression(fit_intercept=False)).fit(X, y).estimator_
    assert not model.intercept_.any()
    assert model.coef_.shape == (3, 4)


# How accurate it is ------------------------------------------------------------------


def test_images_are_told_apart_at_a_small_epsilon():
    X, y = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    X, y = X[order], y[order]
    # The same whether pixels reach to 16 or to 1, but for the penalty.
    for rows in (X, X / 16):
        clf = private(LogisticRegression(C=1e3)).fit(rows[:900], y[:900])
        assert clf.score(rows[900:], y[900:]) > 0.8


def test_features_of_very_different_scales_still_teach_something():
    X, y = load_breast_cancer(return_X_y=True)
    assert private(epsilon=4.0).fit(X, y).score(X, y) > 0.85


def test_rows_far_from_zero_are_centred(iris):
    X, y = iris
    clf = private(epsilon=20.0).fit(X + 3, y)
    assert clf.score(X + 3, y) > 0.75


# What is spent -----------------------------------------------------------------------


def spent_mus(clf, X, y, **params):
    """Mu of every noisy answer of a fit, by the scale of its noise."""
    mus = []

    def record(sensitivity):
        def answer(sums, scale, source):
            mus.append(sensitivity(scale))
            return _noise.add_gaussian(sums, scale, source)

        return answer

    bounds = []
    original = _descent.clipped_sums

    def watched(inputs, signals, bound, *args):
        bounds.append(bound)
        return original(inputs, signals, bound, *args)

    counts = mock.patch(
        "skmia.defenses._private._gaussian_queries.add_gaussian",
        record(lambda scale: 2**20 / scale),
    )
    means = mock.patch.object(
        _preparation, "add_gaussian", record(lambda scale: bounds[-1] / scale)
    )
    steps = mock.patch.object(
        _descent, "add_gaussian", record(lambda scale: bounds[-1] / scale)
    )
    mean_sums = mock.patch.object(_preparation, "clipped_sums", watched)
    step_sums = mock.patch.object(_descent, "clipped_sums", watched)
    with counts, means, steps, mean_sums, step_sums:
        clf.fit(X, y, **params)
    return mus


@pytest.mark.parametrize(
    ("params", "rows"),
    [
        ({}, 1),
        ({"neighbors": "replace"}, 2),
        ({"group_size": 3}, 3),
        ({"group_size": 3, "neighbors": "replace"}, 6),
        ({"data_norm": 8.0}, 1),
        ({"estimator": LogisticRegression(class_weight="balanced")}, 1),
        ({"estimator": LogisticRegression(fit_intercept=False)}, 1),
        ({"bounds_fraction": 0.3}, 1),
    ],
)
def test_all_noisy_answers_together_spend_the_budget_and_no_more(params, rows, iris):
    mus = spent_mus(private(epsilon=2.0, **params), *iris)
    total = compose_gaussian(*mus)
    budget = mu_of_budget(2.0, 1e-5) / rows
    # Bisections end on the grid, whose size decides on their steps.
    assert total <= budget * (1 + 1e-12)
    assert total > budget * 0.99


def test_with_groups_a_person_pays_as_a_row_does(iris):
    X, y = iris
    groups = np.arange(len(y)) // 3
    clf = private(epsilon=2.0, group_size=3)
    total = compose_gaussian(*spent_mus(clf, X, y, groups=groups))
    assert total == pytest.approx(mu_of_budget(2.0, 1e-5), rel=0.01)


def test_what_is_reported(iris):
    clf = private(epsilon=2.0).fit(*iris)
    assert clf.mechanism_ == "gradient"
    assert clf.spent_epsilon_ == 2.0
    assert clf.spent_delta_ == 1e-5
    assert clf.mu_ == pytest.approx(mu_of_budget(2.0, 1e-5))
    assert clf.data_norm_ > 0


def test_no_delta_is_an_error_that_names_another_mechanism(iris):
    with pytest.raises(ValueError, match="mechanism='objective'"):
        private(delta=0).fit(*iris)


# Rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("grouped", [False, True])
def test_the_order_of_the_rows_changes_no_bit(grouped, iris):
    X, y = iris
    order = np.random.RandomState(0).permutation(len(y))
    groups = np.arange(len(y)) // 2
    given = [{"groups": groups}, {"groups": groups[order]}] if grouped else [{}, {}]
    one = private(group_size=2).fit(X, y, **given[0]).estimator_
    other = private(group_size=2).fit(X[order], y[order], **given[1]).estimator_
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_array_equal(one.intercept_, other.intercept_)


def test_sparse_rows_give_the_model_of_dense_ones():
    rng = np.random.RandomState(0)
    X = (rng.uniform(size=(400, 30)) < 0.2).astype(float)
    y = X[:, :3].argmax(axis=1)
    dense = private(epsilon=3.0).fit(X, y)
    for container in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        clf = private(epsilon=3.0).fit(container(X), y)
        np.testing.assert_allclose(
            clf.estimator_.coef_, dense.estimator_.coef_, rtol=1e-3, atol=1e-3
        )


def test_values_that_no_float_can_square_do_no_harm(iris):
    X, y = (part.copy() for part in iris)
    X[:3] = 1e300
    clf = private(epsilon=50.0).fit(X, y)
    assert np.isfinite(clf.estimator_.coef_).all()
    assert clf.score(X[3:], y[3:]) > 0.7


def test_rows_of_zeros_have_a_model(iris):
    X, y = iris
    clf = private().fit(np.zeros_like(X), y)
    assert np.isfinite(clf.predict_proba(X)).all()


def test_more_classes_than_a_table_should_have():
    rng = np.random.RandomState(0)
    y = np.arange(600) % 60
    X = rng.normal(size=(600, 5)) + rng.normal(size=(60, 5))[y]
    proba = private(epsilon=8.0).fit(X, y).predict_proba(X)
    assert proba.shape == (600, 60)


# Weights -----------------------------------------------------------------------------


def test_a_weight_of_zero_is_a_row_less(iris):
    X, y = iris
    weight = np.ones(len(y))
    weight[::5] = 0
    one = private().fit(X, y, sample_weight=weight)
    other = private().fit(X[weight > 0], y[weight > 0])
    np.testing.assert_array_equal(one.estimator_.coef_, other.estimator_.coef_)


def test_weights_count_as_parts_of_their_maximum(iris):
    X, y = iris
    weight = np.where(np.arange(len(y)) % 2, 0.5, 1.0)
    inner = LogisticRegression(C=np.inf)
    one = private(inner).fit(X, y, sample_weight=weight)
    other = private(inner, max_sample_weight=8.0).fit(X, y, sample_weight=8 * weight)
    beyond = private(inner).fit(X, y, sample_weight=np.where(weight == 1, 99, 0.5))
    for clf in (other, beyond):
        np.testing.assert_array_equal(one.estimator_.coef_, clf.estimator_.coef_)


def test_weights_of_classes_move_the_border():
    rng = np.random.RandomState(0)
    y = (rng.uniform(size=3000) < 0.05).astype(int)
    X = rng.normal(size=(3000, 2)) + 1.5 * y[:, None]
    shares = {}
    for asked in (None, "balanced", {0: 1.0, 1: 19.0}):
        inner = LogisticRegression(class_weight=asked)
        clf = private(inner, epsilon=4.0).fit(X, y)
        shares[str(asked)] = clf.predict(X).mean()
    assert shares["None"] < 0.06
    assert 0.08 < shares["balanced"] < 0.4
    assert 0.08 < shares["{0: 1.0, 1: 19.0}"] < 0.4


def test_a_name_of_class_weights_that_is_none_is_an_error(iris):
    with pytest.raises(ValueError, match="'class_weight' parameter"):
        private(LogisticRegression(class_weight="even")).fit(*iris)


# The model that is left --------------------------------------------------------------


def test_the_model_is_that_of_scikit_learn_and_holds_nothing_else(iris):
    X, y = iris
    inner = LogisticRegression(C=0.5, solver="liblinear")
    clf = private(inner, random_state=None).fit(X, y)
    model = pickle.loads(pickle.dumps(clf.estimator_))
    assert type(model) is LogisticRegression
    learnt = {name for name in vars(model) if name.endswith("_")}
    assert learnt == {"coef_", "intercept_", "classes_", "n_iter_", "n_features_in_"}
    scores = X @ model.coef_.T + model.intercept_
    proba = np.exp(scores - scores.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), proba, atol=1e-12)
    np.testing.assert_array_equal(clf.predict_proba(X), model.predict_proba(X))
    assert (
        inner.get_params() == LogisticRegression(C=0.5, solver="liblinear").get_params()
    )


def test_two_classes_have_one_row_of_coefficients(iris):
    X, y = (part[:100] for part in iris)
    model = private().fit(X, y).estimator_
    assert model.coef_.shape == (1, 4)
    proba = 1 / (1 + np.exp(-(X @ model.coef_[0] + model.intercept_[0])))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], proba, atol=1e-12)


def test_nothing_but_the_noisy_sums_knows_how_many_rows_there_are(iris):
    """With the same answers, other rows give the same model to the last bit."""
    X, y = iris

    def answers(sums, scale, source):
        z = np.sin(np.arange(np.size(sums)) + 1).reshape(np.shape(sums))
        return np.rint(scale * math.pi * z).astype(np.int64)

    models = []
    for rows, labels in ((X, y), (X[10:] * 3 + 1, y[10:])):
        with (
            mock.patch.object(_descent, "add_gaussian", answers),
            mock.patch.object(_preparation, "add_gaussian", answers),
            mock.patch(
                "skmia.defenses._private._gaussian_queries.add_gaussian", answers
            ),
        ):
            models.append(private().fit(rows, labels).estimator_)
    np.testing.assert_array_equal(models[0].coef_, models[1].coef_)
    np.testing.assert_array_equal(models[0].intercept_, models[1].intercept_)
