"""Whether rows that are passed afterwards are those of the audit, in its order."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import Hashes, hash_rows, split_columns

# Of rows without names of columns: so many must differ in content, or other columns of
# few values might pass for the audited ones in another order.
_DISTINCT = 0.5


@dataclass(frozen=True, repr=False)
class RowOrder:
    """What is kept of the rows to recognise them by: a hash of each, and no value.

    Attributes
    ----------
    hashes : ndarray of uint64
        One for each entry of an audit, of the features.
    names : tuple or None
        Of the columns, where they have some.
    n_columns : int
        How many there are.
    tell_apart : bool
        Whether most of the rows differ in content.
    """

    hashes: Hashes
    names: tuple[Any, ...] | None
    n_columns: int
    tell_apart: bool

    @classmethod
    def of(cls, X: Any) -> "RowOrder":
        """Of the rows that an audit is about."""
        hashes = hash_rows(X)
        tell_apart = len(np.unique(hashes)) >= _DISTINCT * len(hashes)
        return cls(hashes, _names(X), _width(X), tell_apart)

    def take(self, at: NDArray[Any]) -> "RowOrder":
        """The rows at some positions."""
        return replace(self, hashes=self.hashes[at])

    def compare(self, rows: Any) -> str:
        """Return "same", "moved", or "unknown" where contents cannot tell."""
        table = self._audited(rows)
        if table is None:
            return "unknown"
        hashes = hash_rows(table)
        here = hashes == self.hashes
        if here.all():
            return "same"
        elsewhere = np.isin(hashes, self.hashes) & ~here
        by_name = self.names is not None and _names(rows) is not None
        if (by_name or self.tell_apart) and elsewhere.any():
            return "moved"
        return "same" if self.tell_apart and here.mean() > 0.5 else "unknown"

    def _audited(self, rows: Any) -> Any:
        """The audited columns of a table, in their order; None where some are not."""
        names = _names(rows)
        if self.names is None or names is None:
            return rows if _width(rows) == self.n_columns else None
        if names == self.names:
            return rows
        if len(set(names)) < len(names) or not set(self.names) <= set(names):
            return None
        return rows[list(self.names)]


def _names(X: Any) -> tuple[Any, ...] | None:
    return tuple(X.columns) if hasattr(X, "columns") else None


def _width(X: Any) -> int:
    shape = getattr(X, "shape", None)
    if shape is None:
        return len(split_columns(X))
    return int(np.prod(shape[1:]))
