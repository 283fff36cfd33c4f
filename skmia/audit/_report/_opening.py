"""The first lines of a report: the strongest attack beside what guessing would find."""

from collections.abc import Mapping
from typing import Any

from skmia.audit._guards import CHECKS
from skmia.metrics import Metric, get_metric
from skmia.utils import percent

#: Between words that belong on one line; written as a space in the end.
NO_BREAK = "\N{NO-BREAK SPACE}"
_TITLES = {check.name: check.title for check in CHECKS if check.voids}


def verdict(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Say what was found, for what ``AuditReport.to_dict`` returns.

    What is said to be above chance is so by the interval beside it, and the intervals
    of the TPR and the AUC hold together. Where the comparison is void there is no
    figure: a low one would be read as a sign of safety.

    Returns
    -------
    dict
        ``"kind"``, ``"leaks"``, ``"nothing_found"``, ``"below_chance"`` or ``"void"``,
        and ``"sentences"``, most important first.
    """
    kind, lines = _judge(contents)
    if kind != "void":
        if (n_models := contents["counts"]["models"]) > 1:
            lines.append(f"Figures are means over {n_models:,} models.")
        if any(guard["severity"] == "warning" for guard in contents["guards"]):
            lines.append("Read the warnings below first: the figures may mislead.")
    return {"kind": kind, "sentences": lines}


def _judge(contents: Mapping[str, Any]) -> tuple[str, list[str]]:
    warnings = [g["name"] for g in contents["guards"] if g["severity"] == "warning"]
    voided = dict.fromkeys(_TITLES[name] for name in warnings if name in _TITLES)
    if voided:
        return "void", [
            f"These figures are no measure of what the model leaks: {'; '.join(voided)}"
            ". The warnings below say what was found. A low figure here is no sign of "
            "safety."
        ]
    best = {figure["metric"]: figure for figure in contents["headline"]}
    auc = best.pop("auc")
    tpr = next(iter(best.values()), None)
    above = [f for f in (tpr, auc) if f is not None and _above_chance(f)]
    if above:
        return "leaks", _found(above[0]["attack"], tpr, auc)
    if auc["high"] < get_metric("auc").chance:
        return "below_chance", [
            "Every attack tried here takes non-members for members: the AUC is "
            f"{_numbers(auc)} at best, where guessing has 0.5. That is no sign of "
            "safety."
        ]
    return "nothing_found", _nothing(contents, tpr, auc)


def _above_chance(figure: Mapping[str, Any]) -> bool:
    return figure["low"] > get_metric(figure["metric"]).chance


def _found(
    name: str, tpr: Mapping[str, Any] | None, auc: Mapping[str, Any]
) -> list[str]:
    lines = [f"Strongest attack: {name}."]
    if tpr is not None:
        by = "it" if tpr["attack"] == name else f"the best attack, {tpr['attack']},"
        lines.append(_tpr_sentence(tpr, by))
    if auc["attack"] == name:
        return [*lines, _auc_sentence(auc, "Its")]
    return [*lines, _auc_sentence(auc, "The highest", f", by {auc['attack']}")]


def _nothing(
    contents: Mapping[str, Any],
    tpr: Mapping[str, Any] | None,
    auc: Mapping[str, Any],
) -> list[str]:
    n = len({figure["attack"] for figure in contents["figures"]})
    tried = "the attack tried here" if n == 1 else f"the best of {n} attacks"
    lines = [
        "No attack tried here tells members from non-members better than guessing may, "
        "on these rows."
    ]
    if tpr is not None:
        lines.append(_tpr_sentence(tpr, tried))
    lines += [
        _auc_sentence(auc, "The" if n == 1 else "The highest"),
        "That is a bound from below and no proof of safety: a stronger attack, or more "
        "rows, may find more.",
    ]
    if any(guard["name"] == "below_chance" for guard in contents["guards"]):
        lines.append(
            "An attack does worse than guessing, which is no sign of safety either."
        )
    return lines


def _tpr_sentence(figure: Mapping[str, Any], by: str) -> str:
    guess = percent(get_metric(figure["metric"]).chance)
    whom = "persons among the members" if figure["unit"] == "person" else "members"
    return (
        f"At {guess} false alarms {by} finds {_numbers(figure)} of the {whom}; "
        f"guessing would find {guess}{_included(figure)}."
    )


def _auc_sentence(figure: Mapping[str, Any], whose: str, by: str = "") -> str:
    per = " per person" if figure["unit"] == "person" else ""
    return (
        f"{whose} AUC{per} is {_numbers(figure)}{by}; guessing has "
        f"0.5{_included(figure)}."
    )


def _included(figure: Mapping[str, Any]) -> str:
    chance = get_metric(figure["metric"]).chance
    inside = figure["low"] <= chance <= figure["high"]
    return ", which the interval includes" if inside else ""


def _numbers(figure: Mapping[str, Any]) -> str:
    metric = get_metric(figure["metric"])
    value, low, high = (show(metric, figure[key]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]".replace(" ", NO_BREAK)


def show(metric: Metric, value: float) -> str:
    """Write a figure as readers are shown it."""
    return f"{100 * value:.2f} %" if metric.in_percent else f"{value:.3f}"
