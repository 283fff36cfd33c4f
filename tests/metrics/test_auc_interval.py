"""DeLong and bootstrap intervals of the AUC, and where neither has a spread."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from skmia.metrics import _auc_interval, clopper_pearson, roc_auc, roc_auc_interval
from skmia.metrics._auc_interval import delong_variance
from skmia.metrics._sides import sides_of

METHODS = ("delong", "bootstrap")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_levels", [3, 10, 10**6])
def test_delong_variance_equals_all_pairs(seed, n_levels):
    rng = np.random.RandomState(seed)
    members, nonmembers = rng.randint(n_levels, size=37), rng.randint(n_levels, size=23)
    won = (members[:, None] > nonmembers) + 0.5 * (members[:, None] == nonmembers)
    expected = np.var(won.mean(axis=1), ddof=1) / 37
    expected += np.var(won.mean(axis=0), ddof=1) / 23
    membership = np.repeat([1, 0], [37, 23])
    sides = sides_of(membership, np.concatenate([members, nonmembers]))
    assert_allclose(sum(delong_variance(*sides)), expected, rtol=1e-10)


@pytest.mark.parametrize("auc", [0.5, 0.75, 0.9])
def test_delong_covers(auc):
    """Normal scores, seed 0, 1500 draws: 0.95 within three errors, 0.0169."""
    rng = np.random.RandomState(0)
    membership = np.repeat([1, 0], [80, 120])
    shift = np.sqrt(2) * norm.ppf(auc)
    hits = 0
    for _ in range(1500):
        low, high = roc_auc_interval(
            membership, rng.normal(size=200) + shift * membership
        )
        hits += low <= auc <= high
    assert abs(hits / 1500 - 0.95) <= 0.0169


def test_lower_end_holds_near_perfect_separation():
    """AUC .99, 20 against 200, seed 3, 600 draws: at most 2.5 % plus 1.9 % miss below.

    The plain interval on the logit scale is too high in some 7 % of them.
    """
    rng = np.random.RandomState(3)
    membership = np.repeat([1, 0], [20, 200])
    shift = np.sqrt(2) * norm.ppf(0.99)
    too_high = plain_too_high = 0
    for _ in range(600):
        scores = rng.normal(size=220) + shift * membership
        too_high += roc_auc_interval(membership, scores).low > 0.99
        auc = roc_auc(membership, scores)
        if auc < 1:
            error = np.sqrt(sum(delong_variance(*sides_of(membership, scores))))
            reach = norm.ppf(0.975) * error / (auc * (1 - auc))
            odds = auc / (1 - auc) * np.exp(-reach)
            plain_too_high += odds / (1 + odds) > 0.99
    assert plain_too_high / 600 > 0.025 + 0.019
    assert too_high / 600 <= 0.025 + 0.019


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("m", "n"), [(1, 1), (6, 6), (50, 200)])
def test_perfect_separation_keeps_a_width(method, m, n):
    membership = np.repeat([1, 0], [m, n])
    k = min(m, n)
    low, high = roc_auc_interval(membership, membership, method=method)
    assert_allclose((low, high), clopper_pearson(k, k), rtol=1e-14)
    assert_allclose(low, 0.025 ** (1 / k))
    mirrored = roc_auc_interval(membership, -membership, method=method)
    assert_allclose(mirrored, (1 - high, 1 - low), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_constant_scores_keep_a_width(method):
    """All 40 pairs tied: a tie has probability at least .05 ** (1 / 40)."""
    found = roc_auc_interval(np.repeat([1, 0], [40, 90]), np.ones(130), method=method)
    reach = (1 - 0.05 ** (1 / 40)) / 2
    assert_allclose(found, (0.5 - reach, 0.5 + reach))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("membership", [[1, 0, 0, 0], [0, 1, 1, 1]])
def test_one_record_on_a_side_says_nothing(method, membership):
    scores = [2, 1, 3, 0]
    assert 0 < roc_auc(membership, scores) < 1
    assert roc_auc_interval(membership, scores, method=method) == (0.0, 1.0)


@pytest.mark.parametrize("method", METHODS)
def test_one_slip_is_not_surer_than_none(method):
    membership = np.repeat([1, 0], 20)
    perfect = np.arange(40)[::-1]
    slip = perfect.copy()
    slip[[19, 20]] = slip[[20, 19]]
    best = roc_auc_interval(membership, perfect, method=method, random_state=0)
    found = roc_auc_interval(membership, slip, method=method, random_state=0)
    assert found.low <= best.low
    assert found.low < roc_auc(membership, slip) <= found.high


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("level", [0.05, 0.2, 0.5, 0.8])
def test_bootstrap_is_the_percentiles_of_resamples(level, sign):
    """Two against two: the 16 resamples can be written down.

    No percentile asked for is within 0.0142 of a step of their distribution, which is
    four binomial errors of 20 000 draws.
    """
    members, nonmembers = sign * np.array([1, 3]), sign * np.array([0, 2])
    resamples = list(product(range(2), repeat=2))
    exact = [
        np.greater.outer(members[list(i)], nonmembers[list(j)]).mean()
        for i in resamples
        for j in resamples
    ]
    tails = np.array([1 - level, 1 + level]) / 2
    low, high = np.quantile(exact, tails, method="inverted_cdf")
    found = roc_auc_interval(
        [1, 1, 0, 0],
        np.concatenate([members, nonmembers]),
        confidence_level=level,
        method="bootstrap",
        n_resamples=20_000,
        random_state=0,
    )
    # At least as wide as that of a perfect separation.
    perfect = clopper_pearson(2, 2, level).low
    assert_allclose(found, (min(low, perfect), max(high, 1 - perfect)))


def test_bootstrap_in_blocks_is_as_sharp(monkeypatch):
    rng = np.random.RandomState(5)
    membership = np.repeat([1, 0], [90, 70])
    scores = rng.randint(6, size=160) + membership
    settings = {"method": "bootstrap", "n_resamples": 5000, "random_state": 1}
    whole = roc_auc_interval(membership, scores, **settings)
    monkeypatch.setattr(_auc_interval, "_BLOCK_SCORES", 160 * 1700)
    blocks = roc_auc_interval(membership, scores, **settings)
    # 5000 draws place a percentile to about a fifteenth of the half-width, 0.08.
    assert_allclose(blocks, whole, atol=0.006)


def test_bootstrap_agrees_with_delong_on_many_records():
    rng = np.random.RandomState(6)
    membership = np.repeat([1, 0], [800, 1200])
    scores = np.round(rng.normal(size=2000) + membership, 1)
    delong = roc_auc_interval(membership, scores)
    boot = roc_auc_interval(membership, scores, method="bootstrap", random_state=0)
    # Half-widths of some 0.02; 2000 resamples place an end to about a tenth of it.
    assert_allclose(boot, delong, atol=0.003)


def test_bootstrap_seed():
    membership, scores = [1, 1, 1, 0, 0, 0], [5, 3, 1, 4, 2, 0]

    def low(random_state):
        return roc_auc_interval(
            membership, scores, method="bootstrap", random_state=random_state
        )

    assert low(3) == low(3) == low(np.random.RandomState(3))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    low(None)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("tpr", "fpr", "m", "n", "naive_misses"),
    [(0.995, 0.99, 200, 200, 0.08), (0.999, 0.985, 500, 500, 0.04)],
)
def test_trap_34_auc_interval_of_two_scores(tpr, fpr, m, n, naive_misses):
    """Right answers of an overfitted model, seed 0, 500 draws.

    Either end is missed in at most 2.5 %, and three binomial errors, 2.1 points.
    """
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [m, n])
    truth = 0.5 + (tpr - fpr) / 2
    missed, naive = np.zeros(2), 0
    for _ in range(500):
        right = rng.uniform(size=m + n) < np.repeat([tpr, fpr], [m, n])
        low, high = roc_auc_interval(membership, right)
        missed += low > truth, high < truth
        # DeLong's variance, and a normal interval of the logit.
        rates = right[:m].mean(), right[m:].mean()
        spread = sum(p * (1 - p) / (k - 1) for p, k in zip(rates, (m, n), strict=True))
        auc = (1 + rates[0] - rates[1]) / 2
        reach = 1.96 * np.sqrt(spread) / 2 / (auc * (1 - auc))
        naive += auc / (1 - auc) * np.exp(reach) < truth / (1 - truth)
    assert (missed / 500 <= 0.025 + 0.021).all()
    assert naive / 500 > naive_misses
