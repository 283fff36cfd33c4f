"""LogisticRegression: one Newton step without a row, an implicit one with it.

With A the curvature of the penalty and of all rows but the one that is asked about, at
the optimum of the fitted model, the optimum without it is A^-1 times its gradient away,
and its answer moves by its leverage under A. With it, see `_proximal`.
"""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from skmia._tables import take_rows
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
from skmia.shadows._counterfactual._proximal import softmax_step
from skmia.shadows._counterfactual._softmax_blocks import (
    DiagonalBinary,
    DiagonalSoftmax,
    SharedCurvature,
    other_binary,
)
from skmia.shadows._counterfactual._stationary import check_at_rest
from skmia.signals import FloatArray

# Of the diagonal, where nothing is penalised: columns that depend on each other.
_RIDGE = 1e-10
# Coefficients of all classes whose curvature is worked out together.
_MAX_TOGETHER = 800
# A leverage above it means that no row but this one says anything of its direction.
_NO_SUPPORT = 1e6


def _penalty(model: Any) -> str:
    if model.penalty is None or (model.penalty != "l1" and np.isinf(model.C)):
        return "none"
    if model.penalty == "deprecated":  # scikit-learn 1.8 and newer
        return "l2" if not model.l1_ratio else "l1"
    if model.penalty == "elasticnet" and not model.l1_ratio:
        return "l2"
    return "l2" if model.penalty == "l2" else "l1"


def why_not(model: Any) -> str | None:
    if _penalty(model) == "l1":
        return (
            "a penalty with an l1 part has no curvature where coefficients are 0; "
            "the l2 penalty has"
        )
    if getattr(model, "multi_class", "deprecated") not in ("deprecated", "auto"):
        return f"multi_class={model.multi_class!r} of LogisticRegression is not covered"
    return None


class _Problem:
    """The objective of a fitted model: its terms, and what a record weighs in it."""

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        self.model = model
        # Both sides are rounded alike.
        first = take_rows(rows.X, np.array([0]))
        self.dtype = np.asarray(model.decision_function(first)).dtype
        n_classes = len(model.classes_)
        liblinear = model.solver == "liblinear"
        if liblinear and n_classes > 2:
            raise NotCoveredError("solver='liblinear' is covered for two classes only")
        self.penalised = _penalty(model) == "l2"
        self.scale = float(model.C) if self.penalised else 1.0
        self.constant = None
        if model.fit_intercept:
            self.constant = float(model.intercept_scaling) if liblinear else 1.0
        n_terms = rows.X.shape[1] + (self.constant is not None)
        self.ridge = np.full(n_terms, float(self.penalised))
        if self.constant is not None and not liblinear:
            self.ridge[-1] = 0.0
        self.classes = ClassWeights(model.class_weight, model.classes_, rows)
        self.row_weight = self.scale * rows.weight * self.classes.values[rows.y]

    def weight_of(self, records: Records) -> FloatArray:
        """What a record weighs in the objective that it is, or would be, in."""
        weight = self.scale * records.weight * self.classes.values[records.y]
        _, own = self.classes.changes(records)
        return weight * np.where(records.inside, 1.0, 1 + own)

    def answers(self, records: Records | TrainingRows) -> FloatArray:
        return np.asarray(self.model.decision_function(records.X), dtype=np.float64)

    def check_not_separable(self, rows: TrainingRows, guess: Any) -> None:
        if not self.penalised and (guess == rows.y).all():
            raise NotCoveredError(
                "without a penalty and with every training row on its side, the "
                "coefficients grow without end, and where they stop is the solver's"
            )


