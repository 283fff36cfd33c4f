"""A fit of the user's own in place of ``estimator.fit``, for each shadow."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skmia._models._cloning import deep_params
from skmia._models._response import gives_confidences, has_response

# Of the boosters; scikit-learn's own estimators split their rows themselves.
_STOPPING = {"early_stopping_rounds", "early_stopping_round", "callbacks"}
_CALLED = "fit(estimator, X, y, rows, **params)"


class RowsOf:
    """A hook that is told the rows of a larger pool, of which ours is a part.

    `positions` says where each record of ours is in the larger one.
    """

    def __init__(self, fit: Callable[..., Any], positions: NDArray[np.intp]) -> None:
        self.fit = fit
        self.positions = positions

    def __call__(
        self, estimator: Any, X: Any, y: Any, rows: NDArray[np.intp], **params: Any
    ) -> Any:
        """Call the hook with positions in the larger pool."""
        return self.fit(estimator, X, y, self.positions[rows], **params)


def check_hook(fit: object) -> None:
    """Raise a TypeError for a `fit` that cannot be called in place of a fit."""
    if fit is not None and (not callable(fit) or isinstance(fit, type)):
        raise TypeError(
            f"The 'fit' parameter must be a callable, which is called as {_CALLED} for "
            f"each shadow model, or None. Got {fit!r} instead."
        )


def hook_name(fit: Any) -> str | None:
    """Name a hook: a function by its name, another callable by that of its class."""
    while isinstance(fit, partial):
        fit = fit.func
    return None if fit is None else getattr(fit, "__name__", type(fit).__name__)


def fit_own(model: Any, X: Any, y: NDArray, params: dict[str, Any]) -> Any:
    """Fit a shadow by its own method, and say what to do where it wants more rows.

    Raises
    ------
    ValueError
        For an estimator that is to stop early and does not fit without a validation
        set, which must be of the shadow's own rows.
    """
    try:
        model.fit(X, y, **params)
    except Exception as error:
        stops = _stops_early(model, params)
        if stops is None:
            raise
        raise ValueError(
            f"Shadow models of {type(model).__name__} with {stops} need a validation "
            f"set to stop early. Got none instead ({error}). Pass fit=, a callable "
            f"that is called as {_CALLED} for each shadow model, draws the validation "
            "set from the rows that it is given, and fits the estimator."
        ) from error
    return model


def _stops_early(model: Any, params: dict[str, Any]) -> str | None:
    """Name the parameter, of the estimator or of its fit, that stops it early."""
    for name, value in {**dict(deep_params(model)), **params}.items():
        last = name.rpartition("__")[2]
        if last in _STOPPING and value is not None and value != 0:
            return name if last == "callbacks" else f"{name}={value!r}"
    return None


def fit_by_hook(
    fit: Callable[..., Any],
    model: Any,
    X: Any,
    y: NDArray,
    rows: NDArray[np.intp],
    params: dict[str, Any],
    classes: NDArray,
) -> Any:
    """Call the hook, and check that what it leaves behind is a fitted classifier."""
    returned = fit(model, X, y, rows, **params)
    fitted = model if returned is None else returned
    if fitted is not model:
        _check_kind(fitted, gives_confidences(model))
    try:
        check_is_fitted(fitted)
    except (NotFittedError, TypeError) as error:
        how = "returned None, and did not fit" if returned is None else "returned"
        raise ValueError(
            f"The 'fit' parameter must be a callable, called as {_CALLED}, that fits "
            f"the estimator that it is given, or returns a fitted one. Got one that "
            f"{how} a {type(fitted).__name__} that is not fitted instead."
        ) from error
    _check_classes(fitted, classes)
    return fitted


def _check_kind(fitted: Any, confidences: bool) -> None:
    classifies = False
    with suppress(Exception):  # of something that is no estimator at all
        classifies = not isinstance(fitted, type) and is_classifier(fitted)
    if not classifies or (confidences and not has_response(fitted)):
        raise TypeError(
            f"The 'fit' parameter must be a callable, called as {_CALLED}, that "
            "returns a fitted classifier, with predict_proba or decision_function "
            "where the one that it was given has them, or "
            f"None where it has fitted the one that it was given. Got one that "
            f"returned {fitted!r:.200} instead."
        )


def _check_classes(fitted: Any, classes: NDArray) -> None:
    known = getattr(fitted, "classes_", None)
    if known is None:
        raise ValueError(
            "The 'fit' parameter must be a callable that returns or fits a classifier "
            f"with classes_. Got a {type(fitted).__name__} without it instead."
        )
    strange = sorted(set(np.asarray(known).tolist()) - set(classes.tolist()), key=repr)
    if strange:
        raise ValueError(
            "The 'fit' parameter must be a callable that fits a classifier on the "
            f"labels that it is given, out of {classes.tolist()!r:.200}. Got a "
            f"{type(fitted).__name__} with the classes {strange!r:.200} instead; do "
            "not encode y."
        )
