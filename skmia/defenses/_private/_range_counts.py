"""Ranges of features by Gaussian noise: counts on a grid fixed beforehand.

How many values there are between any two neighbours of the grid, and on each of its
points, is counted with noise. The range goes from the first to the last place with more
values than noise would make of none.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._grid import SIGNED, widened
from skmia.defenses._private._mechanism import Box, Settings
from skmia.defenses._private._noisy_sums import add_noise, noise_quantile

# A count is whole; noise is drawn in finer units, for budgets that ask for little.
_UNIT = 2**10
# Chance that noise makes a place seem to hold values, in the whole search.
_FALSE_ALARM = 0.05
# Of the search for ranges, for one range of all features together.
_SHARED = 0.25
# Every feature has a range of its own where this part of the rows, or less, may stay
# beyond it on either side.
_RESOLVED = 1 / 8


def ranges_by_counts(X: NDArray[np.float64], settings: Settings) -> Box:
    """Lower and upper bounds that nearly all values of each feature lie between.

    A quarter of the budget is for the least and the greatest value of each row. If the
    noise of the rest is small beside the number of rows that are seen there, every
    feature has a range of its own; otherwise they share the first one.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    settings : Settings
        The budget of the search, the neighbours and the group size.

    Returns
    -------
    lower, upper : ndarray of shape (n_features,)
        Zeros and signed powers of two, `lower` below `upper`. Values beyond are to be
        clipped.
    """
    n_features = X.shape[1]
    shared, own = (
        replace(settings, budget=settings.budget.part(part))
        for part in (_SHARED, 1 - _SHARED)
    )
    extremes = np.column_stack([X.min(axis=1), X.max(axis=1)])
    counts, least = _noisy_counts(extremes, SIGNED, shared)
    first, last = _occupied(counts, least)
    first = np.full(n_features, first.min())
    last = np.full(n_features, last.max())
    n_seen = counts[counts > least].sum() / 2
    _, threshold = _noise_of(n_features, len(SIGNED), own)
    if threshold <= _RESOLVED * n_seen:
        counts, least = _noisy_counts(X, SIGNED, own)
        found = (counts > least).any(axis=1)
        places = _occupied(counts, least)
        first = np.where(found, places[0], first)
        last = np.where(found, places[1], last)
    below, above = _ends(SIGNED)
    return widened(below[first], above[last])


def _noise_of(
    n_columns: int, n_points: int, settings: Settings
) -> tuple[tuple[float, float], float]:
    """How far a row moves all counts, and what noise makes of an empty place at most.

    A row is in one place of each column. One that is replaced leaves it for another.
    """
    moved = n_columns * (2.0 if settings.neighbors == "replace" else 1.0)
    both = (moved * _UNIT, np.sqrt(moved) * _UNIT)
    chance = _FALSE_ALARM / (n_columns * (2 * n_points - 1))
    return both, noise_quantile(*both, settings, chance) / _UNIT


def _noisy_counts(
    columns: NDArray[np.float64], grid: NDArray[np.float64], settings: Settings
) -> tuple[NDArray[np.float64], float]:
    """Noisy counts of shape (n_columns, n_places), and the threshold of noise.

    Places are, in turn, the points of the grid and what lies between them.
    """
    n_columns, n_places = columns.shape[1], 2 * len(grid) - 1
    counts = np.empty((n_columns, n_places), dtype=np.int64)
    for column, values in enumerate(columns.T):
        values = np.clip(values, grid[0], grid[-1])
        place = np.searchsorted(grid, values)
        places = 2 * place - (grid[place] != values)
        counts[column] = np.bincount(places, minlength=n_places)
    both, least = _noise_of(n_columns, len(grid), settings)
    return add_noise(counts * _UNIT, *both, settings) / _UNIT, least


def _occupied(
    counts: NDArray[np.float64], least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first and the last place of each column with more values than noise."""
    above = counts > least
    # Where nothing stands out, what comes closest.
    above |= ~above.any(axis=1, keepdims=True) & (
        counts == counts.max(axis=1, keepdims=True)
    )
    return above.argmax(axis=1), counts.shape[1] - 1 - above[:, ::-1].argmax(axis=1)


def _ends(grid: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """The points of the grid that bound each place from below and above."""
    places = np.arange(2 * len(grid) - 1)
    return grid[places // 2], grid[(places + 1) // 2]
