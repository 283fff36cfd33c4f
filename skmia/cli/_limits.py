"""What ``--fail-above`` means: limits on the figures of a report."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skmia.cli._messages import say

if TYPE_CHECKING:
    from skmia.audit import AuditReport
    from skmia.metrics import Metric


def parse_limits(options: Sequence[str]) -> list[tuple["Metric", float]]:
    """Turn ``METRIC=LIMIT`` into pairs.

    Raises
    ------
    ValueError
        For another metric, or a limit that no audit could exceed.
    """
    from skmia.metrics import get_metric

    limits = []
    for option in options:
        name, _, number = option.partition("=")
        try:
            limit = float(number)
        except ValueError:
            limit = math.nan
        if not 0 <= limit < 1:
            raise ValueError(
                "--fail-above must be METRIC=LIMIT with a limit in [0, 1), such as "
                f"auc=0.6. Got {option!r} instead."
            )
        try:
            limits.append((get_metric(name), limit))
        except ValueError as error:
            raise ValueError(f"--fail-above: {error}") from error
    return limits


def exceeds(
    report: "AuditReport",
    limits: Sequence[tuple["Metric", float]],
    compare: str = "upper",
) -> bool:
    """Report the limits that are not kept, and whether there are any."""
    if not limits:
        return False
    for guard in report.guards:
        # Nobody reads the report of a gate that passes. A figure that is not resolvable
        # is an error already where it is limited.
        if guard.severity == "warning" and guard.name != "unresolvable_fpr":
            say("warning", guard.message)
    # Of several limits on a metric the lowest; the last one in a dict stays.
    lowest = {
        metric.name: limit
        for metric, limit in sorted(limits, key=lambda pair: -pair[1])
    }
    lines = report.exceeds(lowest, compare=compare)
    for line in lines:
        say("limit exceeded", line)
    return bool(lines)
