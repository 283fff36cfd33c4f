"""What a report says of shadow models that were added until there were enough."""

from collections.abc import Mapping
from typing import Any

from skmia.metrics import get_metric
from skmia.utils import percent


def added_shadows(shadows: Mapping[str, Any] | None) -> list[str]:
    """Sentences on ``shadows`` of a report's contents, none where it was a number."""
    auto = (shadows or {}).get("auto")
    if not shadows or not auto or not auto["steps"]:
        return []
    n = shadows["n_shadows"]
    if auto["settled"]:
        return [
            f"They were added until further ones would add little: {n} were enough. "
            "That was asked of shadow models, not of the audited model."
        ]
    return [f"They were added up to {n}, the most allowed. {what_is_missing(auto)}"]


def what_is_missing(auto: Mapping[str, Any]) -> str:
    """In which figure the largest number of shadow models is furthest from enough."""
    n = max(one["n_shadows"] for one in auto["steps"])
    worst = max(
        (one for one in auto["steps"] if one["n_shadows"] == n),
        key=lambda one: one["at_most"] / max(one["allowed"], 1e-12),
    )
    metric = get_metric(worst["metric"])
    # No more than there is.
    most = min(worst["at_most"], 1 - worst["value"])
    added, allowed = (
        percent(round(v, 4)) if metric.in_percent else f"{v:.3f}"
        for v in (most, worst["allowed"])
    )
    return (
        f"Further ones may add up to {added} to the {metric.title}, and {allowed} was "
        "to be the most: the figures underestimate leakage by that much."
    )
