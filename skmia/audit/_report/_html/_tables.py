"""Figures as tables with what guessing gives, and the interval of each as a picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from skmia.audit._report._words import show, show_chance
from skmia.metrics import Metric, get_metric
from skmia.utils import percent

Figure = Mapping[str, Any]

_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Row:
    """One attack in a table."""

    attack: str
    value: str
    low: str
    high: str
    above: bool
    bar: Markup
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """One metric, with a row for each attack; `lacking` where it cannot be read."""

    id: str
    title: str
    meaning: str
    guess: str
    rows: tuple[Row, ...]
    lacking: str = ""

    @property
    def best(self) -> Row:
        """Of the strongest attack."""
        return self.rows[0]


@dataclass(frozen=True)
class Group:
    """The tables per row, or per person."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


def figure_groups(contents: Mapping[str, Any]) -> list[Group]:
    """All figures; per person first, since that is what the first lines are about."""
    units = [u for u in ("person", "row") if _of(contents["figures"], unit=u)]
    return [_group(contents, unit, len(units) > 1) for unit in units]


def _group(contents: Mapping[str, Any], unit: str, titled: bool) -> Group:
    figures = _of(contents["figures"], unit=unit)
    metrics = sorted(dict.fromkeys(f["metric"] for f in figures), key=_place(contents))
    tables = tuple(_table(contents, metric, unit) for metric in metrics)
    sentences: tuple[str, ...] = ()
    if unit == "person":
        rules = contents["person_rules"] or {}
        sentences = (
            "About an attacker who has all rows of a person. How the scores of the "
            "rows are put together was chosen on shadow models: "
            + "; ".join(f"{attack}: {rule}" for attack, rule in rules.items())
            + ".",
        )
    return Group(f"Per {unit}" if titled else "", sentences, tables)


def _place(contents: Mapping[str, Any]) -> Any:
    """The metric of the headline first, then falling rates, then the averages."""
    headline = [figure["metric"] for figure in contents["headline"]]

    def place(name: str) -> tuple[int, float]:
        rate = get_metric(name).max_fpr
        if rate is None:
            return 2, headline.index(name) if name in headline else len(headline)
        return (0 if name in headline else 1), -rate

    return place


def _table(contents: Mapping[str, Any], name: str, unit: str) -> Table:
    metric = get_metric(name)
    figures = _of(contents["figures"], unit=unit, metric=name)
    attacks = [figure["attack"] for figure in figures]
    void = contents["verdict"]["kind"] == "void"
    chosen = _of(contents["strongest"], unit=unit, metric=name)
    rows = [*(chosen if len(attacks) > 1 else ()), *figures]
    rows = [figure for figure in rows if figure["resolvable"]]
    scale = _scale(rows, metric)
    remarks = [f"strongest of {len(attacks)}"] * (len(rows) - len(figures))
    remarks += [""] * len(figures)
    lacking = ""
    if not rows:
        of = "persons" if unit == "person" else "non-members"
        n = contents["counts"][
            "nonmember_persons" if unit == "person" else "nonmembers"
        ]
        lacking = f"it needs {metric.needed_nonmembers:,} {of}, and there are {n:,}"
    return Table(
        id=f"{unit}-{_slug(name)}",
        title=_title(metric),
        meaning=_meaning(metric, "persons" if unit == "person" else "members"),
        guess=show_chance(metric),
        rows=tuple(
            _row(figure, metric, scale, remark, void)
            for figure, remark in zip(rows, remarks, strict=False)
        ),
        lacking=lacking,
    )


def _row(
    figure: Figure, metric: Metric, scale: "Scale", remark: str, void: bool
) -> Row:
    value, low, high = (figure[key] for key in ("value", "low", "high"))
    shown = [show(metric, x).replace(" ", _NO_BREAK) for x in (value, low, high)]
    return Row(
        attack=figure["attack"],
        value=shown[0],
        low=shown[1],
        high=shown[2],
        above=low > metric.chance and not void,
        bar=interval_bar(value, low, high, scale),
        remark=remark,
    )


def _title(metric: Metric) -> str:
    if metric.max_fpr is None:
        return metric.title[0].upper() + metric.title[1:]
    return f"Members named at {percent(metric.max_fpr)} false alarms"


def _meaning(metric: Metric, whom: str) -> str:
    if metric.max_fpr is not None:
        return (
            f"{metric.title}: the fraction of {whom} whom an attacker can name while "
            f"wrongly accusing {one_in(metric.max_fpr)} others."
        )
    return {
        "auc": "The chance that an attack ranks a member above a non-member, both "
        "drawn at random; 1 is certainty. It hides a few people who are fully exposed.",
        "advantage": "The largest gap between the fractions of members and of "
        "non-members that one threshold accuses; 1 is certainty.",
    }.get(metric.name, "")


def one_in(rate: float) -> str:
    """A rate in words: 1 in 100."""
    n = 1 / rate
    return f"1 in {n:,.0f}" if abs(n - round(n)) < 1e-6 * n else f"{percent(rate)} of"


