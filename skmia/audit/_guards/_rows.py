"""Rows that count on both sides, or more than once."""

from collections.abc import Iterator

import numpy as np

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import NOTABLE_FRACTION, Guard, count_rows


def shared_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report rows that were on both sides, and so were left out."""
    if any(evidence.n_shared):
        members, nonmembers = map(count_rows, evidence.n_shared)
        message = (
            f"{members} of the members and {nonmembers} of the non-members had the "
            "same features and label as a row of the other set. They were left out of "
            "both."
        )
        yield Guard("shared_rows", "warning", message, sum(evidence.n_shared))
    if count := evidence.n_copied_rows:
        message = (
            f"{count_rows(count)} had the same features and label as another row of "
            "the cross-validation. What is in several splits by other rows is no clear "
            "member or non-member, and was left out on both sides."
        )
        yield Guard("shared_rows", "warning", message, count)


def duplicate_rows(evidence: Evidence) -> Iterator[Guard]:
    """Count rows that repeat another row of their own side."""
    hashes, member = evidence.hashes, evidence.membership
    if hashes is None:
        return
    repeats = [
        int(side.size - np.unique(side).size)
        for side in (hashes[member], hashes[~member])
    ]
    if not any(repeats):
        return
    fraction = sum(repeats) / hashes.size
    members, nonmembers = map(count_rows, repeats)
    message = (
        f"Repeats of another row of their own set: {members} of the members and "
        f"{nonmembers} of the non-members. Repeated rows count more than once, and the "
        "intervals, which take rows as independent, are too narrow."
    )
    yield Guard(
        "duplicate_rows",
        "warning" if fraction >= NOTABLE_FRACTION else "note",
        message,
        sum(repeats),
        fraction,
    )
