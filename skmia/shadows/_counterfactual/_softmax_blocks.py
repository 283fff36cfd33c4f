"""Softmax models of many coefficients: one matrix of curvature for each class.

What the classes' coefficients do to each other is left out, except in the record's own
loss. Where even one class has too many coefficients, its curvature's diagonal is taken.
"""

from typing import Any

import numpy as np
from scipy.special import softmax

from skmia.shadows._counterfactual._family import Records, TrainingRows
from skmia.shadows._counterfactual._linear_rows import (
    dense,
    dense_blocks,
    inverse,
)
from skmia.shadows._counterfactual._proximal import softmax_step
from skmia.signals import FloatArray

# Numbers that the inverses of all classes may hold together.
_MAX_NUMBERS = 50_000_000
# A class of less probability than this moves a record's logit too little to be asked.
_RARE = 0.02


class PerClassCurvature:
    """Several classes; curvature apart for each."""

    def __init__(self, problem: Any, rows: TrainingRows) -> None:
        self._problem = problem
        z = np.asarray(problem.model.decision_function(rows.X), dtype=np.float64)
        problem.check_not_separable(rows, z.argmax(axis=1))
        p = softmax(z, axis=1)
        bend = problem.row_weight[:, None] * p * (1 - p)
        n_classes, n_terms = p.shape[1], len(problem.ridge)
        self._inverses = np.zeros((n_classes, n_terms, n_terms), dtype=np.float32)
        for block, X in dense_blocks(rows.X, problem.constant):
            small = X.astype(np.float32)
            for k in range(n_classes):
                part = small * np.sqrt(bend[block, k, None]).astype(np.float32)
                self._inverses[k] += part.T @ part
        for k in range(n_classes):
            curvature = self._inverses[k].astype(np.float64)
            curvature[np.diag_indices(n_terms)] += problem.ridge
            self._inverses[k] = inverse(curvature)

    def _leverage(self, X: FloatArray, y: Any, p: FloatArray) -> FloatArray:
        q = np.full(p.shape, np.nan)
        asked = p >= _RARE
        asked[np.arange(len(y)), y] = True
        small = X.astype(np.float32)
        for k in range(p.shape[1]):
            rows = small[asked[:, k]]
            q[asked[:, k], k] = np.einsum("ij,ij->i", rows @ self._inverses[k], rows)
        mean = np.nanmean(q, axis=1)
        return np.where(asked, q, mean[:, None])

    def __call__(self, records: Records) -> FloatArray:
        problem, y, inside = self._problem, records.y, records.inside
        X = dense(records.X, problem.constant)
        z = problem.answers(records)
        p, target = softmax(z, axis=1), np.eye(z.shape[1])[y]
        q = self._leverage(X, y, p) * problem.weight_of(records)[:, None]
        out = softmax_step(z, q, target, where=~inside)
        q, s = q[inside], p[inside]
        out[inside] = z[inside] + (s - target[inside]) * q / (1 - s * (1 - s) * q)
        return softmax(out.astype(problem.model.coef_.dtype), axis=1)
