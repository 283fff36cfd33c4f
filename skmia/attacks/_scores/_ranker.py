"""The learnt part of StackedAttack: from features to the log odds of membership."""

from collections.abc import Iterable
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import ThreadpoolController

from skmia.signals import BoolArray, FloatArray, IndexArray

# How much the linear model counts. Trees give many records the same value at the top,
# which decides low false positive rates, and learn little from few rows: so many rows
# double what it counts with very many, and none takes it above the last.
_LINEAR_FRACTION, _FEW_ROWS, _MOST_LINEAR = 0.3, 2_000, 0.6


@cache
def _threads() -> ThreadpoolController:
    # Once: to look for the libraries of threads takes longer than to judge some rows.
    return ThreadpoolController()


class Ranker:
    """Boosted trees averaged with a logistic regression, both monotone.

    Parameters
    ----------
    directions : iterable of int
        1 for a column that the log odds must not decrease in, else 0.
    seed : int
        Seeds the trees.

    Notes
    -----
    Of many rows the trees learn from 12,000: half of them those that the linear model
    holds for the likeliest members, which decide low false positive rates, and every
    nth of the rest. Who is chosen by the features alone is a member as often as others
    of such features, so that no odds are shifted.
    """

    enough = 12_000

    def __init__(self, directions: Iterable[int], seed: int) -> None:
        directions = list(directions)
        self._trees = HistGradientBoostingClassifier(
            learning_rate=0.15,
            max_iter=30,
            max_leaf_nodes=8,
            min_samples_leaf=50,
            early_stopping=False,
            monotonic_cst=directions,
            random_state=seed,
        )
        self._linear = MonotoneLogistic(directions)

    def fit(self, X: NDArray[np.float32], y: BoolArray) -> Self:
        """Learn from features `X` (n_rows, n_features) and membership `y`."""
        self._linear_fraction = min(
            _LINEAR_FRACTION * (1 + _FEW_ROWS / len(X)), _MOST_LINEAR
        )
        # One thread: on so few rows they would only wait for one another.
        with _threads().limit(limits=1):
            self._linear.fit(X, y)
            rows = self._telling(X)
            self._trees.fit(X[rows], y[rows])
        return self

    def _telling(self, X: NDArray[np.float32]) -> IndexArray:
        """Rows that the trees learn from, in their order."""
        if len(X) <= self.enough:
            return np.arange(len(X))
        half = self.enough // 2
        order = np.argpartition(self._linear.log_odds(X), -half)
        rest = np.sort(order[:-half])
        every = -(-len(rest) // half)
        return np.sort(np.concatenate([order[-half:], rest[::every]]))

    def log_odds(self, X: FloatArray) -> FloatArray:
        """Log odds of membership, (n_rows,)."""
        X = X.astype(np.float32)  # as those that it was fitted on
        with _threads().limit(limits=1):
            trees = self._trees.decision_function(X)
            linear = self._linear.log_odds(X)
        return trees + self._linear_fraction * (linear - trees)


class MonotoneLogistic:
    """Logistic regression whose weights are not negative where `directions` are 1.

    scikit-learn's has no bounds on its weights. Columns are compressed, so that a
    likelihood ratio of thousands is not all that is seen, and standardised; weights
    are shrunk as if by ten observations. Values outside of those it was fitted on
    count as the nearest: of a column that hardly varied (the spread of a single
    value, say) nothing is known elsewhere.
    """

    penalty = 10.0
    # Weights of some dozen columns take no more rows than these.
    enough = 10_000

    def __init__(self, directions: Iterable[int]) -> None:
        self._bounds = [(0, None) if d else (None, None) for d in directions]

    def fit(self, X: NDArray, y: BoolArray) -> Self:
        """Learn from features `X` and membership `y`, of which both must occur."""
        self._range = _compress(X.min(axis=0)), _compress(X.max(axis=0))
        step = -(-len(X) // self.enough)
        Z, y = _compress(X[::step]), y[::step]
        self._center, scale = Z.mean(axis=0), Z.std(axis=0)
        self._scale = np.where(scale > 0, scale, 1.0)
        Z = (Z - self._center) / self._scale
        sign = np.where(y, 1.0, -1.0)

        def loss(weights: FloatArray) -> tuple[float, FloatArray]:
            w, intercept = weights[:-1], weights[-1]
            margin = sign * (Z @ w + intercept)
            value = np.logaddexp(0, -margin).sum() + self.penalty / 2 * (w @ w)
            pull = -sign * expit(-margin)
            return value, np.append(pull @ Z + self.penalty * w, pull.sum())

        start = np.zeros(Z.shape[1] + 1)
        self._weights = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[*self._bounds, (None, None)],
            options={"ftol": 1e-9},
        ).x
        return self

    def log_odds(self, X: NDArray) -> FloatArray:
        """Log odds of membership, (n_rows,)."""
        Z = np.clip(_compress(X), *self._range)
        Z = (Z - self._center) / self._scale
        return Z @ self._weights[:-1] + self._weights[-1]


def _compress(X: NDArray) -> FloatArray:
    return np.copysign(np.log1p(np.abs(X, dtype=np.float64)), X)
