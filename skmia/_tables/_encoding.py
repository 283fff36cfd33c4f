"""Any table as numbers, for helper models that see the rows and not the target.

The target itself is always given the caller's own container.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_LARGEST = 1e100  # stands for infinity; its square is a double too


class ColumnEncoder:
    """Every column as numbers, codes where it is text.

    Codes are learned in `fit`, so that a text has the same one in every later call;
    a text that `fit` did not see is -1. Missing numbers are NaN, and so is a text where
    `fit` saw numbers only; infinite ones become finite. Sparse input stays sparse.
    """

    def fit(self, X: Any) -> Self:
        """Learn which columns are text, and their codes."""
        self._texts: list[NDArray[np.str_] | None] = []
        if not _is_numeric(X):
            self._texts = [_texts_of(column) for column in split_columns(X)]
        return self

    def transform(self, X: Any) -> Any:
        """Return a float64 array, or a CSR array for sparse input."""
        if sparse.issparse(X):
            X = sparse.csr_array(X).astype(np.float64)  # a copy
            np.clip(X.data, -_LARGEST, _LARGEST, out=X.data)
            return X
        if _is_numeric(X) and not any(t is not None for t in self._texts):
            encoded = _as_table(X).astype(np.float64)
        else:
            columns = split_columns(X)
            texts = self._texts or [None] * len(columns)
            encoded = np.column_stack(
                [
                    _lenient(column) if known is None else _codes(column, known)
                    for column, known in zip(columns, texts, strict=True)
                ]
            )
        return np.clip(encoded, -_LARGEST, _LARGEST)


def encode_columns(X: Any) -> tuple[Any, list[str]]:
    """Return every column as numbers, codes where it is text, and its name."""
    names = X.columns if hasattr(X, "columns") else range(_as_table(X).shape[1])
    return ColumnEncoder().fit(X).transform(X), [f"column {name!r}" for name in names]


def split_columns(X: Any) -> list[Any]:
    """Return the columns of a frame or an array, each as its container holds it."""
    if hasattr(X, "columns"):
        # By position: pandas allows two columns of one name.
        return [
            X.iloc[:, j] if hasattr(X, "iloc") else X[name]
            for j, name in enumerate(X.columns)
        ]
    return list(_as_table(X).T)


def _as_table(X: Any) -> Any:
    X = X if sparse.issparse(X) else np.asarray(X)
    return X[:, None] if X.ndim == 1 else X


def _is_numeric(X: Any) -> bool:
    if sparse.issparse(X):
        return True
    return not hasattr(X, "columns") and np.asarray(X).dtype.kind in "biuf"


def _texts_of(column: Any) -> NDArray[np.str_] | None:
    """Return the sorted texts of a column, None where it holds numbers or times."""
    try:
        as_numbers(column)
    except (TypeError, ValueError):
        return np.unique(np.asarray(column).astype(str))
    return None


def as_numbers(column: Any) -> NDArray[np.float64]:
    """Return a column as doubles, missing values as NaN, or raise where it is text."""
    kind = getattr(column.dtype, "kind", "O")
    # pandas' nullable columns hold numbers in an object array once converted.
    if kind in "biuf" and hasattr(column, "to_numpy") and hasattr(column, "iloc"):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.asarray(column)
    if values.dtype.kind in "mM":
        # One unit: the same instant may come in another one later.
        instants = values.astype(f"{values.dtype.kind}8[us]").astype(np.int64)
        return np.where(np.isnat(values), np.nan, instants.astype(np.float64))
    return values.astype(np.float64)


def _lenient(column: Any) -> NDArray[np.float64]:
    try:
        return as_numbers(column)
    except (TypeError, ValueError):
        texts, position = np.unique(np.asarray(column).astype(str), return_inverse=True)
        return np.array([_as_number(text) for text in texts])[position]


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _codes(column: Any, known: NDArray[np.str_]) -> NDArray[np.float64]:
    texts = np.asarray(column).astype(str)
    codes = np.minimum(np.searchsorted(known, texts), len(known) - 1)
    return np.where(known[codes] == texts, codes, -1).astype(np.float64)
