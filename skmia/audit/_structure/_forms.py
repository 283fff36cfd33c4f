"""Forms in which a table may be stored, each made a table of as many columns."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables import Hashes, as_rows, hash_rows, split_columns

# Places at which the columns are looked for side by side in a wider table, and values
# that are read for that.
_MOST_WINDOWS, _MOST_READ = 40, 50_000_000
# More pairs of columns are not compared one by one, nor more values of each.
_MOST_PAIRS, _MOST_COMPARED = 20_000, 1_000
# Longer texts and bytes are not taken apart.
_MOST_BYTES = 50_000_000
# Values of rows next to those of a column, for the column to be the same one.
_LEAST_SHARED = 0.5


class Wanted(Protocol):
    """The table that is looked for."""

    X: Any
    width: int

    def columns(self) -> list[Hashes] | None:
        """Hashes of the values of each column; None where there are too many."""


def forms_of_width(
    values: Any, table: Wanted, usual: bool
) -> Iterator[tuple[Any, bool]]:
    """Tables of as many columns that `values` may hold, the likeliest first.

    With each, whether it is one of the usual forms: as it is, with a label beside, or
    turned; no others, where only the usual are wanted.
    """
    shape: tuple[int, ...] = getattr(values, "shape", ())
    width = table.width
    if len(shape) == 1 and not usual:
        yield from ((form, False) for form in _folded(values, width))
    if len(shape) != 2:
        return
    take = _taker(values)
    if shape[1] == width:
        yield values, True
    beside = shape[1] == width + 1
    if shape[1] > width and (beside or not usual):
        yield from ((form, False) for form in _by_names(values, table.X))
        affordable = _MOST_READ // (shape[0] * width + 1)
        last = min(shape[1] - width, _MOST_WINDOWS, affordable)
        yield from ((take(np.arange(i, i + width)), beside) for i in range(last + 1))
    if shape[0] == width:
        yield values.T, True
    if usual or sparse.issparse(values):
        return
    if width <= shape[1] and width * shape[1] <= _MOST_PAIRS:
        columns = table.columns()
        if columns is not None:
            yield from ((form, False) for form in _by_content(values, columns))


def numbers_in_text(values: Any) -> NDArray[np.float64] | None:
    """The numbers that a table of texts writes, where it writes nothing else."""
    if sparse.issparse(values) or len(getattr(values, "shape", ())) != 2:
        return None
    with suppress(Exception):  # of texts that are no numbers
        array = np.asarray(values, dtype=object)
        if isinstance(array.flat[0], str):
            return array.astype(np.float64)
    return None


def tables_in_bytes(part: bytes | bytearray | str) -> Iterator[NDArray]:
    """Tables that a text or bytes may hold: lines of values, and numbers in a row."""
    if len(part) > _MOST_BYTES:
        return
    text = part
    if not isinstance(part, str):
        for kind in ("<f8", "<f4", "<i8"):
            if len(part) % np.dtype(kind).itemsize == 0:
                yield np.frombuffer(bytes(part), dtype=kind)
        try:
            text = bytes(part).decode()
        except UnicodeDecodeError:
            return
    yield from tables_in_lines(str(text).splitlines())


def tables_in_lines(lines: list[str]) -> Iterator[NDArray]:
    """The table that lines of separated values write."""
    for separator in (",", ";", "\t", "|"):
        cells = [line.split(separator) for line in lines if line]
        if not cells:
            return
        wide = len(cells[-1])
        rows = [row for row in cells if len(row) == wide]
        if wide < 2 or 2 * len(rows) < len(cells):
            continue
        # The first line may be names.
        named = len(rows) > 1 and not any(map(_is_number, rows[0]))
        if named and any(map(_is_number, rows[1])):
            rows = rows[1:]
        table = np.array(rows, dtype=object)
        yield np.array([_as_values(column) for column in table.T], dtype=object).T
        return


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_values(column: NDArray) -> list[Any]:
    try:
        return [float(value) if value else np.nan for value in column]
    except ValueError:
        return list(column)


def _folded(values: Any, width: int) -> Iterator[Any]:
    """A list of numbers as rows one after the other, or columns."""
    array = np.asarray(values)
    folds = len(array) > width > 1 and len(array) % width == 0
    if folds and array.dtype.kind in "biuf":
        yield array.reshape(-1, width)
        yield np.ascontiguousarray(array.reshape(width, -1).T)


def _taker(values: Any) -> Any:
    if sparse.issparse(values):
        return lambda at: values.tocsr()[:, at]
    if hasattr(values, "iloc"):
        return lambda at: values.iloc[:, at]
    if hasattr(values, "columns"):
        return lambda at: values[[values.columns[j] for j in at]]
    return lambda at: values[:, at]


def _by_names(values: Any, X: Any) -> Iterator[Any]:
    ours, theirs = getattr(X, "columns", None), getattr(values, "columns", None)
    if ours is None or theirs is None:
        return
    theirs = list(theirs)
    if all(name in theirs for name in ours):
        yield _taker(values)(np.array([theirs.index(name) for name in ours]))


def _by_content(values: Any, columns: list[Hashes]) -> Iterator[Any]:
    """Columns in another order, told by the values in each.

    First by all of their values, as of a whole table, then by how many are values of
    the column.
    """
    stored = [hash_rows(column) for column in split_columns(as_rows(values))]
    take = _taker(values)
    if len(stored[0]) == len(columns[0]):
        sums = [int(column.sum()) for column in stored]
        same = [[float(column.sum() == each) for each in sums] for column in columns]
        if (at := _assign(same)) is not None:
            yield take(at)
    step = -(-len(stored[0]) // _MOST_COMPARED)
    some = [column[::step] for column in stored]
    known = [np.unique(column) for column in columns]
    shares = [[_share_in(each, values) for each in some] for values in known]
    if (at := _assign(shares)) is not None:
        yield take(at)


def _share_in(some: Hashes, known: Hashes) -> float:
    """How many of some values are among others, which are sorted."""
    at = np.minimum(np.searchsorted(known, some), len(known) - 1)
    return float((known[at] == some).mean())


def _assign(shares: list[list[float]]) -> NDArray[np.intp] | None:
    """The stored column that each of ours is the likeliest, in turn."""
    left = np.array(shares)
    at = np.empty(len(left), dtype=np.intp)
    for j in range(len(left)):
        best = int(left[j].argmax())
        if left[j, best] < _LEAST_SHARED:
            return None
        at[j] = best
        left[:, best] = -1
    return at
