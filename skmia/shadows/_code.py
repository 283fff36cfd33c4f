"""What a function of the user's own is made of, and what it takes from around it.

Code is told by its bytecode and by the values that it names: globals, and attributes
of modules. Names that are looked up while it runs cannot be told beforehand.
"""

import dis
import types
from typing import Any, cast

from skmia.shadows._packages import READS, is_told_by_version
from skmia.utils import loads_global, nested_code

# Ways from code to all the names around it, and to the clock.
_OUTSIDE = {"__globals__", "f_globals", "gi_frame", "cr_frame", "ag_frame"}
_OUTSIDE |= {"now", "today", "utcnow"}
# Methods, of frames for one, that find a variable by its name in a text they are given.
_BY_TEXT = {"query", "eval", "sql"}
_TAKES = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING = ("there is no such name",)


class Refused(Exception):
    """What was met that no key can be made of, and the code that names it."""

    named_by = ""

    def __str__(self) -> str:
        named_by = f", which {self.named_by} refers to" if self.named_by else ""
        return f"{self.args[0]}{named_by}"


def code_parts(code: types.CodeType) -> tuple[Any, ...]:
    """Return what `code` does, but for where it stands in its file."""
    layout = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    constants = [_constant(constant) for constant in code.co_consts]
    flow = (code.co_code, code.co_exceptiontable, code.co_flags)
    return (*flow, layout, names, constants)


def _constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return code_parts(value)
    if isinstance(value, frozenset):  # whose order differs between processes
        return "frozenset", sorted(map(repr, value))
    # Of plain types only. Compiled, equal tuples are one; read from a file, they may
    # not be.
    return repr(value)


def references(function: types.FunctionType) -> list[tuple[str, Any]]:
    """Return the values that `function` names, each under its dotted name.

    Raises
    ------
    Refused
        If it imports while it runs what is not told by a version, or reaches for
        namespaces.
    """
    found: dict[str, Any] = {}
    for code in nested_code(function.__code__):
        steps = [x for x in dis.get_instructions(code) if x.opname != "EXTENDED_ARG"]
        _check_imports(steps)
        for i, step in enumerate(steps):
            if step.opname in _TAKES and (
                step.argval in _OUTSIDE
                or (step.argval in _BY_TEXT and not _is_called_empty(steps[i + 1]))
            ):
                raise Refused(f"the attribute {step.argval!r}, which looks outside")
            if step.argval == "__globals__":  # for getattr
                raise Refused("the text '__globals__'")
            if step.opcode in dis.hasname and loads_global(step):
                name, value = _resolve(function, steps[i:])
                found[name] = value
    return sorted(found.items())


def _is_called_empty(step: dis.Instruction) -> bool:
    """Whether what was taken is called without an argument."""
    return step.opname in ("PRECALL", "CALL") and step.arg == 0


def _resolve(
    function: types.FunctionType, steps: list[dis.Instruction]
) -> tuple[str, Any]:
    """Follow a global name, and from a module on the attributes that are taken."""
    name = steps[0].argval
    value = function.__globals__.get(name, _NOTHING)
    if value is _NOTHING:
        value = cast(Any, function).__builtins__.get(name, _NOTHING)
    for step in steps[1:]:
        if not isinstance(value, types.ModuleType) or step.opname not in _TAKES:
            break
        name = f"{name}.{step.argval}"
        value = getattr(value, step.argval, _NOTHING)
    return name, value


def _check_imports(steps: list[dis.Instruction]) -> None:
    imports = [i for i, step in enumerate(steps) if step.opname == "IMPORT_NAME"]
    for i in imports:
        # Two steps before, the level is loaded: 0 where the import is not relative.
        if steps[i - 2].argval != 0 or not is_told_by_version(steps[i].argval):
            raise Refused(
                f"the import of {steps[i].argval!r} inside a function, which belongs "
                "to the top of its file"
            )
    if imports:  # and then any attribute may be one of the module's
        for step in steps:
            if step.opcode in dis.hasname and READS.match(step.argval):
                raise Refused(f"{step.argval!r}, whose answer may come from outside")
