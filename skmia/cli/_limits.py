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
    """Report the limits that the worst attack exceeds, and whether there are any.

    An attack that does worse than guessing, by its whole interval, fails them all: it
    shows that something is wrong, not that the model is safe.
    """
    for guard in report.guards if limits else ():
        # Nobody reads the report of a gate that passes. A figure that is not resolvable
        # is an error already where it is limited.
        if guard.severity == "warning" and guard.name != "unresolvable_fpr":
            say("warning", guard.message)
    # All of them are looked up first: a figure without a meaning passes no gate.
    worst = [report.worst(metric.name, compare=compare) for metric, _ in limits]
    is_over = False
    for (metric, limit), (attack, reading) in zip(limits, worst, strict=True):
        # The comparison that NaN does not pass.
        if not reading <= limit:
            is_over = True
            what = f"{metric.name} is {reading:.4g}"
            if compare == "upper":
                what = f"{metric.name} may be up to {reading:.4g}"
            say("limit exceeded", f"{what} ({attack}), over {limit:g}")
    for attack, name in _below_chance(report, limits):
        is_over = True
        say(
            "limit exceeded",
            f"{name} of '{attack}' is below chance, by its whole interval, and no "
            "limit is kept by that: the two files may be swapped, the members may not "
            "be the training rows, or the model answers against its memory and the "
            "attack has to be turned round",
        )
    return is_over


def _below_chance(
    report: "AuditReport", limits: Sequence[tuple["Metric", float]]
) -> list[tuple[str, str]]:
    """Attacks that do worse than guessing, with the metric that shows it.

    The AUC is looked at whatever is limited. A TPR below its FPR counts where the AUC
    is not above chance: an attack that finds members may be weak at the very top.
    """
    from skmia.metrics import get_metric

    if not limits:
        return []
    auc = get_metric("auc")
    # A figure without ends is an error already where it is limited.
    ends = {
        (figure.attack, figure.metric): (figure.low, figure.high)
        for figure in report.figures
        if figure.low is not None and figure.high is not None
    }
    found = []
    for attack in report.attacks:
        is_above = ends[attack, auc.name][0] > auc.chance
        for metric in dict.fromkeys((auc, *(metric for metric, _ in limits))):
            if not is_above and ends[attack, metric.name][1] < metric.chance:
                found.append((attack, metric.name))
                break
    return found
