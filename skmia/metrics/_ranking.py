"""How well a score ranks members above non-members: the ROC and what is read off it.

The rule behind every figure is "member if score >= threshold". Records with the same
score are told apart by no threshold, so a block of tied scores is one vertex of the
curve, whatever the order of the rows. Who may flag a part of such a block only draws
that part at random, which is a point on the segment between two vertices.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from skmia.metrics._resolution import allowed_false_positives
from skmia.utils import check_membership, check_option, once

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_EDGES: tuple[Literal["left", "right"], ...] = ("left", "right")


@once
def check_scores(
    membership: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Membership and scores, one entry for each record."""
    is_member = check_membership(membership)
    values = check_array(
        scores, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="scores"
    ).astype(np.float64, copy=False)
    if values.ndim != 1:
        raise ValueError(
            "The 'scores' parameter must be a 1D array-like with one score per record. "
            f"Got an array of shape {values.shape} instead; take the column of the "
            "membership evidence."
        )
    if len(values) != len(is_member):
        raise ValueError(
            "The 'membership' and 'scores' parameters must have one entry per record. "
            f"Got {len(is_member)} and {len(values)} entries instead."
        )
    return is_member, values


@once
def sorted_sides(
    membership: ArrayLike, scores: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Scores of members and of non-members, sorted: no row order is left in them."""
    is_member, values = check_scores(membership, scores)
    return np.sort(values[is_member]), np.sort(values[~is_member])


@once
def vertices_of(
    members: FloatArray, nonmembers: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """FPR, TPR and threshold of every vertex of the ROC, from (0, 0) on.

    Both sides are sorted.
    """
    # As scikit-learn's roc_curve without its checks, which take most of its time on the
    # few hundred records of a shadow.
    thresholds = np.unique(np.concatenate([members, nonmembers]))[::-1]
    fpr, tpr = (
        np.append(0.0, (len(side) - np.searchsorted(side, thresholds)) / len(side))
        for side in (nonmembers, members)
    )
    return fpr, tpr, np.append(np.inf, thresholds)


def counts_of(rates: FloatArray, n: int) -> IntArray:
    """Numbers of records behind rates that are counts over `n`."""
    return np.rint(rates * n).astype(np.int64)


def vertex_at_fpr(
    fpr: FloatArray, tpr: FloatArray, n_nonmembers: int, max_fpr: float
) -> int:
    """Index of the vertex with the largest TPR whose FPR is at most `max_fpr`.

    Of several with that TPR it is the one with the fewest false positives.
    """
    allowed = allowed_false_positives(n_nonmembers, max_fpr)
    last = np.searchsorted(counts_of(fpr, n_nonmembers), allowed, side="right") - 1
    return int(np.searchsorted(tpr, tpr[last]))


def found_at(fp: IntArray, tp: IntArray, allowed: float) -> float:
    """Members flagged with so many false positives, by the counts at the vertices.

    Inside a block of ties it is the expectation over the part of it that is drawn at
    random. Elsewhere there is no member between two vertices, and no fraction counts.
    """
    # As allowed_false_positives counts: 0.1 * 30 is a rounding error above 3.
    allowed = round(allowed, 9)
    last = int(np.searchsorted(fp, allowed, side="right")) - 1
    if last == len(fp) - 1:
        return float(tp[last])
    part = (allowed - fp[last]) / (fp[last + 1] - fp[last])
    return float(tp[last] + part * (tp[last + 1] - tp[last]))


def tpr_of(
    members: FloatArray, nonmembers: FloatArray, max_fpr: float
) -> tuple[float, float]:
    """TPR and FPR of the rule that :func:`tpr_at_fpr` reads, ties drawn at random."""
    m, n = len(members), len(nonmembers)
    allowed = allowed_false_positives(n, max_fpr)
    above, tied = m, 0
    if allowed < n:
        # The highest score of which not every non-member may be flagged.
        spared = nonmembers[n - 1 - allowed]
        above = m - int(np.searchsorted(members, spared, side="right"))
        tied = m - above - int(np.searchsorted(members, spared))
    if tied:
        first, last = (np.searchsorted(nonmembers, spared, s) for s in _EDGES)
        # As allowed_false_positives counts: 0.1 * 30 is a rounding error above 3.
        part = (round(max_fpr * n, 9) - (n - last)) / (last - first)
        if part > 0:
            return float(above + part * tied) / m, max_fpr
    # A rule that finds no more for further false positives does not accuse them.
    flagged = n - np.searchsorted(nonmembers, members[m - above]) if above else 0
    return above / m, float(flagged / n)


@once
def twice_outscored(values: FloatArray, others: FloatArray) -> IntArray:
    """For each value twice the number of sorted `others` below it, ties one half."""
    below = np.searchsorted(others, values, side="left")
    return below + np.searchsorted(others, values, side="right")


def auc_of(members: FloatArray, nonmembers: FloatArray) -> float:
    """Share of the pairs in which the member has the higher score, ties one half."""
    # A sum of integers is exact in any order; roc_auc_score takes 8 to 30 times as long
    # (1,000 to 200,000 records) and is a rounding error off.
    twice = int(twice_outscored(members, nonmembers).sum())
    return twice / (2 * len(members) * len(nonmembers))


def roc_vertices(
    membership: ArrayLike, scores: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute the vertices of the ROC of a membership attack, from (0, 0) to (1, 1).

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

    See Also
    --------
    tpr_at_fpr : The TPR at one of them.

    Notes
    -----
    Between two vertices lies no rule that only thresholds the score. The straight line
    that a plot draws there stands for flagging part of the tied records at random, and
    there :func:`tpr_at_fpr` is read.

    Examples
    --------
    >>> from skmia.metrics import roc_vertices
    >>> fpr, tpr, thresholds = roc_vertices([1, 0, 1, 0], [9, 9, 5, 5])
    >>> fpr.tolist(), tpr.tolist(), thresholds.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [inf, 9.0, 5.0])
    """
    return vertices_of(*sorted_sides(membership, scores))


def roc_auc(membership: ArrayLike, scores: ArrayLike) -> float:
    """Compute the area under the ROC.

    It is the chance that a member outscores a non-member, ties counting one half.

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
    The mean over all records hides the few that are exposed. Read it beside
    :func:`tpr_at_fpr`, not in its place.

    Examples
    --------
    >>> from skmia.metrics import roc_auc
    >>> roc_auc([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])
    0.875
    """
    return auc_of(*sorted_sides(membership, scores))


def tpr_at_fpr(
    membership: ArrayLike,
    scores: ArrayLike,
    max_fpr: float,
    *,
    ties: Literal["random", "below"] = "random",
) -> float:
    """Compute the largest TPR of an attack whose FPR is at most `max_fpr`.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    max_fpr : float
        Share of non-members that may be flagged, in [0, 1].
    ties : {"random", "below"}, default="random"
        What is read where the allowed FPR falls inside a block of records with the same
        score. With "random" the attacker flags a part of them that is drawn at random:
        the expectation, on the segment between the two vertices of the ROC. With
        "below" none of them is flagged: the vertex below, which is what a threshold
        reaches and may be 0 for an attack that ranks well.

    Returns
    -------
    float
        The true positive rate.

    Raises
    ------
    ValueError
        If `max_fpr` or `ties` is out of range, membership is not binary or has one side
        only, or a score is not finite.

    See Also
    --------
    is_resolvable : Whether there are enough non-members for this `max_fpr`.
    tpr_at_fpr_interval : The interval that belongs to it.

    Notes
    -----
    Without ties both readings are the same, the TPR at a vertex. Inside a block the FPR
    is `max_fpr` itself, on average over the draws, so that scores which say nothing
    read `max_fpr`.

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

    All four members have the score of one of two non-members, and no threshold accuses
    a half of a person:

    >>> membership, scores = [1] * 4 + [0] * 4, [9, 9, 9, 9, 9, 9, 0, 0]
    >>> tpr_at_fpr(membership, scores, 0.25)
    0.5
    >>> tpr_at_fpr(membership, scores, 0.25, ties="below")
    0.0
    """
    check_option(ties, "ties", ("random", "below"))
    members, nonmembers = sorted_sides(membership, scores)
    if ties == "below":
        fpr, tpr, _ = vertices_of(members, nonmembers)
        return float(tpr[vertex_at_fpr(fpr, tpr, len(nonmembers), max_fpr)])
    return tpr_of(members, nonmembers, max_fpr)[0]


def membership_advantage(membership: ArrayLike, scores: ArrayLike) -> float:
    """Compute the membership advantage, the largest TPR - FPR over all thresholds.

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
    fpr, tpr, _ = roc_vertices(membership, scores)
    # The vertex (0, 0) keeps it from being negative.
    return float((tpr - fpr).max())
