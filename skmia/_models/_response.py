"""The probabilities that a classifier gives records, in a fixed column order."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression

from skmia._models._asked_once import asked_once
from skmia._models._cloning import deep_params, unfitted_copy, unwrap_frozen
from skmia._models._in_workers import own_jobs
from skmia._tables import Copies, blocks, copy_rows, mean_answer, n_rows, values_per_row
from skmia.utils import encode_labels

# Values, of X or of probabilities, that a block of rows holds: 64 MiB of doubles.
_BLOCK_VALUES = 2**23
# Averages and float32 softmaxes end up this far outside of [0, 1]; not further.
_ROUNDING = 1e-6
# Answers rounded to one digit are off by this much in each class, and on average by
# less; what is further off is something else than probabilities.
_ROUNDED = 0.05
_MEAN_ROUNDED = 0.02
# Objectives of LightGBM and CatBoost with a probability of its own for each class.
_OF_EACH_CLASS = (
    "multiclassova",
    "multiclass_ova",
    "ova",
    "ovr",
    "MultiClassOneVsAll",
)
_OBJECTIVES = ("objective", "application", "app", "loss", "loss_function")


def check_is_classifier(estimator: Any, name: str = "estimator") -> None:
    """Raise unless `estimator` is a classifier, and not the class of one."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"The '{name}' parameter must be a scikit-learn classifier. "
            f"Got {estimator!r} instead."
        )
    if not is_classifier(estimator):
        raise ValueError(
            f"The '{name}' parameter must be a classifier; membership inference on "
            f"regressors and transformers is not supported. "
            f"Got {type(estimator).__name__} instead."
        )


def gives_confidences(estimator: Any) -> bool:
    """Whether `estimator` has, or once fitted will have, more than labels."""
    return has_response(estimator) or has_response(_with_defaults(estimator))


def check_has_response(
    estimator: Any,
    name: str = "estimator",
    instead: str = "pass a classifier that has one of them",
) -> None:
    """Raise unless `estimator` has, or once fitted will have, more than labels."""
    if not gives_confidences(estimator):
        raise TypeError(
            f"The '{name}' parameter must have predict_proba or decision_function: "
            f"labels alone hold no confidences. Got {model_name(estimator)} instead, "
            f"which has neither; {instead}."
        )


def model_name(estimator: Any) -> str:
    """Name the class of the model itself, which may be frozen."""
    return type(unwrap_frozen(estimator)).__name__


def has_response(estimator: Any) -> bool:
    """Whether `estimator` has more than labels, as it stands."""
    return hasattr(estimator, "predict_proba") or hasattr(
        estimator, "decision_function"
    )


def _with_defaults(estimator: Any) -> Any:
    """An unfitted stack has what its last step has, and no last step by default.

    Wherever one is inside of `estimator`, it is given what it will be fitted with.
    """
    if not hasattr(estimator, "get_params"):
        return estimator
    last = [
        name
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "final_estimator" and value is None
    ]
    if not last:
        return estimator
    defaults = dict.fromkeys(last, LogisticRegression())
    return unfitted_copy(estimator).set_params(**defaults)


def class_probabilities(
    estimator: Any, X: Any, classes: NDArray | None = None
) -> NDArray[np.floating]:
    """Probabilities of `estimator`, with the columns of `classes`.

    Margins become probabilities through the sigmoid (two classes) or the softmax,
    which keeps the margin as the logit, up to 708. A class that the estimator was not
    fitted on has probability 0.
    """
    with own_jobs():
        if hasattr(estimator, "predict_proba"):
            answers = estimator.predict_proba(X)
        else:
            check_has_response(estimator)
            answers = estimator.decision_function(X)
    return answers_as_probabilities(estimator, answers, classes)


