"""What a guard finds, and its entry in the table of guards."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from skmia.audit._evidence import Evidence

Severity = Literal["warning", "note"]

# From here on, a fraction of the records is more than a few odd rows.
NOTABLE_FRACTION = 0.1


@dataclass(frozen=True)
class Guard:
    """One thing that a reader of the figures has to know.

    Parameters
    ----------
    name : str
        What was found, the same string in every report:

        <names>

        The user guide has a section on each, :doc:`/guide/guards`.
    severity : {"warning", "note"}
        A warning means that a figure may mislead; a note that it is less exact.
    message : str
        A sentence or two for the reader.
    count : int, default=None
        How many rows, scores or shadows it concerns.
    value : float, default=None
        The fraction or the figure behind it.
    attack : str, default=None
        The attack it concerns, where it concerns one only.

    See Also
    --------
    AuditReport : Holds those that were found.

    Examples
    --------
    >>> from skmia.audit import Guard
    >>> Guard("shared_rows", "warning", "2 rows are in both sets.", count=2).count
    2
    """

    name: str
    severity: Severity
    message: str
    count: int | None = None
    value: float | None = None
    attack: str | None = None


@dataclass(frozen=True)
class Check:
    """An entry of the table: the function that looks for a guard, and its title.

    `find` is a pure function of the evidence and has the guard's name. What it finds
    has one of these severities. Where it `voids` the figures, they keep no limit; where
    it `confounds` them, as a warning, they are not of the model alone. A note says
    that it could not look, or found what it looks for without being sure that it
    misleads; only where it is `slight` has it found too little to mislead. One that
    `needs_figures` looks only where they are of the model alone.
    """

    find: Callable[[Evidence], Iterable[Guard]]
    title: str
    severities: tuple[Severity, ...]
    voids: bool = False
    confounds: bool = False
    slight: bool = False
    needs_figures: bool = False

    @property
    def name(self) -> str:
        """The name in every report, and the heading in the guide."""
        return self.find.__name__


def count_rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
