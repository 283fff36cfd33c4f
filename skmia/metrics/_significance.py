"""Figures with a p-value against "the scores know nothing of membership"."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from skmia.metrics._ranking import (
    COUNT_TOLERANCE,
    IntArray,
    count_vertices,
    sorted_sides,
)
from skmia.utils import check_integer, check_real


class FrequencyDifference(NamedTuple):
    """What :func:`frequency_difference` returns."""

    top: float
    bottom: float
    difference: float
    log_p_value: float


class AucPValue(NamedTuple):
    """What :func:`auc_p_value` returns."""

    p_value: float
    standard_deviation: float


def _expected_members(rows: IntArray, members: IntArray, n_drawn: int) -> float:
    """Members expected among the first `n_drawn` rows, ties in random order.

    `rows` and `members` are cumulative counts at the ends of the tie blocks. Within a
    block the expectation grows in a straight line, which is what `interp` draws.
    """
    return float(np.interp(n_drawn, rows, members))


def _cumulative(counts: IntArray) -> IntArray:
    """Cumulative counts of the same blocks from the other end."""
    return counts[-1] - counts[::-1]


def frequency_difference(
    membership: ArrayLike, scores: ArrayLike, proportion: float = 0.1
) -> FrequencyDifference:
    """Share of members at the top of the ranking against that at the bottom.

    A leak that touches one record in ten and leaves the rest unknown hardly moves the
    AUC; it shows here.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    proportion : float, default=0.1
        Size of the top and of the bottom as a share of the records, in (0, 0.5];
        rounded up to a whole record, as long as the two do not overlap.

    Returns
    -------
    FrequencyDifference
        Named tuple of `top` and `bottom`, the shares of members at either end, their
        `difference`, and `log_p_value`, the natural logarithm of the one-sided p-value
        of the difference.

    Raises
    ------
    ValueError
        If `proportion` is out of range, membership is not binary or has one side only,
        or a score is not finite.

    Notes
    -----
    Records with the same score that straddle the edge count with the share of members
    among them, which is the mean over all orders of the rows; constant scores have a
    difference of 0.

    The p-value uses the normal approximation with variance ``2 q (1 - q) / k``, `q`
    being the share of members among all records and `k` the records at either end. It
    is rough where ``k q (1 - q)`` is below about 10. Its logarithm is exact far beyond
    where the p-value itself is 0 as a double.

    References
    ----------
    Smith et al., "SACRO-ML", and its `min_max_disc`, of which this is the form that
    does not depend on the order of the rows.

    Examples
    --------
    >>> from skmia.metrics import frequency_difference
    >>> membership, scores = [0, 0, 0, 1, 1, 1], [0.1, 0.6, 0.2, 0.45, 0.9, 0.99]
    >>> top, bottom, _, log_p_value = frequency_difference(membership, scores, 0.5)
    >>> round(top, 4), round(bottom, 4), round(log_p_value, 4)
    (0.6667, 0.3333, -1.5745)
    """
    proportion = check_real(proportion, "proportion", 0, 0.5, closed="right")
    counts = count_vertices(sorted_sides(membership, scores))
    members = counts.true_positives
    rows = members + counts.false_positives
    n_records = int(rows[-1])
    k = min(int(np.ceil(proportion * n_records - COUNT_TOLERANCE)), n_records // 2)
    k = max(k, 1)
    top = _expected_members(rows, members, k) / k
    bottom = _expected_members(_cumulative(rows), _cumulative(members), k) / k
    share = members[-1] / n_records
    deviation = np.sqrt(2 * share * (1 - share) / k)
    log_p_value = float(norm.logsf((top - bottom) / deviation))
    return FrequencyDifference(top, bottom, top - bottom, log_p_value)


def auc_p_value(auc: float, n_members: int, n_nonmembers: int) -> AucPValue:
    """One-sided p-value of an AUC against 0.5.

    Parameters
    ----------
    auc : float
        Observed area under the ROC, in [0, 1].
    n_members, n_nonmembers : int
        Records on either side.

    Returns
    -------
    AucPValue
        Named tuple of `p_value`, the chance of an AUC at least this large without any
        leak, and `standard_deviation`, that of the AUC without any leak.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Normal approximation to the Wilcoxon-Mann-Whitney test, with variance
    ``(n_members + n_nonmembers + 1) / (12 n_members n_nonmembers)``. That is the
    variance without ties; ties make it smaller, so the p-value is then too large.

    References
    ----------
    Cortes and Mohri, "Confidence Intervals for the Area Under the ROC Curve",
    NeurIPS 2004.

    Examples
    --------
    >>> from skmia.metrics import auc_p_value
    >>> auc_p_value(0.6, 100, 100)
    AucPValue(p_value=0.00727..., standard_deviation=0.04092...)
    """
    auc = check_real(auc, "auc", 0, 1)
    n_members = check_integer(n_members, "n_members", 1)
    n_nonmembers = check_integer(n_nonmembers, "n_nonmembers", 1)
    variance = (n_members + n_nonmembers + 1) / (12 * n_members * n_nonmembers)
    deviation = float(np.sqrt(variance))
    return AucPValue(float(norm.sf((auc - 0.5) / deviation)), deviation)
