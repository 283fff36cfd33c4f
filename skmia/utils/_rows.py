"""Rows by content: take, join, hash and match them, whatever container holds them.

A hash is a function of the row alone, never of the rows around it: rows that are scored
later are matched to a pool that was hashed before, in another process or container.
"""

import datetime
import decimal
import hashlib
import math
import numbers
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Hashes = NDArray[np.uint64]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MISSING = np.uint64(0x7FF8000000000000)  # the bits of the usual NaN
_WIDE = 0xA0761D6478BD642F  # marks integers that no float64 holds
_WIDE_NEGATIVE = 0xE7037ED1A0B428DB
_TIME_SEEDS = {"M": np.uint64(0x8EBC6AF09C88C6E3), "m": np.uint64(0x589965CC75374CC3)}
_LABEL = np.uint64(0x1D8E4E27C1F0E2B5)
_EXACT = float(2**53)  # every integer up to here has its own float64
_BLOCK = 1 << 16  # values hashed at a time: the temporaries stay in the cache


def _is_frame(X: Any, library: str, *names: str) -> bool:
    # Neither library is imported for this: where it is not loaded, X is not one of its
    # objects.
    module = sys.modules.get(library)
    return module is not None and isinstance(
        X, tuple(getattr(module, name) for name in names)
    )


def _is_pandas(X: Any) -> bool:
    return _is_frame(X, "pandas", "DataFrame", "Series")


def _is_polars(X: Any) -> bool:
    return _is_frame(X, "polars", "DataFrame", "Series")


def n_rows(X: Any) -> int:
    """Return the number of rows of any container."""
    if not hasattr(X, "shape") and not hasattr(X, "__len__"):
        X = np.asarray(X)
    shape = getattr(X, "shape", None)
    if shape is None:
        return len(X)
    if len(shape) == 0:
        raise TypeError(
            "Expected an array-like with at least one dimension, got "
            f"{X!r} instead. Pass one row per record."
        )
    return int(shape[0])


def take_rows(X: Any, rows: Any) -> Any:
    """Return the rows of X at integer positions or under a boolean mask.

    The container is kept; sparse formats that cannot be sliced become CSR, and a
    sequence that is not an array becomes a list. Masks are turned into positions here,
    so that a mask of the wrong length is an error for every container.
    """
    rows = np.asarray(rows)
    if rows.dtype == bool:
        if rows.shape != (n_rows(X),):
            raise ValueError(
                f"The boolean mask has shape {rows.shape} but X has {n_rows(X)} rows. "
                "Pass one boolean per row."
            )
        rows = np.flatnonzero(rows)
    elif rows.size == 0:
        rows = rows.astype(np.intp)  # np.asarray([]) is float
    if _is_pandas(X):
        return X.iloc[rows]
    if sparse.issparse(X):
        return (X if X.format in ("csr", "csc", "lil") else X.tocsr())[rows]
    if not hasattr(X, "shape") and hasattr(X, "__array__"):
        X = np.asarray(X)
    if hasattr(X, "shape"):
        return X[rows]
    return [X[row] for row in rows]


def concat_rows(first: Any, second: Any) -> Any:
    """Return the rows of first, then those of second, in the container of both.

    Column dtypes are kept where both agree; a categorical column stays categorical
    where its categories differ, with those of first in front.
    """
    if _is_pandas(first) and type(first) is type(second):
        return _concat_pandas(first, second)
    if _is_polars(first) and type(first) is type(second):
        return _concat_polars(first, second)
    if sparse.issparse(first) and sparse.issparse(second):
        return sparse.vstack([first, second], format="csr")
    if any(_is_pandas(X) or _is_polars(X) or sparse.issparse(X) for X in (first, second)):
        raise TypeError(
            f"Cannot join the rows of a {type(first).__name__} and a "
            f"{type(second).__name__}. Pass both in the same container."
        )
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return [*first, *second]
    first, second = np.asanyarray(first), np.asanyarray(second)
    kinds = {first.dtype.kind, second.dtype.kind}
    if kinds & set("US") and kinds & set("biufc"):
        # NumPy would write the numbers out as text.
        raise TypeError(
            f"Cannot join rows of dtype {first.dtype} and {second.dtype}. Pass numbers "
            "in both or text in both."
        )
    return np.concatenate([first, second])


