"""Lower bounds on epsilon and mu, on mechanisms for which they are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binomtest, norm

from skmia.metrics import (
    clopper_pearson,
    epsilon_at_threshold,
    epsilon_lower_bound,
    mu_lower_bound,
    roc_vertices,
)

N = 1000
MEMBERSHIP = np.repeat([True, False], N)


def gaussian_epsilon(shift, delta):
    """Epsilon of the Gaussian mechanism at `delta` (Balle and Wang, 2018, th. 8)."""

    def excess(epsilon):
        flagged = norm.cdf(shift / 2 - epsilon / shift)
        return (
            flagged - np.exp(epsilon) * norm.cdf(-shift / 2 - epsilon / shift) - delta
        )

    return brentq(excess, 0, 50)


def randomised_response(rng, epsilon):
    """The membership bit, kept with probability e^eps / (1 + e^eps)."""
    return np.where(rng.uniform(size=2 * N) < expit(epsilon), MEMBERSHIP, ~MEMBERSHIP)


# Rounding what a mechanism gives out cannot raise its epsilon.
def laplace(rng, epsilon):
    return np.round(rng.laplace(size=2 * N) + epsilon * MEMBERSHIP, 1)


def gaussian(rng, shift):
    return np.round(rng.normal(size=2 * N) + shift * MEMBERSHIP, 1)


# name: (scores, their parameter, delta, the epsilon that holds, the share to reach)
MECHANISMS = {
    "randomised response, 1": (randomised_response, 1.0, 0.0, 1.0, 0.8),
    "randomised response, 3": (randomised_response, 3.0, 0.0, 3.0, 0.85),
    "laplace, 1": (laplace, 1.0, 0.0, 1.0, 0.5),
    "gaussian, 1": (gaussian, 1.0, 0.01, gaussian_epsilon(1.0, 0.01), 0.45),
    "nothing": (gaussian, 0.0, 0.0, 0.0, 0.0),
}


@pytest.mark.parametrize("name", MECHANISMS)
def test_bound_holds_and_is_of_use(name):
    """Level 0.9, 60 draws, seed 0: above the truth in 10 % plus 11.7 % at most."""
    draw, parameter, delta, truth, share = MECHANISMS[name]
    rng = np.random.RandomState(0)
    bounds = [
        epsilon_lower_bound(
            MEMBERSHIP,
            draw(rng, parameter),
            delta=delta,
            confidence_level=0.9,
            random_state=seed,
        )
        for seed in range(60)
    ]
    assert np.mean(np.array(bounds) > truth) <= 0.1 + 0.117
    assert np.mean(bounds) >= share * truth
    assert min(bounds) >= 0


@pytest.mark.parametrize(
    ("draw", "parameter", "truth", "share"),
    [
        (gaussian, 1.0, 1.0, 0.7),
        (gaussian, 2.0, 2.0, 0.8),
        # A bit kept with this chance is two normals told apart as often: the bound is
        # tight at the one threshold that there is.
        (randomised_response, 1.0, 2 * norm.ppf(expit(1.0)), 0.8),
        (gaussian, 0.0, 0.0, 0.0),
    ],
)
def test_bound_on_mu_holds_and_is_of_use(draw, parameter, truth, share):
    """Level 0.9, 60 draws, seed 0: above the truth in 10 % plus 11.7 % at most."""
    rng = np.random.RandomState(0)
    bounds = [
        mu_lower_bound(
            MEMBERSHIP, draw(rng, parameter), confidence_level=0.9, random_state=seed
        )
        for seed in range(60)
    ]
    assert np.mean(np.array(bounds) > truth) <= 0.1 + 0.117
    assert np.mean(bounds) >= share * truth
    assert min(bounds) >= 0


def test_bound_on_mu_by_hand():
    """A perfect attack: both rates are at most what no error in 800 allows."""
    scores = np.random.RandomState(0).uniform(size=2 * N) + 10 * MEMBERSHIP
    rate = 0.0125 ** (1 / 800)
    found = mu_lower_bound(MEMBERSHIP, scores, random_state=0)
    assert_allclose(found, 2 * norm.ppf(rate))
    assert mu_lower_bound(MEMBERSHIP, np.ones(2 * N), random_state=0) == 0.0
    # Less than chance proves nothing.
    assert mu_lower_bound(MEMBERSHIP, -scores, random_state=0) == 0.0


@pytest.mark.parametrize("bound", [epsilon_lower_bound, mu_lower_bound])
def test_several_splits_leave_less_to_the_draw(bound):
    """Of one split in two halves, as it was, the draw decided much of the bound."""
    rng = np.random.RandomState(0)
    scores = rng.normal(size=2 * N) + MEMBERSHIP

    def bounds(**settings):
        return [
            bound(MEMBERSHIP, scores, random_state=seed, **settings)
            for seed in range(20)
        ]

    several, single = bounds(), bounds(n_splits=1)
    assert np.std(several) < 0.6 * np.std(single)
    # And half the error for each split costs little.
    assert np.mean(several) > 0.85 * np.mean(single)


def test_best_threshold_in_sample_is_no_bound():
    """Trap 16: no leak, level 0.6, 100 draws, seed 0: 40 % plus 14.7 % may be above 0.

    The best threshold of the very same records is above 0 in four draws of five.
    """
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], 500)
    in_sample, held_out = [], []
    for seed in range(100):
        scores = rng.normal(size=1000)
        fpr, tpr, _ = roc_vertices(membership, scores)
        fpr, tpr = (
            clopper_pearson(np.rint(500 * rate).astype(int), 500, 0.6)
            for rate in (fpr, tpr)
        )
        in_sample.append(max(tpr.low / fpr.high) > 1)
        bound = epsilon_lower_bound(
            membership, scores, confidence_level=0.6, random_state=seed
        )
        held_out.append(bound > 0)
    assert np.mean(in_sample) > 0.4 + 0.147
    assert np.mean(held_out) <= 0.4 + 0.147


def test_clopper_pearson_bound_of_tf_privacy():
    """C15: alpha .01, half of it on either rate."""
    found = epsilon_at_threshold(500, 0, 500, 500, confidence_level=0.99)
    assert round(found, 2) == 4.54
    rate = 0.005 ** (1 / 500)
    assert_allclose(found, np.log(rate / (1 - rate)))
    # All of alpha on both would claim more than 99 %.
    rate = 0.01 ** (1 / 500)
    assert round(np.log(rate / (1 - rate)), 2) == 4.68


@pytest.mark.parametrize("delta", [0.0, 0.05])
@pytest.mark.parametrize(
    ("tp", "fp", "m", "n"),
    [(473, 755, 984, 1705), (60, 5, 100, 90), (400, 250, 400, 400)],
)
def test_bound_of_one_rule_is_the_larger_ratio(tp, fp, m, n, delta):
    level = 0.95
    tpr = binomtest(tp, m).proportion_ci(level, method="exact")
    fpr = binomtest(fp, n).proportion_ci(level, method="exact")
    tnr = binomtest(n - fp, n).proportion_ci(level, method="exact")
    fnr = binomtest(m - tp, m).proportion_ci(level, method="exact")
    ratios = [(tpr.low - delta) / fpr.high, (tnr.low - delta) / fnr.high]
    expected = max(0.0, *np.log(ratios))
    found = epsilon_at_threshold(tp, fp, m, n, delta=delta, confidence_level=level)
    assert_allclose(found, expected, atol=1e-8)


def test_sure_nonmembers_count_as_much_as_sure_members():
    """A rule that flags all members and most of the others: only FNR tells."""
    assert_allclose(
        epsilon_at_threshold(500, 350, 500, 500),
        epsilon_at_threshold(150, 0, 500, 500),
    )


@pytest.mark.parametrize(
    ("tp", "fp", "delta"), [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 0.0), (10, 0, 0.999)]
)
def test_nothing_proven_is_zero(tp, fp, delta):
    assert epsilon_at_threshold(tp, fp, 10, 10, delta=delta) == 0.0


@pytest.mark.parametrize("cap", [(50, 2.57), (100, 3.28), (500, 4.91), (1000, 5.60)])
def test_perfect_attack_proves_what_its_proving_part_allows(cap):
    """Figures of the research notes, for as many records in the part that proves."""
    part, expected = cap
    n = 5 * part // 4
    membership = np.repeat([1, 0], n)
    # A gap between the sides, so that the chosen threshold separates both halves.
    rng = np.random.RandomState(0)
    scores = rng.uniform(size=2 * n) + 10 * membership
    found = epsilon_lower_bound(membership, scores, n_splits=1, random_state=0)
    assert_allclose(found, expected, atol=0.006)
    assert_allclose(found, epsilon_at_threshold(part, 0, part, part))
    # Of several splits each has half of the error.
    found = epsilon_lower_bound(membership, scores, random_state=0)
    expected = epsilon_at_threshold(part, 0, part, part, confidence_level=0.975)
    assert_allclose(found, expected)


def test_constant_scores_prove_nothing():
    assert epsilon_lower_bound(MEMBERSHIP, np.ones(2 * N), random_state=0) == 0.0


def test_neighbouring_doubles_are_told_apart():
    """There is no double halfway, so the threshold is the upper of the two."""
    upper = np.where(MEMBERSHIP, np.nextafter(1.0, 2.0), 1.0)
    found = epsilon_lower_bound(MEMBERSHIP, upper, random_state=0)
    assert found == epsilon_lower_bound(MEMBERSHIP, MEMBERSHIP, random_state=0)
    n = 4 * N // 5
    assert found == epsilon_at_threshold(n, 0, n, n, confidence_level=0.975)


def test_seed_decides_the_splits():
    scores = np.random.RandomState(4).normal(size=2 * N) + MEMBERSHIP

    def bound(random_state):
        return epsilon_lower_bound(MEMBERSHIP, scores, random_state=random_state)

    assert bound(0) == bound(0) == bound(np.random.RandomState(0))
    assert len({bound(seed) for seed in range(5)}) > 1
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert bound(None) >= 0
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


BOUNDS = pytest.mark.parametrize("bound", [epsilon_lower_bound, mu_lower_bound])


def persons(seed, n_rows, shift=0.0, n_persons=100):
    """Half of the persons are members; most of a score is its person's."""
    rng = np.random.RandomState(seed)
    groups = np.repeat(np.arange(n_persons), n_rows)
    membership = groups < n_persons // 2
    own = rng.normal(size=n_persons)[groups] + shift * membership
    return membership, own + 0.3 * rng.normal(size=len(groups)), groups


