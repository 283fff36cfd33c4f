"""A user's columns: numbers, categories, times, missing values, and what is asked."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmia.audit._subgroups._columns import Column
from skmia.audit._subgroups._partition import partition
from skmia.audit._subgroups._rules import Condition, Rule, conditions_of


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["b", "a", None]),
        pd.Series(["b", "a", None], dtype="category"),
        pd.Series(["b", "a", None], dtype="string"),
        pl.Series(["b", "a", None]),
        pl.Series(["b", "a", None], dtype=pl.Categorical),
        np.array(["b", "a", None], dtype=object),
    ],
)
def test_text_is_by_name_in_every_container(values):
    column = Column.of("x", values)
    assert column.categories == ("a", "b")
    assert column.codes.tolist() == [1, 0, -1]
    assert column.missing.tolist() == [False, False, True]


@pytest.mark.parametrize(
    "values",
    [
        np.array([2.0, 1.0, np.nan]),
        pd.Series([2, 1, None], dtype="Int64"),
        pl.Series([2, 1, None]),
        np.array([2, 1, None], dtype=object),
    ],
)
def test_numbers_are_numbers_in_every_container(values):
    column = Column.of("x", values)
    assert column.numbers.tolist()[:2] == [2.0, 1.0]
    assert column.missing.tolist() == [False, False, True]


def test_codes_written_as_text_and_truth_values_are_no_amounts():
    assert Column.of("zip", np.array(["010", "9"])).categories == ("010", "9")
    assert Column.of("is", np.array([True, False])).categories == ("False", "True")
    assert Column.of("is", pl.Series([True, None])).categories == ("True",)


def test_ordered_categories_keep_their_order():
    sizes = pd.Categorical(["s", "l", "s"], categories=["s", "m", "l"], ordered=True)
    column = Column.of("size", pd.Series(sizes))
    assert column.categories == ("s", "l")
    assert column.codes.tolist() == [0, 1, 0]


def test_times_are_cut_and_shown_as_days():
    days = pd.Series(pd.date_range("2020-01-01", periods=400))
    column = Column.of("day", days)
    names = partition([column], 2, 20).names
    assert names == ("day < 2020-07-19", "day >= 2020-07-19")
    rule = Rule((Condition(0, "<", column.numbers[31]),))
    assert rule.show([column]) == "day < 2020-02-01"


@pytest.mark.parametrize(
    ("below", "above", "cut"),
    [
        (35, 36, 36),
        (19_960.2, 20_113.7, 20_000),
        (0.1234, 0.1299, 0.125),
        (-3.2, -2.9, -3.0),
        (-0.5, 0.4, 0),
    ],
)
def test_cuts_have_few_digits_and_lie_between(below, above, cut):
    found = Column("x", numbers=np.zeros(1)).cut_between(below, above)
    assert below < found <= above
    assert len(f"{found:g}") <= len(f"{cut:g}")


def test_rules_read_as_they_hold():
    age = Column.of("age", np.array([20.0, 30.0, 40.0, np.nan]))
    job = Column.of("job", np.array(["none", "clerk", None, ""], dtype=object))
    columns = [age, job]
    young = Rule((Condition(0, ">=", 25), Condition(0, "<", 35)))
    assert young.show(columns) == "25 <= age < 35"
    assert young.holds(columns).tolist() == [False, True, False, False]
    clerk = Condition(1, "=", float(job.categories.index("clerk")))
    both = Rule((Condition(0, "<", 50), clerk), outside=(young,))
    assert both.show(columns) == "age < 50 and job = clerk and not (25 <= age < 35)"
    assert not both.holds(columns).any()
    unknown = Rule((Condition(1, "missing"),))
    assert unknown.show(columns) == "job is missing"
    assert unknown.holds(columns).tolist() == [False, False, True, False]
    empty = Rule((Condition(1, "=", float(job.categories.index("''"))),))
    assert empty.show(columns) == "job = ''"


def test_a_column_of_mostly_one_value_is_cut_beside_it():
    values = np.zeros(1000)
    values[:20] = np.arange(1, 21)
    cuts = {c.value for c in conditions_of(0, Column("x", numbers=values))}
    assert 1.0 in cuts
    assert len(cuts) >= 3


def test_all_combinations_of_many_columns_can_be_counted():
    rng = np.random.default_rng(0)
    columns = [Column.of(str(j), rng.integers(10, size=50)) for j in range(30)]
    found = partition(columns, 4, 10)
    assert len(found.names) == 10
    assert found.names[-1] == "(other)"
    assert "50 values or combinations" in found.notes[-1]
