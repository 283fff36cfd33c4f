"""The rule about how many members are exposed."""

from collections.abc import Mapping
from typing import Any

from skmia.audit._policy._policy import EXPOSED_FPR
from skmia.audit._policy._ruling import Ruling, is_number, rule_on
from skmia.metrics import get_metric
from skmia.utils import percent


def judge_exposed(contents: Mapping[str, Any], limit: float, compare: str) -> Ruling:
    """Members that the model exposes: what guessing finds as well is not counted.

    The list of exposed members is a second reading of the same. What refuses is about
    one attack, which was chosen without a look at figures.
    """
    rule, risk = "max_exposed", contents.get("risk") or {}
    found = [e for e in risk.get("at_fpr", ()) if e["max_fpr"] == EXPOSED_FPR]
    ends = ("exposed", "low", "high", "by_guessing")
    if not found or not all(is_number(e[end]) for e in found for end in ends):
        needed = get_metric(f"tpr@{EXPOSED_FPR}").needed_nonmembers
        reason = (
            f"Who is exposed is read at {percent(EXPOSED_FPR)} false alarms, and the "
            "report has no figure there. It takes that rate among max_fprs, and "
            f"{needed:,} non-members. What was not measured keeps no limit."
        )
        return rule_on(rule, "not_measured", reason, "revise", {"limit": limit})
    n_members, listed = risk["members"], risk.get("listed") or {}
    most = limit * n_members if isinstance(limit, float) else limit
    surely, length = (
        float(value) if is_number(value) else 0.0
        for value in (listed.get("surely"), listed.get("members"))
    )
    end = "high" if compare == "upper" else "exposed"
    worst = max(found, key=lambda entry: entry[end])
    usual = [e for e in found if e["attack"] == risk["attack"]]
    least = max(surely, *(e["low"] - e["by_guessing"] for e in usual))
    reading = max(worst[end] - worst["by_guessing"], length)
    values = {
        "limit": limit,
        "value": max(0.0, worst["exposed"] - worst["by_guessing"]),
        "low": max(0.0, least),
        "high": max(0.0, worst["high"] - worst["by_guessing"], length),
        "attack": worst["attack"],
    }
    whom = "persons among the members" if risk["unit"] == "person" else "members"
    allowed = f"the limit of {_count(most)}"
    if isinstance(limit, float):
        allowed += f" ({percent(limit)} of {n_members:,})"
    verb = "may be" if compare == "upper" else "are"
    many = f"Up to {_count(reading)} {whom} {verb} exposed"
    if least > most:
        reason = f"At least {_count(least)} {whom} are exposed, over {allowed}."
        return rule_on(rule, "broken", reason, "refuse", values)
    if reading <= most:
        reason = f"{many}, within {allowed}."
        return rule_on(rule, "kept", reason, "release", values)
    reason = (
        f"{many}, over {allowed}: these records show neither that the limit is kept "
        "nor that it is not."
    )
    return rule_on(rule, "unclear", reason, "revise", values)


def _count(n: float) -> str:
    """Numbers of several models are means over them."""
    return f"{max(n, 0):,.1f}".removesuffix(".0")
