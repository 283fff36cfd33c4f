"""What ``--policy`` and ``--fail-above`` make of a report: a decision and a status."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmia.cli._messages import one_line, printable, say
from skmia.cli._model_files import check_is_file
from skmia.utils import check_option

if TYPE_CHECKING:
    from skmia.audit import AuditReport, Policy

EXIT_DONE, EXIT_NOT_RELEASED = 0, 1
_PRESETS = ("sacro", "leakpro", "owasp_aisvs")


def make_policy(
    policy: str | None, fail_above: Sequence[str], compare: str | None
) -> "tuple[Policy | None, list[Path]]":
    """Return what the options ask for, and the file that it came from.

    The policy is None where they ask for nothing.

    Raises
    ------
    ValueError
        If they contradict each other, or one has no meaning.
    """
    from skmia.audit import Policy

    if policy is not None:
        if fail_above or compare is not None:
            raise ValueError(
                "--policy cannot be given with --fail-above or --compare: write the "
                "limit, or compare = 'value', into the policy"
            )
        if policy in _PRESETS:
            return getattr(Policy, policy)(), []
        path = Path(policy)
        check_is_file(path)
        return Policy.from_toml(path), [path]
    compare = check_option(compare or "upper", "--compare", ("upper", "value"))
    if not fail_above:
        return None, []
    return Policy(**parse_limits(fail_above), compare=compare), []


def parse_limits(options: Sequence[str]) -> dict[str, Any]:
    """Turn ``METRIC=LIMIT`` into parameters of a policy.

    Raises
    ------
    ValueError
        For another metric, or a limit that no audit could exceed.
    """
    from skmia.metrics import get_metric

    limits: dict[str, float] = {}
    rates: dict[float, float] = {}
    for option in options:
        name, _, number = option.partition("=")
        try:
            limit = float(number)
        except ValueError:
            limit = math.nan
        if not 0 <= limit < 1:
            raise ValueError(
                "--fail-above must be METRIC=LIMIT with a limit in [0, 1), such as "
                f"auc=0.6. Got {option!r} instead."
            )
        try:
            metric = get_metric(name)
        except ValueError as error:
            raise ValueError(f"--fail-above: {error}") from error
        # Of several limits on a metric, the lowest.
        if metric.max_fpr is None:
            key = f"max_{metric.name}"
            limits[key] = min(limit, limits.get(key, 1.0))
        else:
            rates[metric.max_fpr] = min(limit, rates.get(metric.max_fpr, 1.0))
    return limits | ({"max_tpr": rates} if rates else {})


def rates_of(policy: "Policy | None") -> set[float]:
    """False positive rates at which the audit has to read."""
    return set() if policy is None else set(policy.max_fprs)


def level_of(policy: "Policy | None") -> float:
    """The confidence level that the audit has to have."""
    return 0.95 if policy is None else max(0.95, policy.confidence_level)


def check_can_be_kept(policy: "Policy | None", counts: dict[str, int]) -> None:
    """Raise where a limit could not be kept, whatever the audit finds.

    Of figures that so few non-members do not resolve, by what they are called.
    """
    if policy is None:
        return
    for rule, (metric, _) in policy.metrics.items():
        if policy.reason_not_applied(rule) is None:
            for unit, n in counts.items():
                metric.check_resolvable(n, unit)


def decide(report: "AuditReport", policy: "Policy | None") -> tuple["AuditReport", int]:
    """Return the report with the decision in it, and the exit status.

    Earlier decisions, of a report from a file, are left out: a reader would take the
    first of two for the one that counts.
    """
    if policy is None:
        return report, EXIT_DONE
    from skmia.audit import Decision

    for section in report.sections:
        if isinstance(section, Decision):
            name = section.policy.get("name")
            by = f", by the policy {name!r}" if name else ""
            earlier = f"an earlier decision is left out: {section.outcome}{by}"
            say("note", one_line(earlier))
    report = report.excluding("decision")
    decision = report.decide(policy)
    # Nobody reads the report of a gate that passes.
    for remark in decision.remarks:
        say("note", one_line(remark))
    say("decision", printable(f"{decision.outcome}. {decision.headline}"))
    for reason in decision.reasons:
        say("reason", one_line(reason))
    released = decision.outcome == "release"
    return report.including(decision), EXIT_DONE if released else EXIT_NOT_RELEASED
