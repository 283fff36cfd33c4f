"""Which models of a cross-validation may serve as each other's shadows.

A shadow must not tell who the target's members are. The folds of one k-fold run do: a
record that is held out in none of the others is held out here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln
from scipy.stats import chi2, norm, t

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

MIN_SHADOWS = 4  # what an attack with shadow models takes at least
# Chance of an error, from which on the splits are not independent: of the correlation
# of the target's membership with the shadows' IN count (4 standard errors of many
# records) or with one shadow (5 standard errors).
_ERROR_COUNT = 2 * norm.sf(4.0)
_ERROR_PAIR = 2 * norm.sf(5.0)
# Test rows that chance keeps apart less often are folds of one run.
_ERROR_APART = 1e-4
_SEVERAL_RUNS = (
    "Pass cv=RepeatedStratifiedKFold(n_repeats=5), or StratifiedShuffleSplit with 10 "
    "splits or more, to cross_validate."
)
# Fewer rows or groups that move by themselves show no dependence.
_FEWEST_UNITS = 20


@dataclass(frozen=True)
class Shadows:
    """The shadows of every model, by position, or why there are none."""

    of: list[IndexArray]
    problem: str = ""

    @property
    def targets(self) -> IndexArray:
        """Models that have shadows."""
        return np.flatnonzero([len(others) > 0 for others in self.of])


def find_shadows(member: BoolArray, held_out: BoolArray) -> Shadows:
    """Find the shadows that every model of a cross-validation has among the others.

    Parameters
    ----------
    member : ndarray of bool of shape (n_splits, n_records)
        Whether a model was trained on a record.
    held_out : ndarray of bool of shape (n_splits, n_records)
        The test rows of every split, in the order they were drawn in.

    Returns
    -------
    Shadows
        Positions of the shadows of each model, empty where there are too few; empty for
        all where the splits reveal each other's members, with the problem in words.
    """
    block = _join_folds(held_out, 1.0)
    size = _effective_size(member, held_out, block)
    if size < member.shape[1]:
        # Groups keep apart by chance more often than rows do.
        block = _join_folds(held_out, size / member.shape[1])
        size = _effective_size(member, held_out, block)
    none = [np.empty(0, dtype=np.intp)] * len(block)
    if not block.any():
        return Shadows(
            none,
            "The splits are folds of one run: who is in the others tells who is in "
            f"one. {_SEVERAL_RUNS}",
        )
    others = [np.flatnonzero(block != block[k]) for k in range(len(block))]
    shadows = [them if len(them) >= MIN_SHADOWS else none[0] for them in others]
    if not any(map(len, shadows)):
        return Shadows(
            none,
            f"An attack with shadow models takes {MIN_SHADOWS} models besides the "
            f"folds of its own run, and no split has so many. {_SEVERAL_RUNS}",
        )
    if (
        _totals_are_dependent(member, block, size)
        or _pairs_are_dependent(member, block, size)
        or any(
            _tells_members(member, k, them, size)
            for k, them in enumerate(shadows)
            if len(them)
        )
    ):
        return Shadows(
            none,
            "Who is in one split goes with who is in the others, by more than chance: "
            "splits are there twice, or balanced against each other, or move few large "
            "groups of rows. Draw every split, or every run of folds, by itself and "
            "with a seed of its own.",
        )
    return Shadows(shadows)


def _runs(held_out: BoolArray) -> IndexArray:
    """Number the runs of consecutive splits whose test rows do not overlap.

    The folds of one repeat of a k-fold are such a run; splits that are drawn one by
    one are each a run of its own, but for tiny test sets.
    """
    run = np.zeros(len(held_out), dtype=np.intp)
    covered = held_out[0].copy()
    for k in range(1, len(held_out)):
        run[k] = run[k - 1]
        if (covered & held_out[k]).any():
            run[k] += 1
            covered[:] = False
        covered |= held_out[k]
    return run


def _join_folds(held_out: BoolArray, share: float) -> IndexArray:
    """Number the runs of folds: where test rows keep apart as chance seldom has it.

    So the folds of a repeat are found in any order, and where some are missing; small
    ones only where they stand next to each other.
    `share` is the number of rows that move by themselves, as a share of all.
    """
    runs = _runs(held_out)
    n = held_out.shape[1] * share
    sizes = held_out.sum(axis=1) * share
    overlap = held_out.astype(np.float32) @ held_out.T.astype(np.float32)
    # Hypergeometric chance that none of the rows of one is in the other.
    left = np.maximum(n - sizes[:, None] - sizes, 0)
    chance = _log_binomial(left + sizes, sizes) - _log_binomial(n, sizes)
    chance = np.where(left > 0, chance, -np.inf)
    apart = (overlap == 0) & (chance < np.log(_ERROR_APART))
    return connected_components(apart | (runs[:, None] == runs), directed=False)[1]


def _log_binomial(n: FloatArray | float, k: FloatArray) -> FloatArray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _effective_size(member: BoolArray, held_out: BoolArray, block: IndexArray) -> float:
    """Count the rows that move by themselves: those of a group count once.

    A row has partners, which are on the same side in every split. Those that chance
    does not explain are of its group. Where so few groups are left that they could show
    no dependence, every row counts.
    """
    n = member.shape[1]
    sides = member.astype(np.int8) + 2 * held_out.astype(np.int8)
    chance = 1.0
    for number in np.unique(block):
        chance *= _partners(sides[block == number]) / (n - 1)
    partners = _partners(sides) - (n - 1) * chance
    size = n / (1 + max(partners, 0.0))
    return size if size >= _FEWEST_UNITS else float(n)


def _partners(sides: NDArray[np.int8]) -> float:
    """Mean number of other records that are on the same side in all these splits."""
    columns = np.ascontiguousarray(sides.T).view(np.dtype((np.void, len(sides))))
    counts = np.unique(columns, return_counts=True)[1]
    return float((counts * (counts - 1.0)).sum() / counts.sum())


def _totals_are_dependent(member: BoolArray, block: IndexArray, size: float) -> bool:
    """Whether the number of models that hold a record spreads as chance has it.

    A balanced design spreads it less; splits that are there twice spread it more. This
    sees a small correlation that all targets have.
    """
    counts = np.stack([member[block == b].sum(axis=0) for b in np.unique(block)])
    spread = counts.var(axis=1)
    if np.count_nonzero(spread) < 2:
        return False  # complete repeats hold every record equally often
    ratio = (size - 1) * counts.sum(axis=0).var() / spread.sum()
    tails = chi2.cdf(ratio, size - 1), chi2.sf(ratio, size - 1)
    return bool(2 * min(tails) < _ERROR_COUNT)


def _pairs_are_dependent(member: BoolArray, block: IndexArray, size: float) -> bool:
    """Whether splits, one of each run, go together in pairs by more than chance."""
    first = member[np.unique(block, return_index=True)[1]]
    first = first[first.any(axis=1) & ~first.all(axis=1)]
    n = len(first)
    if n < 2:
        return False
    squares = np.asarray(np.corrcoef(first))[np.triu_indices(n, 1)] ** 2
    return bool(chi2.sf((size - 1) * squares.sum(), len(squares)) < _ERROR_COUNT)


def _tells_members(member: BoolArray, k: int, others: IndexArray, size: float) -> bool:
    """Whether the shadows' IN count, or one of them, tells who is in model `k`."""
    held = member[others].astype(np.float64)
    count = held.sum(axis=0, keepdims=True)
    return bool(
        _chance(count, member[k], size).min() < _ERROR_COUNT
        or _chance(held, member[k], size).min() < _ERROR_PAIR
    )


def _chance(rows: FloatArray, member: BoolArray, size: float) -> FloatArray:
    """How often chance correlates each row with the membership as strongly.

    By Student's t, so that a membership that is determined is never put down to chance.
    """
    rows = rows - rows.mean(axis=1, keepdims=True)
    target = member - member.mean()
    norms = np.sqrt((rows**2).sum(axis=1) * (target**2).sum())
    # A row that is the same for all records tells nothing.
    r = np.divide(rows @ target, norms, out=np.zeros(len(rows)), where=norms > 0)
    left = np.maximum(1 - r**2, 0)
    left[left < 1e-9] = 0  # rounding
    freedom = max(size - 2, 1)
    with np.errstate(divide="ignore"):
        statistic = np.abs(r) * np.sqrt(freedom / left)
    return 2 * t.sf(np.nan_to_num(statistic, posinf=np.inf), freedom)


def masks(indices: Sequence[NDArray], n: int) -> BoolArray:
    """Index arrays as rows of a bool matrix."""
    mask = np.zeros((len(indices), n), dtype=bool)
    for row, positions in zip(mask, indices, strict=True):
        row[positions] = True
    return mask
