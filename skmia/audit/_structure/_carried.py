"""Training rows in the state of a model, found by their content."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables import Hashes, as_rows, hash_rows, n_rows, split_columns
from skmia.audit._structure._forms import forms_of_width, numbers_in_text
from skmia.audit._structure._state import Stored

# Values of a table up to which each is compared with what is stored.
MOST_VALUES = 10_000_000
# Fewer values of their own in a column are no list of the rows' values.
_LEAST_VALUES = 10


class Carried(NamedTuple):
    """What a model stores of training rows.

    Attributes
    ----------
    rows : ndarray of bool
        Which of the training rows it holds.
    as_passed : bool
        Whether it holds them as they were passed, and not as earlier steps made them.
    attributes : tuple of str
        Where.
    """

    rows: NDArray[np.bool_]
    as_passed: bool
    attributes: tuple[str, ...]


class Table:
    """A table of the training rows, as passed or at some step, by content."""

    def __init__(self, X: Any, as_passed: bool) -> None:
        self.X = as_rows(X)
        self.as_passed = as_passed
        self.width = _width(self.X)
        self._hashes: dict[str, Hashes] = {}
        self._columns: list[Hashes] | None = None
        self._own_values: tuple[Hashes, NDArray[np.intp]] | None = None

    def hashes(self, kind: str = "") -> Hashes:
        """Hashes of the rows; of their values rounded to the type `kind`."""
        if kind not in self._hashes:
            X = self.X if not kind else _as_type(self.X, kind)
            self._hashes[kind] = hash_rows(X)
        return self._hashes[kind]

    def columns(self) -> list[Hashes] | None:
        """Hashes of the values of each column; None where there are too many."""
        if self._columns is None and not (self.is_large or sparse.issparse(self.X)):
            self._columns = [hash_rows(column) for column in split_columns(self.X)]
        return self._columns

    @property
    def n_values(self) -> int:
        """How many values it holds."""
        if sparse.issparse(self.X):
            return int(self.X.nnz)
        return n_rows(self.X) * self.width

    @property
    def is_large(self) -> bool:
        """Whether its values are not looked for one by one."""
        return n_rows(self.X) * self.width > MOST_VALUES

    def own_values(self) -> tuple[Hashes, NDArray[np.intp]]:
        """Hashes of values that one row only has in a column, and their columns.

        Whole numbers are left out: they are in many a list by chance.
        """
        if self._own_values is None:
            found, columns = [], []
            for j, column in enumerate(_columns_of_own(self.X)):
                if column is None:
                    continue
                values, counts = np.unique(hash_rows(column), return_counts=True)
                found.append(values[counts == 1])
                columns.append(np.full(len(found[-1]), j))
            none = np.zeros(0, np.uint64), np.zeros(0, np.intp)
            self._own_values = none
            if found:
                self._own_values = np.concatenate(found), np.concatenate(columns)
        return self._own_values


def _columns_of_own(X: Any) -> Iterator[Any]:
    if sparse.issparse(X) or len(getattr(X, "shape", ())) != 2:
        return
    for column in split_columns(X):
        values = np.asarray(column)
        if values.dtype.kind == "f":
            known = values[np.isfinite(values)]
            if not len(known) or (known == np.rint(known)).all():
                yield None
                continue
        elif values.dtype.kind not in "OUST":
            yield None
            continue
        yield column


def tables_of(seen: Sequence[Any], known: dict[int, Table]) -> list[Table]:
    """The tables that a part's rows were made of, its own first; each read once."""
    found = []
    for i, X in enumerate(seen):
        if id(X) not in known:
            with suppress(Exception):  # of rows that cannot be read
                known[id(X)] = Table(X, as_passed=i == 0)
        if id(X) in known:
            found.append(known[id(X)])
    return found[::-1]


def find_carried(stored: Sequence[Stored], tables: Sequence[Table]) -> Carried | None:
    """Find training rows among what a model stores."""
    best: Carried | None = None
    for table in tables:
        rows = np.zeros(n_rows(table.X), dtype=bool)
        where: list[str] = []
        for each in stored:
            matched = None
            with suppress(Exception):  # of values of any kind
                matched = _match(each.values, table, each)
            if matched is not None and matched.any():
                rows |= matched
                where.append(each.attribute)
        if rows.any() and (best is None or rows.sum() > best.rows.sum()):
            best = Carried(rows, table.as_passed, tuple(dict.fromkeys(where)))
    return best


