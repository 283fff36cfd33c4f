"""Each rule of a policy held against the contents of a report."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from skmia.audit._guards import CONFOUNDING, TITLES
from skmia.audit._policy._audit_rules import judge_comparison, judge_required
from skmia.audit._policy._exposed_rule import judge_exposed
from skmia.audit._policy._figure_rules import judge_above_chance, judge_metric
from skmia.audit._policy._policy import Policy
from skmia.audit._policy._ruling import Ruling, is_number, rule_on
from skmia.audit._policy._structure_rule import judge_structure
from skmia.utils import percent


def judge(contents: Mapping[str, Any], policy: Policy) -> list[Ruling]:
    """Hold every rule of a policy against a report, the state of the audit first."""
    found = [judge_comparison(contents), judge_above_chance(contents, policy)]
    found += [judge_required(contents, name) for name in policy.require]
    found += [
        _at_level(contents, policy, rule, limit)
        or judge_metric(contents, rule, metric, limit, policy.compare)
        for rule, (metric, limit) in policy.metrics.items()
    ]
    if policy.max_exposed is not None:
        most = policy.max_exposed
        found.append(
            _at_level(contents, policy, "max_exposed", most)
            or judge_exposed(contents, most, policy.compare)
        )
    found = [_unless_confounded(ruling, contents) for ruling in found]
    found += [judge_structure(contents, check) for check in policy.structure]
    ruled = {ruling.rule for ruling in found}
    applied = [_unless_left_out(ruling, policy) for ruling in found]
    for rule, reason in (policy.not_applicable or {}).items():
        if rule not in ruled and not any(name.startswith(f"{rule}@") for name in ruled):
            applied.append(_left_out(rule, reason))
    return applied


def _at_level(
    contents: Mapping[str, Any], policy: Policy, rule: str, limit: float
) -> Ruling | None:
    """What comes of a limit where intervals are of a lower level than is asked for."""
    level, least = contents["confidence_level"], policy.confidence_level
    if is_number(level) and level >= least:
        return None
    found = percent(level) if is_number(level) else "no"
    reason = (
        f"The intervals of this report are of {found} confidence, and the policy asks "
        f"for {percent(least)} at least: audit again with confidence_level={least}. "
        "What was not measured keeps no limit."
    )
    return rule_on(rule, "not_measured", reason, "revise", {"limit": limit})


def _unless_confounded(ruling: Ruling, contents: Mapping[str, Any]) -> Ruling:
    """What is read of sets that differ by themselves does not refuse a model."""
    titles = [
        TITLES[guard["name"]]
        for guard in contents["guards"]
        if guard["name"] in CONFOUNDING and guard["severity"] == "warning"
    ]
    if ruling.outcome != "refuse" or not titles:
        return ruling
    return replace(
        ruling,
        result="unclear",
        outcome="revise",
        reason=f"{ruling.reason} The figure is not of the model alone "
        f"({', '.join(titles)}): audit again, with sets of one source.",
    )


def _unless_left_out(ruling: Ruling, policy: Policy) -> Ruling:
    """What the policy says not to apply is not applied; what it read is still said."""
    reason = policy.reason_not_applied(ruling.rule)
    if reason is None:
        return ruling
    return replace(
        _left_out(ruling.rule, f"{reason}. Otherwise: {ruling.reason}"),
        limit=ruling.limit,
        value=ruling.value,
        low=ruling.low,
        high=ruling.high,
        attack=ruling.attack,
    )


def _left_out(rule: str, reason: str) -> Ruling:
    return Ruling(
        rule=rule,
        result="not_applicable",
        reason=f"Declared not applicable: {reason}",
        outcome="release",
    )
