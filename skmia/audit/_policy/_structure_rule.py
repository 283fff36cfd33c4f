"""Rules about the state of the model: what its file says of its training rows."""

from collections.abc import Mapping
from typing import Any

from skmia.audit._policy._ruling import STRUCTURE, Ruling, rule_on
from skmia.audit._structure import Structure


def judge_structure(contents: Mapping[str, Any], check: str) -> Ruling:
    """Tell whether a check of the structure found a risk.

    Where there is none of what it looks for, such as leaves, it has no meaning.
    """
    rule = f"{STRUCTURE}{check}"
    sections = [s for s in contents["sections"] if s["section"] == Structure.section]
    # Of several sections the worst counts.
    found = [f for s in sections for f in s["findings"] if f["check"] == check]
    if check == "carried_rows":
        found += [
            {"outcome": "risk", "message": guard["message"]}
            for guard in contents["guards"]
            if guard["name"] == "carries_training_rows"
        ]
    if not found:
        reason = (
            "The report does not say what is in the model. audit_classifier looks at "
            "it; add audit_structure(model, X, y) to other reports by including()."
        )
        return rule_on(rule, "not_measured", reason, "revise")
    by_outcome: dict[str, list[str]] = {}
    for finding in found:
        by_outcome.setdefault(finding["outcome"], []).append(finding["message"])
    for outcome, result, follows in (
        ("risk", "broken", "refuse"),
        ("not_measured", "not_measured", "revise"),
        ("nothing_found", "kept", "release"),
        ("not_applicable", "not_applicable", "release"),
    ):
        if outcome in by_outcome:
            reason = " ".join(dict.fromkeys(by_outcome[outcome]))
            return rule_on(rule, result, reason, follows)
    unknown = f"The report has the finding {found[0]['outcome']!r}, which is none."
    return rule_on(rule, "not_measured", unknown, "revise")
