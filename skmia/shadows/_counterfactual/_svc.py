"""SVC: the span rule of support vectors (Vapnik and Chapelle, 2000).

A row that is no support vector has no part in the fit: nothing changes without it, and
none changes with a row that would be outside of the margin. Else the margin moves by
the row's multiplier times its span, the squared distance of its image to what the
support vectors on the margin can reach, as long as the same rows stay support vectors.

They do not: rows close to the margin change sides of it. With a linear kernel the few
on its edge reach everything, and the rule alone says that nothing moves. The hinge is
therefore taken as a parabola close to the margin, which gives each support vector there
a slack to move in.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError
from scipy.special import expit, logit
from sklearn.metrics.pairwise import pairwise_kernels

from skmia._tables import take_rows
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherRowsError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._linear_rows import (
    MAX_SIDE,
    ClassWeights,
    in_parts,
)
from skmia.signals import FloatArray, IndexArray

# Share of the largest multiplier from which a support vector is on the margin's edge.
_AT_BOUND = 1e-6
_RIDGE = 1e-8
# How far inside of the margin a record may leave it when another one joins or goes.
_NEAR = 0.2
# How far rows may be on the wrong side of the margin at an optimum, and at none that
# libsvm stops at, whose sums are rounded where columns are large.
_OPTIMUM = 0.02
_NO_OPTIMUM = 1.0
# The range of libsvm's probabilities of two classes.
_SMALLEST = 1e-7


def why_not(model: Any) -> str | None:
    if isinstance(model.kernel, str) and model.kernel == "precomputed":
        return "kernel='precomputed' does not tell what joins or leaves the fit"
    if isinstance(model.class_weight, str):
        return "class_weight='balanced' of SVC is not covered; a dict is"
    return None


class _Kernel:
    """The kernel of a fitted model, checked against its own answers."""

    def __init__(self, model: Any, X: Any) -> None:
        self._kernel = model.kernel
        self._params: dict[str, Any] = {}
        gamma = model.gamma
        if isinstance(gamma, str):
            values = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
            variance = values.var() if gamma == "scale" else 1.0
            gamma = 1.0 / (values.shape[1] * variance) if variance else 1.0
        if model.kernel in ("rbf", "poly", "sigmoid"):
            self._params["gamma"] = gamma
        if model.kernel in ("poly", "sigmoid"):
            self._params["coef0"] = model.coef0
        if model.kernel == "poly":
            self._params["degree"] = model.degree

    def __call__(self, A: Any, B: Any) -> FloatArray:
        if callable(self._kernel):
            return np.asarray(self._kernel(A, B), dtype=np.float64)
        A, B = (X if hasattr(X, "toarray") else np.asarray(X, float) for X in (A, B))
        return pairwise_kernels(A, B, metric=self._kernel, **self._params)

    def own(self, X: Any) -> FloatArray:
        """Kernel of each row with itself."""
        if self._kernel == "rbf":
            return np.ones(X.shape[0])
        one_by_one = (take_rows(X, np.array([i])) for i in range(X.shape[0]))
        return np.array([self(row, row)[0, 0] for row in one_by_one])


@dataclass
class _Pair:
    """Two classes: the records on the margin, and what they reach."""

    first: int
    second: int
    # Of records that are support vectors: number, multiplier.
    unit: IndexArray
    alpha: FloatArray
    # Positions in ``support_vectors_`` of one copy of each on the margin's edge.
    edge: IndexArray
    edge_unit: IndexArray
    inverse: FloatArray
    # Of each of `edge`: what its multiplier changes for each unit that its margin does.
    slack: FloatArray


class _Spans:
    def __init__(self, model: Any, rows: TrainingRows) -> None:
        self._model, self._n_classes = model, len(model.classes_)
        self.classes = ClassWeights(model.class_weight, model.classes_, rows)
        self._kernel = _Kernel(model, rows.X)
        self._check_kernel(rows)
        self._pairs = [
            self._pair(rows, i, j)
            for i in range(self._n_classes)
            for j in range(i + 1, self._n_classes)
        ]
        self._sigmoid: float | None = None
        if hasattr(model, "predict_proba"):
            self._sigmoid = self._find_sigmoid(rows)

    def _ovo(self, X: Any) -> FloatArray:
        """Decisions of each pair of classes, positive for the first of the two."""
        if self._n_classes == 2:
            return -np.asarray(self._model.decision_function(X))[:, None]
        shape = self._model.decision_function_shape
        try:
            self._model.decision_function_shape = "ovo"
            return np.asarray(self._model.decision_function(X))
        finally:
            self._model.decision_function_shape = shape

    def _pair_decisions(self, X: Any, i: int, j: int) -> FloatArray:
        k = i * self._n_classes - i * (i + 1) // 2 + j - i - 1
        return self._ovo(X)[:, k]

    def _coefficients(self, i: int, j: int) -> tuple[IndexArray, FloatArray]:
        """Support vectors of two classes, and their multipliers with the sign."""
        ends = np.cumsum(np.append(0, self._model.n_support_))
        dual = self._model.dual_coef_
        dual = dual.toarray() if hasattr(dual, "toarray") else dual
        own, other = np.arange(*ends[i : i + 2]), np.arange(*ends[j : j + 2])
        values = np.concatenate([dual[j - 1, own], dual[i, other]])
        return np.concatenate([own, other]), values

    def _check_kernel(self, rows: TrainingRows) -> None:
        some = take_rows(rows.X, np.arange(min(len(rows.y), 10)))
        gram = self._kernel(some, self._model.support_vectors_)
        support, values = self._coefficients(0, 1)
        sums = gram[:, support] @ values
        offset = np.atleast_1d(self._model.intercept_)[0]
        told = self._ovo(some)[:, 0] * (-1 if self._n_classes == 2 else 1)
        if not np.allclose(sums + offset, told, rtol=1e-3, atol=1e-3):
            raise NotCoveredError("its kernel is not the one that its parameters name")

    def _pair(self, rows: TrainingRows, i: int, j: int) -> _Pair:
        support, values = self._coefficients(i, j)
        of_row = self._model.support_[support]
        units: Any
        units, first, number = np.unique(
            rows.unit[of_row], return_index=True, return_inverse=True
        )
        alpha: Any = np.bincount(number, np.abs(values), minlength=len(units))
        # All copies of a record have the bound of their weights together.
        weight = rows.weight * self.classes.values[rows.y] * self._model.C
        total = np.bincount(rows.unit, weight)[units]
        share = alpha / total
        on_edge = (share > _AT_BOUND) & (share < 1 - _AT_BOUND)
        near = take_rows(rows.X, of_row[first])
        f = self._pair_decisions(near, i, j)
        margin = np.where(rows.y[of_row[first]] == i, f, -f)
        on_edge |= margin > 1 - _NEAR
        slack = _NEAR / total[on_edge]
        edge = support[first[on_edge]]
        if len(edge) >= MAX_SIDE:
            raise NotCoveredError(f"more than {MAX_SIDE} records on its margin")
        system: Any = np.zeros((len(edge) + 1, len(edge) + 1))
        vectors = take_rows(self._model.support_vectors_, edge)
        if len(edge):
            system[:-1, :-1] = self._kernel(vectors, vectors)
            ridge = _RIDGE * system[:-1, :-1].diagonal().mean()
            system[np.arange(len(edge)), np.arange(len(edge))] += ridge
            system[np.arange(len(edge)), np.arange(len(edge))] += slack
            system[-1, :-1] = system[:-1, -1] = 1
            try:
                system = np.linalg.inv(system)
            except LinAlgError:
                raise NotCoveredError("its support vectors repeat each other") from None
        return _Pair(i, j, units, alpha, edge, units[on_edge], system, slack)

    def _span(self, pair: _Pair, X: Any, unit: IndexArray) -> FloatArray:
        """Squared distance to what the other records on the margin reach."""
        if not len(pair.edge):
            return np.full(len(unit), np.nan)  # the offset is anywhere in a range
        vectors = take_rows(self._model.support_vectors_, pair.edge)
        reach = np.column_stack([self._kernel(X, vectors), np.ones(len(unit))])
        span = self._kernel.own(X) - np.einsum("ij,ij->i", reach @ pair.inverse, reach)
        at = np.searchsorted(pair.edge_unit, unit)
        at = np.minimum(at, len(pair.edge) - 1)
        on_edge = pair.edge_unit[at] == unit
        at = at[on_edge]
        span[on_edge] = 1 / pair.inverse.diagonal()[at] - pair.slack[at]
        return np.maximum(span, 0.0)

    def _move(self, pair: _Pair, f: FloatArray, records: Records) -> FloatArray:
        """Decision of a pair of classes on the other side."""
        side = np.where(records.y == pair.first, 1.0, -1.0)
        member = records.inside
        concerned = (records.y == pair.first) | (records.y == pair.second)
        at = np.searchsorted(pair.unit, records.unit)
        at = np.minimum(at, max(len(pair.unit) - 1, 0))
        supports = member & (pair.unit[at] == records.unit)
        margin = side * f
        moved = concerned & (supports | (~member & (margin < 1)))
        where = np.flatnonzero(moved)
        if not len(where):
            return f
        span = self._span(pair, take_rows(records.X, where), records.unit[where])
        weight = records.weight * self.classes.values[records.y] * self._model.C
        joined = np.minimum(weight[where] * span, 1 - margin[where])
        left = -pair.alpha[at[where]] * span
        out = f.copy()
        out[where] += side[where] * np.where(member[where], left, joined)
        return out

    def _find_sigmoid(self, rows: TrainingRows) -> float:
        if self._n_classes > 2:
            raise NotCoveredError(
                "probability=True is covered for two classes only; without it SVC's "
                "decision function is"
            )
        some = take_rows(rows.X, np.arange(min(len(rows.y), 200)))
        f = -self._ovo(some)[:, 0]
        p = self._model.predict_proba(some)[:, 1]
        inner = (p > 0.01) & (p < 0.99)
        if inner.sum() < 3:
            raise NotCoveredError("its probabilities are all 0 or 1")
        slope, offset = np.polyfit(f[inner], logit(p[inner]), 1)
        if not np.allclose(expit(slope * f + offset), p, atol=0.01):
            raise NotCoveredError("its probabilities do not follow from its margins")
        return float(slope)

    def __call__(self, records: Records) -> FloatArray:
        decisions = self._ovo(records.X)
        for k, pair in enumerate(self._pairs):
            decisions[:, k] = self._move(pair, decisions[:, k], records)
        decisions[~self.classes.stays(records)] = np.nan
        if self._sigmoid is not None:
            # libsvm rounds its probabilities: what it says now is where it starts.
            moved = decisions[:, 0] - self._ovo(records.X)[:, 0]
            now = np.asarray(self._model.predict_proba(records.X))[:, 1]
            p = expit(logit(now) - self._sigmoid * moved)
            p = np.clip(p, _SMALLEST, 1 - _SMALLEST)
            return np.stack([1 - p, p], axis=1)
        if self._n_classes == 2:
            return -decisions[:, 0]
        return _one_vs_rest(decisions, self._pairs, self._n_classes)


def _one_vs_rest(
    decisions: FloatArray, pairs: list[_Pair], n_classes: int
) -> FloatArray:
    """Votes of all pairs, with the sums of their decisions between two votes."""
    votes = np.zeros((len(decisions), n_classes))
    sums = np.zeros((len(decisions), n_classes))
    for k, pair in enumerate(pairs):
        first = decisions[:, k] > 0
        votes[:, pair.first] += first
        votes[:, pair.second] += ~first
        sums[:, pair.first] += decisions[:, k]
        sums[:, pair.second] -= decisions[:, k]
    return votes + sums / (3 * (np.abs(sums) + 1))


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    reason = why_not(model)
    if reason is not None:
        raise NotCoveredError(reason)
    if len(model.classes_) > 2 and model.decision_function_shape != "ovr":
        raise NotCoveredError("decision_function_shape='ovo' of SVC is not covered")
    n_support = int(np.sum(model.n_support_))
    return in_parts(_Spans(model, rows), n_support + rows.X.shape[1])


def _check(model: Any, rows: TrainingRows) -> bool:
    """Raise where support vectors are other rows, or others would have to be some."""
    n, n_classes = len(rows.y), len(model.classes_)
    support = np.asarray(model.support_)
    if model.shape_fit_[0] != n or support.max(initial=-1) >= n:
        raise OtherRowsError
    own, kept = take_rows(rows.X, support), model.support_vectors_
    own, kept = (X.toarray() if hasattr(X, "toarray") else X for X in (own, kept))
    same = np.array_equal(np.asarray(own, float), np.asarray(kept, float))
    y = np.repeat(np.arange(n_classes), model.n_support_)
    if not same or not np.array_equal(rows.y[support], y):
        raise OtherRowsError
    classes = ClassWeights(model.class_weight, model.classes_, rows)
    bound = rows.weight * classes.values[rows.y] * model.C
    dual = model.dual_coef_
    dual = np.abs(dual.toarray() if hasattr(dual, "toarray") else dual)
    if (dual > bound[support] * (1 + _AT_BOUND)).any():
        raise OtherRowsError
    if n_classes > 2:
        return False  # of rows that are no support vectors nothing was compared
    stopped = model.max_iter >= 0 and np.max(model.n_iter_) >= model.max_iter
    margin = np.where(rows.y == 1, 1.0, -1.0) * model.decision_function(rows.X)
    multiplier = np.zeros(n)
    multiplier[support] = dual[0]
    # How far rows are on the wrong side of the margin, by what they weigh.
    low = np.where(multiplier < bound * (1 - _AT_BOUND), 1 - margin, 0.0)
    high = np.where(multiplier > bound * _AT_BOUND, margin - 1, 0.0)
    worst = float(np.maximum(low, high).max(initial=0.0))
    if worst > max(_NO_OPTIMUM, 100 * model.tol) and not stopped:
        raise OtherRowsError
    return worst <= max(_OPTIMUM, 10 * model.tol)


SVC = Family(_prepare, why_not=why_not, check=_check)
