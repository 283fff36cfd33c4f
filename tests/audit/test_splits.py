"""Who may be whose shadow among the models of a cross-validation."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeavePOut,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from skmia.audit._splits import draw_models, independent_splits, masks

N = 90
Y = np.arange(N) % 3


def design(cv, n=N, **more):
    folds = list(cv.split(np.zeros((n, 1)), np.arange(n) % 3, **more))
    return masks([a for a, _ in folds], n), masks([b for _, b in folds], n)


@pytest.mark.parametrize("cv", [RepeatedKFold, RepeatedStratifiedKFold])
def test_the_folds_of_the_other_repeats(cv):
    member, test = design(cv(n_splits=3, n_repeats=4, random_state=0))
    repeat = np.arange(12) // 3
    shadows = independent_splits(member, test)
    for k, others in enumerate(shadows):
        assert others.tolist() == np.flatnonzero(repeat != repeat[k]).tolist()
        # Every record is out of one fold of each of the other repeats, whatever the
        # target was trained on.
        assert (~member[others]).sum(axis=0).tolist() == [3] * N


@pytest.mark.parametrize("cv", [ShuffleSplit, StratifiedShuffleSplit])
@pytest.mark.parametrize("train_size", [None, 0.4])
def test_all_other_splits_that_are_drawn_one_by_one(cv, train_size):
    settings = {"test_size": 0.3, "train_size": train_size, "random_state": 0}
    shadows = independent_splits(*design(cv(8, **settings)))
    for k, others in enumerate(shadows):
        assert others.tolist() == np.delete(np.arange(8), k).tolist()


@pytest.mark.parametrize(
    "cv",
    [
        KFold(5),
        KFold(45),
        TimeSeriesSplit(8),
        RepeatedKFold(n_splits=10, n_repeats=1, random_state=0),
        # Independent of one another, but one or three shadows are too few.
        ShuffleSplit(2, test_size=0.3, random_state=0),
        ShuffleSplit(4, test_size=0.3, random_state=0),
    ],
    ids=str,
)
def test_none_among_folds_or_where_there_are_few(cv):
    assert independent_splits(*design(cv)) == []


def test_none_among_groups_of_folds():
    member, test = design(GroupKFold(6), groups=np.arange(N) // 5)
    assert independent_splits(member, test) == []


def test_none_where_the_count_of_the_others_tells():
    # Balanced: every record in the same number of models.
    order = np.argsort(np.random.RandomState(0).rand(10, N), axis=0)
    member = order < 7
    assert np.ptp(member.sum(axis=0)) == 0
    assert independent_splits(member, ~member) == []
    # All pairs once: a pair is held out by those that share one of its records.
    assert independent_splits(*design(LeavePOut(2), n=18)) == []


def test_none_among_the_folds_of_repeats_in_another_order():
    member, test = design(RepeatedKFold(n_splits=3, n_repeats=4, random_state=0))
    mixed = np.arange(12).reshape(4, 3).T.ravel()
    assert independent_splits(member[mixed], test[mixed]) == []


def test_a_sliding_window_that_overlaps_is_no_independent_split():
    start = np.arange(0, 60, 6)
    at = np.arange(N)
    train = [at[s : s + 20] for s in start]
    test = [at[s + 20 : s + 30] for s in start]
    assert independent_splits(masks(train, N), masks(test, N)) == []


def test_independent_designs_are_seldom_turned_down():
    kept = sum(
        bool(
            independent_splits(*design(ShuffleSplit(6, test_size=0.4, random_state=s)))
        )
        for s in range(200)
    )
    assert kept >= 198


def test_models_are_drawn_evenly_among_the_eligible():
    eligible = np.zeros((3, 3000), dtype=bool)
    eligible[0, :2000] = eligible[2, :1000] = True
    drawn = draw_models(eligible, np.random.RandomState(0))
    assert set(drawn[:1000]) == {0, 2}
    # Five standard deviations.
    assert abs((drawn[:1000] == 0).mean() - 0.5) < 0.08
    assert (drawn[1000:2000] == 0).all()
    assert (drawn[2000:] == -1).all()
