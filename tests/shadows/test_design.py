"""Designs are balanced both ways: over shadows for a record, over classes for a shadow.

Every property is counted on many pools that a seeded generator makes.
"""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.shadows import auto_train_size
from skmia.shadows._design import draw_design, find_complements


def pools(seed, n_pools):
    """Class mixes from balanced to one-record classes, with shadows and a fraction."""
    rng = np.random.default_rng(seed)
    for _ in range(n_pools):
        n = int(rng.integers(2, 120))
        n_classes = int(rng.integers(1, min(n, 12) + 1))
        weights = rng.dirichlet(np.full(n_classes, rng.choice([0.3, 1.0, 20.0])))
        classes = rng.choice(n_classes, size=n, p=weights)
        yield np.unique(classes, return_inverse=True)[1], int(rng.integers(2, 40)), rng


def draw(classes, n_shadows, train_size, seed=0):
    return draw_design(classes, n_shadows, train_size, np.random.RandomState(seed))


def per_class(member, classes):
    """Number of records of each class in each shadow."""
    return np.stack([member[:, classes == c].sum(axis=1) for c in np.unique(classes)])


def test_at_a_half_shadows_come_in_complementary_stratified_pairs():
    for seed, (classes, n_shadows, _) in enumerate(pools(0, 300)):
        member = draw(classes, n_shadows, 0.5, seed)
        assert member.shape == (n_shadows, len(classes))
        assert member.dtype == bool
        paired = n_shadows - n_shadows % 2
        assert_array_equal(member[:paired:2], ~member[1:paired:2])
        # The last of an odd number is in no pair, and is still half of each class.
        assert set(member.sum(axis=0)) <= {paired // 2, (n_shadows + 1) // 2}
        sizes = np.bincount(classes)[:, None]
        assert (np.abs(2 * per_class(member, classes) - sizes) <= 1).all()
        assert (np.abs(2 * member.sum(axis=1) - len(classes)) <= 1).all()


def test_at_other_fractions_records_and_classes_are_balanced():
    for seed, (classes, n_shadows, rng) in enumerate(pools(1, 300)):
        fraction, n = float(rng.uniform(0.02, 0.98)), len(classes)
        if abs(fraction * n - n / 2) < 1:
            continue
        member = draw(classes, n_shadows, fraction, seed)
        total = fraction * n_shadows
        assert set(member.sum(axis=0)) <= {int(total), int(total) + 1}
        # One for rounding in this shadow, and a K-th for rounding over K of them.
        slack = 1 + 1 / n_shadows
        expected = fraction * np.bincount(classes)[:, None]
        assert (np.abs(per_class(member, classes) - expected) < slack).all()
        assert (np.abs(member.sum(axis=1) - fraction * n) < slack).all()


@pytest.mark.parametrize(
    ("fraction", "n_shadows", "count"),
    # 0.29 * 100 is 28.999999999999996, and 0.07 * 100 is 7.000000000000001.
    [(0.29, 100, 29), (0.07, 100, 7), (0.75, 16, 12), (0.2, 10, 2), (0.9, 10, 9)],
)
def test_a_whole_number_of_shadows_is_met_exactly(fraction, n_shadows, count):
    member = draw(np.arange(50) % 3, n_shadows, fraction)
    assert_array_equal(member.sum(axis=0), np.full(50, count))


def test_a_share_within_a_record_of_a_half_keeps_the_pairs():
    # An odd pool, whose target was fitted on 51 of 101 records.
    member = draw(np.arange(101) % 2, 8, 51 / 101)
    assert_array_equal(find_complements(member), [1, 0, 3, 2, 5, 4, 7, 6])
    member = draw(np.arange(101) % 2, 8, 52 / 101)
    assert (find_complements(member) == -1).all()


def test_every_record_is_as_likely_as_another():
    # Of 4,000 draws at each fraction: 5 standard errors of a binomial are below 0.04.
    classes = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2])
    for fraction in (0.5, 0.3):
        state = np.random.RandomState(3)
        drawn = [draw_design(classes, 2, fraction, state)[0] for _ in range(4000)]
        assert np.abs(np.mean(drawn, axis=0) - fraction).max() < 0.04


