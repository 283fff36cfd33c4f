"""GradientBoostingClassifier: first order in the leaves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit, logit
from sklearn.utils import check_array

from skmia.shadows._counterfactual._boosted import (
    Loss,
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


class _TreeReader:
    """Reads regression trees of scikit-learn, each on top of those before it."""

    def __init__(self, model: Any, start: FloatArray) -> None:
        self.model = model
        self.start = start

    def read(self, X: Any) -> Iterator[Round]:
        X = check_array(X, accept_sparse="csr", dtype=np.float32)
        raw = np.tile(self.start, (X.shape[0], 1))
        for trees in self.model.estimators_:
            leaves = [tree.apply(X) for tree in trees]
            yield raw, leaves
            added = [tree.tree_.value[:, 0, 0] for tree in trees]
            raw = raw + self.model.learning_rate * np.column_stack(
                [values[leaf] for values, leaf in zip(added, leaves, strict=True)]
            )
        yield raw, []

    learn = read

    def values(self, tree: int, of_class: int) -> FloatArray:
        found = self.model.estimators_[tree, of_class].tree_.value[:, 0, 0]
        return np.asarray(self.model.learning_rate * found)


def _log_odds(sums: FloatArray) -> FloatArray:
    shares = sums / sums.sum(axis=1, keepdims=True)
    return np.asarray(logit(shares[:, 1:]) if shares.shape[1] == 2 else np.log(shares))


def _half_log_odds(sums: FloatArray) -> FloatArray:
    return _log_odds(sums) / 2


def _exponential(raw: FloatArray, y: IndexArray) -> tuple[FloatArray, FloatArray]:
    sign = np.where(y == 1, 1.0, -1.0)[:, None]
    h = np.exp(-sign * raw)
    return -sign * h, h


def _twice_sigmoid(raw: FloatArray) -> FloatArray:
    p = expit(2 * raw[:, 0])
    return np.column_stack([1 - p, p])


def _prepare(model: Any, rows: TrainingRows) -> OtherSide:
    if model.n_iter_no_change is not None:
        raise NotCoveredError(_STOPS)
    factors = np.ones(len(model.classes_))
    per_class = sum_by(rows.y, rows.weight, len(factors))
    n_outputs = model.estimators_.shape[1]
    loss, prior = logistic_loss(n_outputs), _log_odds
    if model.loss == "exponential":
        loss, prior = Loss(_exponential, _twice_sigmoid), _half_log_odds
    start, moves = np.zeros((1, n_outputs)), None
    if model.init is None:
        start, moves = prior(per_class[None]), prior
    rate = model.learning_rate
    if n_outputs > 1:
        rate *= (n_outputs - 1) / n_outputs
    reader, step = _TreeReader(model, start), Step(rate)
    return prepare_boosted(
        reader, rows, factors, step, loss, moves, share=float(model.subsample)
    )


_STOPS = "early stopping (n_iter_no_change) holds some of its rows out"


def _why_not(estimator: Any) -> str | None:
    if estimator.n_iter_no_change is not None:
        return _STOPS
    if estimator.init not in (None, "zero"):
        return "its first prediction (init) is a model of its own"
    return None


GRADIENT_BOOSTING = Family(_prepare, why_not=_why_not, check=check_drawn)
