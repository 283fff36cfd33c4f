"""Which shadows are used as targets, and who judges them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.attacks._scores._comparison import Comparison
from skmia.attacks._scores._pseudo_targets import (
    folds,
    other_shadows,
    pseudo_targets,
)
from skmia.attacks._scores._two_sides import TwoSides
from skmia.shadows import ShadowSignals


def complements_of(member):
    return ShadowSignals({"logit": np.zeros(member.shape)}, member).complements


def pseudo_of(member, *limits):
    return pseudo_targets(complements_of(member), member.shape[1], *limits)


def paired(n_shadows, n_records, seed=0):
    """Complements at 2j and 2j + 1; with an odd number the last has none."""
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
            complements = complements_of(member)
            pseudo = pseudo_of(member, enough, fewest)
            wanted = max(fewest, -(-enough // n_records))
            assert len(set(pseudo)) == len(pseudo)
            assert min(wanted, n_shadows) <= len(pseudo) <= min(wanted + 1, n_shadows)
            assert set(pseudo) <= set(range(n_shadows))
            half = dict(zip(pseudo, folds(pseudo, 2), strict=True))
            assert set(half.values()) == {0, 1}
            assert all(
                half[complements[k]] == half[k] for k in pseudo if complements[k] >= 0
            )
            if wanted >= n_shadows:
                assert set(pseudo) == set(range(n_shadows))
            elif n_shadows % 2 == 0:
                # A record is a member as often as not.
                assert (member[pseudo].sum(axis=0) * 2 == len(pseudo)).all()


def test_they_are_spread_over_the_set():
    assert_array_equal(pseudo_of(paired(32, 100), 1, 4), [0, 1, 30, 31])
    assert_array_equal(pseudo_of(paired(32, 100), 1, 6), [0, 1, 14, 15, 30, 31])
    assert_array_equal(pseudo_of(paired(5, 100)), [0, 1, 2, 3, 4])


def test_shadows_without_complements():
    member = np.random.RandomState(0).uniform(size=(9, 50)) < 0.5
    assert_array_equal(pseudo_of(member), np.arange(9))
    assert_array_equal(folds(pseudo_of(member), 2), [0, 0, 1, 1, 0, 0, 1, 1, 0])


@pytest.mark.parametrize(("n_shadows", "expected"), [(4, 2), (5, 3), (7, 4), (16, 4)])
def test_no_fold_is_empty(n_shadows, expected):
    fold = folds(pseudo_of(paired(n_shadows, 60)), 4)
    assert_array_equal(np.unique(fold), np.arange(expected))


def test_the_others_are_all_but_itself_and_its_complement():
    assert_array_equal(other_shadows(2, np.array([1, 0, 3, 2, -1])), [0, 1, 4])
    assert_array_equal(other_shadows(4, np.array([1, 0, 3, 2, -1])), [0, 1, 2, 3])


def test_a_shadow_without_another_shadow_for_each_record():
    """Row by row the same as with one complement for all, and -1 leaves nobody out."""
    member = paired(6, 40)
    values = np.random.RandomState(1).normal(size=member.shape)
    sides, rows = (
        TwoSides(Comparison({"logit": values}, member), "logit", "shrunk"),
        np.arange(40),
    )
    complement = np.random.RandomState(2).choice([-1, 1, 3, 5], 40)
    mixed = sides.of_shadow(0, complement, rows)
    for stand_in in (-1, 1, 3, 5):
        at = rows[complement == stand_in]
        assert len(at)
        alone = sides.of_shadow(0, stand_in, at)
        for side, expected in zip(mixed, alone, strict=True):
            for name in ("count", "mean", "squares"):
                assert_array_equal(getattr(side, name)[at], getattr(expected, name))
    kept = np.delete(np.arange(6), [0, 3])
    at = np.flatnonzero(complement == 3)
    for i in at:
        left = values[kept, i][member[kept, i]]
        assert mixed[0].mean[i] == pytest.approx(left.mean() if len(left) else 0)
