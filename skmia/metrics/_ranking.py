"""How well a score ranks members above non-members: the ROC and what is read off it.

The rule behind every figure is "member if score >= threshold". Records with the same
score are told apart by no threshold, so a block of tied scores is one vertex of the
curve, whatever the order of the rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia.utils import check_membership_scores, check_real

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Above the rounding of max_fpr * n, far below one record.
COUNT_TOLERANCE = 1e-9


class Sides(NamedTuple):
    """The scores of either side, sorted: nothing here depends on the row order."""

    members: FloatArray
    nonmembers: FloatArray


class ThresholdCounts(NamedTuple):
    """Records at or above each threshold, thresholds descending from infinity."""

    true_positives: IntArray
    false_positives: IntArray
    thresholds: FloatArray


def sorted_sides(membership: ArrayLike, scores: ArrayLike) -> Sides:
    """Check the arguments and part the scores."""
    is_member, values = check_membership_scores(membership, scores)
    return Sides(np.sort(values[is_member]), np.sort(values[~is_member]))


def count_vertices(sides: Sides) -> ThresholdCounts:
    """Numbers of records behind the ROC, one vertex per distinct score."""
    levels = np.unique(np.concatenate(sides))[::-1]
    at_or_above = [
        len(side) - np.searchsorted(side, levels, side="left") for side in sides
    ]
    tp, fp = (np.concatenate([[0], counts]).astype(np.int64) for counts in at_or_above)
    return ThresholdCounts(tp, fp, np.concatenate([[np.inf], levels]))


def rates(counts: ThresholdCounts) -> tuple[FloatArray, FloatArray]:
    """FPR and TPR of every vertex; the last one counts all records."""
    tp, fp = counts.true_positives, counts.false_positives
    return fp / fp[-1], tp / tp[-1]


def vertex_at_fpr(counts: ThresholdCounts, max_fpr: float) -> int:
    """Index of the vertex with the largest TPR whose FPR is at most `max_fpr`.

    Of several with that TPR it is the one with the fewest false positives. Counts are
    compared, not rates: 3 / 10 <= 0.3 must not hang on a rounding.
    """
    n_nonmembers = int(counts.false_positives[-1])
    allowed = np.floor(max_fpr * n_nonmembers + COUNT_TOLERANCE)
    last = np.searchsorted(counts.false_positives, allowed, side="right") - 1
    best = counts.true_positives[last]
    return int(np.searchsorted(counts.true_positives, best, side="left"))


def threshold_counts(membership: ArrayLike, scores: ArrayLike) -> ThresholdCounts:
    """Count members and non-members at or above every threshold.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    ThresholdCounts
        Named tuple of `true_positives`, `false_positives` and `thresholds`: one entry
        for infinity, where both counts are 0, and one per distinct score, descending.

    Raises
    ------
    ValueError
        If membership is not binary or has one side only, or a score is not finite.

    Examples
    --------
    >>> from skmia.metrics import threshold_counts
    >>> counts = threshold_counts([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    >>> counts.true_positives.tolist(), counts.false_positives.tolist()
    ([0, 1, 2, 2], [0, 0, 1, 2])
    """
    return count_vertices(sorted_sides(membership, scores))


def roc_vertices(
    membership: ArrayLike, scores: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Vertices of the ROC of a membership attack, from (0, 0) to (1, 1).

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    fpr : ndarray of shape (n_vertices,)
        Share of non-members at or above each threshold.
    tpr : ndarray of shape (n_vertices,)
        Share of members at or above each threshold.
    thresholds : ndarray of shape (n_vertices,)
        Infinity, then every distinct score in descending order.

    Raises
    ------
    ValueError
        If membership is not binary or has one side only, or a score is not finite.

    Notes
    -----
    Between two vertices lies no rule that only thresholds the score. The straight line
    that a plot draws there stands for flagging part of the tied records by lot.

    Examples
    --------
    >>> from skmia.metrics import roc_vertices
    >>> fpr, tpr, thresholds = roc_vertices([1, 0, 1, 0], [9, 9, 5, 5])
    >>> fpr.tolist(), tpr.tolist(), thresholds.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [inf, 9.0, 5.0])
    """
    counts = count_vertices(sorted_sides(membership, scores))
    return *rates(counts), counts.thresholds


def roc_auc(membership: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC: a member outscores a non-member, ties counting one half.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    float
        Within [0, 1]; 0.5 where the scores say nothing.

    Raises
    ------
    ValueError
        If membership is not binary or has one side only, or a score is not finite.

    See Also
    --------
    roc_auc_interval : The interval that belongs to it.

    Notes
    -----
    The mean over all records hides the few that are exposed. It is a summary to be
    read beside :func:`tpr_at_fpr`, not in its place.

    Examples
    --------
    >>> from skmia.metrics import roc_auc
    >>> roc_auc([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    return auc_of_sides(sorted_sides(membership, scores))


def auc_of_sides(sides: Sides) -> float:
    """Mid-rank AUC. Exact: the sum is over integers, so no order can change it."""
    members, nonmembers = sides
    below = np.searchsorted(nonmembers, members, side="left").sum()
    not_above = np.searchsorted(nonmembers, members, side="right").sum()
    return float(int(below + not_above) / (2 * len(members) * len(nonmembers)))


def tpr_at_fpr(membership: ArrayLike, scores: ArrayLike, max_fpr: float) -> float:
    """Largest share of members found while flagging at most `max_fpr` of the others.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    max_fpr : float
        Share of non-members that may be flagged, in [0, 1].

    Returns
    -------
    float
        The true positive rate at a vertex of the ROC. Nothing is interpolated: no
        threshold reaches the points in between.

    Raises
    ------
    ValueError
        If `max_fpr` is out of range, membership is not binary or has one side only, or
        a score is not finite.

    See Also
    --------
    is_resolvable : Whether there are enough non-members for this `max_fpr`.
    tpr_at_fpr_interval : The interval that belongs to it.

    References
    ----------
    Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P
    2022, section IV.

    Examples
    --------
    >>> from skmia.metrics import tpr_at_fpr
    >>> membership, scores = [1, 0, 1, 1, 1, 0], [0.35, 0.33, 0.32, 0.6, 0.6, 0.2]
    >>> tpr_at_fpr(membership, scores, 0.0), tpr_at_fpr(membership, scores, 0.5)
    (0.75, 1.0)
    """
    max_fpr = check_real(max_fpr, "max_fpr", 0, 1)
    counts = count_vertices(sorted_sides(membership, scores))
    _, tpr = rates(counts)
    return float(tpr[vertex_at_fpr(counts, max_fpr)])


def membership_advantage(membership: ArrayLike, scores: ArrayLike) -> float:
    """Membership advantage: the largest TPR - FPR over all thresholds.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    float
        Within [0, 1].

    Raises
    ------
    ValueError
        If membership is not binary or has one side only, or a score is not finite.

    See Also
    --------
    membership_advantage_interval : The interval that belongs to it.

    Notes
    -----
    The threshold is the best one for these very records, so the figure is optimistic:
    without any leak it is still positive. (1 + advantage) / 2 is the accuracy of the
    best threshold when members and non-members are equally likely.

    References
    ----------
    Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection to
    Overfitting", CSF 2018, definition 4.

    Examples
    --------
    >>> from skmia.metrics import membership_advantage
    >>> membership_advantage([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    0.5
    """
    fpr, tpr = rates(count_vertices(sorted_sides(membership, scores)))
    # The vertex (0, 0) keeps it from being negative.
    return float((tpr - fpr).max())


def precision_at_prior(tpr: FloatArray, fpr: FloatArray, prior: float) -> FloatArray:
    """Precision of rules with these rates; a rule that flags no one has the prior."""
    flagged = tpr + (1 - prior) / prior * fpr
    precision = np.full(np.shape(flagged), prior, dtype=np.float64)
    return np.divide(tpr, flagged, out=precision, where=flagged > 0)


def ppv_at_prior(
    membership: ArrayLike,
    scores: ArrayLike,
    prior: float,
    *,
    max_fpr: float | None = None,
) -> float:
    """Precision of the attack where members are as rare as `prior` says.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    prior : float
        Share of members among those an attacker would test, in (0, 1). It replaces the
        share in `membership`.
    max_fpr : float or None, default=None
        The precision is that of the threshold of :func:`tpr_at_fpr`. With None it is
        the largest over all thresholds.

    Returns
    -------
    float
        Share of members among the flagged records; `prior` where none is flagged.

    Raises
    ------
    ValueError
        If `prior` or `max_fpr` is out of range, membership is not binary or has one
        side only, or a score is not finite.

    Notes
    -----
    Without `max_fpr` the figure is optimistic. The highest thresholds flag a handful of
    records, and one member at the very top reads as a precision of 1. Give the
    `max_fpr` that the audit was set to beforehand.

    References
    ----------
    Jayaraman et al., "Revisiting Membership Inference Under Realistic Assumptions",
    PoPETs 2021.

    Examples
    --------
    >>> from skmia.metrics import ppv_at_prior
    >>> membership, scores = [1, 1, 1, 0, 0], [0.9, 0.8, 0.3, 0.8, 0.1]
    >>> ppv_at_prior(membership, scores, prior=0.1, max_fpr=0.5)
    0.1818...
    """
    prior = check_real(prior, "prior", 0, 1, closed="neither")
    if max_fpr is not None:
        max_fpr = check_real(max_fpr, "max_fpr", 0, 1)
    counts = count_vertices(sorted_sides(membership, scores))
    fpr, tpr = rates(counts)
    precision = precision_at_prior(tpr, fpr, prior)
    if max_fpr is None:
        return float(precision.max())
    return float(precision[vertex_at_fpr(counts, max_fpr)])
