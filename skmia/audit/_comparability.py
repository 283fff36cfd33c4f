"""What keeps two reports from being compared, or limits what a comparison says."""

from collections.abc import Sequence
from typing import Any

from skmia.audit._figures import Figure
from skmia.audit._guards import CONFOUNDING
from skmia.audit._reach import GAP
from skmia.audit._report import AuditReport
from skmia.metrics import get_metric

# Signs that the members passed are not what the model was trained on.
_SUSPECT = "members_less_accurate"


def reasons_against(first: AuditReport, second: AuditReport) -> list[str]:
    """Why nothing can be said of which leaks less: a sentence for each reason."""
    found = []
    for report, name in _named(first, second):
        contents = report._contents
        warned = [g for g in contents["guards"] if g["severity"] == "warning"]
        if titles := _titles(g for g in warned if g["voids"]):
            found.append(
                f"the figures of the {name} report are no measure of what leaks "
                f"({titles})."
            )
        if titles := _titles(g for g in warned if g["name"] in CONFOUNDING):
            found.append(
                f"the figures of the {name} report are not of its model alone "
                f"({titles})."
            )
        kind = contents["verdict"]["kind"]
        names = {g["name"] for g in warned}
        below = kind == "below_chance" or (
            kind == "nothing_found" and "below_chance" in names
        )
        if below:
            found.append(
                f"an attack of the {name} report does worse than guessing, which is no "
                "sign of safety: its members and non-members may be swapped, or its "
                "members may not be the rows that the model was trained on."
            )
        if _SUSPECT in names:
            found.append(
                f"the {name} report warns of {_titles(_of(warned, _SUSPECT))}: its "
                "members may not be the rows that the model was trained on."
            )
    data = _data(first), _data(second)
    if None not in data and data[0] == data[1][::-1] and data[0] != data[1]:  # type: ignore[index]
        found.append("the members of the one are the non-members of the other.")
    return found


def cautions_of(
    first: AuditReport,
    second: AuditReport,
    common: Sequence[str] | None,
    strongest: bool,
) -> list[str]:
    """What a reader has to know before the verdict; `common` are attacks of both.

    None where there is no attack that one of them lacks.
    """
    found = []
    if common is not None:
        found += _attacks(first, second, common, strongest)
    found += _figures(first, second)
    found += _settings(first, second)
    for report, name in _named(first, second):
        warned = [g for g in report._contents["guards"] if g["severity"] == "warning"]
        if titles := _titles(g for g in warned if not g["voids"]):
            found.append(f"Warnings of the {name} report: {titles}.")
    return found


def common_attacks(first: AuditReport, second: AuditReport) -> list[str] | None:
    """The attacks that both have; None where none is missing in one of them.

    An audit that knows the labels tries the gap attack, and leaves it out where others
    read more: it is missing in neither.
    """
    known = _know_labels(first, second)
    one, other = (
        [attack for attack in report.attacks if attack != GAP or not known]
        for report in (first, second)
    )
    if set(one) == set(other):
        return None
    common = [attack for attack in one if attack in other]
    if not common:
        raise ValueError(
            "The two reports have no attack in common: the first has "
            f"{', '.join(one)}, the second {', '.join(other)}. Audit again with the "
            "same attacks."
        )
    return common


def _know_labels(first: AuditReport, second: AuditReport) -> bool:
    return first.accuracy is not None and second.accuracy is not None


def _attacks(
    first: AuditReport, second: AuditReport, common: Sequence[str], strongest: bool
) -> list[str]:
    found = []
    known = _know_labels(first, second)
    for (report, name), other in zip(
        _named(first, second), ("second", "first"), strict=True
    ):
        alone = [
            a for a in report.attacks if a not in common and not (a == GAP and known)
        ]
        if alone:
            found.append(
                f"The {name} report alone has {', '.join(alone)}: what the "
                f"{other} leaks to {'it' if len(alone) == 1 else 'them'} was not "
                "measured. The attacks of the two audits differ."
            )
    shared = ", ".join(common)
    if strongest:
        found.append(
            f"The strongest attacks below are of those that both have: {shared}."
        )
    else:
        found.append(
            f"The strongest attacks are not compared: both have {shared}, and from "
            "these reports it is not known how far the choice among them reaches."
        )
    return found


def _figures(first: AuditReport, second: AuditReport) -> list[str]:
    """Figures that one of the reports lacks."""
    found = []
    had = [_had(report) for report in (first, second)]
    for (_, name), own, other in zip(
        _named(first, second), had, had[::-1], strict=True
    ):
        titles = [get_metric(m).title for m in own if m not in other]
        if titles:
            found.append(
                f"The {name} report alone has the {' and the '.join(titles)}: the "
                "other did not ask for it, or has too few non-members. Nothing below "
                "says which of the two leaks less by that."
            )
    return found


def _had(report: AuditReport) -> list[str]:
    return list(dict.fromkeys(f.metric for f in report.figures if f.resolvable))


def missing_figures(first: AuditReport, second: AuditReport) -> bool:
    """Whether one of the reports has a figure that the other lacks."""
    return bool(_figures(first, second))


def _settings(first: AuditReport, second: AuditReport) -> list[str]:
    found = []
    data = _data(first), _data(second)
    counts = [(report.n_members, report.n_nonmembers) for report in (first, second)]
    if counts[0] != counts[1] or (None not in data and data[0] != data[1]):
        one, other = (f"{m:,} members and {n:,} non-members" for m, n in counts)
        found.append(
            f"They are about other rows: {one} in the first, {other} in "
            f"the second. A difference may be of the rows, and not of what "
            "the models leak."
        )
    shadows = [_n_shadows(report) for report in (first, second)]
    if shadows[0] != shadows[1]:
        found.append(
            f"The first audit had {shadows[0]}, the second {shadows[1]}: attacks with "
            "fewer of them mostly find less, whatever leaks."
        )
    persons = [report.n_member_persons is not None for report in (first, second)]
    if persons[0] != persons[1]:
        name = "first" if persons[0] else "second"
        found.append(
            f"The {name} audit alone knew whose the rows are: the other's intervals "
            "and figures take every row for a person of its own."
        )
    return found


def _n_shadows(report: AuditReport) -> str:
    n = (report.shadows or {}).get("n_shadows", 0)
    return f"{n:,} shadow models" if n else "no shadow models"


def _data(report: AuditReport) -> tuple[str, str] | None:
    """Hashes of the members and of the non-members, where the report has them."""
    data = (report._contents.get("provenance") or {}).get("data") or {}
    hashes = tuple(
        (data.get(side) or {}).get("sha256") for side in ("members", "nonmembers")
    )
    return None if None in hashes else hashes  # type: ignore[return-value]


def _named(
    first: AuditReport, second: AuditReport
) -> tuple[tuple[AuditReport, str], tuple[AuditReport, str]]:
    return (first, "first"), (second, "second")


def _of(guards: Any, name: str) -> list[Any]:
    return [guard for guard in guards if guard["name"] == name]


def _titles(guards: Any) -> str:
    return "; ".join(dict.fromkeys(guard["title"] for guard in guards))


def single_figures(
    report: AuditReport, attacks: Sequence[str]
) -> tuple[Figure, ...] | None:
    """Of a report without records, the figures of one attack, chosen by no figure."""
    if len(attacks) > 1 or report.n_member_persons is not None:
        return None
    return tuple(f for f in report.figures if f.attack in attacks and f.resolvable)
