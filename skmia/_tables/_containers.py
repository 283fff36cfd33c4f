"""Rows of any container: count, take, join and copy them."""

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables._mapped import copy_mapped_rows, is_mapped
from skmia.utils import listed


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

    Raises
    ------
    TypeError
        For polars columns of type Struct, of which a row holds several values.
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
    if is_polars(X):
        _check_not_nested(X)
    if isinstance(X, np.ndarray) and not X.flags.forc:
        X = np.ascontiguousarray(X)
    return X


def _check_not_nested(X: Any) -> None:
    import polars as pl

    nested = [c.name for c in split_columns(X) if c.dtype == pl.Struct]
    if nested:
        raise TypeError(
            f"X has the polars columns {listed(nested)} of type Struct, which hold "
            "several values in each row. Pass X.unnest(...), with a column for each."
        )


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


def column_types(X: Any) -> list[str]:
    """Types of the columns of a frame, or the one of an array or sparse matrix."""
    frame = X.to_frame() if hasattr(X, "to_frame") else X
    types = frame.dtypes if hasattr(frame, "dtypes") else [frame.dtype]
    return [str(dtype) for dtype in types]


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


def concat_rows(
    first: Any, second: Any, names: tuple[str, str] = ("The first table", "the second")
) -> Any:
    """Return the rows of first, then those of second, in the container of both.

    Column dtypes are kept where both agree; a categorical column stays categorical
    where its categories differ, with those of first in front. narwhals would turn it
    into text, and refuse polars columns of integers and floats.

    Raises
    ------
    TypeError
        For two kinds of container, or text to be joined to numbers.
    ValueError
        For other columns, or in another order. Messages call the two by `names`.
    """
    first, second = as_rows(first), as_rows(second)
    both = f"{names[0]} and {names[1]} must"
    if _kind(first) != _kind(second):
        raise TypeError(
            f"{both} be of the same kind. Got {_container(first)} and "
            f"{_container(second)} instead; pass both as what the model was fitted on."
        )
    if is_pandas(first) or is_polars(first):
        return _concat_frames(first, second, names)
    if first.shape[1:] != second.shape[1:]:
        widths = [math.prod(X.shape[1:]) for X in (first, second)]
        raise ValueError(
            f"{both} have the same number of columns. Got {widths[0]} and {widths[1]} "
            "instead."
        )
    if sparse.issparse(first):
        joined = sparse.vstack([first, second], format="csr")
        if sparse.isspmatrix(first) and sparse.isspmatrix(second):
            return joined
        return sparse.csr_array(joined)  # older SciPy makes a matrix of arrays
    first, second = np.asarray(first), np.asarray(second)
    kinds = {first.dtype.kind, second.dtype.kind}
    if kinds & set("US") and kinds & set("biufc"):
        # NumPy would write the numbers out as text.
        raise TypeError(
            f"{both} hold numbers in both or text in both. Got dtypes {first.dtype} "
            f"and {second.dtype} instead."
        )
    return np.concatenate([first, second])


def _kind(X: Any) -> tuple[bool, bool, bool, int]:
    frame = is_pandas(X), is_polars(X)
    # A Series is joined to no frame; other shapes of arrays have their own message.
    return *frame, sparse.issparse(X), len(X.shape) if any(frame) else 0


def _concat_frames(first: Any, second: Any, names: tuple[str, str]) -> Any:
    if len(first.shape) == 1:
        frames = first.to_frame("rows"), second.to_frame("rows")
        return split_columns(_concat_frames(*frames, names))[0].rename(first.name)
    _check_columns(list(first.columns), list(second.columns), names)
    if is_polars(first):
        import polars as pl

        return pl.concat([first, second], how="vertical_relaxed")
    import pandas as pd

    # Shallow copies: isetitem puts a new column in place and leaves the old one alone.
    first, second = first.copy(deep=False), second.copy(deep=False)
    for j in range(first.shape[1]):
        dtype = _shared_category(first.iloc[:, j].dtype, second.iloc[:, j].dtype)
        if dtype is not None:
            for frame in (first, second):
                frame.isetitem(j, frame.iloc[:, j].astype(dtype))
    return pd.concat([first, second])


def _check_columns(ours: list[Any], theirs: list[Any], names: tuple[str, str]) -> None:
    if ours == theirs:
        return
    only = [name for name in ours if name not in theirs]
    extra = [name for name in theirs if name not in ours]
    if only or extra:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same columns. Only in "
            f"{names[0]}: {listed(only)}; only in {names[1]}: {listed(extra)}."
        )
    raise ValueError(
        f"{names[0]} and {names[1]} must have their columns in the same order. Got "
        f"{listed(ours)} and {listed(theirs)} instead."
    )


def _shared_category(a: Any, b: Any) -> Any:
    """Return the category dtype that holds both, or None to leave them be."""
    import pandas as pd

    if not all(isinstance(dtype, pd.CategoricalDtype) for dtype in (a, b)) or a == b:
        return None
    extra = b.categories[~b.categories.isin(a.categories)]
    # An order survives only where that of the second column is part of the first's.
    ordered = a.ordered and b.ordered and not len(extra)
    if ordered:
        ordered = a.categories[a.categories.isin(b.categories)].equals(b.categories)
    return pd.CategoricalDtype(a.categories.append(extra), ordered=bool(ordered))


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


def replace_column(X: Any, j: int, column: Any) -> Any:
    """Return X with another column at position `j`, of the container's own kind."""
    if is_pandas(X):
        changed = X.copy(deep=False)
        changed.isetitem(j, column.set_axis(X.index))
        return changed
    if is_polars(X):
        return X.with_columns(column.alias(X.columns[j]))
    if sparse.issparse(X):
        values = np.asarray(column).reshape(-1, 1)
        parts = [X[:, :j], type(X)(sparse.csr_array(values)), X[:, j + 1 :]]
        return sparse.hstack(parts, format="csr")
    changed = np.array(X)
    changed[:, j] = column
    return changed


def take_column(X: Any, j: int) -> Any:
    """Return the column at position `j`, as its container holds it."""
    if sparse.issparse(X):
        return X[:, [j]].toarray().ravel()
    return split_columns(X)[j]


def copy_rows(X: Any, rows: NDArray[np.intp]) -> Any:
    """Return the rows of X at these positions, in memory of their own.

    Steps that work in place (``copy=False``) then leave X alone, and compiled code
    that wants to write gets arrays that it can write to, which those mapped into a
    worker's memory are not.
    """
    if is_mapped(X):
        return copy_mapped_rows(X, rows)
    taken = take_rows(X, rows)
    # Rows in a regular step are a view in pandas, and scikit-learn writes through it.
    return taken.copy() if hasattr(taken, "iloc") else taken
