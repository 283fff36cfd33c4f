"""What a copy of a step shares with the step: what its functions and classes keep.

A deep copy has attributes of its own, and the same functions. One that keeps its first
batch in a module's dict, a default, an attribute or a class has kept private rows.
"""

import contextvars
import functools
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import joblib

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_SEVERAL = (list, tuple, set, frozenset, deque)
_BUILT_IN = (*sys.builtin_module_names, "array")
_INSTALLED = tuple(
    sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def describe_shared(step: Any) -> list[str]:
    """Describe all values that own functions and classes in a step refer to.

    Functions and classes of packages are taken to keep nothing.
    """
    seen: dict[int, Any] = {}
    return list(_walk(step, False, seen))


def _walk(value: Any, shared: bool, seen: dict[int, Any]) -> Iterator[str]:
    if isinstance(value, _PLAIN):
        if shared:
            yield repr(value)
        return
    if id(value) in seen:
        return
    seen[id(value)] = value  # kept, so that no other value gets its id
    if isinstance(value, types.FunctionType | type):
        if _is_own(value.__module__):
            for part in _parts(value):
                yield from _walk(part, True, seen)
        return
    if isinstance(value, types.ModuleType):
        return
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, _SEVERAL):
        inner = list(value)
    elif isinstance(value, types.MethodType):
        inner = [value.__self__, value.__func__]
    elif isinstance(value, functools.partial):
        inner = [value.func, value.args, value.keywords]
    elif isinstance(value, staticmethod | classmethod):
        inner = [value.__func__]
    elif hasattr(value, "dtype") or hasattr(value, "columns"):
        if shared:
            yield _hash(value)
        return
    elif isinstance(value, property):
        inner = [value.fget, value.fset, value.fdel]
    elif isinstance(value, types.GeneratorType):
        frame = value.gi_frame
        inner = [] if frame is None else [dict(frame.f_locals)]
    elif isinstance(value, contextvars.ContextVar):
        inner = [value.get(None)]
    else:
        inner = [type(value), getattr(value, "__dict__", None), *_slots(value)]
        counts = getattr(value, "cache_info", None)
        if callable(counts):
            # A cache of results, that a copy has in common. What is in it is out of
            # sight; any call changes its counts.
            yield repr(counts())
        elif shared and type(value).__module__ in _BUILT_IN:
            yield repr(value)
    if shared:
        yield f"{type(value).__qualname__} {len(inner)}"
    for item in inner:
        yield from _walk(item, shared, seen)


def _slots(value: Any) -> Iterator[Any]:
    """What a value keeps in slots instead of a dict."""
    for cls in type(value).__mro__:
        names = vars(cls).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{cls.__name__.lstrip('_')}{name}"
            if name not in ("__dict__", "__weakref__"):
                yield getattr(value, name, None)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, type):
        hidden = ("__dict__", "__weakref__", "__doc__")
        return [v for k, v in vars(value).items() if k not in hidden] + list(
            value.__bases__
        )
    names = set(_names(value.__code__))
    found = [value.__globals__[n] for n in sorted(names & set(value.__globals__))]
    for module in [f for f in found if isinstance(f, types.ModuleType)]:
        if _is_own(module.__name__):
            found += [vars(module)[n] for n in sorted(names & set(vars(module)))]
    for cell in value.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            found.append(None)
    return [*found, value.__defaults__, value.__kwdefaults__, vars(value)]


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _is_own(module: str | None) -> bool:
    if module is None or module.partition(".")[0] in ("skmia", "builtins"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module not in sys.builtin_module_names
    return not file.startswith(_INSTALLED)


def _hash(value: Any) -> str:
    try:
        return str(joblib.hash(value))
    except Exception:  # a kind of table or array that cannot be pickled
        return type(value).__qualname__
