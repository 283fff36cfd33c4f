"""The pictures of the page, from the contents of a report."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skmia.audit._report._html._svg import Drawing, draw


def roc(contents: Mapping[str, Any]) -> Drawing | None:
    """The curve of every attack on two logarithmic axes, beside guessing."""
    curves = contents["curves"]
    if not curves:
        return None

    def plot(ax: Any) -> None:
        floor = 1.0
        for name, curve in curves.items():
            fpr, tpr, low, high = (
                np.asarray(curve[key], float) for key in ("fpr", "tpr", "low", "high")
            )
            floor = min(floor, fpr[fpr > 0].min(initial=1.0))
            (line,) = ax.plot(fpr, tpr, label=_text(name))
            ax.fill_between(fpr, low, high, color=line.get_color(), alpha=0.14, lw=0)
        ax.plot([floor, 1], [floor, 1], color="0.4", linestyle=":", label="guessing")
        ax.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(floor, 1.05))
        ax.set(xlabel="Others wrongly accused (FPR)", ylabel="Members named (TPR)")
        ax.legend()

    return draw(
        plot,
        name="roc",
        description="ROC curves on logarithmic axes of the attacks "
        + ", ".join(curves)
        + ", with guessing as a dotted line. The tables have the figures.",
    )


def histograms(contents: Mapping[str, Any]) -> list[tuple[Drawing, str]]:
    """The scores of members and of non-members, a picture for each attack."""
    return [
        (_histogram(number, name, counts), name)
        for number, (name, counts) in enumerate(contents["histograms"].items())
    ]


def _histogram(number: int, name: str, counts: Mapping[str, Any]) -> Drawing:
    edges = np.asarray(counts["edges"], float)

    def plot(ax: Any) -> None:
        for side, label in (("members", "members"), ("nonmembers", "non-members")):
            heights = np.asarray(counts[side], float)
            ax.stairs(
                heights / max(heights.sum(), 1),
                edges,
                label=label,
                fill=True,
                alpha=0.5,
            )
        ax.set(xlabel="Score (higher: more likely a member)", ylabel="Fraction")
        ax.legend()

    return draw(
        plot,
        name=f"scores-{number}",
        description=f"Histogram of the scores of {name}, of members and non-members.",
        size=(4.4, 2.9),
    )


def _text(name: str) -> str:
    """A name that matplotlib shows as it is: no formula, and never hidden."""
    return name.replace("$", r"\$")
