"""Which models of a cross-validation may serve as each other's shadows.

A shadow must not tell who the target's members are. The folds of one k-fold run do: a
record that is held out in none of the others is held out here.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]

MIN_SHADOWS = 4  # what an attack with shadow models takes at least
# Correlation of the target's membership with the shadows' IN count, or with the
# membership of one shadow, in standard errors, from which on the splits are not
# independent. Chance gets there once in 16,000 targets, and in 1.7 million pairs.
_MAX_Z_COUNT = 4.0
_MAX_Z_PAIR = 5.0


def independent_splits(member: BoolArray, held_out: BoolArray) -> list[IndexArray]:
    """The shadows that every model of a cross-validation has among the others.

    Parameters
    ----------
    member : ndarray of bool of shape (n_splits, n_records)
        Whether a model was trained on a record, or on a copy of it.
    held_out : ndarray of bool of shape (n_splits, n_records)
        The test rows of every split, in the order they were drawn in.

    Returns
    -------
    list of ndarray of int
        Positions of the shadows of each model; an empty list where there are too few,
        or where they would reveal the target's members. Large groups that are
        drawn whole can look so by chance.
    """
    block = _blocks(held_out)
    shadows = [np.flatnonzero(block != block[k]) for k in range(len(block))]
    if min(len(others) for others in shadows) < MIN_SHADOWS:
        return []
    for k, others in enumerate(shadows):
        held = member[others].astype(np.float64)
        if (
            _z(held.sum(axis=0, keepdims=True), member[k]).max() > _MAX_Z_COUNT
            or _z(held, member[k]).max() > _MAX_Z_PAIR
        ):
            return []
    return shadows


def _blocks(held_out: BoolArray) -> IndexArray:
    """Number the runs of consecutive splits whose test rows do not overlap.

    The folds of one repeat of a k-fold are such a run; splits that are drawn one by
    one are each a run of its own, but for tiny test sets.
    """
    block = np.zeros(len(held_out), dtype=np.intp)
    covered = held_out[0].copy()
    for k in range(1, len(held_out)):
        block[k] = block[k - 1]
        if (covered & held_out[k]).any():
            block[k] += 1
            covered[:] = False
        covered |= held_out[k]
    return block


def _z(rows: NDArray[np.float64], member: BoolArray) -> NDArray[np.float64]:
    """Correlation of each row with the membership, in standard errors."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    target = member - member.mean()
    norm = np.sqrt((rows**2).sum(axis=1) * (target**2).sum())
    # A row that is the same for all records tells nothing.
    r = np.divide(rows @ target, norm, out=np.zeros(len(rows)), where=norm > 0)
    return np.abs(r) * np.sqrt(len(member))


def draw_models(eligible: BoolArray, rng: np.random.RandomState) -> IndexArray:
    """For every record one of the models it is eligible for, -1 where there is none."""
    keys = np.where(eligible, rng.uniform(size=eligible.shape), -1.0)
    return np.where(eligible.any(axis=0), keys.argmax(axis=0), -1)


def masks(indices: Sequence[NDArray], n: int) -> BoolArray:
    """Index arrays as rows of a bool matrix."""
    mask = np.zeros((len(indices), n), dtype=bool)
    for row, positions in zip(mask, indices, strict=True):
        row[positions] = True
    return mask
