"""Membership signals: one number per record from its predicted probabilities.

Every function takes ``proba``, an array of shape (n_records, n_classes), and ``y``,
the *column* of each record's class, and returns a float64 array of shape
(n_records,). None of them modifies its input.

Probabilities of exactly 0 and 1, which trees and nearest neighbours give, are kept
finite by one clip: nothing below :data:`SMALLEST_PROBABILITY`, the smallest normal
double, enters a logarithm. A logit therefore lies in ±:data:`SATURATED_LOGIT`, and
probabilities that a double tells apart stay apart. Close to 1, "one minus the
probability" is the sum over the other classes, which keeps the digits that 1 - p has
lost. It is 1 - p where the row does not sum to one: classes that an output does not
report do not make a record certain.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MEMBER_SIGN",
    "SATURATED_LOGIT",
    "SIGNALS",
    "SMALLEST_PROBABILITY",
    "confidence",
    "correctness",
    "entropy",
    "hinge",
    "logit",
    "loss",
    "modified_entropy",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]

#: The clip: smaller probabilities, 0 among them, count as this one.
SMALLEST_PROBABILITY = float(np.finfo(np.float64).tiny)
#: The logit of a probability of exactly 1; that of exactly 0 is its negative.
SATURATED_LOGIT = float(-np.log(SMALLEST_PROBABILITY))


def _check(proba: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray[np.intp]]:
    proba, y = np.asarray(proba), np.asarray(y)
    if proba.ndim != 2 or proba.shape[1] < 2 or proba.dtype.kind not in "fiub":
        raise ValueError(
            "The 'proba' parameter must be a numeric array of shape (n_records, "
            f"n_classes) with at least two classes. Got shape {proba.shape} and dtype "
            f"{proba.dtype} instead."
        )
    if y.shape != (len(proba),) or y.dtype.kind not in "iu":
        raise ValueError(
            "The 'y' parameter must be an integer array with the class column of each "
            f"of the {len(proba)} records. Got shape {y.shape} and dtype {y.dtype} "
            "instead; encode labels with numpy.searchsorted(classes, labels)."
        )
    if len(y) and (y.min() < 0 or y.max() >= proba.shape[1]):
        raise ValueError(
            f"The 'y' parameter must lie in [0, {proba.shape[1] - 1}], the columns of "
            f"'proba'. Got {y.min()} to {y.max()} instead."
        )
    # `not all` rather than `any`, so that NaN is caught as well.
    if not ((proba >= 0) & (proba <= 1)).all():
        raise ValueError(
            "The 'proba' parameter must hold probabilities in [0, 1]. Got values from "
            f"{proba.min()} to {proba.max()} instead; margins go through a softmax "
            "first."
        )
    return proba, y.astype(np.intp, copy=False)


def _true(proba: NDArray, y: NDArray[np.intp]) -> FloatArray:
    return proba[np.arange(len(y)), y].astype(np.float64)


def _others(proba: NDArray, y: NDArray[np.intp]) -> NDArray:
    """Probabilities with the true class's column set to zero, a copy."""
    others = proba.astype(np.float64)
    others[np.arange(len(y)), y] = 0.0
    return others


def _rest(proba: NDArray, y: NDArray[np.intp]) -> FloatArray:
    """One minus the probability of the true class, with all the digits there are."""
    below, others = 1.0 - _true(proba, y), _others(proba, y).sum(axis=1)
    # 1 - p is exact for the p that was given, but close to 1 that p has lost its
    # digits, and the sum of the others still has them. Elsewhere p stands, so that
    # equal probabilities tie; and where the row does not sum to one (masked outputs).
    eps = np.finfo(proba.dtype).eps if proba.dtype.kind == "f" else 0.0
    agrees = np.abs(below - others) <= 2 * proba.shape[1] * eps
    return np.where(agrees & (below <= np.sqrt(eps)), others, below)


def _log(p: NDArray) -> FloatArray:
    return np.log(np.maximum(p, SMALLEST_PROBABILITY))


def _minus_log(p: NDArray, rest: NDArray) -> FloatArray:
    """-log(p) from p and ``1 - p``, whichever of them has more digits."""
    return np.where(p > 0.5, -np.log1p(-np.minimum(rest, 0.5)), -_log(p))