class _Binary:
    """Two classes: one logit, and its leverage."""

    def __init__(self, problem: _Problem, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z > 0)
        slope = problem.row_weight * (expit(z) - rows.y)
        bend = np.sqrt(problem.row_weight * expit(z) * expit(-z))
        n_terms = len(problem.ridge)
        curvature = np.zeros((n_terms, n_terms))
        pull = np.zeros((n_terms, 2))  # by class, for weights that depend on the rows
        for block, X in dense_blocks(rows.X, problem.constant):
            if problem.classes.depend_on_rows:
                for k in (0, 1):
                    pull[:, k] += (slope[block] * (rows.y[block] == k)) @ X
            X *= bend[block, None]
            curvature += X.T @ X
        curvature[np.diag_indices(n_terms)] += problem.ridge
        if not problem.penalised:
            curvature[np.diag_indices(n_terms)] *= 1 + _RIDGE
            curvature[np.diag_indices(n_terms)] += np.finfo(float).tiny
        self._inverse = inverse(curvature)
        self._pull = self._inverse @ pull

    def __call__(self, records: Records) -> FloatArray:
        problem, y = self._problem, records.y
        X = dense(records.X, problem.constant)
        z = problem.answers(records)
        q = problem.weight_of(records) * np.einsum("ij,ij->i", X @ self._inverse, X)
        q[q > _NO_SUPPORT] = np.nan
        if problem.classes.depend_on_rows:
            of_all, own = problem.classes.changes(records)
            pulls = X @ self._pull
            z -= of_all * pulls.sum(axis=1)
            z -= (own - of_all) * pulls[np.arange(len(y)), y]
        return other_binary(problem, records, z, q)


class _Softmax:
    """Several classes, with the curvature of all their coefficients together."""

    def __init__(self, problem: _Problem, rows: TrainingRows) -> None:
        self._problem = problem
        z = problem.answers(rows)
        problem.check_not_separable(rows, z.argmax(axis=1))
        n_classes, n_terms = z.shape[1], len(problem.ridge)
        p = softmax(z, axis=1)
        root = np.sqrt(problem.row_weight)[:, None] * np.sqrt(p)
        slope = problem.row_weight[:, None] * (p - np.eye(n_classes)[rows.y])
        curvature = np.zeros((n_classes, n_terms, n_classes, n_terms))
        pull = np.zeros((n_classes, n_terms, n_classes))
        for block, X in dense_blocks(rows.X, problem.constant):
            if problem.classes.depend_on_rows:
                for k in range(n_classes):
                    own = rows.y[block] == k
                    pull[:, :, k] += slope[block][own].T @ X[own]
            for k in range(n_classes):
                for j in range(k):
                    part = X * (root[block, k] * np.sqrt(p[block, j]))[:, None]
                    part = part.T @ part
                    curvature[k, :, j] -= part
                    curvature[j, :, k] -= part
                part = X * (root[block, k] * np.sqrt(1 - p[block, k]))[:, None]
                curvature[k, :, k] += part.T @ part
        # Adding one number to the coefficients of all classes changes no probability:
        # what is not penalised has no curvature there, and any will do.
        level = np.einsum("kiki->i", curvature) / n_classes**2
        free = np.where(problem.ridge == 0, level, 0.0)
        each = np.arange(n_terms)
        curvature[:, each, :, each] += free[:, None, None]
        for k in range(n_classes):
            curvature[k, each, k, each] += problem.ridge
        side = n_classes * n_terms
        whole: Any = curvature.reshape(side, side)
        if not problem.penalised:
            whole[np.diag_indices(side)] *= 1 + _RIDGE
            whole[np.diag_indices(side)] += np.finfo(float).tiny
        inverted: Any = inverse(whole)
        self._pull = inverted @ pull.reshape(side, n_classes)
        inverted = inverted.reshape(n_classes, n_terms, n_classes, n_terms)
        self._inverse = inverted.transpose(0, 2, 1, 3).astype(np.float32)

    def _leverage(self, X: FloatArray, weight: FloatArray) -> FloatArray:
        n_classes = len(self._inverse)
        small = X.astype(np.float32)
        Q = np.empty((len(X), n_classes, n_classes))
        for k in range(n_classes):
            for j in range(k + 1):
                product = small @ self._inverse[k, j]
                Q[:, k, j] = Q[:, j, k] = np.einsum("ij,ij->i", product, small)
        Q *= weight[:, None, None]
        Q[Q.max(axis=(1, 2)) > _NO_SUPPORT] = np.nan
        return Q

    def __call__(self, records: Records) -> FloatArray:
        problem, y, inside = self._problem, records.y, records.inside
        X = dense(records.X, problem.constant)
        z = problem.answers(records)
        n_classes = z.shape[1]
        p, target = softmax(z, axis=1), np.eye(n_classes)[y]
        Q = self._leverage(X, problem.weight_of(records))
        if problem.classes.depend_on_rows:
            of_all, own = problem.classes.changes(records)
            pulls = self._pull.reshape(n_classes, -1, n_classes)
            moved = np.einsum("ni,kic->nkc", X, pulls, optimize=True)
            z -= of_all[:, None] * moved.sum(axis=2)
            z -= (own - of_all)[:, None] * moved[np.arange(len(y)), :, y]
        out = softmax_step(z, Q, target, where=~inside)
        # Without: z + Q (I - S Q)^-1 (p - target), S = diag(p) - p p'
        q, s = Q[inside], p[inside]
        SQ = s[:, :, None] * (q - np.einsum("nk,nkl->nl", s, q)[:, None, :])
        system = np.eye(n_classes) - SQ
        pull = (s - target[inside])[:, :, None]
        out[inside] = z[inside] + (q @ np.linalg.solve(system, pull))[:, :, 0]
        answers: FloatArray = softmax(out.astype(problem.dtype), axis=1)
        return answers


