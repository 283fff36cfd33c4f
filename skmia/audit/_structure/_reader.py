"""A pickler that writes nothing, and notes the tables and models that it comes by."""

import io
import pickle
import types
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skmia.audit._structure._forms import tables_in_bytes, tables_in_lines
from skmia.audit._structure._libraries import is_library_model, is_random_state

# A class or a function is in a pickle by its name; a module, not at all.
_BY_NAME = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)
# Fewer values are no table.
_LEAST_VALUES = 2
# Shorter texts are names.
_OPAQUE = 1_000
# Lists of one length that are taken for the rows, or the columns, of a table.
_LEAST_LISTS = 2
# So many of them are no longer looked at one by one.
_MANY_LISTS = 50


class Size(NamedTuple):
    """How much an attribute holds that is no part of a known library's model.

    Attributes
    ----------
    attribute : str
        Its name.
    values : int
        Values, in tables, lists and anything else.
    text : int
        Bytes, and characters of text.
    models : int
        Values and bytes in trees and boosters of a known library.
    """

    attribute: str
    values: int
    text: int
    models: int


@dataclass
class _Models:
    """What is in trees and boosters of known libraries."""

    met: set[int] = field(default_factory=set)
    values: int = 0
    opaque: int = 0


class Reader(pickle.Pickler):
    """Pickles to nowhere, and notes what it comes by."""

    def __init__(self, own: set[int], models: _Models | None = None) -> None:
        super().__init__(io.BytesIO(), protocol=5)
        self._own = own
        self._in_model = models is not None
        self.models = models or _Models()
        self.tables: list[Any] = []
        self.unusual: list[np.ndarray] = []
        self.known: list[Any] = []
        self.estimators: list[Any] = []
        self.opaque = self.values = 0
        self.functions = False
        self._texts: dict[int, str | bytes | bytearray] = {}

    def usual(self) -> list[Any]:
        """Tables and lists as they are stored, without what is many small lists."""
        counts = Counter(len(t) for t in self.tables if len(t.shape) == 1)
        few = [
            table
            for table in self.tables
            if len(table.shape) != 1 or counts[len(table)] < _MANY_LISTS
        ]
        return self.known + few

    def made(self) -> list[Any]:
        """Tables made of lists of one length, of arrays of more axes and of texts."""
        lists = [table for table in self.tables if len(table.shape) == 1]
        found = [*of_one_length(lists), *map(_flat, self.unusual)]
        for text in self._texts.values():
            if len(text) >= _OPAQUE:
                found += tables_in_bytes(text)
        for lines in (t for t in self.tables if _is_lines(t)):
            found += tables_in_lines([str(line) for line in lines])
        short = [t for t in self._texts.values() if isinstance(t, str)]
        if len(short) >= _MANY_LISTS and not found:
            found += tables_in_lines([t for t in short if len(t) < _OPAQUE])
        return [table for table in found if len(table) >= _LEAST_VALUES]

    def size(self, name: str, is_parameter: bool) -> Size:
        """How much there is, of which it is not known what it is."""
        models = self.models.values + self.models.opaque
        if is_parameter:  # of values, such as settings
            return Size(name, 0, self.opaque, models)
        return Size(name, self.values, self._n_characters(), models)

    def _n_characters(self) -> int:
        tables = sum(_n_characters(table) for table in self.tables)
        return tables + sum(map(len, self._texts.values()))

    def persistent_id(self, part: Any) -> Any:
        """Whether `part` is left out of the pickle, having been noted."""
        if isinstance(part, (str, bytes, bytearray)):
            self._texts[id(part)] = part
            if len(part) < _OPAQUE:
                return None
            self.opaque += len(part)
            return 0
        if isinstance(part, (bool, int, float, np.generic, type(None))):
            self.values += 1
            return None
        if isinstance(part, _BY_NAME) or is_random_state(part):
            self.functions |= _holds_more(part)
            return 0
        if is_library_model(part) and not self._in_model:
            return self._of_model(part)
        if _is_estimator(part) and id(part) not in self._own:
            self.estimators.append(part)
            return 0
        if _is_table(part):
            if isinstance(part, np.ndarray) and not _holds_values(part):
                return None  # estimators or arrays
            self.tables.append(part)
            self.values += _size(part)
            return 0
        if not self._in_model and _is_unusual_table(part):
            self.unusual.append(part)
            self.values += part.size * max(1, len(part.dtype.names or ()))
            return 0
        if isinstance(part, np.ndarray) and not part.dtype.hasobject:
            self.values += part.size  # of no kind that rows are compared with
            return 0
        if isinstance(part, (list, tuple, dict, set, frozenset, deque)):
            return self._of_container(part)
        return None

    def _of_model(self, part: Any) -> Any:
        """What a known library answers by, apart from what else there is."""
        if id(part) not in self.models.met:
            self.models.met.add(id(part))
            reader = Reader(self._own, self.models)
            reader.dump(part.__reduce_ex__(5))
            self.models.values += reader.values
            self.models.opaque += reader.opaque
            self.known += reader.tables
            self.estimators += reader.estimators
        return 0

    def _of_container(self, part: Any) -> Any:
        """A list of rows, or of values, is a table too; keys of a dict may be rows."""
        if not isinstance(part, dict):
            if not self._of_items(list(part)):
                return None
            self.values += _size(self.tables[-1])
            return 0
        self._of_items(list(part))
        if not self._in_model:
            self._of_items(list(part.values()))
        return None  # what is in there is counted

    def _of_items(self, items: list[Any]) -> bool:
        if len(items) < _LEAST_VALUES or not _alike(items):
            return False
        table = _as_table(items)
        if table is None:
            return False
        self.tables.append(table)
        return True


