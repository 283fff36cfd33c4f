"""Two sets of rows made one pool, with everything checked before a model is fitted."""

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skmia.utils._cloning import unwrap_frozen
from skmia.utils._response import check_has_response, check_is_classifier
from skmia.utils._rows import concat_rows, hash_rows, n_rows, take_rows

# How many labels or columns an error message lists.
_MAX_LISTED = 8


@dataclass(frozen=True)
class Pool:
    """Members first, then non-members, without the rows that are in both sets."""

    X: Any
    y: NDArray
    membership: NDArray[np.bool_]
    index: Any
    hashes: NDArray[np.uint64]
    fit_params: dict[str, Any]
    n_shared: tuple[int, int]


def check_max_fprs(max_fprs: object) -> tuple[float, ...]:
    """The false positive rates as floats, without repeats, largest first."""
    message = (
        "The 'max_fprs' parameter must be a sequence of floats in (0, 1), such as "
        f"(0.1, 0.01). Got {max_fprs!r} instead."
    )
    if isinstance(max_fprs, (str, bytes)) or not isinstance(
        max_fprs, (Sequence, np.ndarray)
    ):
        raise TypeError(message)
    rates = []
    for rate in max_fprs:
        if isinstance(rate, (bool, np.bool_)) or not isinstance(rate, numbers.Real):
            raise TypeError(message)
        if not 0 < rate < 1:
            raise ValueError(message)
        rates.append(float(rate))
    return tuple(sorted(set(rates), reverse=True))


def check_confidence_level(level: object) -> float:
    """The confidence level as a float."""
    if (
        isinstance(level, (bool, np.bool_))
        or not isinstance(level, numbers.Real)
        or not 0 < level < 1
    ):
        raise ValueError(
            "The 'confidence_level' parameter must be a float in (0, 1). "
            f"Got {level!r} instead."
        )
    return float(level)


