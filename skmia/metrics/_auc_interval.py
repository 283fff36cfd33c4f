"""Intervals for the area under the ROC that do not vanish where the ROC is perfect."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import bootstrap, mannwhitneyu, norm

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray, auc_of, sorted_sides, twice_outscored
from skmia.utils import check_integer, check_option, own_random_state

# Scores held at a time while resampling: 32 MiB of float64.
_BLOCK_SCORES = 2**22


def delong_variance(members: FloatArray, nonmembers: FloatArray) -> float:
    """DeLong's variance of the AUC, in O(n log n)."""
    # The share of the other side that each record outscores varies on either side.
    pairs = (members, nonmembers), (nonmembers, members)
    return sum(
        float((twice_outscored(own, other) / (2 * len(other))).var(ddof=1)) / len(own)
        for own, other in pairs
    )


def _bootstrap(
    members: FloatArray,
    nonmembers: FloatArray,
    level: float,
    n_resamples: int,
    random_state: np.random.RandomState,
) -> Interval:
    """Percentiles of the AUC over resamples of either side."""

    def auc(members: FloatArray, nonmembers: FloatArray, axis: int) -> FloatArray:
        wins = mannwhitneyu(members, nonmembers, axis=axis, method="asymptotic")
        return wins.statistic / (members.shape[axis] * nonmembers.shape[axis])

    return Interval(
        *bootstrap(
            (members, nonmembers),
            auc,
            n_resamples=n_resamples,
            batch=max(1, _BLOCK_SCORES // (len(members) + len(nonmembers))),
            vectorized=True,
            confidence_level=level,
            method="percentile",
            random_state=random_state,
        ).confidence_interval
    )


def roc_auc_interval(
    membership: ArrayLike,
    scores: ArrayLike,
    *,
    confidence_level: float = 0.95,
    method: Literal["delong", "bootstrap"] = "delong",
    n_resamples: int = 2000,
    random_state: int | np.random.RandomState | None = None,
) -> Interval:
    """Compute an interval of the area under the ROC.

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

    See Also
    --------
    roc_auc : The figure itself.
    tpr_at_fpr_interval : The interval of one point of the curve.

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
    if method == "bootstrap":
        check_integer(n_resamples, "n_resamples", int(np.ceil(2 / alpha - 1e-9)))
    members, nonmembers = sorted_sides(membership, scores)
    auc = auc_of(members, nonmembers)
    n_pairs = min(len(members), len(nonmembers))
    # The lower end of clopper_pearson(n_pairs, n_pairs).
    perfect = (alpha / 2) ** (1 / n_pairs)
    if auc in (0.0, 1.0):
        low, high = (perfect, 1.0) if auc else (0.0, 1 - perfect)
    elif members[0] == members[-1] == nonmembers[0] == nonmembers[-1]:
        reach = (1 - alpha ** (1 / n_pairs)) / 2
        low, high = 0.5 - reach, 0.5 + reach
    elif n_pairs == 1:
        low, high = 0.0, 1.0
    elif method == "delong":
        deviation = np.sqrt(delong_variance(members, nonmembers))
        reach = norm.isf(alpha / 2) * deviation / (auc * (1 - auc))
        low, high = expit(logit(auc) - reach), expit(logit(auc) + reach)
    else:
        rng = own_random_state(random_state)
        low, high = _bootstrap(members, nonmembers, 1 - alpha, n_resamples, rng)
    return Interval(float(min(low, perfect)), float(max(high, 1 - perfect)))
