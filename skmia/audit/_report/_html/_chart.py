"""Axes of a picture, as SVG of the page's own colours and font.

What is drawn refers to the variables of the style sheet, so that it follows the page
into the dark and into print. A page takes no library for plots: to import one takes
longer than to write all pages of an audit.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from skmia.audit._report._html._looks import Line
from skmia.utils import percent

FloatArray = NDArray[np.float64]
# Sizes are pixels of the drawing, which on a phone are a little less than the page's.
_FONT, _TICK_FONT, _SMALL_FONT = 10.5, 9.5, 8.5
# Of a letter, in its size: what most fonts keep below, in numbers.
_LETTER = 0.62
_TICK, _PAD, _EDGE = 3.5, 3.5, 6.0
# Ticks of an axis stand at these times a power of ten.
_STEPS = (1, 2, 2.5, 5, 10)
# What is outside of the picture is cut off so far outside, in its own size.
_FAR = 20.0


@dataclass(frozen=True)
class Axis:
    """One axis: its ends, its ticks with what they are called, its scale and title."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    title: str = ""
    minor: Sequence[float] = ()
    log: bool = False

    def share(self, values: FloatArray | float) -> FloatArray:
        """Where values are: 0 at the low end and 1 at the high one."""
        at, low, high = np.asarray(values, dtype=float), self.low, self.high
        if self.log:
            with np.errstate(divide="ignore"):
                at, low, high = np.log(at), math.log(low), math.log(high)
        return np.clip((at - low) / (high - low), -_FAR, _FAR)

    @property
    def shown(self) -> list[tuple[float, str]]:
        """The ticks between the ends, by their places."""
        places = [(float(self.share(value)), label) for value, label in self.ticks]
        return [place for place in places if -1e-9 <= place[0] <= 1 + 1e-9]


def rates_axis(low: float, high: float, title: str = "") -> Axis:
    """A logarithmic axis of rates: a tick a decade, and one between where few are."""
    steps = (1, 3) if math.log10(high / low) < 2.2 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**power for power in decades for step in steps]
    minor = [step * 10.0**power for power in decades for step in range(2, 10)]
    return Axis(low, high, [(t, percent(t)) for t in ticks], title, minor, log=True)


def linear_axis(
    low: float, high: float, title: str = "", *, most: int = 6, in_percent: bool = False
) -> Axis:
    """A linear axis with so many steps between ticks at most, at round numbers."""
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = power * next(s for s in _STEPS if s * power >= least * (1 - 1e-9))
    count = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ticks = [i * step for i in count]
    if in_percent:
        return Axis(low, high, [(t, percent(round(t, 12))) for t in ticks], title)
    digits = max(0, -math.floor(math.log10(step)) + (step / power == 2.5))
    plain = step > 1e-4 and max(map(abs, ticks), default=0) < 1e6
    shape = f".{digits}f" if plain else ".3g"
    names = [f"{t + 0.0:{shape}}".replace("-", "\N{MINUS SIGN}") for t in ticks]
    return Axis(low, high, list(zip(ticks, names, strict=True)), title)


