"""The first lines of a report: what was found, beside what guessing would find."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from skmia.audit._guards import CONFOUNDING
from skmia.audit._report._words import people_per, spoken, with_interval
from skmia.metrics import get_metric
from skmia.utils import percent

Contents = Mapping[str, Any]
Figure = Mapping[str, Any]

_THIS = "This model leaks."


def verdict(contents: Contents) -> dict[str, Any]:
    """Say what was found, for what ``AuditReport.to_dict`` returns.

    A model is said to leak where a figure is above chance by the interval beside it;
    the intervals of the TPR and the AUC hold together. Where the comparison is void
    there is no figure: a low one would be read as a sign of safety.

    Returns
    -------
    dict
        ``"kind"``, one of ``"leaks"``, ``"nothing_found"``, ``"below_chance"`` and
        ``"void"``, and ``"sentences"``, of which the first entry is the verdict.
    """
    kind, lines = _judge(contents)
    if kind != "void":
        if (n_models := contents["counts"]["models"]) > 1:
            lines.append(_models(n_models, contents["settings"]))
        warnings = _titles(_warnings(contents))
        if warnings:
            lines.append(f"Read the warnings first: {warnings}. Figures may mislead.")
    return {"kind": kind, "sentences": lines}


def _models(n_models: int, settings: Mapping[str, Any]) -> str:
    if settings.get("audit") != "learner":
        return f"Figures are means over {n_models:,} models."
    return (
        f"Figures are means over {n_models:,} models, each trained on a random half of "
        "these rows. Intervals are about further such models, and not about other rows."
    )


def _warnings(contents: Contents) -> list[Mapping[str, Any]]:
    return [g for g in contents["guards"] if g["severity"] == "warning"]


def _titles(guards: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(dict.fromkeys(guard["title"] for guard in guards))


def _judge(contents: Contents) -> tuple[str, list[str]]:
    if voided := [guard for guard in _warnings(contents) if guard["voids"]]:
        return "void", [
            "No verdict: these figures are no measure of what the model leaks. Reason: "
            f"{_titles(voided)}.",
            "Read the warnings first: they say what was found and what to do. A low "
            "figure here is no sign of safety.",
        ]
    best = {figure["metric"]: figure for figure in contents["headline"]}
    auc = best.pop("auc")
    tpr = next(iter(best.values()), None)
    if tpr is not None and _above_chance(tpr):
        first = _can_be_named(tpr)
    elif _above_chance(auc):
        first = _told_apart(auc)
    elif auc["high"] < get_metric("auc").chance:
        lines = [
            "Every attack tried here takes non-members for members, more often than "
            "guessing would. That is no sign of safety: the two sets may be swapped, "
            "or the members may not be the rows that the model was trained on."
        ]
        return "below_chance", [*lines, _measured(contents, tpr, auc)]
    else:
        return "nothing_found", _nothing(contents, tpr, auc)
    return "leaks", [f"{first} {_leaks(contents)}", _measured(contents, tpr, auc)]


def _above_chance(figure: Figure) -> bool:
    return figure["low"] > get_metric(figure["metric"]).chance


def _can_be_named(tpr: Figure) -> str:
    """How many members are found, at the price of how many false alarms."""
    rate = get_metric(tpr["metric"]).chance
    n = people_per(rate, tpr["value"])
    return (
        f"Strongest attack: {tpr['attack']}. {round(tpr['value'] * n):,} in {n:,} "
        f"{_members(tpr)} can be named while {_wrongly_accused(tpr, n)}; guessing "
        f"would name {spoken(rate, n)}."
    )


def _members(figure: Figure) -> str:
    return "persons among the members" if figure["unit"] == "person" else "members"


def _wrongly_accused(tpr: Figure, n: int) -> str:
    accused = spoken(get_metric(tpr["metric"]).chance, n)
    verb = "is" if accused == "1" else "are"
    others = "other persons" if tpr["unit"] == "person" else "others"
    return f"{accused} in {n:,} {others} {verb} wrongly accused"


def _told_apart(auc: Figure) -> str:
    """How often a member is told from another, of all pairs of them."""
    chance = get_metric("auc").chance
    n = people_per(chance, auc["value"])
    other = "person" if auc["unit"] == "person" else "record"
    return (
        f"Strongest attack: {auc['attack']}. Shown a member and another {other}, it "
        f"picks the member in {round(auc['value'] * n):,} of {n:,} cases; guessing "
        f"would in {spoken(chance, n)}."
    )


def _leaks(contents: Contents) -> str:
    if any(guard["name"] in CONFOUNDING for guard in _warnings(contents)):
        # The figures are of the model and of that difference together.
        return (
            "How much of that the model leaks is not known: the two sets differ "
            "without it."
        )
    return "These models leak." if contents["counts"]["models"] > 1 else _THIS


def _measured(contents: Contents, tpr: Figure | None, auc: Figure) -> str:
    """The figures of the verdict with their intervals, beside guessing."""
    found = []
    if tpr is not None:
        rate = percent(get_metric(tpr["metric"]).chance)
        found.append(
            f"{with_interval(tpr)} of the {_members(tpr)} at {rate} false alarms by "
            f"{tpr['attack']}, where guessing has {rate}{_included(tpr)}"
        )
    per = " per person" if auc["unit"] == "person" else ""
    by = "" if tpr is not None and tpr["attack"] == auc["attack"] else auc["attack"]
    found.append(
        f"an AUC{per} of {with_interval(auc)}{by and f' by {by}'}, where guessing has "
        f"0.5{_included(auc)}"
    )
    level = percent(contents["confidence_level"])
    together = (
        "both intervals hold together" if tpr is not None else "the interval holds"
    )
    return f"Measured: {', and '.join(found)}; {together} with {level} confidence."


def _included(figure: Figure) -> str:
    chance = get_metric(figure["metric"]).chance
    inside = figure["low"] <= chance <= figure["high"]
    return ", which the interval includes" if inside else ""


def _nothing(contents: Contents, tpr: Figure | None, auc: Figure) -> list[str]:
    """What may be there all the same comes first: it is no proof of safety."""
    if tpr is None:
        may_be = f"the AUC of these attacks may be up to {auc['high']:.3f}"
    else:
        n = people_per(get_metric(tpr["metric"]).chance, tpr["high"])
        most = math.ceil(tpr["high"] * n - 1e-9)
        may_be = (
            f"by these attacks up to {most:,} in {n:,} {_members(tpr)} may be named "
            f"while {_wrongly_accused(tpr, n)}"
        )
    lines = [
        "No attack tried here tells members from non-members better than guessing may, "
        f"on these rows. That is no proof of safety: {may_be}, and a stronger attack, "
        "or more rows, may find more.",
        _measured(contents, tpr, auc),
    ]
    if any(guard["name"] == "below_chance" for guard in contents["guards"]):
        lines.append(
            "An attack does worse than guessing, which is no sign of safety either."
        )
    return lines
