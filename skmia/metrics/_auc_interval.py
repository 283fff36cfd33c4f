"""Intervals for the area under the ROC that do not vanish where the ROC is perfect."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri
from scipy.stats import bootstrap, mannwhitneyu, t

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray, auc_of, twice_outscored
from skmia.metrics._sides import Side, sides_of
from skmia.utils import check_integer, check_option, own_random_state

Sides = tuple[Side, Side]

_EDGES = (min, 0), (max, -1)
# Scores held at a time while resampling: 32 MiB of float64.
_BLOCK_SCORES = 2**22


def delong_variance(members: Side, nonmembers: Side) -> tuple[float, float]:
    """DeLong's variance of the AUC, what each side adds, in O(n log n).

    Of persons with several records it is Obuchowski's: their components are summed.
    """
    # The share of the other side that each record outscores varies on either side.
    pairs = (members, nonmembers), (nonmembers, members)
    first, second = (
        own.variance_of_mean(
            twice_outscored(own.scores, other.scores) / (2 * len(other))
        )
        for own, other in pairs
    )
    return first, second


def _quantile(variances: tuple[float, float], sides: Sides, alpha: float) -> float:
    """Normal, or of Student's t where persons are few, by Satterthwaite's rule."""
    if all(side.person is None for side in sides):
        return -float(ndtri(alpha / 2))
    lost = sum(
        v**2 / (side.n_persons - 1) for v, side in zip(variances, sides, strict=True)
    )
    return float(t.isf(alpha / 2, sum(variances) ** 2 / lost)) if lost else 0.0


def _two_valued(sides: Sides) -> bool:
    """Whether there are two scores only, of records that are persons by themselves."""
    if any(side.person is not None for side in sides):
        return False
    low, high = (reach([side.scores[i] for side in sides]) for reach, i in _EDGES)
    return all(((side.scores == low) | (side.scores == high)).all() for side in sides)


def _by_proportions(sides: Sides, alpha: float) -> tuple[float, float]:
    """The AUC of two scores, (1 + TPR - FPR) / 2, by Newcombe's interval.

    A spread that is estimated is too small where nearly all records share one score.
    """
    z = -float(ndtri(alpha / 2))
    top = max(side.scores[-1] for side in sides)
    rates, reaches = [], []
    for side in sides:
        n = len(side)
        rate = float((side.scores == top).mean())
        # Wilson's interval.
        centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + (z / n) ** 2 / 4)
        rates.append(rate)
        reaches.append((rate - centre + reach, centre + reach - rate))
    (down, up), (other_down, other_up) = reaches
    auc = (1 + rates[0] - rates[1]) / 2
    return auc - np.hypot(down, other_up) / 2, auc + np.hypot(up, other_down) / 2


def _resampled_auc(
    members: Side, nonmembers: Side, random_state: np.random.RandomState
) -> float:
    """The AUC of persons that are drawn anew, with all of their records."""
    times = []
    for side in (members, nonmembers):
        n = side.n_persons
        drawn = np.bincount(random_state.randint(n, size=n), minlength=n)
        times.append(drawn if side.person is None else drawn[side.person])
    below = np.concatenate([[0], np.cumsum(times[1])])
    first, last = (
        below[np.searchsorted(nonmembers.scores, members.scores, edge)]
        for edge in ("left", "right")
    )
    won = float((times[0] * (first + last)).sum())
    return won / (2 * float(times[0].sum()) * float(times[1].sum()))


def _bootstrap(
    members: Side,
    nonmembers: Side,
    level: float,
    n_resamples: int,
    random_state: np.random.RandomState,
) -> Interval:
    """Percentiles of the AUC over resamples of either side."""
    if members.person is not None or nonmembers.person is not None:
        sides = members, nonmembers
        found = [_resampled_auc(*sides, random_state) for _ in range(n_resamples)]
        low, high = np.quantile(found, ((1 - level) / 2, (1 + level) / 2))
        return Interval(float(low), float(high))

    def auc(members: FloatArray, nonmembers: FloatArray, axis: int) -> FloatArray:
        wins = mannwhitneyu(members, nonmembers, axis=axis, method="asymptotic")
        return wins.statistic / (members.shape[axis] * nonmembers.shape[axis])

    return Interval(
        *bootstrap(
            (members.scores, nonmembers.scores),
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
    groups: ArrayLike | None = None,
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
    roc_auc : The figure itself.
    tpr_at_fpr_interval : The interval of one point of the curve.

    Notes
    -----
    Both methods estimate a spread, and have none to estimate at the extremes. With `k`
    the smaller of the two numbers of records, or of persons with `groups`, and
    ``alpha = 1 - confidence_level``:

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

    Of two distinct scores the AUC is ``(1 + TPR - FPR) / 2``, and "delong" takes
    Newcombe's interval of a difference of two proportions in place of the normal one,
    which is too narrow where nearly all records share one score.

    With `groups`, DeLong's components are summed for each person, as Obuchowski does,
    and the quantile is Student's. The bootstrap draws persons.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
    Receiver Operating Characteristic Curves", Biometrics 1988.

    Newcombe, "Interval Estimation for the Difference between Independent Proportions",
    Statistics in Medicine 1998.

    Obuchowski, "Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 1997.

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
    sides = members, nonmembers = sides_of(membership, scores, groups)
    auc = auc_of(members.scores, nonmembers.scores)
    n_pairs = min(side.n_persons for side in sides)
    # The lower end of clopper_pearson(n_pairs, n_pairs).
    perfect = (alpha / 2) ** (1 / n_pairs)
    if auc in (0.0, 1.0):
        low, high = (perfect, 1.0) if auc else (0.0, 1 - perfect)
    elif len({side.scores[edge] for side in sides for edge in (0, -1)}) == 1:
        reach = (1 - alpha ** (1 / n_pairs)) / 2
        low, high = 0.5 - reach, 0.5 + reach
    elif n_pairs == 1:
        low, high = 0.0, 1.0
    elif method == "delong" and _two_valued(sides):
        low, high = _by_proportions(sides, alpha)
    elif method == "delong":
        variances = delong_variance(members, nonmembers)
        deviation = np.sqrt(sum(variances)) * _quantile(variances, sides, alpha)
        reach = deviation / (auc * (1 - auc))
        low, high = expit(logit(auc) - reach), expit(logit(auc) + reach)
    else:
        rng = own_random_state(random_state)
        low, high = _bootstrap(members, nonmembers, 1 - alpha, n_resamples, rng)
    return Interval(float(min(low, perfect)), float(max(high, 1 - perfect)))
