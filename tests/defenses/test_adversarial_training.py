"""AdversarialTrainingClassifier: which copies it takes, and what they weigh."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import global_state
from skmia.defenses import AdversarialTrainingClassifier
from skmia.defenses._adversarial_training import Candidates


class Diary(ClassifierMixin, BaseEstimator):
    """Remembers all fits, of all its clones; `early_stopping` is there to be found."""

    fits = ()

    def __init__(self, early_stopping=False):
        self.early_stopping = early_stopping

    def fit(self, X, y, sample_weight=None, name=None):
        Diary.fits = (*Diary.fits, (X, y, sample_weight, name))
        self.model_ = LogisticRegression().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


@pytest.fixture
def overlapping():
    rng = np.random.RandomState(0)
    y = np.arange(60) % 3
    return rng.randn(60, 4) + np.eye(3, 4)[y], y


@pytest.fixture
def diary():
    Diary.fits = ()
    return Diary


def defended(inner=None, **settings):
    return AdversarialTrainingClassifier(inner, **{"random_state": 0} | settings)


def table(n=200):
    """Columns of every kind, some values missing."""
    rng = np.random.RandomState(1)
    return pd.DataFrame(
        {
            "number": rng.randn(n),
            "missing": np.where(
                rng.uniform(size=n) < 0.2, np.nan, rng.gamma(2, size=n)
            ),
            "integer": rng.randint(1000, size=n),
            "whole": rng.randint(500, size=n).astype(float),
            "binary": rng.randint(2, size=n),
            "yes": rng.uniform(size=n) < 0.3,
            "text": rng.choice(["red", "green", "blue"], size=n),
        }
    )


@pytest.mark.parametrize("n_copies", [1, 3, 7])
def test_the_hardest_of_all_candidates(n_copies, overlapping):
    X, y = overlapping
    model = LogisticRegression().fit(X, y)
    candidates, queries = Candidates(X, 0.5, seed=3), np.arange(4, 11)
    hardest, rows = candidates.hardest(model, y, np.arange(3), queries, n_copies)
    assert hardest.shape == (60 * n_copies, 4)
    for i in range(60):
        copies = np.vstack([candidates.copies(np.array([i]), q) for q in queries])
        losses = -np.log(model.predict_proba(copies)[:, y[i]])
        expected = copies[np.argsort(losses)[-n_copies:]]
        found = hardest[rows == i]
        np.testing.assert_array_equal(
            found[np.lexsort(found.T)], expected[np.lexsort(expected.T)]
        )


def test_the_hardest_where_the_model_lacks_a_class(overlapping):
    """Its loss there is as large as can be for all, and the first are taken."""
    X, y = overlapping
    model = LogisticRegression().fit(X[y < 2], y[y < 2])
    candidates, every = Candidates(X, 0.5, seed=3), np.arange(60)
    hardest, rows = candidates.hardest(model, y, np.arange(3), np.arange(5), 1)
    first = candidates.copies(every, 0)
    np.testing.assert_array_equal(hardest[np.argsort(rows)][y == 2], first[y == 2])


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_copies_are_rows_of_the_same_kind(container):
    frame = table()
    X = container(frame.to_dict(orient="list"))
    candidates, every = Candidates(X, 0.9, seed=0), np.arange(200)
    for query in range(5):
        copies = candidates.copies(every, query)
        assert type(copies) is container
        assert list(copies.columns) == list(X.columns)
        assert list(copies.dtypes) == list(X.dtypes)
        for name in frame.columns:
            old, new = np.asarray(X[name]), np.asarray(copies[name])
            if name in ("binary", "yes", "text"):
                assert set(new) == set(old)
            else:
                np.testing.assert_array_equal(np.isnan(new), np.isnan(old))
                assert np.nanmin(new) >= np.nanmin(old)
                assert np.nanmax(new) <= np.nanmax(old)
            changed = (old != new) & (old == old)
            assert 0.2 < changed.mean() <= 1
        assert (np.asarray(copies["whole"]) % 1 == 0).all()


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_copies_hold_values_of_their_column(container):
    rng = np.random.RandomState(0)
    dense = np.where(rng.uniform(size=(100, 6)) < 0.3, rng.randint(1, 4, (100, 6)), 0)
    copies = Candidates(container(dense), 0.5, seed=0).copies(np.arange(100), 0)
    assert sparse.issparse(copies)
    moved = copies.toarray()
    assert 0.1 < (moved != dense).mean() < 0.4
    for j in range(6):
        assert set(moved[:, j]) <= set(dense[:, j])


@pytest.mark.parametrize("copies", [1, 3])
def test_fits_are_of_all_rows_and_of_copies_that_differ(copies, diary, overlapping):
    X, y = overlapping
    clf = defended(diary(), n_copies=copies, n_rounds=4).fit(X, y)
    (first, labels, weight, _), *rounds = diary.fits
    np.testing.assert_array_equal(first, X)
    np.testing.assert_array_equal(labels, y)
    assert weight is None
    assert len(rounds) == 4
    for rows, labels, weight, _ in rounds:
        assert rows.shape == (60 * (1 + copies), 4)
        np.testing.assert_array_equal(rows[:60], X)
        assert (np.bincount(labels) == 20 * (1 + copies)).all()
        np.testing.assert_array_equal(weight, 1 / (1 + copies))
    # The candidates of a round are new ones.
    assert len({row.tobytes() for fit in rounds for row in fit[0][60:]}) == 240 * copies
    last = LogisticRegression().fit(*rounds[-1][:3])
    np.testing.assert_array_equal(clf.predict_proba(X), last.predict_proba(X))


def test_with_as_many_copies_as_candidates_nothing_is_chosen(diary, overlapping):
    """What is trained on does not depend on the labels, and so on the model."""
    X, y = overlapping
    for labels in (y, y[::-1]):
        defended(diary(), n_copies=3, n_candidates=3, n_rounds=1).fit(X, labels)
    one, other = diary.fits[1][0], diary.fits[3][0]
    np.testing.assert_array_equal(one, other)
    defended(diary(), n_copies=3, n_candidates=4, n_rounds=1).fit(X, y)
    assert (diary.fits[5][0] != one).any()


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize(
    "inner",
    [
        LogisticRegression(C=0.1, tol=1e-8),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1, tol=1e-8)),
        DecisionTreeClassifier(min_samples_leaf=6),
        KNeighborsClassifier(5),
        LogisticRegression(C=0.1, tol=1e-8, class_weight="balanced"),
    ],
)
def test_a_row_and_its_copies_weigh_as_much_as_the_row(inner, copies, overlapping):
    """Copies that hardly move leave the model as it was."""
    X, y = (part[:50] for part in overlapping)
    clf = defended(inner, strength=1e-9, n_copies=copies).fit(X, y)
    bare = clone(inner).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), bare.predict_proba(X), atol=1e-5)


def test_parameters_that_count_rows_count_copies(data):
    X, y = data
    tree = DecisionTreeClassifier(min_samples_leaf=5, min_samples_split=12)
    clf = defended(tree, n_copies=2).fit(X, y)
    assert clf.estimator_.min_samples_leaf == 15
    assert clf.estimator_.min_samples_split == 36
    assert clf.estimator_.tree_.n_node_samples.max() == 180
    assert tree.min_samples_leaf == 5
    neighbours = make_pipeline(StandardScaler(), KNeighborsClassifier(3))
    assert defended(neighbours).fit(X, y).estimator_[-1].n_neighbors == 6
    forest = defended(RandomForestClassifier(3), n_copies=2).fit(X, y).estimator_
    assert forest.max_samples == 60
    assert [tree.tree_.weighted_n_node_samples[0] for tree in forest] == [60] * 3


def test_no_row_is_on_both_sides_of_an_early_stopping(diary):
    """Rows are told by a first feature that copies hardly change."""
    X = np.column_stack([np.arange(400.0), np.random.RandomState(0).randn(400)])
    y = np.arange(400) % 2
    weight = np.arange(400.0) + 1
    clf = defended(diary(early_stopping=True), strength=1e-3, n_copies=3, n_rounds=1)
    clf.fit(X, y, sample_weight=weight)
    rows, labels, weights, _ = diary.fits[-1]
    np.testing.assert_allclose(rows[:, 0], np.arange(400), atol=0.6)
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(weights, weight)
    as_it_is = (rows[:, 1] == X[:, 1]).mean()
    assert abs(as_it_is - 1 / 4) < 4 * np.sqrt(3 / 16 / 400)


@pytest.mark.parametrize(
    ("inner", "n_fitted"),
    [
        (HistGradientBoostingClassifier(max_iter=3, early_stopping=True), 60),
        (HistGradientBoostingClassifier(max_iter=3), 120),
        (CalibratedClassifierCV(DecisionTreeClassifier(), cv=2), 60),
    ],
)
def test_who_gets_each_row_once(inner, n_fitted, data, monkeypatch):
    X, y = data
    sizes, fit = [], type(inner).fit
    monkeypatch.setattr(
        type(inner),
        "fit",
        lambda self, X, *args, **kw: sizes.append(len(X)) or fit(self, X, *args, **kw),
    )
    clf = defended(inner, n_rounds=2).fit(X, y)
    assert sizes == [60, n_fitted, n_fitted]
    assert clf.predict_proba(X).shape == (60, 3)


def test_weights_and_other_metadata_go_with_their_row(diary, overlapping):
    X, y = overlapping
    weight, name = np.arange(60.0) + 1, np.array([f"row {i}" for i in range(60)])
    clf = defended(Pipeline([("clf", diary())]), n_copies=2, n_rounds=1, strength=1e-6)
    clf.fit(X, y, clf__sample_weight=weight, clf__name=name)
    rows, labels, weights, names = diary.fits[-1]
    row_of = np.array([int(text.split()[1]) for text in names])
    assert (np.bincount(row_of) == 3).all()
    np.testing.assert_allclose(rows, X[row_of], atol=1e-4)
    np.testing.assert_array_equal(labels, y[row_of])
    np.testing.assert_allclose(weights, weight[row_of] / 3)
    with config_context(enable_metadata_routing=True):
        asked = diary().set_fit_request(sample_weight=True)
        defended(asked, n_copies=2, n_rounds=1).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(
        np.bincount(diary.fits[-1][1], diary.fits[-1][2]),
        [weight[y == c].sum() for c in range(3)],
    )


def test_rows_of_no_weight_are_not_learnt(data):
    X, y = data
    weight = np.where(y == "fig", 0.0, 1.0)
    clf = defended().fit(X, y, sample_weight=weight)
    assert (clf.predict(X) == "fig").mean() < 0.1
    assert clf.score(X[y != "fig"], y[y != "fig"]) > 0.9


def test_perturbed_rows_fool_the_model_less():
    """A neighbour's label, asked for at the hardest of new copies."""
    rng = np.random.RandomState(0)
    y = np.arange(300) % 2
    X = rng.randn(300, 3) + 1.5 * y[:, None]
    fresh, queries = Candidates(X, 0.3, seed=99), np.arange(10)

    def accuracy(model):
        hardest, rows = fresh.hardest(model, y, np.arange(2), queries, 1)
        return (model.predict(hardest) == y[rows]).mean()

    nearest = KNeighborsClassifier(1)
    bare = accuracy(clone(nearest).fit(X, y))
    clf = defended(nearest, strength=0.3, n_copies=5).fit(X, y)
    assert accuracy(clf) > bare + 0.03


