"""The pictures of the page: the displays of an audit, from a report's contents."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skmia.audit._displays import (
    MembershipRocDisplay,
    MembershipScoreDisplay,
    RecordRiskDisplay,
    allowed_by_promises,
)
from skmia.audit._report._html._svg import Drawing, draw
from skmia.utils import percent


def curves(contents: Mapping[str, Any]) -> Iterator[tuple[Drawing, str]]:
    """The ROC of every attack, per person first; a title where there are two."""
    counts = contents["counts"]
    both = bool(contents["person_curves"])
    for unit, key, side in (
        ("person", "person_curves", "nonmember_persons"),
        ("row", "curves", "nonmembers"),
    ):
        if not (known := contents[key]):
            continue
        display = MembershipRocDisplay(
            **{
                end: [np.array(curve[end], dtype=float) for curve in known.values()]
                for end in ("fpr", "tpr", "low", "high")
            },
            # Names are shown by the page: matplotlib takes some for formulas, and has
            # no letters for others.
            name=[str(number) for number in range(len(known))],
            n_nonmembers=counts[side],
            confidence_level=contents["confidence_level"],
            allowed=allowed_by_promises(contents, unit),
        )
        drawing = draw(
            display.plot,
            name=f"roc-{unit}",
            description=f"ROC curves per {unit}, on logarithmic axes, of the attacks "
            + ", ".join(known)
            + ", with guessing as a dotted line. The tables have the figures.",
            size=(5.4, 4.9),
        )
        names = dict(enumerate(known))
        legend = tuple(
            (names[int(label)] if label.isdecimal() else label, sample)
            for label, sample in drawing.legend
        )
        yield replace(drawing, legend=legend), f"Per {unit}" if both else ""


def histograms(contents: Mapping[str, Any]) -> Iterator[tuple[Drawing, str]]:
    """The scores of members and of non-members, a picture for each attack."""
    for number, (name, found) in enumerate(contents["histograms"].items()):
        display = MembershipScoreDisplay(
            edges=found["edges"],
            members=found["members"],
            nonmembers=found["nonmembers"],
            open_ends=found["open"],
            scale=found["scale"],
        )
        yield (
            _small(
                display,
                f"scores-{number}",
                f"Histogram of the scores of {name}, of members and of non-members.",
            ),
            name,
        )


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
            display = RecordRiskDisplay(
                edges=found["edges"],
                members=found["members"],
                quantity=quantity,
                error=found.get("error"),
                max_fpr=rate,
                unit=known["unit"],
            )
            drawing = _small(display, f"risk-{key}", f"Histogram: {title}.")
            yield drawing, title, caption


def _small(
    display: MembershipScoreDisplay | RecordRiskDisplay, name: str, description: str
) -> Drawing:
    """One of several pictures beside one another, whose titles say what is drawn."""

    def plot(ax: Any) -> None:
        display.plot(ax)
        ax.set_xlabel("")

    return draw(plot, name=name, description=description, size=(4.4, 2.8))
