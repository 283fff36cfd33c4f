"""What every part of an AuditReport has at hand."""

from abc import ABC, abstractmethod
from typing import Any

from skmia.audit._curves import curves, histograms
from skmia.audit._evidence import Evidence
from skmia.audit._section import Section


class ReportBase(ABC):
    """The contents of a report, and the evidence while it is there.

    Each form is a function of the contents alone, so that a report from a file has it
    too. What needs records asks :meth:`_measured` for them.
    """

    _contents: dict[str, Any]
    _sections: tuple[Section, ...]
    _evidence: Evidence | None

    def _pictured(self) -> dict[str, Any]:
        """The contents with what is drawn of them.

        Most of the time of a page, and made when it is first asked for: not for the
        text.
        """
        if self._evidence is not None and not self._contents["curves"]:
            persons = self._evidence.per_person
            self._contents["person_curves"] = persons and curves(persons)
            self._contents["histograms"] = histograms(self._evidence)
            self._contents["curves"] = curves(self._evidence)
        return self._contents

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The contents; :class:`Forms` has them."""

    def _measured(self, question: str) -> Evidence:
        """Evidence without values of rows; an error where the report is from a file.

        `question` is the method that asks.
        """
        if self._evidence is None:
            raise ValueError(
                f"{question} needs the records of the audit. This report was read from "
                "a file, and a file holds figures and no records. Call it on the "
                "report that the audit returned."
            )
        return self._evidence