@pytest.mark.parametrize(
    "inner", [MLPClassifier((4,), max_iter=2000, tol=1e-2), RandomForestClassifier(3)]
)
def test_a_seed_decides_on_everything(inner, data):
    X, y = data
    before = global_state()
    a, b, c = (
        defended(inner, random_state=seed).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    assert (global_state() == before).all()


@pytest.mark.parametrize("inner", [LogisticRegression(), KNeighborsClassifier(3)])
def test_arguments_are_left_alone(inner, data):
    X, y = data
    for array in (X, y):
        array.setflags(write=False)
    before = dict(vars(inner))
    frame = pd.DataFrame(X.copy())
    defended(inner).fit(X, y)
    defended(inner).fit(frame, y)
    assert vars(inner) == before
    np.testing.assert_array_equal(frame, X)


@pytest.mark.parametrize("left_out", ["fig", None])
@pytest.mark.parametrize(
    "inner", [None, KNeighborsClassifier(3), RandomForestClassifier(5)]
)
def test_columns_are_in_the_order_of_text_labels(inner, left_out, data):
    X, y = (part[data[1] != left_out] for part in data)
    clf = defended(inner).fit(X, y)
    names = [name for name in ("apple", "fig", "pear") if name != left_out]
    assert clf.classes_.tolist() == names
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (clf.predict(X) == clf.classes_[proba.argmax(axis=1)]).all()
    assert clf.score(X, y) > 0.9
    # A list of rows is the same.
    other = defended(inner).fit(X.tolist(), y.tolist())
    np.testing.assert_array_equal(other.predict_proba(X), proba)


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_frames_of_every_kind_of_column(container):
    frame = table().drop(columns="missing")
    y = np.where(frame["text"] == "red", "apple", "pear")
    X = container(frame.to_dict(orient="list"))
    columns = ColumnTransformer(
        # By position: older scikit-learn finds no names in a recent polars frame.
        [("numbers", StandardScaler(), [0, 1, 2, 3]), ("text", OneHotEncoder(), [5])]
    )
    clf = defended(make_pipeline(columns, LogisticRegression())).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert clf.n_features_in_ == 6
    # Text is not known from numbers: values that are unknown would be an error.
    encoder = clf.estimator_[0].named_transformers_["text"]
    assert encoder.categories_[0].tolist() == ["blue", "green", "red"]


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows(container, data):
    X, y = container(np.where(np.abs(data[0]) > 1, data[0], 0)), data[1]
    assert defended(strength=0.05).fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("container", [list, np.array, pd.Series])
def test_documents_are_an_error(container):
    documents = container(["red apple", "green fig"] * 5)
    with pytest.raises(ValueError, match=r"columns of a table. Got X of shape \(10,\)"):
        defended().fit(documents, [0, 1] * 5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": 0.0}, r"'strength' .* \(0, 1\). Got 0.0"),
        ({"strength": 1}, r"'strength' .* \(0, 1\). Got 1"),
        ({"n_copies": 0}, r"'n_copies' .* \[1, inf\). Got 0"),
        ({"n_candidates": 0}, r"'n_candidates' .* \[1, inf\). Got 0"),
        ({"n_rounds": -2}, r"'n_rounds' .* \[1, inf\). Got -2"),
        (
            {"n_copies": 4, "n_candidates": 3},
            "'n_candidates' .* at least 'n_copies'.* Got n_candidates=3 and n_copies=4",
        ),
    ],
)
def test_parameters_are_checked(settings, message, data):
    with pytest.raises(ValueError, match=message):
        defended(**settings).fit(*data)


def test_copies_and_pickles(data):
    X, y = data
    clf = defended(LogisticRegression(C=3), strength=0.4).fit(X, y)
    read = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(read.predict_proba(X), clf.predict_proba(X))
    copy = clone(clf)
    assert copy.get_params()["estimator__C"] == 3
    assert not hasattr(copy, "classes_")
