"""Rules about the audit: whether its figures are a measure of the model at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from skmia.audit._guards import CHECKS
from skmia.audit._policy._ruling import COMPARISON, Ruling, rule_on

_CHECKS = {check.name: check for check in CHECKS}


def judge_comparison(contents: Mapping[str, Any]) -> Ruling:
    """No guard voids the figures; those that it finds are the reason."""
    found = [
        f"'{guard['name']}': {guard['message']}"
        for guard in _fired(contents)
        if _CHECKS[guard["name"]].voids
    ]
    if not found:
        return Ruling(
            rule=COMPARISON,
            result="kept",
            reason="No check says that the figures are no measure of this model.",
            outcome="release",
        )
    return Ruling(
        rule=COMPARISON,
        result="broken",
        reason=f"{' '.join(found)} No limit is kept by such figures, nor broken.",
        outcome="revise",
    )


def judge_required(contents: Mapping[str, Any], name: str) -> Ruling:
    rule = f"require:{name}"
    found = [guard["message"] for guard in _fired(contents) if guard["name"] == name]
    if found:
        return Ruling(
            rule=rule, result="broken", reason=" ".join(found), outcome="revise"
        )
    check = _CHECKS[name]
    noted = [g["message"] for g in contents["guards"] if g["name"] == name]
    if noted and not check.slight:
        reason = " ".join(["Not known, and what is not known is not kept:", *noted])
        return rule_on(rule, "not_measured", reason, "revise")
    if not noted and (why := unchecked(contents).get(name)) is not None:
        return _not_checked(rule, why)
    found_what = "too little to mislead" if noted else "nothing that misleads"
    reason = f"The check for {check.title} found {found_what}."
    return rule_on(rule, "kept", " ".join([reason, *noted]), "release")


def telling_notes(contents: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Notes that say that a guard could not look, or found something all the same."""
    found = []
    for guard in contents["guards"]:
        check = _CHECKS.get(guard["name"])
        known = check is not None and (
            check.slight or "warning" not in check.severities
        )
        if guard["severity"] == "note" and not known:
            found.append(guard)
    return found


def unchecked(contents: Mapping[str, Any]) -> Mapping[str, Any]:
    """Why each of the guards that did not look did not; all where it is not said."""
    said = contents.get("not_checked")
    if isinstance(said, Mapping):
        return said
    unknown = {"reason": "The report does not say what was checked.", "applies": True}
    return dict.fromkeys(_CHECKS, unknown)


def _not_checked(rule: str, why: Mapping[str, Any]) -> Ruling:
    if why["applies"] is not False:
        reason = f"Not checked, and silence says nothing: {why['reason']}"
        return rule_on(rule, "not_measured", reason, "revise")
    reason = f"Has no meaning here: {why['reason']}"
    return rule_on(rule, "not_applicable", reason, "release")


def _fired(contents: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The warnings, and notes of guards that are never more than that."""
    for guard in contents["guards"]:
        check = _CHECKS.get(guard["name"])
        if check is not None and (
            guard["severity"] == "warning" or "warning" not in check.severities
        ):
            yield guard
