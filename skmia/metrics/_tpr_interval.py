"""The interval of the TPR at an FPR: neither side of the ROC is taken as known."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, betaincinv, betaln, ndtr, ndtri

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import BoolArray, FloatArray, IntArray, tpr_of
from skmia.metrics._resolution import is_resolvable
from skmia.metrics._roc_counts import Curve
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
# Persons above a threshold from which on their spread can be told.
_ENOUGH_PERSONS = 30
# Rates whose ends are computed together, which bounds the memory.
_AT_ONCE = 16
# Of the search for a quantile: probits that it may have, and when it is found.
_FAR, _CLOSE = 9.0, 1e-5


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
    low, high = tpr_intervals(
        members, nonmembers, np.array([max_fpr]), np.array([value]), alpha
    )
    return Interval(float(low[0]), float(high[0]))


def tpr_intervals(
    members: Side,
    nonmembers: Side,
    max_fprs: FloatArray,
    values: FloatArray,
    alpha: float,
) -> tuple[FloatArray, FloatArray]:
    """Both ends at every one of these FPRs, where the TPR reads these values."""
    m, n = len(members), len(nonmembers)
    low, high = tpr_ends(members, nonmembers, max_fprs, alpha)
    # Of a rate that is not resolvable the TPR above all non-members is read, for any
    # lower FPR.
    count = values * m
    top = betaincinv(count + 0.5, m - count + 0.5, 1 - alpha / 2)
    unresolved = np.array([not is_resolvable(n, float(rate)) for rate in max_fprs])
    high = np.where(unresolved, np.maximum(high, top), high)
    return np.minimum(low, values), np.maximum(high, values)


def tpr_ends(
    members: Side, nonmembers: Side, max_fprs: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Both ends at every one of these FPRs, by the mixture over the places."""
    if members.one_person or nonmembers.one_person:
        return np.zeros_like(max_fprs), np.ones_like(max_fprs)
    found = [
        _ends(members, nonmembers, max_fprs[i : i + _AT_ONCE, None], alpha)
        for i in range(0, len(max_fprs), _AT_ONCE)
    ]
    low, high = np.concatenate(found, axis=1)
    return low, high


def _ends(
    members: Side, nonmembers: Side, max_fprs: FloatArray, alpha: float
) -> FloatArray:
    """Both ends; `max_fprs` is a column, and so is what follows from each of them."""
    effect, effect_n = (
        np.array([[_effect(side, nonmembers, rate, alpha)] for rate in max_fprs[:, 0]])
        for side in (members, nonmembers)
    )
    # Ranks run from 0 to n + 1, as those of uniform numbers among their order
    # statistics do: non-member k from the top is expected at an FPR of k / (n + 1).
    # Of persons, whose records are so many ranks each, so is the last of person k.
    step = effect_n.astype(np.int64)
    m, n = len(members), len(nonmembers) + step
    centre = max_fprs * n
    reach = 7 * np.sqrt(centre * (1 - max_fprs) * effect_n) + 10 * effect_n
    within = np.maximum(centre - reach, 0), np.minimum(centre + reach, n)
    last = float((within[1] + step).max())
    curve = Curve.up_to(last, members.scores, nonmembers.scores)
    levels = (np.arange(_N_PLACES) + 0.5) / _N_PLACES
    levels = np.concatenate([levels, ndtr(_PLACES)])
    ranks = _places(within, curve, n, effect_n, max_fprs, levels)
    found, sharper = curve.members_at(ranks, step)
    size = m / effect * sharper
    a, b = size * found / m + 0.5, size * (1 - found / m) + 0.5
    high_level, low_level = _levels(a[:, _N_PLACES:], b[:, _N_PLACES:], alpha / 2)
    a, b = a[:, :_N_PLACES], b[:, :_N_PLACES]
    return np.stack(
        [mixture_quantile(a, b, level) for level in (low_level, 1 - high_level)]
    )


def mixture_quantile(a: FloatArray, b: FloatArray, level: FloatArray) -> FloatArray:
    """Quantile of the mixture of the beta distributions of each row.

    Newton's method for its probit as a function of the probit of the quantile, which is
    nearly a straight line, within the bracket that is known.
    """
    log_beta = betaln(a, b)
    rate = a / (a + b)
    spread = np.sqrt((rate * (1 - rate) / (a + b + 1)).mean(axis=1) + rate.var(axis=1))
    wanted = ndtri(level)
    u = ndtri(np.clip(rate.mean(axis=1) + wanted * spread, 1e-5, 1 - 1e-5))
    lowest, highest = np.full_like(level, -_FAR), np.full_like(level, _FAR)
    rows = np.arange(len(level))
    while len(rows):
        at, x = u[rows], ndtr(u[rows])[:, None]
        reached = ndtri(betainc(a[rows], b[rows], x).mean(axis=1))
        short = wanted[rows] - reached
        highest[rows] = np.where(short < 0, at, highest[rows])
        lowest[rows] = np.where(short < 0, lowest[rows], at)
        with np.errstate(all="ignore"):
            density = (a[rows] - 1) * np.log(x) + (b[rows] - 1) * np.log1p(-x)
            slope = np.exp(density - log_beta[rows]).mean(axis=1)
            moved = at + short / (slope * np.exp((reached**2 - at**2) / 2))
        inside = (moved > lowest[rows]) & (moved < highest[rows])
        u[rows] = np.where(inside, moved, (lowest[rows] + highest[rows]) / 2)
        rows = rows[np.abs(ndtr(u[rows]) - x[:, 0]) > _CLOSE * x[:, 0]]
    return np.asarray(ndtr(u))


