"""The rows that StackedAttack learns from and judges: enough, and no more."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.attacks._scores import (
    enough_nonmembers,
    judging_sample,
    learning_sample,
)

PSEUDO = np.arange(8)


def independent_draws(n=4000, chance=0.6):
    return np.random.RandomState(0).uniform(size=(8, n)) < chance


@pytest.mark.parametrize("enough", [4_000, 10**6])
def test_each_record_is_learnt_from_as_often_in_as_out(enough):
    """Records that many shadows hold are mostly members where all rows are taken."""
    member = independent_draws()
    n_in = member.sum(axis=0)
    naive = [member[k, n_in >= 6].mean() for k in PSEUDO]
    assert np.mean(naive) > 0.75
    sample = learning_sample(member, PSEUDO, enough, np.random.RandomState(1))
    held = [member[k, r] for k, r in zip(PSEUDO, sample, strict=True)]
    counts = n_in[np.concatenate(sample)]
    truth = np.concatenate(held)
    for group in (counts <= 4, counts == 5, counts >= 6):
        n = group.sum()
        # Five standard errors of a fair coin.
        assert abs(truth[group].mean() - 0.5) < 2.5 / np.sqrt(n)
        assert n > 50


def test_about_as_many_rows_as_are_asked_for():
    member = independent_draws()
    sample = learning_sample(member, PSEUDO, 4_000, np.random.RandomState(1))
    assert abs(sum(map(len, sample)) - 4_000) < 5 * np.sqrt(4_000)


def test_all_rows_where_there_are_not_enough():
    member = np.random.RandomState(0).uniform(size=(4, 50)).argsort(axis=0) < 2
    sample = learning_sample(member, PSEUDO[:4], 1000, np.random.RandomState(1))
    judged = judging_sample(member, PSEUDO[:4], 1000, np.random.RandomState(1))
    for rows in (*sample, *judged):
        assert_array_equal(rows, np.arange(50))


def test_either_side_is_judged_by_enough():
    member = independent_draws(chance=0.9)
    judged = judging_sample(member, PSEUDO, 1_000, np.random.RandomState(1))
    for side in (member, ~member):
        found = sum(side[k, r].sum() for k, r in zip(PSEUDO, judged, strict=True))
        assert abs(found - 1_000) < 5 * np.sqrt(1_000)


def test_records_in_all_shadows_or_none_teach_nothing():
    member = independent_draws(n=100)
    member[:, 0], member[:, 1] = True, False
    sample = learning_sample(member, PSEUDO, 10**6, np.random.RandomState(1))
    assert not np.isin([0, 1], np.concatenate(sample)).any()


@pytest.mark.parametrize(
    ("max_fpr", "expected"), [(0.1, 50_000), (0.01, 50_000), (0.005, 100_000)]
)
def test_five_hundred_lie_above_the_threshold(max_fpr, expected):
    assert enough_nonmembers(max_fpr) == expected
    assert enough_nonmembers(max_fpr) * max_fpr >= 500


def test_thresholds_take_no_more_than_half_a_million():
    assert enough_nonmembers(1e-6) == 500_000
