"""What code takes from the modules that it imports while it runs.

Such a module is a local variable, which may be handed on. Each name that the code has
anywhere counts as one that it takes from the module, if there is one of that name.
"""

import dis
import importlib
import types
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from skmia.shadows._packages import READS, Refused, is_told_by_version

_TAKES = ("LOAD_ATTR", "LOAD_METHOD")


def imported(steps: list[dis.Instruction], names: set[str]) -> dict[str, Any]:
    """Return what code takes from the modules it imports, each by its dotted name.

    Parameters
    ----------
    steps : list of dis.Instruction
        The code.
    names : set of str
        All names in it, and in the code that is nested in it.

    Raises
    ------
    Refused
        If a module is not told by a version, or is used as a whole.
    """
    modules: dict[str, types.ModuleType] = {}
    variables: set[str] = set()
    for i, step in enumerate(steps):
        if step.opname == "IMPORT_NAME":
            # Two steps before, the level is loaded: 0 where it is not relative.
            module = _module(step.argval, steps[i - 2].argval)
            modules[step.argval] = module
            root = step.argval.partition(".")[0]
            modules[root] = _module(root, 0)
            variables |= _stored(steps[i + 1])
        elif step.opname == "IMPORT_FROM":
            found = getattr(module, step.argval, None)
            if isinstance(found, types.ModuleType):
                modules[found.__name__] = found
                variables |= _stored(steps[i + 1])
    if not modules:
        return {}
    for name in names:  # any of them may be one of the module's
        if READS.match(name):
            raise Refused(f"{name!r}, whose answer may come from outside")
    for step, after in pairwise(steps):
        for variable in variables & set(_loaded(step)):
            if after.opname not in _TAKES or _loaded(step)[-1] != variable:
                raise Refused(
                    f"the module {variable!r} as a whole, imported inside a function"
                )
    return dict(_taken(modules, names))


def _module(name: str, level: Any) -> types.ModuleType:
    if level == 0 and is_told_by_version(name):
        try:
            return importlib.import_module(name)
        except ImportError as error:
            raise Refused(f"the import of {name!r} ({error})") from error
    raise Refused(
        f"the import of {name!r} inside a function, which belongs to the top of its "
        "file"
    )


def _stored(step: dis.Instruction) -> set[str]:
    """Return the variable that a step keeps a module in."""
    if not step.opname.startswith("STORE"):
        return set()
    # Of later versions of Python, some steps store and load.
    return {step.argval[0] if isinstance(step.argval, tuple) else step.argval}


def _loaded(step: dis.Instruction) -> tuple[str, ...]:
    """Return the variables that a step loads."""
    if step.opname.startswith("STORE_FAST_LOAD"):
        return (step.argval[1],)
    if not step.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_NAME")):
        return ()
    return step.argval if isinstance(step.argval, tuple) else (step.argval,)


def _taken(
    modules: dict[str, types.ModuleType], names: set[str]
) -> Iterator[tuple[str, Any]]:
    waiting = list(modules.items())
    met = set(modules)
    while waiting:
        path, module = waiting.pop()
        for name in sorted(names):
            value = getattr(module, name, None)
            if value is None:
                continue
            if not isinstance(value, types.ModuleType):
                yield f"{path}.{name}", value
            elif value.__name__ not in met:
                met.add(value.__name__)
                waiting.append((value.__name__, value))
