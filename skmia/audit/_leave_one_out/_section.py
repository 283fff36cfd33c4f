"""How far answers hang on single training rows, as a section of a report."""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skmia.audit._section import Section
from skmia.utils import import_optional

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 88
#: Shares of the records that are said to lie below a figure.
SHARES = (0.5, 0.9, 0.99, 1.0)
# Of a factor of odds: beyond it, one of the two answers is certain.
_MOST = 1e6


@dataclass(frozen=True)
class RecordGaps:
    """What is known of each training row, in the order in which they were passed."""

    gap: NDArray[np.float64]
    confidence: NDArray[np.float64]
    confidence_without: NDArray[np.float64]
    index: Any = None


@dataclass(frozen=True)
class LeaveOneOutRisk(Section):
    """Hold how far a model's answers hang on each of its training rows.

    :func:`leave_one_out_risk` makes one.

    Parameters
    ----------
    estimator : str
        The model.
    family : str
        Class of the learner whose closed form this is.
    exact : bool
        Whether the closed form says what a fit without the row would say. Else it is a
        first-order estimate, which may be too small.
    n_rows : int
        Training rows.
    n_unknown : int
        Rows of which the closed form cannot tell; they are in no figure.
    gaps : dict of str to float
        By the share of the rows that lie below it: the gap, which is the logit of the
        row's own label with the row in the training set less that without.
    n_doubled : int
        Rows whose label has odds at least twice as high with the row as without.
    slope : float, default=None
        How many times as large the gaps were that shadow models showed as the closed
        form predicted; all gaps here were multiplied by it. None where no shadow models
        were compared, and where the closed form is exact.
    correlation : float, default=None
        Of predicted and observed gaps over the records of these shadow models.
    sha256 : str, default=None
        The rows and labels, as a report's ``provenance`` names them.
    rows_checked : bool, default=False
        Whether the model tells that these are the rows, labels and weights of its fit.

    See Also
    --------
    leave_one_out_risk : Makes one.
    AuditReport.including : Adds it to a report.

    Examples
    --------
    >>> from skmia.audit import LeaveOneOutRisk
    >>> gaps = {"0.5": 0.01, "0.9": 0.1, "0.99": 0.4, "1.0": 2.0}
    >>> risk = LeaveOneOutRisk("GaussianNB", "GaussianNB", True, 300, 0, gaps, 3)
    >>> risk.gaps["1.0"]
    2.0
    """

    section: ClassVar[str] = "leave_one_out"

    estimator: str
    family: str
    exact: bool
    n_rows: int
    n_unknown: int
    gaps: Mapping[str, float]
    n_doubled: int
    slope: float | None = None
    correlation: float | None = None
    sha256: str | None = None
    rows_checked: bool = False
    # Personal data: in no form of a report, and lost where one is read from a file.
    _records: RecordGaps | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a report's JSON, without those of single rows.

        Returns
        -------
        dict
            The parameters by name.
        """
        shown = (f.name for f in fields(self) if f.name != "_records")
        values = {name: getattr(self, name) for name in shown}
        return values | {"gaps": dict(self.gaps)}

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """Make it again of what :meth:`to_dict` returned.

        Parameters
        ----------
        contents : mapping
            The plain values.

        Returns
        -------
        LeaveOneOutRisk
            An equal one, without what was known of single rows.
        """
        numbers = [*contents["gaps"].values(), contents["n_rows"]]
        if set(contents["gaps"]) != {str(share) for share in SHARES} or not all(
            isinstance(n, int | float) and math.isfinite(n) for n in numbers
        ):
            raise ValueError("its gaps are not those of a leave-one-out section")
        return cls(**contents)

    def summary(self) -> str:
        """Write it as text, for readers who do not program.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        lines = ["Leave one out: how far answers hang on single training rows"]
        lines += [_item(self.meaning)]
        lines += [f"  {what:<58}{value:>12}" for what, value in self.table]
        lines += [_item(caution) for caution in self.cautions]
        return "\n".join(lines)

    @property
    def meaning(self) -> str:
        """What the figures are, in a few sentences."""
        return (
            "For each training row: how much higher the model puts the odds of the "
            "row's own label than it would, had it been trained without the row and "
            "its copies. Where the odds are twice as high, a confidence of 50 % would "
            f"be 33 %. There are {self.n_rows:,} rows. This is the view of the model's "
            "owner, who has the training rows. It is not an attack, and no other "
            "figure of a report rests on it."
        )

    @property
    def table(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the figures, in the order to show them in."""
        names = {
            "0.5": "odds of the label, median row",
            "0.9": "  nine rows in ten are below",
            "0.99": "  ninety-nine rows in a hundred are below",
            "1.0": "  the row that moves most",
        }
        shown = [(name, _times(self.gaps[key])) for key, name in names.items()]
        known = self.n_rows - self.n_unknown
        doubled = f"{self.n_doubled:,} of {known:,}"
        return (*shown, ("rows whose odds at least double", doubled))

    @property
    def cautions(self) -> tuple[str, ...]:
        """What has to be known before the figures are used, in sentences."""
        found = [
            f"{self.family}: the formula says what a fit without the row says."
            if self.exact
            else f"{self.family}: the formula is an estimate of first order, and may "
            "understate what a fit without the row would show."
        ]
        if not self.exact and self.slope is None:
            found.append(
                "It was not compared with other models. Pass shadow models of the same "
                "learner to do so."
            )
        elif self.slope is not None:
            how = (
                ""
                if self.correlation is None
                else f" Predicted and observed agree with a correlation of "
                f"{self.correlation:.2f} over records, in which the differences of "
                "these models among themselves are as well."
            )
            found.append(
                f"In shadow models of this learner, gaps were {self.slope:.2f} times "
                f"as large as predicted. The figures above were multiplied by it.{how}"
            )
        if not self.rows_checked:
            found.append(
                "Whether these are the rows of the fit could not be checked. Of other "
                "rows or weights the figures say nothing."
            )
        if self.n_unknown:
            found.append(
                f"Of {self.n_unknown:,} rows the formula cannot tell. They may be "
                "those that move most."
            )
        found.append(
            "A small figure does not mean that a row is safe. The answer about a row "
            "may also give it away without moving, several rows may do so together, "
            "and the answers about other rows are not looked at."
        )
        return tuple(found)

    def to_frame(self) -> "pd.DataFrame":
        """Return a pandas table with one row for each training row.

        The table is itself personal data. It is written to no file unless you do so.

        Returns
        -------
        DataFrame
            The index is that of X where it had one, else the position. Columns: ``gap``
            of the logits, with the row less without; ``confidence`` in the row's own
            label, ``confidence_without``; and ``exact``. NaN where the closed form
            cannot tell.

        Raises
        ------
        ValueError
            If this was read from a file, which holds no single rows.
        """
        if self._records is None:
            raise ValueError(
                "Nothing is known of single rows: this was read from a file, which "
                "does not hold them. Call leave_one_out_risk again."
            )
        pd = import_optional("pandas", "LeaveOneOutRisk.to_frame")
        known = self._records
        columns = {
            "gap": known.gap,
            "confidence": known.confidence,
            "confidence_without": known.confidence_without,
            "exact": np.full(len(known.gap), self.exact),
        }
        return pd.DataFrame(columns, index=known.index)


def _times(gap: float) -> str:
    """A gap of logits as a factor of odds."""
    if gap > math.log(_MOST):
        return "> 1,000,000 x"
    times = math.exp(gap)
    return f"{times:,.0f} x" if times >= 100 else f"{times:.3g} x"


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
