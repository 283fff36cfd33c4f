"""Sections of a report as parts of the page: a template for each key.

Sentences are the section's own, which its text has too. What is prepared here are
numbers as they are shown, and intervals as pictures. A section of a key that is not in
the table is shown as its text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skmia.audit._report._html._tables import interval_bar, make_scale
from skmia.audit._section import read_section, strictest_first
from skmia.metrics import get_metric
from skmia.utils import percent

_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Part:
    """A heading of the page with what stands under it."""

    id: str
    title: str
    template: str
    answers: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def section_parts(sections: Sequence[Mapping[str, Any]]) -> list[Part]:
    """A part for each section: decisions first, the strictest of all before others."""
    parts: list[Part] = []
    for contents in strictest_first(sections):
        key = contents["section"]
        result = read_section(contents)
        values: dict[str, Any] = {"section": contents, "result": result}
        if key in _KNOWN:
            title, prepare = _KNOWN[key]
            values |= prepare(result)
        else:
            title, values["text"] = key.replace("_", " ").capitalize(), result.summary()
        again = sum(part.values["section"]["section"] == key for part in parts)
        parts.append(
            Part(
                id=f"{key}-{again + 1}" if again else key,
                title=title,
                template=f"sections/{key if key in _KNOWN else '_any'}.html",
                values=values,
            )
        )
    return parts


def _share(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f}{_NO_BREAK}%"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}"


def _exposed(
    name: str,
    n_members: int,
    n_nonmembers: int | None,
    share: tuple[float, float, float],
    accused: float,
    **more: Any,
) -> dict[str, Any]:
    """A row about some records: how many of their members are exposed."""
    sizes = [f"{n_members:,} members"]
    if n_nonmembers is not None:
        sizes.append(f"{n_nonmembers:,} others")
    return {
        "name": name,
        "sizes": ", ".join(sizes),
        "share": _share(share[0]),
        "low": _share(share[1]),
        "high": _share(share[2]),
        "accused": _share(accused),
        "ends": share,
        "chance": accused,
        "reason": "",
        "finding": "",
        "marked": False,
        **more,
    }


def _with_bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with a picture of each interval, all on one scale.

    What guessing would find is another for each row: the non-members that are accused.
    """
    judged = [row for row in rows if not row["reason"]]
    ends = [row["ends"][1:] for row in judged]
    ends += [(row["chance"], row["chance"]) for row in judged]
    scale = make_scale(ends)
    for row in judged:
        value, low, high = row["ends"]
        row["bar"] = interval_bar(value, low, high, scale.at(row["chance"]))
    return rows


def _subgroups(section: Any) -> dict[str, Any]:
    of = section.overall
    rows = [
        _exposed(
            "Everybody",
            sum(group.n_members for group in section.groups),
            sum(group.n_nonmembers for group in section.groups),
            (of.tpr, of.tpr_low, of.tpr_high),
            of.fpr,
        )
    ]
    for group in section.groups:
        sizes = group.n_members, group.n_nonmembers
        if group.figures is None:
            rows.append(_exposed(group.name, *sizes, (0, 0, 0), 0, reason=group.reason))
            continue
        of = group.figures
        finding = {
            "more": "more exposed than the rest",
            "less": "less exposed than the rest",
            "mixed": "differs from the rest",
            "no difference": "no difference beyond chance",
            "not judged": "not compared",
        }[group.finding]
        rows.append(
            _exposed(
                group.name,
                *sizes,
                (of.tpr, of.tpr_low, of.tpr_high),
                of.fpr,
                finding=finding,
                marked=group.finding in ("more", "mixed"),
            )
        )
    return {
        "rows": _with_bars(rows),
        "rate": percent(section.max_fpr),
        "level": percent(section.confidence_level),
    }


def _slices(section: Any) -> dict[str, Any]:
    rows = [
        _exposed(
            each.rule,
            each.n_members,
            each.n_nonmembers,
            (each.share, each.share_low, each.share_high),
            each.accused,
            finding=f"of the rest {_share(each.rest_share)} ({_p(each.p_value)})",
            marked=True,
        )
        for each in section.slices
    ]
    return {
        "rows": _with_bars(rows),
        "rate": percent(section.max_fpr),
        "level": percent(section.confidence_level),
    }


