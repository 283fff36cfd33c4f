"""Drawings of matplotlib as SVG that belongs into a page: its colours, its font."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any
from xml.sax.saxutils import quoteattr

from markupsafe import Markup

from skmia.audit._displays import N_COLORS, color_of
from skmia.utils import import_optional, without_legends

# Colours of the page as they are drawn, and the variables of its style sheet that take
# their place, so that a drawing follows the page into the dark and into print. Those of
# the displays have variables by their number.
_INK, _MUTED, _LINE, _PAPER = "#1b1f24", "#555e68", "#cfd6dd", "#ffffff"
_VARIABLES = {_INK: "ink", _MUTED: "muted", _LINE: "line", _PAPER: "paper"}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skmia",
    "text.usetex": False,
    "text.parse_math": False,
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "axes.edgecolor": _MUTED,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
}
# What stands for a marker of matplotlib in the sample of a line.
_MARKERS = {
    "o": "M14.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "s": "M15 3h6v6h-6z",
    "^": "M14 9.5h8L18 2z",
    "v": "M14 2.5h8L18 10z",
    "D": "M18 1.5 22.5 6 18 10.5 13.5 6z",
    "P": "M16.5 2h3v2.5H22v3h-2.5V10h-3V7.5H14v-3h2.5z",
    "X": "M15.5 2 18 4.5 20.5 2 22 3.5 19.5 6 22 8.5 20.5 10 18 7.5 15.5 10"
    " 14 8.5 16.5 6 14 3.5z",
    "*": "M18 .5 19.5 4.5 23.5 5 20.5 7.5 21.5 11.5 18 9.5"
    " 14.5 11.5 15.5 7.5 12.5 5 16.5 4.5z",
}
_TAG = re.compile(r"<[^<>]+>")
_ID = re.compile(r'( id="|url\(#|href="#)')
# Points to an inch, which are the units of the file; around the axes, in inches.
_DPI, _MARGIN = 72, 0.04
# Of text, in points: on a phone they are a little more than pixels.
_SMALLEST = 8.5
# Hundredths of a point are as fine as anyone sees.
_LONG = re.compile(r"(\d\.\d\d)\d+")
_STYLES = re.compile(r' style="([^"]*)"')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")


@dataclass(frozen=True)
class Drawing:
    """A drawing, and what its lines mean, for a legend that the page writes itself.

    `legend` has a label and the sample of a line for each.
    """

    svg: Markup
    legend: tuple[tuple[str, Markup], ...]


def draw(
    plot: Callable[[Any], object],
    *,
    name: str,
    description: str,
    size: tuple[float, float] = (5.2, 3.7),
) -> Drawing:
    """Draw with a function that takes the axes; its legend becomes the page's.

    `name` is of this drawing alone in the page: what is referred to inside it is called
    so. `description` is read out to those who do not see it.
    """
    import_optional("matplotlib.figure", "A report as HTML")
    from matplotlib import rc_context, style
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    ours: Any = _STYLE
    # The user's own settings, such as a dark style or TeX, have no place here.
    with style.context("default"), rc_context(ours):
        figure = Figure(figsize=size, dpi=_DPI)
        ax = figure.subplots()
        with without_legends():
            plot(ax)
        variables = _variables()
        legend = _legend(ax, variables)
        _plain_axes(ax)
        _fill(figure, ax)
        # Neither date nor version of matplotlib: the same report, the same file.
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        file = StringIO()
        # savefig would draw twice, the first time for its layout.
        FigureCanvasSVG(figure).print_svg(file, metadata=nothing)
    return Drawing(_embed(file.getvalue(), name, description, variables), legend)


def _variables() -> dict[str, str]:
    """The variable for each colour that the style in force draws with."""
    return _VARIABLES | {color_of(i).lower(): f"s{i + 1}" for i in range(N_COLORS)}


def _plain_axes(ax: Any) -> None:
    """Leave words to the page, and room between the labels of ticks."""
    from matplotlib.ticker import MaxNLocator

    ax.set_title("")
    if ax.xaxis.get_scale() == "linear":
        # Few ticks: their labels are large beside a drawing for a phone.
        ax.xaxis.set_major_locator(MaxNLocator(5))


def _fill(figure: Any, ax: Any) -> None:
    """Let the axes with all of their labels fill the figure, but for a small margin.

    A constrained layout does so in two rounds, each as long as the drawing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    margin = _DPI * _MARGIN
    frame, whole = figure.bbox, ax.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    inner = ax.get_window_extent()
    left, bottom = inner.x0 - whole.x0 + margin, inner.y0 - whole.y0 + margin
    right, top = whole.x1 - inner.x1 + margin, whole.y1 - inner.y1 + margin
    ax.set_position(
        (
            left / frame.width,
            bottom / frame.height,
            1 - (left + right) / frame.width,
            1 - (bottom + top) / frame.height,
        )
    )


