"""Which values of its training rows a model gives away, as a section of a report."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from skmia.audit._section import Section
from skmia.utils import import_optional, percent

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 88
_MARKS = {"found": "  found", "unclear": "  may come from the sets"}


@dataclass(frozen=True)
class AttributeFigure:
    """Hold how well one column is guessed by who knows the rest of a record.

    Parameters
    ----------
    column : str
        Its name, or its position.
    outcome : {"found", "unclear", "not_found", "not_judged"}
        Whether the model gives values of its training rows away: the whole interval of
        the advantage is above 0. Unclear where it is, and may come from the sets.
    message : str
        A sentence or two for the reader.
    members : float, default=None
        How often the guess is right for members, with this model.
    nonmembers : float, default=None
        The same for non-members.
    unseen : float, default=None
        How often it is right for the same members, with models that never saw them.
    common : float, default=None
        How often the commonest value is right for members, without a model.
    advantage : float, default=None
        By how much the model's answers help more with members than with others.
    low, high : float, default=None
        The ends of its interval; those of all columns hold together.
    n_values : int, default=None
        Values that were tried for each record.
    ranges : bool, default=False
        Whether a guess is right that is near in rank, as it is for numbers.

    See Also
    --------
    AttributeInference : Holds them.

    Examples
    --------
    >>> from skmia.audit import AttributeFigure
    >>> AttributeFigure("job", "not_judged", "It has one value.").outcome
    'not_judged'
    """

    column: str
    outcome: Literal["found", "unclear", "not_found", "not_judged"]
    message: str
    members: float | None = None
    nonmembers: float | None = None
    unseen: float | None = None
    common: float | None = None
    advantage: float | None = None
    low: float | None = None
    high: float | None = None
    n_values: int | None = None
    ranges: bool = False


@dataclass(frozen=True)
class AttributeInference(Section):
    """Hold which columns of its training rows a model gives away.

    :func:`audit_attributes` makes one.

    Parameters
    ----------
    confidence_level : float
        Of all intervals together.
    n_members, n_nonmembers : int
        Records of either side that were guessed.
    n_models : int
        Models that were fitted for comparison; 0 where only non-members were compared.
    tolerance : float
        How far off in rank a guess of a number may be, as a share of the records.
    columns : tuple of AttributeFigure
        One for each column.
    sets_differ : str, default=""
        How members and non-members differ without the model, where they do. Then no
        column is found: what is seen may come from the sets.

    See Also
    --------
    audit_attributes : Makes one.
    AuditReport.including : Adds it to a report.

    Examples
    --------
    >>> from skmia.audit import AttributeFigure, AttributeInference
    >>> job = AttributeFigure("job", "not_judged", "'job' cannot be judged.")
    >>> AttributeInference(0.95, 300, 300, 8, 0.05, (job,)).found
    ()
    """

    section: ClassVar[str] = "attributes"

    confidence_level: float
    n_members: int
    n_nonmembers: int
    n_models: int
    tolerance: float
    columns: tuple[AttributeFigure, ...]
    sets_differ: str = ""

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the columns that are given away."""
        return tuple(c.column for c in self.columns if c.outcome == "found")

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """Make it again of what :meth:`to_dict` returned.

        Parameters
        ----------
        contents : mapping
            The plain values.

        Returns
        -------
        AttributeInference
            An equal one.
        """
        columns = tuple(AttributeFigure(**column) for column in contents["columns"])
        return cls(**{**contents, "columns": columns})

    def summary(self) -> str:
        """Write it as text, for readers who do not program.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        judged = [c for c in self.columns if c.outcome != "not_judged"]
        lines = ["Attribute inference: values that an attacker guesses of members"]
        if self.sets_differ:
            lines.append(_item(self.caution))
        lines.append(_item(self.meaning))
        if judged:
            width = max(6, min(24, max(len(c.column) for c in judged)))
            lines.append(
                f"  {'column':<{width}} members  never seen  non-members  advantage"
            )
            for c in judged:
                unseen = "" if c.unseen is None else f"{100 * c.unseen:.1f} %"
                name = (
                    c.column if len(c.column) <= width else c.column[: width - 1] + "…"
                )
                lines.append(
                    f"  {name:<{width}}{_percent(c.members):>8}{unseen:>12}"
                    f"{_percent(c.nonmembers):>13}{_percent(c.advantage):>11}   "
                    f"[{_percent(c.low)}, {_percent(c.high)}]"
                    + _MARKS.get(c.outcome, "")
                )
        lines += [_item(c.message) for c in self.columns if c.outcome != "not_found"]
        return "\n".join(lines)

    @property
    def caution(self) -> str:
        """What has to be known first where the sets differ; "" elsewhere."""
        if not self.sets_differ:
            return ""
        return f"What is seen here may come from the sets. {self.sets_differ}"

    @property
    def meaning(self) -> str:
        """What the figures are, in a few sentences."""
        compared = (
            f"with {self.n_models} models that were fitted on other rows and never saw "
            "the record, and with non-members"
            if self.n_models
            else "with non-members"
        )
        return (
            "The attacker knows all of a record but one value, its label included, and "
            "asks the model about each value that it may have. The share of right "
            f"guesses among members is compared {compared}: what is right by what is "
            "common, or goes together in everybody, is so there as well, and no leak. "
            f"The {percent(self.confidence_level)} intervals of the advantage hold for "
            f"all columns together. {self.n_members:,} members and "
            f"{self.n_nonmembers:,} non-members were guessed. A low advantage is no "
            "proof of safety: who asks more, or more cleverly, may find more."
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return a pandas table with a row for each column.

        Returns
        -------
        DataFrame
            The fields of :class:`AttributeFigure`; NaN where a column was not judged.
        """
        pd = import_optional("pandas", "AttributeInference.to_frame")
        frame = pd.DataFrame([asdict(column) for column in self.columns])
        numbers = ["members", "nonmembers", "unseen", "common", "advantage"]
        numbers += ["low", "high"]
        return frame.astype(dict.fromkeys(numbers, "float64") | {"n_values": "Int64"})


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
