"""GaussianNB: means and variances of a class without a row, or with one more."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._family import (
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._rows import (
    as_bayes,
    cached_blocks,
    check_same_answers,
    dense,
    emptied,
    one_hot,
    probabilities,
    signs,
    some_records,
)
from skmia.signals import FloatArray, IndexArray

# Terms of the series in the change of the smoothing, and the largest relative change
# of it for which what is left out is below 1e-12.
_N_TERMS = 6
_SMALL = 1e-2
# Variances are multiplied in groups of so many before a logarithm is taken.
_GROUP = 8


@dataclass(frozen=True)
class Statistics:
    """What the classifier keeps of its rows, in double precision.

    Computed from the rows anew: where a class is constant, float32 has no digits left
    of a variance that a row is taken from.
    """

    count: FloatArray  # weight of each class
    n_rows: IndexArray  # rows of each class
    mean: FloatArray  # (n_classes, n_features)
    variance: FloatArray  # without the smoothing
    n: int
    total_mean: FloatArray
    total_variance: FloatArray  # of all rows, without their weights


def _statistics(rows: TrainingRows, n_classes: int) -> Statistics:
    X, n = dense(rows.X), len(rows.y)
    sums = one_hot(rows.y, n_classes, rows.weight)
    count = np.asarray(sums.sum(axis=1)).ravel()
    weight = np.maximum(count, np.finfo(float).tiny)[:, np.newaxis]
    n_rows = np.bincount(rows.y, minlength=n_classes)
    mean = (sums @ X) / weight
    centred = X - mean[rows.y]
    if np.all(rows.weight == 1):
        total_mean = n_rows @ mean / n
        squares = sums @ np.square(centred, out=centred)
        total = squares.sum(axis=0) + n_rows @ (mean - total_mean) ** 2
    else:
        total_mean = X.mean(axis=0)
        total = ((X - total_mean) ** 2).sum(axis=0)
        squares = sums @ np.square(centred, out=centred)
    return Statistics(count, n_rows, mean, squares / weight, n, total_mean, total / n)


class OtherSideOfGaussianNB:
    """Answers of a fitted GaussianNB had a record been on the other side."""

    def __init__(
        self,
        statistics: Statistics,
        priors: FloatArray | None,
        smoothing: float,
        dtype: Any,
    ) -> None:
        self._own = statistics
        self._priors = priors
        self._smoothing = smoothing
        self._dtype = dtype
        largest = float(statistics.total_variance.max())
        self._epsilon = smoothing * largest
        variance = statistics.variance + self._epsilon
        # Where a class is as good as constant, the square of a difference must not be
        # taken apart: its digits are lost. Rows are centred on that constant.
        flat = variance < 1e-6 * largest
        self._centre = np.where(
            flat.any(axis=0),
            statistics.mean[flat.argmax(axis=0), np.arange(flat.shape[1])],
            statistics.total_mean,
        )
        mean = statistics.mean - self._centre
        odd = flat & (np.abs(mean) > 1e-12 * np.abs(self._centre))
        self._odd = [np.flatnonzero(columns) for columns in odd]
        with np.errstate(divide="ignore"):
            inverse = 1 / variance
            self._logs = np.log(variance).sum(axis=1)
        # Powers of the inverse variances: (n_features, n_classes, n_terms).
        powers = inverse.T[:, :, np.newaxis] ** np.arange(1, _N_TERMS + 1)
        self._sums = powers.sum(axis=0) / np.arange(1, _N_TERMS + 1)
        self._odd_powers = [powers[columns, k] for k, columns in enumerate(self._odd)]
        powers[odd.T] = 0
        shift = mean.T[:, :, np.newaxis]
        both = np.concatenate([powers, -2 * shift * powers])
        self._products = both.reshape(len(both), -1)
        self._constant = (shift**2 * powers).sum(axis=0)

    def base(self, X: FloatArray) -> FloatArray:
        """Log-scores of the model itself."""
        n = len(X)
        scores = self._scores(X, X - self._centre, np.full(n, self._epsilon))
        return scores + self._log_priors(np.zeros(n, dtype=int), np.zeros(n))

    def answers(self, X: FloatArray) -> NDArray[np.floating]:
        """Probabilities of the model itself."""
        return as_bayes(self._sized(self.base(X)))

    def _sized(self, scores: FloatArray) -> NDArray[np.floating]:
        """Log-scores as large as the classifier's own, in its precision."""
        scores = scores - 0.5 * self._own.mean.shape[1] * np.log(2 * np.pi)
        if self._priors is None:
            scores -= np.log(self._own.count.sum())
        return scores.astype(self._dtype)

    def __call__(self, records: Records) -> NDArray[np.floating]:
        X, y = dense(records.X), np.maximum(records.y, 0)
        sign = signs(records)
        gone = emptied(records, self._own.n_rows)
        scores = np.empty((len(X), len(self._own.count)))
        # A class with no variance and no smoothing is what it is in the classifier.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for block in cached_blocks(len(X), X.shape[1]):
                rows, own = X[block], y[block]
                change = sign[block] * records.weight[block]
                centred = rows - self._centre
                copies = sign[block] * records.count[block]
                epsilon = self._smoothing * self._largest(rows, centred, copies)
                part = self._scores(rows, centred, epsilon)
                density = self._own_class(rows, own, change, epsilon)
                part[np.arange(len(rows)), own] = density
                scores[block] = part + self._log_priors(own, change)
        proba = probabilities(self._sized(scores), records, gone, as_bayes)
        if self._priors is not None:
            proba[gone] = np.nan  # as many priors as classes, or no fit
        return proba

    def _log_priors(self, y: IndexArray, change: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            if self._priors is not None:
                return np.tile(np.log(self._priors), (len(y), 1))
            count = np.tile(self._own.count, (len(y), 1))
            count[np.arange(len(y)), y] += change
            return np.log(np.maximum(count, 0))

    def _largest(
        self, X: FloatArray, centred: FloatArray, copies: FloatArray
    ) -> FloatArray:
        """Largest variance of a feature over all rows, on the other side."""
        n, variance = self._own.n, self._own.total_variance
        left = n + copies
        most = np.abs(copies).max()
        # Most features have too little variance to become the largest.
        spread = np.maximum(centred.max(axis=0), -centred.min(axis=0))
        spread += np.abs(self._centre - self._own.total_mean)
        reach = spread**2 * most / max(n - most, 1)
        highest = (variance + reach) * n / max(n - most, 1)
        lowest = (variance - reach) * n / (n + most)
        able = np.flatnonzero(highest >= lowest.max())
        square = np.square(X[:, able] - self._own.total_mean[able])
        square *= (copies / left)[:, np.newaxis]
        square += variance[able]
        return np.maximum(square.max(axis=1) * n / left, 0)

    def _scores(
        self, X: FloatArray, centred: FloatArray, epsilon: FloatArray
    ) -> FloatArray:
        """Log-densities of all classes with another smoothing alone.

        A series in the change of the smoothing; what is far is computed in full.
        """
        n, n_classes = len(X), len(self._own.mean)
        change = epsilon - self._epsilon
        far = np.flatnonzero(~(np.abs(change) <= _SMALL * self._epsilon))
        powers = (-change[:, np.newaxis]) ** np.arange(_N_TERMS)
        squares = np.hstack([np.square(centred), centred])
        distance = (squares @ self._products).reshape(n, n_classes, _N_TERMS)
        distance += self._constant
        for k, columns in enumerate(self._odd):
            if len(columns):
                square = np.square(X[:, columns] - self._own.mean[k, columns])
                distance[:, k] += square @ self._odd_powers[k]
        logs = change[:, np.newaxis] * (powers @ self._sums.T) + self._logs
        scores = -0.5 * (np.einsum("nkp,np->nk", distance, powers) + logs)
        for k, mean in enumerate(self._own.mean if len(far) else ()):
            variance = self._own.variance[k] + epsilon[far, np.newaxis]
            distance = (np.square(X[far] - mean) / variance).sum(axis=1)
            scores[far, k] = -0.5 * (distance + np.log(variance).sum(axis=1))
        return scores

    def _own_class(
        self, X: FloatArray, y: IndexArray, change: FloatArray, epsilon: FloatArray
    ) -> FloatArray:
        """Log-density of the record's own class, without the record or with it."""
        count = self._own.count[y]
        left = count + change
        ratio = count / left
        square = np.square(X - self._own.mean[y])
        variance = square * (change * ratio / left)[:, np.newaxis]
        variance += self._own.variance[y] * ratio[:, np.newaxis]
        np.maximum(variance, 0, out=variance)
        variance += epsilon[:, np.newaxis]
        square /= variance
        distance = square.sum(axis=1) * ratio**2
        return -0.5 * (distance + _sum_of_logs(variance, epsilon))


def _sum_of_logs(values: FloatArray, unit: FloatArray) -> FloatArray:
    """Sum of the logarithms of each row, by way of products of a few values.

    Values are above those of `unit`, by which they are divided: products stay finite.
    """
    n, width = values.shape
    whole = width // _GROUP * _GROUP
    if not whole or not np.all(values < 1e30 * unit[:, np.newaxis]):
        return np.log(values).sum(axis=1)
    scaled = values[:, :whole] / unit[:, np.newaxis]
    product = scaled.reshape(n, _GROUP, -1).prod(axis=1)
    logs = np.log(product).sum(axis=1) + whole * np.log(unit)
    return logs + np.log(values[:, whole:]).sum(axis=1)


def prepare(model: Any, rows: TrainingRows) -> OtherSide:
    """Prepare what a fitted GaussianNB would answer on the other side."""
    priors = None if model.priors is None else np.asarray(model.class_prior_, float)
    statistics = _statistics(rows, len(model.classes_))
    other = OtherSideOfGaussianNB(
        statistics, priors, model.var_smoothing, model.theta_.dtype
    )
    few = some_records(rows).X
    scores = other.base(dense(few))
    told = scores - scores.max(axis=1, keepdims=True)
    answered = model.predict_joint_log_proba(few)
    answered = answered - answered.max(axis=1, keepdims=True)
    # Of far away classes, float32 leaves few digits.
    near = told > -50
    check_same_answers(
        np.where(near, told, 0).astype(answered.dtype), np.where(near, answered, 0)
    )
    return other
