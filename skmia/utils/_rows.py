"""Rows by content: take, join, hash and match them, whatever container holds them.

A hash is a function of the row alone, never of the rows around it: rows that are scored
later are matched to a pool that was hashed before, in another process or container.
"""

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia.utils._value_bits import GOLDEN, MASK, MISSING, Hashes, mix, value_bits

_LABEL = np.uint64(0x1D8E4E27C1F0E2B5)  # keeps a label apart from a further column
_BLOCK = 1 << 16  # values hashed at a time: the temporaries stay in the cache


def _is_frame(X: Any, library: str) -> bool:
    # Neither library is imported for this: where it is not loaded, X is not one of its
    # objects. Another thread may be in the middle of loading it, hence the default.
    module = sys.modules.get(library)
    names = ("DataFrame", "Series")
    return isinstance(X, tuple(getattr(module, name, ()) for name in names))


def _is_pandas(X: Any) -> bool:
    return _is_frame(X, "pandas")


def _is_polars(X: Any) -> bool:
    return _is_frame(X, "polars")


def _container(X: Any) -> str:
    # With the library: pandas and polars both call theirs DataFrame.
    return f"{type(X).__module__.split('.')[0]}.{type(X).__name__}"


def n_rows(X: Any) -> int:
    """Return the number of rows of any container."""
    if not hasattr(X, "shape") and hasattr(X, "__len__"):
        return len(X)
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    if len(shape) == 0:
        raise TypeError(
            "Expected an array-like with at least one dimension. Got "
            f"{_container(X)} instead; pass one row per record."
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
    frames = [X for X in (first, second) if _is_pandas(X) or _is_polars(X)]
    if len(frames) == 2 and len(first.shape) == len(second.shape):
        if _is_pandas(first) and _is_pandas(second):
            return _concat_pandas(first, second)
        if _is_polars(first) and _is_polars(second):
            return _concat_polars(first, second)
    if sparse.issparse(first) and sparse.issparse(second):
        joined = sparse.vstack([first, second], format="csr")
        if sparse.isspmatrix(first) and sparse.isspmatrix(second):
            return joined
        return sparse.csr_array(joined)  # older SciPy makes a matrix of arrays
    if frames or sparse.issparse(first) or sparse.issparse(second):
        raise TypeError(
            f"Cannot join the rows of {_container(first)} and of {_container(second)}. "
            "Pass both in the same container."
        )
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return [*first, *second]
    first, second = _as_array(first), _as_array(second)
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
    hashes = mix(sums + np.uint64(GOLDEN * (n_columns + 1) & MASK))
    if y is None:
        return hashes
    labels, _ = _row_sums(y)
    if len(labels) != len(hashes):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{[len(hashes), len(labels)]}. Pass one label per row."
        )
    return mix(hashes ^ mix(labels + _LABEL))


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


def _column_keys(n_columns: int) -> tuple[Hashes, Hashes]:
    """Return a key per column, and what a zero would contribute under that key."""
    keys = mix(np.arange(1, n_columns + 1, dtype=np.uint64) * np.uint64(GOLDEN))
    return keys, mix(keys)


def _row_sums(X: Any) -> tuple[Hashes, int]:
    """Return the sum over columns of the scrambled values, and the number of columns.

    A value contributes mix(bits ^ key) - mix(key): none for a zero, whose bits are 0.
    """
    if sparse.issparse(X):
        return _sparse_sums(X)
    if _is_pandas(X) or _is_polars(X):
        n_columns = 1 if len(X.shape) == 1 else X.shape[1]
        keys, zeros = _column_keys(n_columns)
        sums = np.zeros(n_rows(X), dtype=np.uint64)
        for column, key in zip(_frame_columns(X), keys, strict=True):
            sums += mix(_frame_bits(column) ^ key)
        return sums - zeros.sum(), n_columns
    values = _as_array(X)
    n, n_columns = n_rows(values), math.prod(values.shape[1:])
    values = values.reshape(n, n_columns)
    keys, zeros = _column_keys(n_columns)
    sums = np.empty(n, dtype=np.uint64)
    step = max(1, _BLOCK // max(1, n_columns))
    for start in range(0, n, step):
        bits = value_bits(values[start : start + step])
        bits ^= keys
        sums[start : start + step] = mix(bits).sum(axis=1)
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
        values = mix(value_bits(X.data[block]) ^ keys[columns])
        running[block.start + 1 : block.stop + 1] = values - zeros[columns]
    # Differences of a running sum, exact modulo 2**64; reduceat trips over empty rows.
    np.cumsum(running, out=running)
    return running[X.indptr[1:]] - running[X.indptr[:-1]], X.shape[1]


def _as_array(X: Any) -> NDArray[Any]:
    values = np.asarray(X)
    if not hasattr(X, "dtype") and values.dtype.kind in "US":
        values = np.asarray(X, dtype=object)  # NumPy made text of ["a", 1, None]
    return values


def _frame_columns(X: Any) -> Iterator[Any]:
    if len(X.shape) == 1:
        yield X
    elif _is_pandas(X):
        yield from (X.iloc[:, j] for j in range(X.shape[1]))
    else:
        yield from X.get_columns()


def _frame_bits(column: Any) -> Hashes:
    if _is_polars(column):
        bits = np.full(len(column), MISSING)
        bits[column.is_not_null().to_numpy()] = value_bits(
            column.drop_nulls().to_numpy()
        )
        return bits
    if isinstance(column.dtype, np.dtype):
        return value_bits(column.to_numpy())
    # Categories, nullable, Arrow-backed, zoned times: hash what differs, missing is -1.
    codes, uniques = column.factorize()
    return np.append(value_bits(np.asarray(uniques)), MISSING)[codes]
