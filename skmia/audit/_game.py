"""Figures of a learning algorithm: the membership game, played with many models.

The models are drawn in complementary pairs, anew for each pair, from one pool of rows.
What is wanted is the mean figure over all models that could have been drawn so. Pairs
are independent draws, but the figures of two targets are not: each pair is among the
shadows of all others. What a pair adds as a shadow is found by playing on without it,
and counts beside what it adds as targets (the delete-a-group jackknife).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from skmia.metrics import Interval, Metric, allowed_false_positives

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
# Of an attack and a metric.
Key = tuple[str, str]
#: Groups of pairs that are left out in turn.
N_GROUPS = 8


@dataclass(frozen=True)
class Game:
    """What was read of each target, and without each group of pairs.

    Attributes
    ----------
    membership : ndarray of bool
        That of the evidence that it belongs to: figures of a part of the entries are
        read without it.
    values : dict of (attack, metric) to ndarray of shape (n_targets,)
        The figure of each target.
    without : dict of (attack, metric) to ndarray of shape (n_groups, n_pairs)
        Means of the two targets of each pair, where a group of pairs is no shadow; NaN
        where the pair is in the group. Only of attacks with shadows.
    like_others : sequence of str
        Attacks with shadows for which that was not found: what these share is taken to
        be as large as of the attack where it is the largest.
    """

    membership: BoolArray
    values: Mapping[Key, FloatArray]
    without: Mapping[Key, FloatArray]
    like_others: Sequence[str] = ()

    def error(self, key: Key) -> tuple[float, float]:
        """Standard error of a figure, and its degrees of freedom."""
        attack, metric = key
        error, df = error_of(mean_of_pairs(self.values[key]), self.without.get(key))
        if attack not in self.like_others:
            return error, df
        times = 1.0
        for other, without in self.without.items():
            if other[1] == metric:
                pairs = mean_of_pairs(self.values[other])
                whole, own = error_of(pairs, without), error_of(pairs)
                df = min(df, whole[1])
                times = max(times, whole[0] / own[0] if own[0] else 1.0)
        return times * error, df


def mean_of_pairs(values: FloatArray) -> FloatArray:
    """Means of the two models of each pair, which stand side by side."""
    return values.reshape(-1, 2).mean(axis=1)


def groups_of_pairs(n_pairs: int) -> IndexArray:
    """The group of each pair, of about as many pairs each."""
    return np.arange(n_pairs) * min(n_pairs, N_GROUPS) // n_pairs


def error_of(
    pairs: FloatArray, without: FloatArray | None = None
) -> tuple[float, float]:
    """Standard error of a mean over pairs, and its degrees of freedom.

    The variance of the pairs' own figures has all but what they share. What a group
    adds to all others as shadows is the mean change without it. These means vary too
    much, by what single pairs change by chance, which is taken off: it is in the pairs'
    own figures already.
    """
    m = len(pairs)
    own = float(pairs.var(ddof=1)) / m
    if without is None:
        return float(np.sqrt(own)), m - 1
    n_groups, change = len(without), pairs - without
    others = ~np.isnan(change)
    effect = np.nanmean(change, axis=1)
    chance = np.nanvar(change, axis=1, ddof=1) / others.sum(axis=1)
    group = np.array([pairs[~kept].mean() for kept in others])
    scale = (n_groups - 1) ** 2 / n_groups
    raw = scale * float(effect.var(ddof=1))
    both = 2 * (n_groups - 1) / n_groups * float(np.cov(effect, group)[0, 1])
    shared = max(0.0, raw - scale * float(chance.mean()) + both)
    variance = own + shared
    # Satterthwaite's rule, for what was estimated before it was taken off.
    lost = own**2 / (m - 1) + raw**2 / (n_groups - 1)
    df = variance**2 / lost if lost else m - 1
    return float(np.sqrt(variance)), float(np.clip(df, n_groups - 1, m - 1))


def mean_interval(value: float, error: float, df: float, level: float) -> Interval:
    """Student's interval of a mean."""
    reach = float(t.isf((1 - level) / 2, df)) * error
    return Interval(value - reach, value + reach)


def guessing_reads(metric: Metric, n_members: int, n_nonmembers: int) -> float:
    """The mean figure of an attack that guesses, on so few records.

    It takes the best of thresholds for the advantage: the mean of the one-sided
    statistic of Kolmogorov and Smirnov. For the TPR it accuses members until the next
    non-member. Over many models either is told from the chance without a leak.
    """
    if metric.name == "advantage":
        return float(np.sqrt(np.pi / 8 * (1 / n_members + 1 / n_nonmembers)))
    if metric.max_fpr is not None:
        allowed = allowed_false_positives(n_nonmembers, metric.max_fpr)
        return max((allowed + 1) / (n_nonmembers + 1), metric.chance)
    return metric.chance


def values_of_target(
    metrics: Sequence[Metric], membership: BoolArray, scores: FloatArray
) -> list[float]:
    """Figures of one target, whose scores are sorted once for all of them."""
    order = np.argsort(scores, kind="stable")
    return [float(m.value(membership[order], scores[order])) for m in metrics]
