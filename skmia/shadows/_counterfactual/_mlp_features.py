"""Features in which the outputs of a network are linear in its last two layers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.utils.extmath import safe_sparse_dot

# The products of hidden slopes and earlier values are projected to so many; the last
# hidden values are taken as they are up to the second number, and projected beyond.
_TANGENTS = 256
_MAX_HIDDEN = 1024

_Elementwise = Callable[[NDArray], NDArray]
#: Of each activation: itself, and its slope as a function of what it returned.
_ACTIVATIONS: dict[str, tuple[_Elementwise, _Elementwise]] = {
    "identity": (lambda h: h, np.ones_like),
    "logistic": (expit, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda h: np.maximum(h, 0), lambda h: (h > 0).astype(h.dtype)),
}


class NetworkFeatures:
    """Outputs of a network, and how they move with its weights.

    For the last layer these are the last hidden values. For the layer before it they
    are products of the values below with the slopes of the hidden units, of which there
    are too many: random projections of them keep their scalar products.

    Parameters
    ----------
    model : MLPClassifier
        A fitted network.
    n_rows : int
        Number of rows of its fit.
    """

    def __init__(self, model: Any, n_rows: int) -> None:
        self._weights, self._biases = model.coefs_, model.intercepts_
        self._activation, self._slope = _ACTIVATIONS[model.activation]
        last = self._weights[-1]
        width = len(last)
        #: How many of the features are last hidden values.
        self.n_hidden = min(width, _MAX_HIDDEN)
        # The same at each call: features of a model are the same wherever it is asked.
        rng = np.random.default_rng(0)
        self._narrowed = None
        if width > _MAX_HIDDEN:
            self._narrowed = _projection(rng, width, _MAX_HIDDEN, last.dtype)
        # No more than the rows can tell apart, nor than a short fit pays for.
        n_tangents = min(_TANGENTS, n_rows // 4, 16 * int(model.n_iter_))
        self._left = self._right = None
        if len(self._weights) > 1 and n_tangents:
            # How far a hidden unit moves the outputs, over classes.
            reach = np.sqrt((last**2).mean(axis=1, keepdims=True))
            self._left = reach * _projection(rng, width, n_tangents, last.dtype)
            below = (len(self._weights[-2]) + 1, n_tangents)
            self._right = rng.standard_normal(below).astype(last.dtype)

    def __call__(self, X: Any) -> tuple[NDArray, NDArray]:
        """Return outputs of shape (n_rows, n_outputs), and features, for rows."""
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)  # as the network itself takes them
        below, hidden = None, X
        for weights, bias in zip(self._weights[:-1], self._biases[:-1], strict=True):
            below = hidden
            hidden = self._activation(safe_sparse_dot(below, weights) + bias)
        out = safe_sparse_dot(hidden, self._weights[-1]) + self._biases[-1]
        if self._narrowed is not None:
            values = safe_sparse_dot(hidden, self._narrowed)
        else:
            values = hidden.toarray() if sparse.issparse(hidden) else hidden
        parts = [values, np.ones((len(out), 1), dtype=out.dtype)]
        if self._left is not None and self._right is not None:
            earlier = safe_sparse_dot(below, self._right[:-1]) + self._right[-1]
            parts.append((self._slope(hidden) @ self._left) * earlier)
        return out, np.hstack(parts)


def _projection(
    rng: np.random.Generator, n_from: int, n_to: int, dtype: Any
) -> NDArray:
    return (rng.standard_normal((n_from, n_to)) / np.sqrt(n_to)).astype(dtype)
