"""Boosted trees of any library: first order in the leaves, structure held.

A leaf answers ``-rate * G / (H + l2)``, of the sums of the first and second derivatives
of the loss of the rows in it. With one record more or less each sum moves by that
record's own derivatives, which are those at its own changed prediction. The splits are
held, and so are the derivatives of the other rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.signals import FloatArray, IndexArray

#: Raw predictions before a round of trees, and the leaf of each row in each of them.
Round = tuple[FloatArray, Sequence[IndexArray]]
# Recomputed leaf values that are further than this, of a typical step, from those that
# the model has: single precision of the libraries is well below.
_SAME = 2e-3
_SINGLE = 4 * float(np.finfo(np.float32).eps)
# Share of the rows in such leaves from which on the formula is not the library's.
_WRONG = 0.01
# What is left of a leaf's curvature, as a share, below which it is rounding alone.
_LEFT = 1e-9


class Reader(Protocol):
    """Reads the trees of a fitted model by rows."""

    def learn(self, X: object) -> Iterator[Round]:
        """Read training rows, round by round: asked for once, before `read`."""

    def read(self, X: object) -> Iterator[Round]:
        """Read any rows, round by round, and last their final raw predictions."""

    def values(self, tree: int, of_class: int) -> FloatArray:
        """Return what each leaf of a tree adds, by the number of the leaf."""


@dataclass(frozen=True)
class Step:
    """How a library sets the value of a leaf.

    Parameters
    ----------
    rate : float
        Learning rate, with whatever else multiplies a step.
    l2, l1 : float
        Penalties.
    least : float
        Least curvature of one row.
    curvature : float
        What multiplies the curvature ``p (1 - p)`` of one row.
    limit : float
        Largest step before the rate; 0 for none.
    """

    rate: float
    l2: float = 0.0
    l1: float = 0.0
    least: float = 0.0
    curvature: float = 1.0
    limit: float = 0.0

    def __call__(self, G: FloatArray, H: FloatArray) -> FloatArray:
        """Return the values of leaves of these sums."""
        pulled = np.sign(G) * np.maximum(np.abs(G) - self.l1, 0.0) if self.l1 else G
        total = H + self.l2
        size = np.divide(-pulled, total, out=np.zeros_like(total), where=total > 0)
        if self.limit > 0:
            size = np.clip(size, -self.limit, self.limit)
        return self.rate * size


class Loss(NamedTuple):
    """Derivatives of a loss by raw predictions, and the probabilities of these."""

    slope: Callable[[FloatArray, IndexArray], tuple[FloatArray, FloatArray]]
    proba: Callable[[FloatArray], FloatArray]


def logistic_loss(n_outputs: int) -> Loss:
    """Return the log loss, of two classes with one raw prediction, or of many."""
    return Loss(_binary, _sigmoid) if n_outputs == 1 else Loss(_softmax_slope, _softmax)


def _binary(raw: FloatArray, y: IndexArray) -> tuple[FloatArray, FloatArray]:
    p = expit(raw)
    # 1 - p from its own formula: of rows that are fitted closely it is most of g.
    q = expit(-raw)
    return np.where((y == 1)[:, None], -q, p), p * q


def _sigmoid(raw: FloatArray) -> FloatArray:
    p = expit(raw[:, 0])
    return np.column_stack([1 - p, p])


def _softmax(raw: FloatArray) -> FloatArray:
    p = np.exp(raw - raw.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def _softmax_slope(raw: FloatArray, y: IndexArray) -> tuple[FloatArray, FloatArray]:
    p = _softmax(raw)
    h = p * (1 - p)
    p[np.arange(len(p)), y] -= 1
    return p, h


def sum_by(groups: IndexArray, values: FloatArray, n_groups: int) -> FloatArray:
    """Return the sum of the values in each group."""
    sums = np.bincount(groups, values, minlength=n_groups)
    return np.asarray(sums, dtype=np.float64)


class _Sums(NamedTuple):
    """Sums over the training rows in each leaf of one tree."""

    G: FloatArray
    H: FloatArray
    rows: FloatArray
    value: FloatArray


class Prior(Protocol):
    """The raw prediction before the first tree, where the fit set it by the labels."""

    def __call__(self, sums: FloatArray) -> FloatArray:
        """Return it for sums of weights of shape (n, n_classes), as (n, n_outputs)."""


def prepare_boosted(
    reader: Reader,
    rows: TrainingRows,
    class_weight: FloatArray,
    step: Step,
    loss: Loss,
    prior: Prior | None = None,
    share: float = 1.0,
    dtype: type = np.float64,
) -> OtherSide:
    """Sum over the leaves of all trees, and return what answers of records.

    Parameters
    ----------
    reader : Reader
    rows : TrainingRows
    class_weight : ndarray of shape (n_classes,)
        What multiplies the weight of the rows of each class.
    step : Step
    loss : Loss
    prior : callable, default=None
        None where the first raw prediction does not depend on the labels.
    share : float, default=1.0
        Share of the rows that each tree is grown on.
    dtype : type, default=np.float64
        Of the probabilities that the model gives.
    """
    weight = rows.weight * class_weight[rows.y]
    rounds: list[list[_Sums]] = []
    wrong = total = 0.0
    for number, (raw, leaves) in enumerate(reader.learn(rows.X)):
        if not len(leaves):
            break
        g, h = _weighted(loss, step, raw, rows.y, weight)
        trees = []
        for k, leaf in enumerate(leaves):
            value = reader.values(number, k)
            sums = _sum(leaf, g[:, k], h[:, k], value)
            off = np.abs(step(sums.G, sums.H) - value)
            # Of rows that are fitted closely single precision leaves nothing.
            rounded = step.rate * _SINGLE * weight.max(initial=0.0)
            tolerated = _SAME * (np.abs(value) + 0.1 * step.rate)
            bad = off > tolerated + rounded * sums.rows / np.maximum(sums.H, 1e-300)
            wrong += float(sums.rows[bad].sum())
            total += float(sums.rows.sum())
            trees.append(sums)
        rounds.append(trees)
    if share == 1 and wrong > _WRONG * total:
        raise NotCoveredError(
            "the values of its leaves are not those that its training rows give"
        )
    per_class = sum_by(rows.y, weight, len(class_weight))
    return _Answers(
        reader, rounds, class_weight, step, loss, prior, per_class, share, dtype
    )


def check_drawn(model: Any, rows: TrainingRows) -> bool:
    """Whether `prepare` tells other rows by their leaves: not where rows are drawn."""
    return getattr(model, "subsample", 1.0) in (None, 1.0)


def _weighted(
    loss: Loss, step: Step, raw: FloatArray, y: IndexArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    g, h = loss.slope(raw, y)
    h = np.maximum(step.curvature * h, step.least)
    return g * weight[:, None], h * weight[:, None]


def _sum(
    leaf: IndexArray,
    g: FloatArray,
    h: FloatArray,
    value: FloatArray,
) -> _Sums:
    n = len(value)
    counts = np.bincount(leaf, minlength=n).astype(np.float64)
    return _Sums(sum_by(leaf, g, n), sum_by(leaf, h, n), counts, value)


@dataclass(frozen=True)
class _Answers:
    """Answers of records, from the sums over all leaves."""

    reader: Reader
    rounds: list[list[_Sums]]
    class_weight: FloatArray
    step: Step
    loss: Loss
    prior: Prior | None
    per_class: FloatArray
    share: float
    dtype: type

    def __call__(self, records: Records) -> NDArray[np.floating]:
        y = np.maximum(records.y, 0)
        weight = records.weight * self.class_weight[y]
        inside = records.inside
        sign = np.where(inside, -1.0, 1.0)
        moved: FloatArray | None = None
        raw = np.empty((len(y), 1))
        for number, (raw, leaves) in enumerate(self.reader.read(records.X)):
            if moved is None:
                moved = self._start(y, sign * weight, raw.shape[1])
            if not len(leaves):
                break
            # What is taken from a leaf is what is in it; what would be added has the
            # derivatives of a record that the earlier trees have seen as well.
            at = np.where(inside[:, None], raw, raw + moved)
            g, h = _weighted(self.loss, self.step, at, y, sign * weight)
            for k, leaf in enumerate(leaves):
                moved[:, k] += self.share * self._change(
                    self.rounds[number][k], leaf, g[:, k], h[:, k], records
                )
        if moved is None:  # pragma: no cover
            moved = np.zeros_like(raw)
        answers = self.loss.proba((raw + moved).astype(self.dtype))
        answers[(records.y < 0) | ~np.isfinite(moved).all(axis=1)] = np.nan
        return answers

    def _start(self, y: IndexArray, change: FloatArray, n_outputs: int) -> FloatArray:
        """Return how far the first raw prediction moves, as the last trees see it.

        All rows move with it, so that each tree takes back a part of it.
        """
        if self.prior is None:
            return np.zeros((len(y), n_outputs))
        sums = np.tile(self.per_class, (len(y), 1))
        sums[np.arange(len(y)), y] += change
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = self.prior(sums) - self.prior(self.per_class[None])
        # A class that would be gone.
        moved[sums.min(axis=1) <= _LEFT * self.per_class.sum()] = np.nan
        return moved * (1 - self.step.rate) ** len(self.rounds)

    def _change(
        self,
        sums: _Sums,
        leaf: IndexArray,
        g: FloatArray,
        h: FloatArray,
        records: Records,
    ) -> FloatArray:
        before = self.step(sums.G, sums.H)
        H = sums.H[leaf] + h
        after = self.step(sums.G[leaf] + g, np.maximum(H, 0.0))
        # Without its only record there is no leaf, and nothing is known of its rows.
        empty = records.inside & (
            (sums.rows[leaf] <= records.count) | (_LEFT * sums.H[leaf] >= H)
        )
        after[empty] = 0.0
        return after - before[leaf]
