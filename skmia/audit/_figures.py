"""The figures of an audit: every metric of every attack, with its interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skmia.audit._averages import read, read_joint_level
from skmia.audit._evidence import Evidence
from skmia.audit._reach import GAP
from skmia.metrics import Metric, get_metric, metrics_at

# The rate that is read first; of those that can be read, the nearest to it.
_HEADLINE_FPR = 0.01


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

    @property
    def chance(self) -> float:
        """What an attack has that guesses."""
        return get_metric(self.metric).chance


def measure(evidence: Evidence) -> tuple[Figure, ...]:
    """Every metric of every attack, averaged over the models; of persons as well."""
    return _measure(evidence, metrics_at(evidence.max_fprs))


def _measure(evidence: Evidence, metrics: Sequence[Metric]) -> tuple[Figure, ...]:
    units = {"row": evidence, "person": evidence.per_person}
    figures = []
    for attack in evidence.scores:
        for unit, of in units.items():
            if of is not None:
                figures += _measure_one(of, attack, unit, metrics)
    return tuple(figures)


def _measure_one(
    evidence: Evidence, attack: str, unit: str, metrics: Sequence[Metric]
) -> list[Figure]:
    figures = []
    for metric in metrics:
        if evidence.n_nonmembers < metric.needed_nonmembers:
            unknown = Figure(attack, metric.name, None, None, None, False, unit)
            figures.append(unknown)
            continue
        value, (low, high) = read(evidence, metric, attack)
        figures.append(Figure(attack, metric.name, value, low, high, True, unit))
    return figures


def measure_strongest(
    evidence: Evidence, figures: Sequence[Figure]
) -> tuple[Figure, ...]:
    """The largest figure of each metric, with an interval that knows of the choice.

    Its upper end is the largest of all upper ends, which needs no correction. What was
    chosen among includes the gap attack, whether or not it was added: that depends on
    the same records. Figures per row and per person share the error between them.
    """
    tried = with_gap(evidence)
    both = {"row": tried, "person": tried.per_person}
    units = {unit: of for unit, of in both.items() if of is not None}
    level = 1 - (1 - evidence.confidence_level) / len(units)
    found = []
    for metric in metrics_at(evidence.max_fprs):
        own = [f for f in figures if f.metric == metric.name and f.resolvable]
        if own:
            joint = {
                unit: read_joint_level(units[unit], metric, level)
                for unit in dict.fromkeys(f.unit for f in own)
            }
            found.append(_strongest_of(own, metric, units, joint))
    return tuple(found)


def measure_headline(
    evidence: Evidence, figures: Sequence[Figure]
) -> tuple[Figure, ...]:
    """The strongest AUC and the strongest TPR at about 1 % FPR, for the first lines.

    An attack is said to find something where either is above chance, so they share the
    error: their intervals hold together. Which rate is read follows from the number of
    non-members alone, and adds nothing to it.
    """
    known = {figure.metric for figure in figures if figure.resolvable}
    rates = [rate for rate in evidence.max_fprs if f"tpr@{rate}" in known]
    chosen = [get_metric("auc")]
    if rates:
        nearest = min(rates, key=lambda rate: abs(math.log(rate / _HEADLINE_FPR)))
        chosen.append(get_metric(f"tpr@{nearest}"))
    return measure_jointly(evidence, chosen)


def measure_jointly(
    evidence: Evidence, metrics: Sequence[Metric], n_others: int = 0
) -> tuple[Figure, ...]:
    """The strongest figure of each of these metrics, with intervals that hold together.

    And together with so many others that take the same part of the error.
    """
    shared = evidence.sharing(len(metrics) + n_others)
    return measure_strongest(shared, _measure(shared, metrics))


def _strongest_of(
    figures: Sequence[Figure],
    metric: Metric,
    units: Mapping[str, Evidence],
    levels: Mapping[str, float],
) -> Figure:
    """The largest of these, from the largest lower end at these levels."""
    ends = [(*_known(figure), figure) for figure in figures]
    lowest = -np.inf
    # No lower end is above that at a lower level: most need not be read.
    for _, low, _, figure in sorted(ends, key=lambda end: -end[1]):
        if low > lowest:
            level = levels[figure.unit]
            joint = read(units[figure.unit], metric, figure.attack, level)[1].low
            lowest = max(lowest, min(joint, low))
    best = max(ends, key=lambda end: end[0])[-1]
    return replace(best, low=lowest, high=max(high for _, _, high, _ in ends))


def _known(figure: Figure) -> tuple[float, float, float]:
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    return figure.value, figure.low, figure.high


def with_gap(evidence: Evidence) -> Evidence:
    """Add the gap attack, where the labels are known and none is called so."""
    if evidence.correct is None or GAP in evidence.scores:
        return evidence
    right = evidence.correct.astype(np.float64)
    return replace(evidence, scores={**evidence.scores, GAP: right})


def add_gap(evidence: Evidence) -> Evidence:
    """Add the gap attack where it reads more than every attack that was run.

    It takes a row for a member where the predicted label is right. It asks for nothing
    more, and finds what confidences do not show: they may be masked or scaled while
    the labels tell members as well as before.
    """
    if evidence.correct is None or GAP in evidence.scores:
        return evidence
    auc, tried = get_metric("auc"), with_gap(evidence)
    value, (low, _) = read(tried, auc, GAP)
    others = [read(evidence, auc, attack)[0] for attack in evidence.scores]
    if low <= auc.chance or value <= max(others):
        return evidence
    return tried


def check_resolvable(metric: Metric, n_nonmembers: Mapping[str, int]) -> None:
    """Raise where a figure means nothing, with so many non-members of each unit.

    Per person, too: rows of one person are no more than one.
    """
    metric.check_resolvable(n_nonmembers["row"])
    if "person" in n_nonmembers:
        metric.check_resolvable(n_nonmembers["person"], "non-member persons")
