"""The interval of the TPR at an FPR: against brute force, and that it covers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta, norm

from skmia.metrics import clopper_pearson, tpr_at_fpr, tpr_at_fpr_interval


@pytest.mark.parametrize(("m", "n", "max_fpr"), [(80, 60, 0.1), (300, 400, 0.01)])
@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_without_ties_it_is_what_uniform_numbers_say(m, n, max_fpr, shift):
    """Brute force, 40,000 draws: the FPRs at the non-members are uniform numbers.

    The threshold lies between two of them, as far from either as the FPR does, and the
    members above it have Jeffreys' distribution. An end leaves out a tail of 2.5 %, or
    less where the curve that was seen is uneven, but not less than c = 0.4 %, with
    c (1 - ln c) = 2.5 %. It is drawn to about a hundredth of the width.
    """
    rng = np.random.RandomState(0)
    members, nonmembers = rng.normal(shift, size=m), np.sort(rng.normal(size=n))[::-1]
    found = (members[:, None] >= nonmembers).sum(axis=0)
    found = np.concatenate([[0], found, [m]])
    rates = np.sort(rng.uniform(size=(40_000, n)), axis=1)
    rates = np.pad(rates, ((0, 0), (1, 1)), constant_values=(0.0, 1.0))
    k = (rates <= max_fpr).sum(axis=1) - 1
    rows = np.arange(len(k))
    below, above = rates[rows, k], rates[rows, k + 1]
    part = (max_fpr - below) / (above - below)
    count = found[k] + part * (found[k + 1] - found[k])
    drawn = rng.beta(count + 0.5, m - count + 0.5)
    last_low, first_low, first_high, last_high = np.quantile(
        drawn, [0.00375, 0.025, 0.975, 0.99625]
    )
    membership = np.repeat([True, False], [m, n])
    low, high = tpr_at_fpr_interval(membership, np.r_[members, nonmembers], max_fpr)
    error = 0.03 * (first_high - first_low)
    assert last_low - error <= low <= first_low + error
    assert first_high - error <= high <= last_high + error
    assert high - low <= 1.25 * (first_high - first_low)


@pytest.mark.parametrize("n_levels", [2, 5])
@pytest.mark.parametrize("max_fpr", [0.02, 0.1, 0.3])
def test_of_ties_it_is_what_resampled_blocks_say(n_levels, max_fpr):
    """Brute force, 40,000 draws of the shares of all values on either side.

    The TPR is read on the segments of the curve that they make.
    """
    rng = np.random.RandomState(1)
    member = rng.binomial(n_levels - 1, 0.7, size=700)
    nonmember = rng.binomial(n_levels - 1, 0.5, size=500)
    curves = []
    for values in (nonmember, member):
        counts = np.bincount(values, minlength=n_levels)[::-1]
        shares = rng.dirichlet(counts, size=40_000).cumsum(axis=1)
        curves.append(np.pad(shares, ((0, 0), (1, 0))))
    drawn = [np.interp(max_fpr, f, t) for f, t in zip(*curves, strict=True)]
    expected = np.quantile(drawn, [0.025, 0.975])
    membership = np.repeat([True, False], [700, 500])
    got = tpr_at_fpr_interval(membership, np.r_[member, nonmember], max_fpr)
    assert_allclose(got, expected, atol=0.1 * np.ptp(expected))
    # Naive: so many members found, as if each were told by itself.
    value = tpr_at_fpr(membership, np.r_[member, nonmember], max_fpr)
    naive = clopper_pearson(round(700 * value), 700)
    if n_levels == 2 and max_fpr < 0.3:
        assert naive.high - naive.low > 1.4 * np.ptp(expected)


def test_tpr_interval_where_the_threshold_does_not_matter():
    """No member among the non-members: Jeffreys' interval of those above them."""
    membership = np.repeat([1, 0], 200)
    scores = np.concatenate([np.repeat([2, 0], [80, 120]), np.ones(200)])
    for level in (0.8, 0.95):
        found = tpr_at_fpr_interval(membership, scores, 0.1, confidence_level=level)
        tails = (1 - level) / 2, (1 + level) / 2
        assert_allclose(found, beta.ppf(tails, 80.5, 120.5), atol=1e-5)
    # All are flagged where all non-members may be.
    assert tpr_at_fpr_interval(membership, scores, 1.0).high == 1.0


