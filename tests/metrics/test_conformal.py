"""Lists of exposed members: what is promised of them, and what they cannot say."""

import itertools

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from skmia.metrics import (
    exposed_members,
    fewest_exposed,
    least_false_discovery_rates,
    membership_p_values,
    most_by_chance,
)


def test_p_values_are_counts_and_equal_scores_count_as_higher():
    member = np.array([1, 1, 0, 0, 0, 0])
    scores = [2.0, 5.0, 1.0, 2.0, 2.0, 3.0]
    np.testing.assert_allclose(
        membership_p_values(member, scores), [4 / 5, 1 / 5, 1, 3 / 4, 3 / 4, 1 / 4]
    )


def test_p_values_are_at_most_x_in_a_share_x_of_all_orders():
    # Exact: every order of two members and three non-members is as likely.
    for member in (0, 1):
        p = [
            membership_p_values([1, 1, 0, 0, 0], order)[member]
            for order in itertools.permutations(range(5))
        ]
        for x in (0.25, 0.5, 0.75, 1):
            assert np.mean(np.array(p) <= x) == x


def test_the_list_is_that_of_benjamini_and_hochberg():
    rng = np.random.default_rng(0)
    member = rng.random(400) < 0.6
    scores = np.round(rng.normal(size=400) + 2 * member, 1)
    p = membership_p_values(member, scores)[member]
    found = least_false_discovery_rates(member, scores)
    np.testing.assert_allclose(found[member], false_discovery_control(p))
    assert np.isnan(found[~member]).all()
    for fdr in (0.05, 0.3):
        listed = exposed_members(member, scores, fdr=fdr)
        np.testing.assert_array_equal(listed, found <= fdr)


def test_a_share_that_is_just_reached_is_a_list():
    # 10 of 1,000 members above 999 non-members: 1,000 / 1,000 / 10 is 0.1.
    member = np.arange(1999) < 1000
    scores = np.where(np.arange(1999) < 10, 1.0, 0.0)
    assert fewest_exposed(1000, 999, 0.1) == 10
    assert exposed_members(member, scores, fdr=0.1).sum() == 10
    assert not exposed_members(member, scores, fdr=0.0999).any()


@pytest.mark.parametrize("n_nonmembers", [8, 9, 100])
def test_no_list_is_shorter_than_the_shortest(n_nonmembers):
    n = 50
    fewest = fewest_exposed(n, n_nonmembers, 0.1)
    member = np.arange(n + n_nonmembers) < n
    for n_above in range(n + 1):
        scores = (np.arange(len(member)) < n_above).astype(float)
        listed = exposed_members(member, scores, fdr=0.1).sum()
        assert listed == (0 if fewest is None or n_above < fewest else n_above)


def draws(kind, n, n_runs, seed=0):
    """Random splits of one population, of which a tenth is remembered."""
    rng = np.random.default_rng(seed)
    for _ in range(n_runs):
        kept = np.arange(n) % 10 == 0
        member = rng.permutation(n) < n // 2
        # What is remembered has low scores outside: the model expects to know it.
        scores = rng.normal(size=n) - 2.0 * kept * (kind == "mixed")
        scores += rng.exponential(6, size=n) * (kept & member)
        if kind == "tied":
            scores = np.round(scores)
        if kind == "null":
            scores = rng.normal(size=n)
            kept = np.zeros(n, dtype=bool)
        yield member, scores, kept


@pytest.mark.parametrize("kind", ["null", "plain", "tied", "mixed"])
def test_listed_by_chance_is_at_most_the_rate_on_average(kind):
    shares = []
    for member, scores, kept in draws(kind, 600, 300):
        listed = exposed_members(member, scores, fdr=0.2)
        assert not listed[~member].any()
        shares.append((listed & ~kept).sum() / max(listed.sum(), 1))
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) <= 0.2 + 2 * error


def test_the_bound_holds_for_all_thresholds_together():
    rng = np.random.default_rng(0)
    n_members, n_nonmembers = 150, 120
    bounds = [most_by_chance(n_members, n_nonmembers, k) for k in range(13)]
    misses = 0
    for _ in range(2000):
        at = np.sort(rng.permutation(n_members + n_nonmembers)[:n_nonmembers])[:13]
        misses += (at - np.arange(13) > bounds).any()
    # 5 % are promised; the error of 2,000 draws is half a point.
    assert 0.03 < misses / 2000 < 0.065


def test_the_bound_grows_and_is_no_more_than_all():
    bounds = [most_by_chance(40, 300, k) for k in range(31)]
    assert bounds == sorted(bounds)
    assert most_by_chance(5, 9, 0) <= 5
    assert most_by_chance(1000, 9, 0) > most_by_chance(10, 9, 0)
    assert most_by_chance(99, 99, 3, confidence_level=0.99) > most_by_chance(99, 99, 3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: exposed_members([1, 0], [1, 0], fdr=0), "'fdr' parameter"),
        (lambda: exposed_members([1, 1], [1, 0]), "membership"),
        (lambda: exposed_members([1, 0], [1, np.nan]), "NaN"),
        (lambda: fewest_exposed(0, 10, 0.1), "'n_members' parameter"),
        (lambda: most_by_chance(10, 100, 50), "'n_above' parameter must be at most 10"),
    ],
)
def test_what_makes_no_sense_is_an_error(call, match):
    with pytest.raises(ValueError, match=match):
        call()