def _check_columns(first: list[Any], second: list[Any]) -> None:
    if first == second:
        return
    differing = [c for c in first if c not in second]
    differing += [c for c in second if c not in first]
    if differing:
        raise ValueError(
            "Cannot join rows with different columns. In one of the two only: "
            f"{differing}. Pass the same columns in both."
        )
    raise ValueError(
        f"Cannot join rows with columns in different orders: {first} and {second}. "
        "Pass the same columns in the same order."
    )


def _shared_category(first: Any, second: Any) -> Any:
    """Return the category dtype that holds both columns, or None to leave them be."""
    import pandas as pd

    a, b = first.dtype, second.dtype
    if not all(isinstance(dtype, pd.CategoricalDtype) for dtype in (a, b)) or a == b:
        return None
    extra = b.categories[~b.categories.isin(a.categories)]
    # An order survives only where that of the second column is part of the first's.
    ordered = a.ordered and b.ordered and not len(extra)
    if ordered:
        ordered = a.categories[a.categories.isin(b.categories)].equals(b.categories)
    return pd.CategoricalDtype(a.categories.append(extra), ordered=bool(ordered))


def _concat_pandas(first: Any, second: Any) -> Any:
    import pandas as pd

    if isinstance(first, pd.Series):
        dtype = _shared_category(first, second)
        if dtype is not None:
            first, second = first.astype(dtype), second.astype(dtype)
        return pd.concat([first, second])
    _check_columns(list(first.columns), list(second.columns))
    # Shallow copies: isetitem puts a new column in place and leaves the old one alone.
    first, second = first.copy(deep=False), second.copy(deep=False)
    for j in range(first.shape[1]):
        dtype = _shared_category(first.iloc[:, j], second.iloc[:, j])
        if dtype is not None:
            first.isetitem(j, first.iloc[:, j].astype(dtype))
            second.isetitem(j, second.iloc[:, j].astype(dtype))
    return pd.concat([first, second])


def _concat_polars(first: Any, second: Any) -> Any:
    import polars as pl

    if isinstance(first, pl.Series):
        frames = [first.to_frame("rows"), second.to_frame("rows")]
        joined = pl.concat(frames, how="vertical_relaxed")
        return joined.to_series().alias(first.name)
    _check_columns(first.columns, second.columns)
    return pl.concat([first, second], how="vertical_relaxed")


def hash_rows(X: Any, y: Any = None) -> Hashes:
    """Return a 64-bit hash of the content of each row of X, and of its label.

    Equal content has an equal hash in any container: array, list, frame or sparse
    matrix. Numbers are compared as float64 (integers exactly), so 1, 1.0 and True are
    equal; -0.0 equals 0.0; NaN, None, NA and NaT are one missing value. Times are
    compared as instants, anything else as text. Names and index do not count.

    The hash is additive over columns and 0 contributes nothing, so that a sparse matrix
    costs what it stores. It is not meant to withstand rows crafted to collide.
    """
    sums, n_columns = _row_sums(X)
    # The width counts, or a column of zeros could be added unnoticed.
    hashes = _mix(sums + np.uint64(_GOLDEN * (n_columns + 1) & _MASK))
    if y is None:
        return hashes
    labels, _ = _row_sums(y)
    if len(labels) != len(hashes):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{[len(hashes), len(labels)]}. Pass one label per row."
        )
    return _mix(hashes ^ _mix(labels + _LABEL))


def match_rows(query_hashes: Hashes, pool_hashes: Hashes) -> NDArray[np.intp]:
    """Return the position of the first pool row with each hash, -1 where absent."""
    query, pool = np.asarray(query_hashes), np.asarray(pool_hashes)
    if pool.size == 0:
        return np.full(query.shape, -1, dtype=np.intp)
    order = np.argsort(pool, kind="stable")  # stable: the first of equals comes first
    found = np.searchsorted(pool, query, sorter=order)
    positions = order[np.minimum(found, pool.size - 1)]
    return np.where(pool[positions] == query, positions, -1).astype(np.intp, copy=False)


