"""Drawings of matplotlib as SVG that belongs into a page: its colours, its font."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any
from xml.sax.saxutils import quoteattr

from markupsafe import Markup

from skmia.utils import import_optional, percent

#: Colours as they are drawn, and the variable of the style sheet that takes the place
#: of each, so that a drawing follows the page into dark and into print.
_INK, _MUTED, _LINE, _PAPER = "#1b1f24", "#555e68", "#cfd6dd", "#ffffff"
SERIES = (
    "#0a62b0",
    "#c2410c",
    "#1a7f4b",
    "#8e2a8b",
    "#8a6d00",
    "#b0173c",
    "#0e7c86",
    "#5b4fc4",
)
_VARIABLES = {
    _INK: "ink",
    _MUTED: "muted",
    _LINE: "line",
    _PAPER: "paper",
    **{colour: f"s{number}" for number, colour in enumerate(SERIES, 1)},
}
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
# Dashes as well as colours, for those who see no colours and for print without them.
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1.5, 1.5, 1.5, 1.5, 1.5)))
_TAG = re.compile(r"<[^<>]+>")
_ID = re.compile(r'( id="|url\(#|href="#)')
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
    from cycler import cycler
    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    n = len(SERIES)
    dashes = [_DASHES[i // 2 % len(_DASHES)] for i in range(2 * n)]
    cycle = cycler(color=SERIES * 2, linestyle=dashes)
    # The user's own settings, such as a dark style or TeX, have no place here.
    ours: Any = {**_STYLE, "axes.prop_cycle": cycle}
    with style.context("default"), rc_context(ours):
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        plot(ax)
        legend = _legend(ax)
        _plain_axes(ax)
        # Neither date nor version of matplotlib: the same report, the same file.
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        file = StringIO()
        figure.savefig(file, format="svg", metadata=nothing)
    return Drawing(_embed(file.getvalue(), name, description), legend)


def _plain_axes(ax: Any) -> None:
    """Leave words to the page, and write fractions of logarithmic axes as such."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.set_title("")
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
            axis.set_minor_formatter(NullFormatter())


def _embed(svg: str, name: str, description: str) -> Markup:
    """Make a file a part of a page: no header, no style of its own, no size."""
    body = svg[svg.index("<svg") :]
    for left_out in (
        r"<!--.*?-->",
        r"<metadata>.*?</metadata>",
        r"<defs>\s*<style.*?</style>\s*</defs>",
    ):
        body = re.sub(left_out, "", body, flags=re.DOTALL)
    # Tags alone: matplotlib escapes their brackets in texts, which stay as they are.
    body = _TAG.sub(lambda found: _own(found[0], name), body)
    box = re.search(r'viewBox="[^"]*"', body)
    assert box is not None
    head = f'<svg role="img" aria-label={quoteattr(_plain(description))} {box[0]} '
    head += 'xmlns="http://www.w3.org/2000/svg" '
    head += 'xmlns:xlink="http://www.w3.org/1999/xlink">'
    return Markup(head + re.sub(r"\s+", " ", body[body.index(">") + 1 :]).strip())


def _own(tag: str, name: str) -> str:
    """A tag with names of this drawing alone, and attributes in place of a style."""
    tag = _LONG.sub(r"\1", _ID.sub(rf"\1{name}-", tag))
    return _STYLES.sub(lambda found: _as_attributes(found[1]), tag)


def _as_attributes(style: str) -> str:
    """Turn the style of an element into attributes, which need no leave to be shown."""
    found = []
    for part in style.split(";"):
        key, _, value = (text.strip() for text in part.partition(":"))
        if key == "font":
            size = re.search(r"[\d.]+px", value)
            weight = ' font-weight="bold"' if value.startswith(("bold", "700")) else ""
            found.append(f'font-size="{size[0] if size else "10px"}"{weight}')
        elif key and key != "font-family":
            found.append(f'{key}="{_COLOUR.sub(_variable, value)}"')
    return "".join(f" {attribute}" for attribute in found)


def _variable(found: re.Match[str]) -> str:
    """The variable for a colour: of ours by the table, of others where it is grey."""
    colour = found[0]
    name = _VARIABLES.get(colour)
    if name is None and colour[1:3] == colour[3:5] == colour[5:7]:
        level = int(colour[1:3], 16)
        name = "ink" if level < 0x40 else "muted" if level < 0xB0 else "line"
    return colour if name is None else f"var(--{name})"


def _legend(ax: Any) -> tuple[tuple[str, Markup], ...]:
    """Take the legend off the axes."""
    handles, labels = ax.get_legend_handles_labels()
    if (drawn := ax.get_legend()) is not None:
        drawn.remove()
    pairs = zip(labels, handles, strict=True)
    return tuple((label.replace(r"\$", "$"), _sample(h)) for label, h in pairs)


def _sample(handle: Any) -> Markup:
    """A short piece of a line, or a patch, as it looks in the drawing."""
    from matplotlib.colors import to_hex
    from matplotlib.lines import Line2D

    if hasattr(handle, "patches"):  # the bars of a histogram
        handle = handle.patches[0]
    if not isinstance(handle, Line2D):
        face = handle.get_facecolor()
        face = face[0] if getattr(face, "ndim", 1) == 2 and len(face) else face
        colour = _COLOUR.sub(_variable, to_hex(face))
        return Markup(
            '<svg viewBox="0 0 36 12" aria-hidden="true"><rect x="2" y="1" width="32" '
            'height="10" fill="{}" fill-opacity=".55"/></svg>'
        ).format(colour)
    colour = _COLOUR.sub(_variable, to_hex(handle.get_color()))
    dashes = {"--": "6 3", "-.": "7 3 2 3", ":": "2 3", "-": "none"}
    dash = dashes.get(str(handle.get_linestyle()), "9 2 2 2")
    return Markup(
        '<svg viewBox="0 0 36 12" aria-hidden="true"><path d="M1 6h34" fill="none" '
        'stroke="{}" stroke-width="3" stroke-dasharray="{}"/></svg>'
    ).format(colour, dash)


def _plain(text: str) -> str:
    """Without the characters that no attribute may hold."""
    return "".join(c for c in text if c.isprintable() or c == " ")
