"""Any table as numbers, for helper models that see the rows and not the target.

The target itself is always given the caller's own container.
"""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables._containers import split_columns
from skmia._tables._value_bits import MISSING, Hashes, value_bits, which_missing

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
        self._codes: list[_TextCodes | None] = []
        if not sparse.issparse(X):
            self._codes = [_read(column)[0] for column in split_columns(X)]
        return self

    def transform(self, X: Any) -> Any:
        """Return a float64 array, or a CSR array for sparse input."""
        if sparse.issparse(X):
            X = sparse.csr_array(X).astype(np.float64)  # a copy
            np.clip(X.data, -_LARGEST, _LARGEST, out=X.data)
            return X
        columns = split_columns(X)
        codes = self._codes or [None] * len(columns)
        return _joined(
            _lenient(column)
            if code is None
            else code.transform(value_bits(_texts(column)))
            for column, code in zip(columns, codes, strict=True)
        )

    def fit_transform(self, X: Any) -> Any:
        """Do both, and read each column once."""
        if sparse.issparse(X):
            return self.fit(X).transform(X)
        read = [_read(column) for column in split_columns(X)]
        self._codes = [code for code, _ in read]
        return _joined(
            values if code is None else code.transform(values) for code, values in read
        )


def encode_columns(X: Any) -> tuple[Any, list[str]]:
    """Return every column as numbers, codes where it is text, and its name."""
    encoded = ColumnEncoder().fit_transform(X)
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
    if values.dtype == object:  # pd.NA is not taken for a NaN as None is
        values = values.copy()
        values[which_missing(values.tolist())] = np.nan
    return values.astype(np.float64)


class _TextCodes:
    """The rank of each text among those of a column.

    Texts are known by their hashes: an attack that is pickled holds no value of a row.
    """

    def __init__(self, texts: NDArray[np.object_]) -> None:
        different = set(texts.tolist())
        missing = {text for text in different if not isinstance(text, str)}
        known = sorted(different - missing)
        hashes = value_bits(np.array(known, dtype=object))
        self._codes = np.argsort(hashes).astype(np.float64)
        self._hashes = np.sort(hashes)
        self._missing = _MISSING if len(missing) else _UNKNOWN

    def transform(self, hashes: Hashes) -> NDArray[np.float64]:
        """Codes of these or other texts, by their hashes."""
        codes = np.full(len(hashes), float(_UNKNOWN))
        if len(self._hashes):
            at = np.searchsorted(self._hashes, hashes).clip(max=len(self._hashes) - 1)
            codes = np.where(self._hashes[at] == hashes, self._codes[at], codes)
        codes[hashes == MISSING] = self._missing
        return codes


def _read(column: Any) -> tuple[_TextCodes | None, NDArray[Any]]:
    """Codes of a column and hashes of its texts, or None and its values as numbers."""
    try:
        return None, as_numbers(column)
    except (TypeError, ValueError):
        texts = _texts(column)
        return _TextCodes(texts), value_bits(texts)


def _joined(columns: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.clip(np.column_stack([*columns]), -_LARGEST, _LARGEST)


def _texts(column: Any) -> NDArray[np.object_]:
    """Return a column as texts, whatever the types in it, and missing ones as NaN."""
    values = np.asarray(column, dtype=object).tolist()
    texts = np.empty(len(values), dtype=object)
    texts[:] = [value if type(value) is str else str(value) for value in values]
    texts[which_missing(values)] = np.nan
    return texts


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