@pytest.mark.parametrize("max_fpr", [0.01, 0.1, 0.5])
def test_tpr_interval_is_wider_than_for_a_given_threshold(max_fpr):
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [150, 250])
    for shift in (0.0, 1.0, 3.0):
        scores = rng.normal(size=400) + shift * membership
        value = tpr_at_fpr(membership, scores, max_fpr)
        low, high = tpr_at_fpr_interval(membership, scores, max_fpr)
        count = round(150 * value)
        given = beta.ppf([0.025, 0.975], count + 0.5, 150.5 - count)
        assert low <= value <= high
        assert high - low > 0.98 * np.ptp(given)


def test_tpr_interval_at_no_false_positive():
    """Of an unknown share of non-members above all that were seen: nothing is sure."""
    membership = np.repeat([True, False], [150, 250])
    scores = np.repeat([2, 0, 1], [40, 110, 250])
    low, high = tpr_at_fpr_interval(membership, scores, 0.0)
    assert low < 0.001
    assert_allclose(high, beta.ppf(0.975, 40.5, 110.5))


@pytest.mark.parametrize(
    ("n_members", "n_nonmembers", "max_fpr"),
    [
        (100, 100, 0.1),
        pytest.param(500, 500, 0.01, marks=pytest.mark.slow),
        pytest.param(1000, 2000, 0.001, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("n_levels", [3, 10, 50, None])
def test_trap_34_tpr_interval_covers_with_ties_and_without(
    n_members, n_nonmembers, max_fpr, shift, n_levels
):
    """Normal scores, in so many blocks, seed 0, 200 draws.

    Coverage at least 0.95 less three binomial errors, 0.046; the truth is on the ROC of
    the distributions, on the segment within a block.
    """
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [n_members, n_nonmembers])
    steps = norm.ppf(np.arange(1, n_levels) / n_levels) if n_levels else None
    truth = norm.sf(norm.isf(max_fpr) - shift)
    if n_levels:
        fpr, tpr = (np.r_[0, norm.sf(steps[::-1] - d), 1] for d in (0.0, shift))
        truth = np.interp(max_fpr, fpr, tpr)
    covered = known = above = 0
    for _ in range(200):
        scores = rng.normal(size=len(membership)) + shift * membership
        if n_levels:
            scores = np.digitize(scores, steps)
        low, high = tpr_at_fpr_interval(membership, scores, max_fpr)
        covered += low <= truth <= high
        above += truth <= high
        if n_levels is None:
            # The naive reading: the threshold taken as known.
            found = tpr_at_fpr(membership, scores, max_fpr)
            naive = clopper_pearson(round(found * n_members), n_members)
            known += naive.low <= truth <= naive.high
    assert covered / 200 >= 0.95 - 0.046
    # The end that limits are compared with.
    assert above / 200 >= 0.975 - 0.033
    if n_levels is None and shift:
        assert known / 200 < 0.87


@pytest.mark.slow
@pytest.mark.parametrize(
    "population", ["cluster", "cluster and others", "block", "cluster behind"]
)
def test_trap_34_tpr_interval_covers_beside_a_step(population):
    """Half of the members just above the threshold, at an FPR of .0099 for .01.

    Seed 0, 400 draws: each end is missed in at most 4.5 %, and two binomial errors,
    2.1 points. The mixture over the places of the threshold missed it in 11 to 13 %
    (8 of the block, 6 behind the threshold), since the chance of a place and that of a
    count above it multiply.
    """
    rng = np.random.RandomState(0)
    n, max_fpr, above = 1000, 0.01, 0.0099
    membership = np.repeat([True, False], n)
    truth = {"cluster": 0.5, "cluster and others": 0.505, "cluster behind": 0.005}.get(
        population, 0.5 + 0.5 * (max_fpr - above) / (1 - above)
    )
    missed = np.zeros(2)
    for _ in range(400):
        inside = rng.uniform(size=n) < 0.5
        place = norm.isf(0.0101 if population == "cluster behind" else above)
        cluster = place + 1e-4 * rng.normal(size=n)
        rest = np.full(n, -5.0) if population == "cluster" else rng.normal(size=n)
        scores = np.r_[np.where(inside, cluster, rest), rng.normal(size=n)]
        if population == "block":
            scores = np.r_[inside, rng.uniform(size=n) < above].astype(float)
        low, high = tpr_at_fpr_interval(membership, scores, max_fpr)
        missed += low > truth, high < truth
    assert (missed / 400 <= 0.045 + 0.021).all()
