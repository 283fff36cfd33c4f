"""Rows that nobody has, of the same columns and types as a table.

What a step keeps of the first rows that it is given, or of those that it is fitted on,
is then of none of the private ones.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skmia._tables import is_pandas, is_polars, split_columns

_N_ROWS = 2
_TEXTS = ("", "1")


def made_up_rows(X: Any) -> Iterator[Any]:
    """Yield a few tables of two equal rows, by what is public of X: its types.

    Several, since a step may not take each of them: with ones for numbers and an empty
    text or ``"1"`` for texts, and with missing values only.
    """
    if sparse.issparse(X):
        yield type(X)(np.ones((_N_ROWS, X.shape[1]), dtype=X.dtype))
    elif is_polars(X):
        for text in _TEXTS:
            yield X.clear(_N_ROWS).fill_null(1).fill_null(text).fill_null(True)
        yield X.clear(_N_ROWS)
    elif is_pandas(X):
        for value in (*_TEXTS, None):
            yield _frame(X, value)
    elif isinstance(X, np.ndarray):
        shape = (_N_ROWS, *X.shape[1:])
        if X.dtype.kind in "OUS":
            for text in _TEXTS:
                yield np.full(shape, text, dtype=X.dtype)
        if X.dtype.kind == "O":
            yield np.full(shape, 1.0, dtype=object)
            yield np.full(shape, None, dtype=object)
        if X.dtype.kind in "fiubc":
            yield np.ones(shape, dtype=X.dtype)
        if X.dtype.kind in "mM":
            yield np.zeros(shape, dtype=X.dtype)


def _frame(X: Any, text: str | None) -> Any:
    import pandas as pd

    index = pd.RangeIndex(_N_ROWS)
    columns = [
        pd.Series(_column(column.dtype, text), index=index)
        for column in split_columns(X)
    ]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)
    frame.columns = X.columns
    return frame


def _column(dtype: Any, text: str | None) -> Any:
    """Values of a type: a one, else the text, else a missing value."""
    import pandas as pd

    values: list[Any] = [1, text]
    if text is None:
        values = [None]
    elif isinstance(dtype, pd.CategoricalDtype):
        values = dtype.categories[:1].tolist()
    elif pd.api.types.is_string_dtype(dtype):
        values = [text]
    for value in values:
        try:
            made = pd.array([value] * _N_ROWS, dtype=dtype)
        except (TypeError, ValueError):
            continue
        if value is None or not pd.isna(made).all():
            return made
    return pd.array([None] * _N_ROWS, dtype="object" if text is None else dtype)
