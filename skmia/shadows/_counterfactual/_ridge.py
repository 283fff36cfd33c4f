"""RidgeClassifier: a residual is r / (1 - h) without a row, r / (1 + h) with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from sklearn.utils.class_weight import compute_class_weight

from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
    checked_in_prepare,
)
from skmia.shadows._counterfactual._one_by_one import Both, OneByOne
from skmia.shadows._counterfactual._rows import (
    as_floats,
    check_same_answers,
    emptied,
    one_hot,
    signs,
    some_records,
)
from skmia.signals import BoolArray, FloatArray, IndexArray

# Columns of the largest curvature matrix, and values of those of all classes.
_LARGEST = 2000
# Rows times pairs of columns above which a shadow without a fit costs nearly what one
# with a fit does, and too much for more of them than were asked for.
_MOST = 3e8


@dataclass(frozen=True)
class _Moments:
    """Sums over rows, apart for each class where its weight depends on its size."""

    gram: FloatArray  # (n_groups, n_features, n_features)
    sums: FloatArray  # (n_classes, n_features)
    size: FloatArray  # weight of each class
    shift: FloatArray  # what is taken from all rows, for the sake of their digits


@dataclass(frozen=True)
class _Solution:
    """A ridge regression of the targets, one root of the inverse for each alpha."""

    roots: list[FloatArray]
    coefs: FloatArray  # (n_features, n_targets)
    mean: FloatArray
    intercept: FloatArray
    total: float  # weight of all rows; infinite without an intercept


class _Ridge:
    """Fitted on other weights of the classes, or without a row, or with another."""

    def __init__(
        self, moments: _Moments, alpha: FloatArray, targets: FloatArray, intercept: bool
    ) -> None:
        self.moments = moments
        self.targets = targets  # (n_classes, n_targets), of +1 and -1
        self.alphas, self.of_target = np.unique(
            np.broadcast_to(alpha, targets.shape[1]), return_inverse=True
        )
        self.has_intercept = intercept

    def solve(self, factors: FloatArray) -> _Solution:
        """Solve it for one factor of the weights of each class."""
        own = self.moments
        if len(own.gram) == 1:  # the factors are in it
            gram = own.gram[0].copy()
        else:
            gram = np.tensordot(factors, own.gram, 1)
        size = factors * own.size
        total = float(size.sum())
        sums = factors[:, np.newaxis] * own.sums
        cross = sums.T @ self.targets
        mean, level = np.zeros(len(gram)), np.zeros(self.targets.shape[1])
        if self.has_intercept:
            mean, level = sums.sum(axis=0) / total, size @ self.targets / total
            gram -= total * np.outer(mean, mean)
            cross -= total * np.outer(mean, level)
        coefs, roots = np.empty_like(cross), []
        for index, alpha in enumerate(self.alphas):
            here = self.of_target == index
            penalised = gram + alpha * np.eye(len(gram))
            try:
                lower = linalg.cholesky(penalised, lower=True)
            except linalg.LinAlgError:
                raise NotCoveredError(
                    "the rows do not determine the coefficients; pass a larger alpha"
                ) from None
            eye = np.eye(len(gram))
            roots.append(linalg.solve_triangular(lower, eye, lower=True).T)
            coefs[:, here] = linalg.cho_solve((lower, True), cross[:, here])
        return _Solution(
            roots, coefs, mean, level, total if self.has_intercept else np.inf
        )

    def shifted(self, X: Any) -> Any:
        return X if sparse.issparse(X) else X - self.moments.shift

    def answers(self, solution: _Solution, X: Any) -> FloatArray:
        """Answers about rows that are shifted."""
        level = solution.intercept - solution.mean @ solution.coefs
        return X @ solution.coefs + level

    def leverages(self, solution: _Solution, X: Any) -> FloatArray:
        """Leverage of a row of weight 1, for each target."""
        of_alpha = np.empty((X.shape[0], len(self.alphas)))
        for index, root in enumerate(solution.roots):
            moved = X @ root - solution.mean @ root
            of_alpha[:, index] = np.einsum("ij,ij->i", moved, moved)
        return of_alpha[:, self.of_target] + 1 / solution.total

    def other_side(
        self,
        solution: _Solution,
        X: Any,
        y: IndexArray,
        change: FloatArray,
    ) -> FloatArray:
        """How much answers change with the signed weight that is added."""
        moved = change[:, np.newaxis] * self.leverages(solution, X)
        residual = self.targets[y] - self.answers(solution, X)
        # All weight of a direction is the record's own: no other row tells of it.
        moved[1 + moved < 1e-9] = np.nan
        return residual * moved / (1 + moved)


def _moments(
    rows: TrainingRows, factors: FloatArray, shifted: bool, by_class: bool
) -> _Moments:
    X, n_classes = as_floats(rows.X), len(factors)
    shift = np.zeros(X.shape[1])
    if shifted and not sparse.issparse(X):
        shift = X.mean(axis=0)
        X = X - shift
    by = one_hot(rows.y, n_classes, rows.weight)
    grams = []
    for k in range(n_classes) if by_class else [None]:
        index = np.flatnonzero(rows.y == k) if by_class else slice(None)
        weight = rows.weight[index] * (1 if by_class else factors[rows.y])
        part = X[index]
        root = np.sqrt(weight)[:, np.newaxis]
        part = part.multiply(root).tocsr() if sparse.issparse(part) else part * root
        gram = part.T @ part
        grams.append(gram.toarray() if sparse.issparse(gram) else gram)
    sums = by @ X
    sums = sums.toarray() if sparse.issparse(sums) else sums
    return _Moments(np.array(grams), sums, np.asarray(by.sum(axis=1)), shift)


def _balanced(counts: NDArray) -> FloatArray:
    """Weights of the classes, as ``class_weight="balanced"`` makes them."""
    return counts.sum() / (len(counts) * counts)


def _groups(
    records: Records, counts: NDArray
) -> Iterator[tuple[IndexArray, FloatArray]]:
    """Records by what they leave of the classes, with the classes' weights then."""
    y, change = np.maximum(records.y, 0), (signs(records) * records.count).astype(int)
    pairs, which = np.unique(np.column_stack([y, change]), axis=0, return_inverse=True)
    for index, (k, moved) in enumerate(pairs):
        left = counts.copy()
        left[k] += moved
        if left[k] > 0:
            yield np.flatnonzero(which.ravel() == index), _balanced(left)


