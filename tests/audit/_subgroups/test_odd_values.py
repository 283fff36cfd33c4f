"""Values that no cut or category can be made of as they are, or that look alike."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmia.audit._subgroups._columns import Column
from skmia.audit._subgroups._partition import partition
from skmia.audit._subgroups._times import show_duration


def groups_of(values):
    """What the groups of a column are called."""
    return list(partition([Column.of("x", values)], 4, 20).names)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([[1], [2, 3]]),
        pd.Series([(1,), (2,)]),
        pd.Series([None, {"a": 1}]),
        pl.Series([[1], [2, 3]]),
        pl.Series([[1], [2]], dtype=pl.Array(pl.Int64, 1)),
    ],
)
def test_several_values_in_a_row_are_refused_by_the_name_of_the_column(values):
    with pytest.raises(ValueError, match=r"column 'x' must hold one value in each row"):
        Column.of("x", values)


@pytest.mark.parametrize(
    "values", [np.array([1 + 2j, 3]), np.array([1 + 2j, None], dtype=object)]
)
def test_complex_numbers_are_refused(values):
    with pytest.raises(ValueError, match="'x' must hold real numbers"):
        Column.of("x", values)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (pd.Series([1, "1", 2], dtype=object), ["x = 1", "x = '1'", "x = 2"]),
        (pd.Series(pd.Categorical([1, "1"])), ["x = 1", "x = '1'"]),
        (["(missing)", None], ["x = '(missing)'", "x = (missing)"]),
        (["(other)", "", " "], ["x = ''", "x = ' '", "x = '(other)'"]),
    ],
)
def test_values_that_look_alike_have_names_that_do_not(values, names):
    if isinstance(values, list):
        values = pd.Series(values, dtype=object)
    found = groups_of(values)
    assert sorted(found) == sorted(names)
    assert len(set(found)) == len(values)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.to_timedelta([0, 36, 48], unit="h")),
        pd.Series([datetime.timedelta(hours=h) for h in (0, 36, 48)], dtype=object),
        pl.Series([datetime.timedelta(hours=h) for h in (0, 36, 48)]),
    ],
)
def test_durations_are_written_as_days(values):
    assert groups_of(values) == ["x = 0 days", "x = 1 day 12:00:00", "x = 2 days"]


def test_durations_below_a_day_and_below_nothing():
    assert show_duration(90e6) == "00:01:30"
    assert show_duration(-1.5e6) == "-00:00:01.5"
    assert show_duration(86_400e6) == "1 day"


def test_durations_are_cut_at_whole_hours():
    column = Column.of("x", pd.Series(pd.to_timedelta([1, 2], unit="h")))
    assert column.show(column.cut_between(3700e6, 7300e6)) == "02:00:00"


def test_infinities_are_numbers_like_others():
    values = np.array([-np.inf, np.inf, *range(20)])
    found = groups_of(values)
    assert len(found) == 4
    assert not np.isnan(Column.of("x", values).numbers).any()


@pytest.mark.parametrize("kind", [object, np.int64, "Int64"])
def test_large_whole_numbers_stay_apart(kind):
    values = pd.Series([2**62, 2**62 + 1, 2**62 + 2], dtype=kind)
    assert groups_of(values) == [f"x = {2**62 + i}" for i in range(3)]
    far = pd.Series([0, 2**62, 2**62 + 1], dtype=kind)
    assert len(set(groups_of(far))) == 3


def test_text_that_is_no_date_stays_text():
    assert Column.of("x", np.array(["2020-01-01", "x"])).numbers is None
    assert Column.of("x", np.array(["2020-13-01"])).numbers is None
    assert Column.of("x", np.array(["01/02/2020"])).numbers is None
    column = Column.of("x", pd.Series(["2020-01-01", None]))
    assert column.are_times
    assert column.missing.tolist() == [False, True]
