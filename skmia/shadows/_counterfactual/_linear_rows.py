"""Rows of linear models as numbers, sums over them in blocks, and class weights."""

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack
from sklearn.utils.class_weight import compute_class_weight

from skmia._tables import take_rows
from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.signals import BoolArray, FloatArray, IndexArray

# No matrix of curvature has more rows than this.
MAX_SIDE = 2000
_BLOCK_VALUES = 4_000_000


def dense(X: Any, constant: float | None = None) -> FloatArray:
    """Return rows of any container as float64, with a column of `constant` at the end.

    No such column where `constant` is None.
    """
    values = X.toarray() if sparse.issparse(X) else np.asarray(X)
    if constant is None:
        return np.asarray(values, dtype=np.float64)
    out = np.empty((values.shape[0], values.shape[1] + 1))
    out[:, :-1] = values
    out[:, -1] = constant
    return out


def dense_blocks(
    X: Any, constant: float | None = None
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield slices of the rows of X, and these rows as `dense` returns them."""
    n_rows, n_columns = X.shape
    X = X if sparse.issparse(X) else np.asarray(X)
    size = max(1, _BLOCK_VALUES // (n_columns + 1))
    for start in range(0, n_rows, size):
        rows = slice(start, min(start + size, n_rows))
        yield rows, dense(X[rows], constant)


def take(records: Records, index: IndexArray) -> Records:
    """Return some of the records."""
    return Records(
        take_rows(records.X, index),
        records.y[index],
        records.weight[index],
        records.count[index],
        records.unit[index],
    )


def in_parts(ask: OtherSide, width: int) -> OtherSide:
    """Return `ask` for any number of records, each of which takes `width` numbers."""
    size = max(1, _BLOCK_VALUES // width)

    def ask_in_parts(records: Records) -> FloatArray:
        answers = []
        # Once for no records, too: the answer has its shape.
        for start in range(0, max(len(records.y), 1), size):
            part = np.arange(start, min(start + size, len(records.y)))
            answers.append(ask(take(records, part)))
        return np.concatenate(answers)

    return ask_in_parts


def inverse(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a symmetric positive definite matrix, which it overwrites.

    Raises
    ------
    NotCoveredError
        Where the matrix is singular to working precision.
    """
    scale = np.sqrt(matrix.diagonal())
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise NotCoveredError("the curvature of its objective is not finite")
    matrix /= scale
    matrix /= scale[:, None]
    # Either triangle of a symmetric matrix: transposed, it is in LAPACK's own order.
    factor, failed = lapack.dpotrf(matrix.T, lower=True, overwrite_a=True)
    if not failed:
        factor, failed = lapack.dpotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise NotCoveredError(
            "its objective has no single optimum: the columns are not independent, "
            "and no penalty chooses between them"
        )
    upper = np.triu(factor.T, 1)
    result = upper + upper.T
    result[np.diag_indices_from(result)] = factor.diagonal()
    result /= scale
    result /= scale[:, None]
    return result


class DiagonalCurvature:
    """Leverages where a matrix of curvature is too large: by its diagonal alone.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_rows, n_columns)
    bend : ndarray of shape (n_rows, n_problems)
        Curvature of the loss of each row.
    ridge : ndarray of shape (n_terms,)
        Curvature of the penalty.
    constant : float or None
        Value of the last term in all rows, where there is one more than columns.
    """

    def __init__(
        self, X: Any, bend: FloatArray, ridge: FloatArray, constant: float | None
    ) -> None:
        self._constant = constant
        self._curvature = np.asarray(self._squares(X).T @ bend) + ridge[:, None]

    def _squares(self, X: Any) -> Any:
        X = X if sparse.issparse(X) else np.asarray(X)
        values = sparse.csr_matrix(X, dtype=np.float64)
        if self._constant is not None:
            column = np.full((values.shape[0], 1), self._constant)
            values = sparse.hstack([values, column], format="csr")
        return values.power(2)

    def leverage(self, X: Any, own: FloatArray) -> FloatArray:
        """Return an array of shape (n_records, n_problems).

        Parameters
        ----------
        X : array, frame or sparse matrix
        own : ndarray of shape (n_records, n_problems)
            What of the curvature is the record's own, as in `bend`; 0 where nothing is.
        """
        squares = self._squares(X)
        row = np.repeat(np.arange(squares.shape[0]), np.diff(squares.indptr))
        out = np.empty(own.shape)
        for k in range(own.shape[1]):
            others = self._curvature[squares.indices, k] - own[row, k] * squares.data
            share = squares.data / np.maximum(others, 1e-300)
            out[:, k] = np.bincount(row, share, minlength=len(out))
        # Of the others' curvature; a diagonal holds too little of the record's own.
        return out / (1 + own * out)


class ClassWeights:
    """Weights that a classifier gives its classes, and how a record changes them.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        The classifier's parameter.
    classes : ndarray of shape (n_classes,)
        Its classes.
    rows : TrainingRows
    """

    def __init__(self, class_weight: Any, classes: Any, rows: TrainingRows) -> None:
        self._balanced = isinstance(class_weight, str)
        # Sample weights are balanced where scikit-learn can, rows before.
        known = inspect.signature(compute_class_weight).parameters
        self._weighted = "sample_weight" in known
        amounts = rows.weight if self._weighted else np.ones(len(rows.y))
        self._amounts = np.bincount(rows.y, weights=amounts, minlength=len(classes))
        if class_weight is None:
            self.values = np.ones(len(classes))
        elif self._balanced:
            self.values = self._amounts.sum() / (len(classes) * self._amounts)
        else:
            # Of labels of any kind, as the classifier itself looks them up.
            self.values = np.asarray(
                compute_class_weight(class_weight, classes=classes, y=classes),
                dtype=np.float64,
            )
        self._counts = np.bincount(rows.y, minlength=len(classes))

    @property
    def depend_on_rows(self) -> bool:
        """Whether one row more changes the weights of other rows."""
        return self._balanced

    def _amount(self, records: Records) -> FloatArray:
        amount = records.weight if self._weighted else records.count
        return np.asarray(amount, dtype=np.float64)

    def changes(self, records: Records) -> tuple[FloatArray, FloatArray]:
        """Relative change of all class weights, and of a record's own class's.

        Of taking it out where it is among the rows, of adding it where it is not. The
        second holds the first.
        """
        if not self._balanced:
            return np.zeros(len(records.y)), np.zeros(len(records.y))
        amount = self._amount(records) * np.where(records.inside, -1.0, 1.0)
        of_all = amount / self._amounts.sum()
        own = self._amounts[records.y]
        with np.errstate(divide="ignore", invalid="ignore"):
            return of_all, (1 + of_all) * own / (own + amount) - 1

    def stays(self, records: Records) -> BoolArray:
        """Whether the other side has the same classes, and a record's is known."""
        left = self._counts[records.y] > records.count
        return (records.y >= 0) & (left | ~records.inside)
