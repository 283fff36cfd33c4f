"""Which shadows take a turn as the target, and who judges them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.attacks._scores._turns import folds, other_shadows, turns
from skmia.attacks._scores._worlds import Worlds
from skmia.shadows._design import partners


def paired(n_shadows, n_records, seed=0):
    """Twins at 2j and 2j + 1; with an odd number the last has none."""
    rng = np.random.RandomState(seed)
    member = rng.uniform(size=(n_shadows, n_records)) < 0.5
    even = n_shadows - n_shadows % 2
    member[1:even:2] = ~member[0:even:2]
    return member


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("enough", [1, 700, 100_000])
@pytest.mark.parametrize("fewest", [4, 8, 12])
def test_pairs_stay_together(enough, fewest, shuffled):
    for n_shadows in range(4, 41):
        for n_records in (33, 100, 5000):
            member = paired(n_shadows, n_records)
            if shuffled:
                order = np.random.RandomState(n_shadows).permutation(n_shadows)
                member = member[order]
            twin = partners(member)
            turn = turns(member, enough, fewest)
            wanted = max(fewest, -(-enough // n_records))
            assert len(set(turn)) == len(turn)
            assert min(wanted, n_shadows) <= len(turn) <= min(wanted + 1, n_shadows)
            assert set(turn) <= set(range(n_shadows))
            half = dict(zip(turn, folds(turn, 2), strict=True))
            assert set(half.values()) == {0, 1}
            assert all(half[twin[k]] == half[k] for k in turn if twin[k] >= 0)
            if wanted >= n_shadows:
                assert set(turn) == set(range(n_shadows))
            elif n_shadows % 2 == 0:
                # A record is a member as often as not.
                assert (member[turn].sum(axis=0) * 2 == len(turn)).all()


def test_turns_are_spread_over_the_set():
    assert_array_equal(turns(paired(32, 100), 1, 4), [0, 1, 30, 31])
    assert_array_equal(turns(paired(32, 100), 1, 6), [0, 1, 14, 15, 30, 31])
    assert_array_equal(turns(paired(5, 100)), [0, 1, 2, 3, 4])


def test_shadows_without_twins():
    member = np.random.RandomState(0).uniform(size=(9, 50)) < 0.5
    assert_array_equal(turns(member), np.arange(9))
    assert_array_equal(folds(turns(member), 2), [0, 0, 1, 1, 0, 0, 1, 1, 0])


@pytest.mark.parametrize(("n_shadows", "expected"), [(4, 2), (5, 3), (7, 4), (16, 4)])
def test_no_fold_is_empty(n_shadows, expected):
    fold = folds(turns(paired(n_shadows, 60)), 4)
    assert_array_equal(np.unique(fold), np.arange(expected))


def test_the_others_are_all_but_itself_and_its_twin():
    assert_array_equal(other_shadows(2, np.array([1, 0, 3, 2, -1])), [0, 1, 4])
    assert_array_equal(other_shadows(4, np.array([1, 0, 3, 2, -1])), [0, 1, 2, 3])


def test_a_turn_without_another_shadow_for_each_record():
    """Row by row the same as with one twin for all, and -1 leaves nobody out."""
    member = paired(6, 40)
    values = np.random.RandomState(1).normal(size=member.shape)
    worlds, rows = Worlds(values, member, "shrunk"), np.arange(40)
    twin = np.random.RandomState(2).choice([-1, 1, 3, 5], 40)
    mixed = worlds.turn(0, twin, values, member, rows)
    for stand_in in (-1, 1, 3, 5):
        at = rows[twin == stand_in]
        assert len(at)
        alone = worlds.turn(0, stand_in, values, member, at)
        for side, expected in zip(mixed, alone, strict=True):
            for name in ("count", "mean", "squares"):
                assert_array_equal(getattr(side, name)[at], getattr(expected, name))
    kept = np.delete(np.arange(6), [0, 3])
    at = np.flatnonzero(twin == 3)
    for i in at:
        said = values[kept, i][member[kept, i]]
        assert mixed[0].mean[i] == pytest.approx(said.mean() if len(said) else 0)
