"""Numbers and names as readers are shown them."""

import re

# Control characters, those that change the direction of text, and halves of pairs that
# no encoding has.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff]"
)


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with the digits it needs: 10 %, 0.1 %."""
    return f"{100 * fraction:.4g} %"


def visible(text: str) -> str:
    """Write as escapes what is not seen, or turns the text around it.

    A name with such characters reads otherwise than it is, and a terminal acts on some.
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def duration(seconds: float) -> str:
    """Seconds in two digits, as hours or minutes where there are two of them."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"
