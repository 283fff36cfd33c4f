"""Whether the parts of a report belong together: a verdict, figures, and sections."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import skmia
from skmia.audit._leave_one_out import LeaveOneOutRisk
from skmia.audit._policy import Decision, Policy
from skmia.audit._report._verdict import verdict
from skmia.audit._section import Section, write_section
from skmia.audit._structure import Structure

Contents = Mapping[str, Any]
# Decimals that a file may have lost.
_ROUNDING = 1e-9


def check_is_about(contents: Contents, found: Section) -> None:
    """Refuse what was found in another model, or with other rows, where it says so.

    Reports of several models, or of scores, do not say which rows a model was fitted
    on, and take any.
    """
    if not isinstance(found, Structure | LeaveOneOutRisk):
        return
    data = contents["provenance"]["data"]
    if "members" not in data:
        return
    which, maker = "structure", "audit_structure"
    if isinstance(found, LeaveOneOutRisk):
        which, maker = "leave-one-out risk", "leave_one_out_risk"
    ours, theirs = contents["estimator"], found.estimator
    if theirs is not None and theirs not in ours and ours not in theirs:
        raise ValueError(
            f"The 'results' must be of the model of this report, {ours}. Got the "
            f"{which} of {theirs} instead: pass {maker} the very model that was "
            "audited."
        )
    members = data["members"]
    other = found.n_rows is not None and found.n_rows != members["rows"]
    if found.sha256 is not None:
        other = found.sha256 != members["sha256"]
    if other:
        raise ValueError(
            "The 'results' must be of the members of this report, "
            f"{members['rows']:,} rows. Got a {which} that was looked for with other "
            f"rows, {found.n_rows:,} of them: pass {maker} the members and their "
            "labels as the audit got them."
        )


def check_decisions(contents: Contents, sections: Sequence[Section]) -> None:
    """Refuse decisions that are not what their policies make of this report."""
    whole = {**contents, "sections": [write_section(s) for s in sections]}
    for section in sections:
        if not isinstance(section, Decision):
            continue
        again = Decision.of(whole, Policy.from_dict(section.policy))
        if _is_of_now(contents):
            same = section.to_dict() == again.to_dict()
        else:
            same = _results(section) == _results(again)
        if not same:
            name = section.policy.get("name")
            by = f" by the policy {name!r}" if name else ""
            raise ValueError(
                f"The decision {section.outcome!r}{by} is not what its policy makes of "
                f"this report as it is, {again.outcome!r} with its own reasons: it is "
                "of another report, was changed, or was made before other sections "
                "were added. Leave it out with excluding('decision'), and decide "
                "after all other sections are there."
            )


def check_figures(contents: Contents) -> None:
    """Refuse a verdict and intervals that do not follow from one another."""
    for name, figure, end in _intervals(contents):
        low, value, high = (figure[key] for key in ("low", end, "high"))
        known = [v for v in (low, value, high) if v is not None]
        if any(
            a > b + _ROUNDING * max(1.0, abs(b)) for a, b in itertools.pairwise(known)
        ):
            raise ValueError(
                f"{name} has a value that is outside of its interval, or an interval "
                f"whose ends are swapped: {value} [{low}, {high}]"
            )
        if any(not math.isfinite(v) for v in known):
            raise ValueError(f"{name} has a figure that is not finite")
    again, found = verdict(contents), contents["verdict"]
    same = again == found if _is_of_now(contents) else again["kind"] == found["kind"]
    if not same:
        raise ValueError(
            f"the verdict {found['kind']!r} does not follow from the figures and the "
            f"guards, which say {again['kind']!r}: {again['sentences'][0]}"
        )


def _intervals(contents: Contents) -> Iterator[tuple[str, Contents, str]]:
    for key in ("figures", "strongest", "headline", "precision"):
        for i, figure in enumerate(contents[key]):
            yield f"{key}[{i}]", figure, "value"
    risk = contents.get("risk") or {}
    for i, entry in enumerate(risk.get("at_fpr", ())):
        yield f"risk['at_fpr'][{i}]", entry, "exposed"


def _is_of_now(contents: Contents) -> bool:
    """Whether sentences are those of this version; others may word them otherwise."""
    return bool(contents["versions"].get("skmia") == skmia.__version__)


def _results(decision: Decision) -> tuple[Any, ...]:
    rulings = tuple(replace(ruling, reason="") for ruling in decision.rulings)
    return decision.outcome, rulings
