"""Copies of an estimator, and what a copy keeps or forgets."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metadata_routing import MetadataRequest

from skmia._models._walk import SCIKIT_LEARNS, attributes


def unwrap_frozen(estimator: Any) -> Any:
    """Return the estimator inside a FrozenEstimator, or the estimator itself."""
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator


def forget_fit(estimator: Any) -> None:
    """Delete what was fitted, or a fit that is interrupted leaves the last one's.

    Fitted attributes have an underscore at either end.
    """
    for name in list(vars(estimator)):
        private = name.startswith("_") and not name.startswith(SCIKIT_LEARNS)
        if private or name.endswith("_"):
            delattr(estimator, name)


def deep_params(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Nested parameters, those inside of FrozenEstimators too.

    A FrozenEstimator keeps its inside from ``get_params``, and so from every check.
    """
    for name, value in unwrap_frozen(estimator).get_params(deep=True).items():
        yield name, value
        if isinstance(value, FrozenEstimator):
            yield from ((f"{name}__{n}", v) for n, v in deep_params(value))


def is_kept(estimator: Any) -> bool:
    """Whether `clone` returns the very object, a FrozenEstimator or another."""
    own = getattr(type(estimator), "__sklearn_clone__", None)
    if own is None or own is BaseEstimator.__sklearn_clone__:
        return False
    return own(estimator) is estimator


def own_params(copy: Any) -> list[tuple[str, Any]]:
    """Nested parameters of a clone that are its own: none of what a clone keeps."""
    params = sorted(copy.get_params(deep=True).items())
    kept = tuple(f"{name}__" for name, value in params if is_kept(value))
    return [(name, value) for name, value in params if not name.startswith(kept)]


def contained(value: Any) -> Iterator[Any]:
    """Dicts, estimators and splitters of the containers that a clone has copied."""
    if isinstance(value, dict):
        yield value
        items: Any = value.values()
    elif isinstance(value, (list, tuple)):
        items = value
    elif isinstance(value, (set, frozenset)):
        items = sorted(value, key=repr)
    elif isinstance(value, np.ndarray) and value.dtype.hasobject:
        items = value.ravel().tolist()
    else:
        is_seeded = hasattr(value, "split") or hasattr(value, "get_params")
        if is_seeded and not isinstance(value, type) and not is_kept(value):
            yield value
        return
    for item in items:
        if not isinstance(item, (str, bytes, float, int, np.generic)):
            yield from contained(item)


def bare_clone(estimator: Any) -> Any:
    """Clone, without the references to the fitted original that scikit-learn keeps.

    Requests for metadata hold on to the estimator that they were first asked of, for
    messages only, and a clone takes them over: a worker would be sent the fit.
    """
    copy = clone(estimator)
    if copy is estimator:
        return copy
    for part in (copy, *(p for _, value in own_params(copy) for p in contained(value))):
        for request in attributes(part).values():
            if isinstance(request, MetadataRequest):
                request.owner = type(part).__name__
                for of_method in vars(request).values():
                    if hasattr(of_method, "owner"):
                        of_method.owner = request.owner
    return copy
