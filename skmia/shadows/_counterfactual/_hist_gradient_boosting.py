"""HistGradientBoostingClassifier: first order in the leaves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.utils.class_weight import compute_sample_weight

from skmia.shadows._counterfactual._boosted import (
    Round,
    Step,
    check_drawn,
    logistic_loss,
    prepare_boosted,
    sum_by,
)
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    OtherSide,
    TrainingRows,
)
from skmia.signals import FloatArray, IndexArray

_ROUNDING = 8 * np.finfo(np.float64).eps


def log_odds(sums: FloatArray) -> FloatArray:
    """Return the raw predictions of shares of the classes, of one or many outputs."""
    shares = sums / sums.sum(axis=1, keepdims=True)
    if shares.shape[1] == 2:
        return np.asarray(logit(shares[:, 1:]))
    logs = np.log(shares)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def class_factors(class_weight: Any, classes: Any, y: IndexArray) -> FloatArray:
    """Return what `class_weight` multiplies the rows of each class by."""
    factors = np.ones(len(classes))
    if class_weight is not None:
        factors[y] = compute_sample_weight(class_weight, classes[y])
    return factors


class _StagedReader:
    """Tells leaves by what each tree adds: no public method has their numbers.

    Leaves of one value, which is so of leaves of one class in the first trees, are one.
    """

    def __init__(self, model: Any, start: FloatArray) -> None:
        self.model = model
        self.start = start
        # Of each round and output: between the values, and the values.
        self.cuts: list[list[FloatArray]] = []
        self.of_leaves: list[list[FloatArray]] = []

    def learn(self, X: Any) -> Iterator[Round]:
        for raw, after in self._stages(X):
            if after is None:
                return
            cuts, values = [], []
            rounding = _ROUNDING * max(1.0, float(np.abs(after).max()))
            for added in (after - raw).T:
                ordered = np.sort(added)
                steps = np.flatnonzero(np.diff(ordered) > rounding)
                cuts.append((ordered[steps] + ordered[steps + 1]) / 2)
                values.append(ordered[np.append(steps, len(ordered) - 1)])
            self.cuts.append(cuts)
            self.of_leaves.append(values)
            yield raw, self._numbers(len(self.cuts) - 1, after - raw)

    def read(self, X: Any) -> Iterator[Round]:
        for number, (raw, after) in enumerate(self._stages(X)):
            yield raw, [] if after is None else self._numbers(number, after - raw)

    def values(self, tree: int, of_class: int) -> FloatArray:
        return self.of_leaves[tree][of_class]

    def _numbers(self, number: int, added: FloatArray) -> list[IndexArray]:
        return [
            np.searchsorted(cuts, values)
            for cuts, values in zip(self.cuts[number], added.T, strict=True)
        ]

    def _stages(self, X: Any) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        before: FloatArray | None = None
        for after in self.model.staged_decision_function(X):
            after = np.array(after, dtype=np.float64).reshape(len(after), -1)
            if before is None:
                before = np.broadcast_to(self.start, after.shape)
            yield before, after
            before = after
        if before is not None:
            yield before, None


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    if getattr(model, "do_early_stopping_", False):
        raise NotCoveredError("early stopping holds some of its rows out")
    factors = class_factors(model.class_weight, model.classes_, rows.y)
    per_class = sum_by(rows.y, rows.weight * factors[rows.y], len(factors))
    start = log_odds(per_class[None])
    step = Step(model.learning_rate, l2=model.l2_regularization)
    reader = _StagedReader(model, start)
    loss = logistic_loss(start.shape[1])
    return prepare_boosted(reader, rows, factors, step, loss, log_odds)


def _why_not(estimator: Any) -> str | None:
    if estimator.monotonic_cst is not None:
        return "monotonic constraints hold the values of its leaves back"
    return None


HIST_GRADIENT_BOOSTING = Family(_prepare, why_not=_why_not, check=check_drawn)
