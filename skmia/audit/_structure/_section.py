"""What was found in the state of a model, as a section of a report."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from skmia.audit._section import Section
from skmia.utils import import_optional

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["risk", "nothing_found", "not_measured", "not_applicable"]

#: What is looked for, and how a reader is told.
CHECKS = {
    "carried_rows": "training rows in the model's file",
    "values_of_one_row": "values in the model's file that one training row only has",
    "values_for_each_row": "lists in the model's file with an entry for each row",
    "small_leaves": "leaves of few training rows",
    "small_paths": "rows that share all of their leaves with few others",
    "class_disclosure": "leaves whose rows are all of one class",
    "rows_per_parameter": "training rows for each number that was learnt",
    "rows_match": "rows that are not those of the fit",
}
_HEADINGS: dict[str, str] = {
    "risk": "Risks",
    "not_measured": "Not measured, which is no sign of safety",
    "nothing_found": "Nothing found",
    "not_applicable": "Not applicable",
}
_WIDTH = 88


@dataclass(frozen=True)
class StructureFinding:
    """Hold one thing that was looked for in one model, and what came of it.

    Parameters
    ----------
    check : str
        What was looked for: ``"carried_rows"``, ``"values_of_one_row"``,
        ``"values_for_each_row"``, ``"small_leaves"``, ``"small_paths"``,
        ``"class_disclosure"``, ``"rows_per_parameter"`` or ``"rows_match"``.
    outcome : {"risk", "nothing_found", "not_measured", "not_applicable"}
        What was found. What could not be measured says why, and is no good news.
    place : str
        Where in the model, as nested parameters are named; ``""`` for the outermost.
    model : str
        The class of what is there.
    message : str
        A sentence or two for the reader.
    count : int, default=None
        Of how many rows, leaves or values that is so.
    of : int, default=None
        Of how many in all.
    value : float, default=None
        The smallest leaf, the smallest group of rows, or the rows for each parameter.

    See Also
    --------
    Structure : Holds them.

    Examples
    --------
    >>> from skmia.audit import StructureFinding
    >>> found = StructureFinding(
    ...     "small_leaves", "risk", "", "DecisionTreeClassifier", "3 of 8 leaves ...", 3
    ... )
    >>> found.count
    3
    """

    check: str
    outcome: Outcome
    place: str
    model: str
    message: str
    count: int | None = None
    of: int | None = None
    value: float | None = None


@dataclass(frozen=True)
class Structure(Section):
    """Hold what the state of a model says of its training rows, without any attack.

    :func:`audit_structure` makes one, and :func:`audit_classifier` adds one to each
    report.

    Parameters
    ----------
    k : int
        The least number of rows, or of persons, that a group is to have.
    n_rows : int or None
        Training rows that were passed; None where none were.
    n_persons : int or None
        Persons whose rows these are, where the audit was told. Groups are then counted
        in persons.
    findings : tuple of StructureFinding
        What was looked for in each model inside, risks first.
    estimator : str, default=None
        What the model is called in a report; None where that is not known.
    sha256 : str, default=None
        Hash of the training rows and their labels, as a report has it of the members;
        None where one of both was not passed.

    See Also
    --------
    audit_structure : Makes one.
    AuditReport.including : Adds it to a report.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skmia.audit import audit_structure
    >>> X, y = load_iris(return_X_y=True)
    >>> structure = audit_structure(KNeighborsClassifier().fit(X, y), X, y)
    >>> structure.found("carried_rows").count
    150
    """

    section: ClassVar[str] = "structure"

    k: int
    n_rows: int | None
    n_persons: int | None
    findings: tuple[StructureFinding, ...]
    estimator: str | None = None
    sha256: str | None = None

    @property
    def risks(self) -> tuple[StructureFinding, ...]:
        """The findings that are risks."""
        return tuple(f for f in self.findings if f.outcome == "risk")

    def found(self, check: str) -> StructureFinding | None:
        """Return the gravest finding of a check; None where it was not made.

        Parameters
        ----------
        check : str
            Its name, as in :attr:`StructureFinding.check`.

        Returns
        -------
        StructureFinding or None
            The risk of the highest count, or else what was not measured, or else what
            was not found.

        Raises
        ------
        ValueError
            If there is no such check.
        """
        if check not in CHECKS:
            raise ValueError(
                f"The 'check' parameter must be one of {list(CHECKS)}. "
                f"Got {check!r} instead."
            )
        of = [f for f in self.findings if f.check == check]
        order = list(_HEADINGS)
        of.sort(key=lambda f: (order.index(f.outcome), -(f.count or 0)))
        return of[0] if of else None

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """Make it again of what :meth:`to_dict` returned.

        Parameters
        ----------
        contents : mapping
            The plain values.

        Returns
        -------
        Structure
            An equal one.
        """
        findings = tuple(StructureFinding(**f) for f in contents["findings"])
        return cls(
            contents["k"],
            contents["n_rows"],
            contents["n_persons"],
            findings,
            contents.get("estimator"),
            contents.get("sha256"),
        )

    def summary(self) -> str:
        """Write it as text, for readers who do not program.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        lines = ["Structure: what the model's file says of its training rows"]
        for outcome, heading in _HEADINGS.items():
            messages = [f.message for f in self.findings if f.outcome == outcome]
            if messages:
                lines.append(f"  {heading}")
                lines += [_item(message) for message in dict.fromkeys(messages)]
        if not self.findings:
            lines.append(_item("Nothing was looked for."))
        return "\n".join(lines)

    def to_frame(self) -> "pd.DataFrame":
        """Return a pandas table with a row for each finding.

        Returns
        -------
        DataFrame
            Columns ``check``, ``outcome``, ``place``, ``model``, ``count``, ``of``,
            ``value`` and ``message``.
        """
        pd = import_optional("pandas", "Structure.to_frame")
        columns = [
            "check",
            "outcome",
            "place",
            "model",
            "count",
            "of",
            "value",
            "message",
        ]
        rows = [asdict(finding) for finding in self.findings]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"count": "Int64", "of": "Int64", "value": "float64"})


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
