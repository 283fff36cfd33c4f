"""Near copies: rows of one side that the other has with fewer digits or another id.

A table that was exported as float32, or with six digits, holds the same people and not
one equal row. Rounded to the resolution of the coarser table, rows are equal again.
Nor is a row equal where people were numbered anew; without the number it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables._comparable import comparable_rows
from skmia._tables._content import content_groups, hash_rows
from skmia._tables._encoding import encode_columns
from skmia._tables._id_columns import find_id_columns
from skmia._tables._value_bits import Hashes

FloatArray = NDArray[np.float64]

# Columns that are rounded first, those with most values: few rows agree on them all,
# and the rest of the table is rounded for these alone.
_N_SCREENED = 8
_MOST_ROWS, _MOST_COLUMNS = 2000, 500  # of which values are counted for that
_BLOCK_ROWS = 1000  # looked at together for values that rounding changes
# Whole numbers up to it have three digits, the fewest that are kept.
_COARSE = 999
_POWERS = np.array([float(f"1e{i}") for i in range(309)])


@dataclass(frozen=True)
class NearCopies:
    """The resolution at which rows of both sides are equal, and their content there.

    Attributes
    ----------
    resolution : str
        Such as "float32" or "6 decimals", or "all digits without column 'id'".
    hashes : ndarray of uint64
        Of the rows' content, rounded, and their label.
    """

    resolution: str
    hashes: Hashes


def find_near_copies(
    X: Any,
    y: NDArray,
    member: NDArray[np.bool_],
    persons: NDArray[np.intp] | None = None,
) -> NearCopies | None:
    """Look for rows that are equal across sides once they are rounded.

    Rows of coarse data are equal by chance: then as many are on both sides as chance
    puts there. None where that is so at every resolution; else the finest at which the
    excess is the surest. Rows of one person, by `persons`, are no copies of each other.
    """
    values, names = _as_numbers(X)
    found, surest = None, 0.0
    for resolution, hashes in _views(values, names, y, member):
        overlap = comparable_rows(hashes, member, persons).overlap
        if overlap.has_more and overlap.excess > 1.01 * surest:
            found, surest = NearCopies(resolution, hashes), overlap.excess
    return found


def _views(
    values: Any, names: list[str], y: NDArray, member: NDArray[np.bool_]
) -> Iterator[tuple[str, Hashes]]:
    """Hashes of the rows as they are seen in one way after another."""
    if sparse.issparse(values):
        for resolution, rounded in _RESOLUTIONS:
            table = (rounded(values.data), values.indices, values.indptr)
            yield resolution, hash_rows(sparse.csr_array(table, shape=values.shape), y)
        return
    ids = find_id_columns(values, y, member)
    rest = []
    for columns in ids:
        kept = np.delete(values, columns, axis=1)
        without = " and ".join(names[i] for i in columns[:3])
        rest.append((f" without {without}{' and others' * (len(columns) > 3)}", kept))
        yield f"all digits{rest[-1][0]}", hash_rows(_doubles(kept), y)
    for without, kept in [("", values), *rest]:
        screen = _doubles(kept[:, _most_distinct(kept)])
        fine = kept[:, ~_are_coarse(kept)]
        if not fine.shape[1] and without:
            continue  # "all digits" without these columns were looked at
        seen_unchanged = bool(without)
        for resolution, rounded in _RESOLUTIONS:
            if not fine.shape[1] or (_keeps(rounded, screen) and _keeps(rounded, fine)):
                if seen_unchanged:
                    continue
                seen_unchanged, rounded = True, _doubles
            hashes = _hash_screened(kept, screen, y, rounded)
            yield f"{resolution}{without}", hashes


def _are_coarse(values: NDArray) -> NDArray[np.bool_]:
    """Which columns no resolution changes: whole numbers of few digits, or missing."""
    coarse = np.ones(values.shape[1], dtype=bool)
    if values.dtype.kind == "b":
        return coarse
    for start in range(0, len(values), _BLOCK_ROWS):
        left = np.flatnonzero(coarse)
        if not left.size:
            break
        block = values[start : start + _BLOCK_ROWS, left]
        few = (block <= _COARSE) & (block >= -_COARSE) & (block == np.rint(block))
        coarse[left] = (few | (block != block)).all(axis=0)
    return coarse


def _keeps(rounded: Callable[[FloatArray], FloatArray], values: NDArray) -> bool:
    """Whether rounding changes none of the values."""
    values = _doubles(values)
    return np.array_equal(rounded(values), values, equal_nan=True)


def _as_numbers(X: Any) -> tuple[Any, list[str]]:
    """Every column as numbers; numbers as they are, since most are not looked at."""
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        values = X.reshape(len(X), -1)
        return values, [f"column {i}" for i in range(values.shape[1])]
    return encode_columns(X)


def _most_distinct(values: NDArray) -> NDArray[np.intp]:
    """Columns with most values, among some of the rows and columns."""
    n, n_columns = values.shape
    columns = np.arange(n_columns)[:: 1 + n_columns // _MOST_COLUMNS]
    looked_at = np.sort(values[:: 1 + n // _MOST_ROWS][:, columns], axis=0)
    n_values = (looked_at[1:] != looked_at[:-1]).sum(axis=0)
    return columns[np.argsort(-n_values, kind="stable")[:_N_SCREENED]]


def _hash_screened(
    values: NDArray,
    screen: Any,
    y: NDArray,
    rounded: Callable[[FloatArray], FloatArray],
) -> Hashes:
    """Hash rounded rows, the whole of those only that agree in the columns `screen`."""
    group = content_groups(hash_rows(rounded(screen), y))
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    hashes = group.astype(np.uint64)
    if len(several):
        rows = _doubles(values[several])
        hashes[several] = hash_rows(rounded(rows), y[several])
    return hashes


def _doubles(values: NDArray) -> FloatArray:
    return values.astype(np.float64, copy=False)


def _to_type(values: FloatArray, dtype: type) -> FloatArray:
    with np.errstate(over="ignore"):
        return values.astype(dtype).astype(np.float64)


def _to_decimals(values: FloatArray, decimals: int) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.round(values, decimals)


def _to_digits(values: FloatArray, digits: int) -> FloatArray:
    """Round to significant digits, to the doubles that the decimals are read as."""
    with np.errstate(divide="ignore", invalid="ignore"):
        order = np.floor(np.log10(np.abs(values)))
    order = np.where(np.isfinite(order), order, 0)
    shift = np.clip(digits - 1 - order, -308, 308).astype(np.intp)
    power = _POWERS[np.abs(shift)]
    with np.errstate(over="ignore", invalid="ignore"):
        up, down = np.rint(values * power) / power, np.rint(values / power) * power
    return np.where(shift >= 0, up, down)


Rounded = Callable[[FloatArray], FloatArray]
# From the finest to the coarsest.
_RESOLUTIONS: list[tuple[str, Rounded]] = []
for _n in range(8, 0, -1):
    if _n > 2:
        _digits = partial(_to_digits, digits=_n)
        _RESOLUTIONS.append((f"{_n} significant digits", _digits))
    _decimals = partial(_to_decimals, decimals=_n)
    _RESOLUTIONS.append((f"{_n} decimal{'s' * (_n > 1)}", _decimals))
    for _at, _name, _type in ((8, "float32", np.float32), (3, "float16", np.float16)):
        if _n == _at:
            _RESOLUTIONS.append((_name, partial(_to_type, dtype=_type)))
