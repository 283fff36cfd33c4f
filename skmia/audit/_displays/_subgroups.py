"""How exposed each group of records is: a row for each group."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmia.audit._displays._contents import evidence_of
from skmia.audit._displays._groups_given import groups_of_report, groups_of_scores
from skmia.audit._subgroups import Subgroups
from skmia.utils import (
    axes_of,
    chance_style,
    check_integer,
    color_of,
    despined,
    merged,
    percent,
    place_legend,
    show_rates,
    shown,
    text_color,
)

# Colour, marker and words of what was found of a group.
_FINDINGS: dict[str, tuple[int, str, str]] = {
    "more": (1, "s", "More exposed than the rest"),
    "less": (2, "v", "Less exposed than the rest"),
    "mixed": (4, "D", "More by one comparison, less by the other"),
    "no difference": (0, "o", "No difference beyond chance"),
    "not judged": (7, "o", "Not compared"),
}
# Of a row, in inches, and of what is above and below all rows.
_ROW, _AROUND = 0.34, 1.7
# Width in inches below which names stand above their rows, not beside them.
_NARROW = 5.0


class SubgroupDisplay:
    """Plot how many members of each group are found, with intervals.

    Make it with :meth:`from_report`, :meth:`from_estimator` or
    :meth:`from_predictions`. Groups that are too small to judge are there, and named as
    such: nothing is said of them, not that they are safe.

    Parameters
    ----------
    subgroups : Subgroups
        What was measured, as :meth:`AuditReport.subgroups` returns it.

    Attributes
    ----------
    points_ : list of ErrorbarContainer
        The groups that were judged, one container for each finding.
    accused_ : Line2D
        Share of each group's non-members above the same threshold.
    small_ : list of Text
        What stands in the rows of groups that are too small.
    overall_line_ : Line2D
        The share of all members.
    chance_level_ : Line2D or None
        The share that guessing would find.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    AuditReport.subgroups : Measures it, and says what the figures mean.
    RecordRiskDisplay : The risk of single records.

    Notes
    -----
    There is one threshold for all, at which `max_fpr` of all non-members are accused.
    In a group it may accuse more: only what is found beyond the mark of the accused is
    leakage. Intervals stand each by itself; whether a group differs from the rest is
    said by its marker, by comparisons that are corrected for their number.

    Examples
    --------
    >>> from skmia.audit import AuditReport, SubgroupDisplay
    >>> report = AuditReport(
    ...     [True] * 100 + [False] * 100, {"loss": [*range(50)] * 4}, max_fprs=[0.1]
    ... )
    >>> found = report.subgroups({"sex": ["f", "m"] * 100})
    >>> display = SubgroupDisplay.from_report(report.including(found))
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['sex = f (50)', 'sex = m (50)']
    """

    def __init__(self, subgroups: Subgroups) -> None:
        self.subgroups = subgroups

    def plot(
        self,
        ax: Any = None,
        *,
        points_kwargs: Mapping[str, Any] | None = None,
        accused_kwargs: Mapping[str, Any] | None = None,
        overall_kwargs: Mapping[str, Any] | None = None,
        plot_chance_level: bool = True,
        chance_level_kw: Mapping[str, Any] | None = None,
        despine: bool = False,
    ) -> "SubgroupDisplay":
        """Draw a row for each group, in the order of the groups from top to bottom.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure, as high as there are groups, where it is None.
        points_kwargs : dict, default=None
            For ``Axes.errorbar`` of the groups.
        accused_kwargs : dict, default=None
            For ``Axes.plot`` of the shares of accused non-members.
        overall_kwargs : dict, default=None
            For ``Axes.axvline`` of all members.
        plot_chance_level : bool, default=True
            Whether to draw what guessing would find.
        chance_level_kw : dict, default=None
            For ``Axes.axvline`` of that.
        despine : bool, default=False
            Whether to leave out the frame on top and at the right.

        Returns
        -------
        SubgroupDisplay
            Itself.
        """
        of = self.subgroups
        height = _AROUND + _ROW * len(of.groups)
        self.ax_, self.figure_ = axes_of(ax, "SubgroupDisplay.plot", (6.4, height))
        ax = self.ax_
        self.points_ = []
        for finding, (number, marker, label) in _FINDINGS.items():
            rows = [
                (at, group.figures)
                for at, group in enumerate(of.groups)
                if group.figures is not None and group.finding == finding
            ]
            if rows:
                at = [row for row, _ in rows]
                value, low, high = np.transpose(
                    [(f.tpr, f.tpr_low, f.tpr_high) for _, f in rows]
                )
                look = {
                    "fmt": marker,
                    "color": color_of(number),
                    "label": label,
                    "markersize": 6,
                    "elinewidth": 1.6,
                    "capsize": 3,
                    "zorder": 3,
                }
                self.points_.append(
                    ax.errorbar(
                        value,
                        at,
                        xerr=[value - low, high - value],
                        **(look | dict(points_kwargs or {})),
                    )
                )
        self._draw_accused(accused_kwargs)
        overall = {"color": text_color(), "linewidth": 1, "label": "All members"}
        self.overall_line_ = ax.axvline(
            of.overall.tpr, **merged(overall, {"zorder": 1}, overall_kwargs)
        )
        self.chance_level_ = None
        if plot_chance_level:
            self.chance_level_ = ax.axvline(of.max_fpr, **chance_style(chance_level_kw))
        self._set_axes()
        if despine:
            despined(ax)
        place_legend(ax)
        return self

    def _draw_accused(self, kwargs: Mapping[str, Any] | None) -> None:
        rows = [
            (at, group.figures.fpr)
            for at, group in enumerate(self.subgroups.groups)
            if group.figures is not None
        ]
        look = {
            "linestyle": "none",
            "marker": "|",
            "markersize": 12,
            "markeredgewidth": 2,
            "color": text_color(),
            "label": "Non-members accused",
            "zorder": 2.5,
        }
        (self.accused_,) = self.ax_.plot(
            [rate for _, rate in rows], [at for at, _ in rows], **merged(look, kwargs)
        )

    def _set_axes(self) -> None:
        ax, of = self.ax_, self.subgroups
        judged = [group.figures for group in of.groups if group.figures is not None]
        ends = [figures.tpr_high for figures in judged]
        ends += [figures.fpr for figures in judged]
        right = min(1.03, 1.08 * max([of.overall.tpr, of.max_fpr, *ends]))
        self.small_ = [
            ax.text(
                0.01 * right,
                at,
                "too small to judge",
                va="center",
                fontsize="small",
                style="italic",
            )
            for at, group in enumerate(of.groups)
            if group.figures is None
        ]
        width = self.figure_.get_size_inches()[0]
        most = int((6 if width >= _NARROW else 10) * width)
        names = [
            shown(f"{_short(group.name, most)} ({group.n_members:,})")
            for group in of.groups
        ]
        ax.set(
            xlabel=f"Members found at {percent(of.max_fpr)} FPR by {shown(of.attack)}",
            xlim=(0, right),
            ylim=(len(names) - 0.4, -0.6),
        )
        if width < _NARROW:
            ax.set_yticks([])
            for at, name in enumerate(names):
                ax.text(0.01 * right, at - 0.2, name, va="bottom", fontsize="small")
        else:
            ax.set_yticks(range(len(names)), names)
        show_rates(ax.xaxis)

    @classmethod
    def from_report(
        cls,
        report: Any,
        *,
        by: str | Sequence[str] | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "SubgroupDisplay":
        """Draw the groups that a report includes.

        It needs no records: a report that was read from a file will do.

        Parameters
        ----------
        report : AuditReport, dict or Subgroups
            The report, or its contents, which include what
            :meth:`AuditReport.subgroups` returned; or that by itself.
        by : str or list of str, default=None
            The columns of the groups, where the report has groups by several.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        SubgroupDisplay
            The plot.

        Raises
        ------
        ValueError
            If the report has no groups, none by these columns, or several.
        """
        return cls(groups_of_report(report, by)).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        membership: ArrayLike,
        scores: ArrayLike,
        by: Any,
        *,
        groups: ArrayLike | None = None,
        max_fpr: float | None = None,
        confidence_level: float = 0.95,
        min_size: int = 20,
        name: str | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "SubgroupDisplay":
        """Draw groups of scores.

        Parameters
        ----------
        membership : array-like of bool of shape (n_records,)
            True for members, False for non-members.
        scores : array-like of shape (n_records,)
            Membership evidence, higher for members.
        by : array-like of shape (n_records,), or dict of str to such
            The values that make the groups; several columns make a group of each
            combination.
        groups : array-like of shape (n_records,), default=None
            The person of each record, each on one side only. Intervals then take
            persons, not records, for independent draws.
        max_fpr : float, default=None
            Share of all non-members that may be accused; of 10, 1 and 0.1 % the nearest
            to 1 % that can be read where it is None.
        confidence_level : float, default=0.95
            Level of the intervals.
        min_size : int, default=20
            Members, and non-members, that a group needs to be judged.
        name : str, default=None
            Name of the attack.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        SubgroupDisplay
            The plot.

        Raises
        ------
        ValueError
            If a parameter is out of range, lengths differ, membership is not binary or
            has one side only, a score is not finite, or a person is on both sides.
        """
        min_size = check_integer(min_size, "min_size", 2)
        evidence = evidence_of(membership, scores, groups, confidence_level, name)
        found = groups_of_scores(evidence, by, max_fpr, min_size)
        return cls(found).plot(ax, **plot_kwargs)

    @classmethod
    def from_estimator(
        cls,
        attack: Any,
        X: Any,
        y: Any,
        membership: ArrayLike,
        by: Any,
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> "SubgroupDisplay":
        """Draw groups by the scores of a fitted attack.

        Parameters
        ----------
        attack : MembershipAttack
            A fitted attack.
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records to judge.
        y : array-like of shape (n_records,)
            Their class labels.
        membership : array-like of bool of shape (n_records,)
            True for the records that the target was fitted on. Of an attack that drew
            them itself, and the same records, it is ``attack.membership_``.
        by : array-like of shape (n_records,), or dict of str to such
            The values that make the groups.
        name : str, default=None
            Name of the attack; that of its class where it is None.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **kwargs : dict
            For :meth:`from_predictions`.

        Returns
        -------
        SubgroupDisplay
            The plot.
        """
        scores = attack.score_samples(X, y)
        name = type(attack).__name__ if name is None else name
        return cls.from_predictions(membership, scores, by, name=name, ax=ax, **kwargs)


def _short(name: str, width: int) -> str:
    """A name with its middle left out where it is long."""
    if len(name) <= width:
        return name
    head = width // 2
    return f"{name[: head - 1]}…{name[len(name) - (width - head) :]}"