def _kind(problem: _Problem, n_classes: int) -> Any:
    """How much of the curvature is worked out, by what it costs beside the fit.

    A fit takes tens of products of its rows and coefficients, of n_terms * n_classes
    steps a row each. All coefficients together take n_terms**2 * n_classes**2 steps a
    row, and the cube of their number: more than a fit where there are some hundreds,
    and far more from there on. One matrix for all classes takes n_terms**2 steps a row.
    """
    n_terms = len(problem.ridge)
    if n_classes == 2:
        return _Binary if n_terms <= MAX_SIDE else DiagonalBinary
    if n_classes * n_terms <= _MAX_TOGETHER:
        return _Softmax
    return SharedCurvature if n_terms <= MAX_SIDE else DiagonalSoftmax


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    reason = why_not(model)
    if reason is not None:
        raise NotCoveredError(reason)
    problem = _Problem(model, rows)
    other: OtherSide = _kind(problem, len(model.classes_))(problem, rows)
    del problem.row_weight

    def ask(records: Records) -> Any:
        answers: Any = other(records)
        answers[~problem.classes.stays(records)] = np.nan
        return answers

    n_classes = len(model.classes_)
    return in_parts(ask, len(problem.ridge) + n_classes**2)


def _check(model: Any, rows: TrainingRows) -> bool:
    problem = _Problem(model, rows)
    z = problem.answers(rows)
    if z.ndim == 1:
        slope = (expit(z) - rows.y)[:, None]
    else:
        slope = softmax(z, axis=1) - np.eye(z.shape[1])[rows.y]
    slope *= problem.row_weight[:, None]
    coef = np.asarray(model.coef_, dtype=np.float64)
    if problem.constant is not None:
        coef = np.column_stack([coef, model.intercept_ / problem.constant])
    stopped = bool(np.any(np.asarray(model.n_iter_) >= model.max_iter))
    # These stop where a step is small, however far the optimum is.
    stopped |= model.solver in ("sag", "saga")
    left = model.tol * float(problem.row_weight.sum())
    penalty = coef * problem.ridge
    return check_at_rest(rows.X, slope, penalty, problem.constant, left, stopped)


LOGISTIC = Family(_prepare, why_not=why_not, check=_check)
