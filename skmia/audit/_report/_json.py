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
        file.write(f"{text}\n".encode())


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the contents of a report; an error where a file holds anything else."""
    with open(path, encoding="utf-8") as file:
        contents = json.load(file)
    return contents
