"""The ROC at chosen rates, with an interval at each of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skmia.metrics._intervals import check_confidence_level
from skmia.metrics._ranking import FloatArray, tpr_of
from skmia.metrics._sides import sides_of
from skmia.metrics._tpr_interval import tpr_intervals


class RocBand(NamedTuple):
    """Hold the TPR at each of several FPRs, and the two ends of its interval."""

    tpr: FloatArray
    low: FloatArray
    high: FloatArray


def roc_band(
    membership: ArrayLike,
    scores: ArrayLike,
    fprs: ArrayLike,
    *,
    confidence_level: float = 0.95,
    groups: ArrayLike | None = None,
) -> RocBand:
    """Compute the TPR at every one of these FPRs, each with its interval.

    It is what :func:`tpr_at_fpr` and :func:`tpr_at_fpr_interval` read at each of them,
    in about half the time.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    fprs : array-like of shape (n_rates,)
        Shares of non-members that may be flagged, in [0, 1].
    confidence_level : float, default=0.95
        Level of each interval.
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. The persons, not their
        records, are then taken for independent draws.

    Returns
    -------
    RocBand
        Named tuple of the arrays `tpr`, `low` and `high`, of shape (n_rates,).

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        a score is not finite, or a person is missing or on both sides.

    See Also
    --------
    tpr_at_fpr_interval : The interval at a single FPR, and how it is made.
    roc_vertices : All vertices of the curve.

    Notes
    -----
    The band holds point by point: at each FPR the true TPR is inside with the
    confidence level. That the whole true curve lies inside has a smaller chance.

    Examples
    --------
    >>> from skmia.metrics import roc_band
    >>> membership, scores = [1] * 50 + [0] * 50, [2] * 20 + [0] * 30 + [1] * 50
    >>> band = roc_band(membership, scores, [0.1, 0.5])
    >>> band.tpr.tolist(), band.low.round(2).tolist(), band.high.round(2).tolist()
    ([0.4, 0.4], [0.27, 0.27], [0.54, 0.54])
    """
    alpha = check_confidence_level(confidence_level)
    rates = np.asarray(fprs, dtype=np.float64)
    inside = (rates >= 0) & (rates <= 1)
    if rates.ndim != 1 or not rates.size or not inside.all():
        raise ValueError(
            "The 'fprs' parameter must be a 1D array-like of false positive rates in "
            f"[0, 1]. Got {fprs!r} instead."
        )
    members, nonmembers = sides_of(membership, scores, groups)
    tpr = [tpr_of(members.scores, nonmembers.scores, float(f))[0] for f in rates]
    low, high = tpr_intervals(members, nonmembers, rates, np.array(tpr), alpha)
    return RocBand(np.array(tpr), low, high)
