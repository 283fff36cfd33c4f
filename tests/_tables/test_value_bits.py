"""Equal values hash alike in every container a classifier takes."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from _helpers import ArrayInterface, small_integers
from skmia._tables import content_groups, hash_rows, mix, n_rows
from skmia._tables._value_bits import GOLDEN, MASK

SPARSE_FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


NUMERIC_CONTAINERS = {
    "list of lists": lambda X: X.tolist(),
    "list of tuples": lambda X: [tuple(row) for row in X.tolist()],
    "list of arrays": list,
    "int8": lambda X: X.astype(np.int8),
    "float16": lambda X: X.astype(np.float16),
    "float32": lambda X: X.astype(np.float32),
    "float64": lambda X: X.astype(np.float64),
    "longdouble": lambda X: X.astype(np.longdouble),
    "complex": lambda X: X.astype(complex),
    "big endian": lambda X: X.astype(">i8"),
    "object": lambda X: X.astype(object),
    "Decimal": lambda X: [[Decimal(v) for v in row] for row in X.tolist()],
    "Fortran order": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "reversed": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "matrix": lambda X: X.view(np.matrix),
    "read-only": read_only,
    "array interface": ArrayInterface,
    "pandas": pd.DataFrame,
    "pandas mixed": lambda X: pd.DataFrame(X).astype({0: np.int8, 1: np.float32}),
    "pandas object": lambda X: pd.DataFrame(X).astype(object),
    "pandas category": lambda X: pd.DataFrame(X).astype("category"),
    "pandas Int64": lambda X: pd.DataFrame(X).astype("Int64"),
    "pandas Float32": lambda X: pd.DataFrame(X).astype("Float32"),
    "pandas arrow": lambda X: pd.DataFrame(X).astype("int64[pyarrow]"),
    "pandas sparse": lambda X: pd.DataFrame(X).astype(pd.SparseDtype(int, 0)),
    "pandas same names": lambda X: pd.DataFrame(X, columns=["a"] * X.shape[1]),
    "pandas other index": lambda X: pd.DataFrame(X, index=np.zeros(len(X))),
    "polars": pl.DataFrame,
    "polars mixed": lambda X: pl.DataFrame(X).cast({"column_1": pl.Float32}),
    "polars decimal": lambda X: pl.DataFrame(X).cast(pl.Decimal(10, 2)),
}


def sparse_maker(make, name):
    return lambda X: make(X).asformat(name)


for make in (sparse.csr_array, sparse.csr_matrix):
    for name in SPARSE_FORMATS:
        NUMERIC_CONTAINERS[f"{name} of {make.__name__}"] = sparse_maker(make, name)


@pytest.mark.parametrize("name", NUMERIC_CONTAINERS)
def test_numbers_hash_alike_in_every_container(name):
    X = small_integers()
    hashes = hash_rows(NUMERIC_CONTAINERS[name](X))
    assert hashes.dtype == np.uint64
    assert hashes.shape == (len(X),)
    assert_array_equal(hashes, hash_rows(X))


def test_mix_is_that_of_splitmix64():
    # The first outputs of the published generator from seed 0.
    states = [GOLDEN * step & MASK for step in (1, 2, 3, 4, 5)]
    assert mix(np.array(states, dtype=np.uint64)).tolist() == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
        0xF88BB8A8724C81EC,
        0x1B39896A51A8749B,
    ]


def test_memmap_hashes_as_the_array(tmp_path):
    X = small_integers().astype(float)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert_array_equal(hash_rows(mapped), hash_rows(X))


BOOLS = np.random.default_rng(1).integers(0, 2, size=(20, 3)).astype(bool)


@pytest.mark.parametrize(
    "X",
    [
        BOOLS,
        BOOLS.tolist(),
        BOOLS.astype(object),
        [[np.bool_(v) for v in row] for row in BOOLS],
        pd.DataFrame(BOOLS),
        pd.DataFrame(BOOLS).astype("boolean"),
        pl.DataFrame(BOOLS),
        sparse.csr_array(BOOLS),
    ],
    ids=lambda X: type(X).__name__,
)
def test_true_is_one(X):
    assert_array_equal(hash_rows(X), hash_rows(BOOLS.astype(int)))


TEXTS = ["a", None, "b", "", "ä\N{SNOWMAN}", "a"]


@pytest.mark.parametrize(
    "column",
    [
        np.array(TEXTS, dtype=object),
        [[text] for text in TEXTS],
        ["a", np.nan, "b", "", "ä\N{SNOWMAN}", "a"],
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype=object),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="string[python]"),
        pd.Series(TEXTS, dtype="string[pyarrow]"),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype="category").cat.set_categories(
            ["unused", "b", "ä\N{SNOWMAN}", "", "a"]
        ),
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pl.Series(TEXTS, dtype=pl.Enum(["b", "", "a", "ä\N{SNOWMAN}"])),
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', '')}",
)
def test_text_hashes_alike_in_every_container(column):
    hashes = hash_rows(column)
    assert_array_equal(hashes, hash_rows(TEXTS))
    assert_array_equal(content_groups(hashes), [0, 1, 2, 3, 4, 0])


def test_numpy_text_hashes_as_python_text():
    assert_array_equal(hash_rows(np.array(["a", "bc"])), hash_rows(["a", "bc"]))
    assert_array_equal(hash_rows(np.array([b"a", b"bc"])), hash_rows([b"a", b"bc"]))
    assert not np.any(hash_rows(["a", "bc"]) == hash_rows([b"a", b"bc"]))


# Local time of Tokyo is nine hours ahead; 2500 is out of the reach of nanoseconds.
INSTANTS = ["2020-01-01T00:00:01.5", "1960-05-05T01:02:03.123456", "2250-01-01", "NaT"]
UTC = np.array(INSTANTS, dtype="M8[us]")
ZONE = "Asia/Tokyo"


@pytest.mark.parametrize(
    "column",
    [
        UTC.astype("M8[ns]"),
        UTC.astype(">M8[us]"),
        UTC.astype(object),
        list(UTC),
        pd.Series(UTC),
        pd.Series(UTC.astype("M8[ns]")),
        pd.Series(UTC).astype(object),
        pd.Series(UTC).astype("category"),
        pd.Series(UTC).dt.tz_localize("UTC").dt.tz_convert(ZONE),
        pd.Series(UTC).dt.tz_localize("UTC").dt.tz_convert(ZONE).astype(object),
        [None if t is None else t.replace(tzinfo=dt.UTC) for t in UTC.tolist()],
        pd.Series(UTC).astype("timestamp[us][pyarrow]"),
        pl.Series(UTC),
        pl.Series(UTC).dt.cast_time_unit("ns"),
        pl.Series(UTC).dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE),
    ],
    ids=lambda column: f"{type(column).__name__} {getattr(column, 'dtype', '')}",
)
def test_instants_hash_alike_in_every_container(column):
    assert_array_equal(hash_rows(column), hash_rows(UTC))


def test_instants_of_any_unit_and_reach():
    days = np.array(["1969-12-31", "2500-01-01"], dtype="M8[D]")
    for unit in ("h", "s", "ms", "us"):
        assert_array_equal(hash_rows(days.astype(f"M8[{unit}]")), hash_rows(days))
    assert_array_equal(hash_rows(days.tolist()), hash_rows(days))
    assert_array_equal(hash_rows(pl.Series(days)), hash_rows(days))
    assert_array_equal(
        hash_rows(np.array(["2001"], dtype="M8[Y]")),
        hash_rows(np.array(["2001-01-01"], dtype="M8[D]")),
    )
    close = np.arange(1000).astype("M8[ns]")
    assert np.unique(hash_rows(close)).size == 1000


def test_durations_hash_alike_and_not_as_instants_or_numbers():
    steps = np.array([-1_500_000, 0, 86_400_000_000, "NaT"], dtype="m8[us]")
    expected = hash_rows(steps)
    for column in (
        steps.astype("m8[ns]"),
        steps.astype(object),
        list(steps),
        pd.Series(steps),
        pd.Series(steps).astype(object),
        pl.Series(steps),
    ):
        assert_array_equal(hash_rows(column), expected)
    numbers = steps.astype("i8")[:3]
    for other in (numbers, numbers.astype("M8[us]")):
        assert not np.intersect1d(hash_rows(other), expected).size
    assert hash_rows(np.array([1], dtype="m8[D]")) == expected[2]


def test_wide_integers_are_exact_in_every_container():
    # float64 cannot tell 2**53 from 2**53 + 1, nor 2**63 - 1 from 2**63.
    signed = [2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 2**63 - 1, -(2**63), 7]
    expected = hash_rows(np.array(signed))
    assert np.unique(expected).size == len(signed)
    for column in (
        signed,
        np.array(signed, dtype=">i8"),
        np.array(signed, dtype=object),
        pd.Series(signed, dtype="Int64"),
        pl.Series(signed),
        sparse.csc_array(np.array(signed)[:, None]),
    ):
        assert_array_equal(hash_rows(column), expected)
    floats = np.array([2.0**53, 2.0**53 + 2, -(2.0**63)])
    assert_array_equal(hash_rows(floats), expected[[0, 2, 5]])

    unsigned = [2**53 + 1, 2**63, 2**64 - 1, 2**64 - 2**53 - 1]
    hashes = hash_rows(np.array(unsigned, dtype=np.uint64))
    assert_array_equal(hash_rows(np.array(unsigned, dtype=object)), hashes)
    assert hashes[0] == expected[1]
    assert not np.isin(hashes[1:], expected).any()  # two's complement is not equality


def test_integers_beyond_any_dtype():
    huge = np.array([10**400, 10**400 + 1, -(10**400), 2**64, 2**64 + 1], dtype=object)
    hashes = hash_rows(huge)
    assert np.unique(hashes).size == 5
    assert hashes[3] == hash_rows([2.0**64])[0]
    assert not np.isin(hash_rows([np.inf, -np.inf]), hashes).any()


def test_objects_are_hashed_one_by_one():
    # The other entries of a column decide nothing: a subset still matches its pool.
    column = np.array(
        [1, "a", 2.0, None, "1", b"x", np.nan, Decimal("2")], dtype=object
    )
    hashes = hash_rows(column)
    assert_array_equal(content_groups(hashes), [0, 1, 2, 3, 4, 5, 3, 2])
    for i in range(len(column)):
        assert_array_equal(hash_rows(column[i : i + 1]), hashes[i : i + 1])
    assert hashes[0] == hash_rows([1.0])[0]
    assert_array_equal(hash_rows(column.tolist()), hashes)


def test_any_object_has_a_hash():
    long = np.zeros(3000)
    other = long.copy()
    other[1500] = 1  # where str() of an array writes dots
    X = np.empty(7, dtype=object)
    X[:] = [{"a": 1}, {"a": 2}, [1, 2], long, other, "\ud800", 1 + 2j]
    assert np.unique(hash_rows(X)).size == 7
    assert_array_equal(hash_rows(X.reshape(7, 1)), hash_rows(X))
    intervals = pd.Series(pd.cut([1, 2, 9], bins=[0, 5, 10]))
    assert_array_equal(content_groups(hash_rows(intervals)), [0, 0, 1])


def test_complex_counts_both_parts():
    z = np.array([1 + 2j, 2 + 1j, 1 - 2j, 1, 2j, 0])
    hashes = hash_rows(z)
    assert np.unique(hashes).size == z.size
    assert_array_equal(hash_rows(sparse.csr_array(z[:, None])), hashes)
    assert_array_equal(hashes[[3, 5]], hash_rows([1, 0]))


def test_every_missing_value_is_the_same():
    nans = np.array([0x7FF8000000000000, 0xFFF8000000000001], np.uint64).view(float)
    expected = hash_rows([[np.nan, 1.0]])
    for X in (
        np.c_[nans, [1, 1]],
        np.c_[nans, [1, 1]].astype(np.float32),
        [[None, 1]],
        [[np.float32("nan"), 1]],
        np.array([[pd.NA, 1], [pd.NaT, 1]], dtype=object),
        np.array([[np.datetime64("NaT"), 1], [Decimal("nan"), 1]], dtype=object),
        pd.DataFrame({"a": pd.Series([None], dtype="Int64"), "b": [1]}),
        pd.DataFrame({"a": pd.Series([None], dtype="string"), "b": [1]}),
        pl.DataFrame({"a": pl.Series([None], dtype=pl.Int64), "b": [1]}),
        pl.DataFrame({"a": [np.nan], "b": [1]}),
        pl.DataFrame({"a": pl.Series([None], dtype=pl.Null), "b": [1]}),
        sparse.csr_array(np.array([[np.nan, 1]])),
    ):
        assert_array_equal(hash_rows(X), np.repeat(expected, n_rows(X)))
    assert hash_rows([[0.0, 1.0]]) != expected


def test_negative_zero_is_zero_and_tiny_is_not():
    tiny = np.nextafter(0.0, 1.0)
    hashes = hash_rows(np.array([[0.0, 1], [-0.0, 1], [tiny, 1], [-tiny, 1]]))
    assert_array_equal(content_groups(hashes), [0, 0, 1, 2])
    # float32 has no 0.1: the nearest is another number.
    assert hash_rows(np.array([0.1], dtype=np.float32)) != hash_rows([0.1])


def test_mixed_frames_hash_alike():
    data = {
        "age": [31, 52, 31],
        "income": [1.5, None, -2.25],
        "job": ["x", None, "y"],
        "born": [dt.datetime(1990, 1, 1), None, dt.datetime(2001, 2, 3, 4, 5, 6)],
        "smoker": [True, False, None],
    }
    rows = list(map(list, zip(*data.values(), strict=True)))
    frame = pd.DataFrame(data)
    expected = hash_rows(rows)
    assert np.unique(expected).size == 3
    for X in (
        frame,
        frame.convert_dtypes(),
        frame.astype({"job": "category", "born": "M8[ns]"}),
        frame.to_numpy(),
        pl.DataFrame(data),
        np.array(rows, dtype=object),
    ):
        assert_array_equal(hash_rows(X), expected)
