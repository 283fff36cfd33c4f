"""Logistic models of many coefficients: parts of their curvature.

One matrix that all classes share: what the coefficients of two classes do to each other
is left out, except in the record's own loss. Where a class has too many coefficients
for that, the diagonal alone.
"""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from skmia.shadows._counterfactual._family import Records, TrainingRows
from skmia.shadows._counterfactual._linear_rows import (
    DiagonalCurvature,
    dense,
    dense_blocks,
    inverse,
)
from skmia.shadows._counterfactual._proximal import binary_step, softmax_step
from skmia.signals import FloatArray

# Of the diagonal, where nothing is penalised: columns that depend on each other.
_RIDGE = 1e-6
# Share of the curvature along a row that is not its own, below which it stands alone.
_NOTHING_LEFT = 1e-6


class SharedCurvature:
    """Several classes; the mean of their curvature for each of them.

    A record has one leverage, as in `_mlp`.
    """

    def __init__(self, problem: Any, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z.argmax(axis=1))
        bend = np.sqrt(problem.row_weight * _mean_bend(softmax(z, axis=1)))
        n_terms = len(problem.ridge)
        curvature = np.zeros((n_terms, n_terms))
        for block, X in dense_blocks(rows.X, problem.constant):
            part = (X * bend[block, None]).astype(np.float32)
            curvature += part.T @ part
        curvature[np.diag_indices(n_terms)] += problem.ridge
        if not problem.penalised:
            curvature[np.diag_indices(n_terms)] *= 1 + _RIDGE
        self._inverse = inverse(curvature).astype(np.float32)

    def __call__(self, records: Records) -> FloatArray:
        problem = self._problem
        X = dense(records.X, problem.constant).astype(np.float32)
        z = problem.answers(records)
        q = np.einsum("ij,ij->i", X @ self._inverse, X) * problem.weight_of(records)
        leverage = np.broadcast_to(q[:, None], z.shape)
        bend = _mean_bend(softmax(z, axis=1))[:, None]
        return _other_softmax(problem, records, z, leverage, bend)


class DiagonalSoftmax:
    """Several classes, and the diagonal of the curvature of each."""

    def __init__(self, problem: Any, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z.argmax(axis=1))
        p = softmax(z, axis=1)
        self._curvature = DiagonalCurvature(
            rows.X,
            problem.row_weight[:, None] * p * (1 - p),
            problem.ridge,
            problem.constant,
        )

    def __call__(self, records: Records) -> FloatArray:
        problem = self._problem
        z, weight = problem.answers(records), problem.weight_of(records)[:, None]
        p = softmax(z, axis=1)
        own = weight * p * (1 - p) * records.inside[:, None]
        q = weight * self._curvature.leverage(records.X, own)
        return _other_softmax(problem, records, z, q, p * (1 - p))


class DiagonalBinary:
    """Two classes, and the diagonal of the curvature."""

    def __init__(self, problem: Any, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z > 0)
        bend = problem.row_weight * expit(z) * expit(-z)
        self._curvature = DiagonalCurvature(
            rows.X, bend[:, None], problem.ridge, problem.constant
        )

    def __call__(self, records: Records) -> FloatArray:
        problem = self._problem
        z, weight = problem.answers(records), problem.weight_of(records)
        own = weight * expit(z) * expit(-z) * records.inside
        q = weight * self._curvature.leverage(records.X, own[:, None])[:, 0]
        return other_binary(problem, records, z, q)


def other_binary(
    problem: Any, records: Records, z: FloatArray, leverage: FloatArray
) -> FloatArray:
    """Answers of a model of two classes from its logits and leverages."""
    y, inside, p = records.y.astype(np.float64), records.inside, expit(z)
    left = 1 - p * (1 - p) * leverage
    left[left < _NOTHING_LEFT] = np.nan
    out = np.where(inside, z + (p - y) * leverage / left, np.nan)
    out[~inside] = binary_step(z[~inside], leverage[~inside], y[~inside])
    positive = expit(out.astype(problem.dtype))
    return np.stack([1 - positive, positive], axis=1)


def _other_softmax(
    problem: Any,
    records: Records,
    z: FloatArray,
    leverage: FloatArray,
    bend: FloatArray,
) -> FloatArray:
    """Answers of a model of several classes from its logits and leverages.

    `bend` is the curvature of a record's loss that is in its leverage by class.
    """
    inside, target = records.inside, np.eye(z.shape[1])[records.y]
    out = softmax_step(z, leverage, target, where=~inside)
    q, now = leverage[inside], z[inside]
    left = 1 - bend[inside] * q
    left[left < _NOTHING_LEFT] = np.nan
    out[inside] = now + (softmax(now, axis=1) - target[inside]) * q / left
    answers: FloatArray = softmax(out.astype(problem.dtype), axis=1)
    return answers


def _mean_bend(p: FloatArray) -> FloatArray:
    mean: FloatArray = (p * (1 - p)).mean(axis=1)
    return mean
