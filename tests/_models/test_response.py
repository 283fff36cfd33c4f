"""Probabilities with the columns of the pool's classes, whatever the classifier is."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from skmia._models import (
    _response,
    check_has_response,
    check_is_classifier,
    class_probabilities,
    iter_class_probabilities,
)
from skmia.metrics import roc_auc
from skmia.signals import logit


def blobs(n_classes, n=120):
    return make_classification(
        n, 6, n_informative=4, n_classes=n_classes, random_state=0
    )


class Given(ClassifierMixin, BaseEstimator):
    """A fitted classifier with the probabilities that it is given."""

    def __init__(self, classes, proba):
        self.classes = classes
        self.proba = proba

    @property
    def classes_(self):
        return np.asarray(self.classes)

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.proba


@pytest.mark.parametrize("model", [LinearSVC(), RidgeClassifier(), SVC()])
def test_margins_of_two_classes_are_their_logits(model):
    X, y = blobs(2)
    proba = class_probabilities(model.fit(X, y), X)
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(proba.argmax(axis=1), model.predict(X))
    assert_allclose(logit(proba, np.ones(len(y), int)), model.decision_function(X))


@pytest.mark.parametrize("model", [LinearSVC(), RidgeClassifier(), SVC()])
def test_margins_of_many_classes_go_through_the_softmax(model):
    X, y = blobs(4)
    proba = class_probabilities(model.fit(X, y), X)
    margin = model.decision_function(X)
    assert_allclose(
        proba, np.exp(margin) / np.exp(margin).sum(axis=1, keepdims=True), atol=1e-15
    )
    assert_array_equal(proba.argmax(axis=1), margin.argmax(axis=1))


def test_a_large_margin_keeps_its_digits():
    """1 - expit(40) is 0, and a logit of it would be saturated."""

    class Sure(Given):
        predict_proba = property()

        def decision_function(self, X):
            return np.array([-40.0, 40.0, 400.0])

    proba = class_probabilities(Sure([0, 1], None), None)
    assert_allclose(logit(proba, [1, 1, 1]), [-40, 40, 400])


@pytest.mark.parametrize("n_classes", [3, 4])
def test_margins_of_pairs_are_refused(n_classes):
    """With three classes there are three pairs: the shape alone would pass."""
    X, y = blobs(n_classes)
    model = make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo"))
    model.fit(X, y)
    with pytest.raises(ValueError, match="Pipeline must return one margin for each of"):
        class_probabilities(model, X)


def test_pairs_of_two_classes_are_one_margin():
    X, y = blobs(2)
    model = SVC(decision_function_shape="ovo").fit(X, y)
    assert_array_equal(class_probabilities(model, X).argmax(axis=1), model.predict(X))


def test_probabilities_come_first_where_there_are_margins_too():
    X, y = blobs(3)
    model = LogisticRegression().fit(X, y)
    assert_array_equal(class_probabilities(model, X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("pool", "known"),
    [
        ([0, 1, 2, 3], [3, 1]),  # and in no order
        (["a", "bb", "ccccc"], ["bb", "a"]),  # '<U2' among '<U5'
        (np.array(["a", "bb", "ccccc"], dtype=object), ["ccccc", "a"]),
        (["a", "bb", "ccccc"], np.array(["ccccc", "a"], dtype=object)),
        (["c", "b", "a"], ["a", "c"]),  # a pool's classes in no order
        ([False, True], [True]),
        ([0.0, 2.0, 7.0], [7, 0]),
    ],
)
def test_columns_are_those_of_the_pool(pool, known):
    pool, known = np.asarray(pool), np.asarray(known)
    proba = np.random.default_rng(0).dirichlet(np.ones(len(known)), size=5)
    aligned = class_probabilities(Given(known, proba), None, pool)
    assert aligned.shape == (5, len(pool))
    for column, label in enumerate(pool):
        where = np.flatnonzero(known == label)
        expected = proba[:, where[0]] if len(where) else np.zeros(5)
        assert_array_equal(aligned[:, column], expected)


def test_labels_in_another_order_are_not_taken_as_they_are():
    proba = np.array([[0.9, 0.1]])
    aligned = class_probabilities(Given([1, 0], proba), None, np.array([0, 1]))
    assert_array_equal(aligned, [[0.1, 0.9]])


@pytest.mark.parametrize("known", [[0, 5], ["0", "1"]])
def test_classes_that_are_not_the_pools_are_refused(known):
    with pytest.raises(ValueError, match=r"'estimator' .* does not know"):
        class_probabilities(
            Given(known, np.array([[0.5, 0.5]])), None, np.array([0, 1, 2])
        )


def test_precision_is_kept():
    for dtype in (np.float32, np.float64):
        proba = np.array([[0.25, 0.75]], dtype=dtype)
        for classes in ([0, 1], [0, 1, 2]):
            answer = class_probabilities(Given([0, 1], proba), None, np.array(classes))
            assert answer.dtype == dtype


def test_rounding_beyond_the_ends_is_taken_back():
    given = np.array([[1.0000001, -1e-9], [0.5, 0.5]])
    before = given.copy()
    proba = class_probabilities(Given([0, 1], given), None)
    assert_array_equal(proba, [[1, 0], [0.5, 0.5]])
    assert_array_equal(given, before)


@pytest.mark.parametrize("wrong", [1.1, -0.01, np.nan])
def test_what_is_no_probability_is_an_error_of_the_signals(wrong):
    proba = class_probabilities(Given([0, 1], np.array([[wrong, 0.5]])), None)
    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\]"):
        logit(proba, [0])


CONTAINERS = {
    "array": np.asarray,
    "list": lambda X: X.tolist(),
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcdef")),
    "polars": lambda X: pl.DataFrame(X, schema=list("abcdef")),
    "csr": sparse.csr_matrix,
    "csr_array": sparse.csr_array,
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_blocks_cover_every_row_once(name, monkeypatch):
    X, y = blobs(3, n=101)
    X = CONTAINERS[name](X)
    model = RandomForestClassifier(5, random_state=0).fit(X, y)
    whole = class_probabilities(model, X)
    # 60 values: 10 rows of 6 columns; the width of a list is that of its answers.
    monkeypatch.setattr(_response, "_BLOCK_VALUES", 60)
    blocks = list(iter_class_probabilities(model, X, model.classes_))
    assert 6 <= len(blocks) <= 13
    assert_array_equal(np.concatenate([proba for _, proba in blocks]), whole)
    rows = np.concatenate([np.arange(101)[block] for block, _ in blocks])
    assert_array_equal(rows, np.arange(101))


def test_blocks_are_bounded_by_classes_as_well_as_by_columns(monkeypatch):
    monkeypatch.setattr(_response, "_BLOCK_VALUES", 100)

    class Uniform(Given):
        def predict_proba(self, X):
            return np.full((len(X), len(self.classes)), 1 / len(self.classes))

    wide, many = np.zeros((30, 50)), Uniform(np.arange(20), None)
    assert [
        p.shape for _, p in iter_class_probabilities(many, wide, many.classes_)
    ] == [(2, 20)] * 15
    assert len(list(iter_class_probabilities(many, wide[:, :1], many.classes_))) == 6
    # A single row may be over the limit.
    assert len(list(iter_class_probabilities(many, np.zeros((3, 999)), many.classes_)))


def test_a_model_that_works_in_place_leaves_the_rows_alone():
    class InPlace(Given):
        def predict_proba(self, X):
            X[:] = 0
            return np.full((len(X), 2), 0.5)

    X = np.ones((5, 2))
    list(iter_class_probabilities(InPlace([0, 1], None), X, np.array([0, 1])))
    assert_array_equal(X, np.ones((5, 2)))


def test_check_is_classifier():
    check_is_classifier(make_pipeline(StandardScaler(), LogisticRegression()))
    for wrong in (LinearRegression(), StandardScaler()):
        with pytest.raises(ValueError, match=r"'model' .* must be a classifier"):
            check_is_classifier(wrong, "model")
    for wrong in ("forest", None, LogisticRegression):
        with pytest.raises(TypeError, match="must be a scikit-learn classifier"):
            check_is_classifier(wrong)


def test_check_has_response():
    check_has_response(LinearSVC())
    check_has_response(make_pipeline(StandardScaler(), LogisticRegression()))
    check_has_response(SVC())
    only_labels = VotingClassifier([("a", LogisticRegression())], voting="hard")
    for wrong in (only_labels, make_pipeline(StandardScaler(), only_labels)):
        with pytest.raises(TypeError, match="must have predict_proba or decision_f"):
            check_has_response(wrong)
    X, y = blobs(2)
    with pytest.raises(TypeError, match="must have predict_proba or decision_f"):
        class_probabilities(only_labels.fit(X, y), X)


def test_an_unfitted_stack_has_what_its_last_step_will_have():
    stack = StackingClassifier([("a", LogisticRegression())])
    assert not hasattr(stack, "predict_proba")  # it knows only once it is fitted
    for model in (
        stack,
        make_pipeline(StandardScaler(), stack),
        GridSearchCV(stack, {"cv": [2]}),
        StackingClassifier([("a", LogisticRegression())], final_estimator=stack),
    ):
        check_has_response(model)
    assert stack.final_estimator is None
    labels_only = VotingClassifier([("a", LogisticRegression())], voting="hard")
    stack = StackingClassifier(
        [("a", LogisticRegression())], final_estimator=labels_only
    )
    for model in (stack, VotingClassifier([("a", stack)], voting="hard")):
        with pytest.raises(TypeError, match="must have predict_proba or decision_f"):
            check_has_response(model)


class LargestIsTheSame(ClassifierMixin, BaseEstimator):
    """A forest whose largest probability is always .9, or its own answer."""

    def __init__(self, scaled=True):
        self.scaled = scaled

    def fit(self, X, y):
        self.forest_ = RandomForestClassifier(20, min_samples_leaf=2, random_state=0)
        self.classes_ = self.forest_.fit(X, y).classes_
        return self

    def predict(self, X):
        return self.forest_.predict(X)

    def predict_proba(self, X):
        proba = self.forest_.predict_proba(X)
        largest = proba.max(axis=1, keepdims=True)
        return 0.9 * proba / largest if self.scaled else proba


def test_trap_answers_that_do_not_sum_to_one():
    """Taken as they are, they tell less of members than the same model's own."""
    X, y = make_classification(
        400, 12, n_informative=6, n_classes=4, flip_y=0.3, random_state=0
    )
    member = np.arange(400) < 200
    column = np.arange(400), y
    model = LargestIsTheSame().fit(X[member], y[member])
    read = roc_auc(member, model.predict_proba(X)[column])
    right = class_probabilities(model.set_params(scaled=False), X)
    assert read < roc_auc(member, right[column]) - 0.05
    with pytest.raises(ValueError, match=r"LargestIsTheSame .* sum to 1 .* divide by"):
        class_probabilities(model.set_params(scaled=True), X)


def test_probabilities_of_each_class_need_no_sum():
    lightgbm = pytest.importorskip("lightgbm")
    X, y = blobs(3)
    settings = {"n_estimators": 3, "n_jobs": 1, "verbose": -1}
    model = lightgbm.LGBMClassifier(objective="multiclassova", **settings).fit(X, y)
    proba = class_probabilities(make_pipeline(model), X)
    assert abs(proba.sum(axis=1) - 1).max() > 0.15
