"""Of two sets of rows: what figures are about, and what the model has seen."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    ComparableRows,
    Counts,
    Hashes,
    Persons,
    any_copy,
    any_seen,
    comparable_rows,
    count_sides,
    find_near_copies,
    n_rows,
    occurs_once,
    split_persons,
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
        Whether a row, a copy or a near copy of it is a member, or a row of its person.
    copies : ComparableRows
        Which rows have no copy, and what else there is.
    n_near : (int, int)
        Rows left out since others nearly equal them.
    resolution : str
        At which they do.
    split : ndarray of bool
        Rows of persons who have rows on both sides, which are left out.
    """

    kept: NDArray[np.intp]
    seen: NDArray[np.bool_]
    copies: ComparableRows
    n_near: Counts
    resolution: str
    split: NDArray[np.bool_]


def choose_rows(
    X: Any,
    y: NDArray,
    hashes: Hashes,
    member: NDArray[np.bool_],
    persons: Persons | None = None,
) -> ChosenRows:
    """Choose by one rule for both sides; either may be left without rows."""
    split = split_persons(member, persons)
    copies = comparable_rows(hashes, member, persons).without(split)
    kept = np.flatnonzero(copies.keep)
    # A copy: where no row has one, the sides themselves come back.
    seen = any_seen(member[None], hashes, persons)[0].copy()
    of = None if persons is None else persons[kept]
    near = None
    if len(kept):
        near = find_near_copies(take_kept(X, kept), y[kept], member[kept], of)
    if near is None:
        return ChosenRows(kept, seen, copies, (0, 0), "", split)
    # Equal at this resolution is equal, by the same rule.
    once = occurs_once(near.hashes, of)
    n_near = count_sides(~once, member[kept])
    seen[kept] |= any_copy(member[None, kept], near.hashes)[0]
    seen = any_seen(seen[None], None, persons)[0]
    return ChosenRows(kept[once], seen, copies, n_near, near.resolution, split)


def digest_rows(hashes: Hashes, kept: NDArray[Any]) -> str:
    """Text that is the same for the same rows in the same order."""
    content = np.ascontiguousarray(hashes[kept]).astype("<u8").tobytes()
    return hashlib.sha256(content).hexdigest()


def take_kept(X: Any, kept: NDArray[np.intp]) -> Any:
    """Rows at `kept`, without a copy where these are all rows."""
    return X if len(kept) == n_rows(X) else take_rows(X, kept)
