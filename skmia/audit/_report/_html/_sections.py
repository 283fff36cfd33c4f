"""Sections of a report as parts of the page: a template for each key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skmia.audit._section import read_section

#: Title and template of each key. A section of another key is shown as its text.
_KNOWN: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True)
class Part:
    """A heading of the page with what stands under it."""

    id: str
    title: str
    template: str
    answers: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def section_parts(sections: Sequence[Mapping[str, Any]]) -> list[Part]:
    """A part for each section, in the order they were added."""
    parts: list[Part] = []
    for section in sections:
        key = section["section"]
        title, template = _KNOWN.get(key, (key.replace("_", " ").capitalize(), ""))
        again = sum(part.values["section"]["section"] == key for part in parts)
        values: dict[str, Any] = {"section": section}
        if not template:
            values["text"] = read_section(section).summary()
        parts.append(
            Part(
                id=f"{key}-{again + 1}" if again else key,
                title=title,
                template=f"sections/{template or '_any.html'}",
                values=values,
            )
        )
    return parts
