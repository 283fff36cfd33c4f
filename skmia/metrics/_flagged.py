"""Which records an attacker accuses who may be wrong about a share of the others."""

import numpy as np
from numpy.typing import ArrayLike

from skmia.metrics._ranking import FloatArray, check_scores
from skmia.metrics._resolution import allowed_false_positives


def flagged_at_fpr(
    membership: ArrayLike, scores: ArrayLike, max_fpr: float
) -> FloatArray:
    """Tell which records are flagged by the rule that :func:`tpr_at_fpr` reads.

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
    ndarray of shape (n_records,)
        1 for records above the threshold, 0 for those below it. Where the allowed share
        of non-members ends inside a block of equal scores, an attacker flags a part of
        the block that is drawn at random, and its records have that part.

    Raises
    ------
    ValueError
        If `max_fpr` is out of range, membership is not binary or has one side only, or
        a score is not finite.

    See Also
    --------
    tpr_at_fpr : The mean over the members.

    Notes
    -----
    The threshold is one for all records. In a part of them the share of non-members
    above it may be another than `max_fpr`.

    Examples
    --------
    >>> from skmia.metrics import flagged_at_fpr
    >>> flagged_at_fpr([1, 1, 1, 0, 0, 0, 0], [9, 5, 1, 6, 4, 3, 2], 0.25)
    array([1., 1., 0., 1., 0., 0., 0.])
    """
    is_member, values = check_scores(membership, scores)
    nonmembers = np.sort(values[~is_member])
    n = len(nonmembers)
    allowed = allowed_false_positives(n, max_fpr)
    if allowed == n:
        return np.ones(len(values))
    # The highest score of which not every non-member may be flagged.
    spared = nonmembers[n - 1 - allowed]
    flagged = (values > spared).astype(np.float64)
    tied = values == spared
    if (tied & is_member).any():
        above = n - int(np.searchsorted(nonmembers, spared, side="right"))
        # As allowed_false_positives counts: 0.1 * 30 is a rounding error above 3.
        share = (round(max_fpr * n, 9) - above) / int((tied & ~is_member).sum())
        flagged[tied] = max(share, 0.0)
    return flagged
