"""Quadratic discriminant analysis: the covariance of one class, changed by one row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    Records,
    TrainingRows,
    checked_in_prepare,
)
from skmia.shadows._counterfactual._rows import (
    dense,
    emptied,
    probabilities,
    signs,
)
from skmia.signals import FloatArray, IndexArray

# Of a record whose leverage is above 1 minus this, no other row tells.
_ALONE = 1e-7


def _answer(scores: NDArray) -> NDArray:
    """Probabilities as the classifier makes them, rounding included."""
    scores = scores - scores.max(axis=1, keepdims=True)
    return np.exp(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


class _Quadratic:
    """Answers of a fitted model had a record been on the other side."""

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        self._by_svd = getattr(model, "solver", "svd") == "svd"
        # What shrinks a covariance towards its mean variance, or towards 1.
        self._to_mean = 0.0 if self._by_svd else float(model.shrinkage or 0)
        self._to_one = float(model.reg_param) if self._by_svd else 0.0
        self._counts = np.bincount(rows.y, minlength=len(model.classes_))
        self._priors = None if model.priors is None else np.asarray(model.priors_)
        X = dense(rows.X)
        if min(np.min(scaling) for scaling in model.scalings_) <= model.tol or (
            self._by_svd and self._counts.min() < X.shape[1]
        ):
            raise NotCoveredError("the covariance of a class has no full rank")
        self._dtype = np.asarray(model.means_).dtype
        self._means = np.asarray(model.means_, dtype=np.float64)
        self._bases = [np.asarray(r, dtype=np.float64) for r in model.rotations_]
        self._scatter = np.empty_like(self._means)
        for k, basis in enumerate(self._bases):
            turned = (X[rows.y == k] - self._means[k]) @ basis
            self._scatter[k] = np.square(turned).sum(axis=0)
        self._spectrum = np.array(model.scalings_, dtype=np.float64)
        single = np.asarray(model.means_).dtype == np.float32
        for self._less in (0, 1):  # what versions of the solver divide by
            factor, ridge = self._shrunk(self._counts, self._scatter.sum(axis=1))
            told = factor[:, np.newaxis] * self._scatter + ridge[:, np.newaxis]
            if np.allclose(told, self._spectrum, rtol=1e-2 if single else 1e-6):
                self._spectrum = told
                return
        raise NotCoveredError("the formula of the learner does not give its answers")

    def _shrunk(
        self, counts: NDArray, trace: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return what a scatter is multiplied with, and what is added to it."""
        factor = 1 / np.maximum(counts - self._less, 1)
        ridge = self._to_one + self._to_mean * trace * factor / self._means.shape[1]
        return factor * (1 - self._to_one - self._to_mean), ridge

    def __call__(self, records: Records) -> NDArray[np.floating]:
        X, y = dense(records.X), np.maximum(records.y, 0)
        gone = emptied(records, self._counts)
        moved = signs(records) * records.count
        before = self._counts[y].astype(float)
        after = before + moved
        scores = np.empty((len(X), len(self._counts)))
        unknown = gone & (self._priors is not None or len(self._counts) < 3)
        for k, basis in enumerate(self._bases):
            turned = (X - self._means[k]) @ basis
            square = np.square(turned, out=turned)
            logs = np.log(self._spectrum[k]).sum()
            scores[:, k] = -0.5 * (square @ (1 / self._spectrum[k]) + logs)
            some = np.flatnonzero((y == k) & ~gone)
            scores[some, k], alone = self._own_class(
                k, square[some], before[some], after[some]
            )
            unknown[some[alone]] = True
        scores += self._log_priors(y, np.maximum(after, 0))
        proba = probabilities(scores.astype(self._dtype), records, gone, _answer)
        proba[unknown] = np.nan
        return proba

    def _own_class(
        self, k: int, square: FloatArray, before: FloatArray, after: FloatArray
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Log-density of the records' class, and for which there is no such fit."""
        part = (after - before) * before / np.maximum(after, 1)
        trace = self._scatter[k].sum() + part * square.sum(axis=1)
        factor, ridge = self._shrunk(after, trace)
        spectrum = factor[:, np.newaxis] * self._scatter[k] + ridge[:, np.newaxis]
        length = (square / spectrum).sum(axis=1)
        share = 1 + factor * part * length
        least = self._means.shape[1] if self._by_svd else 2
        alone = (share < _ALONE) | (after < max(least, 2))
        share[alone] = 1
        distance = (before / np.maximum(after, 1)) ** 2 * length / share
        logs = np.log(spectrum).sum(axis=1) + np.log(share)
        return -0.5 * (distance + logs), alone

    def _log_priors(self, y: IndexArray, after: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            if self._priors is not None:
                return np.tile(np.log(self._priors, dtype=float), (len(y), 1))
            counts = np.tile(self._counts.astype(float), (len(y), 1))
            counts[np.arange(len(y)), y] = after
            return np.log(counts)


def _why_not(estimator: Any) -> str | None:
    if getattr(estimator, "covariance_estimator", None) is not None:
        return "covariance_estimator has no closed form"
    if isinstance(getattr(estimator, "shrinkage", None), str):
        return "shrinkage='auto' has no closed form; pass a number"
    return None


QDA = Family(_Quadratic, exact=True, why_not=_why_not, check=checked_in_prepare)
