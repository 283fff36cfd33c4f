"""Rows of one person: what is drawn or seen together."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia._tables import (
    any_seen,
    check_drawn_whole,
    draw_units,
    hash_rows,
    person_means,
    split_persons,
)


def test_persons_with_an_equal_row_are_drawn_together():
    X = np.arange(200.0)[:, None]
    persons = np.repeat(np.arange(100), 2)
    hashes = hash_rows(X)
    assert draw_units(hashes, persons) is persons
    X[4] = X[0]  # persons 0 and 2
    X[5] = X[10]  # persons 2 and 5
    units = draw_units(hash_rows(X), persons)
    assert len(np.unique(units)) == 98
    assert len(np.unique(units[[0, 4, 5, 10, 11]])) == 1
    # Without persons, rows of equal content.
    assert len(np.unique(draw_units(hash_rows(X), None))) == 198


def test_equal_rows_of_few_values_do_not_join_all_persons():
    X = np.random.RandomState(0).randint(40, size=(200, 1))
    persons = np.repeat(np.arange(100), 2)
    assert_array_equal(draw_units(hash_rows(X), persons), persons)
    # Two persons beside them who share a row stay together.
    X, persons = (
        np.vstack([X, [[50], [60], [50], [70]]]),
        np.append(persons, [100, 100, 101, 101]),
    )
    units = draw_units(hash_rows(X), persons)
    assert_array_equal(units[:200], persons[:200])
    assert set(units[200:]) == {100}


@pytest.mark.parametrize("huge", [3, 30, 300])
def test_the_largest_person_decides_nothing_about_the_others(huge):
    X = np.arange(200.0 + huge)[:, None]
    persons = np.append(np.repeat(np.arange(100), 2), np.full(huge, 100))
    X[2:160:2] = X[0]  # 80 persons
    X[162] = X[160]  # two of the others
    X[-1] = X[160]
    units = draw_units(hash_rows(X), persons)
    n_joined = 2 if huge == 3 else 1
    assert len(np.unique(units)) == 101 - n_joined
    assert units[160] == units[162]
    assert (units[-1] == units[160]) == (huge == 3)


def test_seen_is_a_copy_or_a_row_of_the_person():
    X = np.array([[1], [2], [3], [1], [5]])
    persons = np.array([0, 0, 1, 2, 2])
    member = np.array([[False, True, False, False, False]])
    expected = [[True, True, False, False, False]]
    assert_array_equal(any_seen(member, hash_rows(X), persons), expected)
    member = np.array([[True, False, False, False, False]])
    # The other row of person 2 is none: its person was not seen, a row of it was.
    expected = [[True, True, False, True, False]]
    assert_array_equal(any_seen(member, hash_rows(X), persons), expected)
    assert_array_equal(any_seen(member, None, persons), [[1, 1, 0, 0, 0]])
    assert_array_equal(any_seen(member, hash_rows(X), None), [[1, 0, 0, 1, 0]])


def test_persons_on_both_sides():
    persons = np.array([0, 0, 1, 2, 2])
    member = np.array([True, False, True, False, False])
    assert_array_equal(split_persons(member, persons), [1, 1, 0, 0, 0])
    assert not split_persons(member, None).any()


def test_means_of_persons():
    first, means = person_means(np.array([1.0, 5.0, 3.0]), np.array([9, 4, 9]))
    assert_array_equal(first, [1, 0])
    assert_array_equal(means, [5, 2])


def test_shadows_that_split_a_person():
    persons = np.array([0, 0, 1, 1, 2])
    member = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 0]], dtype=bool)
    check_drawn_whole(member, persons)
    # A row of weight 0 is in no shadow.
    member[:, 3] = False
    check_drawn_whole(member, persons)
    member[0, 1] = False
    member[1, 1] = True
    with pytest.raises(ValueError, match="2 of 2 shadows that hold some rows of a per"):
        check_drawn_whole(member, persons)
