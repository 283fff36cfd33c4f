"""What a value means, as a short text that is equal just where the meaning is.

A parameter may be a number, an array, a fitted step, a function or an object of the
user's own class. Each is told by what pickle would store of it, but for code: that of
an installed package by the version of the package, and the user's own, which changes
without a version, by its bytecode and by whatever the bytecode names.
"""

import copyreg
import dis
import functools
import hashlib
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rv_continuous, rv_discrete

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
_ARRAYS = (np.ndarray, np.memmap, np.matrix)
_STANDARD_LIBRARY = Path(os.__file__).parent
# Members of a class that are no part of its meaning, or differ between processes.
_BOOKKEEPING = {
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__static_attributes__",
    "__weakref__",
    "_abc_impl",
}


def describe(value: Any) -> str:
    """Return a text that is equal just where two values mean the same.

    What a function imports only while it runs is not looked at.

    Raises
    ------
    ValueError
        For a value without content of its own: an open file, a lock, a generator.
    """
    return _Walk()(value)


def _node(kind: str, *parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode(errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return f"{kind}:{digest.hexdigest()}"


class _Walk:
    """One walk through a value, which may refer to itself."""

    def __init__(self) -> None:
        # By id: the value (kept, or its id might be used again), when it was met,
        # and its description once that is known.
        self._met: dict[int, tuple[Any, int, str | None]] = {}
        self._strict = True

    def __call__(self, value: Any) -> str:
        kind = type(value)
        if kind in _PLAIN:
            return _node(kind.__name__, repr(value))
        if kind in (list, tuple):
            if all(type(item) in _PLAIN for item in value):
                return _node(kind.__name__, repr(value))
            return _node(kind.__name__, *map(self, value))
        if kind in (dict, types.MappingProxyType):
            return _node("dict", *(self(x) for pair in value.items() for x in pair))
        if kind in (set, frozenset):
            return _node(kind.__name__, *sorted(map(self, value)))
        if kind in _ARRAYS:
            return self._array(value)
        _, number, known = self._met.get(id(value), (None, len(self._met), ""))
        if known is None:
            return _node("again", str(number))
        if not known:
            self._met[id(value)] = (value, number, None)
            known = self._object(value)
            self._met[id(value)] = (value, number, known)
        return known

    def _array(self, array: NDArray[Any]) -> str:
        shape = str(array.shape)
        if array.dtype.names:  # field by field: the bytes between them are anything
            names = array.dtype.names
            return _node("record", shape, *names, *(self(array[n]) for n in names))
        if array.dtype.hasobject:
            return _node("objects", shape, self(array.ravel().tolist()))
        data = hashlib.blake2b(np.ascontiguousarray(array).tobytes())
        return _node("array", array.dtype.str, shape, data.hexdigest())

    def _object(self, value: Any) -> str:
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.ModuleType):
            return _node("module", value.__name__, str(_version(value.__name__)))
        if isinstance(value, (staticmethod, classmethod)):
            return _node(type(value).__name__, self(value.__func__))
        if isinstance(value, property):
            return _node("property", *map(self, (value.fget, value.fset, value.fdel)))
        if isinstance(value, functools.cached_property):
            return _node("property", self(value.func))
        try:
            reducer = copyreg.dispatch_table.get(type(value))
            reduced = reducer(value) if reducer else value.__reduce_ex__(4)
        except Exception as error:
            if not self._strict:
                return _node("opaque", type(value).__qualname__)
            raise ValueError(
                f"The 'cache_dir' parameter cannot be used: {value!r}, which the "
                "estimator or the metadata refer to, has no content to make a key of "
                f"({error}). Pass cache_dir=None."
            ) from error
        if isinstance(reduced, str):
            module = str(getattr(value, "__module__", type(value).__module__))
            wrapped = getattr(value, "__wrapped__", None)
            return _node("name", module, str(_version(module)), reduced, self(wrapped))
        make, arguments, *rest = reduced
        state, *items = [*rest, None, None, None][:3]
        if isinstance(value, (rv_continuous, rv_discrete)):
            # A copy of NumPy's global generator, in whatever state that was.
            state = {k: v for k, v in state.items() if k != "_random_state"}
        listed = [list(item or ()) for item in items]
        return _node(type(value).__name__, *map(self, (make, arguments, state, listed)))

    def _class(self, cls: type) -> str:
        name = f"{cls.__module__}.{cls.__qualname__}"
        installed = _version(cls.__module__)
        if installed is not None:
            return _node("class", name, installed)
        with self._leniently():
            members = [
                (key, self(member))
                for key, member in sorted(vars(cls).items())
                if key not in _BOOKKEEPING and not key.startswith("__annot")
            ]
        parts = (part for member in members for part in member)
        return _node("class", name, *map(self, (type(cls), *cls.__bases__)), *parts)

    def _function(self, function: types.FunctionType) -> str:
        code = function.__code__
        cells = [_content(cell) for cell in function.__closure__ or ()]
        parts = [
            str(function.__module__),
            function.__qualname__,
            self._code(code),
            self(cells),
            self(function.__defaults__),
            self(function.__kwdefaults__),
            self(vars(function)),
        ]
        installed = _version(function.__globals__.get("__name__", ""))
        if installed is not None:
            return _node("function", installed, *parts)
        with self._leniently():
            named = self._named(*_names(code), function.__globals__, set())
        return _node("function", *parts, *named)

    @contextmanager
    def _leniently(self) -> Iterator[None]:
        """Take what has no content by its type.

        What code uses may be a lock as well as a constant; it is the code that is
        told apart.
        """
        strict, self._strict = self._strict, False
        yield
        self._strict = strict

    def _code(self, code: types.CodeType) -> str:
        inner = (
            self._code(c) if isinstance(c, types.CodeType) else self(c)
            for c in code.co_consts
        )
        layout = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        return _node(
            "code",
            repr((code.co_code, code.co_exceptiontable, code.co_flags, layout, names)),
            *inner,
        )

    def _named(
        self,
        names: set[str],
        attributes: set[str],
        namespace: dict[str, Any],
        inside: set[str],
    ) -> list[str]:
        """Describe what `names` are in `namespace`, and `attributes` of its modules."""
        parts = []
        for name in sorted(names & namespace.keys()):
            value = namespace[name]
            parts += [name, self(value)]
            own = isinstance(value, types.ModuleType) and not _version(value.__name__)
            if own and value.__name__ not in inside:
                inside.add(value.__name__)
                parts += self._named(attributes, attributes, vars(value), inside)
        return parts


def _names(code: types.CodeType) -> tuple[set[str], set[str]]:
    """Names of globals, and of attributes, in `code` and in the code inside of it."""
    names, attributes = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opcode in dis.hasname:
            attributes.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = _names(constant)
            names |= inner[0]
            attributes |= inner[1]
    return names, attributes


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return ...


@functools.lru_cache
def _version(module: str) -> str | None:
    """Return the version of the installed package of `module`; None: the user's own.

    A package that is installed for development, so that its code lies elsewhere, is
    the user's own: it is edited without a new version.
    """
    if module == "__main__":
        return None
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return "Python" if module in sys.builtin_module_names else None
    if not {"site-packages", "dist-packages"} & set(Path(file).parts):
        # The version of Python is in the key.
        return "Python" if Path(file).is_relative_to(_STANDARD_LIBRARY) else None
    package = module.partition(".")[0]
    given = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(given, str):
        return given
    try:
        return version(packages_distributions().get(package, [package])[0])
    except PackageNotFoundError:
        return None
