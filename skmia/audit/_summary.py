"""The report as plain text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from skmia.metrics import get_metric, needed_nonmembers
from skmia.utils import percent

if TYPE_CHECKING:
    from skmia.audit._report import AuditReport, Figure

_WIDTH = 88
_MEANING = (
    "AUC is the chance that an attack ranks a member above a non-member, both drawn "
    "at random: 0.5 is guessing, 1 is certainty. The advantage is the largest gap "
    "between the share of members and the share of non-members that one threshold "
    "accuses.",
    "TPR at x % FPR is the share of members that an attacker can single out while "
    "wrongly accusing at most x % of the non-members. It is about the people who are "
    "most exposed, whom an average such as the AUC hides.",
    "A low figure does not prove that the model is safe: it says that these attacks, "
    "with these rows and shadows, did not find more. A stronger attack, or one that "
    "knows more, may.",
)


def render_summary(report: AuditReport) -> str:
    """Header, a table per attack, guards, and how to read it all."""
    parts = [_header(report)]
    level = percent(report.confidence_level)
    for name in report.attacks:
        figures = [figure for figure in report.figures if figure.attack == name]
        lines = [_figure_line(figure, report.n_nonmembers) for figure in figures]
        parts.append("\n".join([f"Attack: {name} (with {level} intervals)", *lines]))
    for severity, title in (("warning", "Warnings"), ("note", "Notes")):
        found = [guard for guard in report.guards if guard.severity == severity]
        if found:
            parts.append("\n".join([title, *(_item(guard.message) for guard in found)]))
    if not report.guards:
        parts.append("No check found anything that would make the figures misleading.")
    parts.append("\n".join(["How to read this", *map(_item, _MEANING)]))
    return "\n\n".join(parts)


def _header(report: AuditReport) -> str:
    title = f"Membership inference audit of {report.model}"
    lines = [title, "=" * min(len(title), _WIDTH)]
    accuracy = report.accuracy or (None, None)
    for name, count, share in (
        ("members", report.n_members, accuracy[0]),
        ("non-members", report.n_nonmembers, accuracy[1]),
    ):
        shown = "" if share is None else f", model accuracy {share:.3f}"
        lines.append(f"  {name:<13}{count:,} rows{shown}")
    if report.shadows:
        n_shadows, share = report.shadows["n_shadows"], report.shadows["train_size"]
        lines.append(
            f"  {'shadows':<13}{n_shadows} models, each trained on "
            f"{percent(round(share, 3))} of the rows"
        )
    return "\n".join(lines)


def _figure_line(figure: Figure, n_nonmembers: int) -> str:
    metric = get_metric(figure.metric)
    name = metric.title
    scale, unit, digits = (100, " %", 2) if metric.in_percent else (1, "", 3)
    read = (figure.value, figure.low, figure.high)
    value, low, high = (
        "" if number is None else f"{scale * number:.{digits}f}{unit}"
        for number in read
    )
    if figure.resolvable:
        return f"  {name:<20}{value:>8}   [{low}, {high}]"
    assert metric.max_fpr is not None
    needed = needed_nonmembers(metric.max_fpr)
    return (
        f"  {name:<20}not resolvable (needs {needed:,} non-members, "
        f"has {n_nonmembers:,})"
    )


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
