"""The report as plain text, for readers who do not program."""

import textwrap
from collections.abc import Mapping
from typing import Any

from skmia.audit._report._opening import NO_BREAK, show
from skmia.audit._section import read_section
from skmia.metrics import get_metric
from skmia.utils import percent

_WIDTH = 88
_MEANING = (
    "AUC is the chance that an attack ranks a member above a non-member, both drawn "
    "at random: 0.5 is guessing, 1 is certainty. The advantage is the largest gap "
    "between the fractions of members and of non-members that one threshold accuses.",
    "TPR at x % FPR is the fraction of members that an attacker can single out while "
    "wrongly accusing at most x % of the non-members. It is about the people who are "
    "most exposed, whom an average such as the AUC hides.",
    "The strongest attack was chosen by the same records, which makes its figure too "
    "high. The intervals in the first lines allow for the choice, and hold together; "
    "each of those below stands by itself.",
    "A low figure does not prove that the model is safe: it says that these attacks, "
    "with these rows and shadows, did not find more. A stronger attack, or one that "
    "knows more, may.",
)
# Where the audit was told whose the rows are.
_PERSONS = (
    "Figures per person are about an attacker who has all rows of a person. How the "
    "scores of the rows are put together was chosen on shadow models, not on these "
    "rows. Intervals per row allow for rows of one person being alike.",
)


def to_text(contents: Mapping[str, Any]) -> str:
    """Write what ``AuditReport.to_dict`` returns as text.

    It has the strongest attack, a header, a table for each attack, the guards, and how
    to read them.
    """
    title = f"Membership inference audit of {contents['estimator']}"
    parts = [
        f"{title}\n{'=' * min(len(title), _WIDTH)}",
        textwrap.fill(" ".join(contents["verdict"]["sentences"]), _WIDTH).replace(
            NO_BREAK, " "
        ),
        _header(contents),
    ]
    level = percent(contents["confidence_level"])
    n_nonmembers = contents["counts"]["nonmembers"]
    for name in dict.fromkeys(figure["attack"] for figure in contents["figures"]):
        figures = [f for f in contents["figures"] if f["attack"] == name]
        lines = [_figure_line(f, n_nonmembers) for f in figures if f["unit"] == "row"]
        lines += _person_lines(contents, name, figures)
        parts.append("\n".join([f"Attack: {name} (with {level} intervals)", *lines]))
    guards = contents["guards"]
    for severity, title in (("warning", "Warnings"), ("note", "Notes")):
        found = [_item(g["message"]) for g in guards if g["severity"] == severity]
        if found:
            parts.append("\n".join([title, *found]))
    if not guards:
        parts.append("No check found anything that would make the figures misleading.")
    parts += [read_section(section).summary() for section in contents["sections"]]
    meaning = [*_MEANING[:2], *_PERSONS * bool(contents["person_rules"]), *_MEANING[2:]]
    parts.append("\n".join(["How to read this", *map(_item, meaning)]))
    return "\n\n".join(parts)


def _header(contents: Mapping[str, Any]) -> str:
    lines = []
    for side, name in (("members", "members"), ("nonmembers", "non-members")):
        line = f"  {name:<13}{contents['counts'][side]:,} rows"
        if (n_persons := contents["counts"].get(f"{side[:-1]}_persons")) is not None:
            line += f" of {n_persons:,} persons"
        if (n_models := contents["counts"]["models"]) > 1:
            line += f" or more of each of {n_models:,} models"
        if contents["accuracy"] is not None:
            line += f", model accuracy {contents['accuracy'][side]:.3f}"
        lines.append(line)
    if shadows := contents["shadows"]:
        lines.append(
            f"  {'shadows':<13}{shadows['n_shadows']} models, each trained on "
            f"{percent(round(shadows['train_size'], 3))} of the rows"
        )
    return "\n".join(lines)


def _person_lines(
    contents: Mapping[str, Any], attack: str, figures: list[Mapping[str, Any]]
) -> list[str]:
    """Figures of persons, with how the scores of their rows were put together."""
    found = [f for f in figures if f["unit"] == "person"]
    if not found:
        return []
    n = contents["counts"]["nonmember_persons"]
    rule = contents["person_rules"][attack]
    return [f"  per person ({rule})", *(_figure_line(f, n, "persons") for f in found)]


def _figure_line(
    figure: Mapping[str, Any], n_nonmembers: int, unit: str = "non-members"
) -> str:
    metric = get_metric(figure["metric"])
    if not figure["resolvable"]:
        return (
            f"  {metric.title:<20}not resolvable (needs {metric.needed_nonmembers:,} "
            f"{unit}, has {n_nonmembers:,})"
        )
    value, low, high = (show(metric, figure[key]) for key in ("value", "low", "high"))
    return f"  {metric.title:<20}{value:>8}   [{low}, {high}]"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH).replace(NO_BREAK, " ")


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
