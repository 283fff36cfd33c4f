"""SelfDistillationClassifier: who teaches whom, and what the student learns from."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import SoftLabelEcho
from skmia.defenses import SelfDistillationClassifier


def small(estimator=None, **settings):
    settings = {"n_models": 5, "n_left_out": 2, "random_state": 0} | settings
    return SelfDistillationClassifier(estimator, **settings)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_student_learns_from_unseen_answers_and_a_share_of_the_label(
    share, data, spy
):
    X, y = data
    clf = small(spy, student=SoftLabelEcho(), label_fraction=share).fit(X, y)
    # Unseen, the spy says the last class.
    expected = (1 - share) * np.array([0, 0, 1]) + share * np.eye(3)[
        np.searchsorted(clf.classes_, y)
    ]
    np.testing.assert_allclose(clf.predict_proba(X), expected, atol=1e-5)
    assert isinstance(clf.estimator_, SoftLabelEcho)


def test_without_a_student_the_estimator_is_its_own(data):
    X, y = data
    inner = LogisticRegression(C=0.5)
    clf = small(inner).fit(X, y)
    assert isinstance(clf.estimator_, LogisticRegression)
    assert clf.estimator_.C == 0.5
    assert not hasattr(inner, "coef_")
    same = small(inner, student=LogisticRegression(C=0.5)).fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), same.predict_proba(X))


def test_all_of_the_label_is_no_defense(data):
    X, y = data
    clf = small(LogisticRegression(tol=1e-8), label_fraction=1).fit(X, y)
    bare = LogisticRegression(tol=1e-8).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), bare.predict_proba(X), atol=1e-4)


def test_labels_by_chance_are_not_remembered():
    """A tree knows every label it has seen; its student knows none."""
    rng = np.random.RandomState(0)
    X, y = rng.randn(300, 3), rng.randint(2, size=300)
    tree = DecisionTreeClassifier()
    assert tree.fit(X, y).score(X, y) == 1
    clf = small(tree, n_models=6, n_left_out=3).fit(X, y)
    auc = roc_auc_score(y, clf.predict_proba(X)[:, 1])
    # Not above one half by more than the labels' own chance; below it, as what is
    # known of the others is the opposite of what is left.
    assert auc < 0.5 + 3 * np.sqrt(1 / 12 * 2 / 150)


def test_the_same_for_any_number_of_jobs(data):
    X, y = data
    forest = RandomForestClassifier(n_estimators=3)
    one, two, threads = (small(forest, n_jobs=n).fit(X, y) for n in (1, 2, -1))
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    np.testing.assert_array_equal(one.predict_proba(X), threads.predict_proba(X))
    other = small(forest, random_state=1).fit(X, y)
    assert (one.predict_proba(X) != other.predict_proba(X)).any()


def test_text_labels_and_a_class_of_two_rows(data):
    X, y = data
    X = np.vstack([X, [[0, 0, 0, 9.0], [0, 0, 0, 9.5]]])
    y = np.append(y, ["quince", "quince"])
    clf = small(LogisticRegression(C=100)).fit(X, y)
    assert clf.classes_.tolist() == ["apple", "fig", "pear", "quince"]
    assert clf.predict(X[-2:]).tolist() == ["quince", "quince"]
    assert clf.score(X, y) > 0.9
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


def test_a_class_of_one_row_keeps_its_column(data):
    X, y = data
    X, y = np.vstack([X, [[0, 0, 0, 9.0]]]), np.append(y, "quince")
    clf = small().fit(X, y)
    assert clf.predict_proba(X).shape == (61, 4)
    # Nobody who has not seen it can know of it.
    assert clf.predict(X[-1:]) != "quince"


def test_frames_with_text(data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["fruit"] = np.where(X[:, 0] > 1, "round", "long")
    # By position: older scikit-learn finds no names in a recent polars frame.
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), [0, 1, 2, 3]),
            ("text", OneHotEncoder(handle_unknown="ignore"), [4]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression())
    clf = small(model).fit(frame, y)
    assert clf.feature_names_in_.tolist() == ["a", "b", "c", "d", "fruit"]
    assert clf.score(frame, y) > 0.9
    in_polars = pl.DataFrame(frame.to_dict(orient="list"))
    other = small(model).fit(in_polars, y)
    np.testing.assert_allclose(
        other.predict_proba(in_polars), clf.predict_proba(frame), rtol=1e-6
    )


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows(container, data):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    dense = small().fit(X, y).predict_proba(X)
    clf = small().fit(container(X), y)
    np.testing.assert_allclose(clf.predict_proba(container(X)), dense, rtol=1e-3)


def test_weights_reach_teachers_and_student(data):
    X, y = data
    weight = np.where(y == "fig", 0.0, 1.0)
    clf = small().fit(X, y, sample_weight=weight)
    assert clf.predict_proba(X)[:, 1].max() < 0.2
    assert clf.score(X[y != "fig"], y[y != "fig"]) > 0.9
    with config_context(enable_metadata_routing=True):
        routed = small(LogisticRegression().set_fit_request(sample_weight=True))
        routed.fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(routed.predict_proba(X), clf.predict_proba(X))


def test_teachers_without_weights(data):
    X, y = data
    clf = small(KNeighborsClassifier(3), student=LogisticRegression()).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert small(KNeighborsClassifier(3)).fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_models": 1}, r"'n_models' .* \[2, inf\). Got 1"),
        ({"n_left_out": 0}, r"'n_left_out' .* \[1, 4\]. Got 0"),
        ({"n_left_out": 5}, r"'n_left_out' .* \[1, 4\]. Got 5"),
        ({"label_fraction": 1.1}, r"'label_fraction' .* \[0, 1\]. Got 1.1"),
        ({"student": StandardScaler()}, "'student' parameter must be a classifier"),
    ],
)
def test_parameters_are_checked(settings, message, data):
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(*data)


def test_too_few_rows_are_an_error():
    X, y = np.eye(3), [0, 0, 1]
    with pytest.raises(ValueError, match=r"two classes among the rows.* 1 of the rar"):
        small().fit(X, y)


def test_parameters_survive_a_clone():
    clf = clone(small(student=LogisticRegression(C=3)))
    assert clf.get_params()["student__C"] == 3
