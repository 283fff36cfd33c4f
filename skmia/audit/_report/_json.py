"""The report as JSON."""

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from skmia.utils import atomic_write


def to_plain(value: Any) -> Any:
    """Return the same for JSON: None for what is not finite, text for objects."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return repr(value)


def write_json(path: str | os.PathLike[str], contents: Mapping[str, Any]) -> None:
    """Write plain contents to a file, whole or not at all."""
    text = json.dumps(contents, indent=2, allow_nan=False, ensure_ascii=False)
    with atomic_write(path) as file:
        # Half of a pair, which a name may hold, is an escape of JSON.
        file.write(f"{text}\n".encode(errors="backslashreplace"))


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a file of JSON, as strictly as it is written."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{os.fspath(path)} is no report of skmia: it is no JSON, or broken. Pass "
            "a file that AuditReport.to_json or `skmia audit --json` wrote."
        ) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A key is there twice.")
    return found
