"""The adversary of adversarial regularization: it predicts membership."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from skmia._models import class_probabilities
from skmia.defenses._training import clone_with_seeds

# Probabilities enter log-odds no closer to 0 and 1 than this. Those of trees are 0
# and 1 exactly, and a few such rows would stretch the scale until the rest looks alike.
_CLIP = 1e-4
# Width of difference quotients, in standard deviations of a feature: wide enough for
# the steps of a forest to show, narrow enough for the slope of a smooth classifier.
_STEP = 0.1
# Features that vary by less count as varying by as much: what hardly differs at all
# distinguishes nothing, and at full size it moved every label.
_LEAST_SPREAD = 0.1
# Below this a probability has no logarithm.
_TINY = np.finfo(np.float64).tiny


class InferenceModel:
    """A classifier of predictions: for members, or for other rows.

    It plays for the gain ``mean(log h) / 2`` over members plus ``mean(log(1 - h)) / 2``
    over reference rows, where ``h`` is the probability that it gives to "member".

    Parameters
    ----------
    estimator : classifier or None
        What is cloned and fitted; None is ``LogisticRegression()``.
    random_state : RandomState
        Seeds the clones.
    """

    def __init__(self, estimator: Any, random_state: np.random.RandomState) -> None:
        self.estimator = LogisticRegression() if estimator is None else estimator
        self.random_state = random_state

    def fit(
        self,
        proba: NDArray[np.floating],
        y: NDArray[np.intp],
        proba_reference: NDArray[np.floating],
        y_reference: NDArray[np.intp],
    ) -> Self:
        """Fit on predictions for members, and for reference rows.

        Rows of the smaller side are repeated until both sides are of equal size.
        """
        features = [described(proba, y), described(proba_reference, y_reference)]
        size = max(map(len, features))
        both = np.concatenate(
            [side[np.resize(np.arange(len(side)), size)] for side in features]
        )
        self._mean = both.mean(axis=0)
        self._scale = np.maximum(both.std(axis=0), _LEAST_SPREAD)
        model = clone_with_seeds(self.estimator, self.random_state)
        self._model = model.fit(self._scaled(both), np.repeat([1, 0], size))
        return self

    def log_membership(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of ``h``, from what `described` returns."""
        h = class_probabilities(self._model, self._scaled(features), np.array([0, 1]))
        return np.log(np.maximum(h[:, 1], _TINY))

    def gain_slope(
        self, proba: NDArray[np.floating], y: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Derivative of each member's part of the gain, by the member's logits.

        A member's part is ``log(h) / 2``. Its derivative by what `described` returns
        is a central difference, since `estimator` is any classifier; from there to
        the logits of the row it is exact.
        """
        features = described(proba, y)
        slope = np.zeros(proba.shape)
        for j, by_logits in enumerate(described_slopes(proba, y)):
            step = np.zeros(features.shape[1])
            step[j] = _STEP * self._scale[j]
            rise = self.log_membership(features + step)
            rise -= self.log_membership(features - step)
            slope += (rise / (4 * step[j]))[:, None] * by_logits
        return slope

    def _scaled(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        return (features - self._mean) / self._scale


def described(proba: NDArray[np.floating], y: NDArray[np.intp]) -> NDArray[np.float64]:
    """What the inference model sees of predictions, three columns.

    The probability of the row's own class, its log-odds (the loss, but stretched
    where the model is sure), and the entropy as a fraction of the largest there is.
    """
    proba = proba.astype(np.float64)
    own = proba[np.arange(len(y)), y]
    clipped = np.clip(own, _CLIP, 1 - _CLIP)
    entropy = -(proba * _log(proba)).sum(axis=1) / np.log(proba.shape[1])
    return np.column_stack([own, np.log(clipped) - np.log1p(-clipped), entropy])


def described_slopes(
    proba: NDArray[np.floating], y: NDArray[np.intp]
) -> list[NDArray[np.float64]]:
    """Derivatives of `described` by the logits, for probabilities from a softmax.

    That of the log-odds does not vanish where the probability is 0 or 1: there the
    clip is what is flat, and the row still has to know the way back.

    Returns
    -------
    list of ndarray of shape (n_samples, n_classes)
        One for each column of `described`.
    """
    proba = proba.astype(np.float64)
    n, n_classes = proba.shape
    is_own = np.zeros(proba.shape)
    is_own[np.arange(n), y] = 1.0
    own = proba[np.arange(n), y][:, None]
    others = proba * (1 - is_own)
    rest = others.sum(axis=1, keepdims=True)
    # Nothing is left for the others: all of them are equal.
    even = (1 - is_own) / (n_classes - 1)
    others = np.divide(others, rest, out=even, where=rest > 0)
    logs = _log(proba)
    entropy = -(proba * logs).sum(axis=1, keepdims=True)
    return [
        own * (is_own - proba),
        is_own - others,
        -proba * (logs + entropy) / np.log(n_classes),
    ]


def _log(proba: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.log(np.maximum(proba, _TINY))
