"""Moments, spreads and predictive distributions, against NumPy and SciPy by record."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.special import polygamma

from skmia.attacks._scores import _gaussian
from skmia.attacks._scores._gaussian import (
    VARIANCES,
    Moments,
    Predictive,
    Spread,
    prior_strength,
)


def sample(seed, n_shadows=9, n_records=40, dtype=np.float64):
    """Values and masks with counts from 0 to n_shadows."""
    rng = np.random.RandomState(seed)
    values = (rng.normal(size=(n_shadows, n_records)) * 3 + 1).astype(dtype)
    mask = rng.uniform(size=values.shape) < rng.uniform(size=n_records)
    mask[:, 0], mask[:, 1] = False, True
    mask[:, 2] = np.arange(n_shadows) == 4
    return values, mask


def assert_same_moments(moments, values, mask, atol=1e-12):
    """Against NumPy, record by record."""
    for i in range(values.shape[1]):
        own = values[mask[:, i], i].astype(np.float64)
        assert moments.count[i] == len(own)
        assert_allclose(moments.mean[i], own.mean() if len(own) else 0, atol=atol)
        squares = len(own) * own.var() if len(own) else 0
        assert_allclose(moments.squares[i], squares, atol=atol * 100)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(3))
def test_moments_of_each_record(seed, dtype):
    values, mask = sample(seed, dtype=dtype)
    assert_same_moments(Moments.of(values, mask), values, mask)


def test_moments_in_blocks(monkeypatch):
    values, mask = sample(0, n_records=25)
    whole = Moments.of(values, mask)
    monkeypatch.setattr(_gaussian, "_BLOCK", 7)
    blocks = Moments.of(values, mask)
    for name in ("count", "mean", "squares"):
        assert_array_equal(getattr(blocks, name), getattr(whole, name))


@pytest.mark.parametrize("seed", range(3))
def test_without_is_recomputation(seed):
    values, mask = sample(seed)
    moments = Moments.of(values, mask)
    for k in range(len(values)):
        left = moments.without(values[k], mask[k])
        rest = mask.copy()
        rest[k] = False
        assert_same_moments(left, values, rest)
        twice = left.without(values[k - 1], mask[k - 1])
        rest[k - 1] = False
        assert_same_moments(twice, values, rest)
    assert_same_moments(moments, values, mask)  # the original stays


def test_without_the_value_that_makes_the_spread():
    """What is left are equal values: rounding must not leave a spread behind."""
    values = np.array([[708.3], [0.1], [0.1]])
    mask = np.ones((3, 1), dtype=bool)
    left = Moments.of(values, mask).without(values[0], mask[0])
    assert_allclose(left.mean, [0.1], atol=1e-12)
    assert 0 <= left.squares[0] < 1e-9
    single = left.without(values[1], mask[1])
    assert single.squares[0] == 0
    none = single.without(values[2], mask[2])
    assert (none.count[0], none.mean[0], none.squares[0]) == (0, 0, 0)


def test_as_if_keeps_location_and_variance():
    values, mask = sample(1)
    moments = Moments.of(values, mask)
    more = moments.as_if(moments.count + 2)
    assert_array_equal(more.mean, moments.mean)
    assert_array_equal(more.count, np.where(moments.count > 0, moments.count + 2, 0))
    for i in np.flatnonzero(moments.count > 1):
        own = values[mask[:, i], i]
        assert_allclose(more.squares[i] / (more.count[i] - 1), own.var(ddof=1))
    assert (more.squares[moments.count < 2] == 0).all()


def test_at_picks_records():
    values, mask = sample(2)
    rows = np.array([5, 3, 3])
    part = Moments.of(values, mask).at(rows)
    assert_same_moments(part, values[:, rows], mask[:, rows])


@pytest.mark.parametrize("seed", range(3))
def test_pooled_variances(seed):
    values, mask = sample(seed)
    moments = Moments.of(values, mask)
    own = [values[mask[:, i], i] for i in range(values.shape[1])]
    residuals = np.concatenate([v - v.mean() for v in own if len(v)])
    freedom = sum(len(v) - 1 for v in own if len(v))
    assert_allclose(moments.within, residuals.var())
    assert_allclose(moments.within_unbiased, (residuals**2).sum() / freedom)
    assert_allclose(moments.total, values[mask].var())
    empty = Moments.of(values, np.zeros_like(mask))
    assert empty.within == empty.within_unbiased == empty.total == 0


def test_normal_density_is_scipys():
    x = np.linspace(-50, 50, 41)
    location, scale = np.linspace(-3, 3, 41), np.logspace(-3, 3, 41)
    predictive = Predictive(location, scale, np.full(41, np.inf))
    assert_allclose(
        predictive.log_density(x), stats.norm.logpdf(x, location, scale), rtol=1e-12
    )


@pytest.mark.parametrize("freedom", [0.02, 1.0, 4.5, 30.0, 2e4])
def test_student_density_is_scipys(freedom):
    x = np.linspace(-50, 50, 41)
    location, scale = np.linspace(-3, 3, 41), np.logspace(-2, 2, 41)
    predictive = Predictive(location, scale, np.full(41, freedom))
    assert_allclose(
        predictive.log_density(x),
        stats.t.logpdf(x, freedom, location, scale),
        rtol=1e-8,
    )


def test_freedom_may_differ_by_record():
    freedom = np.array([1.0, 3.0, 10.0])
    predictive = Predictive(np.zeros(3), np.ones(3), freedom)
    assert_allclose(
        predictive.log_density(np.full(3, 2.0)), stats.t.logpdf(2.0, freedom)
    )
    assert_allclose(
        predictive.surprise(np.full(3, 2.0)), -stats.t.logsf(2.0, freedom), rtol=0.05
    )


@pytest.mark.parametrize("signs", [1, -1])
def test_surprise_where_values_meet_the_location(signs):
    predictive = Predictive(np.array([2.0]), np.array([0.5]), np.array([7.0]))
    assert_allclose(predictive.surprise(np.array([2.0])), [np.log(2)])
    away = predictive.surprise(np.array([2.0 + signs]))
    assert (away > np.log(2)) == (signs > 0)


# The strength of the prior


def log_variance_excess(moments):
    """Smyth 2004, section 6.2: what the log variances spread beyond their sampling."""
    freedom = moments.count - 1
    z = np.log(moments.squares / freedom)
    for d in np.unique(freedom):
        z[freedom == d] -= stats.chi2.expect(np.log, (d,)) - np.log(d)
    return z.var(ddof=1) - np.mean([polygamma(1, d / 2) for d in freedom])


def simulated(seed, strength, n_records=400, n_shadows=8):
    """Records whose variances come from a scaled inverse chi-square prior."""
    rng = np.random.RandomState(seed)
    variance = np.ones(n_records)
    if np.isfinite(strength):
        variance = strength / rng.chisquare(strength, n_records)
    values = rng.normal(size=(n_shadows, n_records)) * np.sqrt(variance)
    return Moments.of(values, np.ones(values.shape, dtype=bool))


@pytest.mark.parametrize("strength", [1.0, 4.0, 12.0])
def test_strength_solves_smyths_equation(strength):
    moments = simulated(0, strength, n_records=60)
    excess = log_variance_excess(moments)
    assert excess > 0
    # Bisection on the prior's strength; trigamma falls.
    low, high = 1e-3, 1e5
    for _ in range(200):
        middle = np.sqrt(low * high)
        low, high = (
            (middle, high) if polygamma(1, middle / 2) > excess else (low, middle)
        )
    assert_allclose(prior_strength(moments, moments.within_unbiased), low, rtol=1e-6)


@pytest.mark.parametrize("strength", [2.0, 6.0, 20.0])
def test_strength_is_found_again(strength):
    """20 000 records of 8 values, seed 0: within a tenth (a fifth for the largest)."""
    moments = simulated(0, strength, n_records=20_000)
    found = prior_strength(moments, moments.within_unbiased)
    assert_allclose(found, strength, rtol=0.2 if strength == 20 else 0.1)


def test_strength_of_equal_variances_is_infinite_or_large():
    found = [prior_strength(simulated(s, np.inf), 1.0) for s in range(10)]
    assert min(found) > 20
    assert np.isinf(found).sum() >= 3


def with_excess(excess, n_records=40, count=9):
    """Log variances of ± a step whose variance is trigamma's plus `excess`."""
    variance = excess + polygamma(1, (count - 1) / 2)
    step = np.sqrt(variance * (n_records - 1) / n_records)
    squares = (count - 1) * np.exp(step * np.tile([-1, 1], n_records // 2))
    return Moments(np.full(n_records, float(count)), np.zeros(n_records), squares)


@pytest.mark.parametrize("strength", [0.02, 0.5, 4.0, 60.0, 19_000.0])
def test_strength_in_closed_form(strength):
    moments = with_excess(polygamma(1, strength / 2))
    # Of the largest, trigamma has kept six digits.
    assert_allclose(prior_strength(moments, 0.0), strength, rtol=1e-5)


@pytest.mark.parametrize("excess", [-0.1, 0.0, 1.00002e-4])
def test_strength_has_no_ceiling(excess):
    """The last one lies between 1e-4 and trigamma(1e4), where no root is bracketed."""
    assert prior_strength(with_excess(excess), 0.0) == np.inf


def test_strength_has_a_floor():
    squares = np.exp(np.random.RandomState(0).uniform(-600, 600, size=50))
    moments = Moments(np.full(50, 9.0), np.zeros(50), squares)
    assert prior_strength(moments, 0.0) == 0.02


def test_strength_without_records_to_tell():
    """Fewer than ten records with a spread: a guess of 4."""
    values = np.random.RandomState(0).normal(size=(5, 30))
    values[:, 9:] = 1.0
    moments = Moments.of(values, np.ones(values.shape, dtype=bool))
    assert prior_strength(moments, moments.within_unbiased) == 4.0
    # Records without spread, and those with a single value, say nothing about it.
    fuller = simulated(1, 4.0, n_records=200)
    alone = prior_strength(fuller, 1.0)
    padded = Moments(
        np.r_[fuller.count, np.full(50, 8.0), np.ones(50)],
        np.r_[fuller.mean, np.zeros(100)],
        np.r_[fuller.squares, np.full(50, 1e-14), np.zeros(50)],
    )
    assert_allclose(prior_strength(padded, 1.0), alone)


# Spreads


def both_sides(seed, n_shadows=10, n_records=60):
    rng = np.random.RandomState(seed)
    scales = np.sqrt(5 / rng.chisquare(5, n_records))
    values = rng.normal(size=(n_shadows, n_records)) * scales + rng.normal(
        size=n_records
    )
    member = rng.uniform(size=values.shape) < 0.5
    member[:, 0] = True  # never out
    member[:, 1] = False  # never in
    return values, member


def brute_predictive(values, mask, variance):
    """(location, scale, freedom) of each record, in plain sums."""
    own = [values[mask[:, i], i] for i in range(values.shape[1])]
    seen = [v for v in own if len(v)]
    means = np.array([v.mean() for v in seen])
    squares = sum(((v - v.mean()) ** 2).sum() for v in seen)
    pooled = squares / sum(len(v) for v in seen)
    if variance == "global":
        pooled = np.concatenate(seen).var()
    # A single value has no spread and borrows that of the other side.
    rest = [values[~mask[:, i], i] for i in range(values.shape[1]) if mask[:, i].any()]
    typical = np.mean([v.std() or w.std() for v, w in zip(seen, rest, strict=True)])
    strength = np.inf
    if variance == "shrunk":
        pooled = squares / sum(len(v) - 1 for v in seen)
        strength = prior_strength(Moments.of(values, mask), pooled)  # checked above
        assert np.isfinite(strength)
    result = []
    for v in own:
        location = v.mean() if len(v) else means.mean()
        freedom, scale = np.inf, np.sqrt(pooled)
        if variance == "per_record":
            scale = (v.std() or np.sqrt(pooled)) if len(v) else typical
        elif variance == "shrunk" and len(v):
            freedom = strength + len(v) - 1
            square = ((v - v.mean()) ** 2).sum()
            scale = (strength * pooled + square) / freedom * (1 + 1 / len(v))
            scale = np.sqrt(scale)
        elif variance == "shrunk":
            freedom, scale = strength, np.sqrt(pooled + means.var())
        result.append((location, scale, freedom))
    return np.array(result).T


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("side", ["in", "out"])
def test_predictive_of_each_record(variance, side):
    values, member = both_sides(0)
    mask = member if side == "in" else ~member
    own, other = Moments.of(values, mask), Moments.of(values, ~mask)
    predictive = Spread.of(variance, own, other).predictive(own)
    location, scale, freedom = brute_predictive(values, mask, variance)
    assert_allclose(predictive.location, location)
    assert_allclose(predictive.scale, scale)
    assert_allclose(predictive.freedom, freedom)


def test_records_that_do_not_differ_get_a_normal_distribution():
    own = with_excess(0.0)
    predictive = Spread.of("shrunk", own, own).predictive(own)
    assert np.isinf(predictive.freedom).all()
    assert_allclose(predictive.scale, np.sqrt(own.within_unbiased * (1 + 1 / 9)))
    assert_allclose(
        predictive.surprise(own.mean + 1), -stats.norm.logsf(1 / predictive.scale)
    )


@pytest.mark.parametrize("variance", VARIANCES)
def test_a_side_without_spread_borrows(variance):
    """A tree is always sure of a record that it has seen."""
    values, member = both_sides(1)
    values[member] = 4.0
    own, other = Moments.of(values, member), Moments.of(values, ~member)
    spread = Spread.of(variance, own, other)
    kind = {"shrunk": "within_unbiased", "global": "total"}.get(variance, "within")
    assert_allclose(spread.pooled, getattr(other, kind))
    scale = spread.predictive(own).scale
    assert np.isfinite(scale).all()
    assert (scale > 0.3).all()


@pytest.mark.parametrize("variance", VARIANCES)
def test_rounding_is_no_spread(variance):
    """Values that differ in the last digit, as means of equal values do."""
    values, member = both_sides(2)
    values[member] = 4.0
    values[::2][member[::2]] = np.nextafter(4.0, 5.0)
    own, other = Moments.of(values, member), Moments.of(values, ~member)
    scale = Spread.of(variance, own, other).predictive(own).scale
    assert (scale > 0.3).all()


@pytest.mark.parametrize("variance", VARIANCES)
def test_shadows_that_agree_on_everything(variance):
    """No spread on either side: that between records, and 1 where there is none."""
    values, member = both_sides(3)
    values[:] = np.arange(values.shape[1])
    own, other = Moments.of(values, member), Moments.of(values, ~member)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread = Spread.of(variance, own, other)
        assert_allclose(spread.pooled, own.total)
        constant = Moments.of(np.ones_like(values), member)
        spread = Spread.of(variance, constant, constant)
        assert spread.pooled == 1.0
        assert (spread.predictive(constant).scale > 0).all()


@pytest.mark.parametrize("variance", VARIANCES)
def test_a_side_without_records(variance):
    values, member = both_sides(4)
    empty = Moments.of(values, np.zeros_like(member))
    full = Moments.of(values, np.ones_like(member))
    predictive = Spread.of(variance, empty, full).predictive(empty)
    assert_array_equal(predictive.location, np.zeros(values.shape[1]))
    assert (predictive.scale > 0).all()
    assert np.isfinite(predictive.log_density(values[0])).all()


def test_per_record_spread_below_a_thousandth_is_borrowed():
    """From the record's other side, and where that has none from all records."""
    values, member = both_sides(5)
    for i, side in ((5, True), (6, True), (6, False)):
        rows = np.flatnonzero(member[:, i] == side)
        values[rows, i] = 3.0 + 1e-6 * values[rows, 7]
    own, other = Moments.of(values, member), Moments.of(values, ~member)
    spread = Spread.of("per_record", own, other)
    pooled = np.sqrt(own.within)
    out_of_5 = values[~member[:, 5], 5].std()
    scale = spread.predictive(own, other).scale
    assert_allclose(scale[[5, 6]], [out_of_5, pooled])
    assert_allclose(scale[0], values[:, 0].std())
    assert_allclose(spread.predictive(own).scale[[5, 6]], [pooled, pooled])
