"""How all displays look: colours, rates on axes, and where the legend goes.

Colours are those of Okabe and Ito, "Color Universal Design", which the colour-blind
tell apart, or lighter ones of the same hues on a dark ground; a dash and a marker go
with each, for print. Text takes the colour of the style that is in force.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skmia.utils._optional import import_optional
from skmia.utils._text import percent

_COLORS = {
    "light": (
        *("#0072B2", "#D55E00", "#009E73", "#CC79A7"),
        *("#E69F00", "#56B4E9", "#8C6D31", "#7F7F7F"),
    ),
    "dark": (
        *("#5AAEF0", "#FF8A47", "#2FC99A", "#E9A9CC"),
        *("#F7C14B", "#B3E0FA", "#C9A86A", "#B5B5B5"),
    ),
}
#: So many; they begin again after the last.
N_COLORS = len(_COLORS["light"])
_DASHES: tuple[tuple[float, ...], ...] = (
    *((), (6, 2), (6, 2, 1, 2), (2, 1.5)),
    *((9, 2, 2, 2, 2, 2), (4, 1.5), (1, 1), (10, 3)),
)
_MARKERS = "os^DvPX*"
#: Of what shows no data, and may be covered by a legend.
BACKGROUND = "background"
# Corners for a legend, the first that is free.
_CORNERS = "lower right", "upper left", "upper right", "lower left"
# Of a label from its point, in points.
_PLACES = [
    (right * far, up * far)
    for far in (7, 18, 30, 45)
    for right, up in ((1, -1), (-1, 1), (1, 1), (-1, -1), (1, -0.4), (-1, 0.4))
]
_CHANCE = {"linestyle": (0, (1, 1.5)), "linewidth": 1.2, "zorder": 1.5}


def style_of(i: int) -> dict[str, Any]:
    """Colour, dash and marker of the i-th; they begin again after the last."""
    dash, marker = dash_and_marker(i)
    style = (0, dash) if dash else "-"
    return {"color": color_of(i % N_COLORS), "linestyle": style, "marker": marker}


def dash_and_marker(i: int) -> tuple[tuple[float, ...], str]:
    """Lengths of the dashes and gaps of the i-th line, and its marker."""
    i %= N_COLORS
    return _DASHES[i], _MARKERS[i]


def color_of(i: int) -> str:
    """The i-th colour, by the ground of the style that is in force."""
    mpl = import_optional("matplotlib", "plot")
    red, green, blue = mpl.colors.to_rgb(text_color())
    dark_text = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5
    return _COLORS["light" if dark_text else "dark"][i]


def shown(name: str) -> str:
    """A name as it is: no formula between dollars, not hidden for its first letter."""
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def axes_of(
    ax: Any, caller: str, figsize: tuple[float, float] | None = None
) -> tuple[Any, Any]:
    """These axes, or those of a new figure, and their figure."""
    if ax is None:
        plt = import_optional("matplotlib.pyplot", caller)
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax, ax.figure


def merged(*kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keyword arguments of an artist, the last first; its short names count as well."""
    cbook = import_optional("matplotlib.cbook", "plot")
    line = import_optional("matplotlib.lines", "plot").Line2D
    found: dict[str, Any] = {}
    for some in kwargs:
        found |= cbook.normalize_kwargs(dict(some or {}), line)
    return found


def text_color() -> Any:
    """The colour of text in the style that is in force."""
    return import_optional("matplotlib", "plot").rcParams["text.color"]


