"""What the scorer of leakage reads of one fold, with its interval."""

from collections.abc import Iterable
from typing import NamedTuple

from numpy.typing import NDArray

from skmia.exceptions import BelowChanceWarning
from skmia.metrics import Metric, get_metric
from skmia.signals import FloatArray
from skmia.utils import warn


class Reading(NamedTuple):
    """Hold a figure of leakage and both ends of its interval."""

    value: float
    low: float
    high: float


def read_scores(metric: Metric, member: NDArray, scores: FloatArray) -> Reading:
    """Measure what an attack finds, turned round where it is surely the wrong way."""
    auc = get_metric("auc")
    if auc.interval(member, scores).high < auc.chance:
        warn(
            f"An attack ranks held-out rows above training rows: AUC "
            f"{auc.value(member, scores):.3f}, and its interval ends below 0.5. The "
            "model answers against its memory, which an attacker would notice: the "
            "attack is turned round.",
            BelowChanceWarning,
        )
        scores = -scores
    return Reading(metric.value(member, scores), *metric.interval(member, scores))


def strongest(readings: Iterable[Reading]) -> Reading:
    """Of several attacks the highest figure, and the highest of either end."""
    return Reading(*map(max, zip(*readings, strict=True)))
