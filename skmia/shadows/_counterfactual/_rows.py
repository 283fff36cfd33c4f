"""Rows, classes and answers as the closed forms of exact families read them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from skmia._tables import take_rows
from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    Records,
    TrainingRows,
)
from skmia.signals import FloatArray

# Values of a block that stays in the cache of one core.
_CACHED = 2**15


def as_floats(X: Any) -> Any:
    """Return rows as float64: a CSR matrix of a sparse one, else an array."""
    if sparse.issparse(X):
        return sparse.csr_array(X, dtype=np.float64)
    return np.asarray(X, dtype=np.float64)


def dense(X: Any) -> FloatArray:
    """Return rows as a dense float64 array."""
    X = as_floats(X)
    return X.toarray() if sparse.issparse(X) else X


def one_hot(y: NDArray, n_classes: int, weight: FloatArray | None = None) -> Any:
    """Return a sparse matrix of shape (n_classes, n_rows) that sums rows by class."""
    n = len(y)
    data = np.ones(n) if weight is None else weight
    return sparse.csr_array((data, (y, np.arange(n))), shape=(n_classes, n))


def cached_blocks(n: int, width: int) -> list[slice]:
    """Return slices of `n` rows, each with few enough values for a fast cache."""
    size = max(_CACHED // max(width, 1), 16)
    return [slice(start, start + size) for start in range(0, n, size)]


def signs(records: Records) -> FloatArray:
    """Return -1 for a record that is taken from the fit, 1 for one that is added."""
    return np.where(records.inside, -1.0, 1.0)


def emptied(records: Records, counts: NDArray) -> NDArray[np.bool_]:
    """Return which records are all that a class has: no class is left without them."""
    y = np.maximum(records.y, 0)
    return records.inside & (records.count >= counts[y]) & (records.y >= 0)


def as_bayes(scores: NDArray) -> NDArray:
    """Probabilities as naive Bayes makes them of joint log-probabilities.

    In the same way, and of numbers of the same size: close to 0 and 1 it is rounding
    that decides a logit, which must not tell an answer from one that is worked out.
    """
    return np.exp(scores - logsumexp(scores, axis=1, keepdims=True))


def probabilities(
    scores: NDArray,
    records: Records,
    gone: NDArray[np.bool_],
    answer: Callable[[NDArray], NDArray],
) -> NDArray[np.floating]:
    """Make the `answer` of log-scores (n_records, n_classes), which are overwritten.

    A model that was fitted without a record that is all of its class does not know the
    class (`gone`): probability 0. Nothing is told of classes that the model does not
    know, whose addition gives one more column, nor of scores that are no numbers.
    """
    rows = np.flatnonzero(gone)
    scores[rows, records.y[rows]] = -np.inf
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        proba = answer(scores)
    proba[records.y < 0] = np.nan
    return proba


def some_records(rows: TrainingRows, n: int = 16) -> Records:
    """Return a few training rows as records that change nothing: of no weight."""
    index = np.unique(np.linspace(0, len(rows.y) - 1, n).astype(int))
    nothing = np.zeros(len(index), dtype=int)
    y, weight = rows.y[index], np.zeros(len(index))
    return Records(take_rows(rows.X, index), y, weight, nothing, nothing - 1)


def check_same_answers(told: NDArray, answered: NDArray) -> None:
    """Raise where the formula of a fitted model does not give the model's answers.

    It is the model of another version or another fit than the formula is for.
    """
    told, answered = np.asarray(told), np.asarray(answered)
    tolerance = 1e-6 if answered.dtype == np.float64 else 1e-3
    scale = 1.0 + np.abs(answered)
    # NaN is no agreement either.
    if told.shape != answered.shape or not np.all(
        np.abs(told - answered) <= tolerance * scale
    ):
        raise NotCoveredError("the formula of the learner does not give its answers")
