"""Intervals for the figures that are proportions or distances of distributions.

They treat the records on either side as independent draws. What they cover is the
choice of records for one target model; how much the figure moves when that model is
trained anew is another spread, and only audits of several models show it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, binom

from skmia.metrics._ranking import (
    counts_of,
    found_at,
    sorted_sides,
    vertices_of,
)
from skmia.utils import check_real


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
    low, high = _beta_ends(k, total, alpha)
    if low.ndim == 0:
        return Interval(float(low), float(high))
    return Interval(low, high)


def _beta_ends(k: ArrayLike, n: ArrayLike, alpha: float) -> tuple[Any, Any]:
    """Both ends of Clopper and Pearson; of an expected count, those in between."""
    k, failures = np.asarray(k), np.subtract(n, k)
    # binomtest takes one count at a time; epsilon_lower_bound has a curve of them.
    # The beta distribution has no parameter 0; those ends are 0 and 1 by definition.
    low = beta.ppf(alpha / 2, np.where(k > 0, k, 1), failures + 1)
    high = beta.isf(alpha / 2, k + 1, np.where(failures > 0, failures, 1))
    return np.where(k > 0, low, 0.0), np.where(failures > 0, high, 1.0)


def tpr_at_fpr_interval(
    membership: ArrayLike,
    scores: ArrayLike,
    max_fpr: float,
    *,
    confidence_level: float = 0.95,
) -> Interval:
    """Compute the interval of the TPR that :func:`tpr_at_fpr` reads.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    max_fpr : float
        Share of non-members that may be flagged, in [0, 1].
    confidence_level : float, default=0.95
        Level of the interval.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`.

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        or a score is not finite.

    See Also
    --------
    tpr_at_fpr : The figure itself.
    clopper_pearson : The interval for a threshold that is given.

    Notes
    -----
    Both sides vary. The number of members that a given threshold flags is binomial, and
    has Clopper and Pearson's interval. The threshold with this FPR is not given: the
    number of non-members above it is binomial too, and the curve is read at either end
    of what that number may be. The distances of both from the figure are added as
    independent errors are, each end by itself.

    Inside a block of tied scores the curve is the segment that :func:`tpr_at_fpr`
    reads. Which of the tied records are drawn counts as chance.

    References
    ----------
    Zou and Donner, "Construction of Confidence Limits about Effect Measures: A General
    Approach", Statistics in Medicine 2008.

    Examples
    --------
    >>> from skmia.metrics import tpr_at_fpr_interval
    >>> membership = [1] * 50 + [0] * 50
    >>> scores = [2] * 20 + [0] * 30 + [1] * 50
    >>> tpr_at_fpr_interval(membership, scores, max_fpr=0.1)
    Interval(low=0.264..., high=0.548...)
    """
    alpha = check_confidence_level(confidence_level)
    max_fpr = check_real(max_fpr, "max_fpr", 0, 1)
    members, nonmembers = sorted_sides(membership, scores)
    n_members, n_nonmembers = len(members), len(nonmembers)
    fpr, tpr, _ = vertices_of(members, nonmembers)
    fp, tp = counts_of(fpr, n_nonmembers), counts_of(tpr, n_members)
    allowed = max_fpr * n_nonmembers
    fewest, most = binom.ppf((alpha / 2, 1 - alpha / 2), n_nonmembers, max_fpr)
    # The threshold is at most the last of the non-members above it, not below it.
    strict = found_at(fp, tp, fewest - 1) if fewest > 0 else 0.0
    found, loose = (found_at(fp, tp, k) for k in (allowed, max(most, allowed)))
    low, high = _beta_ends(found, n_members, alpha)
    value, strict, loose = np.array([found, strict, loose]) / n_members
    return Interval(
        float(max(value - np.hypot(value - low, value - strict), 0.0)),
        float(min(value + np.hypot(high - value, loose - value), 1.0)),
    )


def membership_advantage_interval(
    membership: ArrayLike, scores: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Compute the interval of the largest TPR - FPR that a threshold reaches.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    confidence_level : float, default=0.95
        Level of the interval.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`, within [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        or a score is not finite.

    See Also
    --------
    membership_advantage : The figure itself.
    roc_auc_interval : The interval of the area under the same curve.

    Notes
    -----
    The advantage of these records is the best over all thresholds and so optimistic.
    The interval makes up for it: it holds for all thresholds at once, from the
    Dvoretzky-Kiefer-Wolfowitz bands of both distributions of scores, each at half the
    error. It is the lower end that shows a leak. The price is width, about
    ``3 / sqrt(n)`` to either side at 95 % with `n` members and `n` non-members.

    References
    ----------
    Massart, "The Tight Constant in the Dvoretzky-Kiefer-Wolfowitz Inequality", Annals
    of Probability 1990.

    Examples
    --------
    >>> from skmia.metrics import membership_advantage_interval
    >>> membership = [1] * 500 + [0] * 500
    >>> scores = [2] * 300 + [1] * 200 + [2] * 100 + [1] * 400
    >>> membership_advantage_interval(membership, scores)
    Interval(low=0.267..., high=0.532...)
    """
    alpha = check_confidence_level(confidence_level)
    sides = sorted_sides(membership, scores)
    fpr, tpr, _ = vertices_of(*sides)
    advantage = (tpr - fpr).max()
    n = np.array([len(side) for side in sides])
    # Both bands hold together but with chance alpha: 2 exp(-2 n width^2) = alpha / 2.
    reach = np.sqrt(np.log(4 / alpha) / (2 * n)).sum()
    return Interval(
        float(max(advantage - reach, 0.0)), float(min(advantage + reach, 1.0))
    )
