"""Ranges and norms of data, found by a private search over a grid fixed beforehand.

The number of columns is public, and that of the rows where neighbours have as many:
where rows are added or left out it is seen through noise, as everything else is.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._grid import MAGNITUDES, SIGNED, widened
from skmia.defenses._private._library import import_diffprivlib
from skmia.defenses._private._mechanism import Box, Settings
from skmia.defenses._private._noisy_sums import add_noise
from skmia.defenses._private._range_counts import ranges_by_counts

# Of a search, for the number of rows where it is private.
_SIZE_FRACTION = 0.1


def above_threshold(
    counts: NDArray[np.integer],
    threshold: int,
    epsilon: float,
    random_state: np.random.RandomState | None,
) -> int:
    """Position of the first count that lies above the threshold, up to noise.

    Differentially private where a change of one row moves every count by at most one,
    and all of them in the same direction, as it does for cumulative counts: whether
    the row is added or replaced makes no difference to it. Half of
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


def _number_of_rows(n_rows: int, settings: Settings) -> tuple[int, float]:
    """The number of rows as it may be used, and the epsilon that is left per row."""
    budget = settings.budget
    if settings.neighbors == "replace":
        return n_rows, budget.pure_epsilon / settings.group_size
    paid = replace(settings, budget=budget.part(_SIZE_FRACTION))
    noisy = int(add_noise(np.array([n_rows]), 1.0, 1.0, paid)[0])
    rest = budget.part(1 - _SIZE_FRACTION).pure_epsilon
    return max(noisy, 1), rest / settings.group_size


def _smallest_cover(
    values: NDArray[np.float64],
    grid: NDArray[np.floating],
    n_outside: int,
    epsilon: float,
    random_state: np.random.RandomState | None,
) -> float:
    """Smallest value of the grid that nearly all values do not exceed, privately."""
    covered = np.searchsorted(np.sort(values), grid, side="right") - len(values)
    return float(grid[above_threshold(covered, -n_outside, epsilon, random_state)])


def _outside(n_rows: int, epsilon: float) -> int:
    """Rows that may stay beyond the answer, of about that number of rows.

    Never more than a quarter: with few rows the noise would decide at once.
    """
    return min(_slack(epsilon), n_rows // 4)


def private_norm(X: NDArray[np.float64], settings: Settings) -> float:
    """Power of two that nearly all rows of X have as a bound on their Euclidean norm.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers.
    settings : Settings
        The budget of the search, the neighbours and the group size.

    Returns
    -------
    float
        The bound. Rows beyond it are to be clipped.
    """
    n_rows, epsilon = _number_of_rows(len(X), settings)
    norms, n_outside = np.linalg.norm(X, axis=1), _outside(n_rows, epsilon)
    return _smallest_cover(norms, MAGNITUDES, n_outside, epsilon, settings.source)


def private_ranges(X: NDArray[np.float64], settings: Settings) -> Box:
    """Lower and upper bounds that nearly all values of each feature lie between.

    Where the budget has delta = 0, every feature has two searches of its own if the
    number of rows allows it: each gets one part of ``2 * n_features`` of epsilon, and
    the rows that may stay outside must be no more than a quarter. Otherwise all
    features share one range, found by two searches over the rows' least and greatest
    values. Gaussian budgets are for :func:`ranges_by_counts`.

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
    if settings.budget.mu is not None:
        return ranges_by_counts(X, settings)
    n_features = X.shape[1]
    n_rows, epsilon = _number_of_rows(len(X), settings)
    each = epsilon / (2 * n_features)
    if _slack(each) <= n_rows / 4:
        highs, lows = X, -X
    else:
        each = epsilon / 2
        highs, lows = X.max(axis=1)[:, None], -X.min(axis=1)[:, None]
    # The columns are few; the rows are what is vectorised.
    upper, lower = (
        np.array(
            [
                _smallest_cover(
                    column, SIGNED, _outside(n_rows, each), each, settings.source
                )
                for column in side.T
            ]
        )
        for side in (highs, lows)
    )
    lower = 0.0 - lower  # and not -lower, which has a -0.0
    shape = (n_features,)
    lower, upper = widened(lower, upper)
    return np.broadcast_to(lower, shape).copy(), np.broadcast_to(upper, shape).copy()
