import numpy as np
import pytest
from scipy.stats import chisquare, kstest, norm

from skmia.defenses._private._noise import (
    NoiseSource,
    add_gaussian,
    noise_grid,
)


def seeded(seed=0):
    return NoiseSource(np.random.RandomState(seed))


@pytest.mark.parametrize("source", [seeded(), NoiseSource()], ids=["seed", "system"])
def test_draws_are_standard_normal(source):
    # The second is drawn anew in every run: it fails one in 10^9 times.
    z = source.gaussian((200, 500))
    assert z.shape == (200, 500)
    assert kstest(z.ravel(), norm.cdf).pvalue > 1e-9
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = np.sqrt(variance / z.size)
        assert abs((z**power).mean() - expected) < 6.2 * error
    # Far out, too, where the uniform numbers are small.
    n_far = (np.abs(z) > 3).sum()
    assert abs(n_far - 2 * norm.sf(3) * z.size) < 6.2 * np.sqrt(2 * norm.sf(3) * z.size)


def test_draws_do_not_depend_on_each_other():
    z = seeded().gaussian(200_000)
    for lag in (1, 2, 1000):
        r = np.corrcoef(z[lag:], z[:-lag])[0, 1]
        assert abs(r) < 5 / np.sqrt(len(z))


def test_the_systems_generator_is_the_default_and_a_seed_repeats():
    assert (seeded(3).gaussian(5) == seeded(3).gaussian(5)).all()
    assert (NoiseSource().gaussian(5) != NoiseSource().gaussian(5)).all()


def test_uniform_numbers():
    u = seeded().uniform(100_000)
    assert kstest(u, "uniform").pvalue > 1e-3
    assert (u * 2**53 % 1 == 0).all()


@pytest.mark.parametrize("scale", [1.0, 3.7, 1e6, 2.0**40])
def test_answers_lie_on_a_grid_that_the_sums_do_not_decide(scale):
    grid = noise_grid(scale)
    assert grid <= max(scale * 2.0**-15, 1)
    for sums in (np.zeros(1000), np.arange(1000) * 12_345_678_901, -np.arange(1000)):
        noisy = add_gaussian(sums.astype(np.int64), scale, seeded())
        assert noisy.dtype == np.int64
        assert (noisy % grid == 0).all()


def test_small_scales_have_the_rounded_distribution():
    values = add_gaussian(np.full(200_000, 7), 1.5, seeded())
    places = np.arange(1, 14)
    counts = np.array([(values == p).sum() for p in places])
    chance = norm.cdf(places - 6.5, scale=1.5) - norm.cdf(places - 7.5, scale=1.5)
    assert chisquare(counts, chance / chance.sum() * counts.sum()).pvalue > 1e-3


def test_the_low_bits_say_nothing_of_the_sum():
    # What betrays a floating-point sum: which answers can be reached at all.
    scale = 2.0**30
    grid = noise_grid(scale)
    for total in (0, 1, 12_345):
        noisy = add_gaussian(np.full(100_000, total), scale, seeded())
        lowest = (noisy // grid) % 16
        assert chisquare(np.bincount(lowest, minlength=16)).pvalue > 1e-3


def test_sums_are_moved_by_the_noise_and_by_no_more():
    sums = np.arange(-500, 500) * 10**9
    noisy = add_gaussian(sums, 1e5, seeded())
    z = (noisy - sums) / 1e5
    assert kstest(z, norm.cdf).pvalue > 1e-3


@pytest.mark.parametrize("scale", [0.5, 2.0**60, np.nan])
def test_a_scale_that_whole_numbers_cannot_have_is_an_error(scale):
    with pytest.raises(ValueError, match="standard deviation of the noise"):
        add_gaussian(np.zeros(3, dtype=np.int64), scale, seeded())
