"""A user's columns as numbers or as categories, whatever they came in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables import as_numbers, is_missing, split_columns
from skmia.audit._subgroups._names import code_by_name, name_values
from skmia.audit._subgroups._times import (
    on_the_clock,
    show_duration,
    show_time,
    times_of_objects,
)
from skmia.utils import listed

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

# Whole numbers below have a double of their own.
_EXACT = 2**53
_DAY, _SECOND = 24 * 3600 * 1_000_000, 1_000_000


@dataclass(frozen=True, repr=False)
class Column:
    """One value for each record.

    Attributes
    ----------
    name : str
        What readers know the column by.
    numbers : ndarray of float or None
        The values of a column of numbers or of times, NaN where missing.
    codes, categories : ndarray of int and tuple of str, or None
        The number of each value of any other column, -1 where missing, and what these
        values are called.
    are_times, are_durations : bool
        Whether the numbers are microseconds.
    offset : int
        What was taken off whole numbers that are too large for doubles.
    """

    name: str
    numbers: FloatArray | None = None
    codes: IndexArray | None = None
    categories: tuple[str, ...] = ()
    are_times: bool = False
    are_durations: bool = False
    offset: int = 0

    @classmethod
    def of(cls, name: str, values: Any) -> "Column":
        """Numbers and times as numbers; text, truth values and categories by name."""
        if (category := _categories(values)) is not None:
            return cls(name, codes=category[0], categories=category[1])
        values = on_the_clock(values)
        held: NDArray[Any] | None = np.asarray(values)
        assert held is not None
        if held.dtype.kind in "OUS" or held.ndim > 1:
            objects = _objects(values)
            _check_single(name, objects)
            held = times_of_objects(objects)
            if held is None and _holds_text(objects):
                return cls.of_categories(name, values)
        if held is not None and held.dtype.kind in "mM":
            kind = held.dtype.kind
            return cls(
                name,
                numbers=as_numbers(held),
                are_times=kind == "M",
                are_durations=kind == "m",
            )
        if np.iscomplexobj(values) or _holds_complex(values):
            raise ValueError(
                f"The column {name!r} must hold real numbers. Got complex ones "
                "instead; pass their real and imaginary parts as two columns."
            )
        try:
            numbers = as_numbers(values)
        except (TypeError, ValueError):
            return cls.of_categories(name, values)
        if (np.abs(numbers) >= _EXACT).any():
            return cls._of_large(name, values, numbers)
        return cls(name, numbers=numbers)

    @classmethod
    def _of_large(cls, name: str, values: Any, numbers: FloatArray) -> "Column":
        """Whole numbers that doubles would merge: from the smallest on, or by name."""
        objects = [None if is_missing(v) else v for v in _objects(values)]
        known = [v for v in objects if v is not None]
        whole = all(isinstance(v, (int, np.integer)) for v in known)
        if not whole or len(set(known)) == len(np.unique(numbers[~np.isnan(numbers)])):
            return cls(name, numbers=numbers)
        least = min(map(int, known))
        if max(map(int, known)) - least >= _EXACT:
            return cls.of_categories(name, values)
        rest = [np.nan if v is None else float(int(v) - least) for v in objects]
        return cls(name, numbers=np.array(rest), offset=least)

    @classmethod
    def of_categories(cls, name: str, values: Any) -> "Column":
        """Every value by name, numbers as well: those of classes are no amounts."""
        codes, names = code_by_name(_objects(values))
        return cls(name, codes=codes, categories=names)

    @property
    def missing(self) -> BoolArray:
        if self.numbers is not None:
            return np.isnan(self.numbers)
        assert self.codes is not None
        return self.codes < 0

    def take(self, keep: BoolArray) -> "Column":
        """The values of some records."""
        return replace(
            self,
            numbers=None if self.numbers is None else self.numbers[keep],
            codes=None if self.codes is None else self.codes[keep],
        )

    def tells_the_same(self, other: "Column") -> bool:
        """Whether two columns divide the records alike, whatever the values."""
        divided = []
        for column in (self, other):
            values: Any = column.codes if column.numbers is None else column.numbers
            divided.append(np.unique(values, return_inverse=True)[1])
        n_both = len(np.unique(np.stack(divided), axis=1).T)
        return all(n_both == codes.max() + 1 for codes in divided)

    def show(self, number: float) -> str:
        """A number of this column as readers write it."""
        if self.are_times:
            return show_time(number)
        if self.are_durations:
            return show_duration(number)
        if self.offset:
            return str(int(number) + self.offset)
        return f"{number:.12g}" if abs(number) < 1e12 else f"{number:g}"

    def cut_between(self, below: float, above: float) -> float:
        """The number of the fewest digits that is above one value, up to the next."""
        if self.are_times or self.are_durations:
            for step in (_DAY, 3600 * _SECOND, 60 * _SECOND, _SECOND):
                cut = float(np.floor(above / step) * step)
                if below < cut:
                    return cut
            return above
        if self.offset:
            return above
        if not np.isfinite(below) or not np.isfinite(above):
            return above
        for digits in range(-9, 16):
            with np.errstate(over="ignore", invalid="ignore"):
                cut = float(np.round(np.floor(above * 10.0**digits) / 10.0**digits, 15))
            if below < cut <= above:
                return cut
        return above


def read_columns(X: Any, names: Sequence[str] | None = None) -> list[Column]:
    """Every column of a frame, an array or a sparse matrix, by name or number."""
    known = list(map(column_title, column_names(X))) if names is None else list(names)
    if sparse.issparse(X):
        X = X.tocsc()
        columns = [X[:, [j]].toarray().ravel() for j in range(X.shape[1])]
    else:
        columns = split_columns(X)
    return [Column.of(n, c) for n, c in zip(known, columns, strict=True)]


def column_names(X: Any) -> list[Any]:
    """Names of the columns of a frame, and numbers of others."""
    if hasattr(X, "columns"):
        return list(X.columns)
    if getattr(X, "name", None) is not None and len(X.shape) == 1:
        return [X.name]
    return list(range(X.shape[1] if len(X.shape) > 1 else 1))


def column_title(name: Any) -> str:
    """What readers know a column by: its name, or its number where it has none."""
    return str(name) if isinstance(name, str) else f"column {name}"


def pick_column(X: Any, name: Any, parameter: str) -> Column:
    """One column by its name, or by its number where there are no names."""
    known = column_names(X)
    at = [j for j, own in enumerate(known) if own == name and type(own) is not bool]
    if len(at) != 1:
        has = f"Its columns are {listed(known)}." if not at else "It is there twice."
        raise ValueError(
            f"The '{parameter}' parameter must name columns of X, or 'label'. Got "
            f"{name!r} instead. {has}"
        )
    title = column_title(name)
    if sparse.issparse(X):
        return Column.of(title, X[:, at].toarray().ravel())
    if isinstance(X, np.ndarray):
        return Column.of(title, X.reshape(len(X), -1)[:, at[0]])
    return Column.of(title, split_columns(X)[at[0]])


def _categories(values: Any) -> tuple[IndexArray, tuple[str, ...]] | None:
    """Codes and names of a column that says itself that it has categories."""
    dtype: Any = getattr(values, "dtype", None)
    if hasattr(dtype, "categories") and hasattr(values, "cat"):
        if hasattr(values.cat, "codes"):  # pandas
            names = name_values(list(dtype.categories))
            codes = np.asarray(values.cat.codes).astype(np.intp)
            return _without_unused(codes, names)
        return code_by_name(values.cast(str).to_list())  # polars
    if str(dtype).lower() in ("bool", "boolean"):
        return code_by_name(_objects(values))
    return None


def _without_unused(
    codes: IndexArray, names: Sequence[str]
) -> tuple[IndexArray, tuple[str, ...]]:
    used, found = np.unique(codes[codes >= 0], return_inverse=True)
    again = np.full(len(codes), -1, dtype=np.intp)
    again[codes >= 0] = found
    return again, tuple(names[code] for code in used)


def _objects(values: Any) -> list[Any]:
    if hasattr(values, "to_list"):  # of pandas and polars
        return list(values.to_list())
    return list(np.asarray(values, dtype=object).tolist())


def _check_single(name: str, values: list[Any]) -> None:
    """Raise for a column that holds several values in each row."""
    nested = (list, tuple, dict, set, frozenset, np.ndarray)
    for value in values:
        if isinstance(value, nested):
            raise ValueError(
                f"The column {name!r} must hold one value in each row. Got a "
                f"{type(value).__name__} instead; pass a column for each of its "
                "entries, or one text for all of them."
            )


def _holds_text(values: list[Any]) -> bool:
    """Whether a value is text: "036" is a code and not a number."""
    return any(isinstance(value, (str, bytes, bool)) for value in values)


def _holds_complex(values: Any) -> bool:
    if np.asarray(values).dtype != object:
        return False
    return any(isinstance(v, (complex, np.complexfloating)) for v in _objects(values))
