"""The interval of the TPR at an FPR: neither side of the ROC is taken as known."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaincinv, ndtr

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray, IntArray, tpr_of
from skmia.metrics._resolution import is_resolvable
from skmia.metrics._sides import Side, sides_of
from skmia.utils import check_real

# Ranks at which the place of the threshold is weighed, and those that are kept.
_N_RANKS, _N_PLACES = 128, 128
_TINY = 1e-12
# Places in deviations, and how likely each is from another.
_PLACES = np.linspace(-4.2, 4.2, 85)
_MOVED = np.exp(-0.5 * np.subtract.outer(_PLACES, _PLACES) ** 2)
_MOVED /= _MOVED.sum(axis=1, keepdims=True)
# Places at which the truth is looked for. Where the curve is seen to rise before, the
# chance that it rises after the true place is small, and so is what is lost by it.
_NEAREST, _FARTHEST = -1.0, 2.3
_LEAST_TAIL, _N_TAILS, _N_RATES = 0.15, 7, 160
# How often an end may be missed, in units of the level, where without a smaller tail it
# would be so often. Up to 1.5 is what chance makes of curves that rise evenly.
_FOUND_OFF, _ALLOWED = (0.0, 1.5, 3.0), (0.0, 1.5, 1.1)
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
# Persons above a threshold from which on their spread can be told.
_ENOUGH_PERSONS = 30


def tpr_at_fpr_interval(
    membership: ArrayLike,
    scores: ArrayLike,
    max_fpr: float,
    *,
    confidence_level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Interval:
    """Compute the interval of the TPR that :func:`tpr_at_fpr` reads.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    max_fpr : float
        Share of non-members that may be flagged, in [0, 1].
    confidence_level : float, default=0.95
        Level of the interval.
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. The persons, not their
        records, are then taken for independent draws.

    Returns
    -------
    Interval
        Named tuple of `low` and `high`.

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has one side only,
        a score is not finite, or a person is missing or on both sides.

    See Also
    --------
    tpr_at_fpr : The figure itself.
    clopper_pearson : The interval for a threshold that is given.

    Notes
    -----
    Both sides vary. Where the threshold with this FPR stands among the non-members has
    a distribution, that of the order statistics of `n` uniform numbers. For each place
    that it may have, the members above it give a distribution of the TPR, Jeffreys'
    for a binomial count. The ends are quantiles of the mixture.
    Where the curve that was seen has a step near the threshold, such as many members
    with scores in a narrow range, they are quantiles farther out: the small chance of a
    place behind the step and that of few members above it multiply, and the end of the
    mixture alone would be missed in up to ``tail * (1 - log(tail))``, 12 % for 2.5.

    Between two non-members, and inside a block of tied scores, the curve is the segment
    that :func:`tpr_at_fpr` reads. Of the records inside a block a fixed share is
    flagged, which varies less than a count; both distributions are as much narrower.

    With `groups`, both numbers of records are divided by their design effect: how much
    more the shares above the threshold vary from person to person than they would from
    record to record.

    References
    ----------
    Korn and Graubard, "Confidence Intervals for Proportions with Small Expected Number
    of Positive Counts Estimated from Survey Data", Survey Methodology 1998.

    Examples
    --------
    >>> from skmia.metrics import tpr_at_fpr_interval
    >>> membership = [1] * 50 + [0] * 50
    >>> scores = [2] * 20 + [0] * 30 + [1] * 50
    >>> tpr_at_fpr_interval(membership, scores, max_fpr=0.1)
    Interval(low=0.272..., high=0.538...)
    """
    alpha = check_confidence_level(confidence_level)
    max_fpr = check_real(max_fpr, "max_fpr", 0, 1)
    members, nonmembers = sides_of(membership, scores, groups)
    value, _ = tpr_of(members.scores, nonmembers.scores, max_fpr)
    low, high = tpr_ends(members, nonmembers, max_fpr, alpha)
    if not is_resolvable(len(nonmembers), max_fpr):
        # What is read is the TPR above all non-members, for any lower FPR.
        count = value * len(members)
        top = betaincinv(count + 0.5, len(members) - count + 0.5, 1 - alpha / 2)
        high = max(high, float(top))
    return Interval(float(min(low, value)), float(max(high, value)))


def tpr_ends(
    members: Side, nonmembers: Side, max_fpr: float, alpha: float
) -> tuple[float, float]:
    """Both ends, by the mixture over the places of the threshold."""
    if members.one_person or nonmembers.one_person:
        return 0.0, 1.0
    effects = [
        _effect(side, nonmembers, max_fpr, alpha) for side in (members, nonmembers)
    ]
    # Ranks run from 0 to n + 1, as those of uniform numbers among their order
    # statistics do: non-member k from the top is expected at an FPR of k / (n + 1).
    # Of persons, whose records are so many ranks each, so is the last of person k.
    step = int(effects[1])
    m, n = len(members), len(nonmembers) + step
    centre = max_fpr * n
    reach = 7 * np.sqrt(centre * (1 - max_fpr) * effects[1]) + 10 * effects[1]
    within = max(0.0, centre - reach), min(float(n), centre + reach)
    curve = _Curve.up_to(within[1], members.scores, nonmembers.scores)
    levels = (np.arange(_N_PLACES) + 0.5) / _N_PLACES
    levels = np.concatenate([levels, ndtr(_PLACES)])
    ranks = _places(within, curve, n, effects[1], max_fpr, levels)
    found, sharper = curve.members_at(ranks, step)
    size = m / effects[0] * sharper
    a, b = size * found / m + 0.5, size * (1 - found / m) + 0.5
    high_level, low_level = _levels(a[_N_PLACES:], b[_N_PLACES:], alpha / 2)
    a, b = a[:_N_PLACES], b[:_N_PLACES]

    def below(tpr: float, level: float) -> float:
        return float(betainc(a, b, tpr).mean()) - level

    low, high = (
        brentq(below, 0, 1, args=(level,), xtol=1e-7, rtol=1e-6)
        for level in (low_level, 1 - high_level)
    )
    return low, high


def _levels(a: FloatArray, b: FloatArray, level: float) -> tuple[float, float]:
    """Tails of the mixture that the upper and the lower end leave out.

    Where the curve has a step, the tail of the place above it and that of the members
    found multiply: the end is missed more often than the mixture says. So the curve
    that was seen is taken for the true one, moved by chance as the place is, and the
    tail is chosen that misses its TPR as often as it should, wherever the threshold
    with this FPR may be. On a curve that rises evenly that is the level itself.
    """
    rate = a / (a + b)
    deviation = np.sqrt(rate * (1 - rate) / (a + b + 1))
    tails = level * np.geomspace(1, _LEAST_TAIL, _N_TAILS)
    found = []
    for sign in (1, -1):
        value = sign * rate
        span = 5 * deviation.max()
        grid = np.linspace(value.min() - span, value.max() + span, _N_RATES)
        # The end for every tail, where chance has moved the curve to each place.
        above = _MOVED @ ndtr((value - grid[:, None]) / deviation).T
        ends = np.stack([np.interp(tails, of[::-1], grid[::-1]) for of in above], 1)
        # How often that end is below the rate at a place.
        at = (sign * _PLACES >= _NEAREST) & (sign * _PLACES <= _FARTHEST)
        short = ndtr((value[at] - ends[:, :, None]) / deviation[at])
        missed = np.einsum("tck,kc->tk", short, _MOVED[at]).max(axis=1)
        missed = np.maximum.accumulate(missed[::-1])
        allowed = level * np.interp(missed[-1] / level, _FOUND_OFF, _ALLOWED)
        found.append(float(np.exp(np.interp(allowed, missed, np.log(tails[::-1])))))
    return found[0], found[1]


def _places(
    within: tuple[float, float],
    curve: "_Curve",
    n: int,
    effect: float,
    max_fpr: float,
    levels: FloatArray,
) -> FloatArray:
    """Ranks, at these levels, at which the non-members may have this FPR."""

    def passed(ranks: FloatArray) -> FloatArray:
        """The chance that the FPR there is above `max_fpr`, the threshold higher."""
        size = n / effect * curve.sharper_ranks(ranks)
        a, b = (np.maximum(size * rate / n, _TINY) for rate in (ranks, n - ranks))
        return np.maximum.accumulate(betaincc(a, b, max_fpr))

    ranks = np.linspace(*within, _N_RANKS)
    # Once more where it may be: within a block of ties that is a narrow range.
    first, last = np.searchsorted(passed(ranks), (1e-5, 1 - 1e-5))
    first, last = max(first - 1, 0), min(last, _N_RANKS - 1)
    ranks = np.linspace(ranks[first], ranks[last], _N_RANKS)
    return np.interp(levels, passed(ranks), ranks)


@dataclass(frozen=True)
class _Curve:
    """The top of the ROC in counts, by its knots.

    Segments are in turn a gap between two scores of non-members, with the members in
    it, and the block of one such score. Uniform numbers have gaps of one rank and no
    blocks; scores on a grid have blocks of as many ranks as non-members, and no gaps.
    What lies between is shared by the numbers of members in either.
    """

    ranks: FloatArray
    found: FloatArray
    # Members and non-members that share the score of a segment.
    tied_members: IntArray
    tied_nonmembers: IntArray

    @classmethod
    def up_to(
        cls, last: float, members: FloatArray, nonmembers: FloatArray
    ) -> "_Curve":
        """The curve from the highest score to the block that holds a rank."""
        m, n = len(members), len(nonmembers)
        start = max(0, n - int(np.ceil(last)) - 2)
        start = int(np.searchsorted(nonmembers, nonmembers[start]))
        values = np.unique(nonmembers[start:])[::-1]
        below, upto = (np.searchsorted(nonmembers, values, s) for s in _SIDES)
        below_m, upto_m = (np.searchsorted(members, values, s) for s in _SIDES)
        tied = upto_m - below_m
        # Members in the gap before each block, and after the last.
        gaps = np.diff(np.stack([m - upto_m, m - below_m], axis=1).ravel(), prepend=0)
        gaps = np.append(gaps[::2], below_m[-1])
        above, upto_block = n - upto, n - below
        # Of a grid the blocks are all there is; uniform numbers are blocks of none.
        share = [_share(gaps[:-1], tied), _share(gaps[1:], tied)]
        edges = np.stack([above, upto_block], axis=1) * (n + 1) / n
        points = np.stack([above + 1, upto_block], axis=1)
        edges += np.stack(share, axis=1) * (points - edges)
        found = m - np.stack([upto_m, below_m], axis=1)
        none = np.zeros_like(tied)
        return cls(
            np.concatenate([[0], edges.ravel(), [n + 1]]),
            np.concatenate([[0], found.ravel(), [m]]),
            np.append(np.stack([none, tied], axis=1).ravel(), 0),
            np.append(np.stack([none, upto - below], axis=1).ravel(), 0),
        )

    def members_at(self, ranks: FloatArray, step: int) -> tuple[FloatArray, FloatArray]:
        """Members above each rank, and by how much that is surer than a count.

        Where so many ranks are one person's, the next person is as far away as
        otherwise the next record.
        """
        segment, part = self._segment(ranks)
        found = np.interp(ranks, self.ranks, self.found)
        if step > 1:
            steps = np.arange(0, ranks[-1] + step, step)
            found = np.interp(ranks, steps, np.interp(steps, self.ranks, self.found))
        tied = self.tied_members[segment]
        return found, _sharper(found, part, tied, self.found[-1])

    def sharper_ranks(self, ranks: FloatArray) -> FloatArray:
        """By how much the FPR at each rank is surer than that of a count."""
        segment, part = self._segment(ranks)
        n = self.ranks[-1] - 1
        counted = ranks * n / (n + 1)
        return _sharper(counted, part, self.tied_nonmembers[segment], n)

    def _segment(self, ranks: FloatArray) -> tuple[IntArray, FloatArray]:
        last = len(self.ranks) - 2
        segment = np.clip(np.searchsorted(self.ranks, ranks, "right") - 1, 0, last)
        start, end = self.ranks[segment], self.ranks[segment + 1]
        width = np.maximum(end - start, _TINY)
        return segment, np.clip((ranks - start) / width, 0, 1)


def _share(gap: IntArray, tied: IntArray) -> FloatArray:
    """Share of a gap in the rank between it and a block."""
    return np.where(gap + tied > 0, gap / np.maximum(gap + tied, 1), tied == 0)


def _sharper(
    counted: FloatArray, part: FloatArray, tied: IntArray, n: float
) -> FloatArray:
    """Variance of a count over that of one where part of the tied records is flagged.

    Records above count 1 and those tied a fixed `part`, in place of 1 for so many of
    them. A block of one has nothing to share out.
    """
    spread = counted * (1 - counted / n)
    less = part * (1 - part) * np.maximum(tied - 1, 0)
    left = np.maximum(spread - less, _TINY)
    return np.maximum(spread, _TINY) / left


def _effect(side: Side, nonmembers: Side, max_fpr: float, alpha: float) -> float:
    """Design effect of the share of a side above the threshold.

    Of a few persons above it nothing is learned about how alike their records are. It
    is then read lower down, where persons are no less alike.
    """
    if side.person is None:
        return 1.0
    n, rate = len(nonmembers), max_fpr
    enough = min(_ENOUGH_PERSONS, side.n_persons / 4)
    while True:
        threshold = nonmembers.scores[max(0, n - 1 - int(rate * n))]
        flagged = (side.scores >= threshold).astype(np.float64)
        if (side.sums(flagged) > 0).sum() >= enough or rate >= 0.5:
            return side.design_effect(flagged, alpha)
        rate = min(2 * rate, 0.5) if rate else 1 / n