@dataclass
class Chart:
    """A picture that is drawn piece by piece, between its axes.

    `name` is of this picture alone in the page: what is referred to inside it is called
    so. `top` has ticks at values of `x`, by another measure.
    """

    name: str
    size: tuple[float, float]
    x: Axis
    y: Axis
    top: Axis | None = None
    _drawn: list[str] = field(default_factory=list)
    _kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        longest = max((len(label) for _, label in self.y.shown), default=0)
        self.left = longest * _LETTER * _TICK_FONT + _TICK + _PAD + 3
        self.left += 1.5 * _FONT if self.y.title else 0
        self.bottom = self.size[1] - _TICK - _PAD - _TICK_FONT - 3
        self.bottom -= 1.5 * _FONT if self.x.title else 0
        # Half of a label at the end sticks out.
        ends = [label for place, label in self.x.shown if place > 0.9]
        out = max((len(label) for label in ends), default=0) * _LETTER * _TICK_FONT / 2
        self.right = self.size[0] - max(_EDGE, out)
        self.above = _EDGE if self.top is None else 2 * _SMALL_FONT + _TICK + _PAD + 7

    def across(self, values: FloatArray | float) -> FloatArray:
        """Where values of `x` are, in pixels."""
        return self.left + self.x.share(values) * (self.right - self.left)

    def up(self, values: FloatArray | float) -> FloatArray:
        """Where values of `y` are, in pixels."""
        return self.bottom - self.y.share(values) * (self.bottom - self.above)

    def line(self, x: FloatArray, y: FloatArray, look: str) -> None:
        """Join points by a line, with attributes that say how it looks."""
        path = _path(self.across(x), self.up(y))
        self._drawn.append(f'<path d="{path}" fill="none" {look}/>')

    def area(self, x: FloatArray, low: FloatArray, high: FloatArray, look: str) -> None:
        """Fill what is between two lines."""
        at = self.across(x)
        path = _path(
            np.concatenate([at, at[::-1]]),
            np.concatenate([self.up(high), self.up(low)[::-1]]),
        )
        self._drawn.append(f'<path d="{path}z" {look}/>')

    def bars(self, edges: FloatArray, heights: FloatArray, look: str) -> None:
        """Outline a histogram, as one shape from the axis."""
        x = np.concatenate([edges[:1], np.repeat(edges[1:-1], 2), edges[-1:]])
        x = np.concatenate([edges[:1], x, edges[-1:]])
        y = np.concatenate([[self.y.low], np.repeat(heights, 2), [self.y.low]])
        path = _path(self.across(x), self.up(y))
        self._drawn.append(f'<path d="{path}" {look}/>')

    def marks(self, x: FloatArray, y: FloatArray, line: Line) -> None:
        """Put the marker of a line on some points."""
        places = zip(self.across(x), self.up(y), strict=True)
        self._drawn += [line.mark(float(at), float(up)) for at, up in places]

    def text(
        self, x: float, y: float, text: str, *, anchor: str = "middle", turn: int = 0
    ) -> None:
        """Write a few small words at a place in pixels."""
        turned = f' transform="rotate({turn} {x:.2f} {y:.2f})"' if turn else ""
        self._drawn.append(_text(x, y, text, _SMALL_FONT, anchor, turned))

    def keep(self, element: str) -> None:
        """Keep an element that others refer to."""
        self._kept.append(element)

    def svg(self, description: str) -> Markup:
        """The whole; `description` is read out to those who do not see it."""
        width, height = self.size
        inside = f"{self.name}-inside"
        clip = (
            f'<clipPath id="{inside}"><rect x="{self.left:.2f}" '
            f'y="{self.above - 1:.2f}" width="{self.right - self.left:.2f}" '
            f'height="{self.bottom - self.above + 2:.2f}"/></clipPath>'
        )
        return Markup(
            f'<svg role="img" aria-label={quoteattr(_plain(description))} '
            f'viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">'
            f"<defs>{clip}{''.join(self._kept)}</defs>"
            f'<g stroke="var(--line)" stroke-width="0.7">{self._grid()}</g>'
            f'<g clip-path="url(#{inside})">{"".join(self._drawn)}</g>'
            f'<g stroke="var(--muted)" stroke-width="0.8">{self._frame()}</g>'
            f'<g fill="var(--ink)">{"".join(self._words())}</g></svg>'
        )

    def _grid(self) -> str:
        lines = [(x, self.bottom, x, self.above) for x in self._places(self.x)]
        lines += [(self.left, y, self.right, y) for y in self._places(self.y)]
        return _lines(lines)

    def _places(self, axis: Axis) -> list[float]:
        return [self._at(axis, place) for place, _ in axis.shown]

    def _at(self, axis: Axis, share: float) -> float:
        if axis is self.y:
            return self.bottom - share * (self.bottom - self.above)
        return self.left + share * (self.right - self.left)

    def _frame(self) -> str:
        """Lines of the axes, with a tick at each label and shorter ones between."""
        left, bottom = self.left, self.bottom
        lines = [(left, bottom, self.right, bottom), (left, bottom, left, self.above)]
        lines += [(x, bottom, x, bottom + _TICK) for x in self._places(self.x)]
        lines += [(left, y, left - _TICK, y) for y in self._places(self.y)]
        for share in self.x.share(np.array(self.x.minor)):
            x = self._at(self.x, share)
            lines += [(x, bottom, x, bottom + 2)] if 0 <= share <= 1 else []
        for share in self.y.share(np.array(self.y.minor)):
            y = self._at(self.y, share)
            lines += [(left, y, left - 2, y)] if 0 <= share <= 1 else []
        if self.top is not None:
            lines.append((left, self.above, self.right, self.above))
            places = self._places(self.top)
            lines += [(x, self.above, x, self.above - _TICK) for x in places]
        return _lines(lines)

    def _words(self) -> Iterator[str]:
        below = self.bottom + _TICK + _PAD + 0.8 * _TICK_FONT
        for place, label in self.x.shown:
            x = self._at(self.x, place)
            yield _text(x, below, label, _TICK_FONT, "middle")
        for place, label in self.y.shown:
            y = self._at(self.y, place) + 0.35 * _TICK_FONT
            yield _text(self.left - _TICK - _PAD, y, label, _TICK_FONT, "end")
        middle, half = (self.left + self.right) / 2, (self.above + self.bottom) / 2
        if self.x.title:
            yield _text(middle, self.size[1] - 4, self.x.title, _FONT, "middle")
        if self.y.title:
            turned = f' transform="rotate(-90 {_FONT:.2f} {half:.2f})"'
            yield _text(_FONT, half, self.y.title, _FONT, "middle", turned)
        if self.top is not None:
            for place, label in self.top.shown:
                x, y = self._at(self.top, place), self.above - _TICK - _PAD
                yield _text(x, y, label, _SMALL_FONT, "middle")
            yield _text(middle, _SMALL_FONT + 1, self.top.title, _SMALL_FONT, "middle")


def _path(x: FloatArray, y: FloatArray) -> str:
    # Hundredths are as fine as anyone sees.
    return "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x, y, strict=True))


def _lines(ends: Sequence[tuple[float, float, float, float]]) -> str:
    path = "".join(f"M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}" for a, b, c, d in ends)
    return f'<path d="{path}" fill="none"/>'


def _text(
    x: float, y: float, text: str, size: float, anchor: str, more: str = ""
) -> str:
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:g}px" '
        f'text-anchor="{anchor}" fill="var(--ink)"{more}>{escape(text)}</text>'
    )


def _plain(text: str) -> str:
    """Without the characters that no attribute may hold."""
    return "".join(c for c in text if c.isprintable() or c == " ")
