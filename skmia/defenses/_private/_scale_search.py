"""Ranges and norms of data, found by a private search over a grid fixed beforehand.

Neighbours are two data sets of equal size that differ in one row. The number of rows
and of columns is public; everything else about the data is seen through noise.
"""

import math

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._library import import_diffprivlib
from skmia.defenses._private._mechanism import Box

# Powers of two from 1.5e-5 to 4.3e9; larger magnitudes are clipped. Every value that
# is on the grid costs accuracy (the noise is drawn once for each), none costs privacy.
MAGNITUDES = 2.0 ** np.arange(-16, 33)
SIGNED = np.concatenate([-MAGNITUDES[::-1], [0.0], MAGNITUDES])


def above_threshold(
    counts: NDArray[np.integer],
    threshold: int,
    epsilon: float,
    random_state: np.random.RandomState | None,
) -> int:
    """Position of the first count that lies above the threshold, up to noise.

    Differentially private where a change of one row moves every count by at most one,
    and all of them in the same direction, as it does for cumulative counts. Half of
    `epsilon` goes into the threshold and half into the counts.

    Parameters
    ----------
    counts : ndarray of int of shape (n_candidates,)
        Counts in a fixed order of the candidates.
    threshold : int
        A public number.
    epsilon : float
        The privacy loss of the answer.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.

    Returns
    -------
    int
        The position; the last one where no count is found above.

    References
    ----------
    Lyu, Su and Li, "Understanding the Sparse Vector Technique for Differential
    Privacy", PVLDB 10(6), 2017: with counts that move together, noise of scale
    1 / (epsilon / 2) suffices for them, half of what is needed in general.
    """
    # Counts are integers, and so is their noise: the low bits of a floating-point draw
    # would reveal which integer it was added to.
    noise = import_diffprivlib().mechanisms.Geometric(
        epsilon=epsilon / 2, random_state=random_state
    )
    least = noise.randomise(threshold)
    for place, count in enumerate(counts):
        if noise.randomise(int(count)) >= least:
            return place
    return len(counts) - 1


def _slack(epsilon: float) -> int:
    """Rows that may stay outside, so that noise does not push the answer outwards.

    Four times the scale of either noise: a search that has covered all rows goes on to
    the next candidate in one of forty cases.
    """
    return math.ceil(4 * 2 / epsilon)


def _resolves(n_rows: int, epsilon: float) -> bool:
    """Whether the noise is small beside the number of rows, which is public."""
    return _slack(epsilon) <= n_rows / 4


def _smallest_cover(
    values: NDArray[np.float64],
    grid: NDArray[np.floating],
    epsilon: float,
    random_state: np.random.RandomState | None,
) -> float:
    """Smallest value of the grid that nearly all values do not exceed, privately."""
    n_rows = len(values)
    counts = np.searchsorted(np.sort(values), grid, side="right")
    # Never below three quarters: with few rows the noise would decide at once.
    threshold = n_rows - min(_slack(epsilon), n_rows // 4)
    return float(grid[above_threshold(counts, threshold, epsilon, random_state)])


def private_norm(
    X: NDArray[np.float64], epsilon: float, random_state: np.random.RandomState | None
) -> float:
    """Power of two that nearly all rows of X have as a bound on their Euclidean norm.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    epsilon : float
        The privacy loss of the search.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.

    Returns
    -------
    float
        The bound. Rows beyond it are to be clipped.
    """
    norms = np.linalg.norm(X, axis=1)
    return _smallest_cover(norms, MAGNITUDES, epsilon, random_state)


def private_ranges(
    X: NDArray[np.float64], epsilon: float, random_state: np.random.RandomState | None
) -> Box:
    """Lower and upper bounds that nearly all values of each feature lie between.

    Every feature has two searches of its own where the number of rows allows it: each
    gets ``epsilon / (2 * n_features)``, and the rows that may stay outside must be no
    more than a quarter. Otherwise all features share one range, found by two searches
    over the rows' least and greatest values. The choice depends on public numbers only.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    epsilon : float
        The privacy loss of all searches together.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.

    Returns
    -------
    lower, upper : ndarray of shape (n_features,)
        Zeros and signed powers of two, `lower` below `upper`. Values beyond are to be
        clipped.
    """
    n_rows, n_features = X.shape
    each = epsilon / (2 * n_features)
    if _resolves(n_rows, each):
        highs, lows = X, -X
    else:
        each = epsilon / 2
        highs, lows = X.max(axis=1)[:, None], -X.min(axis=1)[:, None]
    # The columns are few; the rows are what is vectorised.
    upper = np.array([_smallest_cover(c, SIGNED, each, random_state) for c in highs.T])
    lower = np.array([_smallest_cover(c, SIGNED, each, random_state) for c in lows.T])
    lower = 0.0 - lower  # and not -lower, which has a -0.0
    # Noise, or a feature of one value, may bring them together or across.
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    above = SIGNED[np.minimum(np.searchsorted(SIGNED, lower, "right"), len(SIGNED) - 1)]
    upper = np.where(upper > lower, upper, above)
    lower = np.where(lower < upper, lower, SIGNED[-2])
    shape = (n_features,)
    return np.broadcast_to(lower, shape).copy(), np.broadcast_to(upper, shape).copy()
