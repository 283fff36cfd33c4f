"""Fit metadata: values that belong to rows travel with them."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from skmia.utils._rows import n_rows, take_rows


def slice_metadata(params: Mapping[str, Any], rows: NDArray, n: int) -> dict[str, Any]:
    """`params` for the chosen `rows` of `n`: what has one value per row is sliced."""
    return {
        name: take_rows(value, rows) if _per_row(value, n) else value
        for name, value in params.items()
    }


def _per_row(value: Any, n: int) -> bool:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__len__"):
        return False
    return n_rows(value) == n