def answers_as_probabilities(
    estimator: Any, answers: Any, classes: NDArray | None = None
) -> NDArray[np.floating]:
    """Probabilities, with the columns of `classes`, of what `estimator` answers."""
    known = np.asarray(estimator.classes_)
    if hasattr(estimator, "predict_proba"):
        proba = _as_probabilities(estimator, answers, len(known))
    else:
        margin = np.asarray(answers, dtype=np.float64)
        if margin.ndim == 1:
            # Two sigmoids rather than p and 1 - p: each keeps its digits near 0.
            proba = np.column_stack([expit(-margin), expit(margin)])
        else:
            _check_one_margin_per_class(estimator, margin, len(known))
            proba = softmax(margin, axis=1)
    return _aligned(proba, known, classes)


def _aligned(
    proba: NDArray[np.floating], known: NDArray, classes: NDArray | None
) -> NDArray[np.floating]:
    """Columns of `classes`, of probabilities with those of the `known` ones."""
    if classes is None or np.array_equal(known, classes):
        return proba
    aligned = np.zeros((len(proba), len(classes)), dtype=proba.dtype)
    aligned[:, encode_labels(known, classes, "estimator")] = proba
    return aligned


def ask_probabilities(
    estimator: Any, X: Any, classes: NDArray, copies: Copies | None = None
) -> NDArray[np.floating]:
    """`class_probabilities` of rows that the estimator may write in: X stays as is.

    With `copies`, means over each row and its copies. What is known of these rows
    from an earlier call is not asked again; see `asking_once`.
    """
    labels_only = isinstance(estimator, LabelsAsProbabilities)
    model = estimator.model if labels_only else estimator
    if (asked := asked_once(model, X)) is None:
        return _ask(estimator, X, classes, copies)
    known = np.asarray(estimator.classes_)
    if labels_only and copies is None:
        proba = estimator.of_labels(ask_labels(model, X))
    else:
        kind = "probabilities", None if copies is None else copies.queries
        ask = partial(_ask, estimator, classes=known, copies=copies)
        proba = asked.answers(kind, X, ask)
    return _aligned(proba, known, classes)


def _ask(
    estimator: Any, X: Any, classes: NDArray, copies: Copies | None = None
) -> NDArray[np.floating]:
    if not n_rows(X):
        return class_probabilities(estimator, X, classes)
    parts = iter_class_probabilities(estimator, X, classes, copies)
    return np.concatenate([proba for _, proba in parts])


def ask_labels(estimator: Any, X: Any) -> NDArray:
    """Predicted labels, one-dimensional, of rows that the estimator may write in.

    What is known of these rows from an earlier call is not asked again.
    """
    if (asked := asked_once(estimator, X)) is not None:
        return asked.answers("labels", X, partial(_ask_labels, estimator))
    return _ask_labels(estimator, X)


def _ask_labels(estimator: Any, X: Any) -> NDArray:
    # Some classifiers predict a column.
    with own_jobs():
        return np.ravel(estimator.predict(copy_rows(X, np.arange(n_rows(X)))))


