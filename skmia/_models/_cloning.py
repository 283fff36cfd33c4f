"""Copies of an estimator, and what a copy keeps or forgets."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metadata_routing import MetadataRequest

from skmia._models._walk import SCIKIT_LEARNS, attributes

# How deep parameters are compared.
_MAX_DEPTH = 20


def unfitted_copy(estimator: Any, *, safe: bool = True) -> Any:
    """Clone, also where a constructor copies its parameters, as CatBoost's does.

    ``clone`` refuses those, since the copy might differ. Here the copy is made by the
    same constructor of the same parameters, and compared.

    Raises
    ------
    RuntimeError
        What ``clone`` raised, where the copy has other parameters or a fit.
    """
    try:
        return clone(estimator, safe=safe)
    except RuntimeError as error:
        own = getattr(type(estimator), "__sklearn_clone__", None)
        if own not in (None, BaseEstimator.__sklearn_clone__):
            raise
        return _rebuilt(estimator, safe, error)


def _rebuilt(value: Any, safe: bool, error: RuntimeError) -> Any:
    """Do what ``clone`` does, with equal parameters where it wants the very ones."""
    kind = type(value)
    if kind is dict:
        return {k: unfitted_copy(item, safe=safe) for k, item in value.items()}
    if kind in (list, tuple, set, frozenset):
        return kind([unfitted_copy(item, safe=safe) for item in value])
    if isinstance(value, type) or not hasattr(value, "get_params"):
        raise error
    params = value.get_params(deep=False)
    given = {name: unfitted_copy(item, safe=False) for name, item in params.items()}
    copy = kind(**given)
    for name, item in attributes(value).items():
        if name.startswith("_skl_"):
            setattr(copy, name, item)  # callbacks, one for all clones
        elif name.startswith(SCIKIT_LEARNS):
            setattr(copy, name, deepcopy(item))
    fitted = [k for k in attributes(copy) if k.endswith("_") and not k.endswith("__")]
    if fitted or not _are_equal(given, copy.get_params(deep=False)):
        raise error
    return copy


def _are_equal(one: Any, other: Any, depth: int = 0) -> bool:
    """Whether two parameters mean the same: equal, or of equal parts."""
    if one is other:
        return True
    if type(one) is not type(other) or depth > _MAX_DEPTH:
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(
            _are_equal(a, b, depth + 1) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _are_equal(value, other[name], depth + 1) for name, value in one.items()
        )
    if hasattr(one, "get_params") and not isinstance(one, type):
        return _are_equal(one.get_params(False), other.get_params(False), depth + 1)
    if isinstance(one, np.ndarray) and not one.dtype.hasobject:
        return bool(
            one.dtype == other.dtype
            and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        )
    with suppress(Exception):  # of a comparison of any kind
        if bool(one == other) or bool(one != one and other != other):
            return True
    own = attributes(one)
    return bool(own) and _are_equal(own, attributes(other), depth + 1)


def own_parts(copy: Any, done: set[int] | None = None) -> Iterator[Any]:
    """Yield a clone and the estimators in it that are its own, in containers too."""
    done = set() if done is None else done
    done.add(id(copy))
    yield copy
    for _, value in own_params(copy):
        for part in contained(value):
            if hasattr(part, "get_params") and id(part) not in done:
                yield from own_parts(part, done)


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
    copy = unfitted_copy(estimator)
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
