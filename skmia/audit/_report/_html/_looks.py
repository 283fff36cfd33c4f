"""How lines and areas of a picture look, and their samples in its legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from skmia.utils import N_COLORS, dash_and_marker

# Markers by their names in the displays, in the middle of the sample of a line.
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
# From there to a point of the picture, where they are smaller.
_ONTO_POINT = "scale(0.7) translate(-18 -6)"


@dataclass(frozen=True)
class Drawing:
    """A drawing, and what its lines mean, for a legend that the page writes itself.

    `legend` has a label and the sample of a line for each.
    """

    svg: Markup
    legend: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True)
class Line:
    """A line in a colour of the page; `dash` is in widths of the line."""

    color: str
    width: float = 1.8
    dash: Sequence[float] = ()
    marker: str = ""

    @classmethod
    def of(cls, number: int) -> "Line":
        """The look of the line with this number, as the displays have it."""
        dash, marker = dash_and_marker(number)
        return cls(f"s{number % N_COLORS + 1}", 1.8, dash, marker)

    @property
    def stroke(self) -> str:
        """As attributes."""
        dashed = f' stroke-dasharray="{self._dashes}"' if self.dash else ""
        return f'stroke="var(--{self.color})" stroke-width="{self.width:g}"{dashed}'

    @property
    def _dashes(self) -> str:
        return " ".join(f"{length * self.width:.4g}" for length in self.dash)

    def mark(self, x: float, y: float) -> str:
        """Its marker at a point."""
        return (
            f'<path d="{_MARKERS[self.marker]}" fill="var(--{self.color})" '
            f'transform="translate({x:.2f} {y:.2f}) {_ONTO_POINT}"/>'
        )

    @property
    def sample(self) -> Markup:
        """A piece of it."""
        return Markup(
            '<svg viewBox="0 0 36 12" aria-hidden="true"><path d="M1 6h34" fill="none" '
            'stroke="var(--{0})" stroke-width="2.5" stroke-dasharray="{1}"/>'
            '<path d="{2}" fill="var(--{0})"/></svg>'
        ).format(
            self.color,
            self._dashes or "none",
            _MARKERS.get(self.marker, ""),
        )


@dataclass(frozen=True)
class Area:
    """An area in a colour of the page, its outline in the same one.

    With the name of a pattern it is hatched, and its outline dashed: two areas are told
    apart without colour.
    """

    color: str
    opacity: float
    width: float = 0.0
    pattern: str = ""

    @property
    def fill(self) -> str:
        """As attributes."""
        color = f"var(--{self.color})"
        inside = f"url(#{self.pattern})" if self.pattern else color
        look = f'fill="{inside}"'
        if not self.pattern:
            look += f' fill-opacity="{self.opacity:g}"'
        if self.width:
            look += f' stroke="{color}" stroke-width="{self.width:g}"'
        if self.pattern:
            look += ' stroke-dasharray="4 1.8"'
        return look

    @property
    def hatching(self) -> str:
        """Its pattern: oblique lines."""
        return (
            f'<pattern id="{self.pattern}" width="5" height="5" '
            'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<path d="M0 0v5" stroke="var(--{self.color})" stroke-width="1.2"/>'
            "</pattern>"
        )

    @property
    def sample(self) -> Markup:
        """A piece of it."""
        return Markup(
            '<svg viewBox="0 0 36 12" aria-hidden="true"><rect x="2" y="1" width="32" '
            'height="10" fill="var(--{0})" fill-opacity="{1:.2f}" '
            'stroke="var(--{0})" stroke-width="1.5" stroke-dasharray="{2}"/></svg>'
        ).format(self.color, self.opacity, "4 2" if self.pattern else "none")