def content_groups(hashes: Hashes) -> NDArray[np.intp]:
    """Return a group number per row, equal for equal content, by first appearance."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    number = np.empty(first.size, dtype=np.intp)
    number[np.argsort(first)] = np.arange(first.size)
    return number[group]


def _mix(x: Hashes) -> Hashes:
    """Scramble each value: the finalizer of splitmix64, a bijection that keeps 0."""
    x = x ^ (x >> np.uint64(30))
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def _column_keys(n_columns: int) -> tuple[Hashes, Hashes]:
    """Return a key per column, and what a zero would contribute under that key."""
    keys = _mix(np.arange(1, n_columns + 1, dtype=np.uint64) * np.uint64(_GOLDEN))
    return keys, _mix(keys)


def _row_sums(X: Any) -> tuple[Hashes, int]:
    """Return the sum over columns of the scrambled values, and the number of columns.

    A value contributes mix(bits ^ key) - mix(key): none for a zero, whose bits are 0.
    """
    if sparse.issparse(X):
        return _sparse_sums(X)
    if _is_pandas(X) or _is_polars(X):
        columns = list(_frame_columns(X))
        keys, zeros = _column_keys(len(columns))
        sums = np.zeros(n_rows(X), dtype=np.uint64)
        for column, key in zip(columns, keys, strict=True):
            sums += _mix(_frame_bits(column) ^ key)
        return sums - zeros.sum(), len(columns)
    values = _as_matrix(X)
    n, n_columns = values.shape
    keys, zeros = _column_keys(n_columns)
    sums = np.empty(n, dtype=np.uint64)
    step = max(1, _BLOCK // max(1, n_columns))
    for start in range(0, n, step):
        bits = _bits(values[start : start + step])
        bits ^= keys
        sums[start : start + step] = _mix(bits).sum(axis=1)
    return sums - zeros.sum(), n_columns


def _sparse_sums(X: Any) -> tuple[Hashes, int]:
    X = (X if X.ndim == 2 else X.reshape((-1, 1))).tocsr()
    if not X.has_canonical_format:
        X = X.copy()  # tocsr returns the caller's own matrix where it is CSR already
        X.sum_duplicates()
    keys, zeros = _column_keys(X.shape[1])
    n_stored = int(X.indptr[-1])
    running = np.zeros(n_stored + 1, dtype=np.uint64)
    for start in range(0, n_stored, _BLOCK):
        block = slice(start, min(start + _BLOCK, n_stored))
        columns = X.indices[block]
        values = _mix(_bits(X.data[block]) ^ keys[columns])
        running[block.start + 1 : block.stop + 1] = values - zeros[columns]
    # Differences of a running sum, exact modulo 2**64; reduceat trips over empty rows.
    np.cumsum(running, out=running)
    return running[X.indptr[1:]] - running[X.indptr[:-1]], X.shape[1]


def _as_matrix(X: Any) -> NDArray[Any]:
    values = np.asarray(X)
    if not hasattr(X, "dtype") and values.dtype.kind in "US":
        values = np.asarray(X, dtype=object)  # NumPy made text of ["a", 1, None]
    return values.reshape(n_rows(values), math.prod(values.shape[1:]))


def _frame_columns(X: Any) -> Iterator[Any]:
    if len(X.shape) == 1:
        yield X
    elif _is_pandas(X):
        yield from (X.iloc[:, j] for j in range(X.shape[1]))
    else:
        yield from X.get_columns()


def _frame_bits(column: Any) -> Hashes:
    if _is_polars(column):
        bits = np.full(len(column), _MISSING)
        bits[column.is_not_null().to_numpy()] = _bits(column.drop_nulls().to_numpy())
        return bits
    if isinstance(column.dtype, np.dtype):
        return _bits(column.to_numpy())
    # Categories, nullable, Arrow-backed, zoned times: hash what differs, missing is -1.
    codes, uniques = column.factorize()
    return np.append(_bits(np.asarray(uniques)), _MISSING)[codes]


def _bits(values: NDArray[Any]) -> Hashes:
    """Return 64 bits per value in a new array of the same shape, 0 for a zero only."""
    kind = values.dtype.kind
    if kind in "biuf":
        return _number_bits(values)
    if kind == "c":
        return _number_bits(values.real) + _mix(_number_bits(values.imag))
    if kind in "Mm":
        return _time_bits(values)
    return _object_bits(values.ravel().tolist()).reshape(values.shape)


def _number_bits(values: NDArray[Any]) -> Hashes:
    with np.errstate(over="ignore", invalid="ignore"):
        floats = values.astype(np.float64, order="C")
    floats += 0.0  # -0.0 becomes 0.0
    bits = floats.view(np.uint64)
    missing = np.isnan(floats)
    if missing.any():
        bits[missing] = _MISSING
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        for place in zip(*np.nonzero(np.abs(floats) > _EXACT), strict=True):
            pass
    return bits
