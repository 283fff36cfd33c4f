"""The contents of a report: all that its forms show, as plain values."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from skmia.audit._evidence import Evidence
from skmia.audit._figures import Figure, measure, measure_headline, measure_strongest
from skmia.audit._guards import (
    TITLES,
    VOIDING,
    Guard,
    find_unchecked,
    is_no_measure,
    run_guards,
)
from skmia.audit._privacy import epsilon_bound, mu_bound
from skmia.audit._progress import enter_stage
from skmia.audit._provenance import Beginning
from skmia.audit._report._explained import explain
from skmia.audit._report._json import to_plain
from skmia.audit._report._risk import make_risk
from skmia.audit._report._verdict import verdict
from skmia.metrics import get_metric, precision_at_prior
from skmia.utils import computing_once

# Shares of members among those whom an attacker would test.
_PRIORS = (0.01, 0.1, 0.5)
#: Version of the contents; raised where a key changes meaning, is new or is gone.
SCHEMA_VERSION = 2


@computing_once()
def make_contents(
    evidence: Evidence,
    guards: Sequence[Guard],
    accuracy: tuple[float, float] | None,
) -> dict[str, Any]:
    """Measure and check what there is; `guards` were found elsewhere.

    Aggregates only: no value of a row, and no name of a record.
    """
    enter_stage("figures")
    figures = measure(evidence)
    strongest = measure_strongest(evidence, figures)
    headline = measure_headline(evidence, figures)
    enter_stage("guards")
    found = run_guards(evidence, guards)
    by_person = evidence.per_person
    # Scores that were made elsewhere have no beginning here.
    beginning = evidence.beginning or Beginning(clock=None)
    contents = {
        "schema_version": SCHEMA_VERSION,
        "estimator": evidence.estimator,
        "verdict": None,
        "counts": {
            "members": evidence.n_members,
            "nonmembers": evidence.n_nonmembers,
            "member_persons": None if by_person is None else by_person.n_members,
            "nonmember_persons": None if by_person is None else by_person.n_nonmembers,
            "models": len(evidence.targets),
        },
        "accuracy": accuracy
        and dict(zip(("members", "nonmembers"), accuracy, strict=True)),
        "shadows": evidence.shadows,
        "max_fprs": evidence.max_fprs,
        "confidence_level": evidence.confidence_level,
        "attacks": explain(list(evidence.scores), evidence.settings),
        "headline": [_figure(figure) for figure in headline],
        "strongest": [_figure(figure) for figure in strongest],
        "figures": [_figure(figure) for figure in figures],
        # Made when they are first asked for: see ReportBase.
        "curves": {},
        "person_curves": None,
        "histograms": {},
        "risk": make_risk(evidence, figures),
        "precision": _precision(strongest),
        "privacy": _privacy(evidence, found),
        "person_rules": None if by_person is None else evidence.titles_of_rules,
        "guards": [_guard(guard) for guard in found],
        "not_checked": {
            name: why._asdict() for name, why in find_unchecked(evidence).items()
        },
        "settings": evidence.settings,
        "provenance": beginning.contents(evidence.settings.get("random_state")),
        "versions": beginning.versions,
    }
    plain = to_plain(contents)
    return {**plain, "verdict": verdict(plain)}


def _figure(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "chance": figure.chance}


def _guard(guard: Guard) -> dict[str, Any]:
    """Whether it voids the figures, and its title in plain words, beside the rest."""
    voids = guard.name in VOIDING and guard.severity == "warning"
    title = TITLES.get(guard.name, guard.name)
    return {**asdict(guard), "title": title, "voids": voids}


def _precision(strongest: Sequence[Figure]) -> list[dict[str, Any]]:
    """Of those whom the strongest attack accuses, how many are members.

    At a fixed FPR it rises with the TPR, and so do the ends of the interval.
    """
    found = []
    for figure in strongest:
        rate = get_metric(figure.metric).max_fpr
        if rate is None:
            continue
        for prior in _PRIORS:
            tprs = np.array([figure.value, figure.low, figure.high], dtype=np.float64)
            value, low, high = precision_at_prior(tprs, rate, prior).tolist()
            found.append(
                {
                    "attack": figure.attack,
                    "metric": figure.metric,
                    "prior": prior,
                    "value": value,
                    "low": low,
                    "high": high,
                    "chance": prior,
                    "unit": figure.unit,
                }
            )
    return found


def _privacy(evidence: Evidence, guards: Sequence[Guard]) -> dict[str, Any] | None:
    """Lower bounds on epsilon and mu, each at the confidence level of the report.

    None where figures are no measure of the model, or not of it alone.
    """
    if is_no_measure(guards):
        return None
    bounds = {"epsilon": epsilon_bound(evidence), "mu": mu_bound(evidence)}
    return {
        # Of one model: a quick bound, and no certificate.
        "runs": "one" if len(evidence.targets) == 1 else "several, dependent",
        "delta": 0.0,
        "unit": "row" if evidence.persons is None else "person",
        **{name: bound and asdict(bound) for name, bound in bounds.items()},
    }
