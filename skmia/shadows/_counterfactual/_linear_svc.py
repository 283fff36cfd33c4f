"""LinearSVC with the squared hinge: least squares on the rows inside of the margin.

As long as the same rows are inside of it, the answer with and without one of them
follows from its leverage exactly. A row outside of the margin has no part in the fit:
without it nothing changes, and with it neither.
"""

from typing import Any

import numpy as np

from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._linear_rows import (
    MAX_SIDE,
    ClassWeights,
    dense,
    dense_blocks,
    in_parts,
    inverse,
)
from skmia.shadows._counterfactual._stationary import check_at_rest
from skmia.signals import FloatArray


def why_not(model: Any) -> str | None:
    if model.loss != "squared_hinge":
        return (
            f"LinearSVC(loss={model.loss!r}) does not keep what each row weighs in its "
            "fit; loss='squared_hinge' needs no such thing, and SVC keeps it"
        )
    if model.penalty != "l2":
        return (
            "a penalty with an l1 part has no curvature where coefficients are 0; "
            "the l2 penalty has"
        )
    if model.multi_class != "ovr":
        return f"multi_class={model.multi_class!r} of LinearSVC is not covered"
    return None


class _SquaredHinge:
    """One problem for two classes, else one for each class against the rest."""

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        self._model, self._n_classes = model, len(model.classes_)
        self._several = self._n_classes > 2
        self._constant = float(model.intercept_scaling) if model.fit_intercept else None
        n_terms = rows.X.shape[1] + (self._constant is not None)
        if n_terms > MAX_SIDE:
            raise NotCoveredError(f"more than {MAX_SIDE} coefficients of a class")
        if self._several and model.class_weight is not None:
            raise NotCoveredError(
                "class_weight of LinearSVC is covered for two classes only"
            )
        self.classes = ClassWeights(model.class_weight, model.classes_, rows)
        margins, sides = self._margins(rows.X, rows.y)
        weight = 2 * model.C * rows.weight * self.classes.values[rows.y]
        bend = np.where(margins < 1, np.sqrt(weight)[:, None], 0.0)
        curvature = np.zeros((margins.shape[1], n_terms, n_terms))
        pull = np.zeros((n_terms, 2))
        slope = -weight * sides[:, 0] * np.maximum(1 - margins[:, 0], 0)
        for block, X in dense_blocks(rows.X, self._constant):
            if self.classes.depend_on_rows:
                for k in (0, 1):
                    pull[:, k] += (slope[block] * (rows.y[block] == k)) @ X
            for k in range(margins.shape[1]):
                inside = bend[block, k] > 0
                part = X[inside] * bend[block, k][inside, None]
                curvature[k] += part.T @ part
        for matrix in curvature:
            matrix[np.diag_indices(n_terms)] += 1.0
        self._inverse = [inverse(matrix) for matrix in curvature]
        self._pull = self._inverse[0] @ pull

    def _margins(self, X: Any, y: Any) -> tuple[FloatArray, FloatArray]:
        """Margins of shape (n_records, n_problems), and the side of each record."""
        f = np.asarray(self._model.decision_function(X), dtype=np.float64)
        columns = np.arange(self._n_classes) if self._several else np.array([1])
        sides = np.where(y[:, None] == columns, 1.0, -1.0)
        return f.reshape(len(f), -1) * sides, sides

    def __call__(self, records: Records) -> FloatArray:
        X = dense(records.X, self._constant)
        margins, sides = self._margins(records.X, records.y)
        of_all, own = self.classes.changes(records)
        if self.classes.depend_on_rows:
            pulls = X @ self._pull
            moved = of_all * pulls.sum(axis=1)
            moved += (own - of_all) * pulls[np.arange(len(X)), records.y]
            margins -= moved[:, None] * sides
        weight = 2 * self._model.C * records.weight * self.classes.values[records.y]
        weight *= np.where(records.inside, 1.0, 1 + own)
        for k, inverted in enumerate(self._inverse):
            asked = margins[:, k] < 1
            rows = X[asked]
            q = weight[asked] * np.einsum("ij,ij->i", rows @ inverted, rows)
            left = np.where(records.inside[asked], q - 1, q + 1)
            margins[asked, k] += (1 - margins[asked, k]) * q / left
        answers = margins * sides
        answers[~self.classes.stays(records)] = np.nan
        return answers if self._several else answers[:, 0]


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    reason = why_not(model)
    if reason is not None:
        raise NotCoveredError(reason)
    return in_parts(_SquaredHinge(model, rows), rows.X.shape[1] + 1)


def _check(model: Any, rows: TrainingRows) -> bool:
    n_classes = len(model.classes_)
    classes = ClassWeights(model.class_weight, model.classes_, rows)
    f = np.asarray(model.decision_function(rows.X), dtype=np.float64)
    columns = np.arange(n_classes) if n_classes > 2 else np.array([1])
    sides = np.where(rows.y[:, None] == columns, 1.0, -1.0)
    weight = 2 * model.C * rows.weight * classes.values[rows.y]
    slope = -weight[:, None] * sides * np.maximum(1 - f.reshape(sides.shape) * sides, 0)
    coef, constant = np.asarray(model.coef_, dtype=np.float64), None
    if model.fit_intercept:
        constant = float(model.intercept_scaling)
        coef = np.column_stack([coef, model.intercept_ / constant])
    stopped = bool(np.any(np.asarray(model.n_iter_) >= model.max_iter))
    left = model.tol * float(weight.sum())
    return check_at_rest(rows.X, slope, coef, constant, left, stopped)


LINEAR_SVC = Family(_prepare, why_not=why_not, check=_check)
