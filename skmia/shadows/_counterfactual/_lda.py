"""Linear discriminant analysis: one scatter matrix, changed by one product of rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
    checked_in_prepare,
)
from skmia.shadows._counterfactual._rows import (
    dense,
    emptied,
    one_hot,
    probabilities,
    signs,
    some_records,
)
from skmia.signals import BoolArray, FloatArray

# Columns of the largest scatter matrix.
_LARGEST = 2000
# Shares of a variance that are rounding, where columns depend on each other.
_ROUNDING = 1e-12
# Of a record whose leverage is above 1 minus this, no other row tells.
_ALONE = 1e-7


@dataclass(frozen=True)
class _Scatter:
    """Scatter of rows around the means of their classes, in a basis of its own.

    Rows enter as ``(x - centre) @ basis``. There the scatter is diagonal.
    """

    centre: FloatArray
    basis: FloatArray
    spectrum: FloatArray
    trace: float
    rest: FloatArray  # directions in which rows of a class do not differ
    means: FloatArray  # of the classes, in the basis


def _scatter(X: FloatArray, y: NDArray, counts: NDArray, model: Any) -> _Scatter:
    """Take the scatter apart as the solver does; what is rounding is refused."""
    n, n_features = X.shape
    means = one_hot(y, len(counts)) @ X / counts[:, np.newaxis]
    centre = counts @ means / n
    centred = X - means[y]
    gram = centred.T @ centred
    variance = np.diag(gram) / n
    scale = np.ones(n_features)
    threshold = 0.0
    if model.solver == "svd":
        scale = np.where(variance > 0, np.sqrt(variance), 1.0)
        threshold = model.tol**2
    shares, vectors = np.linalg.eigh(gram / n / np.outer(scale, scale))
    basis = vectors / scale[:, np.newaxis]
    kept = np.ones(n_features, dtype=bool)
    spectrum = n * shares
    if not model.shrinkage:
        kept = shares > max(threshold, _ROUNDING * shares.max())
        close = _is_close(shares, threshold) | _is_close(shares / shares.max(), 1e-12)
        if close.any() or (model.solver != "svd" and not kept.all()):
            raise NotCoveredError(
                "columns are nearly collinear; leave some out, or pass shrinkage with "
                "solver='lsqr'"
            )
        basis = basis / np.sqrt(np.where(kept, spectrum, 1.0))
        spectrum = np.ones(1)
    rest = vectors[:, ~kept] / scale[:, np.newaxis]
    if np.abs((means - centre) @ rest).max(initial=0) > 1e-6:
        raise NotCoveredError("a column is constant in each class, and not in all")
    basis = basis[:, kept]
    return _Scatter(
        centre, basis, spectrum, np.trace(gram), rest, (means - centre) @ basis
    )


def _is_close(shares: FloatArray, threshold: float) -> BoolArray:
    return (shares > threshold / 100) & (shares < threshold * 100)


def _answer(scores: NDArray) -> NDArray:
    """Probabilities as the classifier makes them, rounding included."""
    if scores.shape[1] == 2:
        second = expit(scores[:, 1] - scores[:, 0])
        return np.stack([1 - second, second], axis=1)
    return softmax(scores, axis=1)


class _Discriminant:
    """Answers of a fitted model had a record been on the other side."""

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        n_classes = len(model.classes_)
        self._counts = np.bincount(rows.y, minlength=n_classes)
        self._n = len(rows.y)
        self._dtype = model.coef_.dtype
        self._scatter = _scatter(dense(rows.X), rows.y, self._counts, model)
        self._shrinkage = float(model.shrinkage or 0)
        self._priors = model.priors_ if model.priors is not None else None
        # Versions of the solver divide the scatter by one or the other.
        self._minus_classes = False
        few = some_records(rows)
        answered = np.log(np.maximum(model.predict_proba(few.X), 1e-12))
        tolerance = 1e-6 if answered.dtype == np.float64 else 1e-2
        for self._minus_classes in (False, True):
            told = np.log(np.maximum(self(few), 1e-12))
            if np.all(np.abs(told - answered) <= tolerance * (1 - answered)):
                return
        raise NotCoveredError("the formula of the learner does not give its answers")

    def __call__(self, records: Records) -> NDArray[np.floating]:
        own, y = self._scatter, np.maximum(records.y, 0)
        gone = emptied(records, self._counts)
        moved = signs(records) * records.count
        before, n = self._counts[y].astype(float), self._n + moved
        after = np.where(gone, 1.0, before + moved)
        # How much of the record's product is added to the scatter.
        part = np.where(gone, 0.0, moved * before / after)
        X = dense(records.X) - own.centre
        u = X @ own.basis - own.means[y]
        divisor = n
        if self._minus_classes:
            divisor = n - len(self._counts) + gone
        factor = (1 - self._shrinkage) / divisor
        ridge = np.zeros(len(y))
        if self._shrinkage:
            trace = own.trace + part * np.square(u).sum(axis=1)
            ridge = self._shrinkage * trace / (divisor * len(own.centre))
        inverse = 1 / (factor[:, np.newaxis] * own.spectrum + ridge[:, np.newaxis])
        weight = factor * part

        # Distances to the means, before the record's product is added.
        each, scaled = np.arange(len(y)), u * inverse
        length = (u * scaled).sum(axis=1)[:, np.newaxis]
        along = scaled @ own.means.T
        along = along[each, y][:, np.newaxis] - along
        between = _between(own.means, y, inverse)
        share = 1 + weight[:, np.newaxis] * length
        alone = records.inside & (share[:, 0] < _ALONE)
        share[alone] = 1
        towards = length + along
        distance = length + 2 * along + between
        distance -= weight[:, np.newaxis] * towards**2 / share
        ratio = np.where(gone, 1.0, before / after)
        distance[each, y] = length[:, 0] / share[:, 0] * ratio**2

        # A direction that no training row has: the record alone spans it.
        off = np.abs(X @ own.rest).max(axis=1, initial=0) > 1e-6
        new = np.flatnonzero(off & (weight > 0))
        distance[new] = between[new] + 1 / weight[new, np.newaxis]
        distance[new, y[new]] = ratio[new] ** 2 / weight[new]

        scores = self._log_priors(y, moved) - 0.5 * distance
        proba = probabilities(scores.astype(self._dtype), records, gone, _answer)
        proba[alone] = np.nan
        if self._priors is not None or len(self._counts) < 3:
            proba[gone] = np.nan  # there is no such fit
        return proba

    def _log_priors(self, y: NDArray, moved: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            if self._priors is not None:
                return np.tile(np.log(self._priors, dtype=float), (len(y), 1))
            counts = np.tile(self._counts.astype(float), (len(y), 1))
            counts[np.arange(len(y)), y] += moved
            return np.log(counts)


def _between(means: FloatArray, y: NDArray, inverse: FloatArray) -> FloatArray:
    """Squared distances of the mean of each record's class to all means."""
    if inverse.shape[1] == 1:
        length = np.square(means).sum(axis=1)
        square = length[:, np.newaxis] + length - 2 * means @ means.T
        np.fill_diagonal(square, 0)
        return square[y] * inverse
    square = inverse @ np.square(means).T
    across = (inverse * means[y]) @ means.T
    own = square[np.arange(len(y)), y][:, np.newaxis]
    return square + own - 2 * across


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    if rows.X.shape[1] > _LARGEST:
        raise NotCoveredError("there are too many columns for matrices of all pairs")
    if len(model.classes_) < 2:
        raise NotCoveredError("it was fitted on one class")
    return _Discriminant(model, rows)


def _why_not(estimator: Any) -> str | None:
    if estimator.covariance_estimator is not None:
        return "covariance_estimator has no closed form"
    if isinstance(estimator.shrinkage, str):
        return "shrinkage='auto' has no closed form; pass a number"
    if estimator.solver != "svd" and estimator.priors is not None:
        return "priors have no closed form but with solver='svd'"
    return None


LDA = Family(_prepare, exact=True, why_not=_why_not, check=checked_in_prepare)
