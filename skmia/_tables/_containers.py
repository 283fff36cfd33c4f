"""Rows of any container: count, take, join and copy them."""

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def _is_frame(X: Any, library: str) -> bool:
    # Neither library is imported for this: where it is not loaded, X is not one of its
    # objects. Another thread may be in the middle of loading it, hence the default.
    module = sys.modules.get(library)
    names = ("DataFrame", "Series")
    return isinstance(X, tuple(getattr(module, name, ()) for name in names))


def is_pandas(X: Any) -> bool:
    return _is_frame(X, "pandas")


def is_polars(X: Any) -> bool:
    return _is_frame(X, "polars")


def _container(X: Any) -> str:
    # With the library: pandas and polars both call theirs DataFrame.
    return f"{type(X).__module__.split('.')[0]}.{type(X).__name__}"


def as_rows(X: Any) -> Any:
    """Return X as a container of rows: the one door for the X of a caller.

    Every public function and method that takes X calls it once, so that models,
    hashes and helper models see the same values. What it returns comes through it
    unchanged.

    - A list, of whatever rows, becomes an array: of objects where it holds text, so
      that ``["a", 1, None]`` keeps each value. NumPy alone would write it as text.
    - Sparse becomes CSR in canonical format.
    - A strided view becomes contiguous: it arrives so in a worker, and BLAS may sum in
      another order there.
    - Other arrays and frames are left as they are.
    """
    if sparse.issparse(X):
        X = X.tocsr()
        if not X.has_canonical_format:
            X = X.copy()  # tocsr returns the caller's own matrix where it is CSR
            X.sum_duplicates()
        return X
    if not hasattr(X, "shape"):
        values = np.asarray(X)
        if values.ndim == 0:
            return X  # no rows: whoever counts them names what was given
        is_text = values.dtype.kind in "US"
        X = np.asarray(X, dtype=object) if is_text else values
    if isinstance(X, np.ndarray) and not X.flags.forc:
        X = np.ascontiguousarray(X)
    return X


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


def values_per_row(X: Any) -> int:
    """Return how many values a row stores, on average where X is sparse."""
    if sparse.issparse(X):
        return 1 + X.nnz // X.shape[0]
    return math.prod(getattr(X, "shape", ())[1:])


def blocks(n: int, cost: int, most: int) -> Iterator[slice]:
    """Yield slices of `n` things: of one, or of more that cost `most` together."""
    step = max(1, most // cost)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


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
    if is_pandas(X):
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
    where its categories differ, with those of first in front. narwhals would turn it
    into text, and refuse polars columns of integers and floats.
    """
    frames = [X for X in (first, second) if is_pandas(X) or is_polars(X)]
    if len(frames) == 2 and len(first.shape) == len(second.shape):
        if is_pandas(first) and is_pandas(second):
            return _concat_pandas(first, second)
        if is_polars(first) and is_polars(second):
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
    first, second = np.asarray(as_rows(first)), np.asarray(as_rows(second))
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


def split_columns(X: Any) -> list[Any]:
    """Return the columns of a frame or an array, each as its container holds it."""
    if is_pandas(X) or is_polars(X):
        if len(X.shape) == 1:
            return [X]
        # By position: pandas allows two columns of one name.
        if is_polars(X):
            return X.get_columns()
        return [X.iloc[:, j] for j in range(X.shape[1])]
    values = np.asarray(X)
    return list(values.reshape(len(values), math.prod(values.shape[1:])).T)


def copy_rows(X: Any, rows: NDArray[np.intp]) -> Any:
    """Return the rows of X at these positions, in memory of their own.

    Steps that work in place (``copy=False``) then leave X alone, and compiled code
    that wants to write gets arrays that it can write to, which those mapped into a
    worker's memory are not.
    """
    taken = take_rows(X, rows)
    # Rows in a regular step are a view in pandas, and scikit-learn writes through it.
    return taken.copy() if hasattr(taken, "iloc") else taken
