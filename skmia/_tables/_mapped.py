"""Rows of arrays that are mapped from a file, without holding the file in memory."""

import mmap
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

# Bytes that are read before their pages are given back.
_BLOCK = 2**25


def is_mapped(X: Any) -> TypeGuard[NDArray]:
    """Whether X is read from a file, and pages of it can be given back at any time.

    Not where it can be written to: what was written into a private map is in its
    pages alone. Nor where its rows are not one after the other in the file.
    """
    return (
        isinstance(X, np.memmap)
        and X.mode == "r"
        and X.flags.c_contiguous
        and X.nbytes > _BLOCK
        and _map_of(X) is not None
    )


def copy_mapped_rows(X: NDArray, rows: NDArray[np.intp]) -> NDArray:
    """Return ``X[rows]``, with at most a block of X in memory beside it.

    Rows are read in the order of the file, whatever that of `rows`.
    """
    taken = np.empty((len(rows), *X.shape[1:]), X.dtype)
    values = X.view(np.ndarray)
    # Positions from the end, and beyond it, as NumPy takes them.
    rows = np.arange(len(X))[rows]
    order = np.argsort(rows, kind="stable")
    step = max(_BLOCK * len(X) // X.nbytes, 1)
    bounds = np.searchsorted(rows[order], np.arange(0, len(X) + step, step))
    file = _map_of(X)
    for start, stop in pairwise(bounds):
        if start < stop:
            block = order[start:stop]
            taken[block] = values[rows[block]]
            # The system keeps them, if it has room, and needs no copy of them.
            file.madvise(mmap.MADV_DONTNEED)
    return taken


def _map_of(X: Any) -> Any:
    """Return the map behind an array; None where its pages cannot be given back."""
    while isinstance(X, np.ndarray):
        X = X.base
    can_give_back = isinstance(X, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED")
    return X if can_give_back else None
