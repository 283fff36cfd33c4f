"""Whose code it is, an installed package's, Python's or the user's, and its names."""

import dis
import importlib.util
import os
import re
import sys
import types
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_INSTALLED = re.compile(r".*/(?:site|dist)-packages/(\w+)")
_STANDARD_LIBRARY = Path(os.__file__).parent


@lru_cache(maxsize=4096)
def installed_package(module: str) -> str | None:
    """Return the package that a module came with, or None for the user's own.

    Modules of the standard library come with "Python". A package that is installed for
    development, so that its code lies elsewhere, is the user's own; so is one of
    several that share a namespace.
    """
    package = module.partition(".")[0]
    if package == "skmia":
        return "skmia"
    if package == "__main__":
        return None
    file = _file(package)
    if file is None:
        return "Python" if package in sys.builtin_module_names else None
    installed = _INSTALLED.search(Path(file).as_posix())
    if installed is not None:
        return installed[1]  # compiled modules may call themselves otherwise
    return "Python" if Path(file).is_relative_to(_STANDARD_LIBRARY) else None


def _file(package: str) -> str | None:
    """Where a package is, loaded or not; it is not imported for this."""
    file = getattr(sys.modules.get(package), "__file__", None)
    if file is not None or package in sys.modules:
        return file
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    return None if spec is None or not spec.has_location else spec.origin


def nested_code(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of a function, and of all functions and classes inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested_code(constant)


def loads_global(step: dis.Instruction) -> bool:
    """Whether an instruction takes a variable of the module by its name."""
    name = step.opname
    return name.startswith("LOAD_") and name.endswith(("GLOBAL", "GLOBALS", "NAME"))
