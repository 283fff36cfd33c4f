"""Policies as TOML."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from skmia.utils import listed

T = TypeVar("T")

# A policy is a page at most; whatever is larger is something else.
_MOST_BYTES = 2**20
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def check_known(key: Any, known: Iterable[str], what: str) -> None:
    """Raise where a key is none of these, with the one it may stand for."""
    names = list(known)
    if key in names:
        return
    near = difflib.get_close_matches(key, names, 1) if isinstance(key, str) else []
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"{what} out of {listed(names, most=40)}. Got {key!r} instead.{hint}"
    )


def read_toml(
    path: str | os.PathLike[str], make: Callable[[Mapping[str, Any]], T]
) -> T:
    """Read a file and make something of it; what is wrong is said with its name."""
    path = Path(path)
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{path} is no policy: it has more than {_MOST_BYTES} bytes")
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
    # A file of nothing but brackets exhausts the parser.
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    try:
        return make(values)
    except TypeError as error:
        raise TypeError(f"{path}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def write_toml(values: Mapping[str, Any]) -> str:
    """Write values and, after them, tables of values."""
    lines = [
        f"{_key(key)} = {_value(value)}"
        for key, value in values.items()
        if not isinstance(value, Mapping)
    ]
    for key, table in values.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_key(key)}]"]
            lines += [f"{_key(name)} = {_value(item)}" for name, item in table.items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # The escapes of JSON are escapes of TOML, which takes no bare DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
