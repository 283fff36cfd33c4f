"""Logistic models of many coefficients: parts of their curvature.

One matrix for each class: what the coefficients of two classes do to each other is left
out, except in the record's own loss. Where a class has too many coefficients for that,
the diagonal alone.
"""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from skmia.shadows._counterfactual._family import Records, TrainingRows
from skmia.shadows._counterfactual._linear_rows import (
    MAX_SIDE,
    DiagonalCurvature,
    dense,
    dense_blocks,
    inverse,
)
from skmia.shadows._counterfactual._proximal import binary_step, softmax_step
from skmia.signals import FloatArray

# Numbers that the inverses of all classes may hold together.
_MAX_NUMBERS = 50_000_000
# A class of less probability than this moves a record's logit too little to be asked.
_RARE = 0.02
# Rows that a model fits closely have next to no curvature; this share is left out.
_IGNORED = 0.003
# Of the diagonal, where nothing is penalised: columns that depend on each other.
_RIDGE = 1e-6
# Share of the curvature along a row that is not its own, below which it stands alone.
_NOTHING_LEFT = 1e-6


class PerClassCurvature:
    """Several classes; curvature apart for each."""

    def __init__(self, problem: Any, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z.argmax(axis=1))
        p = softmax(z, axis=1)
        bend = problem.row_weight[:, None] * p * (1 - p)
        n_classes, n_terms = p.shape[1], len(problem.ridge)
        self._diagonal = None
        if n_terms > MAX_SIDE or n_classes * n_terms**2 > _MAX_NUMBERS:
            self._diagonal = DiagonalCurvature(
                rows.X, bend, problem.ridge, problem.constant
            )
            return
        self._inverses = np.zeros((n_classes, n_terms, n_terms), dtype=np.float32)
        for block, X in dense_blocks(rows.X, problem.constant):
            small = X.astype(np.float32)
            weights = bend[block] * np.einsum("ij,ij->i", X, X)[:, None]
            for k in range(n_classes):
                few = _most_of(weights[:, k])
                part = small[few] * np.sqrt(bend[block][few, k, None])
                part = part.astype(np.float32)
                self._inverses[k] += part.T @ part
        for k in range(n_classes):
            curvature = self._inverses[k].astype(np.float64)
            curvature[np.diag_indices(n_terms)] += problem.ridge
            if not problem.penalised:
                curvature[np.diag_indices(n_terms)] *= 1 + _RIDGE
            self._inverses[k] = inverse(curvature)

    def _leverage(self, records: Records, p: FloatArray) -> FloatArray:
        if self._diagonal is not None:
            own = self._problem.weight_of(records) * records.inside
            return self._diagonal.leverage(records.X, own[:, None] * p * (1 - p))
        q = np.full(p.shape, np.nan)
        asked = p >= _RARE
        asked[np.arange(len(p)), records.y] = True
        small = dense(records.X, self._problem.constant).astype(np.float32)
        for k in range(p.shape[1]):
            rows = small[asked[:, k]]
            q[asked[:, k], k] = np.einsum("ij,ij->i", rows @ self._inverses[k], rows)
        mean = np.nanmean(q, axis=1)
        return np.where(asked, q, mean[:, None])

    def __call__(self, records: Records) -> FloatArray:
        problem, y, inside = self._problem, records.y, records.inside
        z = problem.answers(records)
        p, target = softmax(z, axis=1), np.eye(z.shape[1])[y]
        q = problem.weight_of(records)[:, None] * self._leverage(records, p)
        out = softmax_step(z, q, target, where=~inside)
        q, s = q[inside], p[inside]
        left = 1 - s * (1 - s) * q
        left[left < _NOTHING_LEFT] = np.nan
        out[inside] = z[inside] + (s - target[inside]) * q / left
        return softmax(out.astype(problem.dtype), axis=1)


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


def _most_of(weights: FloatArray) -> Any:
    """Rows that have all but a small share of the weights together."""
    order = np.argsort(weights)
    n_left_out = np.searchsorted(np.cumsum(weights[order]), _IGNORED * weights.sum())
    return order[n_left_out:]
