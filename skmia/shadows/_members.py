"""What a class of an installed package holds, and who has put it there.

A package's version tells what its classes are made of. Python lets anybody add to them
while they are in use, though, or put one of the package's functions in the place of
another.
"""

import functools
import hashlib
import sys
import types
from typing import Any

import numpy as np

from skmia.shadows._packages import Refused, package_version

#: Members of a class that are no part of its meaning, or differ between processes.
BOOKKEEPING = {
    "__annotate__",
    "__annotate_func__",
    "__annotations__",
    "__annotations_cache__",
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__orig_bases__",
    "__parameters__",
    "__slotnames__",
    "__static_attributes__",
    "__type_params__",
    "__weakref__",
    "_abc_impl",
}

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
# Deeper than that, objects are told by their class alone.
_DEPTH = 4
# Classes without it are compiled into the interpreter or a library: nothing can be put
# into them.
_HEAP_TYPE = 1 << 9


def check_as_installed(cls: type) -> None:
    """Check that nobody has put code of theirs into a class of a package."""
    for member in (member for base in cls.__mro__ for member in vars(base).values()):
        inside = getattr(member, "__dict__", {}).values()
        taken = [getattr(member, name, None) for name in ("fget", "fset", "fdel")]
        for part in (member, type(member), *inside, *taken):
            modules: list[Any] = []
            if isinstance(part, types.FunctionType | type):
                modules.append(part.__module__)
            if isinstance(part, types.FunctionType):
                # functools.wraps gives a function the name of another's module.
                modules.append(part.__globals__.get("__name__"))
            if any(map(_is_own, modules)):
                raise Refused(f"{cls!r}, into which {part!r:.100} was put")


def _is_own(module: Any) -> bool:
    # Functions that a package has made may say that they are of no module, and those
    # that Cython has made are of a class in a module that it makes up.
    if module not in sys.modules or module.startswith("_cython_"):
        return False
    return package_version(module) is None


def members(cls: type) -> list[tuple[str, str, str]]:
    """Return the members of a package's class and of its bases, each as a text."""
    return [
        (base.__qualname__, name, repr(_told(member, 0)))
        for base in cls.__mro__
        if base.__flags__ & _HEAP_TYPE
        for name, member in sorted(vars(base).items())
        if name not in BOOKKEEPING
    ]


def attributes(function: Any) -> str:
    """Return what was put on a package's function, as a text."""
    return repr(_told(getattr(function, "__dict__", {}), 0))


def _told(value: Any, depth: int) -> Any:
    """Return what a member is: values as they are, code by its name and place."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, type):
        return value.__module__, value.__qualname__
    if depth == _DEPTH:
        return _told(kind, 0)

    def parts(*values: Any) -> list[Any]:
        return [_told(part, depth + 1) for part in values]

    if kind in (list, tuple):
        return kind.__name__, parts(*value)
    if kind in (set, frozenset):  # whose order differs between processes
        return kind.__name__, sorted(map(repr, parts(*value)))
    if isinstance(value, dict | types.MappingProxyType):
        return sorted((repr(_told(k, depth + 1)), *parts(v)) for k, v in value.items())
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).digest()
    if isinstance(value, types.FunctionType):
        code = value.__code__
        place = value.__globals__.get("__name__"), code.co_name, code.co_firstlineno
        return place, value.__qualname__, parts(value.__defaults__, vars(value))
    if isinstance(value, property):
        return "property", parts(value.fget, value.fset, value.fdel)
    if isinstance(value, staticmethod | classmethod):
        return kind.__name__, parts(value.__func__)
    if isinstance(value, functools.partial):
        return "partial", parts(value.func, value.args, value.keywords)
    if isinstance(value, types.ModuleType):
        return "module", value.__name__
    name = getattr(value, "__qualname__", None)
    inside = getattr(value, "__dict__", {})
    return _told(kind, 0), name if isinstance(name, str) else "", parts(inside)
