"""What an object holds: in parameters, containers, functions and attributes.

``get_params`` sees the parameters alone. A model may also sit in a list or a grid of
candidates, in a dict, behind a bound method, in a variable of a function or in an
attribute of any object, and there it decides answers just as well.
"""

import argparse
import collections
import concurrent.futures
import dis
import functools
import gc
import itertools
import operator
import queue
import sys
import threading
import types
import weakref
from collections import deque
from collections.abc import Callable, Container, Iterator
from typing import Any, NamedTuple

import numpy as np

from skmia.exceptions import FreezingWarning
from skmia.utils import installed_package, loads_global, nested_code, warn

# What scikit-learn writes into an estimator before it is fitted: by set_*_request,
# set_output and set_callbacks, and in a search with callbacks.
SCIKIT_LEARNS = ("_metadata_request", "_sklearn_", "_skl_", "_parent_callback")

# Breadth first, so that what is left out beyond lies deep inside.
_MAX_OBJECTS = 200_000
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None), np.generic)
_ITERABLES: tuple[Any, ...] = ([], (), set(), {}, {}.values(), {}.items())
# Of the standard library, what holds things on behalf of their user. Others, such as
# loggers, threads and tracebacks, lead to all that the process knows.
_HOLDERS = (
    argparse.Namespace,
    collections.ChainMap,
    collections.UserDict,
    collections.UserList,
    collections.defaultdict,
    concurrent.futures.Future,
    queue.Queue,
    queue.SimpleQueue,
    threading.local,
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
    functools.partial,
    functools.partialmethod,
    functools.cached_property,
    type(functools.lru_cache(len)),
    types.CellType,
    types.MappingProxyType,
    types.SimpleNamespace,
    types.MethodType,
    types.BuiltinMethodType,
    types.MethodWrapperType,
    property,
    staticmethod,
    classmethod,
    operator.attrgetter,
    operator.itemgetter,
    operator.methodcaller,
    # Iterators refer to what they will yield; generators, to all of their module.
    *(kind for kind in vars(itertools).values() if isinstance(kind, type)),
    *(enumerate, filter, map, reversed, zip),
    *(type(iter(items)) for items in _ITERABLES),
)
# Set for classes that Python code made, and not for those of the interpreter.
_MADE_BY_CODE = 1 << 9
_Child = tuple[str, Any]
_LeaveOut = Callable[[Any], Container[str]]


def walk(root: Any, leave_out: _LeaveOut = lambda part: ()) -> Iterator[_Child]:
    """Yield all that `root` holds, and itself, each with the name of its place.

    Parameters
    ----------
    root : object
        Where to begin; its own name is "".
    leave_out : callable
        Given an object, names of attributes that are not followed. It is called once
        what was yielded has been looked at.

    Yields
    ------
    name : str
        Place, as nested parameters are named, such as ``"clf__models[0]"``.
    part : object
        What is there; numbers, text and arrays of them are left out.
    """
    queue: deque[_Child] = deque([("", root)])
    # By id; the object is kept, or its id might be used again.
    met: dict[int, Any] = {id(root): root}
    while queue:
        name, part = queue.popleft()
        yield name, part
        for place, child in _children(name, part, leave_out(part)):
            if isinstance(child, _PLAIN) or id(child) in met:
                continue
            if len(met) >= _MAX_OBJECTS:
                warn(
                    f"{type(root).__name__} holds more than {_MAX_OBJECTS:,} objects; "
                    "the others were not searched for models that stay as they are, "
                    "or that mask their outputs. Pass data to fit and not as "
                    "parameters.",
                    FreezingWarning,
                )
                return
            met[id(child)] = child
            queue.append((place, child))


def attributes(part: Any) -> dict[str, Any]:
    """Attributes of one object that are its own."""
    return getattr(part, "__dict__", {})


def nested(name: str, parameter: str) -> str:
    """Name of a nested parameter, as in ``set_params``."""
    return f"{name}__{parameter}" if name else parameter


def _children(name: str, part: Any, left_out: Container[str]) -> Iterator[_Child]:
    """What one object refers to, each with its place."""
    if isinstance(part, type):
        yield from _of_class(name, part)
    elif isinstance(part, types.FunctionType):
        yield from _of_function(name, part)
    elif isinstance(part, weakref.ReferenceType):
        yield name, part()
    elif isinstance(part, np.ndarray):
        if part.dtype.hasobject:
            yield name, part.ravel().tolist()
    else:
        if isinstance(part, dict):
            for key, value in list(part.items()):
                yield f"{name}[{key!r}]", value
                yield name, key
        elif isinstance(part, (list, tuple, deque)):
            yield from _of_sequence(name, part)
        elif isinstance(part, (set, frozenset)):
            yield from ((name, item) for item in part)
        kind: Any = type(part)
        if _holds_things(kind):
            yield from _of_instance(name, part, left_out)


