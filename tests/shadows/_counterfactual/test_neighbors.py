"""Nearest neighbours: both sides of a record are those of a refit."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._table import family_of

FAMILY = family_of(KNeighborsClassifier())

SETTINGS = [
    {},
    {"n_neighbors": 1, "algorithm": "kd_tree"},
    {"n_neighbors": 3, "algorithm": "ball_tree", "metric": "manhattan"},
    {"n_neighbors": 4, "p": 3},
    {"weights": "distance", "algorithm": "brute"},
    {"weights": "distance", "algorithm": "kd_tree"},
    {"weights": lambda distance: np.exp(-distance)},
    {"weights": None, "metric": "cosine"},
    {
        "n_neighbors": 6,
        "metric": "minkowski",
        "p": 3,
        "metric_params": {"w": np.linspace(1, 2, 13)},
    },
]


def _learner(settings):
    # A copy, as scikit-learn writes into 'metric_params'.
    return clone(KNeighborsClassifier(**settings))


def _wine(n_copies=12):
    """Rows without equal distances, some of them with copies, one class after one."""
    X, y = load_wine(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    unit = np.append(np.arange(len(X)), np.repeat([3, 70, 150], n_copies // 3))
    return X[unit], y[unit], unit


def _records(X, y, unit, rows):
    """All records, with the number of each in the training rows."""
    count = np.bincount(unit)[unit]
    there = np.isin(unit, unit[rows])
    return Records(X, y, count.astype(float), count, np.where(there, unit, -1))


def _other_side(model, X, y, unit, rows):
    training = TrainingRows(X[rows], y[rows], np.ones(len(rows)), unit[rows])
    columns = np.searchsorted(model.classes_, y)
    return FAMILY.prepare(model, training)(_records(X, columns, unit, rows))


def _refitted(settings, X, y, member, unit, i):
    rows = np.flatnonzero(member ^ (unit == unit[i]))
    return _learner(settings).fit(X[rows], y[rows]).predict_proba(X[[i]])


@pytest.mark.parametrize("settings", SETTINGS)
def test_other_side_is_that_of_a_refit(settings):
    X, y, unit = _wine()
    rng = np.random.default_rng(0)
    member = (rng.random(len(X)) < 0.5)[unit]
    rows = rng.permutation(np.flatnonzero(member))
    model = _learner(settings).fit(X[rows], y[rows])
    answers = _other_side(model, X, y, unit, rows)
    for i in [*range(0, len(X), 7), 3, 70, 150]:
        refit = _refitted(settings, X, y, member, unit, i)[0]
        # Where a sum of products stands for a distance of 0, so does its rounding.
        np.testing.assert_allclose(answers[i], refit, rtol=0, atol=1e-6)


@pytest.mark.parametrize("settings", SETTINGS)
def test_all_shadows_of_a_design_without_a_fit(settings):
    X, y, unit = _wine()
    rng = np.random.default_rng(1)
    member = (rng.random((6, len(X))) < 0.5)[:, unit]
    pool = TrainingRows(X, y, np.ones(len(X)), unit)
    worlds = FAMILY.virtual(_learner(settings), pool, member, 0)
    without, with_it = worlds(slice(0, len(X)))
    for k, there in enumerate(member):
        rows = rng.permutation(np.flatnonzero(there))
        model = _learner(settings).fit(X[rows], y[rows])
        own = np.where(there[:, None], with_it[k], without[k])
        other = np.where(there[:, None], without[k], with_it[k])
        np.testing.assert_allclose(own, model.predict_proba(X), rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            other, _other_side(model, X, y, unit, rows), rtol=0, atol=1e-6
        )


def test_many_classes_and_sparse_rows():
    X, y = load_digits(return_X_y=True)
    X, y = X[:400], y[:400]
    X = X + 1e-3 * np.random.default_rng(0).random(X.shape) * (X > 0)
    unit, member = np.arange(400), np.arange(400) % 2 == 0
    pool = TrainingRows(sparse.csr_matrix(X), y, np.ones(400), unit)
    worlds = FAMILY.virtual(KNeighborsClassifier(), pool, member[None], 0)
    rows = np.flatnonzero(member)
    model = KNeighborsClassifier().fit(sparse.csr_matrix(X[rows]), y[rows])
    answers = _other_side(model, sparse.csr_matrix(X), y, unit, rows)
    without, with_it = (side[0] for side in worlds(slice(0, 400)))
    np.testing.assert_allclose(answers, np.where(member[:, None], without, with_it))
    for i in range(0, 400, 9):
        refit = _refitted({}, X, y, member, unit, i)[0]
        np.testing.assert_allclose(answers[i], refit)


def test_blocks_and_order_of_the_pool_do_not_matter():
    X, y, unit = _wine()
    member = (np.random.default_rng(1).random((6, len(X))) < 0.5)[:, unit]
    pool = TrainingRows(X, y, np.ones(len(X)), unit)
    worlds = FAMILY.virtual(KNeighborsClassifier(), pool, member, 0)
    at_once = np.array(worlds(slice(0, len(X))))
    parts = [worlds(slice(s, min(s + 50, len(X)))) for s in range(0, len(X), 50)]
    np.testing.assert_array_equal(at_once, np.concatenate(parts, axis=2))


@pytest.mark.parametrize("n_neighbors", [1, 3])
def test_equal_distances_are_decided_as_by_fits_in_a_random_order(n_neighbors):
    """All rows of one content, of three classes: what is heard of them is chance."""
    rng = np.random.default_rng(0)
    n, n_shadows = 60, 400
    X, y = np.zeros((n, 2)), np.repeat([0, 1, 2], [30, 18, 12])
    unit = np.arange(n)  # as if they were told apart
    rows = np.arange(0, n, 2)
    member = np.zeros((n_shadows, n), dtype=bool)
    member[:, rows] = True
    pool = TrainingRows(X, y, np.ones(n), unit)
    learner = KNeighborsClassifier(n_neighbors)
    without, with_it = FAMILY.virtual(learner, pool, member, 0)(slice(0, n))
    # A member of 30 rows, 15 of them of its class; without it 14 of 29.
    error = 4 * 0.5 / np.sqrt(n_neighbors * n_shadows)
    assert abs(with_it[:, 0, 0].mean() - 15 / 30) < error
    assert abs(without[:, 0, 0].mean() - 14 / 29) < error
    # The last row is no member: with it 7 of 31 are of its class.
    assert abs(with_it[:, -1, 2].mean() - 7 / 31) < error
    assert abs(without[:, -1, 2].mean() - 6 / 30) < error
    answers = []
    for _ in range(60):
        order = rng.permutation(rows)
        model = KNeighborsClassifier(n_neighbors).fit(X[order], y[order])
        answers.append(_other_side(model, X, y, unit, order))
    # 30 non-members each: of the first class 15, each with 16 of 31.
    mean, error = np.mean(answers, axis=0), 4 * 0.5 / np.sqrt(n_neighbors * 60)
    assert abs(mean[1:30:2, 0].mean() - 16 / 31) < error
    assert abs(mean[0:30:2, 0].mean() - 14 / 29) < error


def test_all_copies_leave_together():
    """A record with as many copies as there are neighbours leaves no vote behind."""
    X = np.array([[0.0]] * 5 + [[1.0], [2.0], [3.0], [4.0], [5.0]])
    y = np.array([1] * 5 + [0, 0, 0, 0, 1])
    unit = np.array([0] * 5 + [1, 2, 3, 4, 5])
    rows = np.arange(10)
    model = KNeighborsClassifier(5).fit(X, y)
    answers = _other_side(model, X, y, unit, rows)
    np.testing.assert_allclose(answers[0], [0.8, 0.2])


def test_unknown_where_too_few_rows_are_left_or_a_class_is_new():
    X, y, unit = np.arange(6.0)[:, None], np.array([0, 0, 0, 1, 1, 2]), np.arange(6)
    rows = np.arange(5)
    model = KNeighborsClassifier(5).fit(X[rows], y[rows])
    training = TrainingRows(X[rows], y[rows], np.ones(5), unit[rows])
    records = Records(X, [*y[:5], -1], np.ones(6), np.ones(6, int), [0, 1, 2, 3, 4, -1])
    records = Records(X, *(np.asarray(v) for v in vars(records).values() if v is not X))
    assert np.isnan(FAMILY.prepare(model, training)(records)).all()
    pool = TrainingRows(X, y, np.ones(6), unit)
    with pytest.raises(NotCoveredError, match="n_neighbors=6"):
        FAMILY.virtual(KNeighborsClassifier(6), pool, np.ones((1, 6), bool), 0)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"metric": "precomputed"}, "distances to the training rows"),
        ({"metric": "seuclidean"}, "'V' in 'metric_params'"),
        ({"metric": "mahalanobis"}, "'VI' in 'metric_params'"),
    ],
)
def test_metrics_that_depend_on_other_rows_are_not_covered(settings, text):
    assert text in FAMILY.why_not(KNeighborsClassifier(**settings))
    known = {"metric": "mahalanobis", "metric_params": {"VI": np.eye(2)}}
    assert FAMILY.why_not(KNeighborsClassifier(**known)) is None
