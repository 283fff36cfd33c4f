"""How many people are exposed, as text of a report."""

from collections.abc import Mapping
from typing import Any

from skmia.utils import percent


def risk_lines(contents: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Write what a report has of exposed members: a table, and what to say of it.

    Numbers, and no names.
    """
    risk = contents["risk"]
    n = _count(risk["members"])
    persons = risk["unit"] == "person"
    whom = "persons among the members" if persons else "members"
    level = percent(contents["confidence_level"])
    own = [entry for entry in risk["at_fpr"] if entry["attack"] == risk["attack"]]
    table = [
        f"Exposed {'persons' if persons else 'members'} (by {risk['attack']})",
        *(_at_fpr(entry, n, whom) for entry in own),
    ]
    items = [*_listed(risk, n, whom, level), *_per_record(risk, whom)]
    if any(guard["voids"] for guard in contents["guards"]):
        items.insert(0, "What makes the figures void makes these numbers void, too.")
    return table, items


def _at_fpr(entry: Mapping[str, Any], n: str, whom: str) -> str:
    name = f"  at {percent(entry['max_fpr'])} false alarms"
    if not entry["resolvable"]:
        return f"{name:<26}not resolvable"
    found, low, high = (_count(entry[key]) for key in ("exposed", "low", "high"))
    return (
        f"{name:<26}{found} of {n} {whom} [{low}, {high}]; guessing finds "
        f"{_count(entry['by_guessing'])}"
    )


def _listed(risk: Mapping[str, Any], n: str, whom: str, level: str) -> list[str]:
    found = risk["listed"]
    rate = percent(found["fdr"])
    if found["fewest"] is None:
        return [
            f"Nobody can be listed with at most {rate} of the list there by chance: "
            f"{risk['nonmembers']:,} non-members are too few. That is no sign of "
            "safety."
        ]
    if not found["members"]:
        text = (
            f"Nobody can be listed with at most {rate} of the list there by chance. "
            "That is no sign of safety: the shortest list there may be has "
            f"{found['fewest']:,} {whom}, all of them above every non-member."
        )
    else:
        wrong = {e["prior"]: e["wrong"] for e in found["wrong_at_prior"]}
        text = (
            f"{_count(found['members'])} of {n} {whom} can be listed with at most "
            f"{rate} of the list there by chance, on average. Of these, "
            f"{_count(found['surely'])} or more are there for more than chance (at "
            f"{level} confidence). Who does not know the members, and tries people of "
            "whom 1 in 10 is one, would be wrong about "
            f"{_rate(wrong[0.1])} of those with such scores."
        )
    lines = [text]
    others = {k: v for k, v in found["by_attack"].items() if k != risk["attack"]}
    if any(v > found["members"] for v in others.values()):
        longer = ", ".join(
            f"{name} {_count(v)}" for name, v in others.items() if v > found["members"]
        )
        lines.append(
            f"Other attacks have longer lists: {longer}. The attack above was settled "
            "before the figures; the longest of several lists is too long for its rate."
        )
    return lines


def _per_record(risk: Mapping[str, Any], whom: str) -> list[str]:
    if risk["no_separation"]:
        return [
            "How far each record by itself is told apart was not measured. "
            f"{risk['no_separation']}"
        ]
    known = [e for e in risk["per_record"] if e["mean_power"] is not None]
    if not known:
        return []
    entry = min(known, key=lambda e: abs(e["max_fpr"] - 0.01))
    rate = percent(entry["max_fpr"])
    pooled = (
        ""
        if entry["pooled_tpr"] is None
        else f", where one threshold for all finds {_rate(entry['pooled_tpr'])}"
    )
    return [
        f"With a threshold of its own for each of the {whom}, at {rate} false alarms "
        f"for each, an attacker finds {_rate(entry['mean_power'])} on average, by "
        f"their shadow models{pooled}."
    ]


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _rate(number: float) -> str:
    return percent(round(number, 3))