def _of_sequence(name: str, items: Any) -> Iterator[_Child]:
    for i, item in enumerate(items):
        if isinstance(item, tuple) and len(item) > 1 and isinstance(item[0], str):
            # A named step, whose parameters start with its own name.
            step = nested(name.rpartition("__")[0], item[0])
            yield from ((step, value) for value in item[1:])
        else:
            yield f"{name}[{i}]", item


def _of_instance(name: str, part: Any, left_out: Container[str]) -> Iterator[_Child]:
    own = attributes(part)
    is_estimator = hasattr(type(part), "get_params")
    for key, value in list(own.items()):
        if key not in left_out and not key.startswith(SCIKIT_LEARNS):
            yield nested(name, key) if is_estimator else f"{name}.{key}", value
    # Slots, what is bound, partial arguments, fields of extension types: whatever
    # Python's garbage collector is told of.
    known = {id(own), *map(id, own.values())}
    for value in gc.get_referents(part):
        if id(value) not in known and not isinstance(value, types.ModuleType):
            yield name, value


def _of_class(name: str, cls: type) -> Iterator[_Child]:
    """Attributes and methods of a class of the user's own."""
    if installed_package(cls.__module__) is not None:
        return  # a package's code refers to no model of the user's
    for key, value in list(vars(cls).items()):
        if not isinstance(value, types.GetSetDescriptorType):
            yield f"{name}.{key}", value
    yield from ((name, base) for base in cls.__bases__)


def _of_function(name: str, function: types.FunctionType) -> Iterator[_Child]:
    """Variables that a function closes over, its defaults, and globals it names."""
    free = function.__code__.co_freevars
    for key, cell in zip(free, function.__closure__ or (), strict=True):
        yield f"{name}.{key}", cell
    for key, value in (function.__kwdefaults__ or {}).items():
        yield f"{name}.{key}", value
    for value in (*(function.__defaults__ or ()), *vars(function).values()):
        yield name, value
    if installed_package(function.__globals__.get("__name__", "__main__")) is None:
        yield from _of_code(name, _names(function.__code__), function.__globals__)


class _Names(NamedTuple):
    """What the code of a function refers to by name."""

    variables: frozenset[str]
    attributes: frozenset[str]
    modules: frozenset[str]


def _of_code(name: str, names: _Names, variables: dict[str, Any]) -> Iterator[_Child]:
    """Globals, and what is taken from modules of the user's own."""
    modules = [(key, sys.modules.get(key)) for key in sorted(names.modules)]
    for key in sorted(names.variables & variables.keys()):
        value = variables[key]
        if isinstance(value, types.ModuleType):
            modules.append((key, value))
        else:
            yield f"{name}.{key}", value
    for key, module in modules:
        if module is not None and installed_package(module.__name__) is None:
            for inner in sorted(names.attributes & vars(module).keys()):
                yield f"{name}.{key}.{inner}", vars(module)[inner]


@functools.lru_cache(maxsize=4096)
def _names(code: types.CodeType) -> _Names:
    """Names in a function and in those inside of it."""
    found: dict[str, set[str]] = {name: set() for name in _Names._fields}
    for part in nested_code(code):
        for step in dis.get_instructions(part):
            if step.opcode not in dis.hasname:
                continue
            if loads_global(step):
                found["variables"].add(step.argval)
            elif step.opname == "IMPORT_NAME":
                found["modules"].add(step.argval)
            else:
                found["attributes"].add(step.argval)
    return _Names(**{field: frozenset(names) for field, names in found.items()})


@functools.lru_cache(maxsize=4096)
def _holds_things(cls: type) -> bool:
    """Whether instances are looked into: not most of the standard library's."""
    # What dataclasses.make_dataclass makes is of the module "types" by its name only.
    made = cls.__module__ == "types" and cls.__flags__ & _MADE_BY_CODE
    if made or issubclass(cls, _HOLDERS):
        return True
    return cls.__module__.partition(".")[0] not in sys.stdlib_module_names
