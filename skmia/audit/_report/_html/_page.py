"""The page: its parts in their order, and what each shows."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from skmia.audit._guards import CHECKS
from skmia.audit._report._added_shadows import added_shadows
from skmia.audit._report._both_sides import both_sides
from skmia.audit._report._html._figures import curves, histograms, risk
from skmia.audit._report._html._made import made
from skmia.audit._report._html._people import Exposed, people
from skmia.audit._report._html._sections import Part, section_parts
from skmia.audit._report._html._tables import facts, figure_groups, precision, privacy
from skmia.audit._report._html._words import GLOSSARY, POINTS, answers
from skmia.utils import import_optional, percent, visible

_PERCENT = re.compile(r"(?<=\d) %")
_TITLES = {
    "leaks": "This model leaks",
    "nothing_found": "Nothing was found, which is no proof of safety",
    "below_chance": "Worse than guessing: nothing can be concluded",
    "void": "These figures are no measure of this model",
}
# Where the verdict does not say how much of what was found is the model's.
_UNKNOWN = "Members are told apart, but so they are without the model"


@cache
def _environment() -> Any:
    jinja2 = import_optional("jinja2", "A report as HTML")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        # Everywhere: names and messages have parts of the user's data in them.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = _sentence
    return environment


def _shown(value: Any) -> Any:
    """Text as it is shown: a number and its per cent on one line, and no surprises.

    A name can hold characters that turn the text around it, so that it reads otherwise.
    They are written as what they are.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return _PERCENT.sub("\N{NO-BREAK SPACE}%", visible(value))
    return value


def render(name: str, **values: Any) -> str:
    """Fill in one of the templates."""
    return _environment().get_template(name).render(**values)


def write_page(contents: Mapping[str, Any], records: Exposed | None = None) -> str:
    """Write the whole page; `records` is a table of people, where it was asked for."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    parts, values = _parts(contents, records)
    return render(
        "page.html",
        # Nothing is fetched, no script runs, and no other style than this one counts.
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
        style=Markup(style),
        records=records,
        parts=parts,
        standards=_standards(parts),
        **values,
    )


def write_fragment(contents: Mapping[str, Any]) -> str:
    """Write what a notebook shows: the verdict, the guards, the first figures."""
    values = _values(contents)
    return render("fragment.html", style=Markup(_style("fragment.css")), **values)


@cache
def _style(name: str = "style.css") -> str:
    folder = files(__package__).joinpath("templates")
    return folder.joinpath(name).read_text("utf-8").strip()


def _values(contents: Mapping[str, Any]) -> dict[str, Any]:
    guards = _guards(contents)
    return {
        "c": contents,
        "verdict_title": _verdict_title(contents),
        "level": percent(contents["confidence_level"]),
        "facts": list(facts(contents)),
        "guards": guards,
        "guards_intro": _guards_intro(guards),
        "n_checks": len(CHECKS),
        "tables": figure_groups(contents),
    }


def _parts(
    contents: Mapping[str, Any], records: Exposed | None
) -> tuple[list[Part], dict[str, Any]]:
    """The parts that there is something for, and what their templates show."""
    rocs, scores = list(curves(contents)), list(histograms(contents))
    values = {
        **_values(contents),
        "rocs": rocs,
        "roc_caption": _ROC,
        "histograms": scores,
        "threat": _threat(contents),
        "made": made(contents),
        "glossary": GLOSSARY,
        "people": people(contents) if contents["risk"] else None,
        "risk_pictures": list(risk(contents)),
        "date": str((contents["provenance"] or {}).get("date") or "")[:10],
        "precision": precision(contents),
        "privacy": privacy(contents),
    }
    wanted = [
        ("guards", "Before you rely on the figures", True),
        ("figures", "How many members can be named", True),
        ("curves", "Every attack at every rate of false alarms", bool(rocs)),
        ("scores", "What the attacks see", bool(scores)),
        ("people", "How many people are exposed", bool(contents["risk"])),
        ("sections", "", True),
        (
            "privacy",
            "Differential privacy: what was shown",
            bool(values["privacy"]["rows"]),
        ),
        ("attacks", "Threat model: who attacks, and how", True),
        ("made", "Test report: how this was made", True),
        ("left", "Residual risk: what is left to you", True),
        ("standards", "Which heading answers what is asked", True),
        ("glossary", "Glossary", True),
        ("records", "Annex: the members who are exposed", records is not None),
    ]
    parts: list[Part] = []
    for key, title, there in wanted:
        if key == "sections":
            parts += section_parts(contents["sections"])
        elif there:
            parts.append(Part(key, title, f"parts/{key}.html"))
    values["decisions"] = [
        {"id": part.id, "outcome": part.values["result"].outcome, **part.values}
        for part in parts
        if part.id.startswith("decision")
    ]
    return [replace(part, answers=answers(part.id)) for part in parts], values


def _verdict_title(contents: Mapping[str, Any]) -> str:
    kind = contents["verdict"]["kind"]
    warnings = [g["name"] for g in contents["guards"] if g["severity"] == "warning"]
    if kind == "leaks" and "blind_classifier" in warnings:
        return _UNKNOWN
    return _TITLES[kind]


def _guards(contents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What invalidates first, then what may mislead, then what is less exact."""
    labels = {"voids": "Void", "warning": "Warning", "note": "Note"}
    found = []
    for guard in contents["guards"]:
        kind = guard["severity"]
        if guard["voids"]:
            kind = "voids"
        title = guard["title"][:1].upper() + guard["title"][1:]
        found.append({**guard, "kind": kind, "label": labels[kind], "title": title})
    return sorted(found, key=lambda guard: list(labels).index(guard["kind"]))


def _guards_intro(guards: list[dict[str, Any]]) -> str:
    kinds = {guard["kind"] for guard in guards}
    if "voids" in kinds:
        return (
            "Checks of the audit itself found what makes the figures void: they say "
            "nothing of what the model leaks, and a low one is no sign of safety."
        )
    if "warning" in kinds:
        return "Checks of the audit itself found what may make the figures misleading."
    return (
        "Checks of the audit itself found nothing that makes the figures misleading; "
        "these notes say where they are less exact than they look."
    )


def _threat(contents: Mapping[str, Any]) -> str:
    text = (
        "The attacker is taken to know a person's record with its true class, and to "
        "ask the model for its answer about it. "
    )
    if contents["shadows"]:
        text += (
            "The attacker also knows how the model was trained, and has records of the "
            "same source to train shadow models on. "
        )
        shadows = contents["shadows"]
        more = [*added_shadows(shadows), *both_sides(shadows)]
        text += "".join(f"{said} " for said in more)
    return text + (
        "The question is then whether that person's record was among those that the "
        "model was trained on."
    )


def _standards(parts: list[Part]) -> list[dict[str, Any]]:
    titles = {"verdict": "Verdict", **{part.id: part.title for part in parts}}
    rows = []
    for point in POINTS:
        found = [(part, titles[part]) for part in point.found(titles)]
        more = point.more if found else point.absent
        source, _, weight = point.source.partition(" (")
        rows.append(
            {
                "source": source,
                "weight": weight.rstrip(")"),
                "asked": point.asked,
                "found": found,
                "more": more,
            }
        )
    return rows


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


_ROC = (
    "Both axes are logarithmic, so that the left end shows what matters most: how many "
    "members are named while hardly anybody is wrongly accused. An attack on the "
    "dotted line guesses; one above it finds something. The bands are intervals at "
    "each rate by itself."
)