def resolve_seed(random_state: object) -> int:
    """One integer for the whole audit, which the report can state.

    `None` draws it from the system and not from NumPy's global generator.
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, numbers.Integral) and 0 <= random_state < 2**32:
        return int(random_state)
    raise ValueError(
        "The 'random_state' parameter must be None, an int in [0, 2**32) or a "
        f"numpy.random.RandomState. Got {random_state!r} instead."
    )


def check_model(model: Any) -> Any:
    """The fitted classifier itself, taken out of a FrozenEstimator.

    Whatever is not a fitted classifier with confidences and classes is refused.
    """
    model = unwrap_frozen(model)
    if isinstance(model, type):
        raise TypeError(
            "The 'model' parameter must be a fitted classifier. Got the class "
            f"{model.__name__} instead of an instance."
        )
    check_is_classifier(model, "model")
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise NotFittedError(
            "The 'model' parameter must be fitted: an audit attacks the very model "
            f"that it is given. Got {type(model).__name__} instead, which is not "
            "fitted; fit it on X_members first."
        ) from error
    check_has_response(model, "model")
    if len(np.asarray(model.classes_)) < 2:
        raise ValueError(
            "The 'model' parameter must know at least two classes. Got one that was "
            f"fitted on the single class {model.classes_[0]!r} instead."
        )
    return model


def make_pool(
    X_members: Any,
    y_members: Any,
    X_nonmembers: Any,
    y_nonmembers: Any,
    classes: NDArray,
    fit_params: Mapping[str, Any] | None = None,
) -> Pool:
    """Check the two sets, put them together and leave out what is in both.

    A row is in both sets where its features and its label are; such a row says
    nothing about membership, so it goes from both sides.
    """
    X_members, y_members = _check_side(X_members, y_members, "members", classes)
    X_nonmembers, y_nonmembers = _check_side(
        X_nonmembers, y_nonmembers, "nonmembers", classes
    )
    _check_same_columns(X_members, X_nonmembers)
    sizes = len(y_members), len(y_nonmembers)
    params = _check_fit_params(fit_params, sizes)
    # Hashed after they are put together: the same value must not differ by the type
    # that its side gave the column.
    X = concat_rows(X_members, X_nonmembers)
    y = np.concatenate([y_members, y_nonmembers])
    if len(set(y.tolist())) < 2:
        raise ValueError(
            f"All rows have the same label, {y[0]!r}; an audit needs at least two "
            "classes among the rows."
        )
    membership = np.repeat([True, False], sizes)
    hashes = hash_rows(X, y)
    in_both = np.isin(hashes, np.intersect1d(hashes[membership], hashes[~membership]))
    n_shared = int(in_both[membership].sum()), int(in_both[~membership].sum())
    for count, size, name in zip(
        n_shared, sizes, ("members", "nonmembers"), strict=True
    ):
        if count == size:
            raise ValueError(
                f"Every row of X_{name} ({size}) is in the other set as well, features "
                "and label alike; nothing is left to audit. Pass rows that only one "
                "of the two sets has."
            )
    index = _make_index(X_members, X_nonmembers, sizes)
    if not in_both.any():
        return Pool(X, y, membership, index, hashes, params, n_shared)
    keep = np.flatnonzero(~in_both)
    return Pool(
        X=take_rows(X, keep),
        y=y[keep],
        membership=membership[keep],
        index=index[keep],
        hashes=hashes[keep],
        fit_params={name: take_rows(value, keep) for name, value in params.items()},
        n_shared=n_shared,
    )


def _check_side(X: Any, y: Any, name: str, classes: NDArray) -> tuple[Any, NDArray]:
    if X is None or y is None:
        missing = "X" if X is None else "y"
        raise ValueError(
            f"The '{missing}_{name}' parameter must be given: an audit needs the rows "
            "and the true labels of members and non-members. Got None instead."
        )
    if isinstance(X, (list, tuple)):
        X = np.asarray(X)
    n = n_rows(X)
    if n == 0:
        raise ValueError(
            f"X_{name} has no rows. An audit compares members with non-members and "
            "needs rows of both; a model's held-out test set serves as non-members."
        )
    y = column_or_1d(y, warn=False)
    if len(y) != n:
        raise ValueError(
            f"X_{name} and y_{name} must have the same length. "
            f"Got {n} rows and {len(y)} labels instead."
        )
    # Sets of Python objects: np.isin would take the string '1' for the integer 1.
    unknown = set(y.tolist()) - set(np.asarray(classes).tolist())
    if unknown:
        raise ValueError(
            f"y_{name} has labels that the model does not know: {_listed(unknown)}. "
            f"The model's classes are {_listed(np.asarray(classes).tolist())}; leave "
            "out those rows or map their labels."
        )
    return X, y


def _check_same_columns(first: Any, second: Any) -> None:
    """Refuse two tables that do not have the same columns in the same order."""
    named = hasattr(first, "columns"), hasattr(second, "columns")
    if named[0] != named[1] or (named[0] and type(first) is not type(second)):
        raise TypeError(
            "X_members and X_nonmembers must be of the same kind. Got "
            f"{type(first).__name__} and {type(second).__name__} instead."
        )
    if not named[0]:
        widths = [X.shape[1] if len(X.shape) > 1 else 1 for X in (first, second)]
        if widths[0] != widths[1]:
            raise ValueError(
                "X_members and X_nonmembers must have the same number of columns. "
                f"Got {widths[0]} and {widths[1]} instead."
            )
        return
    ours, theirs = list(first.columns), list(second.columns)
    if ours == theirs:
        return
    only = [name for name in ours if name not in theirs]
    extra = [name for name in theirs if name not in ours]
    if only or extra:
        raise ValueError(
            "X_members and X_nonmembers must have the same columns. Only in "
            f"X_members: {_listed(only)}; only in X_nonmembers: {_listed(extra)}."
        )
    raise ValueError(
        "X_members and X_nonmembers must have their columns in the same order. "
        "Got the same names in another order; pass X_nonmembers[X_members.columns]."
    )


def _check_fit_params(
    fit_params: Mapping[str, Any] | None, sizes: tuple[int, int]
) -> dict[str, Any]:
    if fit_params is None:
        return {}
    if not isinstance(fit_params, Mapping):
        raise TypeError(
            "The 'fit_params' parameter must be a dict of name to a pair (values of "
            f"the members, values of the non-members). Got {fit_params!r} instead."
        )
    params = {}
    for name, pair in fit_params.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(
                f"fit_params[{name!r}] must be a pair (values of the members, values "
                f"of the non-members). Got {type(pair).__name__} instead."
            )
        values = [np.asarray(v) if isinstance(v, (list, tuple)) else v for v in pair]
        lengths = tuple(n_rows(value) for value in values)
        if lengths != sizes:
            raise ValueError(
                f"fit_params[{name!r}] must have one value per row, {sizes[0]} for the "
                f"members and {sizes[1]} for the non-members. "
                f"Got {lengths[0]} and {lengths[1]} instead."
            )
        params[name] = concat_rows(*values)
    return params


def _make_index(X_members: Any, X_nonmembers: Any, sizes: tuple[int, int]) -> Any:
    """The user's own index where both sets have one, else positions in each set."""
    if hasattr(X_members, "iloc") and hasattr(X_nonmembers, "iloc"):
        return X_members.index.append(X_nonmembers.index)
    return np.concatenate([np.arange(size) for size in sizes])


def _listed(values: Any) -> str:
    """A few values for a message, in a stable order."""
    values = sorted(values, key=str)
    text = ", ".join(repr(value) for value in values[:_MAX_LISTED])
    more = len(values) - _MAX_LISTED
    return f"[{text}, and {more} more]" if more > 0 else f"[{text}]"


def needed_nonmembers(max_fpr: float) -> int:
    """How many non-members it takes for one of them to be `max_fpr` of all."""
    # Rounded first: 1 / 0.00001 is a hair off 100,000.
    return math.ceil(round(1 / max_fpr, 6))
