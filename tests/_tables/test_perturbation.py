"""Perturbed copies: distributions in closed form, containers, independence of calls."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import chisquare, kstest, norm

from skmia._tables import Perturbation
from skmia._tables._perturbation import uniform

RNG_SEED = 3  # of every draw here; a test of a distribution fails at p < 1e-4


def copies(X, pool=None, kind="auto", n=1, noise=0.5, rate=0.2, seed=0):
    perturbation = Perturbation(kind, seed).fit(X if pool is None else pool)
    return perturbation.copies(
        X, np.arange(n), np.full(n, noise), np.full(n, float(rate))
    )


def normal(n, d=1):
    return np.random.default_rng(RNG_SEED).normal(size=(n, d))


def test_uniform_numbers_are_uniform_and_unrelated():
    states = np.arange(4000, dtype=np.uint64)  # neighbours, the worst of seeds
    u = np.stack([uniform(states, j) for j in range(5)])
    assert u.min() >= 0
    assert u.max() < 1
    assert kstest(u.ravel(), "uniform").pvalue > 1e-4
    # 20,000 pairs along either axis: five standard errors of a correlation.
    correlation = np.corrcoef(u) - np.eye(5)
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)
    assert abs(np.corrcoef(u[:, 1:].ravel(), u[:, :-1].ravel())[0, 1]) < 5 / 141
    # One stream for each state is the same as a stream in common.
    streams = np.arange(4000) % 5
    np.testing.assert_array_equal(uniform(states, streams), u[streams, np.arange(4000)])


def test_noise_is_normal_with_the_spread_of_the_column():
    scale = np.array([1.0, 20.0, 1e200])  # squares of the last are no doubles
    pool = normal(500, 3)
    inside = (np.abs(pool) < 1).all(axis=1)
    moved = copies(pool[inside] * scale, pool * scale, n=50, noise=0.25) / scale
    z = (moved - np.tile(pool[inside], (50, 1))) / (0.25 * pool.std(axis=0))
    for j in range(3):
        assert kstest(z[:, j], norm.cdf).pvalue > 1e-4
    assert np.abs(np.corrcoef(z.T) - np.eye(3)).max() < 5 / np.sqrt(len(z))


def test_each_query_has_its_own_strength():
    X = normal(2000)
    perturbation = Perturbation("noise", 0).fit(X)
    moved = perturbation.copies(
        X, np.array([4, 9]), np.array([0.1, 0.3]), np.array([0.1, 0.1])
    )
    spread = (moved.reshape(2, -1) - X.ravel()).std(axis=1) / X.std()
    np.testing.assert_allclose(spread, [0.1, 0.3], rtol=0.1)


def test_copies_stay_in_the_range_of_the_pool_or_at_the_record():
    pool = normal(300)
    X = np.array([[pool.min()], [pool.max()], [50.0], [np.inf]])
    moved = copies(X, pool, n=40, noise=2.0).reshape(40, 4)
    assert moved[:, :2].min() >= pool.min()
    assert moved[:, :2].max() <= pool.max()
    assert moved[:, 2].max() == 50.0
    assert np.isposinf(moved[:, 3]).all()


def test_whole_numbers_stay_whole_and_missing_stay_missing():
    rng = np.random.default_rng(RNG_SEED)
    X = rng.integers(0, 60, size=(400, 2)).astype(float)
    X[::5, 1] = np.nan
    moved = copies(X, n=3)
    assert (np.isnan(moved) == np.isnan(np.tile(X, (3, 1)))).all()
    shown = moved[~np.isnan(moved)]
    assert (shown == np.rint(shown)).all()
    assert (moved[:, 0] != np.tile(X[:, 0], 3)).mean() > 0.9
    # Halves in the pool, whole numbers by type later.
    later = copies(np.arange(40).reshape(-1, 1), np.arange(40).reshape(-1, 1) / 2)
    assert later.dtype.kind == "i"


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_resampling_follows_the_marginals(rate):
    rng = np.random.default_rng(RNG_SEED)
    drawn = rng.choice(["a", "b", None], size=4000, p=[0.5, 0.3, 0.2])
    # A number for each record: equal records have equal copies.
    X = np.column_stack([drawn, np.arange(4000)]).astype(object)
    after = copies(X, n=5, rate=rate)[:, 0].astype(str).reshape(5, 4000)
    values, was = ["a", "b", "None"], drawn.astype(str)
    share = np.array([(was == v).mean() for v in values])
    for k, v in enumerate(values):
        # A value is drawn anew with this probability, and is then any of them.
        counts = [(after[:, was == v] == w).sum() for w in values]
        expected = rate * share + (1 - rate) * (np.arange(3) == k)
        assert chisquare(counts, expected * sum(counts)).pvalue > 1e-4, v


@pytest.mark.parametrize(
    ("values", "resampled"),
    [
        (np.arange(100) % 2, True),
        (np.arange(100) % 10 * 1.5, True),
        (np.arange(100) % 11, False),
        (np.arange(19) % 10, False),  # not twice each
        (np.arange(20) % 10, True),
        (np.zeros(50), True),
        (np.full(30, np.nan), True),
    ],
)
def test_the_rule_for_few_values(values, resampled):
    X = np.column_stack([values, normal(len(values))])
    moved = copies(X, n=30, rate=0.4)
    known = np.isin(moved[:, 0], values) | np.isnan(moved[:, 0])
    changed = (moved[:, 0] != np.tile(values, 30)) & ~np.isnan(moved[:, 0])
    if resampled:
        assert known.all()
        assert changed.mean() < 0.4
    else:
        assert changed.mean() > 0.5
    # Every column of numbers gets noise where that is asked for, and none where not.
    if np.ptp(values) > 0:
        thirds = X / 3
        noisy = copies(thirds, kind="noise", n=30)[:, 0]
        assert not np.isin(noisy, thirds[:, 0]).all()
    assert np.isin(copies(X, kind="resample", n=3)[:, 1], X[:, 1]).all()


def frame():
    rng = np.random.default_rng(RNG_SEED)
    n = 200
    numbers = rng.normal(50, 20, n)
    gaps = np.arange(n) % 7 == 0
    return pd.DataFrame(
        {
            "float32": numbers.astype(np.float32),
            "int8": numbers.clip(0, 100).astype(np.int8),
            "uint16": numbers.clip(0).astype(np.uint16),
            "Int64": pd.array(numbers.round(), dtype="Int64"),
            "Float64": pd.array(np.where(gaps, np.nan, numbers), dtype="Float64"),
            "arrow": pd.Series(numbers.round()).astype("int64[pyarrow]"),
            "gaps": np.where(gaps, np.nan, numbers),
            "bool": numbers > 50,
            "boolean": pd.array(np.where(gaps, None, numbers > 50), dtype="boolean"),
            "text": rng.choice(["x", "y", "z"], n),
            "object": pd.Series(rng.choice(["x", None], n), dtype=object),
            "mixed": pd.Series(np.where(gaps, None, numbers), dtype=object),
            "category": pd.Categorical(rng.choice(["x", "y"], n), ["y", "x", "w"]),
            "codes": pd.Categorical(rng.integers(0, 3, n), ordered=True),
            "date": pd.date_range("2020", periods=n, tz="UTC"),
        }
    ).assign(Int64=lambda f: f["Int64"].mask(gaps))


def test_pandas_columns_keep_their_types():
    X = frame()
    X.index = X.index[::-1] * 10
    before = X.copy()
    moved = copies(X, n=3)
    pd.testing.assert_frame_equal(X, before)
    assert (moved.dtypes == X.dtypes).all()
    assert list(moved.columns) == list(X.columns)
    assert len(moved) == 600
    tiled = pd.concat([X] * 3, ignore_index=True)
    for name in ("gaps", "Int64", "Float64", "mixed"):
        assert (moved[name].isna() == tiled[name].isna()).all(), name
    for name in X.columns:
        same = (moved[name] == tiled[name]) | (moved[name].isna() & tiled[name].isna())
        low, high = (0.6, 1.0) if name in set(X.columns[7:]) - {"mixed"} else (0, 0.3)
        assert low <= same.fillna(False).mean() <= high, name
    for name in ("text", "object", "category", "codes", "date"):
        assert moved[name].dropna().isin(X[name].unique()).all(), name
    # As many columns of one name as there were.
    twice = X[["gaps", "bool", "gaps"]]
    assert list(copies(twice).columns) == ["gaps", "bool", "gaps"]


@pytest.mark.parametrize("missing", [pd.NA, None, np.nan, pd.NaT])
def test_numbers_among_missing_values_are_numbers(missing):
    """pd.NA is no double, and a column of objects that has it was resampled."""
    numbers = pd.Series(50 * normal(200)[:, 0], dtype=object)
    numbers[::7] = missing
    moved = copies(numbers.to_frame("a"))["a"]
    with pytest.raises((TypeError, ValueError)):
        np.array([1.0, pd.NA], dtype=object).astype(float)
    assert (moved.isna() == numbers.isna()).all()
    # But for the ends of the range.
    assert np.isin(moved.dropna().astype(float), numbers.dropna()).mean() < 0.03
    as_doubles = copies(numbers.astype(object).where(~numbers.isna(), None).to_frame())
    np.testing.assert_array_equal(
        moved.dropna().astype(float), as_doubles.iloc[:, 0].dropna().astype(float)
    )


def test_polars_columns_keep_their_types():
    X = frame().drop(columns=["mixed", "codes", "arrow"])
    X = pl.DataFrame(
        {name: pl.Series([None if v is pd.NA else v for v in X[name]]) for name in X}
    )
    X = X.with_columns(
        pl.col("int8").cast(pl.Int8),
        pl.col("float32").cast(pl.Float32),
        pl.col("category").cast(pl.Enum(["x", "y"])),
        nan=pl.Series([1.5, float("nan"), None, 4.0] * 50),
    )
    before = X.clone()
    moved = copies(X, n=3)
    assert before.equals(X)
    assert moved.schema == X.schema
    tiled = pl.concat([X] * 3)
    for name in ("Int64", "Float64"):
        assert (moved[name].is_null() == tiled[name].is_null()).all(), name
    noisy = copies(X.select("nan", "int8"), kind="noise")["nan"]
    assert noisy.is_null().equals(X["nan"].is_null())
    assert noisy.is_nan().equals(X["nan"].is_nan())
    assert (moved["int8"] != tiled["int8"]).mean() > 0.9
    assert 0.02 < (moved["text"] != tiled["text"]).mean() < 0.2


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.int16, bool, object, "U2"]
)
def test_arrays_keep_their_type(dtype):
    X = np.abs(normal(60, 3) * 40).astype(np.int64).clip(0, 99)
    X = (X % 2 if dtype is bool else X).astype(dtype)
    before = X.copy()
    moved = copies(X, n=2)
    assert (before == X).all()
    assert moved.dtype == X.dtype
    assert moved.shape == (120, 3)
    assert (moved != np.tile(X, (2, 1))).any()
    # The pool's type is not the records': floats stay as wide as those asked about.
    if dtype is np.float32:
        assert copies(X, X.astype(np.float64)).dtype == np.float32


def test_a_copy_depends_on_the_record_the_query_and_the_seed_only():
    X = frame()[["float32", "gaps", "text", "bool"]]
    perturbation = Perturbation("auto", 5).fit(X)

    def ask(X, queries):
        strength = np.full(len(queries), 0.3)
        return perturbation.copies(X, np.array(queries), strength, strength)

    whole = ask(X, [0, 1, 2])
    some = X.iloc[[7, 3, 120]]
    part = ask(some, [2]).reset_index(drop=True)
    pd.testing.assert_frame_equal(
        part, whole.iloc[[407, 403, 520]].reset_index(drop=True)
    )
    assert not whole.iloc[:200].equals(whole.iloc[200:400].reset_index(drop=True))
    assert not copies(X, seed=5).equals(copies(X, seed=6))
    # The container is no content.
    numbers = X[["float32", "gaps"]].astype(float)
    np.testing.assert_array_equal(copies(numbers), copies(numbers.to_numpy()))
    np.testing.assert_array_equal(
        copies(numbers), copies(pl.DataFrame(numbers.to_dict("list")))
    )


def test_categories_that_come_later_are_kept():
    pool = pd.DataFrame({"c": pd.Categorical(["a", "b"] * 20)})
    X = pd.DataFrame({"c": pd.Categorical(["n", "a"] * 20)})
    moved = copies(X, pool, n=4, rate=0.5)["c"]
    assert moved.dtype.name == "category"
    assert set(moved) == {"a", "b", "n"}


def a_sparse_pool(n=400):
    rng = np.random.default_rng(RNG_SEED)
    X = sparse.random_array((n, 6), density=0.3, rng=rng, format="csr")
    dense = X.toarray()
    dense[:, 0], dense[:, 1] = 0, 1 + np.arange(n) % 3  # never and always there
    return sparse.csr_array(dense)


def test_sparse_resampling_follows_the_marginals():
    pool = a_sparse_pool()
    x = np.zeros((1, 6))
    x[0, [0, 1, 2]] = [7.0, 2.0, 9.0]
    n, rate = 6000, 0.4
    moved = copies(sparse.csr_array(x), pool, n=n, rate=rate).toarray()
    dense = pool.toarray()
    p = (dense != 0).mean(axis=0)
    # Column by column in closed form; counts within 4.5 standard errors.
    nonzero = (1 - rate) * (x[0] != 0) + rate * p
    seen = (moved != 0).mean(axis=0)
    margin = 4.5 * np.sqrt(nonzero * (1 - nonzero) / n) + 1e-9
    assert (np.abs(seen - nonzero) <= margin).all(), (seen, nonzero)
    for j in range(6):
        drawn = moved[:, j][(moved[:, j] != x[0, j]) & (moved[:, j] != 0)]
        assert np.isin(drawn, dense[:, j]).all()
    # New values are as likely as they are in the pool.
    new = moved[:, 4][moved[:, 4] != 0]
    assert kstest(new, dense[:, 4][dense[:, 4] != 0]).pvalue > 1e-4
    counts = [(moved[:, 1] == v).sum() for v in (1, 2, 3)]
    shares = [(dense[:, 1] == v).mean() for v in (1, 2, 3)]
    expected = rate * np.array(shares) + (1 - rate) * np.array([0, 1, 0])
    assert chisquare(counts, expected * n).pvalue > 1e-4
    # Zeros turn independently of one another.
    assert abs(np.corrcoef(moved[:, 3] != 0, moved[:, 4] != 0)[0, 1]) < 5 / n**0.5


@pytest.mark.parametrize(
    "make", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array]
)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_sparse_containers_are_kept(make, dtype):
    X = make((a_sparse_pool(50) * 9).astype(dtype))
    before = X.copy()
    moved = copies(X, n=3)
    assert type(moved) is type(X)
    assert moved.dtype == X.dtype
    assert (abs(before - X)).nnz == 0
    perturbation = Perturbation("auto", 0).fit(X)
    strength = np.array([0.2])
    part = perturbation.copies(X.tocsr()[[9, 4]], np.array([2]), strength, strength)
    np.testing.assert_array_equal(part.toarray(), moved.toarray()[[109, 104]])


def test_sparse_indices_and_formats_do_not_matter():
    X = a_sparse_pool(50)
    wide = X.copy()
    wide.indices, wide.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    assert copies(X).indices.dtype == X.indices.dtype
    twice = sparse.csr_array(  # every value in two halves, and zeros stored
        (
            np.r_[X.data / 2, X.data / 2, 0.0],
            (np.r_[X.tocoo().row, X.tocoo().row, 3], np.r_[X.indices, X.indices, 0]),
        ),
        shape=X.shape,
    )
    for other in (wide, twice, X.tocsc()):
        np.testing.assert_array_equal(copies(other).toarray(), copies(X).toarray())


def test_sparse_is_never_made_dense():
    # Dense, the copies would take 240 GB.
    rng = np.random.default_rng(RNG_SEED)
    X = sparse.random_array((300, 10**6), density=1e-5, rng=rng, format="csr")
    moved = copies(X, n=100, rate=0.2)
    assert moved.shape == (30_000, 10**6)
    assert 0.9 < moved.nnz / (100 * X.nnz) < 1.1
    empty = sparse.csr_array((20, 5))
    assert copies(empty).nnz == 0


def test_what_cannot_be_perturbed_is_an_error():
    with pytest.raises(
        ValueError, match=r"rows of a table.* shape \(3,\).*n_queries=0"
    ):
        Perturbation("auto", 0).fit(np.array(["a text", "another", "third"]))
    with pytest.raises(ValueError, match="would fill the zeros of a sparse X"):
        Perturbation("noise", 0).fit(a_sparse_pool())
    pool = pd.DataFrame({"age": np.arange(40.0)})
    with pytest.raises(ValueError, match="held numbers in fit, and holds something"):
        copies(pd.DataFrame({"age": ["old", "young"]}), pool)
