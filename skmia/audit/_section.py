"""What a report is asked for afterwards, and shows in every form from then on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

#: By the key in a report's contents; an answer of a new kind enters by itself.
SECTIONS: "dict[str, type[Section]]" = {}


class Section(ABC):
    """An answer of plain values, which :meth:`AuditReport.including` adds to a report.

    A subclass is a frozen dataclass without rows and without names of records, gives
    `section`, its key, and is imported by :mod:`skmia.audit`. All of its forms are
    functions of what `to_dict` returns, since a report that was read from a file has
    nothing else.
    """

    section: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.section:
            SECTIONS[cls.section] = cls

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Strings, numbers, None, lists and dicts only; no key ``"section"``."""

    @classmethod
    @abstractmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """The same again, from what `to_dict` returned."""

    @abstractmethod
    def summary(self) -> str:
        """Text of at most 88 columns for a report, its title first.

        Lists begin with two spaces. No newline at the end.
        """


def read_section(contents: Mapping[str, Any]) -> Section:
    """The section of an entry of a report's ``sections``."""
    known = dict(contents)
    key = known.pop("section", None)
    if key not in SECTIONS:
        raise ValueError(
            f"The report has a section {key!r}, which this version of skmia does not "
            f"know: it knows {sorted(SECTIONS)}. Read it with the version that wrote "
            "it, or a newer one."
        )
    try:
        return SECTIONS[key].from_dict(known)
    except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(
            f"The report has a section {key!r} that is broken or was changed: "
            f"{type(error).__name__}: {error}"
        ) from error


def write_section(section: Section) -> dict[str, Any]:
    """The entry of a section in a report's ``sections``."""
    return {"section": section.section, **section.to_dict()}
