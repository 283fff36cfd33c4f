"""What a model was fitted with: one value for each row, or the same for every fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    as_rows,
    concat_rows,
    is_per_row,
    is_weight,
    n_rows,
    take_rows,
)

_PAIR = "a pair (values of the members, values of the non-members)"


class FitParams:
    """The metadata of an audit's model, for the rows of the pool.

    Attributes
    ----------
    values : dict of str to object
        What shadows are fitted with. Values of rows are in the order of the pool.
    per_row : set of str
        Names of those with one value per row; the others are constants.
    """

    def __init__(self, values: dict[str, Any], per_row: set[str]) -> None:
        self.values = values
        self.per_row = per_row

    def take(self, rows: NDArray[np.intp]) -> "FitParams":
        """Return what belongs to some `rows` of the pool."""
        values = {
            name: take_rows(value, rows) if name in self.per_row else value
            for name, value in self.values.items()
        }
        self._check_lengths(values, len(rows))
        return FitParams(values, self.per_row)

    def _check_lengths(self, values: dict[str, Any], n: int) -> None:
        """Raise for a constant that would be taken for values of rows."""
        for name, value in values.items():
            if name not in self.per_row and is_per_row(value, n):
                raise ValueError(
                    f"fit_params[{name!r}] is no pair, and so a constant, but has "
                    f"{n} values, as many as there are rows with a weight. Pass "
                    f"{_PAIR}, or give the constant in fit=."
                )

    @property
    def constants(self) -> dict[str, Any]:
        """What is the same for every fit."""
        return {k: v for k, v in self.values.items() if k not in self.per_row}


def join_fit_params(
    fit_params: Mapping[str, Any] | None, sizes: tuple[int, int]
) -> FitParams:
    """Tell pairs of values from constants, and put each pair together.

    A pair is a tuple or list of two whose lengths are exactly the two sizes. What could
    be meant as values of rows, and is no such pair, is an error; anything else is a
    constant, which every shadow is fitted with as it is.
    """
    if fit_params is None:
        return FitParams({}, set())
    if not isinstance(fit_params, Mapping):
        raise TypeError(
            f"The 'fit_params' parameter must be a dict of name to {_PAIR} or to a "
            f"constant. Got {fit_params!r} instead."
        )
    values, per_row = {}, set()
    for name, value in fit_params.items():
        if not isinstance(name, str):
            raise TypeError(
                "The 'fit_params' parameter must have names of type str as its keys. "
                f"Got {name!r} instead."
            )
        if _is_pair(name, value, sizes):
            sides = (f"fit_params[{name!r}] of the members", "of the non-members")
            first, second = (as_rows(side) for side in value)
            values[name] = concat_rows(first, second, sides)
            per_row.add(name)
        else:
            _check_constant(name, value, sizes)
            values[name] = value
    return FitParams(values, per_row)


def _is_pair(name: str, value: Any, sizes: tuple[int, int]) -> bool:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    lengths = tuple(_length(side) for side in value)
    if lengths == sizes:
        return True
    # Such as eval_set=[(X_1, y_1), (X_2, y_2)].
    of_pairs = isinstance(value, list) and all(isinstance(v, tuple) for v in value)
    looks_like_one = None not in lengths and not of_pairs
    half_of_one = lengths[0] == sizes[0] or lengths[1] == sizes[1]
    if looks_like_one or half_of_one:
        raise ValueError(
            f"fit_params[{name!r}] is taken for {_PAIR}, being a "
            f"{type(value).__name__} of two, and must have one value per row, "
            f"{sizes[0]} for the members and {sizes[1]} for the non-members. "
            f"Got {_told(value[0])} and {_told(value[1])} instead. A constant of this "
            "form is given in fit=, a callable that fits each shadow model."
        )
    return False


def _check_constant(name: str, value: Any, sizes: tuple[int, int]) -> None:
    length = _length(value)
    if length is None:
        return
    if is_weight(name) or length in (sizes[0], sum(sizes)):
        rows = " of the members" if length == sizes[0] else ""
        what = f"values{rows} alone" if rows else "values"
        raise ValueError(
            f"fit_params[{name!r}] must be {_PAIR}, {sizes[0]} and {sizes[1]} of them. "
            f"Got {type(value).__name__} with {length} {what} instead."
        )


def _length(value: Any) -> int | None:
    """Number of values, or None for what holds no values of rows."""
    try:
        n = n_rows(value)
    except TypeError:  # one thing
        return None
    return n if is_per_row(value, n) else None


def _told(value: Any) -> str:
    length = _length(value)
    return f"{value!r:.40}" if length is None else str(length)
