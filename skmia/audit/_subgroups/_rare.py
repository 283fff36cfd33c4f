"""Categories of too few records to be judged, and what is said of them."""

from collections.abc import Sequence

import numpy as np

from skmia.audit._subgroups._columns import BoolArray, Column
from skmia.audit._subgroups._sample import Sample


def too_rare(column: Column, sample: Sample, min_size: int) -> BoolArray | None:
    """Which categories have too few members or non-members; None of numbers."""
    if column.codes is None:
        return None
    known = column.codes >= 0
    small = np.zeros(len(column.categories), dtype=bool)
    for side in (sample.member, ~sample.member):
        weight = sample.weight[known] * side[known]
        sizes = np.bincount(column.codes[known], weight, minlength=len(small))
        # A person's rows weigh one together, but for rounding.
        small |= sizes < min_size - 1e-9
    return small


def notes_on_rare(
    columns: Sequence[Column], sample: Sample, searched: BoolArray, min_size: int
) -> list[str]:
    """What was not looked at, of all columns."""
    unread, pooled = [], []
    for column in columns:
        rare = too_rare(column.take(searched), sample, min_size)
        if rare is None or column.codes is None or not rare.any():
            continue
        if rare.all():
            unread.append(f"{column.name} ({len(rare):,} values)")
            continue
        n_records = int(rare[column.codes[column.codes >= 0]].sum())
        of = "category" if rare.sum() == 1 else "categories"
        pooled.append(
            f"{int(rare.sum()):,} {of} of {column.name} ({n_records:,} records)"
        )
    enough = f"{min_size} members and {min_size} non-members in the half to search"
    notes = []
    if unread:
        notes.append(
            f"Not looked at, with too many values: {_some(unread)}. None of them has "
            f"{enough}. Dates that are text need the form 2024-12-31, and amounts "
            "that are text have to be numbers."
        )
    if pooled:
        notes.append(
            f"Not looked at, being too rare to be judged: {_some(pooled)}. They have "
            f"not {enough}."
        )
    return notes


def _some(parts: Sequence[str], most: int = 5) -> str:
    """The first of them, and how many more there are."""
    found = ", ".join(parts[:most])
    if (n_more := len(parts) - most) > 0:
        found += f", and those of {n_more} more column{'s' * (n_more > 1)}"
    return found
