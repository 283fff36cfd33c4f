"""How many people are exposed: aggregates for the contents of a report, no record.

`risk` of the contents:

- ``unit``, "row" or "person"; ``members``, ``nonmembers`` of the model with the fewest;
  ``models``. Numbers of several models are means over them.
- ``attack``: the one that the rest is about, by a rule that does not look at figures.
- ``at_fpr``: for every attack and ``max_fpr`` the number of members that are
  ``exposed``, with an interval ``low`` to ``high`` (the TPR's), and ``by_guessing``;
  None where it is not resolvable.
- ``listed``: the list at a false discovery rate ``fdr``. ``members`` on it, the
  ``share`` of all members; ``surely`` of them are there for more than chance, at the
  report's confidence level; ``false_alarms``, non-members with as high a score;
  ``wrong_at_prior``, the share of wrong accusations where so many of those that are
  tried are members; ``fewest``, the length of the shortest list that is not empty, None
  where nobody can be listed; ``by_attack``, the lengths of each attack's own list.
- ``p_values`` and ``shadow_p_values``: histograms, ``edges`` and counts of ``members``
  and ``nonmembers``. The second is None where ``separation`` is.
- ``separation``: histogram, with the median ``error`` and ``shadows`` (with the record,
  and without), and how many records are ``unknown``; None where nothing is known,
  and ``no_separation`` says why.
- ``per_record``: for every ``max_fpr`` the ``pooled_tpr`` of the attack beside what
  each record's own shadows say: the mean over members of the chance of being found by
  a threshold of its own, ``mean_power`` (None with few shadows), and the ``tpr`` and
  ``fpr`` of that rule on the audited model.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmia.attacks import RecordSeparation
from skmia.audit._evidence import BoolArray, Evidence, FloatArray
from skmia.audit._exposure import (
    Listing,
    attacks_for_lists,
    fewest_listed,
    list_facts,
    p_values,
    usual_attack,
)
from skmia.audit._figures import Figure
from skmia.audit._report._records import no_separation
from skmia.metrics import get_metric

_FDR = 0.1
_PRIORS = (0.01, 0.1, 0.5)
_N_BINS = 20
# Separations beyond are counted in the last bins.
_SEPARATIONS = -3.0, 10.0
# From so few shadows that the standard error of d' is above its root, the mean power of
# records that differ in their spread is too high, by a fifth and more at 1 % FPR.
_MOST_VARIANCE = 0.34


def make_risk(evidence: Evidence, figures: Sequence[Figure]) -> dict[str, Any]:
    """Count who is exposed; persons where the audit was told whose the rows are."""
    by_person = evidence.per_person
    of, unit = (evidence, "row") if by_person is None else (by_person, "person")
    attack = usual_attack(list(of.scores))
    own = [f for f in figures if f.unit == unit]
    known = of.separation
    unknown = no_separation(of)
    values = p_values(of, attack)
    edges = np.linspace(0, 1, _N_BINS + 1)
    return {
        "unit": unit,
        "members": of.n_members,
        "nonmembers": of.n_nonmembers,
        "models": len(of.targets),
        "attack": attack,
        "at_fpr": [_at_fpr(f, of) for f in own if get_metric(f.metric).max_fpr],
        "listed": _listed(of, attack),
        "p_values": _histogram(values, of.membership, edges),
        "shadow_p_values": None
        if unknown or known is None
        else _histogram(known.p_value, of.membership, edges),
        "separation": None if unknown or known is None else _separation(known, of),
        "no_separation": unknown or None,
        "per_record": []
        if unknown or known is None
        else [
            _per_record(f, of, known)
            for f in own
            if f.attack == attack and get_metric(f.metric).max_fpr
        ],
    }


def _at_fpr(figure: Figure, evidence: Evidence) -> dict[str, Any]:
    n, rate = evidence.n_members, get_metric(figure.metric).max_fpr
    assert rate is not None
    value, low, high = (
        None if rate_of is None else n * rate_of
        for rate_of in (figure.value, figure.low, figure.high)
    )
    return {
        "attack": figure.attack,
        "max_fpr": rate,
        "exposed": value,
        "low": low,
        "high": high,
        "by_guessing": n * rate,
        "resolvable": figure.resolvable,
    }


def _listed(evidence: Evidence, attack: str) -> dict[str, Any]:
    level = evidence.confidence_level
    facts = list_facts(evidence, attack, _FDR, level)
    n_models = len(facts)
    names = attacks_for_lists(list(evidence.scores))
    by_attack = {
        name: int(Listing.of(evidence, name).listed(_FDR).sum()) / n_models
        for name in names
    }
    rates = [
        ((1 + f.false_alarms) / (1 + f.n_nonmembers), f.listed / f.n_members)
        for f in facts
        if f.listed
    ]
    fpr, tpr = np.mean(rates, axis=0) if rates else (0.0, 0.0)
    return {
        "fdr": _FDR,
        "members": by_attack[attack],
        "share": float(np.mean([f.listed / f.n_members for f in facts])),
        "surely": float(np.mean([f.surely for f in facts])),
        "confidence_level": level,
        "false_alarms": float(np.mean([f.false_alarms for f in facts])),
        "wrong_at_prior": [
            {
                "prior": prior,
                "wrong": (1 - prior) * fpr / (prior * tpr + (1 - prior) * fpr)
                if rates
                else None,
            }
            for prior in _PRIORS
        ],
        "fewest": fewest_listed(evidence, attack, _FDR),
        "by_attack": by_attack,
    }


def _separation(known: RecordSeparation, evidence: Evidence) -> dict[str, Any]:
    found = ~np.isnan(known.separation)
    edges = np.linspace(*_SEPARATIONS, _N_BINS + 7)
    values = np.clip(known.separation, *_SEPARATIONS)
    return {
        **_histogram(values, evidence.membership, edges),
        "error": float(np.median(known.error[found])),
        "shadows": _shadows(known),
        "unknown": int((~found).sum()),
    }


def _shadows(known: RecordSeparation) -> list[float]:
    return [float(np.median(n)) for n in (known.n_inside, known.n_outside)]


def _per_record(
    figure: Figure, evidence: Evidence, known: RecordSeparation
) -> dict[str, Any]:
    """A rule with a threshold for each record beside one for all of them."""
    rate = get_metric(figure.metric).max_fpr
    assert rate is not None
    member = evidence.membership
    there = ~np.isnan(known.p_value)
    tpr, fpr = (
        float((known.p_value[side] <= rate).mean()) if side.any() else None
        for side in (member & there, ~member & there)
    )
    power = None
    few = sum(1 / max(n, 1) for n in _shadows(known)) > _MOST_VARIANCE
    if not few and tpr is not None:
        power = float(known.power(rate)[member & there].mean())
    return {
        "max_fpr": rate,
        "pooled_tpr": figure.value,
        "mean_power": power,
        "tpr": tpr,
        "fpr": fpr,
    }


def _histogram(
    values: FloatArray, member: BoolArray, edges: FloatArray
) -> dict[str, Any]:
    """Counts of members and of non-members; what is not known is in none."""
    members, nonmembers = (
        np.histogram(values[side & ~np.isnan(values)], edges)[0]
        for side in (member, ~member)
    )
    return {"edges": edges, "members": members, "nonmembers": nonmembers}
