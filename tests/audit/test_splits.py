"""Who may be whose shadow among the models of a cross-validation."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeavePGroupsOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from skmia.audit._splits import find_shadows, masks

N = 90
Y = np.arange(N) % 3


def design(cv, n=N, **more):
    folds = list(cv.split(np.zeros((n, 1)), np.arange(n) % 3, **more))
    return masks([a for a, _ in folds], n), masks([b for _, b in folds], n)


def shadows_of(cv, n=N, **more):
    return find_shadows(*design(cv, n, **more))


def refused(member, test):
    found = find_shadows(member, test)
    assert (len(found.targets) == 0) == bool(found.problem)
    return found.problem


@pytest.mark.parametrize("cv", [RepeatedKFold, RepeatedStratifiedKFold])
def test_the_folds_of_the_other_repeats(cv):
    member, test = design(cv(n_splits=3, n_repeats=4, random_state=0))
    repeat = np.arange(12) // 3
    for k, others in enumerate(find_shadows(member, test).of):
        assert others.tolist() == np.flatnonzero(repeat != repeat[k]).tolist()
        # Every record is out of one fold of each of the other repeats, whatever the
        # target was trained on.
        assert (~member[others]).sum(axis=0).tolist() == [3] * N


@pytest.mark.parametrize("cv", [ShuffleSplit, StratifiedShuffleSplit])
@pytest.mark.parametrize("train_size", [None, 0.4])
def test_all_other_splits_that_are_drawn_one_by_one(cv, train_size):
    settings = {"test_size": 0.3, "train_size": train_size, "random_state": 0}
    for k, others in enumerate(shadows_of(cv(8, **settings)).of):
        assert others.tolist() == np.delete(np.arange(8), k).tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("missing", [[], [7]])
def test_the_folds_of_a_repeat_are_found_in_any_order(seed, missing):
    n = 400
    member, test = design(RepeatedKFold(n_splits=5, n_repeats=3, random_state=seed), n)
    mixed = np.setdiff1d(np.arange(15), missing)
    np.random.RandomState(seed).shuffle(mixed)
    for k, others in enumerate(find_shadows(member[mixed], test[mixed]).of):
        expected = np.flatnonzero(mixed // 5 != mixed[k] // 5)
        assert others.tolist() == expected.tolist()


def test_targets_with_too_few_shadows_have_none():
    # Of two repeats, one has three of its five folds: those have five shadows, the
    # others three.
    member, test = design(RepeatedKFold(n_splits=5, n_repeats=2, random_state=0))
    there = [0, 1, 2, 3, 4, 5, 7, 8]
    found = find_shadows(member[there], test[there])
    assert found.targets.tolist() == [5, 6, 7]
    assert [len(others) for others in found.of] == [0] * 5 + [5] * 3


@pytest.mark.parametrize(
    "cv",
    [
        KFold(5),
        KFold(45),
        TimeSeriesSplit(8),
        PredefinedSplit(np.arange(N) % 7 - 1),
        RepeatedKFold(n_splits=10, n_repeats=1, random_state=0),
    ],
    ids=str,
)
def test_none_among_the_folds_of_one_run(cv):
    assert "folds of one run" in refused(*design(cv))


# Independent of one another, but one or three shadows are too few.
@pytest.mark.parametrize("n_splits", [2, 4])
def test_none_where_there_are_few(n_splits):
    cv = ShuffleSplit(n_splits, test_size=0.3, random_state=0)
    assert "no split has so many" in refused(*design(cv))


def test_none_among_groups_of_folds():
    assert refused(*design(GroupKFold(6), groups=np.arange(N) // 5))


@pytest.mark.parametrize("n", [8, 18, 40])
def test_none_where_the_count_of_the_others_tells(n):
    # All pairs once: a pair is held out by those that share one of its records. Of few
    # records, too: what is determined is no chance.
    assert "more than chance" in refused(*design(LeavePOut(2), n))


@pytest.mark.parametrize("n_splits", [6, 10])
@pytest.mark.parametrize("n", [12, 90, 4000])
def test_none_in_a_balanced_design(n, n_splits):
    order = np.argsort(np.random.RandomState(0).rand(n_splits, n), axis=0)
    member = order < n_splits // 2
    assert np.ptp(member.sum(axis=0)) == 0
    assert "more than chance" in refused(member, ~member)
    # Nearly balanced: one more for every third record.
    member = order < n_splits // 2 + (np.arange(n) % 3 == 0)
    if n > 12:
        assert "more than chance" in refused(member, ~member)


def test_none_where_splits_are_there_twice():
    member, test = design(ShuffleSplit(6, test_size=0.3, random_state=0), 20)
    twice = np.repeat(np.arange(6), 2)
    assert "there twice" in refused(member[twice], test[twice])
    # Folds of a k-fold that is there twice are taken for folds of one run.
    member, test = design(RepeatedKFold(n_splits=3, n_repeats=4, random_state=0))
    again = np.r_[np.arange(12), np.arange(3)]
    for k, others in enumerate(find_shadows(member[again], test[again]).of):
        assert set(others) == set(np.flatnonzero(again // 3 != again[k] // 3))


def test_a_sliding_window_that_overlaps_is_no_independent_split():
    start = np.arange(0, 60, 6)
    at = np.arange(N)
    train = [at[s : s + 20] for s in start]
    test = [at[s + 20 : s + 30] for s in start]
    assert refused(masks(train, N), masks(test, N))


GROUPS = np.random.RandomState(0).permutation(1000) // 20


def repeated_groups(n_splits, n_repeats):
    sides = []
    for seed in range(n_repeats):
        cv = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
        sides.append(design(cv, 1000, groups=GROUPS))
    return tuple(np.concatenate(parts) for parts in zip(*sides, strict=True))


@pytest.mark.parametrize("test_size", [0.2, 0.5])
def test_rows_of_a_group_count_once(test_size):
    """Fifty groups of twenty rows: row by row, every pair of splits seems dependent."""
    kept, by_row = 0, 0
    for seed in range(20):
        cv = GroupShuffleSplit(10, test_size=test_size, random_state=seed)
        member, test = design(cv, 1000, groups=GROUPS)
        r = np.corrcoef(member)[np.triu_indices(10, 1)]
        by_row += np.abs(r).max() * np.sqrt(1000) < 5
        kept += not refused(member, test)
    assert by_row == 0
    assert kept >= 19


def test_repeats_of_folds_of_groups():
    member, test = repeated_groups(4, 4)
    found = find_shadows(member, test)
    assert not found.problem
    assert {len(others) for others in found.of} == {12}


def test_few_groups_show_nothing_and_are_no_shadows():
    groups = np.arange(1000) // 100
    cv = GroupShuffleSplit(10, test_size=0.3, random_state=0)
    assert refused(*design(cv, 1000, groups=groups))
    assert refused(*design(LeavePGroupsOut(2), 1000, groups=groups))


def test_independent_designs_are_seldom_turned_down():
    kept = sum(
        not refused(*design(ShuffleSplit(6, test_size=0.4, random_state=s)))
        for s in range(200)
    )
    assert kept >= 198
