"""The mean AUC of several models that have records in common, and its interval."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray, roc_auc


def mean_roc_auc_interval(
    memberships: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    records: Sequence[ArrayLike],
    *,
    confidence_level: float = 0.95,
) -> Interval:
    """Compute an interval of the mean AUC of several models over common records.

    Parameters
    ----------
    memberships : sequence of array-like of shape (n_records_of_model,)
        For each model, whether it was trained on a record.
    scores : sequence of array-like of shape (n_records_of_model,)
        The membership evidence of these, higher for members.
    records : sequence of array-like of int of shape (n_records_of_model,)
        Which records these are, as numbers from 0 that are the same for all models.
        With numbers of persons, what the rows of one add in a model is one sum.
    confidence_level : float, default=0.95
        Level of the interval.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`, within [0, 1]. It is about other records of the
        same source, and wider than need be.

    See Also
    --------
    roc_auc_interval : Of one model.

    Notes
    -----
    The variance is the sum of what each record adds, by DeLong's components. Those of
    one record as a member of several models count as if they were equal, and those as a
    non-member: a record is no more than one, in however many models it is. Its two
    sides partly cancel. That is not counted on: it makes up for the training, which
    moves the scores of all records together and shows in no component.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
    Receiver Operating Characteristic Curves", Biometrics 1988.

    Examples
    --------
    >>> from skmia.metrics import mean_roc_auc_interval
    >>> memberships = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    >>> scores = [[9, 7, 4, 5, 3, 1], [2, 6, 1, 8, 5, 4]]
    >>> mean_roc_auc_interval(memberships, scores, [range(6), range(6)])
    Interval(low=0.29..., high=0.97...)
    """
    alpha = check_confidence_level(confidence_level)
    parts = [
        (np.asarray(member, dtype=bool), np.asarray(own, dtype=np.float64))
        for member, own in zip(memberships, scores, strict=True)
    ]
    auc = float(np.mean([roc_auc(*part) for part in parts]))
    numbers = [np.asarray(of, dtype=np.intp) for of in records]
    n = 1 + max(int(of.max()) for of in numbers)
    # Of every record as a member and as a non-member: how often, and the squares.
    times, squares = np.zeros((2, n)), np.zeros((2, n))
    second = 0.0
    for (member, own), of in zip(parts, numbers, strict=True):
        shares = _outscored(own[member], own[~member])
        for side, inside, share in zip((0, 1), (member, ~member), shares, strict=True):
            parts_of = (share - share.mean()) / len(share)
            times[side] += np.bincount(of[inside], minlength=n) > 0
            squares[side] += np.bincount(of[inside], parts_of, minlength=n) ** 2
        sizes = (len(np.unique(of[inside])) for inside in (member, ~member))
        second += 1 / (12 * math.prod(sizes))
    # Pairs of a member and a non-member that share no record.
    there = times > 0
    n_records = int(there.any(axis=0).sum())
    n_pairs = max(1, min(*there.sum(axis=1).tolist(), n_records // 2))
    perfect = (alpha / 2) ** (1 / n_pairs)
    if auc in (0.0, 1.0):
        return Interval(perfect, 1.0) if auc else Interval(0.0, 1 - perfect)
    k = len(parts)
    # The second term is that of guessing: equal scores do not look like certainty.
    variance = (times * squares).sum() / k**2 + second / k
    reach = -ndtri(alpha / 2) * np.sqrt(variance) / (auc * (1 - auc))
    low, high = expit(logit(auc) - reach), expit(logit(auc) + reach)
    # As for one model: never surer than of a perfect separation.
    return Interval(float(min(low, perfect)), float(max(high, 1 - perfect)))


def _outscored(
    members: FloatArray, nonmembers: FloatArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the other side: below each member, and above each non-member."""
    shares = []
    for own, other in ((members, nonmembers), (nonmembers, members)):
        other = np.sort(other)
        twice = np.searchsorted(other, own) + np.searchsorted(other, own, "right")
        shares.append(twice / (2 * len(other)))
    return shares[0], 1 - shares[1]
