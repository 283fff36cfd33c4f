"""Class labels as columns of a probability matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target


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
    y = column_or_1d(y, warn=True)
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
            f"instead: {_shorten(classes)}."
        )


def encode_labels(y: NDArray, classes: NDArray, name: str = "y") -> NDArray[np.intp]:
    """Column of each label in `classes`, whatever their order.

    Raises
    ------
    ValueError
        Naming the labels that are not among `classes`.
    """
    unknown = np.setdiff1d(y, classes) if _comparable(y, classes) else np.unique(y)
    if len(unknown):
        raise ValueError(
            f"The {name!r} parameter has labels that the classifier does not know: "
            f"{_shorten(unknown)}. It was fitted on {_shorten(classes)}; leave those "
            "rows out or encode the labels as in training."
        )
    order = np.argsort(classes, kind="stable")
    return order[np.searchsorted(classes, y, sorter=order)].astype(np.intp, copy=False)


def _comparable(y: NDArray, classes: NDArray) -> bool:
    """Whether both hold text or both do not: numpy orders no mixture of them."""
    return _is_text(y) == _is_text(classes)


def _is_text(labels: NDArray) -> bool:
    return labels.dtype.kind in "UST" or (
        labels.dtype == object and any(isinstance(v, str) for v in labels[:1])
    )


def _shorten(labels: NDArray, most: int = 10) -> str:
    shown = ", ".join(repr(v) for v in labels[:most].tolist())
    return f"[{shown}{', ...' if len(labels) > most else ''}]"
