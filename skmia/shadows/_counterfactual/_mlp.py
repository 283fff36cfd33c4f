"""MLPClassifier: a softmax model in the features of its last two layers.

With Z these features (`NetworkFeatures`) and s the curvature of the loss in an output,
averaged over classes, the leverage of a record is
``q = z' (sum w s z z' + lambda I)^-1 z``. Its answers u with it and z without it then
solve ``u + q (softmax(u) - e_y) = z``. lambda stands for what keeps weights near their
start where training ends before an optimum. It is not ``alpha``, and has to be found:
so that records move, on average, as far as members and non-members lie apart.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax

from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._mlp_features import NetworkFeatures
from skmia.shadows._counterfactual._proximal import binary_step, softmax_step
from skmia.signals import FloatArray, IndexArray, logit

_BLOCK_ROWS = 4096
# Leverage of a member times its own curvature: near 1, its answer without it explodes.
_MAX_LEVERAGE = 0.95
# Records that choose the damping, and how far the first guess may be off: a standard
# deviation of a factor of ten.
_CHOOSERS = 500
_TRUST = np.log(10.0)


class _Network:
    """A fitted network, the curvature of its loss, and its damping."""

    def __init__(self, model: Any, rows: TrainingRows) -> None:
        self.features = NetworkFeatures(model, len(rows.y))
        self.n_classes = len(model.classes_)
        # Rows that stop a fit early move no weight, and which they are is not kept.
        self.share = 1.0 - model.validation_fraction * bool(model.early_stopping)
        self._counts = np.bincount(rows.y, minlength=self.n_classes)
        curvature, pull = self._sums(rows)
        values, axes = np.linalg.eigh(curvature)
        self._axes = axes.astype(model.coefs_[-1].dtype)
        self._values = np.maximum(values, 0)
        largest = max(float(values[-1]), float(np.finfo(float).tiny))
        self._bounds = np.log(largest * 1e-8), np.log(largest * 1e2)
        # At an optimum with the penalty lambda |W|^2 / 2, rows pull by lambda W.
        held = np.linalg.norm(model.coefs_[-1])
        ratio = np.linalg.norm(pull) / held if held else largest
        self._first = float(np.clip(np.log(max(ratio, 1e-300)), *self._bounds))
        self._damping: float | None = None

    def _sums(self, rows: TrainingRows) -> tuple[FloatArray, FloatArray]:
        X = _matrix(rows.X)
        curvature: Any = 0.0
        pull: Any = 0.0
        for start in range(0, len(rows.y), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            out, features = self.features(X[block])
            proba = _probabilities(out.astype(np.float64))
            weight = rows.weight[block] * self.share
            bend = np.sqrt(weight * (proba * (1 - proba)).mean(axis=1))
            scaled = features * bend[:, None].astype(features.dtype)
            curvature = curvature + (scaled.T @ scaled).astype(np.float64)
            residual = proba - np.eye(self.n_classes)[rows.y[block]]
            residual = residual[:, -out.shape[1] :] * weight[:, None]
            pull = pull + features[:, : self.features.n_hidden].T @ residual
        return curvature, pull

    def spread(self, features: NDArray) -> FloatArray:
        """Squares of features along the axes of the curvature."""
        return np.square(features @ self._axes, dtype=np.float64)

    def leverage(self, spread: FloatArray, log_damping: float) -> FloatArray:
        return spread @ (1 / (self._values + np.exp(log_damping)))

    def damping(self, asked: "_Asked") -> float:
        """Log of the damping, which the first records that are asked about choose."""
        if self._damping is None:
            self._damping = self._choose(asked)
        return self._damping

    def _choose(self, asked: "_Asked") -> float:
        found = asked.gap_between_sides()
        if found is None:
            return self._first
        gap, error = found
        some = asked.take(np.linspace(0, len(asked.y) - 1, _CHOOSERS).astype(np.intp))

        def misfit(log_damping: float) -> float:
            moved = np.nanmean(some.gaps(self.leverage(some.spread, log_damping)))
            apart = (moved - gap) / error
            return float(apart**2 + ((log_damping - self._first) / _TRUST) ** 2)

        best = minimize_scalar(
            misfit, bounds=self._bounds, method="bounded", options={"xatol": 0.05}
        )
        return float(best.x)

    def ask(self, records: Records) -> FloatArray:
        answers = np.full((len(records.y), self.n_classes), np.nan)
        # Without the last rows of a class, the model would not know the class.
        told = records.y >= 0
        told &= ~records.inside | (records.count < self._counts[records.y])
        (rows,) = np.nonzero(told)
        if len(rows):
            asked = _Asked(self, records, rows)
            other = asked.other(self.leverage(asked.spread, self.damping(asked)))
            answers[rows] = asked.answers(other)
        return answers


class _Asked:
    """Records with all of them that does not depend on the damping."""

    def __init__(self, network: _Network, records: Records, rows: IndexArray) -> None:
        out, features = network.features(_matrix(records.X)[rows])
        self._dtype = out.dtype
        self._z = out.astype(np.float64)
        self.spread = network.spread(features)
        self.y, self._inside = records.y[rows], records.inside[rows]
        self._weight = records.weight[rows] * network.share
        self._proba = _probabilities(self._z)

    def take(self, rows: IndexArray) -> "_Asked":
        """Some of them."""
        some: _Asked = object.__new__(_Asked)
        some.__dict__ = {
            name: value[rows] if isinstance(value, np.ndarray) else value
            for name, value in self.__dict__.items()
        }
        return some

    def other(self, leverage: FloatArray) -> FloatArray:
        """Outputs on the other side of each, of shape (n_records, n_outputs)."""
        q, there = leverage * self._weight, ~self._inside
        n_outputs = self._z.shape[1]
        target = np.eye(self._proba.shape[1])[self.y][:, -n_outputs:]
        proba = self._proba[:, -n_outputs:]
        own = q * (self._proba * (1 - self._proba)).mean(axis=1)
        without = q / (1 - np.minimum(own, _MAX_LEVERAGE))
        result = self._z + without[:, None] * (proba - target)
        if n_outputs == 1:
            z, y = self._z[there, 0], target[there, 0]
            result[there, 0] = binary_step(z, q[there], y)
        else:
            by_class = np.broadcast_to(q[:, None], target.shape)
            joined = softmax_step(self._z, by_class, target, where=there)
            result[there] = joined[there]
        return result

    def answers(self, other: FloatArray) -> FloatArray:
        """Outputs as probabilities, rounded as the model rounds its own."""
        if other.shape[1] > 1:
            return softmax(other, axis=1)
        # Where 1 - p is rounded to 0 its logarithm is far from all others. A record is
        # there on both sides or on neither: what rounding moves is no gap.
        largest = -np.log(np.finfo(self._dtype).eps / 2)
        other = np.where(self._z > largest, self._z, np.minimum(other, largest))
        second = expit(other[:, 0].astype(self._dtype))
        return np.column_stack([1 - second, second])

    def gaps(self, leverage: FloatArray) -> FloatArray:
        """By how much the logit of each is higher with it than without it."""
        here, other = logit(self._proba, self.y), self.other(leverage)
        told = np.isfinite(other).all(axis=1)
        there = np.full(len(here), np.nan)
        there[told] = logit(_probabilities(other[told]), self.y[told])
        return np.where(self._inside, here - there, there - here)

    def gap_between_sides(self) -> tuple[float, float] | None:
        """Mean logit of members less that of non-members, of like classes, and error.

        None where there are not enough of both.
        """
        here = logit(self._proba, self.y)
        gap = variance = total = 0.0
        for code in np.unique(self.y):
            sides = [here[(self.y == code) & s] for s in (self._inside, ~self._inside)]
            if min(map(len, sides)) < 2:
                continue
            n = len(sides[0]) + len(sides[1])
            total += n
            gap += n * (sides[0].mean() - sides[1].mean())
            variance += n**2 * sum(side.var(ddof=1) / len(side) for side in sides)
        if not variance:
            return None
        return gap / total, np.sqrt(variance) / total


def _probabilities(z: FloatArray) -> FloatArray:
    if z.shape[1] > 1:
        return softmax(z, axis=1)
    return np.column_stack([expit(-z), expit(z)])


def _matrix(X: Any) -> Any:
    return X.tocsr() if sparse.issparse(X) else np.asarray(X)


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    if model.n_outputs_ > 1 and model.out_activation_ != "softmax":
        raise NotCoveredError("it has several labels a row")
    return _Network(model, rows).ask


def _check(model: Any, rows: TrainingRows) -> bool:
    """A network does not tell what it was fitted on; but it may not be all rows."""
    if model.early_stopping:
        raise NotCoveredError(
            "early stopping held some of its rows out, and which they are is not kept"
        )
    return False


MLP = Family(_prepare, check=_check)
