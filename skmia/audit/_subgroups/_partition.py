"""Columns as groups of records: numbers cut, rare values pooled, columns crossed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skmia.audit._subgroups._columns import Column, IndexArray
from skmia.audit._subgroups._names import MISSING, OTHER

# A column of numbers with no more values than this is taken as it is.
_FEW_VALUES = 10


@dataclass(frozen=True)
class Partition:
    """The group of each record, by its number, and what was done to make them."""

    codes: IndexArray
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.codes) == 0 or self.codes.max() < len(self.names)


def partition(columns: Sequence[Column], n_bins: int, max_groups: int) -> Partition:
    """Every group of one column, or of the combinations of several that occur."""
    parts = [_split(column, n_bins) for column in columns]
    notes = [note for part in parts for note in part.notes]
    titles = [
        [f"{column.name} {name}" for name in part.names]
        for column, part in zip(columns, parts, strict=True)
    ]
    shape = [len(part.names) for part in parts]
    flat = np.zeros(len(parts[0].codes), dtype=np.intp)
    for part, size in zip(parts, shape, strict=True):
        # Numbered anew at each step: all combinations may be more than a number holds.
        _, flat = np.unique(flat * size + part.codes, return_inverse=True)
    _, first = np.unique(flat, return_index=True)
    names = [
        ", ".join(t[p.codes[i]] for t, p in zip(titles, parts, strict=True))
        for i in first
    ]
    return _pool(Partition(flat, tuple(names), tuple(notes)), columns, max_groups)


def _split(column: Column, n_bins: int) -> Partition:
    codes, names, notes = _values(column, n_bins)
    missing = column.missing
    if missing.any():
        codes = np.where(missing, len(names), codes)
        names = [*names, f"= {MISSING}"]
    return Partition(codes, tuple(names), tuple(notes))


def _values(column: Column, n_bins: int) -> tuple[IndexArray, list[str], list[str]]:
    if column.codes is not None:
        names = [f"= {name}" for name in column.categories]
        return column.codes, names, []
    assert column.numbers is not None
    known = column.numbers[~column.missing]
    values = np.unique(known)
    if len(values) <= _FEW_VALUES:
        codes = np.searchsorted(values, column.numbers).clip(max=len(values) - 1)
        return codes, [f"= {column.show(value)}" for value in values], []
    cuts = _cuts(column, known, values, n_bins)
    codes = np.searchsorted(cuts, column.numbers, side="right")
    shown = [column.show(cut) for cut in cuts]
    names = [f"< {shown[0]}"]
    names += [f"{a} to < {b}" for a, b in pairwise(shown)]
    names.append(f">= {shown[-1]}")
    note = (
        f"{column.name} has {len(values):,} values and was cut into {len(names)} "
        f"groups of about as many records, at {', '.join(shown)}."
    )
    return codes, names, [note]


def _cuts(column: Column, known: np.ndarray, values: np.ndarray, n_bins: int) -> list:
    """Where a column is cut: at quantiles of all records, members or not."""
    at = np.quantile(known, np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    places = np.unique(np.searchsorted(values, at, side="right"))
    places = places[(places > 0) & (places < len(values))]
    if not len(places):
        places = np.array([len(values) - 1])
    cuts = [column.cut_between(values[i - 1], values[i]) for i in places]
    return sorted(set(cuts))


def _pool(found: Partition, columns: Sequence[Column], max_groups: int) -> Partition:
    """The largest groups, and the others as one."""
    n = len(found.names)
    if n <= max_groups:
        return found
    sizes = np.bincount(found.codes, minlength=n)
    order = np.argsort(-sizes, kind="stable")
    kept = np.sort(order[: max_groups - 1])
    number = np.full(n, len(kept), dtype=np.intp)
    number[kept] = np.arange(len(kept))
    of = " and ".join(column.name for column in columns)
    n_pooled = len(found.codes) - sizes[kept].sum()
    note = (
        f"{of} has {n:,} values or combinations. The {len(kept)} most frequent are "
        f"groups of their own; the others, {n_pooled:,} records, are "
        f"pooled as {OTHER}. Pass a larger max_groups to see more of them."
    )
    names = (*(found.names[i] for i in kept), OTHER)
    return Partition(number[found.codes], names, (*found.notes, note))