def test_pairs_of_records_are_drawn_together_as_often_as_apart():
    """Also where each class has one record: no fixed pairs, no fixed opposites.

    Of n records of which h are drawn, two are both in with probability
    h (h - 1) / (n (n - 1)), here 12 / 56; five standard errors are 0.046.
    """
    for classes in (np.zeros(8, dtype=int), np.arange(8)):
        state = np.random.RandomState(4)
        drawn = np.stack([draw_design(classes, 2, 0.5, state)[0] for _ in range(2000)])
        both = drawn.T.astype(float) @ drawn / len(drawn)
        assert np.abs(both[~np.eye(8, dtype=bool)] - 12 / 56).max() < 0.046


def test_a_single_record_of_a_class_is_in_as_many_shadows_as_any_other():
    classes = np.r_[np.zeros(20, int), np.ones(19, int), 2]
    assert draw(classes, 16, 0.5)[:, -1].sum() == 8
    assert draw(classes, 16, 0.25)[:, -1].sum() == 4


def test_one_shadow_is_a_stratified_half():
    member = draw(np.repeat([0, 1], [10, 6]), 1, 0.5)
    assert member.shape == (1, 16)
    assert_array_equal(per_class(member, np.repeat([0, 1], [10, 6])), [[5], [3]])


def test_draws_follow_the_seed():
    classes = np.arange(60) % 4
    for fraction in (0.5, 0.4):
        first, again = draw(classes, 6, fraction, 7), draw(classes, 6, fraction, 7)
        assert_array_equal(first, again)
        assert (first != draw(classes, 6, fraction, 8)).any()


def brute_force_are_complements(member, complement):
    for k, other in enumerate(complement):
        if other < 0:
            continue
        assert complement[other] == k
        assert_array_equal(member[k], ~member[other])


def test_complements_are_found_wherever_they_stand():
    rng = np.random.default_rng(5)
    for n_records in (1, 3, 8, 9, 64):
        half = rng.random((5, n_records)) < 0.5
        member = np.r_[half, ~half][rng.permutation(10)]
        complement = find_complements(member)
        assert (complement >= 0).all()
        brute_force_are_complements(member, complement)
    alone = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=bool)
    assert_array_equal(find_complements(alone), [2, -1, 0, -1])


def test_complements_of_a_paired_design_are_neighbours():
    # With three records designs repeat, and any opposite could be the complement.
    for n in (3, 40):
        assert_array_equal(
            find_complements(draw(np.arange(n) % 2, 9, 0.5)),
            [1, 0, 3, 2, 5, 4, 7, 6, -1],
        )


@pytest.mark.parametrize(
    ("n_members", "n", "n_shadows", "expected"),
    [
        (8, 10, 16, 0.8),
        (5, 10, 16, 0.5),
        (95, 100, 16, 0.875),  # two shadows in which the record is out
        (1, 100, 16, 0.125),  # and two in which it is in
        (8, 10, 4, 0.5),
        (8, 10, 3, 0.5),
        (0, 10, 16, 0.5),
        (10, 10, 16, 0.5),
        (0, 0, 16, 0.5),
    ],
)
def test_auto_train_size(n_members, n, n_shadows, expected):
    fraction = auto_train_size(np.arange(n) < n_members, n_shadows)
    assert fraction == expected
    assert type(fraction) is float


@pytest.mark.parametrize("n_shadows", [16, 17, 64])
@pytest.mark.parametrize("n_members", [3, 40, 97])
def test_auto_train_size_leaves_two_shadows_on_each_side(n_members, n_shadows):
    fraction = auto_train_size(np.arange(100) < n_members, n_shadows)
    count = draw(np.arange(100) % 2, n_shadows, fraction).sum(axis=0)
    assert count.min() >= 2
    assert count.max() <= n_shadows - 2
