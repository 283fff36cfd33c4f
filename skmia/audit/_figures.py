"""The figures of an audit: every metric of every attack, with its interval."""

from dataclasses import dataclass, replace

import numpy as np

from skmia.audit._averages import read
from skmia.audit._evidence import Evidence
from skmia.audit._reach import GAP
from skmia.metrics import get_metric, metrics_at


@dataclass(frozen=True)
class Figure:
    """One number of a report, with its interval.

    Parameters
    ----------
    attack : str
        Name of the attack.
    metric : str
        Name of the metric, such as ``"auc"`` or ``"tpr@0.01"``; see
        :func:`skmia.metrics.get_metric`.
    value, low, high : float
        The figure and its interval; None where it is not resolvable.
    resolvable : bool
        False where there are too few non-members for the figure to have a meaning.
    unit : {"row", "person"}
        What was counted: rows, or persons where an audit was told whose the rows are.

    See Also
    --------
    AuditReport : Holds one for each attack and metric.

    Examples
    --------
    >>> from skmia.audit import Figure
    >>> Figure("loss", "auc", 0.61, 0.58, 0.64).resolvable
    True
    """

    attack: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    resolvable: bool = True
    unit: str = "row"


def measure(evidence: Evidence) -> tuple[Figure, ...]:
    """Every metric of every attack, averaged over the models; of persons as well."""
    units = {"row": evidence, "person": evidence.per_person}
    figures = []
    for attack in evidence.scores:
        for unit, of in units.items():
            if of is not None:
                figures += _measure_one(of, attack, unit)
    return tuple(figures)


def _measure_one(evidence: Evidence, attack: str, unit: str) -> list[Figure]:
    figures = []
    for metric in metrics_at(evidence.max_fprs):
        if evidence.n_nonmembers < metric.needed_nonmembers:
            unknown = Figure(attack, metric.name, None, None, None, False, unit)
            figures.append(unknown)
            continue
        value, (low, high) = read(evidence, metric, evidence.scores[attack])
        figures.append(Figure(attack, metric.name, value, low, high, True, unit))
    return figures


def add_gap(evidence: Evidence) -> Evidence:
    """Add the gap attack where it reads more than every attack that was run.

    It takes a row for a member where the predicted label is right. It asks for nothing
    more, and finds what confidences do not show: they may be masked or scaled while
    the labels tell members as well as before.
    """
    if evidence.correct is None or GAP in evidence.scores:
        return evidence
    auc, right = get_metric("auc"), evidence.correct.astype(np.float64)
    value, (low, _) = read(evidence, auc, right)
    others = [read(evidence, auc, scores)[0] for scores in evidence.scores.values()]
    if low <= auc.chance or value <= max(others):
        return evidence
    return replace(evidence, scores={**evidence.scores, GAP: right})
