"""What a function of the user's own is made of, and what it takes from around it.

Code is told by its bytecode and by the values that it names: globals, and attributes
of modules. Names that are looked up while it runs cannot be told beforehand.
"""

import dis
import re
import types
from typing import Any, cast

from skmia.shadows._imports import imported
from skmia.shadows._packages import Refused
from skmia.utils import loads_global, nested_code

# Ways from code to all the names around it, and to what no key tells of it: its texts
# and annotations, and where it stands in its file.
_AROUND = {"__globals__", "f_globals", "f_locals", "gi_frame", "cr_frame", "ag_frame"}
_AROUND |= {"__builtins__", "__doc__", "__annotations__", "__annotate__"}
_AROUND |= {"__subclasses__", "__firstlineno__", "__static_attributes__"}
_AROUND |= {"__orig_bases__", "__parameters__", "__type_params__"}
_AROUND |= {"co_filename", "co_firstlineno", "co_lines", "co_linetable", "co_positions"}
# And to the clock.
_OUTSIDE = _AROUND | {"now", "today", "utcnow"}
# Methods, of frames for one, that find a variable by its name in a text they are given.
_BY_TEXT = {"query", "eval", "sql"}
# Functions that find an attribute by its name in a text.
_LOOKUPS = {"getattr", "attrgetter", "methodcaller"}
_TAKES = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING = ("there is no such name",)


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
        namespaces or for what is left out of a key.
    """
    found: dict[str, Any] = {}
    codes = [
        [x for x in dis.get_instructions(code) if x.opname != "EXTENDED_ARG"]
        for code in nested_code(function.__code__)
    ]
    names = {x.argval for steps in codes for x in steps if x.opcode in dis.hasname}
    for steps in codes:
        found |= imported(steps, names)
        for i, step in enumerate(steps):
            _check(step, steps[i + 1 :], bool(_LOOKUPS & names))
            if step.opcode in dis.hasname and loads_global(step):
                name, value = _resolve(function, steps[i:])
                found[name] = value
    return sorted(found.items())


def _check(
    step: dis.Instruction, after: list[dis.Instruction], has_lookups: bool
) -> None:
    """Check that a step takes nothing of which the key tells nothing."""
    if step.opname in _TAKES and (
        step.argval in _OUTSIDE
        or (step.argval in _BY_TEXT and not _is_called_empty(after[0]))
    ):
        raise Refused(f"the attribute {step.argval!r}, which looks outside")
    if step.opname == "LOAD_CONST":
        for text in _texts(step.argval):
            parts = set(re.findall(r"\w+", text))
            looks = parts & _AROUND
            if has_lookups:
                looks |= set(text.split(".")) & (_OUTSIDE | _BY_TEXT)
            if looks:
                raise Refused(f"the text {min(looks)!r}")


def _texts(constant: Any) -> list[str]:
    if isinstance(constant, tuple | frozenset):
        return [text for part in constant for text in _texts(part)]
    return [constant] if isinstance(constant, str) else []


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
    else:
        step = steps[-1]
    if isinstance(value, types.ModuleType) and step.opname.startswith("POP_JUMP"):
        return name, "a module that was found"  # as `if pl is not None` asks
    return name, value
