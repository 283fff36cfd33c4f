"""What displays take from a report, or from scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from skmia.audit._evidence import Evidence
from skmia.audit._inputs import check_one_side, check_reading, check_scores
from skmia.utils import check_membership, check_option, encode_groups


def plain_contents(report: Any) -> Mapping[str, Any]:
    """The contents of a report; a dict is taken for such."""
    if isinstance(report, Mapping):
        return report
    contents: Mapping[str, Any] = report.to_dict()
    return contents


def contents_of(
    report: Any,
    key: str,
    attacks: Sequence[str] | None,
    unit: str = "row",
    parameter: str = "attacks",
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The contents of a report, and what they have under `key` for these attacks."""
    check_option(unit, "unit", ("row", "person"))
    contents = plain_contents(report)
    known = contents[key if unit == "row" else f"person_{key}"]
    if known is None:
        raise ValueError(
            "The 'unit' parameter must be 'row': this audit was not told whose the "
            "rows are. Got 'person' instead; pass groups to the audit."
        )
    names = list(known) if attacks is None else list(attacks)
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"The '{parameter}' parameter must be in the report, which has the attacks "
            f"{list(known)}. Got {missing[0]!r} instead."
        )
    return contents, {name: known[name] for name in names}


def allowed_by_promises(
    contents: Mapping[str, Any], unit: str
) -> dict[str, dict[str, float]]:
    """What the claims of a report allow attacks to find, by what it is called."""
    found = {}
    for section in contents.get("sections", ()):
        if section["section"] != "claim" or section["unit"] != unit or section["void"]:
            continue
        promise = section.get("promise")
        if promise is not None and promise["voided"]:
            continue
        what = "mu" if section["epsilon"] is None else "epsilon"
        title = f"Allowed by {what} = {section[what]:.3g}"
        found[title] = {"delta": section["delta"], what: section[what]}
    return found


def figure_of(
    contents: Mapping[str, Any], attack: str, metric: str, unit: str = "row"
) -> float | None:
    """A figure of a report; None where it was not measured."""
    wanted = attack, metric, unit
    for figure in contents["figures"]:
        if (figure["attack"], figure["metric"], figure["unit"]) == wanted:
            value: float | None = figure["value"]
            return value
    return None


def evidence_of(
    membership: ArrayLike,
    scores: ArrayLike | Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    confidence_level: float = 0.95,
    name: str | None = None,
) -> Evidence:
    """What was measured, of scores that come without a report."""
    member = check_membership(membership)
    rates, level = check_reading((0.1, 0.01, 0.001), confidence_level)
    given = scores if isinstance(scores, Mapping) else {name or "attack": scores}
    persons = names = None
    if groups is not None:
        persons, names = encode_groups(groups, member.size)
        check_one_side(member, persons)
    return Evidence(
        membership=member,
        scores={
            str(key): check_scores(str(key), values, member.size)
            for key, values in given.items()
        },
        max_fprs=rates,
        confidence_level=level,
        persons=persons,
        person_names=names,
    )