def _decision(section: Any) -> dict[str, Any]:
    words = {
        "kept": "kept",
        "unclear": "not shown",
        "broken": "not kept",
        "not_measured": "not measured",
        "not_applicable": "not applied",
    }
    return {
        "rows": [
            {
                "rule": r.rule,
                "result": words[r.result],
                "reason": r.reason,
                "kind": r.outcome,
            }
            for r in section.rulings
        ],
        "policy": section.policy.get("name") or "as given",
        "source": section.policy.get("source") or "",
    }


def _attributes(section: Any) -> dict[str, Any]:
    judged = [c for c in section.columns if c.outcome != "not_judged"]
    scale = make_scale([(0.0, 0.0), *((c.low, c.high) for c in judged)])
    return {
        "rows": [
            {
                "name": c.column,
                "ranges": c.ranges,
                "members": _share(c.members),
                "unseen": None if c.unseen is None else _share(c.unseen),
                "nonmembers": _share(c.nonmembers),
                "advantage": _share(c.advantage),
                "low": _share(c.low),
                "high": _share(c.high),
                "bar": interval_bar(c.advantage, c.low, c.high, scale.at(0.0)),
                "marked": c.outcome == "found",
            }
            for c in judged
        ],
        "unclear": [c.message for c in section.columns if c.outcome == "unclear"],
        "left": [c.message for c in section.columns if c.outcome == "not_judged"],
        "level": percent(section.confidence_level),
    }


def _claim(section: Any) -> dict[str, Any]:
    return {
        "rows": [
            {
                "rate": percent(each.max_fpr),
                "found": _share(each.value, 2),
                "low": _share(each.low, 2),
                "high": _share(each.high, 2),
                "allowed": _share(each.ceiling, 2),
                "above": each.contradicted,
            }
            for each in section.ceilings
        ]
    }


def _comparison(section: Any) -> dict[str, Any]:
    found = section.differences
    scale = make_scale([(each.low, each.high) for each in found], 0.0)
    rows = [
        {
            "attack": each.attack,
            "title": _figure_title(each),
            "first": _in_its_unit(each.metric, each.first),
            "second": _in_its_unit(each.metric, each.second),
            "value": _change(each.metric, each.value),
            "ends": " to ".join(
                _change(each.metric, end) for end in (each.low, each.high)
            ),
            "shown": each.is_shown and not section.void,
            "bar": interval_bar(each.value, each.low, each.high, scale),
        }
        for each in found
    ]
    if (accuracy := section.accuracy) is not None:
        ends = accuracy["low"], accuracy["high"]
        rows.append(
            {
                "attack": "The models",
                "title": "accuracy on non-members",
                "first": f"{accuracy['first']:.3f}",
                "second": f"{accuracy['second']:.3f}",
                "value": f"{accuracy['value']:+.3f}",
                "ends": "" if None in ends else " to ".join(f"{e:+.3f}" for e in ends),
                "shown": False,
                "bar": "",
            }
        )
    return {
        "rows": rows,
        "opening": section.opening,
        "level": percent(section.confidence_level),
    }


def _figure_title(difference: Any) -> str:
    title = get_metric(difference.metric).title
    return f"{title}, per person" if difference.unit == "person" else title


def _in_its_unit(metric: str, value: float) -> str:
    if get_metric(metric).in_percent:
        return f"{100 * value:.2f}{_NO_BREAK}%"
    return f"{value:.3f}"


def _change(metric: str, value: float) -> str:
    """A difference; of percentages in points."""
    if get_metric(metric).in_percent:
        return f"{100 * value:+.2f}"
    return f"{value:+.3f}"


def _nothing(_: Any) -> dict[str, Any]:
    """The template has all it needs in the section."""
    return {}


#: Title of each key, and what prepares the values of its template.
_KNOWN: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "decision": ("What the policy says", _decision),
    "subgroups": ("Groups of people at risk", _subgroups),
    "slices": ("Where it leaks most", _slices),
    "structure": ("What the model's file gives away", _nothing),
    "attributes": ("Values that an attacker guesses", _attributes),
    "leave_one_out": ("How far answers hang on single training rows", _nothing),
    "comparison": ("Compared with another report", _comparison),
    "claim": ("Promised differential privacy", _claim),
}
