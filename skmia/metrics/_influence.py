"""What each record adds to the error of a figure, to first order.

The figure of these records differs from that of all records like them by about the sum
of these numbers. So their squares add up to its variance, and the products of two
attacks' to the covariance of their figures, which one set of records ties together.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia.metrics._ranking import (
    FloatArray,
    check_scores,
    sorted_sides,
    tpr_of,
    twice_outscored,
    vertices_of,
)
from skmia.metrics._resolution import allowed_false_positives

_EDGES: tuple[Literal["left", "right"], ...] = ("left", "right")


def auc_influence(membership: ArrayLike, scores: ArrayLike) -> FloatArray:
    """DeLong's components: the share of the other side that each record outscores."""
    is_member, values, members, nonmembers = _apart(membership, scores)
    added = np.empty(len(values))
    for own, other, sign in (
        (is_member, nonmembers, 1),
        (~is_member, members, -1),
    ):
        share = twice_outscored(values[own], other) / (2 * len(other))
        added[own] = sign * (share - share.mean()) / own.sum()
    return added


def tpr_influence(
    membership: ArrayLike, scores: ArrayLike, max_fpr: float
) -> FloatArray:
    """Members found; and non-members above the threshold, which they move.

    One non-member more above it lowers the FPR that is left, and so the TPR by the
    slope of the ROC. The slope is read between the two ends of what the FPR may be.
    """
    is_member, values, members, nonmembers = _apart(membership, scores)
    n = len(nonmembers)
    allowed = allowed_false_positives(n, max_fpr)
    flagged = np.ones(len(values))
    if allowed < n:
        # The highest score of which not every non-member may be flagged; of the records
        # that share it a part is, drawn at random.
        spared = nonmembers[n - 1 - allowed]
        first, last = (np.searchsorted(nonmembers, spared, s) for s in _EDGES)
        part = max(max_fpr * n - (n - last), 0) / (last - first)
        flagged = (values > spared) + part * (values == spared)
    reach = max(np.sqrt(max_fpr * (1 - max_fpr) / n), 1 / n)
    ends = max(max_fpr - reach, 0.0), min(max_fpr + reach, 1.0)
    low, high = (tpr_of(members, nonmembers, end)[0] for end in ends)
    return _rates(is_member, flagged, (high - low) / (ends[1] - ends[0]))


def advantage_influence(membership: ArrayLike, scores: ArrayLike) -> FloatArray:
    """Members and non-members above the threshold with the largest gap."""
    is_member, values, members, nonmembers = _apart(membership, scores)
    fpr, tpr, thresholds = vertices_of(members, nonmembers)
    best = thresholds[int(np.argmax(tpr - fpr))]
    return _rates(is_member, (values >= best).astype(np.float64), 1.0)


def _rates(
    is_member: NDArray[np.bool_], flagged: FloatArray, slope: float
) -> FloatArray:
    """Those of a TPR minus `slope` times an FPR."""
    added = np.empty(len(flagged))
    for side, sign in ((is_member, 1.0), (~is_member, -slope)):
        added[side] = sign * (flagged[side] - flagged[side].mean()) / side.sum()
    return added


def _apart(
    membership: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], FloatArray, FloatArray, FloatArray]:
    is_member, values = check_scores(membership, scores)
    return is_member, values, *sorted_sides(membership, scores)
