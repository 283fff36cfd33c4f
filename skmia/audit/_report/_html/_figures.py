"""The pictures of the page, from a report's contents: what the displays show."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skmia.audit._displays import (
    allowed_by_promises,
    band_opacity,
    chances_between,
    expected_shares,
    limits_of_risk,
    lowest_rate,
    texts_of_open_ends,
)
from skmia.audit._report._html._chart import (
    Axis,
    Chart,
    linear_axis,
    rates_axis,
)
from skmia.audit._report._html._looks import Area, Drawing, Line
from skmia.metrics import tpr_ceiling
from skmia.utils import percent

_ROC, _SMALL = (388.8, 352.8), (316.8, 201.6)
_GUESSING = Line("ink", 1.2, (1, 1.5))
_ALLOWED = Line("ink", 1.4, (8, 3))
_BAND = Area("ink", 0.2)
_MEMBERS = Area("s1", 0.45, 1.1)
_IF_NONE = Line("ink", 1.6, (1, 1.5))


def curves(contents: Mapping[str, Any]) -> Iterator[tuple[Drawing, str]]:
    """The ROC of every attack, per person first; a title where there are two."""
    counts = contents["counts"]
    both = bool(contents["person_curves"])
    for unit, key, side in (
        ("person", "person_curves", "nonmember_persons"),
        ("row", "curves", "nonmembers"),
    ):
        if known := contents[key]:
            allowed = allowed_by_promises(contents, unit)
            level = contents["confidence_level"]
            drawing = _roc(known, f"roc-{unit}", unit, counts[side], level, allowed)
            yield drawing, f"Per {unit}" if both else ""


def _roc(
    known: Mapping[str, Mapping[str, Any]],
    name: str,
    unit: str,
    n_nonmembers: int,
    level: float,
    allowed: Mapping[str, Mapping[str, float]],
) -> Drawing:
    drawn = {
        attack: [np.array(curve[key], float) for key in ("fpr", "tpr", "low", "high")]
        for attack, curve in known.items()
    }
    start = lowest_rate([fpr for fpr, *_ in drawn.values()], n_nonmembers)
    # A tenth of the picture for what is not resolvable.
    low, least = start**1.1, 1 / n_nonmembers
    chart = Chart(
        name,
        _ROC,
        rates_axis(low, 1.0, "Non-members wrongly accused (FPR)"),
        rates_axis(low, 1.0, "Members found (TPR)"),
    )
    ends, whole = np.array([low, least]), np.array([1.0, 1.0])
    chart.area(ends, low * whole, whole, Area("ink", 0.12).fill)
    for number, (fpr, _, lower, upper) in enumerate(drawn.values()):
        shown = fpr >= start
        look = Area(Line.of(number).color, band_opacity(len(drawn))).fill
        chart.area(fpr[shown], lower[shown], upper[shown], look)
    legend = []
    for label, promise in allowed.items():
        rates = np.geomspace(max(start, 1e-6), 1, 300)
        chart.line(rates, tpr_ceiling(rates, **promise), _ALLOWED.stroke)
        legend.append((label, _ALLOWED.sample))
    guess = np.array([start, 1.0])
    chart.line(guess, guess, _GUESSING.stroke)
    legend.append(("Guessing", _GUESSING.sample))
    lines = []
    for number, (attack, (fpr, tpr, *_)) in enumerate(drawn.items()):
        line, shown = Line.of(number), fpr >= start
        chart.line(fpr[shown], tpr[shown], line.stroke)
        every = max(1, int(shown.sum()) // 6)
        some = slice(number % every, None, every)
        chart.marks(fpr[shown][some], tpr[shown][some], line)
        lines.append((attack, line.sample))
    legend.append((f"{percent(level)} interval, rate by rate", _BAND.sample))
    chart.text(
        (chart.left + float(chart.across(least))) / 2,
        (chart.above + chart.bottom) / 2,
        f"less than 1 of {n_nonmembers:,}: not resolvable",
        turn=-90,
    )
    svg = chart.svg(
        f"ROC curves per {unit}, on logarithmic axes, of the attacks "
        + ", ".join(known)
        + ", with guessing as a dotted line. The tables have the figures."
    )
    return Drawing(svg, (*lines, *legend))


def histograms(contents: Mapping[str, Any]) -> Iterator[tuple[Drawing, str]]:
    """The scores of members and of non-members, a picture for each attack."""
    for number, (attack, found) in enumerate(contents["histograms"].items()):
        edges = np.array(found["edges"], float)
        members, nonmembers = (
            np.array(found[side], float) / np.sum(found[side])
            for side in ("members", "nonmembers")
        )
        name = f"scores-{number}"
        highest = float(max(members.max(), nonmembers.max()))
        chart = Chart(
            name,
            _SMALL,
            linear_axis(float(edges[0]), float(edges[-1])),
            _shares_axis(highest, "Share of either side"),
        )
        hatched = Area("s2", 0.0, 1.1, f"{name}-hatched")
        chart.keep(hatched.hatching)
        chart.bars(edges, members, _MEMBERS.fill)
        chart.bars(edges, nonmembers, hatched.fill)
        texts = texts_of_open_ends(edges, found["open"])
        for text, anchor in zip(texts, ("start", "end"), strict=True):
            if text:
                x = chart.left + 3 if anchor == "start" else chart.right - 3
                chart.text(x, chart.bottom - 4, text, anchor=anchor)
        legend = ("Members", _MEMBERS.sample), ("Non-members", hatched.sample)
        description = (
            f"Histogram of the scores of {attack}, of members and of non-members."
        )
        yield Drawing(chart.svg(description), legend), attack


def risk(contents: Mapping[str, Any]) -> Iterator[tuple[Drawing, str, str]]:
    """How the members are spread: their separations, and their p-values."""
    known = contents["risk"] or {}
    rates = [entry["max_fpr"] for entry in known.get("per_record", ())]
    rate = min(rates, key=lambda rate: abs(rate - 0.01), default=0.01)
    for key, quantity, title, caption in (
        (
            "separation",
            "separation",
            "Separation of each member, in standard deviations",
            "How far apart models trained with and without a record answer about it, "
            f"and how often it is then found at {percent(rate)} false alarms. The tail "
            "on the right are those whom the model shows most plainly.",
        ),
        (
            "p_values",
            "p_value",
            "p-value of each member",
            "How rarely a non-member has as high a score. Without leakage all bars are "
            "equally high; those at the left are the exposed members.",
        ),
    ):
        if found := known.get(key):
            name, unit = f"risk-{key}", known["unit"]
            drawing = _risk(found, quantity, rate, unit, name, f"Histogram: {title}.")
            yield drawing, title, caption


def _risk(
    found: Mapping[str, Any],
    quantity: str,
    rate: float,
    unit: str,
    name: str,
    description: str,
) -> Drawing:
    edges, counts = (np.array(found[key], float) for key in ("edges", "members"))
    shares = counts / max(counts.sum(), 1.0)
    expected = expected_shares(quantity, edges, found.get("error"))
    ends = limits_of_risk(quantity, edges, shares, expected, rate)
    highest = float(max(shares.max(), 0.0 if expected is None else expected.max()))
    whose = "Persons" if unit == "person" else "Members"
    top = None
    if quantity == "separation":
        title = f"Chance of being found at {percent(rate)} FPR"
        top = Axis(*ends, list(chances_between(*ends, rate).items()), title)
    y = _shares_axis(highest, f"Share of the {whose.lower()}")
    chart = Chart(name, _SMALL, linear_axis(*ends), y, top)
    chart.bars(edges, shares, _MEMBERS.fill)
    legend = [(whose, _MEMBERS.sample)]
    if expected is not None:
        chart.bars(edges, expected, f'fill="none" {_IF_NONE.stroke}')
        legend.append(("If none leaked", _IF_NONE.sample))
    return Drawing(chart.svg(description), tuple(legend))


def _shares_axis(highest: float, title: str) -> Axis:
    return linear_axis(0.0, 1.08 * highest or 1.0, title, most=7, in_percent=True)
