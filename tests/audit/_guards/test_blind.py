"""The blind classifier: sets that differ without any model, and sets that do not."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier

from skmia.audit._evidence import Evidence
from skmia.audit._guards import _blind
from skmia.audit._guards._blind import blind_classifier

SEED = 0


def blind(X, y, member, seed=SEED):
    evidence = Evidence(
        membership=member,
        scores={},
        max_fprs=(),
        confidence_level=0.95,
        seed=seed,
        X=X,
        labels=y,
    )
    return list(blind_classifier(evidence))


def pool(n=600, seed=0, n_columns=5):
    rng = np.random.default_rng(seed)
    member = np.arange(n) < n // 2
    return rng.normal(size=(n, n_columns)), rng.integers(0, 2, n), member


@pytest.mark.parametrize("seed", range(4))
def test_silent_on_one_source(seed):
    assert blind(*pool(seed=seed)) == []


def test_fires_on_a_shifted_column():
    X, y, member = pool()
    X[:, 3] += 1.5 * member
    (guard,) = blind(X, y, member)
    assert (guard.name, guard.severity) == ("blind_classifier", "warning")
    # Normals at a distance of 1.5: AUC = Phi(1.5 / sqrt(2)) = 0.856.
    assert guard.value == pytest.approx(0.856, abs=0.05)
    assert "column 3 alone: 0.8" in guard.message


def test_fires_on_an_interaction_that_no_column_shows():
    X, y, member = pool(n=1500)
    X[:, 1] = np.where(member, X[:, 0], -X[:, 0]) + 0.1 * X[:, 1]
    (guard,) = blind(X, y, member)
    assert guard.value > 0.8


def test_fires_on_labels_alone():
    X, y, member = pool()
    y = np.where(member, "ill", np.where(y == 1, "ill", "well"))
    (guard,) = blind(X, y, member)
    # Half of the non-members are well, and no member is: 0.5 + 0.5 / 2.
    assert "the label alone: 0.7" in guard.message


def as_pandas(X, text):
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    return frame.assign(ward=pd.Categorical(text), since=_dates(X))


def as_polars(X, text):
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(X.shape[1])}).with_columns(
        ward=pl.Series(text), since=pl.Series(_dates(X))
    )


def as_objects(X, text):
    return np.column_stack([X.astype(object), text])


def _dates(X):
    days = (np.abs(X[:, 0]) * 100).astype(int).tolist()
    return [datetime.datetime(2020, 1, 1) + datetime.timedelta(days=d) for d in days]


@pytest.mark.parametrize("container", [as_pandas, as_polars, as_objects])
def test_text_columns_of_every_container(container):
    X, y, member = pool()
    rng = np.random.default_rng(1)
    same = rng.choice(["north", "south", "west"], 600)
    assert blind(container(X, same), y, member) == []
    other = np.where(member, same, "north")
    (guard,) = blind(container(X, other), y, member)
    assert ("column 'ward'" in guard.message) or ("column 5" in guard.message)


def test_sparse_and_wide(monkeypatch):
    monkeypatch.setattr(_blind, "_MAX_COLUMNS", 40)
    rng = np.random.default_rng(0)
    X = sparse.random_array((500, 480), density=0.01, rng=rng, format="csr")
    y = rng.integers(0, 3, 500)
    member = np.arange(500) < 250
    assert blind(X, y, member) == []
    X = X.tolil()
    X[:210, 450] = 1.0
    (guard,) = blind(X.tocsc(), y, member)
    assert "column 450 alone: 0.9" in guard.message


def test_wide_dense_is_screened_on_training_rows_only(monkeypatch):
    # 600 columns of noise: a screen that saw the test rows would find a difference.
    monkeypatch.setattr(_blind, "_MAX_COLUMNS", 50)
    X, y, member = pool(n=200, n_columns=600)
    assert blind(X, y, member) == []


def test_missing_and_infinite_values():
    X, y, member = pool()
    X[::7, 0] = np.nan
    X[::11, 1] = np.inf
    assert blind(X, y, member) == []
    X[:200, 2] = np.nan
    (guard,) = blind(X, y, member)
    assert "column 2 alone" in guard.message


def test_repeated_rows_are_not_memorised():
    # Every row four times, always on the same side: rows of one fold that were in
    # another would be recognised, and the guard would fire on one source.
    X, y, member = pool(n=200)
    rows = np.repeat(np.arange(200), 4)
    assert blind(X[rows], y[rows], member[rows]) == []


def test_too_few_rows_are_said_and_not_judged():
    X, y, member = pool(n=600)
    few = np.r_[:300, 300:320]
    (guard,) = blind(X[few], y[few], member[few])
    assert (guard.name, guard.severity) == ("blind_classifier", "note")
    assert "was not checked" in guard.message
    # Repeats of a single row do not make it more.
    X[300:] = X[300]
    assert "was not checked" in blind(X, y, member)[0].message


def count_fits(monkeypatch, *, n_looks=None):
    """Models that are fitted; without a look before the last fold, where it is 0."""
    fitted = []

    class Counted(HistGradientBoostingClassifier):
        def fit(self, X, y):
            fitted.append(len(y))
            return super().fit(X, y)

    monkeypatch.setattr(_blind, "HistGradientBoostingClassifier", Counted)
    if n_looks == 0:
        monkeypatch.setattr(_blind, "_FIRST_LOOK", _blind._N_FOLDS)
    return fitted


@pytest.mark.slow
def test_no_more_folds_than_it_takes(monkeypatch):
    fitted = count_fits(monkeypatch)
    X, y, member = pool(n=4000)
    for seed in range(4):
        assert blind(X, y, member, seed=seed) == []
    assert len(fitted) <= 4 * 4
    # A difference is measured on all of the rows.
    fitted.clear()
    X[member, 0] += 0.5
    assert blind(X, y, member)
    assert len(fitted) == 5


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.35, 0.45])
def test_looking_early_loses_no_warning(monkeypatch, shift):
    sets = [pool(n=1000, seed=seed) for seed in range(5)]
    for X, _, member in sets:
        X[member, 0] += shift
    early = [blind(*one) for one in sets]
    with monkeypatch.context() as patched:
        count_fits(patched, n_looks=0)
        late = [blind(*one) for one in sets]
    assert early == late
    assert any(late)


def test_a_draw_of_many_rows_depends_on_the_seed_only(monkeypatch):
    monkeypatch.setattr(_blind, "_MAX_ROWS", 800)
    X, y, member = pool(n=1800)
    member = np.repeat([True, False], [1700, 100])  # all of the 100 are drawn
    X[member, 0] += 1.0
    before = X.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    (first,), (second,) = blind(X, y, member), blind(X, y, member)
    assert first == second
    assert first.count == 800
    (other,) = blind(X, y, member, seed=1)
    assert other != first
    assert (before == X).all()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_folds_are_even_and_keep_groups_whole():
    rng = np.random.default_rng(0)
    groups = np.concatenate([np.arange(500), rng.integers(400, 500, size=300)])
    member = rng.random(800) < 0.3
    fold = _blind._deal_folds(member, groups, rng)
    for group in range(500):
        assert len(set(fold[groups == group])) == 1
    # Groups of up to 9 rows: no fold is off by more than a few of them.
    for side in (member, ~member):
        sizes = np.bincount(fold[side], minlength=5)
        assert np.abs(sizes - side.sum() / 5).max() < 18
    other = _blind._deal_folds(member, groups, np.random.default_rng(1))
    assert (fold != other).any()
