"""The command ``skmia compare``: two reports from files, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from skmia.cli._arguments import Html, Json
from skmia.cli._messages import boundary

EXIT_WITHHELD = 1


def compare(
    first: Annotated[
        Path, typer.Argument(help="A report that --json has written: before.")
    ],
    second: Annotated[Path, typer.Argument(help="Another: after, as with a defense.")],
    html: Html = None,
    json: Json = None,
) -> None:
    """Set two reports side by side, with an interval of every difference.

    Files hold no records, so that it is not known which records the two have in common:
    the intervals are wider than those of skmia.audit.compare on two audits of the same
    rows. --html and --json write the second report with the comparison in it. The exit
    status is 1 where no verdict can be given, and the first lines say why.
    """
    with boundary():
        from skmia.audit import compare as compare_reports
        from skmia.cli._messages import printable
        from skmia.cli._outputs import Outputs
        from skmia.cli._report_files import read_report, report_at_fault

        outputs = Outputs([first, second], html, json)
        reports = read_report(first), read_report(second)
        names = first.name, second.name
        if names[0] == names[1]:
            names = str(first), str(second)
        with report_at_fault(first, second):
            comparison = compare_reports(*reports, names=names)
            failed = outputs.write(reports[1].including(comparison))
            lines = comparison.summary().splitlines()
        print("\n".join(map(printable, lines)))
        if failed:
            raise failed[0]
    if comparison.kind == "withheld":
        raise typer.Exit(EXIT_WITHHELD)
