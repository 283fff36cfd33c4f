"""Lines of text about groups and slices, of at most 88 columns."""

import textwrap
from collections.abc import Sequence

_WIDTH = 88
# Stands for a space at which no line may end, while lines are filled.
_JOINED = "\N{NO-BREAK SPACE}"


def paragraph(text: str) -> str:
    return _fill(text, "  ", "  ")


def item(text: str) -> str:
    return _fill(text, "  - ", "    ")


def _fill(text: str, first: str, then: str) -> str:
    joined = text.replace(" %", f"{_JOINED}%")
    lines = textwrap.fill(joined, _WIDTH, initial_indent=first, subsequent_indent=then)
    return lines.replace(_JOINED, " ")


def shorten(text: str, width: int) -> str:
    """The text, with its middle left out where it is long."""
    text = " ".join(text.split())
    if len(text) < width:
        return text
    head = (width - 4) // 2
    return f"{text[:head]}...{text[-(width - 4 - head) :]}"


def interval(ends: Sequence[float], scale: float, digits: int, unit: str = "") -> str:
    value, low, high = (f"{scale * end:.{digits}f}" for end in ends)
    return f"{value}{unit} [{low}, {high}]"


def p_text(p_value: float) -> str:
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"