def _is_estimator(part: Any) -> bool:
    return (
        not isinstance(part, type)
        and hasattr(type(part), "get_params")
        and (hasattr(part, "fit") or hasattr(part, "transform"))
    )


def _is_table(part: Any) -> bool:
    if sparse.issparse(part):
        return True
    shape = getattr(part, "shape", None)
    if not isinstance(shape, tuple) or not 1 <= len(shape) <= 2:
        return False
    if isinstance(part, np.ndarray):
        return part.dtype.kind in "biufUSOmM"
    # Frames, series and tensors of other libraries.
    return hasattr(part, "__array__") or hasattr(part, "iloc")


def _holds_more(part: Any) -> bool:
    """Whether it is a function without a name that keeps values."""
    return (
        isinstance(part, types.FunctionType)
        and "<" in part.__qualname__
        and bool(part.__closure__ or part.__defaults__)
    )


def _is_unusual_table(part: Any) -> bool:
    """An array of more axes than two, or of records."""
    return (
        isinstance(part, np.ndarray)
        and part.size > 0
        and (
            part.dtype.names is not None
            if part.ndim == 1
            else part.ndim > 2 and part.dtype.kind in "biuf"
        )
    )


def of_one_length(lists: list[Any]) -> list[np.ndarray]:
    """Tables made of the lists that are as long as others."""
    by_length: dict[int, list[Any]] = {}
    for each in lists:
        by_length.setdefault(len(each), []).append(each)
    return [
        _stack(each)
        for length, each in by_length.items()
        if len(each) >= _LEAST_LISTS and length >= _LEAST_VALUES
    ]


def _is_lines(table: Any) -> bool:
    return (
        isinstance(table, np.ndarray)
        and table.ndim == 1
        and table.dtype.kind in "OU"
        and len(table) > 0
        and all(isinstance(v, str) for v in table[:20])
        and any(mark in table[0] for mark in ",;\t|")
    )


def _flat(array: np.ndarray) -> np.ndarray:
    """The rows of an array of records, or of one of more axes."""
    if array.dtype.names:
        return np.array(array.tolist(), dtype=object)
    return array.reshape(-1, array.shape[-1])


def _size(table: Any) -> int:
    return int(table.nnz) if sparse.issparse(table) else int(np.prod(table.shape))


def _n_characters(table: Any) -> int:
    if isinstance(table, np.ndarray) and table.dtype.kind in "OUS":
        return sum(len(v) for v in table.ravel() if isinstance(v, (str, bytes)))
    return 0


def _stack(lists: list[Any]) -> np.ndarray:
    arrays = [np.asarray(each) for each in lists]
    if all(array.dtype.kind in "biuf" for array in arrays):
        return np.stack(arrays)
    return np.array([array.tolist() for array in arrays], dtype=object)


def _holds_values(array: np.ndarray) -> bool:
    if array.dtype.kind != "O":
        return True
    first = array[:100].ravel().tolist()
    return all(item is None or isinstance(item, _VALUES) for item in first)


_VALUES = (bool, int, float, str, bytes, np.generic)


def _alike(items: list[Any]) -> bool:
    """Whether these are all values, or all sequences of values of one length."""
    first = items[0]
    if isinstance(first, (list, tuple)):
        return all(
            isinstance(item, (list, tuple))
            and len(item) == len(first) > 0
            and isinstance(item[0], (bool, int, float, str, np.generic))
            for item in items
        )
    if isinstance(first, np.ndarray):
        return first.ndim == 1 and all(
            isinstance(item, np.ndarray)
            and item.shape == first.shape
            and item.dtype.kind in "biufUSO"
            for item in items
        )
    return all(item is None or isinstance(item, _VALUES) for item in items)


def _as_table(items: list[Any]) -> np.ndarray | None:
    texts = any(isinstance(item, (str, bytes)) for item in items) or any(
        isinstance(item, (list, tuple)) and any(isinstance(v, str) for v in item)
        for item in items
    )
    with suppress(Exception):  # of values that make no array
        table = np.array(items, dtype=object if texts else None)
        return table if table.dtype.kind in "biufOUS" else None
    return None
