"""Intervals for the area under the ROC that do not vanish where the ROC is perfect."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from skmia.metrics._intervals import Interval, check_confidence_level, clopper_pearson
from skmia.metrics._ranking import FloatArray, Sides, auc_of_sides, sorted_sides
from skmia.utils import check_integer, check_option, own_random_state

# Counts held at a time while resampling: 32 MiB of int64.
_BLOCK_COUNTS = 2**22


def _placements(values: FloatArray, others: FloatArray) -> FloatArray:
    """For each value the share of the sorted `others` below it, ties one half."""
    below = np.searchsorted(others, values, side="left")
    not_above = np.searchsorted(others, values, side="right")
    return (below + not_above) / (2 * len(others))


def delong_variance(sides: Sides) -> float:
    """DeLong's variance of the AUC, in O(n log n)."""
    return sum(
        float(_placements(own, other).var(ddof=1)) / len(own)
        for own, other in (sides, sides[::-1])
    )


def bootstrap_aucs(
    sides: Sides, n_resamples: int, random_state: np.random.RandomState
) -> FloatArray:
    """AUC of resamples, members and non-members drawn separately."""
    levels = np.unique(np.concatenate(sides))
    n_levels = len(levels)
    positions = [np.searchsorted(levels, side) for side in sides]
    widest = max(n_levels, *map(len, sides))
    step = max(1, _BLOCK_COUNTS // widest)
    aucs = np.empty(n_resamples)
    for start in range(0, n_resamples, step):
        block = slice(start, min(start + step, n_resamples))
        n_rows = block.stop - block.start
        offset = n_levels * np.arange(n_rows)[:, None]
        # How often each distinct score is drawn, one row per resample.
        drawn = []
        for side in positions:
            draw = random_state.randint(len(side), size=(n_rows, len(side)))
            counts = np.bincount(
                (side[draw] + offset).ravel(), minlength=n_rows * n_levels
            )
            drawn.append(counts.reshape(n_rows, n_levels))
        members, nonmembers = drawn
        twice_below = 2 * nonmembers.cumsum(axis=1) - nonmembers
        aucs[block] = (members * twice_below).sum(axis=1)
    return aucs / (2 * len(sides.members) * len(sides.nonmembers))


def _interval_without_variance(sides: Sides, auc: float, alpha: float) -> Interval:
    """Interval where no spread can be estimated; `roc_auc_interval` says why."""
    n_pairs = min(map(len, sides))
    if auc == 1:
        return Interval(clopper_pearson(n_pairs, n_pairs, 1 - alpha).low, 1.0)
    if auc == 0:
        return Interval(0.0, clopper_pearson(0, n_pairs, 1 - alpha).high)
    if _is_constant(sides):
        reach = (1 - alpha ** (1 / n_pairs)) / 2
        return Interval(0.5 - reach, 0.5 + reach)
    return Interval(0.0, 1.0)


def _is_constant(sides: Sides) -> bool:
    return len(np.unique(np.concatenate(sides))) == 1


def roc_auc_interval(
    membership: ArrayLike,
    scores: ArrayLike,
    *,
    confidence_level: float = 0.95,
    method: Literal["delong", "bootstrap"] = "delong",
    n_resamples: int = 2000,
    random_state: int | np.random.RandomState | None = None,
) -> Interval:
    """Interval for the area under the ROC.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    confidence_level : float, default=0.95
        Level of the interval.
    method : {"delong", "bootstrap"}, default="delong"
        DeLong's variance with a normal interval on the logit scale, which stays in
        [0, 1], or percentiles over resamples of members and of non-members.
    n_resamples : int, default=2000
        Number of resamples, for the bootstrap; enough for one in either tail.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples, for the bootstrap.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`, within [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        or a score is not finite.

    Notes
    -----
    Both methods estimate a spread, and have none to estimate at the extremes. With `k`
    the smaller of the two numbers of records and ``alpha = 1 - confidence_level``:

    - Perfect separation: pairing members with non-members at random gives `k`
      independent comparisons, all won. The lower end is that of the Clopper-Pearson
      interval for `k` successes out of `k`, ``(alpha / 2) ** (1 / k)``, the upper 1;
      mirrored for an AUC of 0.
    - Constant scores: `k` comparisons out of `k` tied, so a tie has a probability of at
      least ``alpha ** (1 / k)``, and the AUC is within half the rest of 0.5.
    - One record on a side, otherwise: all of [0, 1].

    These are conservative. So that a perfect attack is never reported with less
    confidence than one with a single slip, whose estimated spread is far too small,
    the lower end is at most that of a perfect separation, and the upper end at least
    its mirror image.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
    Receiver Operating Characteristic Curves", Biometrics 1988.

    Examples
    --------
    >>> from skmia.metrics import roc_auc_interval
    >>> membership = [1] * 6 + [0] * 6
    >>> scores = [9, 8, 7, 6, 5, 2, 6, 5, 4, 3, 2, 1]
    >>> roc_auc_interval(membership, scores)
    Interval(low=0.434..., high=0.964...)

    A perfect separation of six against six does not prove an AUC of 1.

    >>> roc_auc_interval(membership, range(12, 0, -1))
    Interval(low=0.540..., high=1.0)
    """
    alpha = check_confidence_level(confidence_level)
    check_option(method, "method", ("bootstrap", "delong"))
    least = int(np.ceil(2 / alpha - 1e-9))
    if method == "bootstrap":
        check_integer(n_resamples, "n_resamples", least)
    sides = sorted_sides(membership, scores)
    auc = auc_of_sides(sides)
    n_pairs = min(map(len, sides))
    if auc in (0.0, 1.0) or n_pairs == 1 or _is_constant(sides):
        return _interval_without_variance(sides, auc, alpha)
    if method == "delong":
        deviation = np.sqrt(delong_variance(sides)) / (auc * (1 - auc))
        reach = norm.isf(alpha / 2) * deviation
        low, high = expit(logit(auc) - reach), expit(logit(auc) + reach)
    else:
        aucs = bootstrap_aucs(sides, n_resamples, own_random_state(random_state))
        low, high = np.quantile(aucs, [alpha / 2, 1 - alpha / 2])
    perfect = clopper_pearson(n_pairs, n_pairs, confidence_level).low
    return Interval(float(min(low, perfect)), float(max(high, 1 - perfect)))
