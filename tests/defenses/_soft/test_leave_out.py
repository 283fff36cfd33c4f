"""What models that have not seen a row, nor a copy of it, say of it."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses._soft._leave_out import draw_left_out, left_out_proba
from skmia.defenses._training import TrainingData


def run(estimator, X, y, classes, seed=0, **settings):
    params = settings.pop("params", {})
    source = np.random.RandomState(seed)
    data = TrainingData(X, y, np.asarray(classes), params, source)
    return left_out_proba(estimator, data, **{"n_models": 5} | settings)


def test_a_row_is_not_remembered():
    """A tree knows what it has seen, and labels by chance nothing else."""
    rng = np.random.RandomState(0)
    X, y = rng.randn(400, 3), rng.randint(2, size=400)
    proba = run(DecisionTreeClassifier(), X, y, ["a", "b"])
    hits = proba[np.arange(400), y].mean()
    assert abs(hits - 0.5) < 4 * 0.5 / np.sqrt(400)


def test_copies_share_a_fold():
    rng = np.random.RandomState(0)
    X, y = rng.randn(100, 3), rng.randint(2, size=100)
    X, y = np.tile(X, (4, 1)), np.tile(y, 4)
    proba = run(DecisionTreeClassifier(), X, y, ["a", "b"])
    assert (proba.reshape(4, 100, 2) == proba[:100]).all()
    assert abs(proba[np.arange(400), y].mean() - 0.5) < 4 * 0.5 / np.sqrt(100)


def test_folds_are_stratified_and_columns_aligned():
    y = np.repeat([0, 1, 2], [50, 10, 1])
    X = np.eye(3)[y] + 1e-9 * np.arange(61)[:, None]
    proba = run(KNeighborsClassifier(1), X, y, ["c", "a", "b"])
    # Every fold leaves rows of the first two classes to learn from.
    assert (proba[:60].argmax(axis=1) == y[:60]).all()
    # The single row of its class is unknown to the only model that is asked.
    assert proba[60, 2] == 0
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_metadata_and_frames():
    rng = np.random.RandomState(0)
    X, y = rng.randn(80, 2), np.arange(80) % 2
    frame = pd.DataFrame(X, columns=["u", "v"])
    weight = np.where(y == 1, 1.0, 0.01)
    params = {"sample_weight": weight}
    proba = run(LogisticRegression(), frame, y, [0, 1], params=params)
    assert proba[:, 1].mean() > 0.9
    np.testing.assert_allclose(
        proba, run(LogisticRegression(), X, y, [0, 1], params=params)
    )


def test_a_class_that_leaves_one_alone_is_an_error():
    X, y = np.arange(10.0)[:, None], np.r_[np.zeros(9, int), 1]
    with pytest.raises(ValueError, match="with 1 of the rarest class"):
        run(LogisticRegression(), X, y, ["a", "b"])
    with pytest.raises(ValueError, match="or leave each out of fewer models"):
        run(LogisticRegression(), X, y, ["a", "b"], n_left_out=2)


@pytest.mark.parametrize(("n_models", "n_left_out"), [(25, 10), (5, 2), (4, 3), (2, 1)])
def test_each_row_is_left_out_as_often(n_models, n_left_out):
    rng = np.random.RandomState(0)
    y = rng.permutation(np.repeat(np.arange(5), [40, 25, 3, 2, 1]))
    out = draw_left_out(y, n_models, n_left_out, rng)
    assert out.shape == (n_models, 71)
    assert (out.sum(axis=0) == n_left_out).all()
    for column, n in enumerate([40, 25, 3, 2, 1]):
        per_model = out[:, y == column].sum(axis=1)
        share = n * n_left_out / n_models
        assert per_model.min() >= np.floor(share)
        assert per_model.max() <= np.ceil(share)


def test_a_class_of_two_rows_is_known_to_every_model():
    rng = np.random.RandomState(1)
    y = np.repeat([0, 1, 2], [20, 2, 2])
    for _ in range(50):
        out = draw_left_out(y, 25, 10, rng)
        assert (~out[:, y == 1]).any(axis=1).all()
        assert (~out[:, y == 2]).any(axis=1).all()


def test_who_is_left_out_is_random():
    """Every pair of a class of six is left out of a model as often as any other."""
    rng = np.random.RandomState(2)
    together, n_draws = np.zeros((6, 6)), 2000
    for _ in range(n_draws):
        out = draw_left_out(np.zeros(6, dtype=int), 5, 2, rng).astype(int)
        together += out.T @ out
    together /= 5 * n_draws
    np.testing.assert_allclose(np.diag(together), 0.4)
    # Two or three of six, 2.4 on average: 0.6 * 2/6 * 1/5 + 0.4 * 3/6 * 2/5.
    pairs = together[~np.eye(6, dtype=bool)]
    assert np.abs(pairs - 0.12).max() < 5 * np.sqrt(0.12 / (5 * n_draws))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_soft_label_is_from_a_model_that_saw_the_row(n_jobs, data, spy):
    X, y = data
    # Copies of features with another label count as the row itself.
    X, y = np.vstack([X, X[:20]]), np.append(y, y[40:])
    classes, columns = np.unique(y, return_inverse=True)
    # Threads: a class of a test file has no home in another process.
    with parallel_config(backend="threading"):
        settings = {"n_models": 7, "n_left_out": 3, "n_jobs": n_jobs}
        proba = run(spy, X, columns, classes, **settings)
    np.testing.assert_array_equal(proba, np.tile([0.0, 0.0, 1.0], (80, 1)))
    # The spy does find out: of all seven, four have seen a row.
    assert (spy.fit(X, y).predict_proba(X)[:, 0] == 1).all()


def test_soft_labels_by_hand(data):
    """The mean over those left out, from models refitted here."""
    X, y = data
    classes, columns = np.unique(y, return_inverse=True)
    proba = run(LogisticRegression(), X, columns, classes, seed=3, n_left_out=2)
    out = draw_left_out(columns, 5, 2, np.random.RandomState(3))
    models = [LogisticRegression().fit(X[~rows], y[~rows]) for rows in out]
    for row in (0, 17, 59):
        probas = [
            model.predict_proba(X[[row]])[0]
            for model, rows in zip(models, out, strict=True)
            if rows[row]
        ]
        assert len(probas) == 2
        np.testing.assert_allclose(proba[row], np.mean(probas, axis=0), rtol=1e-10)
