"""What a file of a fitted object holds: tables, lists of values, and estimators in it.

What a pickle of it would write is what whoever gets the file has. What an object keeps
to itself, and gives up when it is pickled, is not there. Nothing is written.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from skmia._models import attributes
from skmia.audit._structure._libraries import is_parameter, is_recognised
from skmia.audit._structure._reader import Reader, Size, of_one_length


class Stored(NamedTuple):
    """A table or a list of values in the state of an estimator, and its attribute.

    Where it is not as it was stored, but made of several lists, or of a text, `made`
    is true. Where a known library put it there, `known` is.
    """

    attribute: str
    values: Any
    made: bool = False
    known: bool = False


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
    others : list of Size
        What no known library has put there.
    """

    tables: list[Stored]
    estimators: list[tuple[str, Any]]
    unread: list[str]
    opaque: int
    others: list[Size]


def read_state(estimator: Any, inner: tuple[Any, ...] = ()) -> State:
    """Read what an estimator stores; estimators of `inner` count as part of it."""
    state = State([], [], [], 0, [])
    own = {id(estimator), *map(id, inner)}
    opaque = 0
    lists: list[tuple[str, Any]] = []
    for name, value in state_of(estimator):
        reader = Reader(own)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader.dump(value)
        except Exception:  # of an object that cannot be pickled
            state.unread.append(name)
        recognised = is_recognised(estimator, name)
        state.tables.extend(
            Stored(name, table, known=recognised) for table in reader.usual()
        )
        if not recognised:
            state.tables.extend(Stored(name, t, made=True) for t in reader.made())
            lists += [(name, t) for t in reader.tables if len(t.shape) == 1]
            if reader.functions:
                state.unread.append(name)
        state.estimators.extend((name, part) for part in reader.estimators)
        opaque += reader.opaque + reader.models.opaque
        if not recognised:
            state.others.append(reader.size(name, is_parameter(estimator, name)))
    names = list(dict.fromkeys(name for name, _ in lists))
    if len(names) > 1:
        where = f"{names[0]} to {names[-1]}"
        together = of_one_length([table for _, table in lists])
        state.tables.extend(Stored(where, table, made=True) for table in together)
    return state._replace(opaque=opaque)