def _levels(
    a: FloatArray, b: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
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
    span = 5 * deviation.max(axis=1)
    first, last = rate.min(axis=1) - span, rate.max(axis=1) + span
    grid = np.linspace(first, last, _N_RATES, axis=1)
    # The chance of a rate above, where chance has moved the curve to each place.
    off = (rate[:, None, :] - grid[:, :, None]) / deviation[:, None, :]
    above = ndtr(off) @ _MOVED.T
    found = []
    for sign in (1, -1):
        # The end for every tail, and how often it falls short of the rate at a place.
        signed = tails if sign > 0 else 1 - tails
        ends = _crossings(above, grid, signed[:1])
        at = (sign * _PLACES >= _NEAREST) & (sign * _PLACES <= _FARTHEST)
        off = sign * (rate[:, None, at, None] - ends[:, :, None, :])
        short = ndtr(off / deviation[:, None, at, None])
        missed = np.full((len(rate), _N_TAILS), level)
        missed[:, 0] = np.einsum("rtkc,kc->rtk", short, _MOVED[at])[:, 0].max(axis=1)
        # Elsewhere the tail that is allowed is the first.
        rows = np.flatnonzero(missed[:, 0] > _FOUND_OFF[1] * level)
        ends = _crossings(above[rows], grid[rows], signed[1:])
        off = sign * (rate[rows][:, None, at, None] - ends[:, :, None, :])
        short = ndtr(off / deviation[rows][:, None, at, None])
        missed[rows, 1:] = np.einsum("rtkc,kc->rtk", short, _MOVED[at]).max(axis=2)
        log_tails = np.full(len(rate), np.log(level))
        for row in rows:
            known = np.maximum.accumulate(missed[row, ::-1])
            allowed = level * np.interp(known[-1] / level, _FOUND_OFF, _ALLOWED)
            log_tails[row] = np.interp(allowed, known, np.log(tails[::-1]))
        found.append(np.exp(log_tails))
    return found[0], found[1]


def _crossings(values: FloatArray, grid: FloatArray, levels: FloatArray) -> FloatArray:
    """Where falling functions on the grid of each row reach each of the levels."""
    after = (values[:, None, :, :] > levels[:, None, None]).sum(axis=2)
    after = np.clip(after, 1, grid.shape[1] - 1)
    rows = np.arange(len(grid))[:, None, None]
    columns = np.arange(values.shape[2])
    upper, lower = (values[rows, at, columns] for at in (after - 1, after))
    part = (upper - levels[:, None]) / np.maximum(upper - lower, _TINY)
    start = grid[rows, after - 1]
    return start + np.clip(part, 0, 1) * (grid[rows, after] - start)


def _places(
    within: tuple[FloatArray, FloatArray],
    curve: Curve,
    n: IntArray,
    effect: FloatArray,
    max_fprs: FloatArray,
    levels: FloatArray,
) -> FloatArray:
    """Ranks, at these levels, at which the non-members may have each FPR."""

    def passed(ranks: FloatArray) -> FloatArray:
        """The chance that the FPR there is above `max_fpr`, the threshold higher."""
        size = n / effect * curve.sharper_ranks(ranks)
        a, b = (np.maximum(size * rate / n, _TINY) for rate in (ranks, n - ranks))
        return np.maximum.accumulate(betaincc(a, b, max_fprs), axis=1)

    ranks = np.linspace(within[0][:, 0], within[1][:, 0], _N_RANKS, axis=1)
    # Once more where it may be: within a block of ties that is a narrow range.
    chance = passed(ranks)
    first = np.maximum((chance < 1e-5).sum(axis=1) - 1, 0)
    last = np.minimum((chance < 1 - 1e-5).sum(axis=1), _N_RANKS - 1)
    rows = np.arange(len(ranks))
    ranks = np.linspace(ranks[rows, first], ranks[rows, last], _N_RANKS, axis=1)
    return np.stack(
        [np.interp(levels, *of) for of in zip(passed(ranks), ranks, strict=True)]
    )


def _effect(side: Side, nonmembers: Side, max_fpr: float, alpha: float) -> float:
    """Design effect of the share of a side above the threshold.

    Of a few persons above it nothing is learned about how alike their records are, nor
    of a few below it. It is then read lower down, or higher up, where persons are no
    less alike.
    """
    if side.person is None:
        return 1.0
    n, rate = len(nonmembers), max_fpr
    enough = min(_ENOUGH_PERSONS, side.n_persons / 4)

    def persons(there: BoolArray) -> int:
        return int((side.sums(there.astype(np.float64)) > 0).sum())

    while True:
        flagged = side.scores >= nonmembers.scores[max(0, n - 1 - int(rate * n))]
        if persons(flagged) >= enough or rate >= 0.5:
            break
        rate = min(2 * rate, 0.5) if rate else 1 / n
    spared = 1 / side.n_persons
    while persons(~flagged) < enough and spared < 0.5:
        # Scores are in ascending order, and so many are below.
        flagged = side.scores >= side.scores[int(spared * len(side))]
        spared *= 2
    if flagged.all() or not flagged.any():
        # One score only, which does not show how alike persons are.
        return float(
            (side.sums(np.ones(len(side))) ** 2).mean() / (len(side) / side.n_persons)
        )
    return side.design_effect(flagged.astype(np.float64), alpha)
