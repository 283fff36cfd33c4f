"""What a value means, as a short text: equal only where two values mean the same.

The content of a value is what pickle stores of it, and what pickle cannot store is
refused: its meaning lies outside of it. Pickle tells code by its name, however. Here
code of an installed package is told by the version as well, and the user's own, which
changes without one, by its bytecode and all that the bytecode names.

joblib.hash and cloudpickle come close. The one takes an edited function, and a dict in
another order, for the same; of the other, no two processes have the same bytes.
"""

import copyreg
import functools
import hashlib
import logging
import pickle
import random
import sys
import types
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rv_continuous, rv_discrete

from skmia.shadows._code import code_parts, references
from skmia.shadows._members import (
    BOOKKEEPING,
    attributes,
    check_as_installed,
    members,
)
from skmia.shadows._packages import Refused, package_version, reaches_outside

# The global generators, whose state is no content: each shadow seeds them itself.
_GLOBAL_GENERATORS = [
    attrgetter("__self__")(function) for function in (random.random, np.random.rand)
]

# What the methods of compiled classes are.
_COMPILED = (types.MethodDescriptorType, types.ClassMethodDescriptorType)

# What every logger has.
_OF_LOGGERS = {*vars(logging.Logger("any")), "manager"}


def describe(value: Any) -> str:
    """Return a text that is equal only where two values mean the same.

    Two values of one meaning may have different texts, as equal arrays of another
    layout in memory have.

    Raises
    ------
    ValueError
        For a value without content of its own, such as an open file or a lock, and
        for the user's own code that names one, or that reads what no content tells:
        files, the environment, names that are looked up while it runs.
    """
    try:
        return _Walk().digest(value)
    except (Refused, RecursionError) as error:
        raise ValueError(
            "The 'cache_dir' parameter cannot be used: no key can be made of "
            f"{error}. Pass cache_dir=None."
        ) from error


class _Walk:
    """One walk through a value, which may refer to itself."""

    def __init__(self) -> None:
        # By id: code that was met (kept, or its id might be used again), and what
        # stands for it.
        self._met: dict[int, tuple[Any, Any]] = {}

    def digest(self, value: Any) -> str:
        stream = _Stream()
        pickler = _Pickler(stream, self)
        try:
            pickler.dump(value)
        except (Refused, RecursionError):
            raise
        except Exception as error:  # of pickle, or of a method of the user's
            raise Refused(f"{type(value).__qualname__} ({error})") from error
        return stream.digest.hexdigest()

    def code(self, value: Any, module: str, parts: Callable[[Any], Any]) -> Any:
        """Stand for code by its name and version, or by its parts.

        Where it is met again, by its number: it may be inside of its own parts.
        """
        if id(value) not in self._met:
            named = _named(value, module, value.__qualname__)
            self._met[id(value)] = value, named or ("again", len(self._met))
            if named is None:
                told = type(value).__name__, self._inside(value, parts)
                self._met[id(value)] = value, told
        return self._met[id(value)][1]

    def _inside(self, value: Any, parts: Callable[[Any], Any]) -> str:
        try:
            return self.digest(parts(value))
        except Refused as error:
            name = f"{value.__module__}.{value.__qualname__}"
            error.named_by = error.named_by or name
            raise


class _Stream:
    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self.write = self.digest.update


