"""Shadows of persons with several rows: whole, balanced, and about as many rows."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from _helpers.persons import persons_of
from skmia.shadows import ShadowModels, draw_design, fit_shadows

RNG = np.random.RandomState(0)
SIZES = {
    "one": np.ones(80, int),
    "six": np.full(60, 6),
    "some": RNG.randint(1, 12, size=80),
    "very unequal": np.maximum(1, RNG.pareto(1.2, size=200).astype(int)),
}


def draw(sizes, n_shadows=16, train_size=0.5, **kwargs):
    _, y, groups = persons_of(sizes, **kwargs)
    state = np.random.RandomState(1)
    member = draw_design(y, n_shadows, train_size, state, units=groups)
    return member, y, groups


@pytest.mark.parametrize("train_size", [0.5, 0.8, 0.23])
@pytest.mark.parametrize("by_row", [False, True])
@pytest.mark.parametrize("kind", SIZES)
def test_persons_are_whole_and_every_one_equally_often_in(kind, by_row, train_size):
    member, _, groups = draw(SIZES[kind], train_size=train_size, by_row=by_row)
    for person in np.unique(groups):
        rows = member[:, groups == person]
        assert (rows == rows[:, :1]).all()
    n_in = member.sum(axis=0)
    wanted = 16 * train_size
    assert set(n_in) <= {int(np.floor(wanted)), int(np.ceil(wanted))}


@pytest.mark.parametrize("train_size", [0.5, 0.8])
@pytest.mark.parametrize("kind", SIZES)
def test_fraction_of_rows_and_of_classes(kind, train_size):
    sizes = SIZES[kind]
    member, y, _ = draw(sizes, train_size=train_size)
    # A single person moves the fraction by its own share, whatever is drawn.
    largest = sizes.max() / sizes.sum()
    for rows in (np.ones(len(y), bool), y == 0, y == 1):
        fractions = member[:, rows].mean(axis=1)
        assert np.abs(fractions - train_size).max() < 0.05 + 2 * largest


def test_unequal_persons_are_drawn_by_size():
    """Person by person without regard to it, the fraction spreads twice as far."""
    sizes = np.repeat([1, 30], [150, 10])
    member, _, groups = draw(sizes, n_shadows=40)
    state = np.random.RandomState(1)
    naive = draw_design(np.zeros(len(sizes), int), 40, 0.5, state)[:, groups]
    spread = [drawn.mean(axis=1).std() for drawn in (member, naive)]
    assert spread[0] < 0.03 < 0.06 < spread[1]


def test_complements():
    X, y, groups = persons_of(SIZES["some"])
    shadows = fit_shadows(
        DummyClassifier(), X, y, groups=groups, shadows=6, random_state=0
    )
    assert_array_equal(shadows.complements, [1, 0, 3, 2, 5, 4])
    assert_array_equal(shadows.member[0], ~shadows.member[1])


def test_one_row_per_person_is_drawn_as_without_groups():
    X, y, groups = persons_of(SIZES["one"])
    drawn = [
        fit_shadows(DummyClassifier(), X, y, shadows=5, random_state=0, **given).member
        for given in ({}, {"groups": groups}, {"groups": groups.astype(str)})
    ]
    assert_array_equal(drawn[0], drawn[1])
    assert_array_equal(drawn[0], drawn[2])


def test_equal_rows_of_two_persons_go_together():
    X, y, groups = persons_of(np.full(60, 3))
    X[9], y[9] = X[0], y[0]
    shadows = fit_shadows(
        DummyClassifier(), X, y, groups=groups, shadows=12, random_state=0
    )
    assert_array_equal(shadows.member[:, 0], shadows.member[:, 11])
    assert (shadows.member[:, 0] != shadows.member[:, 3]).any()


def test_persons_of_few_values_are_drawn_one_by_one():
    X, y, groups = persons_of(np.full(60, 3), n_features=2)
    X = (X > 0).astype(float)
    shadows = fit_shadows(
        DummyClassifier(), X, y, groups=groups, shadows=12, random_state=0
    )
    assert len(np.unique(shadows.member, axis=1).T) > 30
    for person in range(60):
        assert len(np.unique(shadows.member[:, groups == person].T, axis=0)) == 1


@pytest.mark.parametrize("huge", [5, 100, 290])
def test_a_huge_person_does_not_let_equal_rows_join_the_others(huge):
    """110 of 120 persons have one equal row; so, at times, has the huge one."""
    X, y, groups = persons_of(np.append(np.full(120, 5), huge))
    for shares in (False, True):
        shared = np.searchsorted(groups, np.arange(110 + 11 * shares))
        X[shared], y[shared] = 0, 0
        shadows = fit_shadows(
            DummyClassifier(), X, y, groups=groups, shadows=16, random_state=0
        )
        whole = shadows.member[:, np.searchsorted(groups, np.arange(121))]
        assert_array_equal(whole[:, groups], shadows.member)
        assert len(np.unique(whole, axis=1).T) > 80
        assert np.abs(shadows.member.mean(axis=1) - 0.5).max() < 0.25


def test_two_persons_are_joined_whoever_else_is_there():
    for huge in (5, 250):
        X, y, groups = persons_of(np.append(np.full(60, 5), huge))
        X[5], y[5] = X[0], y[0]
        # The huge person has an equal row as well, and is joined with nobody.
        if huge > 5:
            X[-1], y[-1] = X[0], y[0]
        shadows = fit_shadows(
            DummyClassifier(), X, y, groups=groups, shadows=16, random_state=0
        )
        assert_array_equal(shadows.member[:, 0], shadows.member[:, 5])
        assert (shadows.member[:, 0] != shadows.member[:, -1]).any()


def test_a_person_with_more_rows_than_a_shadow():
    X, y, groups = persons_of(np.append(np.full(60, 5), 200))
    fit_shadows(DummyClassifier(), X, y, groups=groups, shadows=4, random_state=0)
    with pytest.raises(
        ValueError, match=r"200 of 500 records.*'train_size'=0\.3 .* about 150: no shad"
    ):
        fit_shadows(
            DummyClassifier(),
            X,
            y,
            groups=groups,
            shadows=ShadowModels(4, train_size=0.3),
            random_state=0,
        )


def test_groups_are_those_of_the_rows_by_position():
    X, y, groups = persons_of(np.full(30, 3))
    order = np.random.RandomState(2).permutation(len(y))
    names = pd.Series([f"p{g}" for g in groups[order]], index=order)
    shadows = fit_shadows(
        DummyClassifier(), X[order], y[order], groups=names, shadows=4, random_state=0
    )
    for person in range(30):
        assert len(np.unique(shadows.member[:, groups[order] == person].T, axis=0)) == 1


def test_groups_that_are_refused():
    X, y, groups = persons_of(np.full(30, 3))
    with pytest.raises(ValueError, match=r"each of 90 rows\. Got 89"):
        fit_shadows(DummyClassifier(), X, y, groups=groups[:-1])
    with pytest.raises(ValueError, match="without one"):
        fit_shadows(DummyClassifier(), X, y, groups=[None, *groups[1:]])
    with pytest.raises(ValueError, match="a person with 90 of 90 records, and with 't"):
        fit_shadows(LogisticRegression(), X, y, groups=np.zeros(90))
    labels, two = np.repeat([0, 1], 45), np.repeat([0, 1], 45)
    with pytest.raises(
        ValueError, match=r"2 persons drawn whole, .* Pass more persons of the rare"
    ):
        fit_shadows(LogisticRegression(), X, labels, groups=two)


def test_shadows_in_a_cache_are_told_by_who_is_in_them(tmp_path):
    X, y, groups = persons_of(np.full(30, 3))
    models = ShadowModels(4, cache_dir=tmp_path)
    first, other, again = (
        fit_shadows(
            LogisticRegression(), X, y, groups=g, shadows=models, random_state=0
        )
        for g in (groups, None, groups)
    )
    assert (first.member != other.member).any()
    assert_array_equal(first.member, again.member)
    assert_array_equal(first.signals["logit"], again.signals["logit"])
