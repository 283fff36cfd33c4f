"""Figures in the words that readers are shown."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from skmia.metrics import Metric, get_metric

# Of so many people at most is spoken: 3 in 10,000.
_MOST = 1_000_000
# Rounding to whole people changes a figure by no more than this part of it.
_ROUNDING = 0.15


def show(metric: Metric, value: float) -> str:
    """Write a figure as readers are shown it."""
    return f"{100 * value:.2f} %" if metric.in_percent else f"{value:.3f}"


def show_chance(metric: Metric) -> str:
    """Write what guessing has."""
    return f"{100 * metric.chance:.4g} %" if metric.in_percent else f"{metric.chance:g}"


def with_interval(figure: Mapping[str, Any]) -> str:
    """Write a figure of a report's contents with its interval."""
    metric = get_metric(figure["metric"])
    value, low, high = (show(metric, figure[key]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def people_per(rate: float, value: float) -> int:
    """Of how many people to speak, for whole numbers of them that do not mislead.

    A power of ten, of which `rate` is a whole number where there is one. `value` is
    rounded by little, and never to `rate`, to none or to all, unless it is that.
    """
    exact = Decimal(str(rate))
    n = 100
    while n < _MOST:
        spoken = round(value * n)
        faithful = (
            abs(spoken - value * n) <= _ROUNDING * value * n
            and (spoken > round(rate * n)) == (value > rate)
            and (spoken < round(rate * n)) == (value < rate)
            and (spoken == n) == (value == 1)
        )
        if faithful and (exact * n == int(exact * n) or exact * n > 1):
            return n
        n *= 10
    return n


def spoken(value: float, n: int) -> str:
    """`value` of `n` people, as a number: whole, or with the digits that it needs."""
    number = value * n
    if abs(number - round(number)) < 1e-6 * n:
        return f"{round(number):,}"
    return f"{number:,.3g}" if number < 100 else f"{number:,.0f}"