def logit(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Compute the scaled logit of the true class, log p_y - log(1 - p_y).

    The signal of the likelihood-ratio attack: close to normally distributed over
    retrainings of a model, where the probability itself is not.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        Within ±:data:`SATURATED_LOGIT`; high for members.

    See Also
    --------
    skmia.attacks.LiRAAttack : Compares it with its distribution over shadow models.

    References
    ----------
    Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P
    2022, section V.

    Examples
    --------
    >>> from skmia.signals import logit
    >>> logit([[0.1, 0.85, 0.05], [1.0, 0.0, 0.0]], [1, 0]).round(4)
    array([  1.7346, 708.3964])
    """
    proba, y = _check(proba, y)
    return _log(_true(proba, y)) - _log(_rest(proba, y))


def hinge(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Compute the log-probability of the true class less that of the best other one.

    The margin between the logits of a softmax; positive where the prediction is
    right.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        Within ±:data:`SATURATED_LOGIT`; high for members.

    See Also
    --------
    logit : Compares the true class with all others together.

    Examples
    --------
    >>> from skmia.signals import hinge
    >>> hinge([[0.2, 0.4, 0.4]], [0]).round(4)
    array([-0.6931])
    """
    proba, y = _check(proba, y)
    return _log(_true(proba, y)) - _log(_others(proba, y).max(axis=1))


def loss(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Compute the cross-entropy of each record, -log p_y.

    Where p_y rounds to 1, the sum over the other classes takes the place of 1 - p_y,
    so that saturated records do not tie earlier than they must.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        From 0 to :data:`SATURATED_LOGIT`; low for members.

    See Also
    --------
    skmia.attacks.LossThresholdAttack : Thresholds it.

    Examples
    --------
    >>> from skmia.signals import loss
    >>> loss([[0.1, 0.85, 0.05], [0.1, 0.5, 0.4]], [1, 2]).round(4)
    array([0.1625, 0.9163])
    """
    proba, y = _check(proba, y)
    return _minus_log(_true(proba, y), _rest(proba, y))


def confidence(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Return the probability of the true class, p_y.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        From 0 to 1; high for members.

    See Also
    --------
    loss : Its negative logarithm, with more digits close to 1.

    Examples
    --------
    >>> from skmia.signals import confidence
    >>> confidence([[0.25, 0.75]], [1])
    array([0.75])
    """
    proba, y = _check(proba, y)
    return _true(proba, y)


def entropy(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Compute the Shannon entropy of the prediction, in nats.

    ``y`` is taken for the common signature and does not enter.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class; not used.

    Returns
    -------
    ndarray of shape (n_records,)
        From 0 to log(n_classes); low for members.

    See Also
    --------
    modified_entropy : Takes the label into account.

    Examples
    --------
    >>> from skmia.signals import entropy
    >>> entropy([[0.5, 0.5], [1.0, 0.0]], [0, 0]).round(4)
    array([0.6931, 0.    ])
    """
    proba, y = _check(proba, y)
    top = proba.argmax(axis=1)
    p, others = _true(proba, top), _others(proba, top)
    return p * _minus_log(p, _rest(proba, top)) - (others * _log(others)).sum(axis=1)


def modified_entropy(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Compute an entropy that takes the label into account.

    -(1 - p_y) log p_y - sum over the other classes of p_c log(1 - p_c). A confident
    wrong answer is high, where its entropy is low.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        0 and above; low for members.

    See Also
    --------
    entropy : The same without a label.

    References
    ----------
    Song and Mittal, "Systematic Evaluation of Privacy Risks of Machine Learning
    Models", USENIX Security 2021, equation 8.

    Examples
    --------
    >>> from skmia.signals import modified_entropy
    >>> modified_entropy([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [0, 0]).round(4)
    array([0.1622, 3.3704])
    """
    proba, y = _check(proba, y)
    rest, others = _rest(proba, y), _others(proba, y)
    right = rest * _minus_log(_true(proba, y), rest)
    return right + (others * _minus_log(1.0 - others, others)).sum(axis=1)


def correctness(proba: ArrayLike, y: ArrayLike) -> FloatArray:
    """Return 1 where the predicted class is the true one, else 0.

    The signal of the gap attack, the only one for a model that answers with labels.
    Ties go to the first class, as they do in ``predict``.

    Parameters
    ----------
    proba : array-like of shape (n_records, n_classes)
        Predicted probabilities.
    y : array-like of shape (n_records,)
        Column of each record's class.

    Returns
    -------
    ndarray of shape (n_records,)
        0 or 1; high for members.

    See Also
    --------
    skmia.attacks.LabelOnlyAttack : Asks about copies of a record as well.

    Examples
    --------
    >>> from skmia.signals import correctness
    >>> correctness([[0.2, 0.8], [0.5, 0.5]], [1, 1])
    array([1., 0.])
    """
    proba, y = _check(proba, y)
    return (proba.argmax(axis=1) == y).astype(np.float64)


def _ranked(rank: int) -> Callable[[ArrayLike, ArrayLike], FloatArray]:
    def ranked(proba: ArrayLike, y: ArrayLike) -> FloatArray:
        proba, y = _check(proba, y)
        if proba.shape[1] < rank:
            return np.zeros(len(y))
        part = np.partition(proba, -rank, axis=1)
        return part[:, -rank].astype(np.float64)

    ranked.__name__ = f"top_{rank}"
    ranked.__doc__ = f"""Return the probability of rank {rank} from the top.

    Of whatever class; 0 where there are fewer. ``y`` does not enter. The input of
    attack models that see no label (Salem et al., NDSS 2019).
    """
    return ranked


#: Every signal by its name.
SIGNALS: dict[str, Callable[[ArrayLike, ArrayLike], FloatArray]] = {
    "logit": logit,
    "hinge": hinge,
    "loss": loss,
    "confidence": confidence,
    "entropy": entropy,
    "modified_entropy": modified_entropy,
    "correctness": correctness,
    "top_1": _ranked(1),
    "top_2": _ranked(2),
    "top_3": _ranked(3),
}

#: +1 for signals that are high for members, -1 for those that are low.
MEMBER_SIGN: dict[str, int] = {
    "logit": 1,
    "hinge": 1,
    "loss": -1,
    "confidence": 1,
    "entropy": -1,
    "modified_entropy": -1,
    "correctness": 1,
    "top_1": 1,
    "top_2": -1,
    "top_3": -1,
}
