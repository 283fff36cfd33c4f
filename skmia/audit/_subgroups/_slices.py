"""Where a model leaks most, as rules over the user's columns: a section of a report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skmia.audit._section import Section
from skmia.audit._subgroups._text import interval, item, p_text, paragraph
from skmia.utils import import_optional, percent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Slice:
    """One part of the records of a :class:`Slices`, by a rule.

    All but the first two numbers are of the half that the rule was not searched in.

    Parameters
    ----------
    rule : str
        Whom it holds for.
    n_members, n_nonmembers : int
        Records that it holds for, of both halves.
    n_checked_members, n_checked_nonmembers : int
        Those of the half that the figures are of.
    share, share_low, share_high : float
        Exposed share of its members.
    accused, accused_low, accused_high : float
        Share of its non-members above the threshold.
    rest_share, rest_share_low, rest_share_high : float
        Exposed share of the members outside of it, and outside of stronger candidates.
    rest_accused : float
        Share of the non-members there above the threshold.
    p_value : float
        That it is no more exposed than the rest, beyond accused non-members, by Holm's
        method over all candidates.
    """

    rule: str
    n_members: int
    n_nonmembers: int
    n_checked_members: int
    n_checked_nonmembers: int
    share: float
    share_low: float
    share_high: float
    accused: float
    accused_low: float
    accused_high: float
    rest_share: float
    rest_share_low: float
    rest_share_high: float
    rest_accused: float
    p_value: float


@dataclass(frozen=True)
class Slices(Section):
    """Hold the parts of the records that are more exposed than the rest.

    :meth:`AuditReport.where_it_leaks` makes one.

    Parameters
    ----------
    columns : tuple of str
        The columns that rules were looked for in.
    attack : str
        The attack whose scores are read.
    max_fpr : float
        Share of all non-members above the one threshold.
    confidence_level : float
        Level at which the intervals of all candidates hold together.
    n_rules : int
        Rules that were looked at in one half.
    n_candidates : int
        Those that were checked on the other half, for which p-values are corrected.
    slices : tuple of Slice
        Those that hold there, the surest first. Empty where nothing was found.
    visible_members : int
        Members of a slice of a twentieth of them, in the half that was checked.
    visible_share : float or None
        Exposed share from which on such a slice could have passed the check; None
        where none could have.
    notes : tuple of str
        What limits the search.

    See Also
    --------
    AuditReport.where_it_leaks : Makes it.
    Subgroups : Groups that are named beforehand.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.audit import AuditReport
    >>> rng = np.random.default_rng(0)
    >>> member = np.arange(2000) < 1000
    >>> report = AuditReport(member, {"lira": rng.normal(size=2000)})
    >>> report.where_it_leaks(rng.normal(size=(2000, 3))).slices
    ()
    """

    section: ClassVar[str] = "slices"

    columns: tuple[str, ...]
    attack: str
    max_fpr: float
    confidence_level: float
    n_rules: int
    n_candidates: int
    slices: tuple[Slice, ...]
    visible_members: int
    visible_share: float | None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """Return the section that :meth:`to_dict` was called on.

        Parameters
        ----------
        contents : dict
            What it returned.

        Returns
        -------
        Slices
            Equal to it.
        """
        known = dict(contents)
        known["slices"] = tuple(Slice(**each) for each in known["slices"])
        for key in ("columns", "notes"):
            known[key] = tuple(known[key])
        return cls(**known)

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per slice, as a pandas table.

        Returns
        -------
        DataFrame
            The columns that a slice has as attributes, ``rule`` first. No row where
            nothing was found.
        """
        pd = import_optional("pandas", "Slices.to_frame")
        names = list(Slice.__dataclass_fields__)
        return pd.DataFrame([asdict(each) for each in self.slices], columns=names)

    def summary(self) -> str:
        """Write the slices as text, for readers who do not program.

        Returns
        -------
        str
            Several lines of at most 88 columns, without a final newline.
        """
        lines = ["Where it leaks most", paragraph(self._method())]
        for i, each in enumerate(self.slices, 1):
            lines += [item(f"{i}. {each.rule}"), item(self._sentence(each))]
        return "\n".join([*lines, *map(item, self.sentences())])

    def sentences(self) -> tuple[str, ...]:
        """Return what was found in plain words, with what limits it.

        Returns
        -------
        tuple of str
            The number of slices, or that there is none, comes first.
        """
        n = len(self.slices)
        found = [
            f"{n} of {self.n_candidates} candidates held on the other half."
            if n
            else "Nothing found: of what was looked at, no part of the records is more "
            "exposed than the rest by more than chance."
        ]
        found.append(self._reach())
        return (*found, *self.notes)

    def _method(self) -> str:
        return (
            f"Exposed is a member whom the attack {self.attack} names with the one "
            f"threshold at which it wrongly accuses {percent(self.max_fpr)} of all "
            f"non-members. {self.n_rules:,} rules were tried on one half of the "
            "records. The figures are of the other half, and the intervals "
            f"({percent(self.confidence_level)}, together) and p-values allow for all "
            f"{self.n_candidates} candidates that were checked there."
        )

    def _sentence(self, each: Slice) -> str:
        share = interval((each.share, each.share_low, each.share_high), 100, 1, " %")
        rest = interval(
            (each.rest_share, each.rest_share_low, each.rest_share_high), 100, 1, " %"
        )
        return (
            f"{share} of its members are exposed, of {each.n_checked_members:,} in the "
            f"half that was checked and {each.n_members:,} in all; "
            f"{100 * each.accused:.1f} % of its non-members are accused. Of the other "
            f"members {rest} are exposed, and {100 * each.rest_accused:.1f} % of the "
            f"non-members accused ({p_text(each.p_value)})."
        )

    def _reach(self) -> str:
        n = f"{self.visible_members:,}"
        if not self.n_rules:
            return (
                "No rule could be tried on these columns. That nothing was found says "
                "nothing."
            )
        slice_ = (
            f"Of what was looked at, a slice of a twentieth of the members ({n} here)"
        )
        if self.visible_share is None:
            return (
                f"{slice_} could not have been found with so few records, however "
                "exposed it is. That nothing more was found says little."
            )
        return (
            f"{slice_} can be found where {100 * self.visible_share:.0f} % of it or "
            "more are exposed; of a smaller one more, of a larger one less. That "
            "nothing more was found does not prove that nothing is there."
        )
