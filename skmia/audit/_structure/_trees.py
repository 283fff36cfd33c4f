"""How few rows share a leaf, or all of their leaves, and which classes they have."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skmia._tables import Hashes, mix, n_rows
from skmia.audit._structure._leaves import Leaves, Tree, Trees
from skmia.audit._structure._parts import Part

_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Known:
    """What is known of the training rows beside their columns.

    Attributes
    ----------
    labels : ndarray of int or None
        Class of each row, as a number.
    persons : ndarray of int or None
        Whose each row is; None where each is of its own.
    """

    labels: NDArray[np.intp] | None = None
    persons: NDArray[np.intp] | None = None

    @property
    def n_persons(self) -> int | None:
        """Persons whose rows these are, where that is known."""
        return None if self.persons is None else len(np.unique(self.persons))


@dataclass
class Measured:
    """What was counted in the trees at one place.

    Leaves are counted over all trees: `n_leaves` as the trees say, `n_used` with a
    training row in them. `small`, `smallest`, `rows_in_small`, `pure` and
    `rows_in_pure` are by the training rows that fall into a leaf, None where these are
    not known; `small_stored`, `smallest_stored` and `pure_stored` by what the trees
    store of their fit, None where they store nothing.
    """

    n_trees: int = 0
    n_read: int = 0
    n_leaves: int = 0
    n_used: int = 0
    n_rows: int = 0
    small: int | None = None
    smallest: int | None = None
    rows_in_small: int = 0
    small_stored: int | None = None
    smallest_stored: int | None = None
    n_leaves_stored: int = 0
    pure: int | None = None
    rows_in_pure: int = 0
    pure_stored: int | None = None
    rows_in_few: int | None = None
    alone: int = 0
    smallest_path: int | None = None
    rows_of_one_class: int | None = None
    n_parameters: int | None = 0
    by_answers: bool = False
    mismatch: str = ""
    reasons: list[str] = field(default_factory=list)

    @property
    def all_read(self) -> bool:
        """Whether every tree was looked at."""
        return self.n_read == self.n_trees


class _Totals:
    """Sums over trees, of rows in small leaves and in leaves of one class."""

    def __init__(self, n: int) -> None:
        self.in_small = np.zeros(n, dtype=bool)
        self.in_pure = np.zeros(n, dtype=bool)
        self.path: Hashes = np.zeros(n, dtype=np.uint64)


def measure_trees(
    parts: Sequence[tuple[Part, Trees]], known: Known, k: int, max_trees: int
) -> Measured:
    """Count in all trees at one place, in `max_trees` of them at most."""
    found = Measured(n_trees=sum(trees.n_trees for _, trees in parts))
    found.by_answers = any(trees.by_answers for _, trees in parts)
    with_rows = all(part.X is not None for part, _ in parts)
    totals = None
    if with_rows:
        found.n_rows = n_rows(parts[0][0].X)
        totals = _Totals(found.n_rows)
    else:
        found.reasons = list(
            dict.fromkeys(part.why for part, _ in parts if part.X is None)
        )
    for part, trees in parts:
        left = max_trees - found.n_read
        if left <= 0:
            break
        for tree in trees.read(part.X if with_rows else None, left):
            _add(found, tree, known, k, totals)
            if not (part.repeats or trees.repeats):
                _compare(found, tree, part.whole and trees.all_rows)
    if totals is not None:
        _finish(found, totals, known, k)
    return found


def _add(
    found: Measured, tree: Tree, known: Known, k: int, totals: _Totals | None
) -> None:
    found.n_read += 1
    if tree.n_parameters is None or found.n_parameters is None:
        found.n_parameters = None
    else:
        found.n_parameters += tree.n_parameters
    if tree.n_leaves is not None:
        found.n_leaves += tree.n_leaves
    if tree.counts is not None:
        sizes = tree.counts[tree.counts > 0]
        found.small_stored = (found.small_stored or 0) + int((sizes < k).sum())
        found.n_leaves_stored += len(sizes)
        if len(sizes):
            found.smallest_stored = _least(found.smallest_stored, int(sizes.min()))
    if tree.pure is not None:
        found.pure_stored = (found.pure_stored or 0) + int(tree.pure.sum())
    if tree.leaves is None or totals is None:
        return
    sizes = count_units(tree.leaves, known.persons)
    used = sizes > 0
    found.n_used += int(used.sum())
    small = used & (sizes < k)
    found.small = (found.small or 0) + int(small.sum())
    if used.any():
        found.smallest = _least(found.smallest, int(sizes[used].min()))
    totals.in_small |= small[tree.leaves]
    if known.labels is not None:
        pure = used & _of_one_class(tree.leaves, known.labels, len(sizes))
        found.pure = (found.pure or 0) + int(pure.sum())
        totals.in_pure |= pure[tree.leaves]
    steps = mix((tree.leaves.astype(np.uint64) + np.uint64(1)) * _STEP)
    totals.path = mix(totals.path ^ steps)


def _least(known: int | None, other: int) -> int:
    return other if known is None else min(known, other)


def count_units(groups: Leaves, persons: NDArray[np.intp] | None) -> NDArray[np.intp]:
    """Count the rows in each group, or the persons."""
    if persons is not None:
        n = int(persons.max(initial=0)) + 1
        pairs = np.unique(groups.astype(np.int64) * n + persons)
        return np.bincount(pairs // n, minlength=int(groups.max(initial=-1)) + 1)
    return np.bincount(groups)


def _of_one_class(
    groups: Leaves, labels: NDArray[np.intp], n_groups: int
) -> NDArray[np.bool_]:
    n_classes = int(labels.max(initial=0)) + 1
    cells = np.bincount(groups * n_classes + labels, minlength=n_groups * n_classes)
    return np.count_nonzero(cells.reshape(n_groups, n_classes), axis=1) == 1


def _compare(found: Measured, tree: Tree, whole: bool) -> None:
    """Compare the rows in each leaf with what the tree stores of its fit."""
    if found.mismatch or tree.leaves is None or tree.counts is None:
        return
    fallen = np.bincount(tree.leaves, minlength=len(tree.counts))
    total = int(tree.counts.sum())
    n = len(tree.leaves)
    if len(fallen) > len(tree.counts) or (tree.counts > fallen).any():
        found.mismatch = (
            f"a tree stores leaves with more rows than fall into them of the {n:,} "
            f"that were passed (it was grown on {total:,})"
        )
    elif whole and (tree.counts != fallen).any():
        found.mismatch = (
            f"a tree was grown on {total:,} rows, and {n:,} were passed, which fall "
            "into other leaves"
        )


def _finish(found: Measured, totals: _Totals, known: Known, k: int) -> None:
    found.rows_in_small = int(totals.in_small.sum())
    found.rows_in_pure = int(totals.in_pure.sum())
    _, path = np.unique(totals.path, return_inverse=True)
    sizes = count_units(path, known.persons)
    of_row = sizes[path]
    found.rows_in_few = int((of_row < k).sum())
    found.alone = int((of_row == 1).sum())
    found.smallest_path = int(sizes.min()) if len(sizes) else None
    if known.labels is not None:
        pure = _of_one_class(path, known.labels, len(sizes))
        found.rows_of_one_class = int(pure[path].sum())
