"""What the values of a column of categories are called, so that none is mistaken."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import is_missing

#: Groups of missing values, and of the values that are pooled.
MISSING, OTHER = "(missing)", "(other)"


def code_by_name(values: list[Any]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Codes of values by how they are written, in the order of their kind."""
    codes = np.full(len(values), -1, dtype=np.intp)
    there = [i for i, value in enumerate(values) if not is_missing(value)]
    keys = [_key(values[i]) for i in there]
    known = sorted(set(keys))
    number = {key: code for code, key in enumerate(known)}
    codes[there] = [number[key] for key in keys]
    return codes, tuple(_show(known))


def name_values(values: Sequence[Any]) -> list[str]:
    """Names of different values."""
    return _show([_key(value) for value in values])


def _key(value: Any) -> tuple[str, bool]:
    """How a value is written, and whether it is text: "1" is not 1."""
    if isinstance(value, bytes):
        return value.decode(errors="replace"), False
    if isinstance(value, (float, np.floating)) and value % 1 == 0:
        return str(int(value)), False
    return str(value), isinstance(value, str)


def _show(keys: Sequence[tuple[str, bool]]) -> list[str]:
    """Text in quotation marks where it could be taken for something else."""
    others = {text for text, is_text in keys if not is_text}
    others |= {MISSING, OTHER}
    return [
        repr(text)
        if is_text and (text in others or text != text.strip() or not text)
        else text or repr(text)
        for text, is_text in keys
    ]