def per_row_values(stored: Sequence[Stored], n: int, but: Sequence[str]) -> list[str]:
    """Attributes with one entry for each training row, other than these."""
    found = [
        attribute
        for attribute, values, *_ in stored
        if attribute not in but and n_rows(values) == n
    ]
    return list(dict.fromkeys(found))


def values_of_one(
    stored: Sequence[Stored], tables: Sequence[Table], but: Sequence[str]
) -> dict[str, int]:
    """Count stored values that one training row only has in its column.

    By attribute; where there are few, it may be chance.
    """
    found: dict[str, int] = {}
    for attribute, values, *_ in stored:
        if attribute in but or sparse.issparse(values):
            continue
        with suppress(Exception):  # of values that cannot be hashed
            hashes = _hashes_of_values(values)
            for table in tables:
                if table.is_large:
                    continue
                own, columns = table.own_values()
                if not len(own) or not len(hashes):
                    continue
                counts = np.bincount(columns[np.isin(own, hashes)], minlength=1)
                # In one column: what is spread over all is chance.
                most = int(counts.max())
                if most >= _LEAST_VALUES:
                    found[attribute] = max(found.get(attribute, 0), most)
    return found


def _hashes_of_values(values: Any) -> Hashes:
    array = np.asarray(values)
    if array.dtype.kind not in "fOUST":
        return np.zeros(0, np.uint64)
    return hash_rows(array.reshape(-1, 1))


def _match(values: Any, table: Table, of: Stored) -> NDArray[np.bool_] | None:
    """Which rows of `table` are among the rows of `values`."""
    shape = getattr(values, "shape", ())
    if not shape or not shape[0]:
        return None
    if table.width < 2:
        return _match_column(values, table)
    for candidate, usual in forms_of_width(values, table, of.known):
        with suppress(Exception):  # of values that cannot be hashed
            matched = _match_form(candidate, table)
            if matched is None or not matched.any():
                continue
            if (usual and not of.made) or _are_many(matched, table):
                return matched
    numbers = None if of.known else numbers_in_text(values)
    return None if numbers is None else _match(numbers, table, of)


def _match_form(candidate: Any, table: Table) -> NDArray[np.bool_] | None:
    stored = hash_rows(as_rows(candidate))
    matched = np.isin(table.hashes(), stored)
    if not matched.any() and str(getattr(candidate, "dtype", "")) == "float32":
        matched = np.isin(table.hashes("float32"), stored)
    return _that_tell(matched, table, stored) if matched.any() else None


def _are_many(matched: NDArray[np.bool_], table: Table) -> bool:
    """Whether so many different rows are no chance, in a table of another form."""
    n = len(np.unique(table.hashes()[matched]))
    return n >= min(_LEAST_VALUES, len(matched) / 2)


def _match_column(values: Any, table: Table) -> NDArray[np.bool_] | None:
    """The same of rows of one value: a list of nearly all of them is no chance."""
    shape = values.shape
    if (len(shape) == 2 and shape[1] != 1) or 2 * shape[0] < n_rows(table.X):
        return None
    with suppress(Exception):  # of values that cannot be hashed
        stored = hash_rows(values)
        if np.isin(stored, table.hashes()).all():
            return np.isin(table.hashes(), stored)
    return None


def _that_tell(
    matched: NDArray[np.bool_], table: Table, stored: Hashes
) -> NDArray[np.bool_]:
    """Rows of which a match tells something.

    A row of zeros and ones is in many a table by chance: where most of what is stored
    is no training row, content that many rows share does not count.
    """
    hashes = table.hashes()
    if np.isin(stored, hashes[matched]).mean() >= 0.5:
        return matched
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return matched & (counts[inverse] == 1)


def _width(X: Any) -> int:
    shape: tuple[int, ...] = getattr(X, "shape", ())
    return int(shape[1]) if len(shape) == 2 else 1


def _as_type(X: Any, kind: str) -> Any:
    if sparse.issparse(X):
        return X.astype(kind)
    return np.asarray(X).astype(kind)
