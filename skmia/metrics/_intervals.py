"""What every interval has: its two ends, its level, and that of a proportion.

They treat the records on either side as independent draws. What they cover is the
choice of records for one target model; how much the figure moves when that model is
trained anew is another spread, and only audits of several models show it.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainccinv, betaincinv

from skmia.utils import check_real

# Numbers of records of which the ends of all counts are kept.
_LARGEST_TABLE = 100_000


class Interval(NamedTuple):
    """Hold the two ends of a confidence interval, both included."""

    low: float
    high: float


def check_confidence_level(confidence_level: Any) -> float:
    """Chance of error, 1 - confidence_level, of a level inside (0, 1)."""
    level = check_real(confidence_level, "confidence_level", 0, 1, closed="neither")
    return 1 - level


def clopper_pearson(
    successes: ArrayLike, n: ArrayLike, confidence_level: float = 0.95
) -> Interval:
    """Compute the exact interval of the probability behind a binomial count.

    Parameters
    ----------
    successes : int or array-like of int
        Number of successes.
    n : int or array-like of int
        Number of trials, at least 1; broadcast against `successes`.
    confidence_level : float, default=0.95
        Level of the two-sided interval. Either end by itself is a one-sided bound at
        level ``(1 + confidence_level) / 2``.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`: floats for two ints, arrays otherwise.

    Raises
    ------
    ValueError
        If `successes` is not within [0, n] or `confidence_level` is out of range.
    TypeError
        If `successes` or `n` are not integers.

    See Also
    --------
    tpr_at_fpr_interval : An interval that is made of two of these.

    References
    ----------
    Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the
    Case of the Binomial", Biometrika 1934.

    Examples
    --------
    >>> from skmia.metrics import clopper_pearson
    >>> clopper_pearson(0, 100)
    Interval(low=0.0, high=0.036...)
    """
    alpha = check_confidence_level(confidence_level)
    k, total = np.asarray(successes), np.asarray(n)
    for name, values in (("successes", k), ("n", total)):
        if values.dtype.kind not in "iu":
            raise TypeError(
                f"The '{name}' parameter must hold integers. Got {values.dtype} "
                "values instead; counts, not rates, decide the interval."
            )
    if (total < 1).any() or (k < 0).any() or (k > total).any():
        raise ValueError(
            "The 'successes' parameter must lie in [0, n], with n at least 1. Got "
            f"successes={successes!r} and n={n!r} instead."
        )
    if total.ndim == 0 and total <= _LARGEST_TABLE and 2 * k.size > total:
        low, high = (ends[k] for ends in _ends_of_all(int(total), alpha))
    else:
        low, high = _beta_ends(k, total, alpha)
    if low.ndim == 0:
        return Interval(float(low), float(high))
    return Interval(low, high)


@lru_cache(maxsize=8)
def _ends_of_all(n: int, alpha: float) -> tuple[NDArray, NDArray]:
    """Both ends of every count from 0 to n; a curve of rates asks for most of them.

    A bound on epsilon or mu asks for such a curve once for each attack and split, and
    always with the same number of records.
    """
    low, high = _beta_ends(np.arange(n + 1), n, alpha)
    low.setflags(write=False)
    high.setflags(write=False)
    return low, high


def _beta_ends(k: ArrayLike, n: ArrayLike, alpha: float) -> tuple[Any, Any]:
    """Both ends of Clopper and Pearson; of an expected count, those in between."""
    k, failures = np.asarray(k), np.subtract(n, k)
    # binomtest takes one count at a time; epsilon_lower_bound has a curve of them.
    # The beta distribution has no parameter 0; those ends are 0 and 1 by definition.
    low = betaincinv(np.where(k > 0, k, 1), failures + 1, alpha / 2)
    high = betainccinv(k + 1, np.where(failures > 0, failures, 1), alpha / 2)
    return np.where(k > 0, low, 0.0), np.where(failures > 0, high, 1.0)
