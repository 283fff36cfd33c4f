"""Noise for exact sums, of whichever kind the budget is."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._noise import NoiseSource, add_gaussian, add_geometric

_LEAST_SCALE = 1.0  # noise of less than a unit of the sums is rounded away


def add_noise(
    sums: NDArray[np.int64], l1: float, l2: float, settings: Settings
) -> NDArray[np.int64]:
    """Sums with noise that spends the budget of the settings.

    Parameters
    ----------
    sums : ndarray of int64
        Whole numbers, exactly.
    l1, l2 : float
        How far neighbours that differ in one row can move all of them together: in the
        sum of magnitudes, which two-sided geometric noise is scaled to, and in the
        Euclidean norm, which Gaussian noise is scaled to.
    settings : Settings
        The budget, the group size and the source.
    """
    source = NoiseSource(settings.source)
    if settings.budget.mu is None:
        return add_geometric(sums, _geometric_scale(l1, settings), source)
    return add_gaussian(sums, _gaussian_scale(l2, settings), source)


def noise_deviation(l1: float, l2: float, settings: Settings) -> float:
    """The standard deviation of that noise."""
    if settings.budget.mu is None:
        return math.sqrt(2) * _geometric_scale(l1, settings)
    return _gaussian_scale(l2, settings)


def noise_quantile(l1: float, l2: float, settings: Settings, chance: float) -> float:
    """What one draw of that noise exceeds with a chance of at most `chance`."""
    if settings.budget.mu is None:
        return _geometric_scale(l1, settings) * math.log(0.5 / chance)
    return -_gaussian_scale(l2, settings) * float(ndtri(chance))


def _geometric_scale(l1: float, settings: Settings) -> float:
    return settings.group_size * l1 / settings.budget.epsilon


def _gaussian_scale(l2: float, settings: Settings) -> float:
    assert settings.budget.mu is not None
    return max(settings.group_size * l2 / settings.budget.mu, _LEAST_SCALE)
