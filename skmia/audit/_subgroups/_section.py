"""Groups of records and how exposed each is: a section of a report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skmia.audit._section import Section
from skmia.audit._subgroups._comparison import Difference
from skmia.audit._subgroups._text import (
    interval,
    item,
    p_text,
    paragraph,
    shorten,
)
from skmia.utils import import_optional, percent

if TYPE_CHECKING:
    import pandas as pd

# Of a group that was compared with the rest, and of one that was not.
_FINDINGS = ("more", "less", "mixed", "no difference", "not judged")
_RATES = ("tpr", "fpr", "auc")


@dataclass(frozen=True)
class Figures:
    """What is read of some records: shares at one threshold, and the AUC."""

    tpr: float
    tpr_low: float
    tpr_high: float
    fpr: float
    fpr_low: float
    fpr_high: float
    auc: float
    auc_low: float
    auc_high: float


@dataclass(frozen=True)
class Group:
    """One group of a :class:`Subgroups`.

    Parameters
    ----------
    name : str
        The values that its records have.
    n_members, n_nonmembers : int
        Its records.
    figures : Figures or None
        None where it is too small to judge: `reason` says in what.
    reason : str
        Why it was not judged, or not compared.
    excess, auc : Difference or None
        The group less the rest: of exposed members less accused non-members, and of the
        AUC. P-values are Holm's, over all of the result. None where not compared.
    finding : str
        ``"more"`` or ``"less"`` exposed than the rest, ``"mixed"`` where one comparison
        says so and the other the opposite, ``"no difference"`` that is more than
        chance, or ``"not judged"``.
    """

    name: str
    n_members: int
    n_nonmembers: int
    figures: Figures | None
    reason: str = ""
    excess: Difference | None = None
    auc: Difference | None = None
    finding: str = "not judged"

    @property
    def judged(self) -> bool:
        """Whether it has enough records for figures."""
        return self.figures is not None

    def compared_with_rest(
        self, excess: Difference, auc: Difference, alpha: float
    ) -> "Group":
        """The same with its comparisons, and what they come to."""
        signs = {d.value > 0 for d in (excess, auc) if d.p_value < alpha}
        finding = "no difference"
        if signs:
            finding = "mixed" if len(signs) > 1 else "more" if True in signs else "less"
        return replace(self, excess=excess, auc=auc, finding=finding)


@dataclass(frozen=True)
class Subgroups(Section):
    """Hold how exposed each group of records is, and how it compares with the rest.

    :meth:`AuditReport.subgroups` makes one.

    Parameters
    ----------
    by : tuple of str
        The columns that the groups are made of.
    attack : str
        The attack whose scores are read.
    max_fpr : float
        Share of all non-members above the one threshold.
    confidence_level : float
        Level of every interval; each stands by itself.
    n_comparisons : int
        Comparisons that the p-values are corrected for.
    min_size : int
        Members, and non-members, that a group needs to be judged.
    unit : {"row", "person"}
        Whose number that is.
    overall : Figures
        Of all records.
    groups : tuple of Group
        All of them, those too small to judge as well.
    notes : tuple of str
        What was cut or pooled, and what makes the groups differ otherwise.

    See Also
    --------
    AuditReport.subgroups : Makes it, and says what the figures mean.
    AuditReport.where_it_leaks : Looks for groups that nobody named.

    Examples
    --------
    >>> from skmia.audit import AuditReport
    >>> report = AuditReport(
    ...     [True] * 100 + [False] * 100, {"loss": [*range(50)] * 4}, max_fprs=[0.1]
    ... )
    >>> found = report.subgroups({"sex": ["f", "m"] * 100})
    >>> [(group.name, group.finding) for group in found.groups]
    [('sex = f', 'no difference'), ('sex = m', 'no difference')]
    """

    section: ClassVar[str] = "subgroups"

    by: tuple[str, ...]
    attack: str
    max_fpr: float
    confidence_level: float
    n_comparisons: int
    min_size: int
    unit: str
    overall: Figures
    groups: tuple[Group, ...]
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
        Subgroups
            Equal to it.
        """
        known = dict(contents)
        known["overall"] = Figures(**known["overall"])
        known["groups"] = tuple(_group(group) for group in known["groups"])
        for key in ("by", "notes"):
            known[key] = tuple(known[key])
        return cls(**known)

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per group, and one for all records, as a pandas table.

        Returns
        -------
        DataFrame
            Columns ``group``, ``n_members``, ``n_nonmembers``; ``tpr``, ``fpr`` and
            ``auc``, each with ``_low`` and ``_high``; ``excess_difference`` and
            ``auc_difference`` to the rest with ``_low``, ``_high`` and ``_p``;
            ``finding`` and ``reason``. NaN where a group was not judged.
        """
        pd = import_optional("pandas", "Subgroups.to_frame")
        rows = [_frame_row(group) for group in self.groups]
        sizes = {
            f"n_{side}": sum(getattr(g, f"n_{side}") for g in self.groups)
            for side in ("members", "nonmembers")
        }
        everybody = {"group": "everybody", **sizes, **asdict(self.overall)}
        frame = pd.DataFrame([everybody, *rows], columns=list(rows[0]))
        numbers = frame.columns.difference(["group", "finding", "reason"])
        frame[numbers] = frame[numbers].astype("float64")
        frame[["n_members", "n_nonmembers"]] = frame[
            ["n_members", "n_nonmembers"]
        ].astype("int64")
        return frame.fillna({"finding": "", "reason": ""})

    def summary(self) -> str:
        """Write the groups as text, for readers who do not program.

        Returns
        -------
        str
            Several lines of at most 88 columns, without a final newline.
        """
        rate = percent(self.max_fpr)
        lines = [
            f"Subgroups by {', '.join(self.by)}",
            paragraph(
                f"Exposed is a member whom the attack {self.attack} names with the one "
                f"threshold at which it wrongly accuses {rate} of all non-members. In "
                "a group it may accuse more of them or fewer: only what is exposed "
                "beyond that is leakage."
            ),
            _line("group", "members", "exposed", "accused", "AUC"),
        ]
        total = sum(group.n_members for group in self.groups)
        lines += [_figure_line("everybody", total, self.overall)]
        for group in self.groups:
            if group.figures is None:
                name = shorten(group.name, 30)
                lines.append(f"  {name:<30}{group.n_members:>8,}  too small to judge")
            else:
                lines.append(_figure_line(group.name, group.n_members, group.figures))
        return "\n".join([*lines, *map(item, self.sentences())])

    def sentences(self) -> tuple[str, ...]:
        """Return what was found in plain words, with what limits it.

        Returns
        -------
        tuple of str
            First the groups that are more or less exposed than the rest.
        """
        found = [self._sentence(g) for g in self.groups if g.finding in _FINDINGS[:3]]
        if not found and self.n_comparisons:
            found = [
                "No group differs from the rest by more than chance. That does not "
                "prove that they are equally exposed: see how wide the intervals are."
            ]
        small = [f"{g.name} ({g.reason})" for g in self.groups if not g.judged]
        if small:
            whose = "persons" if self.unit == "person" else "members and non-members"
            found.append(
                f"Not judged, since a group needs {self.min_size} {whose} on either "
                f"side: {'; '.join(small)}. Nothing is said of these groups, not that "
                "they are safe."
            )
        found += [
            f"{g.name} was not compared: {g.reason}."
            for g in self.groups
            if g.judged and g.reason
        ]
        if self.n_comparisons:
            found.append(
                f"Each group is compared with all other records. P-values are "
                f"corrected for {self.n_comparisons} comparisons (Holm): the chance "
                f"of one false finding or more among them is at most "
                f"{percent(1 - self.confidence_level)}. Intervals have a level of "
                f"{percent(self.confidence_level)} each."
            )
        return (*found, *self.notes)

    def _sentence(self, group: Group) -> str:
        assert group.excess is not None
        assert group.auc is not None
        parts = []
        alpha = 1 - self.confidence_level
        if group.excess.p_value < alpha:
            points = abs(100 * group.excess.value)
            word = "more" if group.excess.value > 0 else "fewer"
            parts.append(
                f"{points:.1f} in 100 members {word} are exposed than in the rest, "
                f"beyond false accusations ({p_text(group.excess.p_value)})"
            )
        if group.auc.p_value < alpha:
            word = "higher" if group.auc.value > 0 else "lower"
            parts.append(
                f"its AUC is {abs(group.auc.value):.3f} {word} than that of the rest "
                f"({p_text(group.auc.p_value)})"
            )
        known = {"more": "More exposed", "less": "Less exposed", "mixed": "Unlike"}
        return f"{known[group.finding]}: {group.name}. {_upper('; '.join(parts))}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _group(contents: Mapping[str, Any]) -> Group:
    known = dict(contents)
    kinds = {"figures": Figures, "excess": Difference, "auc": Difference}
    for key, kind in kinds.items():
        if known[key] is not None:
            known[key] = kind(**known[key])
    return Group(**known)


def _frame_row(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": group.name,
        "n_members": group.n_members,
        "n_nonmembers": group.n_nonmembers,
    }
    for key in _RATES:
        for end in ("", "_low", "_high"):
            row[key + end] = group.figures and getattr(group.figures, key + end)
    for key in ("excess", "auc"):
        found = getattr(group, key)
        for end in ("value", "low", "high", "p_value"):
            title = {"value": "", "p_value": "_p"}.get(end, f"_{end}")
            row[f"{key}_difference{title}"] = found and getattr(found, end)
    return row | {"finding": group.finding, "reason": group.reason}


def _figure_line(name: str, n_members: int, of: Figures) -> str:
    return _line(
        name,
        f"{n_members:,}",
        interval((of.tpr, of.tpr_low, of.tpr_high), 100, 1),
        f"{100 * of.fpr:.1f}",
        interval((of.auc, of.auc_low, of.auc_high), 1, 2),
    )


def _line(*cells: str) -> str:
    name, members, exposed, accused, auc = cells
    if name == "group":
        exposed, accused = "exposed, %", "accused"
    name = shorten(name, 30)
    return f"  {name:<30}{members:>8}{exposed:>20}{accused:>9}{auc:>19}".rstrip()
