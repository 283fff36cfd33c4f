"""HighEntropyClassifier: the entropy of its labels, and whose confidences it shows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from _helpers import corners
from skmia.defenses import HighEntropyClassifier
from skmia.metrics import roc_auc


@pytest.fixture
def data():
    y = np.repeat([0, 1, 2, 3], 30)
    return corners(y, 6, 3), y


@pytest.mark.parametrize("n_classes", [2, 3, 100])
@pytest.mark.parametrize("gamma", [0.05, 0.5, 0.8, 0.99])
def test_labels_have_the_entropy_that_was_asked_for(n_classes, gamma):
    rng = np.random.RandomState(0)
    y = np.arange(2 * n_classes) % n_classes
    clf = HighEntropyClassifier(DecisionTreeClassifier(max_depth=1), gamma=gamma)
    p = clf.fit(rng.randn(len(y), 2), y).label_probability_
    label = np.full(n_classes, (1 - p) / (n_classes - 1))
    label[0] = p
    assert p > 1 / n_classes
    assert entropy(label) == pytest.approx(gamma * np.log(n_classes), abs=1e-9)


def test_a_tree_is_trained_on_these_labels(data):
    X, y = data
    clf = HighEntropyClassifier(
        DecisionTreeClassifier(), gamma=0.6, output_modification=False
    ).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(entropy(proba, axis=1), 0.6 * np.log(4))
    assert (proba.argmax(axis=1) == y).all()


def test_ranking_stays_and_confidences_go(data):
    X, y = data
    clf = HighEntropyClassifier(LogisticRegression(C=10), gamma=0.5, random_state=0)
    clf.fit(X, y)
    said, inside = clf.predict_proba(X), clf.estimator_.predict_proba(X)
    np.testing.assert_array_equal(
        np.argsort(-said, axis=1, kind="stable"),
        np.argsort(-inside, axis=1, kind="stable"),
    )
    np.testing.assert_allclose(said.sum(axis=1), 1)
    top, own = said.max(axis=1), inside.max(axis=1)
    assert abs(np.corrcoef(top, own)[0, 1]) < 0.25
    off = HighEntropyClassifier(
        LogisticRegression(C=10), gamma=0.5, output_modification=False, random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(off.predict_proba(X), inside)


def test_a_row_has_one_answer(data):
    """In any order, batch, container and copy of the model."""
    X, y = data
    clf = HighEntropyClassifier(random_state=0).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(clf.predict_proba(X[::-1])[::-1], proba)
    np.testing.assert_allclose(
        np.concatenate([clf.predict_proba(X[[i]]) for i in range(5)]), proba[:5]
    )
    np.testing.assert_allclose(clf.predict_proba(X.tolist()), proba)
    again = HighEntropyClassifier(random_state=0).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), proba)
    other = HighEntropyClassifier(random_state=1).fit(X, y)
    assert (other.predict_proba(X).max(axis=1) != proba.max(axis=1)).mean() > 0.9


def test_confidence_no_longer_tells_members():
    """A memorising tree: 1.0 by the largest confidence without the outputs' change."""
    rng = np.random.RandomState(0)
    X, y = rng.randn(400, 5), rng.randint(2, size=400)
    member = np.arange(400) < 200
    inner = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    read = {}
    for modified in (False, True):
        clf = HighEntropyClassifier(
            inner, gamma=0.3, output_modification=modified, random_state=0
        ).fit(X[member], y[member])
        proba = clf.predict_proba(X)
        read[modified] = roc_auc(member, proba[np.arange(400), y])
        top = roc_auc(member, proba.max(axis=1))
        right = roc_auc(member, (proba.argmax(axis=1) == y).astype(float))
    assert read[False] > 0.75
    # How sure says nothing, and whether it is right says what it always said.
    assert abs(top - 0.5) < 3 * np.sqrt(401 / (12 * 200 * 200))
    assert right > 0.6


def test_tied_confidences_keep_the_label():
    """Random inputs that say 0.5 and 0.5 must not turn labels to the first class."""
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    y = np.r_[[0, 1] * 10, [1] * 20]
    clf = HighEntropyClassifier(DecisionTreeClassifier(), gamma=0.5, random_state=0)
    clf.fit(X, y)
    assert clf.predict([[1.0]]).tolist() == [1]
    assert (clf._confidences[:, 0] > clf._confidences[:, 1]).all()


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame, sparse.csr_array])
def test_random_inputs_in_any_container(container):
    rng = np.random.RandomState(0)
    columns = {"a": rng.randint(3, size=60), "b": rng.randint(2, size=60)}
    y = columns["a"] % 2
    model = LogisticRegression()
    if container is sparse.csr_array:
        X = container(np.column_stack(list(columns.values())).astype(float))
    else:
        columns["text"] = np.array(["x", "y", "z"])[columns["a"]]
        X = container(columns)
        model = make_pipeline(OneHotEncoder(), model)
    clf = HighEntropyClassifier(model, random_state=0).fit(X, y)
    assert clf.score(X, y) > 0.6
    assert len(np.unique(clf.predict_proba(X).round(9))) > 2


def test_documents_have_no_random_inputs():
    from sklearn.feature_extraction.text import CountVectorizer

    documents, y = ["red apple", "green fig"] * 5, [0, 1] * 5
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    with pytest.raises(ValueError, match="pass output_modification=False"):
        HighEntropyClassifier(model).fit(documents, y)
    clf = HighEntropyClassifier(model, output_modification=False).fit(documents, y)
    assert clf.score(documents, y) == 1


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"gamma": -0.1}, ValueError, r"'gamma' parameter must be a float in \[0, 1\)"),
        ({"gamma": 1.0}, ValueError, r"'gamma' parameter must be a float in \[0, 1\)"),
        ({"output_modification": "yes"}, TypeError, "must be a bool. Got 'yes'"),
    ],
)
def test_parameters_are_checked(settings, error, message, data):
    with pytest.raises(error, match=message):
        HighEntropyClassifier(**settings).fit(*data)


@pytest.mark.parametrize("weight", [None, np.linspace(0.1, 2, 60)])
def test_without_entropy_labels_stay_and_only_the_order_is_shown(weight):
    rng = np.random.RandomState(0)
    X = rng.randn(60, 3)
    y = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + rng.randn(60), [-0.5, 0.5])]
    params = {} if weight is None else {"sample_weight": weight}
    plain = LogisticRegression().fit(X, y, **params)
    clf = HighEntropyClassifier(LogisticRegression(), gamma=0, random_state=0)
    clf.fit(X, y, **params)
    np.testing.assert_array_equal(clf.estimator_.coef_, plain.coef_)
    assert clf.label_probability_ == 1.0
    proba, own = clf.predict_proba(X), plain.predict_proba(X)
    np.testing.assert_array_equal(proba.argsort(axis=1), own.argsort(axis=1))
    assert np.abs(proba - own).max() > 0.05
