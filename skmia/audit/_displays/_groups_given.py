"""The groups that a display draws: those in a report, or made of columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from skmia._tables import as_rows
from skmia.audit._displays._contents import plain_contents
from skmia.audit._evidence import Evidence
from skmia.audit._subgroups import (
    Exposure,
    Subgroups,
    measure_groups,
    partition,
    read_columns,
)


def groups_of_report(report: Any, by: str | Sequence[str] | None) -> Subgroups:
    """The groups in a report by some columns; the only ones where `by` is None."""
    if isinstance(report, Subgroups):
        return report
    found = [
        Subgroups.from_dict({k: v for k, v in of.items() if k != "section"})
        for of in plain_contents(report)["sections"]
        if of["section"] == Subgroups.section
    ]
    if not found:
        raise ValueError(
            "The 'report' parameter must include groups. Got a report without; "
            "pass report.including(report.subgroups(...))."
        )
    known = [of.by for of in found]
    if by is not None:
        wanted = (by,) if isinstance(by, str) else tuple(by)
        found = [of for of in found if of.by == wanted]
    if len(found) != 1:
        raise ValueError(
            f"The 'by' parameter must name the groups of one of the report's "
            f"sections, {known}. Got {by!r} instead."
        )
    return found[0]


def groups_of_scores(
    evidence: Evidence, by: Any, max_fpr: float | None, min_size: int
) -> Subgroups:
    """Groups by the values of columns, one value for each record."""
    given = by if isinstance(by, Mapping) else {"group": by}
    columns = []
    for key, values in given.items():
        rows = as_rows(values)
        if rows.shape != evidence.membership.shape:
            raise ValueError(
                "The 'by' parameter must have one value for each of the "
                f"{evidence.membership.size} records. Got shape {rows.shape} for "
                f"{key!r} instead."
            )
        columns += read_columns(rows, [str(key)])
    exposure = Exposure.of(evidence, None, max_fpr)
    found = partition(columns, 4, 20)
    names = [column.name for column in columns]
    return measure_groups(exposure, found, names, min_size)