def test_trap_35_rows_of_a_person_prove_nothing_more():
    """No leak, level 0.8, 50 draws: 20 % plus three errors, 17 %, may be above 0.

    The rows taken for draws are above 0 in more.
    """
    naive, found = [], []
    for seed in range(50):
        membership, scores, groups = persons(seed, 20)
        for bound in (epsilon_lower_bound, mu_lower_bound):
            settings = {"confidence_level": 0.8, "random_state": seed, "n_splits": 3}
            naive.append(bound(membership, scores, **settings) > 0)
            found.append(bound(membership, scores, groups=groups, **settings) > 0)
    for bound in (0, 1):
        assert np.mean(naive[bound::2]) > 0.2 + 0.17
        assert np.mean(found[bound::2]) <= 0.2 + 0.17


def test_persons_with_more_rows_are_not_told_by_their_number():
    """As above. Means of all rows, in place of one row, tell the sides apart."""
    naive, found = [], []
    sizes = np.repeat([1, 30], 50)
    for seed in range(50):
        rng = np.random.RandomState(seed)
        groups = np.repeat(np.arange(100), sizes)
        scores = rng.normal(size=len(groups))
        means = np.bincount(groups, scores) / sizes
        settings = {"confidence_level": 0.8, "random_state": seed, "n_splits": 3}
        member = np.arange(100) < 50
        naive.append(epsilon_lower_bound(member, means, **settings) > 0)
        bound = epsilon_lower_bound(member[groups], scores, groups=groups, **settings)
        found.append(bound > 0)
    assert np.mean(naive) > 0.2 + 0.17
    assert np.mean(found) <= 0.2 + 0.17


