"""Fit metadata: values that belong to rows travel with them."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables._containers import as_rows, n_rows, take_rows
from skmia._tables._content import hash_rows

# How deep a validation set may sit: a list of pairs of tables.
_MAX_DEPTH = 3


def slice_metadata(params: Mapping[str, Any], rows: NDArray, n: int) -> dict[str, Any]:
    """`params` for the chosen `rows` of `n`: what has one value per row is sliced."""
    return {
        name: take_rows(value, rows) if is_per_row(value, n) else value
        for name, value in params.items()
    }


def is_per_row(value: Any, n: int) -> bool:
    """Whether `value` holds one entry for each of `n` rows."""
    if isinstance(value, (str, bytes, Mapping, Set)) or not hasattr(value, "__len__"):
        return False
    return getattr(value, "ndim", 1) > 0 and n_rows(value) == n


def check_metadata(params: Mapping[str, Any] | None, n: int) -> dict[str, Any]:
    """`params` as a dict, or an error where weights do not belong to the rows.

    Weights of another length would be passed on whole, and could by chance have the
    length of a training set.
    """
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise TypeError(
            "The 'params' parameter must be a dict of metadata for fit, such as "
            f"{{'sample_weight': weights}}. Got {type(params).__name__} instead."
        )
    for name, value in params.items():
        _check_one_column(name, value)
        if is_weight(name) and np.ndim(value) > 0 and not is_per_row(value, n):
            raise ValueError(
                f"The 'params' parameter has {name!r} of length {n_rows(value)}, but "
                f"X has {n} rows. Pass one weight per row of X."
            )
    return dict(params)


def check_no_rows_of(params: Mapping[str, Any], X: Any, owner: str) -> None:
    """Raise where constants of a fit, such as a validation set, hold rows of X.

    A shadow that was trained on some of its validation rows is stopped by what it
    remembers, or not at all.
    """
    known = None
    for name, value in params.items():
        for table in _tables(value, X.shape[1:]):
            known = hash_rows(X) if known is None else known
            n_known = int(np.isin(hash_rows(as_rows(table)), known).sum())
            if n_known:
                raise ValueError(
                    f"{owner}[{name!r}] must not hold rows that shadow models are "
                    f"trained on. Got {n_known} such rows, by which some of them would "
                    "be stopped early, or judged. Pass fit=, a callable that draws a "
                    "validation set from the rows of each shadow model."
                )


def _tables(value: Any, width: tuple[int, ...], depth: int = 0) -> Iterator[Any]:
    """Tables inside of a constant that have the columns of X."""
    if isinstance(value, Mapping):
        value = list(value.values())
    shape = getattr(value, "shape", ())
    has_values = hasattr(value, "dtype") or hasattr(value, "dtypes")
    if has_values and len(shape) == 2 and shape[1:] == width:
        yield value
    elif isinstance(value, (tuple, list)) and depth < _MAX_DEPTH:
        for part in value:
            yield from _tables(part, width, depth + 1)


def has_no_weight(params: Mapping[str, Any], n: int) -> NDArray[np.bool_]:
    """Which of `n` rows have a weight of 0: a fit with these `params` ignores them.

    They are no members, whatever set they are in.
    """
    weightless = np.zeros(n, dtype=bool)
    for name, value in params.items():
        _check_one_column(name, value)
        if is_weight(name) and is_per_row(value, n):
            weightless |= np.asarray(value) == 0
    return weightless


def _check_one_column(name: str, value: Any) -> None:
    shape = getattr(value, "shape", ())
    if is_weight(name) and len(shape) > 1:
        raise ValueError(
            f"{name!r} must be 1D, with one weight per row. Got an array of shape "
            f"{tuple(shape)} instead; pass its one column, as ravel() does."
        )


def is_weight(name: Any) -> bool:
    """Whether a parameter of ``fit`` is ``sample_weight``, of whichever step."""
    return str(name).rpartition("__")[2] == "sample_weight"
