"""Noisy sums over rows: what one neighbour can change, and the noise against it.

Weights of rows, and residuals, are whole numbers of units of 2^-20. A row has a weight
of at most one. Sums are exact, in any order; noise comes from `_noise.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._accounting import REPLACE
from skmia.defenses._private._noise import NoiseSource, add_gaussian

UNIT = 2**20
# Rows of weight one whose sums are whole numbers of doubles.
GREATEST_ROWS = 2**32


@dataclass(frozen=True)
class Sensitivity:
    """How far a neighbour moves a sum over rows, as a Euclidean distance.

    A row adds a vector of norm one at most, and so does a person whose rows share a
    weight of one. Where persons are not known, a person adds the vectors of
    `group_size` rows. A replaced row takes one vector away and adds another: between
    two vectors without negative entries, as in counts, that is sqrt(2) at most, between
    any other two it is 2.

    Parameters
    ----------
    counts : float
        Of sums of entries of 0 and more.
    sums : float
        Of all others.
    """

    counts: float
    sums: float

    @classmethod
    def of(cls, neighbors: str, n_rows: int) -> "Sensitivity":
        """For neighbours that differ in `n_rows` vectors of norm one."""
        if neighbors == REPLACE:
            return cls(n_rows * math.sqrt(2), 2.0 * n_rows)
        return cls(float(n_rows), float(n_rows))


@dataclass(frozen=True)
class Noise:
    """Gaussian noise of one standard deviation.

    Parameters
    ----------
    scale : float
        The standard deviation, in rows of weight one.
    source : NoiseSource
        Where it is drawn from.
    """

    scale: float
    source: NoiseSource

    def add(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums in units, which are whole numbers, as noisy ones in rows."""
        noisy = add_gaussian(sums.astype(np.int64), self.scale * UNIT, self.source)
        return noisy / UNIT


def scale_of(sensitivity: float, mu: float, n_queries: int) -> float:
    """The standard deviation at which `n_queries` are together mu-Gaussian private."""
    return sensitivity * math.sqrt(n_queries) / mu


def count_bins(
    bins: NDArray[np.intp], weights: NDArray[np.float64], n_bins: int
) -> NDArray[np.float64]:
    """The exact sum of the weights in each bin."""
    counts: NDArray[np.float64] = np.bincount(bins, weights, n_bins)  # type: ignore[assignment]
    return counts
