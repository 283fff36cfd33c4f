"""The report as plain text, for readers who do not program."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from skmia.audit._guards import TITLES
from skmia.audit._report._added_shadows import added_shadows
from skmia.audit._report._both_sides import both_sides
from skmia.audit._report._risk_text import risk_lines
from skmia.audit._report._words import show, show_chance
from skmia.audit._section import read_section, strictest_first
from skmia.metrics import get_metric
from skmia.utils import percent, visible

_WIDTH = 80
_NO_BREAK = "\N{NO-BREAK SPACE}"
# A number and its unit, or the two ends of an interval, stay on one line.
_TOGETHER = re.compile(r"(?<=\d) (?=%)|(?<=[\d%],) (?=[\d.]+ ?%?\])|(?<=[\d%]) (?=\[)")
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

    The verdict, then what would make figures misleading, then the figures.
    """
    title = f"Membership inference audit of {contents['estimator']}"
    parts = [f"{title}\n{'=' * min(len(title), _WIDTH)}"]
    parts += map(_paragraph, contents["verdict"]["sentences"])
    guards = contents["guards"]
    parts += _guards("What makes the figures void", (g for g in guards if g["voids"]))
    warnings = (g for g in guards if g["severity"] == "warning" and not g["voids"])
    parts += _guards("Warnings", warnings)
    parts.append(_header(contents))
    parts += _attacks(contents)
    table, items = risk_lines(contents)
    parts.append("\n".join([*table, *map(_item, items)]))
    if contents["verdict"]["kind"] != "void":
        parts += _precision(contents)
    parts += _privacy(contents)
    unchecked = _not_checked(contents)
    if not guards:
        which = "No check that could be made" if unchecked else "No check"
        parts.append(f"{which} found anything that would make the figures misleading.")
    parts += unchecked
    sections = strictest_first(contents["sections"])
    parts += [read_section(section).summary() for section in sections]
    parts += _guards("Notes", (g for g in guards if g["severity"] == "note"))
    parts += _made(contents)
    meaning = [*_MEANING[:2], *_PERSONS * bool(contents["person_rules"]), *_MEANING[2:]]
    parts.append("\n".join(["How to read this", *map(_item, meaning)]))
    return visible("\n\n".join(parts))


def _guards(title: str, guards: Iterable[Mapping[str, Any]]) -> list[str]:
    found = [_item(guard["message"]) for guard in guards]
    return ["\n".join([title, *found])] if found else []


def _not_checked(contents: Mapping[str, Any]) -> list[str]:
    """What could not be looked for, and might have been found."""
    by_reason: dict[str, list[str]] = {}
    for name, why in contents["not_checked"].items():
        if why["applies"]:
            by_reason.setdefault(why["reason"], []).append(TITLES.get(name, name))
    found = [_item(f"{why} So not: {'; '.join(t)}.") for why, t in by_reason.items()]
    return ["\n".join(["Not checked", *found])] if found else []


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
        said = " ".join([*added_shadows(shadows), *both_sides(shadows)])
        lines += [_paragraph(said, " " * 15)] * bool(said)
    return "\n".join(lines)


def _attacks(contents: Mapping[str, Any]) -> list[str]:
    """A table for each attack, with what guessing has in the last column."""
    tables = []
    for name, line in contents["attacks"].items():
        figures = [f for f in contents["figures"] if f["attack"] == name]
        rows = [f for f in figures if f["unit"] == "row"]
        n_nonmembers = contents["counts"]["nonmembers"]
        lines = [f"Attack: {name}", _paragraph(line, "  "), _columns(contents)]
        lines += [_figure_line(figure, n_nonmembers) for figure in rows]
        lines += _person_lines(contents, name, figures)
        tables.append("\n".join(lines))
    return tables


def _columns(contents: Mapping[str, Any]) -> str:
    interval = f"{percent(contents['confidence_level'])} interval"
    return f"  {'':<20}{'value':>8}   {interval:<22}{'guessing':>8}"


def _line(title: str, value: str, low: str, high: str, chance: str) -> str:
    return f"  {title:<20}{value:>8}   {f'[{low}, {high}]':<22}{chance:>8}"


def _precision(contents: Mapping[str, Any]) -> list[str]:
    """How many of the accused are members, at the rate of the verdict."""
    metrics = {figure["metric"] for figure in contents["headline"]}
    found = [entry for entry in contents["precision"] if entry["metric"] in metrics]
    if not found:
        return []
    attack, rate = found[0]["attack"], percent(get_metric(found[0]["metric"]).chance)
    lines = [
        f"Of those whom {attack} accuses at {rate} false alarms, so many are members",
        _columns(contents),
    ]
    for entry in found:
        value, low, high = (f"{100 * entry[k]:.2f} %" for k in ("value", "low", "high"))
        prior = percent(entry["prior"])
        lines.append(_line(f"if {prior} of all are", value, low, high, prior))
    return ["\n".join(lines)]


def _privacy(contents: Mapping[str, Any]) -> list[str]:
    """Lower bounds of differential privacy, with what they take for granted."""
    if (privacy := contents["privacy"]) is None:
        return []
    known = {name: privacy[name] for name in ("epsilon", "mu") if privacy[name]}
    if not known:
        return []
    found = [
        f"{name} is at least {bound['value']:.3g} (by {bound['attack']})"
        for name, bound in known.items()
        if bound["value"] > 0
    ]
    whom = "one record" if privacy["unit"] == "row" else "all records of a person"
    said = (
        f"{' and '.join(found)}, for a change of {whom}, each with "
        f"{percent(contents['confidence_level'])} confidence."
        if found
        else "No bound above 0 was found. That proves nothing either way."
    )
    said = said[0].upper() + said[1:]
    quick = (
        "These are quick bounds: records of one training run influence one another, "
        "and so they are estimates, and no certificate."
    )
    return ["\n".join(["Differential privacy", _item(said), _item(quick)])]


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
    return _line(metric.title, value, low, high, show_chance(metric))


def _made(contents: Mapping[str, Any]) -> list[str]:
    """What decides the figures; no date, so that equal audits have an equal text."""
    provenance, versions = contents["provenance"], contents["versions"]
    lines = []
    for name, rows in provenance["data"].items():
        side = {"nonmembers": "non-members"}.get(name, name)
        columns = f" x {rows['columns']:,}" if rows["columns"] is not None else ""
        shape = f"{rows['rows']:,}{columns}"
        lines.append(f"  {side:<13}{shape}, sha256 {rows['sha256'][:16]}...")
    if provenance["seed"] is not None:
        lines.append(f"  {'seed':<13}{provenance['seed']}")
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines.append(_paragraph(f"{'versions':<13}{known}", "  ", " " * 15))
    return ["\n".join(["How it was made", *lines])]


def _item(text: str) -> str:
    return _paragraph(text, "  - ", "    ")


def _paragraph(text: str, first: str = "", others: str | None = None) -> str:
    filled = textwrap.fill(
        _TOGETHER.sub(_NO_BREAK, text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first if others is None else others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_NO_BREAK, " ")
