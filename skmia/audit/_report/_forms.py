"""The forms of a report, all of them functions of its contents alone."""

import copy
import os
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from skmia.audit._report._base import ReportBase
from skmia.audit._report._belongs import (
    check_decisions,
    check_figures,
    check_is_about,
)
from skmia.audit._report._json import read_json, to_plain, write_json
from skmia.audit._report._schema import check_contents
from skmia.audit._report._text import to_text
from skmia.audit._section import SECTIONS, Section, read_section, write_section
from skmia.utils import import_optional

if TYPE_CHECKING:
    import pandas as pd


class Forms(ReportBase):
    """Text, table, and files that can be read again."""

    @classmethod
    def _of_contents(cls, contents: Mapping[str, Any]) -> Self:
        """Report of contents, without records."""
        report = cls.__new__(cls)
        report._evidence = None
        report._show({k: v for k, v in contents.items() if k != "sections"})
        report._sections = tuple(map(read_section, contents["sections"]))
        return report

    @abstractmethod
    def _show(self, contents: dict[str, Any]) -> None:
        """Take what is shown from contents; :class:`AuditReport` does."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """What every form shows beside the figures, as :meth:`including` added it."""
        return self._sections

    def including(self, *results: Section) -> Self:
        """Return a report that shows these results too, in every form.

        The report itself does not change.

        Parameters
        ----------
        *results : section
            What was asked for afterwards.

        Returns
        -------
        AuditReport
            A copy, with the sections after those that it has already.

        Raises
        ------
        TypeError
            If one of them is no section of a report.
        ValueError
            If a structure or a leave-one-out risk is of another model or of other rows,
            or a decision is not what its policy makes of this report with its other
            sections.
        """
        for result in results:
            if not isinstance(result, Section):
                raise TypeError(
                    "The 'results' must be sections of a report, such as what a "
                    f"question to a report returns. Got {type(result).__name__} "
                    "instead."
                )
            check_is_about(self._contents, result)
        report = copy.copy(self)
        report._sections = (*self._sections, *results)
        check_decisions(report._contents, report._sections)
        return report

    def excluding(self, *keys: str) -> Self:
        """Return a report without its sections of these kinds, in every form.

        The report itself does not change. Of use before a report from a file is decided
        on anew: two decisions in one report may contradict each other.

        Parameters
        ----------
        *keys : str
            What the kinds are called in ``to_dict()["sections"]``, such as
            ``"decision"``. A kind that the report has no section of is no error.

        Returns
        -------
        AuditReport
            A copy, with the other sections.

        Raises
        ------
        ValueError
            If there is no such kind, or a decision that is kept is not what its policy
            makes of what is left.
        """
        for key in keys:
            if key not in SECTIONS:
                raise ValueError(
                    f"The 'keys' must be kinds of sections, out of {sorted(SECTIONS)}. "
                    f"Got {key!r} instead."
                )
        report = copy.copy(self)
        report._sections = tuple(s for s in self._sections if s.section not in keys)
        check_decisions(report._contents, report._sections)
        return report

    def summary(self) -> str:
        """Write the report as text, for readers who do not program.

        Returns
        -------
        str
            Several lines of at most 88 columns, without a final newline.
        """
        return to_text({**self._contents, "sections": self._written_sections()})

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures as a tidy pandas table, a row per attack and metric.

        Returns
        -------
        DataFrame
            Columns ``attack``, ``metric``, ``value``, ``low``, ``high``, ``chance``,
            ``resolvable`` and ``unit``; NaN where a figure is not resolvable. Guessing
            has ``chance``.
        """
        pd = import_optional("pandas", "AuditReport.to_frame")
        columns = ["attack", "metric", "value", "low", "high", "chance"]
        columns += ["resolvable", "unit"]
        frame = pd.DataFrame(self._contents["figures"])[columns]
        numbers = ["value", "low", "high", "chance"]
        frame[numbers] = frame[numbers].astype("float64")
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`to_json` writes: no record in it, and no NaN.

        Returns
        -------
        dict
            Strings, numbers, None, lists and dicts only.
        """
        contents = copy.deepcopy(self._pictured())
        return {**contents, "sections": self._written_sections()}

    def _written_sections(self) -> list[dict[str, Any]]:
        return [to_plain(write_section(section)) for section in self._sections]

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write figures, guards, counts and settings to a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced. Its folder has to exist.

        See Also
        --------
        AuditReport.from_json : Reads it again.
        """
        write_json(path, self.to_dict())

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Self:
        """Read a report that :meth:`to_json` wrote, to show it again without data.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        AuditReport
            Figures, guards and every form are as they were. What needs records, such as
            :meth:`records`, raises: a file has none.

        Raises
        ------
        ValueError
            If the file is no report, one of another version, or broken: also where the
            verdict or a decision is not what follows from the rest.
        OSError
            If it cannot be read.

        See Also
        --------
        skmia.audit.report_schema : What a file has to follow.
        """
        contents = read_json(path)
        check_contents(contents, os.fspath(path))
        report = cls._of_contents(contents)
        try:
            check_figures(contents)
            for section in report._sections:
                check_is_about(contents, section)
            check_decisions(contents, report._sections)
            report.summary()
        except Exception as error:
            # It follows the schema, but its parts do not belong together.
            raise ValueError(
                f"{os.fspath(path)} is a report that is broken or was changed: its "
                f"parts do not fit ({type(error).__name__}: {error}). Pass the file as "
                "it was written."
            ) from error
        return report
