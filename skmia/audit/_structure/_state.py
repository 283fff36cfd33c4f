"""What a file of a fitted object holds: tables, lists of values, and estimators in it.

What a pickle of it would write is what whoever gets the file has. What an object keeps
to itself, and gives up when it is pickled, is not there. Nothing is written.
"""

import io
import pickle
import types
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skmia._models import attributes

# A class or a function is in a pickle by its name; a module, not at all.
_BY_NAME = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)
# Fewer values are no table.
_LEAST_VALUES = 2
# Shorter texts are names.
_OPAQUE = 10_000


class Stored(NamedTuple):
    """A table or a list of values in the state of an estimator, and its attribute."""

    attribute: str
    values: Any


def state_of(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of what an estimator writes into a file."""
    state: Any = None
    # Of a __getstate__ of any kind.
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = estimator.__getstate__()
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
        state = {**state[0], **(state[1] or {})}  # with slots
    if not isinstance(state, dict):
        state = attributes(estimator) if state is None else {"": state}
    yield from ((str(name), value) for name, value in list(state.items()))


class State(NamedTuple):
    """What an estimator stores, without what estimators inside of it do.

    Attributes
    ----------
    tables : list of Stored
        Tables and lists of values.
    estimators : list of (str, estimator)
        Estimators inside, with the attributes that they are in.
    unread : list of str
        Attributes that could not be read.
    opaque : int
        Bytes and text of a form of their own, such as a library's.
    """

    tables: list[Stored]
    estimators: list[tuple[str, Any]]
    unread: list[str]
    opaque: int


def read_state(estimator: Any, inner: tuple[Any, ...] = ()) -> State:
    """Read what an estimator stores; estimators of `inner` count as part of it."""
    state = State([], [], [], 0)
    own = {id(estimator), *map(id, inner)}
    opaque = 0
    for name, value in state_of(estimator):
        reader = _Reader(own)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader.dump(value)
        except Exception:  # of an object that cannot be pickled
            state.unread.append(name)
        state.tables.extend(Stored(name, table) for table in reader.tables)
        state.estimators.extend((name, part) for part in reader.estimators)
        opaque += reader.opaque
    return state._replace(opaque=opaque)


class _Reader(pickle.Pickler):
    """Pickles to nowhere, and notes what it comes by."""

    def __init__(self, own: set[int]) -> None:
        super().__init__(io.BytesIO(), protocol=5)
        self._own = own
        self.tables: list[Any] = []
        self.estimators: list[Any] = []
        self.opaque = 0

    def persistent_id(self, part: Any) -> Any:
        """Whether `part` is left out of the pickle, having been noted."""
        if isinstance(part, (str, bytes, bytearray)):
            if len(part) < _OPAQUE:
                return None
            self.opaque += len(part)
            return 0
        if isinstance(part, (bool, int, float, type(None))):
            return None
        if isinstance(part, _BY_NAME):
            return 0
        if _is_estimator(part) and id(part) not in self._own:
            self.estimators.append(part)
            return 0
        if _is_table(part):
            if isinstance(part, np.ndarray) and not _holds_values(part):
                return None  # estimators or arrays
            self.tables.append(part)
            return 0
        if isinstance(part, (list, tuple, dict, set, frozenset)):
            return self._of_container(part)
        return None

    def _of_container(self, part: Any) -> Any:
        """A list of rows, or of values, is a table too; keys of a dict may be rows."""
        items = list(part)
        if len(items) < _LEAST_VALUES or not _alike(items):
            return None
        table = _as_table(items)
        if table is None:
            return None
        self.tables.append(table)
        return None if isinstance(part, dict) else 0


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
