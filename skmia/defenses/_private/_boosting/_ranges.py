"""Ranges of columns of numbers, by a noisy histogram on a fixed grid.

The grid reaches from -4.3e9 to 4.3e9 in steps of a quarter of an octave, and zero; what
is beyond is clipped. A row is in one cell of each column, whatever it is.
"""

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._boosting._queries import Noise, count_bins

_MAGNITUDES = 2.0 ** (np.arange(-64, 129) / 4)
GRID = np.concatenate([-_MAGNITUDES[::-1], [0.0], _MAGNITUDES])
_N_CELLS = len(GRID) + 1
# Noise alone is that many of its standard deviations high in one cell of a million.
_SIGNIFICANT = 5
# Where that would be more than this part of the rows, all columns share one range.
_GREATEST_LOSS = 0.1


def find_ranges(
    columns: list[NDArray[np.float64]],
    weights: NDArray[np.float64],
    n_rows: float,
    alone: Noise,
    together: Noise,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find what nearly all values of each column lie between.

    Every column has a histogram of its own, or all of them share one in which a row
    counts as one divided by the number of columns in each: that has less noise, and one
    range for all. Which of the two is decided by the noise and a noisy number of rows.

    Parameters
    ----------
    columns : list of ndarray
        The values; NaN where they are missing.
    weights : ndarray of shape (n_samples,)
        Of the rows, in units.
    n_rows : float
        A noisy number of them.
    alone, together : Noise
        For one histogram of each column, and for a shared one.

    Returns
    -------
    least, greatest : ndarray of shape (n_columns,)
        Numbers of the grid, `least` below `greatest`.
    """
    n_columns = len(columns)
    if _SIGNIFICANT * alone.scale <= _GREATEST_LOSS * n_rows:
        sides = [
            _cover(alone.add(_count(column, weights)), alone.scale)
            for column in columns
        ]
    else:
        # Rounded down: the cells of a row add up to its weight at most.
        shares = np.floor(weights / n_columns)
        counts = np.sum([_count(column, shares) for column in columns], axis=0)
        sides = [_cover(together.add(counts), together.scale)] * n_columns
    least, greatest = np.array(sides).T
    return least, greatest


def _count(
    column: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    present = ~np.isnan(column)
    cells = np.searchsorted(GRID, column[present], side="right")
    return count_bins(cells, weights[present], _N_CELLS)


def _cover(counts: NDArray[np.float64], scale: float) -> tuple[float, float]:
    """The ends of the cells that hold more than noise."""
    cells = np.flatnonzero(counts > _SIGNIFICANT * scale)
    if len(cells) == 0:
        cells = np.array([np.argmax(counts)])
    low = max(int(cells[0]) - 1, 0)
    high = min(int(cells[-1]), len(GRID) - 1)
    # The outermost cells have one end only.
    least, greatest = float(GRID[min(low, len(GRID) - 2)]), float(GRID[max(high, 1)])
    # Towards zero the cells are small, and what they hold is lost in noise: a range
    # that comes near zero is taken to reach it.
    if 0 < least < greatest / 2:
        least = 0.0
    if 0 > greatest > least / 2:
        greatest = 0.0
    return least, greatest