def _embed(
    svg: str, name: str, description: str, variables: Mapping[str, str]
) -> Markup:
    """Make a file a part of a page: no header, no style of its own, no size."""
    body = svg[svg.index("<svg") :]
    for left_out in (
        r"<!--.*?-->",
        r"<metadata>.*?</metadata>",
        r"<defs>\s*<style.*?</style>\s*</defs>",
    ):
        body = re.sub(left_out, "", body, flags=re.DOTALL)
    # Tags alone: matplotlib escapes their brackets in texts, which stay as they are.
    body = _TAG.sub(lambda found: _own(found[0], name, variables), body)
    box = re.search(r'viewBox="[^"]*"', body)
    assert box is not None
    head = f'<svg role="img" aria-label={quoteattr(_plain(description))} {box[0]} '
    head += 'xmlns="http://www.w3.org/2000/svg" '
    head += 'xmlns:xlink="http://www.w3.org/1999/xlink">'
    return Markup(head + re.sub(r"\s+", " ", body[body.index(">") + 1 :]).strip())


def _own(tag: str, name: str, variables: Mapping[str, str]) -> str:
    """A tag with names of this drawing alone, and attributes in place of a style."""
    tag = _LONG.sub(r"\1", _ID.sub(rf"\1{name}-", tag))
    tag = _STYLES.sub(lambda found: _as_attributes(found[1]), tag)
    return _COLOUR.sub(lambda found: _variable(found[0], variables), tag)


def _as_attributes(style: str) -> str:
    """Turn the style of an element into attributes, which need no leave to be shown."""
    found = []
    for part in style.split(";"):
        key, _, value = (text.strip() for text in part.partition(":"))
        if key == "font":
            size = re.search(r"([\d.]+)px", value)
            points = max(float(size[1]), _SMALLEST) if size else 10
            weight = ' font-weight="bold"' if value.startswith(("bold", "700")) else ""
            found.append(f'font-size="{points:g}px"{weight}')
        elif key and key != "font-family":
            found.append(f'{key}="{value}"')
    return "".join(f" {attribute}" for attribute in found)


def _variable(colour: str, variables: Mapping[str, str]) -> str:
    """The variable for a colour: by the table, or by how dark a grey it is."""
    name = variables.get(colour)
    if name is None and colour[1:3] == colour[3:5] == colour[5:7]:
        level = int(colour[1:3], 16)
        name = "ink" if level < 0x40 else "muted" if level < 0xB0 else "line"
    return colour if name is None else f"var(--{name})"


def _legend(ax: Any, variables: Mapping[str, str]) -> tuple[tuple[str, Markup], ...]:
    """What a legend would have."""
    handles, labels = ax.get_legend_handles_labels()
    pairs = zip(labels, handles, strict=True)
    return tuple((label, _sample(h, variables)) for label, h in pairs)


def _sample(handle: Any, variables: Mapping[str, str]) -> Markup:
    """A piece of a line, or of an area, as it looks in the drawing."""
    from matplotlib.colors import to_hex, to_rgba
    from matplotlib.lines import Line2D

    def variable(colour: Any) -> str:
        return _variable(to_hex(colour), variables)

    if isinstance(handle, Line2D):
        return Markup(
            '<svg viewBox="0 0 36 12" aria-hidden="true"><path d="M1 6h34" fill="none" '
            'stroke="{0}" stroke-width="2.5" stroke-dasharray="{1}"/><path d="{2}" '
            'fill="{0}"/></svg>'
        ).format(
            variable(handle.get_color()),
            _dashes(handle.get_linestyle()),
            _MARKERS.get(str(handle.get_marker()), ""),
        )
    face, edge = (
        to_rgba(tuple(colour[0]) if getattr(colour, "ndim", 1) == 2 else colour)
        for colour in (handle.get_facecolor(), handle.get_edgecolor())
    )
    outline = edge if edge[3] else face
    return Markup(
        '<svg viewBox="0 0 36 12" aria-hidden="true"><rect x="2" y="1" width="32" '
        'height="10" fill="{}" fill-opacity="{:.2f}" stroke="{}" stroke-width="1.5" '
        'stroke-dasharray="{}"/></svg>'
    ).format(variable(face), face[3], variable(outline), "none" if face[3] else "4 2")


def _dashes(style: Any) -> str:
    if isinstance(style, tuple):
        return " ".join(f"{length:g}" for length in style[1] or ()) or "none"
    return {"--": "6 3", "-.": "7 3 2 3", ":": "2 3"}.get(style, "none")


def _plain(text: str) -> str:
    """Without the characters that no attribute may hold."""
    return "".join(c for c in text if c.isprintable() or c == " ")
