"""Two reports side by side, as a section of plain values."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skmia.audit._section import Section
from skmia.metrics import Metric, get_metric
from skmia.utils import import_optional, percent

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 88
STRONGEST = "strongest"
_SENTENCES = "void", "notes", "cautions"


@dataclass(frozen=True)
class Difference:
    """One figure of two reports, and the second minus the first.

    Parameters
    ----------
    attack : str
        Name of the attack, or ``"strongest"`` for the strongest of each report.
    metric : str
        Name of the metric.
    unit : {"row", "person"}
        What was counted.
    first, first_low, first_high : float
        The figure of the first report, and its interval.
    second, second_low, second_high : float
        That of the second.
    value, low, high : float
        The difference: below 0 where the second leaks less.

    See Also
    --------
    Comparison : Holds one for each attack and metric.

    Examples
    --------
    >>> from skmia.audit import Difference
    >>> Difference(
    ...     "lira", "auc", "row", 0.7, 0.68, 0.72, 0.6, 0.58, 0.62, -0.1, -0.13, -0.07
    ... ).is_shown
    True
    """

    attack: str
    metric: str
    unit: str
    first: float
    first_low: float
    first_high: float
    second: float
    second_low: float
    second_high: float
    value: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison(Section):
    """Hold two reports side by side, with the differences of their figures.

    :func:`compare` makes one. ``report.including(comparison)`` shows it in a report.

    Parameters
    ----------
    names : (str, str)
        What the two are called.
    pairing : {"records", "halves", "independent", "unknown"}
        How the intervals of the differences were made; `why` says it in words.
    why : str
        A sentence about that.
    void : tuple of str
        Why there is no verdict: what is wrong with the figures of a report.
    notes : tuple of str
        What else a reader has to know.
    differences : tuple of Difference
        One for each attack, metric and unit that both have, the strongest first.
    accuracy : dict or None
        ``first`` and ``second``, the accuracies on non-members, and ``value``, ``low``
        and ``high`` of the difference; None where one is not known.
    confidence_level : float, default=0.95
        Level of every interval.
    cautions : tuple of str, default=()
        What limits the verdict, and is said before it: attacks, figures, rows, shadow
        models or persons that one of the audits lacks, and warnings.
    partial : bool, default=False
        Whether one of the reports has attacks or figures that the other lacks.

    See Also
    --------
    compare : Makes it of two reports.

    Examples
    --------
    >>> from skmia.audit import AuditReport, compare
    >>> member = [True] * 20 + [False] * 20
    >>> first = AuditReport(member, {"loss": [*range(20, 40), *range(20)]})
    >>> second = AuditReport(member, {"loss": [*range(40)]})
    >>> comparison = compare(first, second)
    >>> comparison.strongest("auc").value
    -1.0
    """

    section: ClassVar[str] = "comparison"

    names: tuple[str, str]
    pairing: str
    why: str
    void: tuple[str, ...]
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]
    accuracy: Mapping[str, float | None] | None = None
    confidence_level: float = 0.95
    cautions: tuple[str, ...] = ()
    partial: bool = False

    def strongest(self, metric: str) -> Difference:
        """Return the difference between the strongest attacks of the two reports.

        Parameters
        ----------
        metric : str
            Name of a metric that both reports have.

        Returns
        -------
        Difference
            The attacks may be two different ones; the interval knows of the choice.

        Raises
        ------
        ValueError
            If a report does not have it.

        See Also
        --------
        Comparison.to_frame : All differences.
        """
        name = get_metric(metric).name
        found = {d.metric: d for d in self.differences if d.attack == STRONGEST}
        if name not in found:
            raise ValueError(
                f"The 'metric' parameter must be one of {list(found)}, which both "
                f"reports could measure. Got {metric!r} instead."
            )
        return found[name]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the verdict before any figure.

        Returns
        -------
        dict
            Strings, numbers, lists and dicts only.
        """
        contents = super().to_dict()
        verdict = {"kind": self.kind, "sentences": self.opening}
        return {"names": contents.pop("names"), "verdict": verdict, **contents}

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """Make the comparison again.

        Parameters
        ----------
        contents : dict
            What :meth:`to_dict` returned.

        Returns
        -------
        Comparison
            An equal one.
        """
        known = dict(contents)
        first, second = known.pop("names")
        verdict = known.pop("verdict", None)
        for name in _SENTENCES:
            known[name] = tuple(known.get(name, ()))
        differences = tuple(Difference(**d) for d in known.pop("differences"))
        made = cls(names=(first, second), differences=differences, **known)
        if verdict is not None and verdict != made.to_dict()["verdict"]:
            raise ValueError("The verdict does not follow from the differences.")
        return made

    def to_frame(self) -> "pd.DataFrame":
        """Return the differences as a pandas table.

        Returns
        -------
        DataFrame
            A row for each attack, metric and unit, with the columns of
            :class:`Difference`.
        """
        pd = import_optional("pandas", "Comparison.to_frame")
        return pd.DataFrame([asdict(d) for d in self.differences])

    def summary(self) -> str:
        """Write the comparison as text, what voids it first.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        first, second = self.names
        title = f"Comparison: {first} (first) and {second} (second)"
        lines = [textwrap.fill(title, _WIDTH)]
        lines += [textwrap.fill(line, _WIDTH) for line in self.opening]
        level = percent(self.confidence_level)
        lines.append(
            f"  {'':<34}{'first':>9}{'second':>9}{'difference':>12}"
            f"{f'{level} interval':>21}"
        )
        for attack in dict.fromkeys(d.attack for d in self.differences):
            for d in self.differences:
                if d.attack == attack:
                    lines.append(_line(d))
        if self.accuracy is not None:
            lines.append(_accuracy_line(self.accuracy))
        lines += [_item(note) for note in (self.why, *self.notes)]
        return "\n".join(lines)

    @property
    def kind(self) -> str:
        """The verdict on the second, in a word.

        ``"less"``, ``"more"``, ``"mixed"``, ``"not_shown"``, or ``"withheld"`` where
        `void` says why, or where the strongest attacks could not be compared.
        """
        if self.void or not any(d.attack == STRONGEST for d in self.differences):
            return "withheld"
        less = {d.value < 0 for d in self._shown}
        if not less:
            return "not_shown"
        return "mixed" if len(less) == 2 else "less" if less == {True} else "more"

    @property
    def _shown(self) -> list[Difference]:
        """Of the two figures that are read first, those that differ for certain."""
        best = [d for d in self.differences if d.attack == STRONGEST]
        best = sorted(best, key=lambda d: _order(get_metric(d.metric)))[:2]
        return [d for d in best if d.is_shown]

    @property
    def opening(self) -> list[str]:
        """What limits the verdict, and the verdict; why there is none comes first."""
        if self.kind == "withheld":
            one, *more = self.void or ("the strongest attacks are not compared.",)
            reasons = " ".join([one, *(f"{s[0].upper()}{s[1:]}" for s in more)])
            none = (
                f"No comparison: {reasons} A lower figure is no sign that less leaks."
            )
            return [none, *self.cautions]
        return [*self.cautions, self._verdict()]

    def _verdict(self) -> str:
        by = ""
        if self.partial:
            by = "By the attacks and figures that both have, and no others: "
        if self.kind == "not_shown":
            what = f"{by}no difference is shown" if by else "No difference is shown"
            return (
                f"{what} in what leaks: the intervals of the strongest attacks' "
                "differences include 0. That does not show that they leak alike."
            )
        the = f"{by}the" if by else "The"
        if self.kind == "mixed":
            return f"{the} second leaks less by one figure and more by another."
        whose = " and ".join(_told(d) for d in self._shown)
        return f"{the} second leaks {self.kind} than the first: {whose}."


def _order(metric: Metric) -> float:
    """The TPR at about 1 % first, then the AUC."""
    if metric.name == "auc":
        return 0.5
    if metric.max_fpr is None:
        return 3.0
    return 0.0 if metric.max_fpr == 0.01 else 2.0


def _show(metric: Metric, value: float, sign: str = "") -> str:
    scale, digits = (100, 2) if metric.in_percent else (1, 3)
    return f"{scale * value:{sign}.{digits}f}"


def _told(d: Difference) -> str:
    metric = get_metric(d.metric)
    first, second, value, low, high = (
        _show(metric, v) for v in (d.first, d.second, d.value, d.low, d.high)
    )
    points = " points" if metric.in_percent else ""
    of = " %" if metric.in_percent else ""
    return (
        f"the strongest attack's {metric.title} is {second}{of} after {first}{of}, a "
        f"difference of {value}{points} [{low}, {high}]"
    )


def _line(d: Difference) -> str:
    metric = get_metric(d.metric)
    per = ", per person" if d.unit == "person" else ""
    percents = " (%)" if metric.in_percent else ""
    first, second = _show(metric, d.first), _show(metric, d.second)
    value, low, high = (_show(metric, v, "+") for v in (d.value, d.low, d.high))
    name = f"{d.attack}{per}: {metric.title}{percents}"
    return f"  {name:<34}{first:>9}{second:>9}{value:>12}{f'[{low}, {high}]':>21}"


def _accuracy_line(accuracy: Mapping[str, float | None]) -> str:
    first, second, value = (
        accuracy[key] or 0.0 for key in ("first", "second", "value")
    )
    ends = "not known"
    if accuracy["low"] is not None and accuracy["high"] is not None:
        ends = f"[{accuracy['low']:+.3f}, {accuracy['high']:+.3f}]"
    return (
        f"  {'accuracy on non-members':<34}{first:>9.3f}{second:>9.3f}{value:>+12.3f}"
        f"{ends:>21}"
    )


def _item(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