class _BothSides:
    """Answers of a ridge regression of the classes, and had a record been elsewhere.

    Worked out from the rows of its fit. Of `model` the parameters are read, and not
    what it has learnt but for an alpha that was chosen.
    """

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        n_classes, n_features = len(model.classes_), rows.X.shape[1]
        self._balanced = isinstance(model.class_weight, str)
        if n_features > _LARGEST or (
            self._balanced and n_classes * n_features**2 > _LARGEST**2
        ):
            raise NotCoveredError(
                "there are too many columns for matrices of all pairs"
            )
        if n_classes < 2:
            raise NotCoveredError("it was fitted on one class")
        self._counts = np.bincount(rows.y, minlength=n_classes)
        self._factors = compute_class_weight(
            model.class_weight, classes=model.classes_, y=model.classes_[rows.y]
        )
        # The one that was chosen, of RidgeClassifierCV.
        alpha = np.asarray(
            model.alpha_ if hasattr(model, "alpha_") else model.alpha, float
        )
        targets = np.where(np.eye(n_classes) == 1, 1.0, -1.0)
        if n_classes == 2:
            targets = targets[:, 1:]
        self._shape = (-1,) if n_classes == 2 else (-1, n_classes)
        moments = _moments(rows, self._factors, model.fit_intercept, self._balanced)
        self._ridge = _Ridge(moments, alpha, targets, model.fit_intercept)
        self._solution = self._ridge.solve(self._factors)

    def answers(self, X: Any) -> FloatArray:
        """As ``decision_function`` answers."""
        X = self._ridge.shifted(as_floats(X))
        return self._ridge.answers(self._solution, X).reshape(self._shape)

    def other(self, records: Records, observed: FloatArray) -> FloatArray:
        """Answers on the other side, from those that were `observed` on this one."""
        ridge, solution = self._ridge, self._solution
        X, y = ridge.shifted(as_floats(records.X)), np.maximum(records.y, 0)
        change = signs(records) * records.weight
        told = observed.reshape(len(y), -1)
        if self._balanced:
            before = ridge.answers(solution, X)
            moved = np.full(told.shape, np.nan)
            for some, weights in _groups(records, self._counts):
                other, part, own = ridge.solve(weights), X[some], y[some]
                moved[some] = ridge.answers(other, part) - before[some]
                moved[some] += ridge.other_side(
                    other, part, own, change[some] * weights[own]
                )
            told = told + moved
        else:
            told = told + ridge.other_side(solution, X, y, change * self._factors[y])
        # A model with one class more or less has other targets, and other answers.
        told[emptied(records, self._counts) | (records.y < 0)] = np.nan
        return told.reshape(self._shape)


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    both = _BothSides(model, rows)
    _check(model, both, some_records(rows).X)

    def ask(records: Records) -> NDArray[np.floating]:
        # From the model's own answers, which are rounded as those of a refit are.
        observed = np.asarray(model.decision_function(records.X), dtype=np.float64)
        return both.other(records, observed)

    return ask


def _work_out(model: Any, rows: TrainingRows) -> Both:
    both = _BothSides(model, rows)

    def ask(records: Records) -> tuple[FloatArray, FloatArray]:
        here = both.answers(records.X)
        return here, both.other(records, here)

    return ask


def _virtual(
    estimator: Any, rows: TrainingRows, member: BoolArray, seed: int
) -> OneByOne:
    """Prepare all shadows; nothing of them is drawn."""
    n, n_features = rows.X.shape
    if n * n_features**2 > _MOST:
        raise NotCoveredError("there are too many rows and columns for so many shadows")
    if estimator.solver in {"sag", "saga"}:
        raise NotCoveredError(
            "a solver that draws rows may stop before the optimum on some of the "
            "training sets, where the one that is looked at does not"
        )
    shadows = OneByOne(estimator, rows, member, _work_out)
    _check(shadows.model, _BothSides(shadows.model, shadows.rows), shadows.some_rows)
    return shadows


def _check(model: Any, both: _BothSides, X: Any) -> None:
    answered = np.asarray(model.decision_function(X))
    told = both.answers(X)
    if getattr(model, "solver_", "cholesky") in {"cholesky", "svd"}:
        check_same_answers(told, answered)
    elif not np.all(np.abs(told - answered) <= 1e-3 * (1 + np.abs(answered))):
        raise NotCoveredError(
            "the solver stopped before the optimum; pass a smaller tol or another "
            "solver"
        )


def _why_not(estimator: Any) -> str | None:
    if getattr(estimator, "positive", False):
        return "positive=True has no closed form"
    return None


RIDGE = Family(
    _prepare,
    exact=True,
    why_not=_why_not,
    virtual=_virtual,
    at_least=8,
    check=checked_in_prepare,
)
#: With the alpha that was chosen, which the record has its part in.
RIDGE_CV = Family(_prepare, why_not=_why_not, check=checked_in_prepare)