class LabelsAsProbabilities:
    """A classifier that gives the label that a fitted one predicts a probability of 1.

    The mean of its answers about a record and its copies is the fraction of them that
    get each label: a confidence, of a model that gives labels only.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.classes_ = np.asarray(model.classes_)

    def predict(self, X: Any) -> NDArray:
        return np.ravel(self.model.predict(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        return self.of_labels(self.predict(X))

    def of_labels(self, labels: NDArray) -> NDArray[np.float64]:
        """What it says where the model has predicted these labels."""
        proba = np.zeros((len(labels), len(self.classes_)))
        columns = encode_labels(labels, self.classes_, "predicted")
        proba[np.arange(len(proba)), columns] = 1
        return proba


def answering(estimator: Any) -> Any:
    """The fitted `estimator`, or its labels as probabilities where it has no others."""
    if gives_confidences(estimator):
        return estimator
    return LabelsAsProbabilities(estimator)


def _as_probabilities(estimator: Any, answer: Any, n_classes: int) -> NDArray:
    """What predict_proba returned as an array with one column for each class."""
    proba = np.asarray(answer)
    if proba.ndim != 2 or proba.shape[1] != n_classes:
        raise ValueError(
            f"predict_proba of {model_name(estimator)} must return one column for "
            f"each of the {n_classes} classes in classes_. Got shape {proba.shape} "
            "instead; skmia.attacks.FunctionClassifier(model.predict_proba, "
            "classes=...) takes the probability of the second of two classes alone."
        )
    if proba.dtype.kind not in "fiub":
        raise ValueError(
            f"predict_proba of {model_name(estimator)} must return numbers. Got "
            f"dtype {proba.dtype} instead."
        )
    proba = _within_bounds(proba)
    # What lies outside of [0, 1], and NaN, is an error of the signals.
    known = proba.min(initial=0.0) == 0 and proba.max(initial=1.0) == 1
    sums = sums_off(proba) if known else None
    if sums is not None and not _answers_each_class(estimator):
        raise ValueError(
            f"predict_proba of {model_name(estimator)} must return probabilities that "
            f"sum to 1 for each record. Got {sums} instead; divide by the sum, or pass "
            "skmia.attacks.FunctionClassifier(func, classes=..., "
            "response_method='decision_function') for margins."
        )
    return proba


def sums_off(proba: NDArray) -> str | None:
    """Tell of sums over classes that are further from 1 than by rounding."""
    off = proba.sum(axis=1, dtype=np.float64) - 1
    n, n_classes = proba.shape
    if not n:
        return None
    largest = _ROUNDED * n_classes
    # One row is off by as much as it may be, and the mean of many by little.
    far = abs(off.mean()) > _MEAN_ROUNDED + largest / np.sqrt(n)
    if far or np.abs(off).max() > largest:
        return f"sums from {1 + off.min():.3g} to {1 + off.max():.3g}"
    return None


def _answers_each_class(estimator: Any) -> bool:
    """Whether a booster was told to fit each class against all others."""
    return hasattr(unwrap_frozen(estimator), "get_params") and any(
        name.rpartition("__")[2] in _OBJECTIVES
        and isinstance(value, str)
        and value in _OF_EACH_CLASS
        for name, value in deep_params(estimator)
    )


def _within_bounds(proba: NDArray) -> NDArray:
    low, high = proba.min(initial=0.0), proba.max(initial=1.0)
    if (low < 0 or high > 1) and low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return np.clip(proba, 0.0, 1.0)
    return proba  # what lies further out is an error of the signals


def _check_one_margin_per_class(
    estimator: Any, margin: NDArray, n_classes: int
) -> None:
    """Raise for margins of pairs of classes, which three classes have three of too."""
    pairs = any(
        name.rpartition("__")[2] == "decision_function_shape" and value == "ovo"
        for name, value in deep_params(estimator)
    )
    if pairs or margin.shape[1] != n_classes:
        raise ValueError(
            f"The decision_function of {type(estimator).__name__} must return one "
            f"margin for each of {n_classes} classes. Got shape {margin.shape} with "
            "margins of pairs or of other columns instead; pass an estimator with "
            "predict_proba or decision_function_shape='ovr'."
        )


def iter_class_probabilities(
    estimator: Any, X: Any, classes: NDArray, copies: Copies | None = None
) -> Iterator[tuple[slice, NDArray[np.floating]]]:
    """Blocks of `class_probabilities` of rows of X, each of bounded size.

    The estimator gets rows of its own, to write in if it likes. With `copies`, the
    probabilities are means over each row and its copies.
    """
    ask = partial(class_probabilities, estimator, classes=classes)
    n = n_rows(X)
    width = max(len(classes), values_per_row(X))
    for rows in blocks(n, width, _BLOCK_VALUES):
        block = copy_rows(X, np.arange(n)[rows])
        yield rows, mean_answer(ask, block, copies)
