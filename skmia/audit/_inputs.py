"""What audits are given, checked before a model is fitted."""

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skmia._models import (
    FunctionClassifier,
    check_is_classifier,
    look_inside,
    unwrap_frozen,
)
from skmia._tables import split_persons
from skmia.audit._adopted import adopt_model
from skmia.utils import check_real


def check_reading(
    max_fprs: object, confidence_level: Any
) -> tuple[tuple[float, ...], float]:
    """Return the false positive rates, once each and largest first, and the level."""
    message = (
        "The 'max_fprs' parameter must be a sequence of floats in (0, 1), such as "
        f"(0.1, 0.01). Got {max_fprs!r} instead."
    )
    if isinstance(max_fprs, (str, bytes)) or not isinstance(
        max_fprs, (Sequence, np.ndarray)
    ):
        raise TypeError(message)
    # The float32 of 0.1 is meant as 0.1, and its metric is to be found by that name.
    given = [float(str(r)) if isinstance(r, np.floating) else r for r in max_fprs]
    rates = {check_real(rate, "max_fprs", 0, 1, closed="neither") for rate in given}
    level = check_real(confidence_level, "confidence_level", 0, 1, closed="neither")
    return tuple(sorted(rates, reverse=True)), level


def resolve_seed(random_state: object) -> int:
    """One integer for the whole audit, which the report can state.

    `None` draws it from the system and not from NumPy's global generator.
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, numbers.Integral) and 0 <= int(random_state) < 2**32:
        return int(random_state)
    raise ValueError(
        "The 'random_state' parameter must be None, an int in [0, 2**32) or a "
        f"numpy.random.RandomState. Got {random_state!r} instead."
    )


def check_fitted(estimator: Any, labels: Sequence[Any] = ()) -> Any:
    """Return the fitted classifier itself, taken out of a FrozenEstimator.

    An object with `predict` alone becomes a classifier of the `labels`. Whatever is
    not a fitted classifier with classes is refused.
    """
    estimator = adopt_model(unwrap_frozen(estimator), labels)
    check_is_classifier(estimator, "estimator")
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise NotFittedError(
            "The 'estimator' parameter must be fitted: an audit attacks the very model "
            f"that it is given. Got {type(estimator).__name__} instead, which is not "
            "fitted; fit it on X_members first."
        ) from error
    look_inside(estimator)  # a search without a model is named as such
    if getattr(estimator, "classes_", None) is None:
        raise ValueError(
            "The 'estimator' parameter must have classes_, as scikit-learn's "
            "classifiers do once they are fitted. Got "
            f"{type(estimator).__name__} without it."
        )
    if len(np.asarray(estimator.classes_)) < 2:
        raise ValueError(
            "The 'estimator' parameter must know at least two classes. Got one that "
            f"was fitted on the single class {estimator.classes_[0]!r} instead."
        )
    return estimator


def describe_estimator(estimator: Any) -> str:
    """Name the class, and those of a Pipeline's steps, or the function."""
    name = type(estimator).__name__
    if isinstance(estimator, FunctionClassifier):
        func = estimator.func
        return f"{name}({getattr(func, '__qualname__', type(func).__name__)})"
    if not hasattr(estimator, "steps"):
        return name
    steps = [
        step if isinstance(step, str) else type(step).__name__
        for _, step in estimator.steps
    ]
    return f"{name}({', '.join(steps)})"


def check_scores(name: object, values: ArrayLike, n: int) -> NDArray[np.float64]:
    """Return the scores of one attack: one finite number per record."""
    if np.ma.is_masked(values) or np.iscomplexobj(values):
        raise ValueError(
            f"Attack {name!r} must give one real number per record. Got "
            f"{'masked' if np.ma.is_masked(values) else 'complex'} scores instead."
        )
    scores = np.array(values, dtype=np.float64)
    if scores.shape != (n,):
        raise ValueError(
            f"Attack {name!r} must give one score per record, {n}. "
            f"Got an array of shape {scores.shape} instead."
        )
    n_bad = int((~np.isfinite(scores)).sum())
    if n_bad:
        raise ValueError(
            f"Attack {name!r} gave {n_bad} of {n} records a score that is not finite. "
            "No figure can be read from it; check the model's outputs for NaN."
        )
    return scores


def check_one_side(member: NDArray[np.bool_], persons: NDArray[np.intp]) -> None:
    """Refuse persons who have members and non-members among their rows."""
    if split_persons(member, persons).any():
        raise ValueError(
            "The 'groups' parameter must have every person on one side only. Leave out "
            "persons with members and non-members."
        )


def check_length(name: str, values: Any, n: int) -> Any:
    if values is None:
        return None
    if len(values) != n:
        raise ValueError(
            f"The '{name}' parameter must have one entry per record, {n}. "
            f"Got {len(values)} instead."
        )
    return values
