"""Two reports set side by side: before and after a defense."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from skmia.audit._comparability import (
    cautions_of,
    common_attacks,
    missing_figures,
    reasons_against,
    single_figures,
)
from skmia.audit._comparison import STRONGEST, Comparison, Difference
from skmia.audit._differences import (
    Pairing,
    is_worst,
    of_accuracy,
    of_figures,
    units_of,
)
from skmia.audit._evidence import Evidence
from skmia.audit._figures import (
    Figure,
    add_gap,
    measure,
    measure_jointly,
    measure_strongest,
)
from skmia.audit._report import AuditReport
from skmia.metrics import Metric, get_metric


def compare(
    first: AuditReport, second: AuditReport, *, names: tuple[str, str] | None = None
) -> Comparison:
    """Set two reports side by side, with an interval of every difference.

    For a model before and after a defense, or two learners on the same rows. Where
    both are about the same records, or the same halves, the errors that they have in
    common cancel, and the intervals of the differences are narrower for it.

    Parameters
    ----------
    first, second : AuditReport
        Two reports of :func:`audit_classifier`, two of :func:`audit_learner`, or two
        of :func:`audit_cv`; from the audits, or from files. Differences are the second
        minus the first.
    names : pair of str, default=None
        What to call them; by default the estimators.

    Returns
    -------
    Comparison
        A section: ``second.including(compare(first, second))`` shows it in a report.

    Raises
    ------
    TypeError
        If one is no report.
    ValueError
        If they are of different kinds or confidence levels, or have no attack or no
        figure in common.

    See Also
    --------
    audit_learner : The figures of a learner, over many models.

    Notes
    -----
    The records are the same where their contents are, in the same order, and the same
    ones are members. Two reports from files have no records, and records that differ
    are not compared one by one: the interval of a difference then reaches from the
    lower end of the one to the upper end of the other, and holds wherever both of
    these intervals do, however the two belong together.

    Of records that are the same, the AUCs' errors are taken to share what the records
    show, less a margin for records that were not drawn. Other figures depend on a
    threshold: their errors are taken to share nothing, and those of a TPR that rests on
    fewer than 10 accused non-members to be opposite, the worst that there may be.

    No verdict is given where a report is void, below chance, or not of its model alone.
    What one audit did that the other did not is said first, and differences of the
    strongest attacks are of the attacks that both have.

    Reports of :func:`audit_learner` are compared over models: pair by pair of halves
    where both were made of the same rows with the same seed and number of models.

    Differences of the strongest attacks are between the strongest of each report, which
    may be two different attacks; the intervals allow for the choice of both.

    References
    ----------
    G. Zou and A. Donner, "Construction of confidence limits about effect measures: A
    general approach", Statistics in Medicine 2008.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_learner, compare
    >>> X, y = make_classification(200, flip_y=0.2, random_state=0)
    >>> deep, shallow = (
    ...     audit_learner(
    ...         DecisionTreeClassifier(max_depth=depth),
    ...         X,
    ...         y,
    ...         n_models=8,
    ...         attacks="loss",
    ...         random_state=0,
    ...     )
    ...     for depth in (8, 2)
    ... )
    >>> difference = compare(deep, shallow).strongest("auc")
    >>> difference.high < 0
    True
    """
    reports = first, second
    for report, name in zip(reports, ("first", "second"), strict=True):
        if not isinstance(report, AuditReport):
            raise TypeError(
                f"The {name!r} parameter must be an AuditReport. Got "
                f"{type(report).__name__} instead; read a file with "
                "AuditReport.from_json."
            )
    kinds = [_kind(report) for report in reports]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"The first report is about {kinds[0]}, the second about {kinds[1]}: their "
            "figures and intervals are different statements. Pass two of one kind."
        )
    if first.confidence_level != second.confidence_level:
        raise ValueError(
            "The two reports must have the same confidence_level. Got "
            f"{first.confidence_level:g} and {second.confidence_level:g}; audit again "
            "with one of them."
        )
    pairing = Pairing.of(first._evidence, second._evidence)
    common = common_attacks(first, second)
    best = _strongest(pairing, reports, common)
    differences = [*best, *_by_attack(pairing, *reports)]
    if not differences:
        raise ValueError(
            "The two reports have no figure in common that both could measure. Pass "
            "reports with the same max_fprs."
        )
    return Comparison(
        names=names or (first.estimator, second.estimator),
        pairing=pairing.kind,
        why=pairing.why,
        void=tuple(reasons_against(*reports)),
        cautions=tuple(cautions_of(*reports, common, bool(best))),
        partial=common is not None or missing_figures(*reports),
        notes=tuple(_notes(first)),
        differences=tuple(differences),
        accuracy=_accuracy(pairing, *reports),
        confidence_level=first.confidence_level,
    )


def _kind(report: AuditReport) -> str:
    if report.settings.get("audit") == "learner":
        return "a learner"
    return "the models of a cross-validation" if report.n_models > 1 else "one model"


def _by_attack(
    pairing: Pairing, first: AuditReport, second: AuditReport
) -> list[Difference]:
    units = [units_of(report._evidence) for report in (first, second)]
    known = {(f.attack, f.metric, f.unit): f for f in second.figures if f.resolvable}
    found = []
    for figure in first.figures:
        other = known.get((figure.attack, figure.metric, figure.unit))
        if figure.resolvable and other is not None:
            of = units[0][figure.unit], units[1][figure.unit]
            found.append(_difference(pairing, of, figure.attack, figure, other))
    return found


def _strongest(
    pairing: Pairing,
    reports: tuple[AuditReport, AuditReport],
    common: Sequence[str] | None,
) -> list[Difference]:
    figures = [_strongest_figures(report, common) for report in reports]
    if figures[0] is None or figures[1] is None:
        return []
    known = {figure.metric: figure for figure in figures[1]}
    found = []
    for figure in figures[0]:
        if (other := known.get(figure.metric)) is None:
            continue
        of = tuple(
            units_of(report._evidence)[f.unit]
            for report, f in zip(reports, (figure, other), strict=True)
        )
        # A row and a person are no pair.
        joined = pairing
        if figure.unit != other.unit:
            joined = Pairing("unknown", pairing.why)
        metric = get_metric(figure.metric)
        ends: tuple[Figure, ...] = (figure, other)
        if of[0] is not None and is_worst(joined, metric, of[0]):
            ends = tuple(_wider(report, metric, common) for report in reports)
        found.append(_difference(joined, of, STRONGEST, figure, other, ends))
    return found


def _strongest_figures(
    report: AuditReport, common: Sequence[str] | None
) -> tuple[Figure, ...] | None:
    """Of the attacks that both reports have; None where that is not known."""
    if common is None:
        return report._strongest
    if report._evidence is None:
        return single_figures(report, common)
    evidence = _with_attacks(report._evidence, common)
    return measure_strongest(evidence, measure(evidence))


def _with_attacks(evidence: Evidence, common: Sequence[str] | None) -> Evidence:
    if common is None:
        return evidence
    scores = {name: s for name, s in evidence.scores.items() if name in common}
    return add_gap(replace(evidence, scores=scores))


def _wider(report: AuditReport, metric: Metric, common: Sequence[str] | None) -> Figure:
    """The strongest at the level at which two intervals hold together."""
    assert report._evidence is not None
    evidence = _with_attacks(report._evidence, common)
    return measure_jointly(evidence, [metric], 1)[0]


def _difference(
    pairing: Pairing,
    units: Any,
    name: str,
    first: Figure,
    second: Figure,
    ends: tuple[Figure, ...] | None = None,
) -> Difference:
    assert first.value is not None
    assert second.value is not None
    metric = get_metric(first.metric)
    low, high = of_figures(
        *(pairing, units, metric, *(ends or (first, second))),
        strongest=name == STRONGEST,
    )
    value = second.value - first.value
    unit = first.unit if first.unit == second.unit else "person"
    return Difference(
        name,
        first.metric,
        unit,
        *(first.value, first.low, first.high),  # type: ignore[arg-type]
        *(second.value, second.low, second.high),  # type: ignore[arg-type]
        value,
        max(min(low, value), -1.0),
        min(max(high, value), 1.0),
    )


def _accuracy(
    pairing: Pairing, first: AuditReport, second: AuditReport
) -> dict[str, float | None] | None:
    if first.accuracy is None or second.accuracy is None:
        return None
    ends = of_accuracy(
        pairing, first._evidence, second._evidence, first.confidence_level
    )
    one, other = first.accuracy[1], second.accuracy[1]
    low, high = (None, None) if ends is None else ends
    return {
        "first": one,
        "second": other,
        "value": other - one,
        "low": low,
        "high": high,
    }


def _notes(report: AuditReport) -> list[str]:
    if _kind(report) != "a learner":
        return []
    return [
        "Figures are means over models of random halves of the rows, and so are the "
        "differences: they are about further models of these rows."
    ]
