"""Persons with several rows: on both sides, with more on one, or with most of all."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import ks_2samp

from skmia.audit._evidence import Evidence, IndexArray
from skmia.audit._guards._base import NOTABLE_FRACTION, Guard, Severity, count_rows
from skmia.metrics import roc_auc, roc_auc_interval

# An AUC of the numbers of rows that is surely so far from chance.
_MIN_DISTANCE = 0.05
# Of audits with sizes drawn alike, so many are warned of without a reason.
_SURELY = 0.001
# Persons with as many rows each that the rows weigh as much as, of all persons. Where
# it is lower the intervals per row cover noticeably less than they should.
_MIN_EFFECTIVE = 1 / 3


def shared_persons(evidence: Evidence) -> Iterator[Guard]:
    """Report persons who have rows on both sides, and so were left out."""
    if not (count := evidence.n_split_persons):
        return
    left_out = sum(evidence.n_split)
    members, nonmembers = map(count_rows, evidence.n_split)
    where = f"in both sets, {members} of the members and {nonmembers} of the others"
    if evidence.target is not None:
        where = f"on both sides of a split, {count_rows(left_out)} in all"
    persons = "1 person has" if count == 1 else f"{count:,} persons have"
    message = (
        f"{persons} rows {where}. A model knows these persons whichever row is asked "
        "about: they were left out of the figures, and stay in the shadows' rows."
    )
    fraction = left_out / (left_out + len(evidence.membership) // len(evidence.targets))
    many = fraction >= NOTABLE_FRACTION
    if many:
        message += " Hold persons out whole, as GroupKFold and GroupShuffleSplit do."
    severity: Severity = "warning" if many else "note"
    yield Guard("shared_persons", severity, message, count, fraction)


def rows_per_person(evidence: Evidence) -> Iterator[Guard]:
    """Report numbers of rows per person that tell members from non-members.

    The highest of many scores is higher than the highest of few, a sum counts them, and
    a mean of few is farther out than one of many: figures per person then say what the
    model is not asked for.
    """
    persons = evidence.per_person
    if persons is None or persons.person_sizes is None:
        return
    member, sizes = persons.membership, persons.person_sizes
    auc = roc_auc(member, sizes)
    level = evidence.confidence_level
    low, high = roc_auc_interval(member, sizes, confidence_level=level)
    if not low <= 0.5 <= high and abs(auc - 0.5) > _MIN_DISTANCE:
        message = (
            f"Members have {sizes[member].mean():.3g} rows per person and non-members "
            f"{sizes[~member].mean():.3g}, which alone tells them apart with AUC "
            f"{auc:.3f} [{low:.3f}, {high:.3f}]. Figures per person mix that with what "
            "the model leaks. Compare persons with all of their rows, or as many of "
            "each."
        )
        yield Guard("rows_per_person", "warning", message, value=auc)
    elif ks_2samp(sizes[member], sizes[~member], method="asymp").pvalue < _SURELY:
        message = (
            f"Members have {_middle(sizes[member])} rows per person and non-members "
            f"{_middle(sizes[~member])} (the middle half of them). The score of a "
            "person with few rows is farther out by chance than that of one with many: "
            "figures per person, and lists of exposed persons, mix that with what the "
            "model leaks. Compare persons with as many rows of each."
        )
        yield Guard("rows_per_person", "warning", message, value=auc)


def _middle(sizes: IndexArray) -> str:
    low, high = np.quantile(sizes, [0.25, 0.75])
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def few_large_persons(evidence: Evidence) -> Iterator[Guard]:
    """Report sides on which a few persons have most of the rows.

    Figures per row are then about these few, and say little of the others like them:
    the spread from person to person is not seen in so few.
    """
    if evidence.persons is None:
        return
    found = []
    for of in evidence.targets:
        for side, kind in ((True, "members"), (False, "non-members")):
            own = evidence.persons[of[evidence.membership[of] == side]]
            sizes = np.unique(own, return_counts=True)[1].astype(np.float64)
            effective = sizes.sum() ** 2 / (sizes**2).sum()
            found.append((effective / len(sizes), effective, len(sizes), kind))
    share, effective, n_persons, kind = min(found)
    if share >= _MIN_EFFECTIVE:
        return
    message = (
        f"A few persons have most of the rows of the {kind}: {n_persons:,} persons "
        f"count as {effective:.0f} with as many rows each. Figures per row rest on "
        "these, and their intervals are too narrow. Read the figures per person, or "
        "take as many rows of each."
    )
    yield Guard("few_large_persons", "warning", message, round(effective), share)
