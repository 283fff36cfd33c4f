"""The wrapper that remembers: delegation, and what becomes of the rows."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from _helpers import noisy_rows
from skmia.model_selection import AuditableClassifier, leakage_scorer

SECRET = 31415.92653


@pytest.fixture(scope="module")
def data():
    return noisy_rows(120)


def tree():
    return DecisionTreeClassifier(random_state=0)


def test_answers_are_those_of_the_classifier_inside(data):
    X, y = data
    for inner in (
        LogisticRegression(),
        DecisionTreeClassifier(max_depth=1),
        make_pipeline(StandardScaler(), GaussianNB()),
    ):
        clf = AuditableClassifier(inner).fit(X, y)
        alone = clone(inner).fit(X, y)
        for method in ("predict", "predict_proba", "predict_log_proba"):
            np.testing.assert_array_equal(
                getattr(clf, method)(X), getattr(alone, method)(X)
            )
        assert clf.score(X, y) == alone.score(X, y)
        assert clf.n_features_in_ == 6
        np.testing.assert_array_equal(clf.classes_, [0, 1])


def test_has_the_methods_that_the_classifier_has(data):
    X, y = data
    assert hasattr(AuditableClassifier(LogisticRegression()), "decision_function")
    assert not hasattr(AuditableClassifier(tree()), "decision_function")
    svm = AuditableClassifier(SVC()).fit(X, y)
    assert not hasattr(svm, "predict_proba")
    np.testing.assert_array_equal(
        svm.decision_function(X), svm.estimator_.decision_function(X)
    )
    with pytest.raises(AttributeError, match="predict_proba"):
        _ = svm.predict_proba


def test_tags_are_those_of_the_classifier_inside():
    for inner in (LogisticRegression(), SVC(kernel="precomputed"), GaussianNB()):
        clf, tags = AuditableClassifier(inner), get_tags(inner)
        assert is_classifier(clf)
        assert get_tags(clf).input_tags == tags.input_tags
        assert not get_tags(clf).classifier_tags.multi_label


@pytest.mark.parametrize("container", ["list", "csr", "pandas", "polars"])
def test_containers_go_through_as_they_are(data, container):
    X, y = data
    make = {
        "list": lambda A: A.tolist(),
        "csr": sparse.csr_array,
        "pandas": lambda A: pd.DataFrame(A, columns=list("abcdef")),
        "polars": lambda A: pl.DataFrame(A, schema=list("abcdef")),
    }[container]
    clf = AuditableClassifier(tree()).fit(make(X[:80]), y[:80].tolist())
    expected = AuditableClassifier(tree()).fit(X[:80], y[:80])
    np.testing.assert_array_equal(
        clf.predict_proba(make(X[80:])), expected.predict_proba(X[80:])
    )
    alone = tree().fit(make(X[:80]), y[:80])
    # scikit-learn 1.6 does not know the names of the newest polars.
    assert hasattr(clf, "feature_names_in_") == hasattr(alone, "feature_names_in_")
    if container == "pandas":
        assert clf.feature_names_in_.tolist() == list("abcdef")
    scorer = leakage_scorer(members="all")
    assert scorer(clf, make(X[80:]), y[80:]) == scorer(expected, X[80:], y[80:])


def test_labels_of_any_type_are_remembered(data):
    X, y = data
    named = np.array(["no", "yes"])[y]
    clf = AuditableClassifier(tree()).fit(X[:80], pd.Series(named[:80]))
    assert clf.classes_.tolist() == ["no", "yes"]
    numbered = AuditableClassifier(tree()).fit(X[:80], y[:80])
    scorer = leakage_scorer()
    assert scorer(clf, X[80:], named[80:]) == scorer(numbered, X[80:], y[80:])


def test_rows_are_kept_by_reference_and_not_for_longer(data):
    X, y = data

    class Rows(np.ndarray):  # an ndarray itself takes no weak reference
        pass

    X = X.copy().view(Rows)
    clf = AuditableClassifier(tree()).fit(X, y)
    assert clf._training_rows.X is X
    rows = weakref.ref(X)
    del X
    assert rows() is not None
    assert clf.forget() is clf
    gc.collect()
    assert rows() is None
    assert clf.predict(data[0]).shape == (120,)


@pytest.mark.parametrize(
    "move",
    [
        lambda clf: pickle.loads(pickle.dumps(clf)),
        copy.deepcopy,
        copy.copy,
        AuditableClassifier.forget,
    ],
    ids=["pickle", "deepcopy", "copy", "forget"],
)
def test_rows_stay_behind(data, move):
    X, y = data
    X = X.copy()
    X[:, 0] = SECRET + np.arange(len(X))
    clf = AuditableClassifier(GaussianNB()).fit(X, y)
    moved = move(clf)
    np.testing.assert_array_equal(moved.predict_proba(X), clf.predict_proba(X))
    with pytest.raises(ValueError, match="does not remember the rows"):
        leakage_scorer()(moved, X, y)


def test_no_row_is_pickled_or_shown(data):
    X, y = data
    X = X.copy()
    X[3, 0] = SECRET
    clf = AuditableClassifier(make_pipeline(StandardScaler(), LogisticRegression()))
    plain = pickle.dumps(clone(clf.estimator).fit(X, y))
    clf.fit(X, y)
    raw = np.float64(SECRET).tobytes()
    assert raw in X.tobytes()
    assert raw not in pickle.dumps(clf)
    assert len(pickle.dumps(clf)) < len(plain) + 1000
    for shown in (repr(clf), clf._repr_html_(), repr(vars(clf))):
        assert "31415" not in shown


def test_clones_start_afresh(data):
    clf = AuditableClassifier(tree()).fit(*data)
    with pytest.raises(NotFittedError):
        clone(clf).predict(data[0])
    assert not hasattr(clone(clf), "_training_rows")
    assert not hasattr(clf.estimator, "tree_")


def test_models_that_return_from_workers_have_forgotten(data):
    X, y = data
    scoring = {"neg_leakage": leakage_scorer()}
    here, there = (
        cross_validate(
            AuditableClassifier(tree()),
            X,
            y,
            cv=2,
            scoring=scoring,
            return_estimator=True,
            n_jobs=n_jobs,
            error_score="raise",
        )
        for n_jobs in (None, 2)
    )
    # Scored where it was fitted, in the worker.
    np.testing.assert_array_equal(here["test_neg_leakage"], there["test_neg_leakage"])
    assert all(hasattr(clf, "_training_rows") for clf in here["estimator"])
    assert not any(hasattr(clf, "_training_rows") for clf in there["estimator"])


class FailsOnSecondFit(BaseEstimator):
    """A transformer that is interrupted where its parameter says so."""

    def __init__(self, fail=False):
        self.fail = fail

    def fit(self, X, y=None):
        self.fitted_ = True
        if self.fail:
            raise KeyboardInterrupt
        return self

    def transform(self, X):
        return X


def test_an_interrupted_second_fit_answers_nothing(data):
    clf = AuditableClassifier(make_pipeline(FailsOnSecondFit(), tree())).fit(*data)
    clf.set_params(estimator__failsonsecondfit__fail=True)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(*data)
    with pytest.raises(NotFittedError):
        clf.predict(data[0])
    assert not hasattr(clf, "_training_rows")


@pytest.mark.parametrize("depth", ["outer", "inside"])
def test_a_frozen_classifier_is_refused(data, depth):
    frozen = FrozenEstimator(tree().fit(*data))
    inner = frozen if depth == "outer" else make_pipeline(StandardScaler(), frozen)
    with pytest.raises(ValueError, match="frozen DecisionTreeClassifier"):
        AuditableClassifier(inner).fit(*data)
    # A transformer that was fitted elsewhere is none of these rows' models.
    scaler = FrozenEstimator(StandardScaler().fit(data[0]))
    AuditableClassifier(make_pipeline(scaler, tree())).fit(*data)


@pytest.mark.parametrize(
    ("inner", "error"),
    [(LinearRegression(), ValueError), (None, TypeError), (GaussianNB, TypeError)],
)
def test_only_classifiers(data, inner, error):
    with pytest.raises(error, match="'estimator' parameter must be a"):
        AuditableClassifier(inner).fit(*data)


def test_weights_arrive_and_rows_of_weight_zero_are_no_members(data):
    X, y = data
    weight = np.ones(len(y))
    weight[:40] = 0
    clf = AuditableClassifier(GaussianNB()).fit(X, y, sample_weight=weight)
    alone = GaussianNB().fit(X[40:], y[40:])
    np.testing.assert_allclose(clf.predict_proba(X), alone.predict_proba(X))
    assert clf._training_rows.seen.tolist() == list(range(40, 120))

    piped = AuditableClassifier(make_pipeline(StandardScaler(), GaussianNB()))
    piped.fit(X, y, gaussiannb__sample_weight=weight)
    assert len(piped._training_rows.seen) == 80


def test_metadata_is_routed(data):
    X, y = data
    weight = np.r_[np.zeros(40), np.ones(80)]
    with sklearn.config_context(enable_metadata_routing=True):
        inner = GaussianNB().set_fit_request(sample_weight=True)
        clf = AuditableClassifier(inner).fit(X, y, sample_weight=weight)
        assert len(clf._training_rows.seen) == 80
        search = GridSearchCV(
            AuditableClassifier(inner),
            {"estimator__var_smoothing": [1e-9]},
            cv=2,
            scoring=leakage_scorer(),
            error_score="raise",
        ).fit(X, y, sample_weight=weight)
        assert len(search.best_estimator_._training_rows.seen) == 80
        with pytest.raises(TypeError, match="sample_weight"):
            clf.predict_proba(X, sample_weight=weight)


# What scikit-learn 1.7 and newer says of a scorer that takes no weights.
@pytest.mark.filterwarnings("ignore:The scoring neg_leakage=LeakageScorer")
def test_weights_in_a_search_without_routing(data):
    """scikit-learn asks a scorer of a dict whether it takes weights."""
    X, y = data
    search = GridSearchCV(
        AuditableClassifier(GaussianNB()),
        {"estimator__var_smoothing": [1e-9]},
        cv=2,
        scoring={"neg_leakage": leakage_scorer(), "accuracy": "accuracy"},
        refit="accuracy",
        error_score="raise",
    ).fit(X, y, sample_weight=np.ones(len(y)))
    assert -1 <= search.cv_results_["mean_test_neg_leakage"][0] <= 0


def test_rows_changed_in_place_are_noticed(data):
    X, y = data
    inside = X[:80].copy()
    clf = AuditableClassifier(
        make_pipeline(StandardScaler(copy=False), GaussianNB())
    ).fit(inside, y[:80])
    assert not np.array_equal(inside, X[:80])
    with pytest.raises(ValueError, match="training rows are not what they were"):
        leakage_scorer()(clf, X[80:], y[80:])
    # A scorer that works on copies of the rows does not change them itself.
    clf = AuditableClassifier(
        make_pipeline(StandardScaler(copy=False), GaussianNB())
    ).fit(inside.copy(), y[:80])
    held_out = X[80:].copy()
    with pytest.raises(ValueError, match="copy=True"):
        leakage_scorer()(clf, held_out, y[80:])
    np.testing.assert_array_equal(held_out, X[80:])