@dataclass(frozen=True)
class Scale:
    """From where to where a bar reaches, and where guessing stands."""

    low: float
    high: float
    chance: float | None

    def at(self, chance: float) -> "Scale":
        """The same with guessing at another place."""
        return replace(self, chance=chance)

    def place(self, value: float) -> str:
        """Where a value lies, in hundredths of the bar."""
        span = self.high - self.low or 1.0
        return f"{100 * min(max((value - self.low) / span, 0.0), 1.0):.2f}"


def _scale(figures: Sequence[Figure], metric: Metric) -> Scale:
    return make_scale([(f["low"], f["high"]) for f in figures], metric.chance)


def make_scale(
    intervals: Sequence[tuple[float, float]], chance: float | None = None
) -> Scale:
    """One scale for all the bars of a column, with room at both ends."""
    ends = [end for interval in intervals for end in interval]
    if chance is not None:
        ends.append(chance)
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.06 * (high - low) or 0.05
    return Scale(low - room, high + room, chance)


def interval_bar(value: float, low: float, high: float, scale: Scale) -> Markup:
    """The interval as a line, the figure as a dot, guessing as a dashed line.

    The numbers stand beside it in the table, and so it is left out when read aloud.
    """
    guess = Markup("")
    if scale.chance is not None:
        guess = Markup(
            '<line class="guess" x1="{0}%" x2="{0}%" y1="0" y2="100%" '
            'stroke-width="1.5"/>'
        ).format(scale.place(scale.chance))
    return Markup(
        '<svg aria-hidden="true" focusable="false">'
        '<line class="track" x1="0" x2="100%" y1="50%" y2="50%" stroke-width="1"/>'
        '{guess}<line class="whisker" x1="{low}%" x2="{high}%" y1="50%" y2="50%" '
        'stroke-width="4"/><circle class="dot" cx="{value}%" cy="50%" r="5"/></svg>'
    ).format(
        guess=guess,
        low=scale.place(low),
        high=scale.place(high),
        value=scale.place(value),
    )


def precision(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Of those accused, how many are members, at the rate of the verdict."""
    metrics = {figure["metric"] for figure in contents["headline"]}
    found = [
        entry
        for entry in contents["precision"]
        if entry["metric"] in metrics and entry["value"] is not None
    ]
    if not found or contents["verdict"]["kind"] == "void":
        return {"rows": []}
    rows = []
    scale = make_scale([(entry["low"], entry["high"]) for entry in found])
    for entry in found:
        value, low, high = (entry[key] for key in ("value", "low", "high"))
        prior = percent(entry["prior"])
        shown = [f"{100 * end:.1f}{_NO_BREAK}%" for end in (value, low, high)]
        bar = interval_bar(value, low, high, scale.at(entry["chance"]))
        above = low > entry["chance"]
        rows.append(
            Row(
                attack=f"{prior} are members",
                value=shown[0],
                low=shown[1],
                high=shown[2],
                above=above,
                bar=bar,
                remark=prior,
            )
        )
    metric = get_metric(found[0]["metric"])
    return {
        "attack": found[0]["attack"],
        "rate": percent(metric.chance),
        "rows": rows,
    }


def privacy(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Lower bounds on epsilon and mu, where there are any."""
    found = contents["privacy"] or {}
    persons = found.get("unit") == "person"
    return {
        "whom": "all records of a person" if persons else "one record",
        "rows": [
            {
                "name": name,
                "value": f"{found[name]['value']:.3g}",
                "attack": found[name]["attack"],
            }
            for name in ("epsilon", "mu")
            if found.get(name)
        ],
    }


def _of(figures: Sequence[Figure], **wanted: str) -> list[Figure]:
    return [f for f in figures if all(f[key] == v for key, v in wanted.items())]


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)


def facts(contents: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What was audited, in a few boxes."""
    counts = contents["counts"]
    for side, title in (("members", "Members"), ("nonmembers", "Non-members")):
        more = []
        if (n_persons := counts.get(f"{side[:-1]}_persons")) is not None:
            more.append(f"{n_persons:,} persons")
        if contents["accuracy"] is not None:
            more.append(f"model accuracy {contents['accuracy'][side]:.3f}")
        value = f"{counts[side]:,} rows"
        yield {"title": title, "value": value, "more": ", ".join(more)}
    if counts["models"] > 1:
        yield {"title": "Models", "value": f"{counts['models']:,}", "more": "audited"}
    if shadows := contents["shadows"]:
        size = percent(round(shadows["train_size"], 3))
        fitted = f"each trained on {size} of the rows"
        n_fits = (shadows.get("counterfactual") or {}).get("n_fits")
        if n_fits is not None and n_fits < shadows["n_shadows"]:
            fitted = f"each of {size} of the rows; {n_fits or 'none'} fitted"
        yield {
            "title": "Shadow models",
            "value": f"{shadows['n_shadows']:,}",
            "more": fitted,
        }
    n = len(contents["attacks"])
    names = ", ".join(contents["attacks"])
    yield {
        "title": "Attacks",
        "value": str(n),
        "more": names if len(names) < 60 else "",
    }