class _Pickler(pickle.Pickler):
    """A pickler that takes apart what pickle tells by its name."""

    def __init__(self, stream: _Stream, walk: _Walk) -> None:
        super().__init__(stream, protocol=4)
        self._walk = walk

    def persistent_id(self, value: Any) -> Any:
        """Return what stands for `value`; None: what pickle stores."""
        kind = type(value)
        if kind is str:
            # By its value: pickle would tell a text that it has met by its identity.
            return value.encode(errors="surrogatepass")
        if isinstance(value, type):
            return self._class(value)
        if any(value is generator for generator in _GLOBAL_GENERATORS):
            return "global generator", kind.__module__
        if isinstance(value, np.dtype):
            return "dtype", pickle.dumps(value, 4)
        parts = _PARTS.get(kind)
        return None if parts is None else parts(self, value)

    def reducer_override(self, value: Any) -> Any:
        """Return what pickle stores of an object."""
        kind = type(value)
        try:
            reducer = copyreg.dispatch_table.get(kind)
            reduced = reducer(value) if reducer else value.__reduce_ex__(4)
        except Exception as error:
            raise Refused(f"{value!r:.200} ({error})") from error
        if isinstance(reduced, str):
            return self._global(value, reduced)
        make, arguments, *rest = [*reduced, None, None, None][: max(5, len(reduced))]
        if isinstance(value, (rv_continuous, rv_discrete)):
            rest[0] = _without_global_generator(rest[0])
        if package_version(kind.__module__) is None:
            # Its own way to be pickled may leave something out.
            rest[0] = kind, rest[0], object.__getstate__(value)
        return make, arguments, *rest

    def _global(self, value: Any, name: str) -> Any:
        """Return what stands for an object that pickle stores as a name."""
        module = pickle.whichmodule(value, name)  # type: ignore[attr-defined]
        named = _named(value, module, name)
        if named is None:
            raise Refused(f"{value!r:.200}, of which pickle stores the name only")
        state = None if callable(value) else object.__getstate__(value)
        return tuple, ((*named, state),)

    def _class(self, cls: type) -> Any:
        return self._walk.code(cls, cls.__module__, _class_parts)

    def _function(self, function: types.FunctionType) -> Any:
        module = function.__globals__.get("__name__", "")
        return self._walk.code(function, module, _function_parts)

    def _builtin(self, function: types.BuiltinFunctionType) -> Any:
        if not isinstance(function.__self__, types.ModuleType | None):
            return None  # a method, which pickle takes apart
        name = function.__qualname__
        module = pickle.whichmodule(function, name)  # type: ignore[attr-defined]
        named = _named(function, module, name)
        if named is None:
            raise Refused(f"{function!r:.200}, which is of no installed package")
        return named

    def _module(self, module: types.ModuleType) -> Any:
        # Anything may be looked up in it, and what was put on it as well.
        raise Refused(f"the module {module.__name__!r} as a whole")

    def _logger(self, logger: logging.Logger) -> Any:
        """By what code may ask of it: its levels, its handlers, what was put on it."""
        enabled = [logger.isEnabledFor(level) for level in range(0, 60, 10)]
        levels = logger.level, logger.getEffectiveLevel(), enabled
        switches = logger.propagate, logger.disabled
        handlers = [
            (type(handler).__qualname__, handler.level) for handler in logger.handlers
        ]
        extra = {k: v for k, v in vars(logger).items() if k not in _OF_LOGGERS}
        return "logger", logger.name, levels, switches, handlers, extra

    def _array(self, array: NDArray[Any]) -> Any:
        if array.dtype.hasobject or array.dtype.kind not in "biufcmMSUV":
            return None
        order = "C" if array.flags.c_contiguous else "F"
        if not array.flags.forc:
            order = "strided"
        flat = np.ascontiguousarray(array.T if order == "F" else array).reshape(-1)
        digest = hashlib.blake2b(digest_size=16)
        if array.dtype.itemsize:
            digest.update(flat.view(np.uint8).data)
        return "array", array.dtype, array.shape, order, digest.digest()

    def _unordered(self, values: Any) -> Any:
        return type(values), sorted(map(self._walk.digest, values))

    def _property(self, value: property) -> Any:
        return "property", value.fget, value.fset, value.fdel


_PARTS: dict[type, Callable[[_Pickler, Any], Any]] = {
    np.memmap: _Pickler._array,
    np.ndarray: _Pickler._array,
    set: _Pickler._unordered,
    frozenset: _Pickler._unordered,
    property: _Pickler._property,
    types.BuiltinFunctionType: _Pickler._builtin,
    types.FunctionType: _Pickler._function,
    # Pickle would tell it by the name of its function.
    types.MethodType: lambda _, value: ("method", value.__func__, value.__self__),
    logging.Logger: _Pickler._logger,
    logging.RootLogger: _Pickler._logger,
    types.ModuleType: _Pickler._module,
    functools.cached_property: lambda _, value: ("property", value.func),
    staticmethod: lambda _, value: ("staticmethod", value.__func__),
    classmethod: lambda _, value: ("classmethod", value.__func__),
    types.MappingProxyType: lambda _, value: ("mapping", dict(value)),
}


def _named(value: Any, module: str, name: str) -> tuple[Any, ...] | None:
    """Return the name and version of an object of a package, and what was put on it.

    None if it is of none: it is the user's own, or not found under its name.
    """
    version = package_version(module)
    if version is None:
        return None
    try:
        found = attrgetter(name)(sys.modules[module]) is value
    except (AttributeError, KeyError):
        found = False
    if not found:
        return None
    if reaches_outside(module, name):
        raise Refused(f"{module}.{name}, whose answer may come from outside")
    return "named", module, name, version, _put_on(value)


def _put_on(value: Any) -> Any:
    """Return what an object of a package holds that may have been put there."""
    if isinstance(value, type):
        check_as_installed(value)
        return members(value)
    return attributes(value) if isinstance(value, types.FunctionType) else None


def _class_parts(cls: type) -> Any:
    members = [
        (name, member)
        for name, member in sorted(vars(cls).items())
        if name not in BOOKKEEPING
    ]
    version = package_version(cls.__module__)
    if version is None and any(type(member) in _COMPILED for _, member in members):
        raise Refused(f"{cls!r}, which is compiled, and of no installed package")
    name = (cls.__module__, cls.__qualname__)
    return name, version, type(cls), cls.__bases__, members


def _function_parts(function: types.FunctionType) -> Any:
    module = function.__globals__.get("__name__", "")
    version = package_version(module)
    own = version is None or vars(sys.modules[module]) is not function.__globals__
    return (
        (function.__module__, function.__qualname__, version),
        code_parts(function.__code__),
        [_content(cell) for cell in function.__closure__ or ()],
        function.__defaults__,
        function.__kwdefaults__,
        vars(function),
        references(function) if own else None,
    )


def _content(cell: types.CellType) -> Any:
    try:
        return "filled", cell.cell_contents
    except ValueError:
        return "not filled yet"


def _without_global_generator(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out the generator of a distribution, where it is NumPy's global one.

    Clones hold a copy of it, in the state in which it was then.
    """
    generator = state.get("_random_state")
    if isinstance(generator, np.random.RandomState):
        states = [pickle.dumps(g.get_state()) for g in (generator, np.random)]
        if states[0] == states[1]:
            return state | {"_random_state": _GLOBAL_GENERATORS[1]}
    return state
