"""The interval of a difference of two means of bounded values."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from skmia._tables import Persons


class Difference(NamedTuple):
    """A difference of means, with the ends of its interval."""

    value: float
    low: float
    high: float


def mean_difference(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    confidence_level: float,
    persons: tuple[Persons, Persons] | None = None,
) -> Difference:
    """Difference of the means of two samples of values in [-1, 1], with its interval.

    Welch's t interval, with one value of 1 and one of -1 added to each sample: as for
    proportions, whose normal intervals are too narrow where nearly all values are alike
    [1]_. Rows of one person are one draw.

    Parameters
    ----------
    ours, theirs : ndarray of shape (n_ours,), (n_theirs,)
        The two samples.
    confidence_level : float
        Level of the two-sided interval.
    persons : pair of ndarray of int, default=None
        Whose each value is.

    Returns
    -------
    Difference
        The plain difference, and both ends, within [-2, 2].

    References
    ----------
    .. [1] A. Agresti and B. Caffo, "Simple and Effective Confidence Intervals for
       Proportions and Differences of Proportions Result from Adding Two Successes and
       Two Failures", The American Statistician 54, 2000.
    """
    of_ours, of_theirs = (None, None) if persons is None else persons
    mean_1, variance_1, freedom_1 = _mean(ours, of_ours)
    mean_2, variance_2, freedom_2 = _mean(theirs, of_theirs)
    variance = variance_1 + variance_2
    freedom = variance**2 / (variance_1**2 / freedom_1 + variance_2**2 / freedom_2)
    reach = float(t.ppf((1 + confidence_level) / 2, freedom)) * np.sqrt(variance)
    value = float(ours.mean() - theirs.mean())
    middle = mean_1 - mean_2
    low, high = min(middle - reach, value), max(middle + reach, value)
    return Difference(value, max(-2.0, float(low)), min(2.0, float(high)))


def _mean(
    values: NDArray[np.float64], persons: Persons | None
) -> tuple[float, float, int]:
    """Mean with the two added values, its variance, and the degrees of freedom."""
    if persons is None:
        persons = np.arange(len(values))
    _, person = np.unique(persons, return_inverse=True)
    sizes = np.bincount(person)
    sums = np.bincount(person, weights=values)
    typical = sizes.mean()
    sums = np.append(sums, [typical, -typical])
    sizes = np.append(sizes, [typical, typical])
    mean = sums.sum() / sizes.sum()
    n = len(sums)
    variance = ((sums - sizes * mean) ** 2).sum() / sizes.sum() ** 2 * n / (n - 1)
    return float(mean), float(variance), n - 1
