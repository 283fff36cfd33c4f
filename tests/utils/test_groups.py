"""Who rows belong to, by any kind of name."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skmia.utils import encode_group_pair, encode_groups

KINDS = {
    "list of str": ["b", "a", "b", "c"],
    "tuple": ("b", "a", "b", "c"),
    "list of int": [7, 2, 7, 9],
    "list of tuples": [("x", 1), ("x", 2), ("x", 1), ("y", 1)],
    "array of int": np.array([7, 2, 7, 9]),
    "array of float": np.array([7.0, 2.0, 7.0, 9.0]),
    "array of str": np.array(["b", "a", "b", "c"]),
    "array of objects": np.array([7, "a", 7, 1.5], dtype=object),
    "array of dates": np.array(
        ["2020-01-02", "2020-01-01", "2020-01-02", "2021-01-01"]
    ).astype("datetime64[D]"),
    "Series": pd.Series([7, 2, 7, 9], index=[5, 1, 0, 2]),
    "Series of nullable int": pd.Series([7, 2, 7, 9], dtype="Int64"),
    "Series of categories": pd.Series(["b", "a", "b", "c"], dtype="category"),
    "Categorical": pd.Categorical(["b", "a", "b", "c"]),
    "Index": pd.Index(["b", "a", "b", "c"]),
    "polars": pl.Series([7, 2, 7, 9]),
    "polars of str": pl.Series(["b", "a", "b", "c"], dtype=pl.Categorical),
}
MISSING = {
    "None": ["a", None, "a", None],
    "NaN": np.array([1.0, np.nan, 1.0, np.nan]),
    "NaN in a list": ["a", float("nan"), "a", np.nan],
    "NA": pd.Series([1, None, 1, None], dtype="Int64"),
    "category": pd.Series(["a", None, "a", None], dtype="category"),
    "NaT": pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-01", None])),
    "NaT in an array": np.array(["2020-01-01", "NaT"] * 2, dtype="datetime64[D]"),
    "polars": pl.Series(["a", None, "a", None]),
    "polars NaN": pl.Series([1.0, float("nan"), 1.0, float("nan")]),
    "text": np.array(["a", "nan", "a", ""]),
    "text of None": ["a", "None", "a", " NaN "],
    "text of NA": pd.Series(["a", "<NA>", "a", "NaT"]),
    "masked": np.ma.masked_array([1, 2, 1, 2], mask=[False, True, False, True]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_name(kind):
    codes, names = encode_groups(KINDS[kind], 4)
    assert_array_equal(codes, [0, 1, 0, 2])
    assert names[0] == next(iter(KINDS[kind]))


@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_name_is_an_error(kind):
    with pytest.raises(ValueError, match=r"Got 2 of 4 rows without one \(None or NaN"):
        encode_groups(MISSING[kind], 4)


@pytest.mark.parametrize(
    ("groups", "error", "match"),
    [
        ([1, 2, 3], ValueError, r"each of 4 rows\. Got 3 names"),
        (None, TypeError, "must be a 1D array-like"),
        ("abcd", TypeError, "must be a 1D array-like"),
        (7, TypeError, "must be a 1D array-like"),
        ({1, 2, 3, 4}, TypeError, "must be a 1D array-like"),
        (np.zeros((4, 1)), ValueError, "must be a 1D array-like"),
        (pd.DataFrame({"id": [1, 2, 3, 4]}), ValueError, "must be a 1D array-like"),
        ([[1], [2], [3], [4]], TypeError, "hashable"),
    ],
)
def test_what_is_no_array_of_names(groups, error, match):
    with pytest.raises(error, match=match):
        encode_groups(groups, 4)


def test_a_pair_has_one_number_for_a_person_of_both_sides():
    codes, names = encode_group_pair((["a", "b"], pd.Series(["c", "a", "c"])), (2, 3))
    assert_array_equal(codes, [0, 1, 2, 0, 2])
    assert names == ["a", "b", "c"]
    codes, _ = encode_group_pair(([1, 2], np.array([2.0, 3.0])), (2, 2))
    assert_array_equal(codes, [0, 1, 1, 2])


@pytest.mark.parametrize("pair", [["a"], "ab", np.zeros((2, 2)), ([1], [1], [1])])
def test_what_is_no_pair(pair):
    with pytest.raises(ValueError, match="must be a pair"):
        encode_group_pair(pair, (2, 2))


def test_names_of_two_kinds_hide_persons_of_both_sides():
    with pytest.raises(TypeError, match=r"a number among the members and text among"):
        encode_group_pair(([1, 2], ["1", "2"]), (2, 2))


DATES = np.array(["2020-01-02", "2020-01-01"], dtype="datetime64[D]")


@pytest.mark.parametrize(
    "other",
    [
        DATES.astype("datetime64[ns]"),
        pd.Series(DATES.astype("datetime64[ns]")),
        list(pd.to_datetime(DATES)),
        pl.Series(DATES.astype("datetime64[us]")),
    ],
)
def test_moments_of_any_library_are_the_same(other):
    for pair in ((DATES, other), (other, DATES)):
        assert_array_equal(encode_group_pair(pair, (2, 2))[0], [0, 1, 0, 1])


def test_moments_that_differ_by_nanoseconds():
    fine = np.array([1, 2, 1], dtype="datetime64[ns]")
    pair = fine, pd.Series(fine)
    assert_array_equal(encode_group_pair(pair, (3, 3))[0], [0, 1, 0, 0, 1, 0])


SPELLED = {
    "float text": (["12", "13"], ["12.0", "14.0"]),
    "number and text": ([12, 13, "A0"], ["12", "A0"]),
    "zeros in front": (["007", "120"], ["7", "120"]),
    "blank": (["a ", "b"], ["a", "c"]),
    "case": (["Ann", "Bob"], ["ann", "Eve"]),
    "tuple": ([(1, "a"), (2, "a")], [("1", "a"), ("3", "a")]),
    "tuple of float": ([(1, "a"), (2, "a")], [("1.0", "a"), ("3", "a")]),
    "negative": (["-1", "2"], ["-01.00", "3"]),
    "beside many that are alike": ([*"abcdef", "07"], [*"abcdef", "7"]),
}


@pytest.mark.parametrize("kind", SPELLED)
def test_a_name_that_is_spelled_otherwise_on_the_other_side(kind):
    pair = SPELLED[kind]
    sizes = len(pair[0]), len(pair[1])
    # As they are written, nobody is on both sides by this name.
    naive = {str(name) for name in pair[0]} & {str(name) for name in pair[1]}
    assert not naive or kind in {
        "number and text",
        "zeros in front",
        "beside many that are alike",
    }
    with pytest.raises(ValueError, match=r"must spell .* alike .* and 1 such name in"):
        encode_group_pair(pair, sizes)
    with pytest.raises(ValueError, match=r"must spell .* alike"):
        encode_group_pair(pair[::-1], sizes[::-1])


@pytest.mark.parametrize(
    "pair",
    [
        (["12", "13"], ["14", "15.5"]),
        (["1.5", "2"], ["15", "25"]),
        (["7", "007"], ["7", "8"]),  # the members tell them apart
        ([1.0, 2.5], [2, 3]),
        ([10, 20], [1, 2]),
        (["-1", "2"], ["1", "3"]),
    ],
)
def test_names_that_differ_are_left_as_they_are(pair):
    codes, _ = encode_group_pair(pair, (2, 2))
    assert len(np.unique(codes)) == len(set(pair[0]) | set(pair[1]))


@pytest.mark.parametrize("names", [[1, "1", 2], [2, 1.0, "1"], ["01", "b", 1]])
def test_a_person_by_number_and_by_text(names):
    with pytest.raises(ValueError, match="must have names of one kind"):
        encode_groups(names, 3)
