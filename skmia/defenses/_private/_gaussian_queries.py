"""Counts and quantiles of rows, by Gaussian noise on weighted sums.

A row has a weight in [0, 1], and so have all rows of a person together where persons
are the unit: every sum here moves by one at most with a row, or a person, more or less.
"""

import math

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._noise import NoiseSource, add_gaussian

_BITS = 20  # of the unit of a weight


def _whole(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    # Downwards: the rows of a person are together no more than one, exactly.
    return np.floor(weights * 2.0**_BITS).astype(np.int64)


def _noisy(
    sums: NDArray[np.int64], mu: float, source: NoiseSource
) -> NDArray[np.float64]:
    noisy = add_gaussian(sums, 2.0**_BITS / mu, source)
    return noisy.astype(np.float64) * 2.0**-_BITS


def noisy_total(weights: NDArray[np.float64], mu: float, source: NoiseSource) -> float:
    """The sum of the weights, with noise of standard deviation 1 / mu; at least 1.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,)
        In [0, 1].
    mu : float
        What it spends.
    source : NoiseSource
        Where noise is drawn from.
    """
    total = np.array([_whole(weights).sum()], dtype=np.int64)
    return max(float(_noisy(total, mu, source)[0]), 1.0)


def noisy_class_totals(
    y: NDArray[np.intp],
    n_classes: int,
    weights: NDArray[np.float64],
    mu: float,
    source: NoiseSource,
) -> NDArray[np.float64]:
    """The sum of the weights in each class, each at least 1.

    A row is in one class: all of the sums together spend `mu` once.
    """
    totals = np.zeros(n_classes, dtype=np.int64)
    np.add.at(totals, y, _whole(weights))
    return np.maximum(_noisy(totals, mu, source), 1.0)


def noisy_median(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    grid: NDArray[np.float64],
    total: float,
    mu: float,
    source: NoiseSource,
) -> float:
    """The least number of a grid that half of the rows do not exceed, up to noise.

    Bisection, with a noisy count in each step. The number of steps depends on the grid
    alone. A median rather than the quantile that is wanted: the noise has to be as
    large as half of all rows to lead it far astray.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        One number of each row.
    weights : ndarray of shape (n_rows,)
        In [0, 1].
    grid : ndarray of float
        Ascending, and fixed beforehand.
    total : float
        The noisy sum of the weights.
    mu : float
        What all steps together spend.
    source : NoiseSource
        Where noise is drawn from.
    """
    places = np.searchsorted(grid, values)
    whole = _whole(weights)
    n_steps = math.ceil(math.log2(len(grid)))
    low, high = 0, len(grid) - 1
    for _ in range(n_steps):
        middle = (low + high) // 2
        count = np.array([whole[places <= middle].sum()], dtype=np.int64)
        enough = _noisy(count, mu / math.sqrt(n_steps), source)[0] >= total / 2
        low, high = (low, middle) if enough else (min(middle + 1, high), high)
    return float(grid[high])
