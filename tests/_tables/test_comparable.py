"""The rows that figures may be about: a rule that favours neither side."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import roc_auc_score

from skmia._tables import comparable_rows


def contents(*values):
    return np.array(values, dtype=np.uint64)


def test_a_content_that_occurs_once_is_kept_on_either_side():
    hashes = contents(1, 2, 2, 3, 4, 5, 5, 3, 6)
    member = np.arange(9) < 5
    rows = comparable_rows(hashes, member)
    assert_array_equal(rows.keep, [1, 0, 0, 0, 1, 0, 0, 0, 1])
    assert (rows.n_shared, rows.n_repeated) == ((1, 1), (2, 2))
    assert not rows.once_per_side
    none = comparable_rows(hashes[:0], member[:0])
    assert none.keep.shape == (0,)


def test_what_chance_puts_on_both_sides_by_brute_force():
    hashes = contents(1, 1, 2, 2, 2, 3, 4, 5)
    both = []
    for members in itertools.combinations(range(8), 3):
        member = np.isin(np.arange(8), members)
        found = comparable_rows(hashes, member).overlap
        both.append(found.n_both)
    assert found.n_contents == 2
    assert found.n_expected == pytest.approx(np.mean(both))


@pytest.mark.parametrize("n_members", [300, 1000, 1700])
def test_no_sides_that_chance_made_are_taken_for_others(n_members):
    # Four standard errors: once in 30,000 draws either way.
    rng = np.random.default_rng(0)
    hashes = rng.geometric(0.004, 2000).astype(np.uint64)
    member = np.arange(2000) < n_members
    for _ in range(300):
        overlap = comparable_rows(hashes, rng.permutation(member)).overlap
        assert not overlap.has_more
        assert not overlap.has_fewer


def test_rows_of_one_side_put_among_the_other_are_more_than_chance():
    hashes = np.r_[np.arange(1000), np.arange(30)].astype(np.uint64)
    rows = comparable_rows(hashes, np.arange(1030) < 500)
    assert rows.overlap.has_more
    assert rows.n_shared == (30, 30)
    assert not rows.keep[:30].any()


def test_copies_made_within_a_side_count_once():
    """A bootstrap sample of the members, whose copies are those that leak most."""
    rng = np.random.default_rng(0)
    members = rng.integers(0, 500, 500)
    hashes = np.r_[members, np.arange(490, 990)].astype(np.uint64)
    member = np.arange(1000) < 500
    rows = comparable_rows(hashes, member)
    assert rows.once_per_side
    kept = hashes[rows.keep & member]
    assert_array_equal(np.sort(kept), np.unique(members[members < 490]))
    # A rule that leaves out what occurs twice would hide four in ten of them.
    once = np.unique(hashes, return_counts=True)
    assert (once[1][np.isin(once[0], kept)] == 1).mean() < 0.65
    assert sum(rows.n_shared) == np.isin(members, np.arange(490, 500)).sum() + len(
        np.intersect1d(members, np.arange(490, 500))
    )
    assert rows.n_repeated == ((members < 490).sum() - len(kept), 0)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(500, 500), (2000, 200), (200, 2000)])
@pytest.mark.parametrize("copies", ["none", "some", "within"])
def test_a_score_that_ignores_membership_reads_a_half(sizes, copies):
    """Each branch of the rule, where the score tells rare contents from frequent ones.

    The mean of 40 draws is within four of its standard errors.
    """
    n_members, n_others = sizes
    readings = {"naive": [], "right": []}
    branches = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        base = rng.zipf(1.3, n_members + n_others) % 100_000
        members, others = base[:n_members], base[n_members:]
        if copies == "some":  # one in ten twice
            members = np.r_[members, rng.choice(members, n_members // 10)]
        elif copies == "within":
            fresh = rng.permutation(10**6)[: n_members + n_others]
            members = rng.choice(fresh[:n_members], n_members)
            others = fresh[n_members:]
        hashes = np.r_[members, others].astype(np.uint64)
        member = np.repeat([True, False], [len(members), len(others)])
        score = -hashes.astype(float)
        rows = comparable_rows(hashes, member)
        branches.add(rows.once_per_side)
        keep = ~np.isin(hashes, np.intersect1d(members, others))
        for name, kept in (("naive", keep), ("right", rows.keep)):
            readings[name].append(roc_auc_score(member[kept], score[kept]))
    # A few copies within a small side may be chance, and are left out then.
    assert branches == {False} if copies != "within" else True in branches
    mean = {k: np.mean(v) for k, v in readings.items()}
    error = np.std(readings["right"], ddof=1) / np.sqrt(40)
    if sizes[0] != sizes[1] and copies != "within":
        assert abs(mean["naive"] - 0.5) > 0.05
    assert abs(mean["right"] - 0.5) < 4 * error
