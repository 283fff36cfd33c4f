"""The interval of the advantage, a maximum over all thresholds."""

import numpy as np
from numpy.typing import ArrayLike

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import vertices_of
from skmia.metrics._sides import sides_of


def membership_advantage_interval(
    membership: ArrayLike,
    scores: ArrayLike,
    *,
    confidence_level: float = 0.95,
    groups: ArrayLike | None = None,
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
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. The persons, not their
        records, are then taken for independent draws.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`, within [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        a score is not finite, or a person is missing or on both sides.

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
    sides = sides_of(membership, scores, groups)
    fpr, tpr, _ = vertices_of(*(side.scores for side in sides))
    advantage = (tpr - fpr).max()
    n = np.array([side.least_persons for side in sides])
    # Both bands hold together but with chance alpha: 2 exp(-2 n width^2) = alpha / 2.
    reach = np.sqrt(np.log(4 / alpha) / (2 * n)).sum()
    return Interval(
        float(max(advantage - reach, 0.0)), float(min(advantage + reach, 1.0))
    )
