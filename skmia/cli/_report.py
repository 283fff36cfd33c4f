"""The command ``skmia report``: a report from a file, shown and decided on again."""

from pathlib import Path
from typing import Annotated

import typer

from skmia.cli._arguments import Compare, FailAbove, Html, Json, PolicyName
from skmia.cli._messages import boundary


def report(
    path: Annotated[
        Path,
        typer.Argument(metavar="REPORT", help="A report that --json has written."),
    ],
    html: Html = None,
    json: Json = None,
    policy: PolicyName = None,
    fail_above: FailAbove = None,
    compare: Compare = None,
) -> None:
    """Show a report again, and hold it against a policy; without the data.

    The file may be somebody else's: it is checked before it is shown, and a decision in
    it counts for nothing here. Whether the audit was made as it says is not in it.
    """
    with boundary():
        from skmia.cli._finish import finish
        from skmia.cli._gate import make_policy
        from skmia.cli._outputs import Outputs
        from skmia.cli._report_files import read_report, report_at_fault

        gate, policy_files = make_policy(policy, fail_above or (), compare)
        outputs = Outputs([path, *policy_files], html, json)
        read = read_report(path)
        with report_at_fault(path):
            status = finish(read, gate, outputs)
    raise typer.Exit(status)
