"""What shadow models that were added up to a limit leave out of the figures."""

from collections.abc import Mapping
from typing import Any

from skmia.metrics import get_metric
from skmia.utils import percent


def furthest_off(auto: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the figure in which the largest number of shadows is least enough."""
    n = max(one["n_shadows"] for one in auto["steps"])
    return max(
        (one for one in auto["steps"] if one["n_shadows"] == n),
        key=lambda one: one["at_most"] / max(one["allowed"], 1e-12),
    )


def what_is_missing(auto: Mapping[str, Any]) -> str:
    """Say how much further shadow models may add to the figure that is furthest off."""
    worst = furthest_off(auto)
    metric = get_metric(worst["metric"])
    # No more than there is.
    most = min(worst["at_most"], 1 - worst["value"])
    added, allowed = (
        percent(round(v, 4)) if metric.in_percent else f"{v:.3g}"
        for v in (most, worst["allowed"])
    )
    return (
        f"Further ones may add up to {added} to the {metric.title}, and {allowed} was "
        "to be the most: the figures may underestimate leakage by as much."
    )
