"""The interval of the advantage, a maximum over all thresholds."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray
from skmia.metrics._sides import Side, sides_of

# Thresholds that are looked at, and draws of how the curve may be off at all of them.
_N_THRESHOLDS, _N_DRAWS = 96, 1500


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
    The advantage of these records is the best over all thresholds and so optimistic,
    the more so the flatter the curve TPR - FPR is at its top. The interval holds the
    true advantages for which a figure as low, and one as high, are both likely enough:

    The errors of TPR - FPR at all thresholds are taken as jointly normal, with the
    covariance of the empirical distributions (by persons, with `groups`). Added to a
    curve of the shape that was seen, scaled to a true advantage, they say what the
    figure would be. Each end is the farther one of two shapes, the curve itself and its
    concave hull: the first is too sharp at the top, the second too flat. The ends are
    moved by as much as Jeffreys' intervals at the best threshold differ from normal
    ones, which matters near 0 and 1.

    Where nothing leaks the shape is flat, and the lower end is 0 unless Kolmogorov and
    Smirnov's test, at level ``(1 - confidence_level) / 2``, finds a difference.

    With 50 members or fewer and a strong leak, a true advantage of 0.7 and more, the
    upper end is below the truth several times as often as the level says.

    The errors are drawn, always the same ones: that distribution is in no table, and
    equal scores have equal intervals.

    References
    ----------
    Raghavachari, "Limiting Distributions of Kolmogorov-Smirnov Type Statistics under
    the Alternative", Annals of Statistics 1973.

    Examples
    --------
    >>> from skmia.metrics import membership_advantage_interval
    >>> membership = [1] * 500 + [0] * 500
    >>> scores = [2] * 300 + [1] * 200 + [2] * 100 + [1] * 400
    >>> membership_advantage_interval(membership, scores)
    Interval(low=0.343..., high=0.453...)
    """
    alpha = check_confidence_level(confidence_level)
    return Interval(*advantage_ends(*sides_of(membership, scores, groups), alpha))


def advantage_ends(
    members: Side, nonmembers: Side, alpha: float
) -> tuple[float, float]:
    """Both ends, for sides that may be persons with several records."""
    if members.one_person or nonmembers.one_person:
        return 0.0, 1.0
    sides = members, nonmembers
    thresholds = _thresholds(members, nonmembers)
    tpr, fpr = (side.share_from(thresholds) for side in sides)
    covariances = [side.covariance_from(thresholds, alpha) for side in sides]
    covariance = covariances[0] + covariances[1]
    curve = tpr - fpr
    best = int(np.argmax(curve))
    advantage = max(float(curve[best]), 0.0)
    deviation = np.sqrt(np.diag(covariance))
    z = -float(ndtri(alpha / 2))
    if not advantage:
        # No shape to scale; the true advantage is at one of these thresholds.
        return 0.0, float(np.clip((curve + z * deviation).max(), 0, 1))
    errors = _draws(len(curve)) @ _root(covariance).T
    shapes = curve, _hull(fpr, tpr) - fpr
    ends = [_scaled(shape, errors, advantage, alpha) for shape in shapes]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    below, above = (
        reach - z * deviation[best]
        for reach in _reach(
            (tpr[best], fpr[best]),
            [float(np.sqrt(of[best, best])) for of in covariances],
            alpha,
        )
    )
    low = min(max(low - below, 0.0), advantage) if low > 0 else 0.0
    return float(low), float(min(max(high + above, advantage), 1.0))


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is `covariance`."""
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        # Fewer persons than thresholds: the rank is that of the persons.
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0))
    return root.astype(np.float64, copy=False)


def _thresholds(members: Side, nonmembers: Side) -> FloatArray:
    """Scores, descending: all, or some that share out both sides, and the best."""
    sides = members, nonmembers
    every = np.unique(np.concatenate([side.scores for side in sides]))[::-1]
    if len(every) <= _N_THRESHOLDS:
        return every
    tpr, fpr = (side.share_from(every) for side in sides)
    clock = tpr / members.n_persons + fpr / nonmembers.n_persons
    steps = np.arange(1, _N_THRESHOLDS + 1) / _N_THRESHOLDS * clock[-1]
    at = np.minimum(np.searchsorted(clock, steps), len(every) - 1)
    return every[np.unique(np.append(at, np.argmax(tpr - fpr)))]


@lru_cache(maxsize=4)
def _draws(n: int) -> FloatArray:
    """Standard normal numbers, a row a draw, every column with the right quantiles."""
    rng = np.random.RandomState(0)
    ranks = np.argsort(rng.uniform(size=(_N_DRAWS, n)), axis=0)
    return np.asarray(ndtri((ranks + 0.5) / _N_DRAWS))


def _scaled(
    shape: FloatArray, errors: FloatArray, advantage: float, alpha: float
) -> tuple[float, float]:
    """True advantages at which the figure would be too low, and too high, by chance.

    In each draw the figure is the one that was seen at one true advantage, where the
    first threshold reaches it.
    """
    up = shape > 0
    scale = shape[up] / shape.max()
    reached = ((advantage - errors[:, up]) / scale).min(axis=1)
    # Where it is reached without any leak.
    reached[(errors[:, ~up] > advantage).any(axis=1)] = -1.0
    low, high = np.quantile(reached, (alpha / 2, 1 - alpha / 2))
    return float(low), float(high)


def _hull(fpr: FloatArray, tpr: FloatArray) -> FloatArray:
    """The least concave curve above the ROC, at its vertices."""
    x, y = (np.concatenate([[0.0], rates]) for rates in (fpr, tpr))
    corners: list[int] = []
    for i in range(len(x)):
        while len(corners) > 1:
            a, b = corners[-2:]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            corners.pop()
        corners.append(i)
    return np.interp(x[1:], x[corners], y[corners])


def _reach(
    rates: tuple[float, float], deviations: list[float], alpha: float
) -> tuple[float, float]:
    """How far TPR - FPR at one threshold may be above and below, by Jeffreys."""
    ends = []
    for rate, deviation in zip(rates, deviations, strict=True):
        # As many records would have this spread.
        inside = np.clip(rate, 1e-3, 1 - 1e-3)
        n = inside * (1 - inside) / deviation**2
        a, b = n * rate + 0.5, n * (1 - rate) + 0.5
        ends.append(
            (
                rate - float(betaincinv(a, b, alpha / 2)),
                float(betaincinv(a, b, 1 - alpha / 2)) - rate,
            )
        )
    (tpr_low, tpr_high), (fpr_low, fpr_high) = ends
    return float(np.hypot(tpr_low, fpr_high)), float(np.hypot(tpr_high, fpr_low))