def chance_style(kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """The line of guessing, in the colour of the text."""
    return merged(_CHANCE, {"color": text_color(), "label": "Guessing"}, kwargs)


def show_rates(axis: Any, decades: float | None = None) -> None:
    """Write the ticks of an axis as percentages; `decades` of a logarithmic one."""
    ticker = import_optional("matplotlib.ticker", "plot")
    axis.set_major_formatter(ticker.FuncFormatter(lambda rate, _: percent(rate)))
    if decades is not None:
        steps = (1.0, 3.0) if decades < 2.2 else (1.0,)
        axis.set_major_locator(ticker.LogLocator(subs=steps, numticks=12))
        axis.set_minor_formatter(ticker.NullFormatter())


def despined(ax: Any) -> None:
    """Leave out the frame on top and at the right."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def place_legend(ax: Any, title: str | None = None) -> Any:
    """Put the legend in a corner without data, or below the axes where none is free."""
    handles, labels = ax.get_legend_handles_labels()
    style = {"fontsize": "small", "title_fontsize": "small", "title": title}
    ax.figure.draw_without_rendering()
    outlines = _outlines_of(ax)
    points = np.concatenate([np.empty((0, 2)), *map(_along, outlines)])
    points = points[np.isfinite(points).all(axis=1)]
    within = ax.get_window_extent()
    for corner in _CORNERS:
        legend = ax.legend(handles, labels, loc=corner, framealpha=0.9, **style)
        box = legend.get_window_extent().padded(4)
        fits = box.width < within.width and box.height < within.height
        if fits and not box.count_contains(points) and not _lies_in(box, outlines):
            return legend
    columns = 1 if within.width < 330 or len(labels) < 4 else 2
    for side in ("upper center", "upper right"):
        legend = ax.legend(
            handles,
            labels,
            loc=side,
            # Below the ticks and the label of the axis, whose size is that of a font.
            bbox_to_anchor=(0.5 if side == "upper center" else 1.0, 0.0),
            borderaxespad=5,
            ncols=columns,
            frameon=False,
            **style,
        )
        if legend.get_window_extent().width < within.width:
            break
    return legend


def label_points(ax: Any, x: Any, y: Any, texts: Sequence[str]) -> list[Any]:
    """Write a text next to each point, where it covers neither points nor texts.

    One for which there is no such place is left out; the first have the choice.
    """
    ax.figure.draw_without_rendering()
    points = np.concatenate([np.empty((0, 2)), *map(_along, _outlines_of(ax))])
    legend = ax.get_legend()
    taken: list[Any] = [] if legend is None else [legend.get_window_extent()]
    within, found = ax.get_window_extent(), []
    text_class = import_optional("matplotlib.text", "plot").Text
    for at, text in zip(zip(x, y, strict=True), texts, strict=True):
        for right, up in _PLACES:
            label = ax.annotate(
                text,
                at,
                (right, up),
                textcoords="offset points",
                ha="left" if right > 0 else "right",
                va="bottom" if up > 0 else "top",
                fontsize="x-small",
                arrowprops={"arrowstyle": "-", "linewidth": 0.5, "shrinkB": 3},
                zorder=5,
            )
            label.get_window_extent()  # which puts it into its place
            # Of the text, without the line to its point.
            box = text_class.get_window_extent(label)
            inside = within.containsx(box.x0) and within.containsx(box.x1)
            inside &= within.containsy(box.y0) and within.containsy(box.y1)
            if (
                inside
                and not box.count_contains(points)
                and not box.count_overlaps(taken)
            ):
                taken.append(box.padded(1))
                found.append(label)
                break
            label.remove()
    return found


def _lies_in(box: Any, outlines: list[Any]) -> bool:
    """Whether the middle of a box is inside one of these areas."""
    path = import_optional("matplotlib.path", "plot").Path
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    closed = (of for of in outlines if len(of) > 3 and (of[0] == of[-1]).all())
    return any(path(of).contains_point(middle) for of in closed)


def _outlines_of(ax: Any) -> list[Any]:
    """Corners, in pixels, of the lines and areas that show data."""
    found = [line.get_transform().transform(line.get_xydata()) for line in ax.lines]
    for collection in ax.collections:
        for path in collection.get_paths():
            if not len(collection.get_offsets()) > 1:
                shown = collection.get_transform().transform_path(path)
                found.append(shown.vertices)
        offsets = collection.get_offset_transform()
        found += list(offsets.transform(collection.get_offsets())[:, None])
    for patch in ax.patches:
        if patch.get_gid() != BACKGROUND:
            found.append(
                patch.get_transform().transform_path(patch.get_path()).vertices
            )
    boxes = [text.get_window_extent() for text in ax.texts]
    found += [np.array([*box.corners()[[0, 1, 3, 2, 0]]]) for box in boxes]
    return [np.clip(corners, -1e4, 1e4) for corners in found if len(corners)]


def _along(corners: Any, apart: float = 4.0) -> Any:
    """Further points between the corners of a line, in pixels."""
    if len(corners) < 2:
        return corners
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    at = np.concatenate([[0], np.cumsum(lengths)])
    if not at[-1]:
        return corners
    steps = np.linspace(0, at[-1], int(min(at[-1] / apart, 5000)) + 2)
    return np.stack([np.interp(steps, at, column) for column in corners.T], axis=1)