def test_bound_of_persons_holds_and_is_of_use():
    """Level 0.9, 60 draws, seed 0: above the truth in 10 % plus 11.7 % at most."""
    rng, bounds = np.random.RandomState(0), []
    groups = np.repeat(np.arange(2 * N), rng.randint(1, 6, size=2 * N))
    for seed in range(60):
        answers = randomised_response(rng, 1.0)
        bound = epsilon_lower_bound(
            MEMBERSHIP[groups],
            answers[groups],
            groups=groups,
            confidence_level=0.9,
            random_state=seed,
        )
        bounds.append(bound)
    assert np.mean(np.array(bounds) > 1.0) <= 0.1 + 0.117
    assert np.mean(bounds) >= 0.8


@BOUNDS
def test_persons_of_one_record_are_records(bound):
    membership, scores, groups = persons(0, 1, shift=3.0)
    expected = bound(membership, scores, random_state=0)
    assert expected > 0
    assert bound(membership, scores, random_state=0, groups=groups) == expected


@BOUNDS
def test_persons_and_rows_in_any_order(bound):
    membership, scores, groups = persons(0, np.tile([1, 4], 100), 3.0, 200)
    scores = np.round(scores, 1)
    expected = bound(membership, scores, random_state=0, groups=groups)
    assert expected > 0
    for seed in range(5):
        order = np.random.RandomState(seed).permutation(len(scores))
        names = [f"person {7 * k % 211}" for k in groups[order]]
        args = membership[order], scores[order]
        assert bound(*args, random_state=0, groups=names) == expected


@BOUNDS
def test_what_names_no_persons_is_refused(bound):
    membership, scores, groups = persons(0, 4)
    with pytest.raises(ValueError, match="'groups' parameter must be a 1D array-like"):
        bound(membership, scores, groups=groups[1:])
    with pytest.raises(ValueError, match="on one side only"):
        bound(membership, scores, groups=groups % 90)
    with pytest.raises(ValueError, match=r"'groups' .* as many persons.* Got 1 and 50"):
        bound(membership, scores, groups=np.where(membership, -1, groups))
