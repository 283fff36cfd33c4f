"""Any table as numbers, for helper models that see the rows and not the target.

The target itself is always given the caller's own container.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import OrdinalEncoder

from skmia._tables._containers import split_columns
from skmia._tables._value_bits import is_missing

_LARGEST = 1e100  # stands for infinity; its square is a double too
_UNKNOWN, _MISSING = -1, -2


class ColumnEncoder:
    """Every column as numbers, codes where it is text.

    Codes are learned in `fit`, so that a text has the same one in every later call; a
    text that `fit` did not see is -1, and a missing one -2. Missing numbers are NaN,
    and so is a text where `fit` saw numbers only; infinite ones become finite. Sparse
    input stays sparse.
    """

    def fit(self, X: Any) -> Self:
        """Learn which columns are text, and their codes."""
        self._codes: list[OrdinalEncoder | None] = []
        if not sparse.issparse(X):
            self._codes = [_fit_codes(column) for column in split_columns(X)]
        return self

    def transform(self, X: Any) -> Any:
        """Return a float64 array, or a CSR array for sparse input."""
        if sparse.issparse(X):
            X = sparse.csr_array(X).astype(np.float64)  # a copy
            np.clip(X.data, -_LARGEST, _LARGEST, out=X.data)
            return X
        columns = split_columns(X)
        codes = self._codes or [None] * len(columns)
        encoded = [
            _lenient(column) if code is None else code.transform(_texts(column))[:, 0]
            for column, code in zip(columns, codes, strict=True)
        ]
        return np.clip(np.column_stack(encoded), -_LARGEST, _LARGEST)


def encode_columns(X: Any) -> tuple[Any, list[str]]:
    """Return every column as numbers, codes where it is text, and its name."""
    encoded = ColumnEncoder().fit(X).transform(X)
    names = X.columns if hasattr(X, "columns") else range(encoded.shape[1])
    return encoded, [f"column {name!r}" for name in names]


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


def _fit_codes(column: Any) -> OrdinalEncoder | None:
    """Learn the codes of a column, None where it holds numbers or times."""
    try:
        as_numbers(column)
    except (TypeError, ValueError):
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=_UNKNOWN,
            encoded_missing_value=_MISSING,
        )
        return encoder.fit(_texts(column))
    return None


def _texts(column: Any) -> NDArray[np.object_]:
    """Return a column as a table of text: OrdinalEncoder mixes no types."""
    values = np.asarray(column, dtype=object).tolist()
    return np.array([[np.nan if is_missing(v) else str(v)] for v in values], object)


def _lenient(column: Any) -> NDArray[np.float64]:
    try:
        return as_numbers(column)
    except (TypeError, ValueError):
        return np.array([_as_number(value) for value in np.asarray(column).tolist()])


def _as_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
