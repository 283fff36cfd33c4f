"""Models that are no scikit-learn estimators: made one, or how to make one."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from skmia._models import FunctionClassifier

_WRAP = "skmia.attacks.FunctionClassifier"


def adopt_model(model: Any, labels: Sequence[Any]) -> Any:
    """Return `model`, or a classifier of it where it has `predict` and nothing else.

    Parameters
    ----------
    model : object
        What was passed as the model.
    labels : sequence of array-like
        Labels of the rows: the classes of an object that does not say its own.

    Raises
    ------
    TypeError
        For functions and for objects that act as classifiers and are none, with how
        to wrap them.
    """
    tagged = hasattr(model, "__sklearn_tags__") or hasattr(model, "_estimator_type")
    if isinstance(model, type) or tagged:
        return model
    if inspect.isroutine(model) or (callable(model) and not _has(model, "predict")):
        raise TypeError(
            "The 'estimator' parameter must be a classifier. Got the function "
            f"{model!r} instead; pass {_WRAP}(function, classes=...) of one that "
            "returns probabilities, and with response_method='predict' of one that "
            "returns labels."
        )
    if not _has(model, "predict") and not _has(model, "predict_proba"):
        return model  # nothing that answers
    name = type(model).__name__
    if _has(model, "predict_proba"):
        raise TypeError(
            "The 'estimator' parameter must be a scikit-learn classifier. Got a "
            f"{name} instead, which answers as one, and lacks what BaseEstimator and "
            "ClassifierMixin give: get_params and tags. Let its class inherit from "
            f"both, or pass {_WRAP}(model.predict_proba, classes=model.classes_), "
            "with estimator=... for shadow models."
        )
    if _has(model, "fit") or _has(model, "decision_function"):
        raise TypeError(
            "The 'estimator' parameter must be a scikit-learn classifier. Got a "
            f"{name} instead, whose predict may return labels or probabilities. Pass "
            f"{_WRAP}(model.predict, classes=...) where it returns probabilities, and "
            "with response_method='predict' where it returns labels."
        )
    classes = getattr(model, "classes_", None)
    if classes is None:
        classes = _distinct(labels)
    return FunctionClassifier(model.predict, classes=classes, response_method="predict")


def _has(model: Any, method: str) -> bool:
    return callable(getattr(model, method, None))


def _distinct(labels: Sequence[Any]) -> list[Any]:
    """The labels that occur, in order; what is wrong with them is found later."""
    found = {
        label
        for side in labels
        if side is not None
        for label in np.asarray(side).ravel().tolist()
    }
    return sorted(found, key=lambda label: (type(label).__name__, label))
