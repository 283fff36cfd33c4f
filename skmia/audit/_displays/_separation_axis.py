"""The axis of separations: what is chance there, and how often a record is found."""

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from skmia.utils import percent

# Chances of being found that the upper axis shows.
_CHANCES = 0.01, 0.1, 0.5, 0.9, 0.99


def noise_of_separations(edges: Any, error: float) -> Any:
    """Shares of the bins if no record leaked: estimates spread by their error."""
    inner = ndtr(edges[1:-1] / error)
    return np.diff(np.concatenate([[0.0], inner, [1.0]]))


def limits_of_separations(edges: Any, held: Any, max_fpr: float) -> tuple[float, float]:
    """From the first bin that holds somebody to the last, and one more."""
    used = np.flatnonzero(held)
    if not len(used):
        return float(edges[0]), float(edges[-1])
    first, last = max(used[0] - 1, 0), min(used[-1] + 2, len(edges) - 1)
    # Up to where a record is found nearly always, if only to see that none is.
    z = -float(ndtri(max_fpr))
    return float(edges[first]), float(min(max(edges[last], z + 1.5), edges[-1]))


def expected_shares(quantity: str, edges: Any, error: float | None) -> Any:
    """Shares of the bins if no record leaked; None where that is not known."""
    if quantity == "p_value":
        return np.diff(edges) / (edges[-1] - edges[0])
    return noise_of_separations(edges, error) if error else None


def limits_of_risk(
    quantity: str, edges: Any, shares: Any, expected: Any, max_fpr: float
) -> tuple[float, float]:
    """From where to where the bins of either quantity are shown."""
    if quantity == "p_value":
        return float(edges[0]), float(edges[-1])
    held = shares > 0
    if expected is not None:
        held |= expected > 1e-3
    return limits_of_separations(edges, held, max_fpr)


def chances_between(low: float, high: float, max_fpr: float) -> dict[float, str]:
    """Separations between these, by how often a record with such a one is found."""
    z = -ndtri(max_fpr)
    places = [float(z + ndtri(chance)) for chance in _CHANCES]
    return {
        at: percent(chance)
        for at, chance in zip(places, _CHANCES, strict=True)
        if low <= at <= high
    }


def add_chances(ax: Any, max_fpr: float) -> Any:
    """Give `ax` an upper axis that says how often a record is found."""
    upper = ax.secondary_xaxis("top")
    low, high = ax.get_xlim()
    shown = chances_between(low, high, max_fpr)
    upper.set_xticks(list(shown), list(shown.values()))
    upper.set_xlabel(
        f"Chance of being found at {percent(max_fpr)} FPR", fontsize="small"
    )
    upper.tick_params(labelsize="small")
    return upper
