"""What becomes of a report in the end: groups, decision, files, text, status."""

from typing import TYPE_CHECKING, Any

from skmia.cli._gate import decide
from skmia.cli._messages import printable
from skmia.cli._outputs import Outputs

if TYPE_CHECKING:
    from skmia.audit import AuditReport, Policy


def finish(
    report: "AuditReport",
    policy: "Policy | None",
    outputs: Outputs,
    by: Any = None,
) -> int:
    """Write and print a report, and return the exit status.

    `by` has the columns that make groups, of members and non-members or of all rows.
    """
    failed: list[Exception] = []
    columns = [] if by is None else (by[0] if isinstance(by, tuple) else by).columns
    for name in columns:
        try:
            report = report.including(report.subgroups(name, by))
        except ValueError as error:
            failed.append(error)
    report, status = decide(report, policy)
    failed += outputs.write(report)
    print("\n".join(map(printable, report.summary().splitlines())))
    # Whatever becomes of one of these, the others are not lost.
    if failed:
        raise failed[0]
    return status
