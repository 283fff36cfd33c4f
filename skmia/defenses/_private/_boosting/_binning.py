"""Bins of every column, and how many rows are in each, from one noisy histogram each.

The cells of a histogram are public: buckets or listed categories, or equal steps
between two bounds and the points of the fixed grid of `_ranges.py` between them, which
resolve what is near zero where a few values are large. A row is in one cell of each
column, missing values included. Everything else is made of the noisy counts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from skmia._tables import as_numbers
from skmia.defenses._private._boosting._columns import (
    N_BUCKETS,
    NOMINAL,
    Bins,
    ContinuousBins,
    Kind,
    NominalBins,
    find_buckets,
    hash_column,
)
from skmia.defenses._private._boosting._queries import Noise, count_bins
from skmia.defenses._private._boosting._ranges import GRID

_STEPS = 64
# Magnitudes below this part of a range are not told from zero.
_LEAST_PART = 2.0**-10
# A bucket is told from an empty one where it has more rows than noise alone would give
# to one bucket in a thousand.
_SIGNIFICANT = 3.3
# Above that part of the rows, the noise leaves nothing of a histogram.
_GREATEST_LOSS = 0.2
# Buckets without counts to tell the empty ones by.
_FEW_BUCKETS = 32


@dataclass(frozen=True)
class Binned:
    """A column in bins.

    Parameters
    ----------
    bins : ContinuousBins or NominalBins
        Where the bins are.
    weights : ndarray of shape (n_bins,)
        A noisy number of rows in each, 0 or more.
    """

    bins: Bins
    weights: NDArray[np.float64]


def is_worthwhile(scale: float, n_rows: float) -> bool:
    """Whether noise of this scale leaves something of a histogram of so many rows."""
    return scale <= _GREATEST_LOSS * n_rows


def bin_column(
    column: Any,
    kind: Kind,
    bounds: tuple[float, float],
    weights: NDArray[np.float64],
    n_rows: float,
    n_bins: int,
    noise: Noise | None,
) -> Binned:
    """Find the bins of one column.

    Parameters
    ----------
    column : array-like of shape (n_samples,)
        The values.
    kind : str or tuple
        "continuous", "nominal" or the public categories.
    bounds : tuple of two floats
        Of a continuous column.
    weights : ndarray of shape (n_samples,)
        Of the rows, in units.
    n_rows : float
        A noisy number of them.
    n_bins : int
        Number of ordered bins at most.
    noise : Noise or None
        For the counts; None to ask for none, and have bins of equal width.
    """
    if kind == NOMINAL:
        return _bin_hashed(column, weights, n_rows, noise)
    if isinstance(kind, tuple):
        bins = NominalBins.listed(kind)
        if noise is None:
            return Binned(bins, np.full(bins.n_bins, n_rows / bins.n_bins))
        counts = noise.add(count_bins(bins.find(column), weights, bins.n_bins))
        return Binned(bins, np.maximum(counts, 0.0))
    return _bin_continuous(column, bounds, weights, n_rows, n_bins, noise)


def _bin_hashed(
    column: Any, weights: NDArray[np.float64], n_rows: float, noise: Noise | None
) -> Binned:
    if noise is None:
        every = np.arange(_FEW_BUCKETS)
        bins = NominalBins.of_buckets(every, _FEW_BUCKETS)
        return Binned(bins, np.full(bins.n_bins, n_rows / bins.n_bins))
    hashes, missing = hash_column(column)
    cells = np.where(missing, N_BUCKETS, find_buckets(hashes, N_BUCKETS))
    counts = noise.add(count_bins(cells, weights, N_BUCKETS + 1))
    buckets, gaps = counts[:-1], counts[-1]
    large = buckets > _SIGNIFICANT * noise.scale
    bins = NominalBins.of_buckets(np.flatnonzero(large), N_BUCKETS)
    # What is left of the rows; the noise of thousands of buckets is more than that.
    rest = n_rows - buckets[large].sum() - gaps
    return Binned(bins, np.maximum(np.r_[buckets[large], rest, gaps], 0.0))


def _bin_continuous(
    column: Any,
    bounds: tuple[float, float],
    weights: NDArray[np.float64],
    n_rows: float,
    n_bins: int,
    noise: Noise | None,
) -> Binned:
    low, high = bounds
    if noise is None:
        cuts = np.linspace(low, high, n_bins + 1)[1:-1]
        each = np.full(len(cuts) + 1, n_rows / n_bins)
        return Binned(ContinuousBins(cuts), np.r_[each, 0.0])
    cells = ContinuousBins(_fine_cuts(low, high))
    found = cells.find(as_numbers(column))
    counts = noise.add(count_bins(found, weights, cells.n_bins))
    # The counts up to each cut never fall: noise is smoothed away by that alone.
    upto = np.maximum(isotonic_regression(np.cumsum(counts[:-1])), 0.0)
    kept = _even_cuts(upto, n_bins)
    return Binned(
        ContinuousBins(cells.cuts[kept]),
        np.r_[np.diff(np.r_[0.0, upto[kept], upto[-1]]), max(counts[-1], 0.0)],
    )


def _fine_cuts(low: float, high: float) -> NDArray[np.float64]:
    steps = np.linspace(low, high, _STEPS + 1)[1:-1]
    inside = (low < GRID) & (high > GRID)
    inside &= (GRID == 0) | (np.abs(GRID) >= _LEAST_PART * (high - low))
    return np.unique(np.r_[steps, GRID[inside]])


def _even_cuts(upto: NDArray[np.float64], n_bins: int) -> NDArray[np.intp]:
    """Which cuts part the rows evenly; a cell with many rows counts as one full bin."""
    counts = np.diff(upto, prepend=0.0)
    full = upto[-1] / n_bins
    for _ in range(3):
        capped = np.minimum(counts, full)
        full = capped.sum() / n_bins
    targets = capped.sum() * np.arange(1, n_bins) / n_bins
    places = np.searchsorted(np.cumsum(capped), targets)
    return np.unique(places[places < len(counts) - 1])
