"""The least distortion of confidences that an inference model takes for unseen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmia._models import class_probabilities

_GRID = np.linspace(0.0, 0.99, 34)  # weights of the uniform distribution
_HALVINGS = 20  # bisections between two of them, of all rows at once as brentq is not
_FLOOR = 1e-6  # smallest probability that the default inference model distinguishes


def default_attack() -> Any:
    """Logistic regression on the logarithms of the ranked probabilities."""
    return make_pipeline(
        FunctionTransformer(_logarithms), StandardScaler(), LogisticRegression()
    )


def _logarithms(ranked: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.maximum(ranked, _FLOOR))


def ranked(proba: NDArray[np.floating]) -> NDArray[np.float64]:
    """What the inference model sees: the values of a row, the largest first."""
    return -np.sort(-np.asarray(proba, dtype=np.float64), axis=1)


def distort(proba: NDArray[np.floating], attack: Any) -> NDArray[np.float64]:
    """Mix rows with the uniform distribution until `attack` calls them non-members.

    The smallest weight at which the probability of membership is a half or less; where
    there is none, the weight at which it is smallest. Rows that are taken for
    non-members as they are stay as they are. The order of the classes is kept: no
    weight reaches 1.
    """
    defended = np.array(proba, dtype=np.float64)
    suspects = np.flatnonzero(_membership(defended, attack) > 0.5)
    if len(suspects):
        defended[suspects] = _mix(
            defended[suspects], _smallest_weight(defended[suspects], attack)
        )
    return defended


def _smallest_weight(proba: NDArray[np.float64], attack: Any) -> NDArray[np.float64]:
    membership = np.column_stack([_membership(_mix(proba, t), attack) for t in _GRID])
    passes = membership <= 0.5
    first = passes.argmax(axis=1)  # not 0: all of them are suspects as they are
    found = passes.any(axis=1)
    low, high = _GRID[np.maximum(first - 1, 0)], _GRID[first]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        good = _membership(_mix(proba, middle), attack) <= 0.5
        high = np.where(good, middle, high)
        low = np.where(good, low, middle)
    return np.where(found, high, _GRID[membership.argmin(axis=1)])


def _mix(
    proba: NDArray[np.float64], weight: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    weight = np.reshape(weight, (-1, 1))
    return (1 - weight) * proba + weight / proba.shape[1]


def _membership(proba: NDArray[np.float64], attack: Any) -> NDArray[np.floating]:
    classes = np.unique(attack.classes_)
    return class_probabilities(attack, ranked(proba), classes)[:, 1]
