"""What a report is asked for afterwards, and shows in every form from then on."""

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self, cast

Contents = Mapping[str, Any]
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a report's JSON.

        Returns
        -------
        dict
            The parameters by name: strings, numbers, None, lists and dicts only, and no
            key ``"section"``.
        """
        return cast(dict[str, Any], _plain(asdict(cast(Any, self))))

    @classmethod
    @abstractmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """The same again, from what `to_dict` returned."""

    @abstractmethod
    def summary(self) -> str:
        """Text of at most 88 columns for a report, its title first.

        Lists begin with two spaces. No newline at the end.
        """

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """What a notebook shows: the text, whose columns stand under each other."""
        return f"<pre>{html.escape(self.summary())}</pre>"


def _plain(value: Any) -> Any:
    """Lists in place of tuples, as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


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


def strictest_first(sections: Iterable[Contents]) -> list[Contents]:
    """Decisions before all others, and of several that which allows least.

    A reader takes the first for the one that counts.
    """
    order = ("refuse", "revise", "release")

    def place(section: Contents) -> int:
        if section["section"] != "decision":
            return len(order)
        return order.index(section["outcome"])

    return sorted(sections, key=place)


def write_section(section: Section) -> dict[str, Any]:
    """The entry of a section in a report's ``sections``."""
    return {"section": section.section, **section.to_dict()}
