"""Boosting by noisy sums over random leaves: an additive model of binned columns.

In each round, every column is split at random into a few leaves. The residuals of the
rows are added up in each leaf, with noise, and the scores of its bins are moved by
what the sum says of them. A row is in one leaf of each column: all leaves of a column
are one query, and their number costs nothing.

Splits do not look at the rows, and neither does the number of rounds. What a row adds
to a sum depends on the row, and on sums that were noised before; scores and residuals
are whole numbers, the same to the last bit wherever a row stands in the table.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._boosting._binning import Binned
from skmia.defenses._private._boosting._queries import UNIT, Noise, count_bins
from skmia.defenses._private._boosting._rule import Rule

_SCORE_UNIT = 1024
# What is expected of the intercept, once the shares of the classes are known.
_SPREAD = 0.3
_GREATEST_SCORE = 16 * _SCORE_UNIT
_SCORES = np.arange(-_GREATEST_SCORE, _GREATEST_SCORE + 1) / _SCORE_UNIT
# Looked up instead of computed: a vectorised exponential may round in another way at
# the end of an array, which depends on how many rows there are.
_PROBABILITIES = np.trunc(UNIT / (1 + np.exp(-_SCORES)))
_EXPONENTIALS = np.exp(np.minimum(_SCORES, 0.0))


@dataclass(frozen=True)
class Scores:
    """An additive model.

    Parameters
    ----------
    intercept : ndarray of shape (n_scores,)
        One score with two classes, otherwise one for each class.
    terms : list of ndarray of shape (n_scores, n_bins)
        What each bin of each column adds.
    """

    intercept: NDArray[np.float64]
    terms: list[NDArray[np.float64]]

    def add_up(self, bins: list[NDArray[np.intp]]) -> NDArray[np.float64]:
        """The scores of rows, of shape (n_scores, n_rows)."""
        total = np.repeat(self.intercept[:, None], len(bins[0]), axis=1)
        for term, places in zip(self.terms, bins, strict=True):
            total += term[:, places]
        return total


@dataclass
class Residuals:
    """What is left to explain of each row, at whole scores.

    Parameters
    ----------
    y : ndarray of int of shape (n_samples,)
        Positions of the classes.
    weights : ndarray of shape (n_samples,)
        In units; 1 at most.
    n_scores : int
        1 with two classes.
    clip : float
        The greatest norm of the residual of a row of weight 1.
    """

    y: NDArray[np.intp]
    weights: NDArray[np.float64]
    n_scores: int
    clip: float

    def at(self, scores: NDArray[np.int64]) -> NDArray[np.float64]:
        """Whole numbers of units, of norm ``clip * weight`` at most for each row."""
        if self.n_scores == 1:
            places = np.clip(scores[0], -_GREATEST_SCORE, _GREATEST_SCORE)
            left = self.y * float(UNIT) - _PROBABILITIES[places + _GREATEST_SCORE]
            most = math.floor(self.clip * UNIT)
            np.clip(left, -most, most, out=left)
            return np.trunc(left * (self.weights / UNIT))[None]
        below = scores - scores.max(axis=0)
        np.maximum(below, -_GREATEST_SCORE, out=below)
        below += _GREATEST_SCORE
        left = _EXPONENTIALS[below]
        left /= -left.sum(axis=0)
        left[self.y, np.arange(len(self.y))] += 1.0
        norms = np.sqrt((left * left).sum(axis=0))
        # Shorter by more than all roundings: the whole numbers keep the bound.
        factors = np.minimum(1.0, self.clip / np.maximum(norms, 1e-9))
        left *= factors * self.weights * (1 - 2.0**-30)
        return np.trunc(left, out=left)


def boost(
    columns: list[Binned],
    bins: list[NDArray[np.intp]],
    residuals: Residuals,
    class_weights: NDArray[np.float64],
    rule: Rule,
    noise: Noise,
    random_state: np.random.RandomState,
) -> Scores:
    """Fit an additive model by ``rule.n_rounds * (n_columns + 1)`` noisy queries.

    Parameters
    ----------
    columns : list of Binned
        With their noisy weights.
    bins : list of ndarray of shape (n_samples,)
        The bin of each row in each column.
    residuals : Residuals
        Of the rows.
    class_weights : ndarray of shape (n_classes,)
        A noisy weight of the rows of each class, above 0.
    rule : Rule
        How many rounds, how large steps.
    noise : Noise
        Of each query.
    random_state : RandomState
        For the order of the columns, and the splits: no noise is drawn from it.
    """
    share = class_weights / class_weights.sum()
    if residuals.n_scores == 1:
        intercept = np.array([math.log(share[1] / share[0])])
        curvature = np.array([max(share[0] * share[1], 0.05)])
    else:
        intercept = np.log(share) - np.log(share).mean()
        curvature = share * (1 - share)
    inverse = _inverse(class_weights.sum(keepdims=True), curvature, rule, _SPREAD)
    step = rule.step
    scores = [np.zeros((len(curvature), column.bins.n_bins)) for column in columns]
    whole = [np.zeros(score.shape, dtype=np.int64) for score in scores]
    sums = [np.zeros(score.shape) for score in scores]
    sum_intercept, n_kept = np.zeros(len(curvature)), 0
    whole_intercept = _as_whole(intercept)
    now = np.repeat(whole_intercept[:, None], len(residuals.y), axis=1)
    for n_round in range(rule.n_rounds):
        asked = residuals.at(now).sum(axis=1)
        intercept = intercept + step * noise.add(asked) * inverse[:, 0]
        moved = _as_whole(intercept)
        now += (moved - whole_intercept)[:, None]
        whole_intercept = moved
        for j in random_state.permutation(len(columns)):
            column = columns[j]
            leaves = _draw_leaves(column, rule.n_leaves, random_state)
            rows = count_bins(leaves, column.weights, 0)
            asked = _sums_by_leaf(residuals.at(now), leaves[bins[j]], len(rows))
            moves = (
                step * noise.add(asked) * _inverse(rows, curvature, rule, rule.spread)
            )
            scores[j] += moves[:, leaves]
            moved = _as_whole(scores[j])
            now += (moved - whole[j])[:, bins[j]]
            whole[j] = moved
        # The noise of the last rounds is averaged out.
        if n_round >= rule.n_rounds // 2:
            n_kept += 1
            sum_intercept += intercept
            for kept, score in zip(sums, scores, strict=True):
                kept += score
    return Scores(sum_intercept / n_kept, [kept / n_kept for kept in sums])


def _sums_by_leaf(
    left: NDArray[np.float64], leaves: NDArray[np.intp], n_leaves: int
) -> NDArray[np.float64]:
    """The exact sum of the residuals in each leaf, for each score."""
    places = leaves + n_leaves * np.arange(len(left))[:, None]
    sums = count_bins(places.ravel(), left.ravel(), n_leaves * len(left))
    return sums.reshape(len(left), n_leaves)


def _as_whole(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(np.clip(scores, -1e6, 1e6) * _SCORE_UNIT).astype(np.int64)


def _draw_leaves(
    column: Binned, n_leaves: int, random_state: np.random.RandomState
) -> NDArray[np.intp]:
    """The leaf of each bin: ordered ones in runs, each of the others by itself."""
    n_ordered = column.bins.n_ordered
    leaves = np.arange(column.bins.n_bins)
    if n_ordered:
        n_cuts = min(n_leaves, n_ordered) - 1
        cuts = np.sort(random_state.permutation(n_ordered - 1)[:n_cuts])
        runs = np.searchsorted(cuts, np.arange(n_ordered), side="left")
        leaves = np.r_[runs, n_cuts + 1 + leaves[n_ordered:] - n_ordered]
    return leaves


def _inverse(
    rows: NDArray[np.float64],
    curvature: NDArray[np.float64],
    rule: Rule,
    spread: float,
) -> NDArray[np.float64]:
    """The inverse curvature of each leaf, less where noise is more than it.

    Of a score with curvature h that is known up to noise of standard deviation s on its
    gradient, and that is about `spread` in size, the part ``h / (h + (s / spread)^2 /
    h)`` is expected to be signal.
    """
    h = np.maximum(rows[None] * curvature[:, None], 1e-9)
    return 1 / (h + (rule.noise_of_gradient / spread) ** 2 / h)
