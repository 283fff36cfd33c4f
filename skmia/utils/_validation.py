"""Checks of parameters and of membership, in scikit-learn's wording."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import (
    assert_all_finite,
    check_random_state,
    column_or_1d,
)
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skmia.utils._warnings import warn


def check_real(
    value: Any,
    name: str,
    low: float,
    high: float,
    *,
    closed: Literal["both", "left", "right", "neither"] = "both",
) -> float:
    """`value` as a float, or an error that names the parameter and its interval."""
    left = "[" if closed in ("both", "left") else "("
    right = "]" if closed in ("both", "right") else ")"
    message = (
        f"The '{name}' parameter must be a float in {left}{low:g}, {high:g}{right}. "
        f"Got {value!r} instead."
    )
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(message)
    number = float(value)
    above = number >= low if left == "[" else number > low
    below = number <= high if right == "]" else number < high
    # NaN fails both comparisons and so is caught as well.
    if not (above and below):
        raise ValueError(message)
    return number


def check_integer(value: Any, name: str, low: int, high: int | None = None) -> int:
    """`value` as an int in [low, high], or an error that names the parameter."""
    interval = f"[{low}, inf)" if high is None else f"[{low}, {high}]"
    message = (
        f"The '{name}' parameter must be an int in {interval}. Got {value!r} instead."
    )
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(message)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise ValueError(message)
    return number


def check_option(value: Any, name: str, options: tuple[str, ...]) -> str:
    """`value` if it is one of `options`, or an error that lists them."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(
            f"The '{name}' parameter must be a str among {sorted(options)}. "
            f"Got {value!r} instead."
        )
    return value


def own_random_state(
    random_state: int | np.random.RandomState | None,
) -> np.random.RandomState:
    """`sklearn.utils.check_random_state`, but None is a fresh generator.

    There None is NumPy's global generator, which a library must not advance.
    """
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def check_membership(
    membership: ArrayLike, n: int | None = None, *, both_sides: bool = True
) -> NDArray[np.bool_]:
    """Membership as a 1D bool array, of `n` entries where that is given."""
    values = np.asarray(membership)
    if values.dtype == object:
        # Nullable pandas columns arrive as objects; the list is typed anew, and a
        # missing value keeps it an object, which is refused below.
        values = np.array(values.tolist())
    if values.ndim != 1 or n not in (None, len(values)):
        rows = "record" if n is None else f"row of X, {n}"
        raise ValueError(
            "The 'membership' parameter must be a 1D array-like with one entry per "
            f"{rows}. Got an array of shape {values.shape} instead."
        )
    if values.dtype != bool:
        for value in values.tolist():
            if not isinstance(value, Real) or value not in (0, 1):
                raise ValueError(
                    "The 'membership' parameter must be binary: True (or 1) for a "
                    f"member, False (or 0) for a non-member. Got {value!r} instead; "
                    "compare with the member's value first."
                )
    is_member = values.astype(bool)
    n_members = int(is_member.sum())
    if both_sides and n_members in (0, len(is_member)):
        raise ValueError(
            "The 'membership' parameter needs at least one member and one non-member. "
            f"Got {n_members} members and {len(is_member) - n_members} non-members "
            "instead; leakage is how well the two are told apart."
        )
    return is_member


def check_has_features(X: Any, owner: str) -> None:
    """Raise for an X without columns: all of its rows would be one record."""
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) > 1 and shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={tuple(shape)}) while a minimum of "
            f"1 is required by {owner}."
        )


def check_labels(y: Any, n: int, owner: str) -> NDArray:
    """`y` as a 1-D array of `n` class labels.

    Raises
    ------
    ValueError
        For None, another length, NaN, labels of several types, or labels that are no
        classes.
    """
    if y is None:
        raise ValueError(
            f"{owner} requires y to be passed, but the target y is None. Pass the "
            "class label of every record."
        )
    given, y = y, column_or_1d(y, warn=False)
    if np.asarray(given).ndim == 2:  # np.ndim is not for every array-like
        # Not scikit-learn's own, which names the line of ours that called it.
        warn(
            "A column-vector y was passed when a 1d array was expected. Please change "
            "the shape of y to (n_samples,), for example using ravel().",
            DataConversionWarning,
        )
    check_no_missing_labels(y, "y")
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    if len(y) != n:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n}, "
            f"y has {len(y)}. Pass one label per row of X."
        )
    if y.dtype == object:
        _check_one_type(y)
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        check_classification_targets(y)  # its message, where it has one
        raise ValueError(
            "The 'y' parameter must hold one class label per record. "
            f"Got a target of type {kind!r} instead."
        )
    return y


def check_no_missing_labels(y: NDArray, name: str) -> None:
    """Raise for labels that are NaN, None or missing in a frame's own way."""
    if y.dtype.kind not in "fO":
        return
    labels = y.tolist()
    if set(map(type, labels)) <= {str}:
        return
    # Text is equal to itself, NaN is not, and pandas' NA says neither.
    missing = sum(
        v is None or type(v).__name__ in ("NAType", "NaTType") or v != v for v in labels
    )
    if missing:
        raise ValueError(
            f"The {name!r} parameter contains NaN: {missing} of its {len(y)} labels "
            "are missing (NaN or None). Leave those rows out, or give them a label of "
            "their own."
        )


def _check_one_type(y: NDArray) -> None:
    types = {"str" if issubclass(t, str) else t.__name__ for t in set(map(type, y))}
    if "str" in types and len(types) > 1:
        raise ValueError(
            "The 'y' parameter must hold labels of one type. Got "
            f"{sorted(types)} instead; leave out rows without a label, and write the "
            "others alike."
        )


def check_two_classes(classes: NDArray, owner: str) -> None:
    """Raise unless there are two classes or more."""
    if len(classes) < 2:
        raise ValueError(
            f"{owner} needs at least two classes in y. Got {len(classes)} class "
            f"instead: {listed(classes)}."
        )


def encode_labels(y: NDArray, classes: NDArray, name: str = "y") -> NDArray[np.intp]:
    """Column of each label in `classes`, whatever their order.

    Raises
    ------
    ValueError
        Naming the labels that are not among `classes`.
    """
    # Sets, because NumPy orders no mixture of text and numbers.
    unknown = sorted(set(y.tolist()) - set(classes.tolist()))
    if unknown:
        raise ValueError(
            f"The {name!r} parameter has labels that the classifier does not know: "
            f"{listed(unknown)}. It was fitted on {listed(classes)}; leave those "
            "rows out or encode the labels as in training."
        )
    order = np.argsort(classes, kind="stable")
    return order[np.searchsorted(classes, y, sorter=order)].astype(np.intp, copy=False)


def listed(values: Sequence[Any] | NDArray, most: int = 8) -> str:
    """Write a few values for a message."""
    shown = ", ".join(
        repr(v.item() if isinstance(v, np.generic) else v) for v in values[:most]
    )
    more = len(values) - most
    return f"[{shown}, and {more} more]" if more > 0 else f"[{shown}]"
