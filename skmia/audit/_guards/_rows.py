"""Rows that figures are not about: copies, near copies, and rows without weight."""

from collections.abc import Iterator

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import NOTABLE_FRACTION, Guard, Severity, count_rows


def shared_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report rows that are on both sides, and so were left out."""
    if any(evidence.n_shared):
        overlap = evidence.overlap
        many = overlap is not None and overlap.has_more
        message = (
            f"{_sides(evidence.n_shared)} have the same features and label as a row of "
            "the other set. They were left out of the figures."
        )
        if many:
            message += (
                " That is more than chance puts on both sides: check that the "
                "non-members were held out."
            )
        severity, fraction = _severity(evidence, evidence.n_shared)
        count = sum(evidence.n_shared)
        severity = "warning" if many else severity
        yield Guard("shared_rows", severity, message, count, fraction)


def duplicate_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report rows that repeat another row of their own side, or of all splits."""
    if copies := evidence.n_copied_rows:
        message = (
            f"{count_rows(copies)} have the same features and label as another row of "
            "the cross-validation, and were left out: figures are about rows that "
            "occur once, since which of several copies is a member is a matter of "
            "chance. Copies that every split keeps together are one of these."
        )
        severity, fraction = _severity(evidence, (copies, 0))
        yield Guard("duplicate_rows", severity, message, copies, fraction)
    if not any(evidence.n_repeated):
        return
    severity, fraction = _severity(evidence, evidence.n_repeated)
    overlap = evidence.overlap
    message = (
        f"{_sides(evidence.n_repeated)} have the same features and label as another "
        "row of their own set, and were left out: "
    )
    if evidence.once_per_side:
        message += (
            "the copies were made within a set, as oversampling does, and each record "
            "counts once."
        )
        if overlap is not None and overlap.n_both > overlap.n_expected / 4:
            severity = "warning"
            message += (
                " Others are there by chance, and of these the larger set loses more "
                "of what is frequent. Pass the members as they were before the copies "
                "were made."
            )
    else:
        message += (
            "figures are about rows that occur once, since which of several copies is "
            "a member is a matter of chance."
        )
    if overlap is not None and overlap.has_fewer and not evidence.once_per_side:
        severity = "warning"
        message += (
            " Here it is not all chance: some copies were made within a set, and "
            "repeated training rows, which leak more, are not in the figures. Pass "
            "the members as they were before, each once."
        )
    count = sum(evidence.n_repeated)
    yield Guard("duplicate_rows", severity, message, count, fraction)


def near_copies(evidence: Evidence) -> Iterator[Guard]:
    """Report rows that the other side has with fewer digits or under another id."""
    if not any(evidence.n_near):
        return
    message = (
        f"{_sides(evidence.n_near)} equal another row, compared at "
        f"{evidence.resolution}, more of them across the sets than chance explains: "
        "the same records, exported twice. They were left out. Check that the "
        "non-members were held out, and pass both sets from one source."
    )
    yield Guard("near_copies", "warning", message, sum(evidence.n_near))


def weightless_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report rows of weight 0, which are no members."""
    if not any(evidence.n_weightless):
        return
    message = (
        f"{_sides(evidence.n_weightless)} have a weight of 0. The model was not "
        "trained on such rows, and they were left out."
    )
    severity, fraction = _severity(evidence, evidence.n_weightless)
    count = sum(evidence.n_weightless)
    yield Guard("weightless_rows", severity, message, count, fraction)


def partial_members(evidence: Evidence) -> Iterator[Guard]:
    """Report training rows that the model remembers and the members lack."""
    if not (count := evidence.n_not_passed):
        return
    message = (
        f"The model was trained on {count_rows(count)} more than were passed as "
        "members. Shadow models learn from fewer rows than it did, and attacks with "
        "shadows underestimate leakage. Pass all of its training rows."
    )
    yield Guard("partial_members", "warning", message, count)


def _sides(counts: tuple[int, int]) -> str:
    members, nonmembers = map(count_rows, counts)
    return f"{members} of the members and {nonmembers} of the non-members"


def _severity(evidence: Evidence, counts: tuple[int, int]) -> tuple[Severity, float]:
    """How many of all rows were left out, and whether that is more than a few."""
    left_out = (
        evidence.n_shared,
        evidence.n_repeated,
        evidence.n_near,
        evidence.n_weightless,
        (evidence.n_copied_rows, 0),
    )
    # Of several models: as many rows as one has.
    n_rows = len(evidence.membership) // len(evidence.targets)
    n = n_rows + sum(map(sum, left_out))
    fraction = sum(counts) / n
    return "warning" if fraction >= NOTABLE_FRACTION else "note", fraction
