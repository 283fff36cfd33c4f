"""Rules about figures: limits of metrics, and attacks that do worse than guessing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from skmia.audit._policy._policy import Policy
from skmia.audit._policy._ruling import ABOVE_CHANCE, Ruling, is_number, rule_on
from skmia.metrics import Metric, get_metric
from skmia.utils import percent


def judge_metric(
    contents: Mapping[str, Any],
    rule: str,
    metric: Metric,
    limit: float,
    compare: str,
) -> Ruling:
    figures = [f for f in contents["figures"] if f["metric"] == metric.name]
    unknown = _not_measured(contents, figures, metric)
    if unknown:
        return Ruling(
            rule=rule,
            result="not_measured",
            reason=f"{unknown} What was not measured keeps no limit.",
            outcome="revise",
            limit=limit,
        )
    end = "high" if compare == "upper" else "value"
    worst = max(figures, key=lambda figure: figure[end])
    low = _lower_end(contents, metric, figures)
    values = {
        "limit": limit,
        "value": worst["value"],
        "low": low,
        "high": worst["high"],
        "attack": _named(worst),
    }
    title = metric.title if metric.max_fpr is None else f"The {metric.title}"
    title = {"auc": "The AUC", "advantage": "The advantage"}.get(metric.name, title)
    over = f"over the limit of {_show(metric, limit)}"
    if low > limit:
        reason = f"{title} is at least {_show(metric, low)}, {over}."
        return rule_on(rule, "broken", reason, "refuse", values)
    reading = f"{_show(metric, worst[end])} ({_named(worst)})"
    verb = "may be up to" if compare == "upper" else "is"
    if worst[end] <= limit:
        reason = f"{title} {verb} {reading}, within the limit of "
        return rule_on(
            rule, "kept", f"{reason}{_show(metric, limit)}.", "release", values
        )
    reason = (
        f"{title} {verb} {reading}, {over}, and is at least {_show(metric, low)}: "
        "these records show neither that the limit is kept nor that it is not."
    )
    return rule_on(rule, "unclear", reason, "revise", values)


def _not_measured(
    contents: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], metric: Metric
) -> str:
    """Say what keeps a figure from having a meaning; "" where all have one."""
    if not figures:
        hint = "" if metric.max_fpr is None else f" at max_fprs=({metric.max_fpr},)"
        return f"The report has no {metric.title}; audit again{hint}."
    counts = contents["counts"]
    units = {"non-members": counts["nonmembers"]}
    if counts.get("nonmember_persons") is not None:
        units["non-member persons"] = counts["nonmember_persons"]
    for unit, n in units.items():
        if n < metric.needed_nonmembers:
            return (
                f"The {metric.title} needs {metric.needed_nonmembers:,} {unit}, and "
                f"there are {n:,}."
            )
    for figure in figures:
        if not all(is_number(figure[end]) for end in ("value", "low", "high")):
            return f"The {metric.title} of {_named(figure)} has no figure."
    return ""


def _lower_end(
    contents: Mapping[str, Any], metric: Metric, figures: Sequence[Mapping[str, Any]]
) -> float:
    """The least that the strongest attack reads, with an interval that knows of it."""
    lows = [f["low"] for f in contents["strongest"] if f["metric"] == metric.name]
    # Never above what an attack by itself shows.
    return min(
        max(figure["low"] for figure in figures),
        *(low if is_number(low) else -math.inf for low in lows or [-math.inf]),
    )


def judge_above_chance(contents: Mapping[str, Any], policy: Policy) -> Ruling:
    """No attack does worse than guessing by its whole interval.

    The AUC is looked at whatever is limited. A TPR below its FPR counts where the AUC
    is not above chance: an attack that finds members may be weak at the very top.
    """
    metrics = [get_metric("auc"), *(metric for metric, _ in policy.metrics.values())]
    ends = {
        (f["attack"], f["unit"], f["metric"]): (f["low"], f["high"])
        for f in contents["figures"]
        if is_number(f["low"]) and is_number(f["high"])
    }
    found: dict[str, str] = {}
    for attack, unit in dict.fromkeys((attack, unit) for attack, unit, _ in ends):
        auc = ends.get((attack, unit, "auc"))
        if auc is not None and auc[0] > 0.5:
            continue
        for metric in metrics:
            known = ends.get((attack, unit, metric.name))
            if known is not None and known[1] < metric.chance:
                found.setdefault(attack, metric.title)
    if not found:
        return Ruling(
            rule=ABOVE_CHANCE,
            result="kept",
            reason="No attack does worse than guessing.",
            outcome="release",
        )
    which = ", ".join(f"{title} of '{name}'" for name, title in found.items())
    return Ruling(
        rule=ABOVE_CHANCE,
        result="broken",
        reason=f"Below chance, by the whole interval: {which}. No limit is kept by "
        "that: the two sets may be swapped, the members may not be the training rows, "
        "or the model answers against its memory and the attack has to be turned "
        "round.",
        outcome="revise",
    )


def _named(figure: Mapping[str, Any]) -> str:
    return figure["attack"] + ", per person" * (figure["unit"] == "person")


def _show(metric: Metric, value: float) -> str:
    return percent(round(value, 5)) if metric.in_percent else f"{value:.4g}"
