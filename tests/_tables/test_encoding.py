"""Tables as numbers: codes that stay the same from one call to the next."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skmia._tables import ColumnEncoder, encode_columns
from skmia._tables._containers import split_columns
from skmia._tables._encoding import as_numbers


def frame():
    return pd.DataFrame(
        {
            "text": ["b", "a", "c"],
            "number": [1.5, np.nan, np.inf],
            "digits": ["10", "2", "3"],
            "day": pd.to_datetime(["2020-01-01", None, "1970-01-01"]),
        }
    )


def test_codes_are_those_of_fit():
    encoder = ColumnEncoder().fit(frame())
    first = encoder.transform(frame())
    day = 18262 * 86400 * 10**6  # microseconds from 1970 to 2020
    expected = [[1, 1.5, 10, day], [0, np.nan, 2, np.nan], [2, 1e100, 3, 0]]
    np.testing.assert_array_equal(first, expected)
    later = frame().iloc[[2, 0]].assign(text=["a", "new"], digits=["7", "none"])
    codes = encoder.transform(later)
    np.testing.assert_array_equal(codes[:, 0], [0, -1])
    np.testing.assert_array_equal(codes[:, 2], [7, np.nan])
    np.testing.assert_array_equal(codes[:, 3], [0, day])


def test_a_missing_text_has_one_code_in_any_container():
    rows = [["b", 1], [None, None], ["a", 3]]
    tables = [
        np.array(rows, dtype=object),
        pd.DataFrame(rows),
        pd.DataFrame(rows).convert_dtypes(),
        pd.DataFrame(rows).astype({0: "category"}),
        pl.DataFrame(rows, orient="row"),
    ]
    for fitted in tables:
        encoder = ColumnEncoder().fit(fitted)
        for table in tables:
            np.testing.assert_array_equal(
                encoder.transform(table), [[1, 1], [-2, np.nan], [0, 3]]
            )
    new = ColumnEncoder().fit(tables[0][[0, 2]]).transform(tables[0])
    np.testing.assert_array_equal(new[:, 0], [1, -1, 0])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_an_instant_is_the_same_number_in_every_unit(unit):
    days = np.array(["2020-01-01", "NaT"], dtype=f"M8[{unit}]")
    expected = [18262 * 86400 * 10**6, np.nan]
    np.testing.assert_array_equal(as_numbers(days), expected)
    moments = pl.Series([datetime.datetime(2020, 1, 1), None])
    np.testing.assert_array_equal(as_numbers(moments), expected)


def test_numbers_come_as_doubles_from_any_container():
    X = np.array([[1, 0], [0, 3]], dtype=np.float32)
    tables = [
        X,
        X.astype(object),
        X.astype(np.int8),
        pd.DataFrame(X).astype("Int64"),
        pl.DataFrame({"a": X[:, 0], "b": X[:, 1]}),
        sparse.csc_matrix(X),
    ]
    for fitted in tables:
        encoder = ColumnEncoder().fit(fitted)
        for table in tables:
            encoded = encoder.transform(table)
            dense = encoded.toarray() if sparse.issparse(encoded) else encoded
            assert dense.dtype == np.float64
            np.testing.assert_array_equal(dense, X)
    infinite = sparse.csr_matrix(np.where(X == 3, np.inf, X))
    kept = ColumnEncoder().fit(X).transform(infinite)
    np.testing.assert_array_equal(kept.toarray(), [[1, 0], [0, 1e100]])


def test_columns_of_one_dimension_and_of_one_name():
    (column,) = split_columns(np.array(["b", "a"]))
    np.testing.assert_array_equal(column, ["b", "a"])
    series = pd.Series(["b", "a"])
    codes = ColumnEncoder().fit(series).transform(series)
    np.testing.assert_array_equal(codes, [[1], [0]])
    twice = pd.DataFrame(np.arange(4).reshape(2, 2), columns=["a", "a"])
    np.testing.assert_array_equal(split_columns(twice)[1], [1, 3])


def test_encoding_keeps_numbers_and_codes_text():
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, False, None], dtype="boolean"),
            "text": ["b", "a", "b"],
            "object": pd.Series([2.5, None, 1], dtype=object),
        }
    )
    columns, names = encode_columns(frame)
    expected = [[1, 1, 1, 2.5], [np.nan, 0, 0, np.nan], [3, np.nan, 1, 1]]
    np.testing.assert_array_equal(columns, expected)
    assert names == [f"column '{name}'" for name in frame.columns]
    twice = pd.DataFrame(np.arange(4).reshape(2, 2), columns=["a", "a"])
    np.testing.assert_array_equal(encode_columns(twice)[0], [[0, 1], [2, 3]])
