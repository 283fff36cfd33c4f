"""Of two sets of rows: what figures are about, and what the model has seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    ComparableRows,
    Counts,
    Hashes,
    any_copy,
    comparable_rows,
    count_sides,
    find_near_copies,
    n_rows,
    occurs_once,
    take_rows,
)


@dataclass(frozen=True)
class ChosenRows:
    """Which rows figures are about, and why not the others.

    Attributes
    ----------
    kept : ndarray of int
        Positions of the rows that figures are about.
    seen : ndarray of bool
        Whether a row, a copy or a near copy of it is a member.
    copies : ComparableRows
        Which rows have no copy, and what else there is.
    n_near : (int, int)
        Rows left out since others nearly equal them.
    resolution : str
        At which they do.
    """

    kept: NDArray[np.intp]
    seen: NDArray[np.bool_]
    copies: ComparableRows
    n_near: Counts
    resolution: str


def choose_rows(
    X: Any, y: NDArray, hashes: Hashes, member: NDArray[np.bool_]
) -> ChosenRows:
    """Choose by one rule for both sides; either may be left without rows."""
    copies = comparable_rows(hashes, member)
    kept = np.flatnonzero(copies.keep)
    seen = any_copy(member[None], hashes)[0]
    near = find_near_copies(take_kept(X, kept), y[kept], member[kept])
    if near is None:
        return ChosenRows(kept, seen, copies, (0, 0), "")
    # Equal at this resolution is equal, by the same rule.
    once = occurs_once(near.hashes)
    n_near = count_sides(~once, member[kept])
    seen[kept] = any_copy(member[None, kept], near.hashes)[0]
    return ChosenRows(kept[once], seen, copies, n_near, near.resolution)


def take_kept(X: Any, kept: NDArray[np.intp]) -> Any:
    """Rows at `kept`, without a copy where these are all rows."""
    return X if len(kept) == n_rows(X) else take_rows(X, kept)
