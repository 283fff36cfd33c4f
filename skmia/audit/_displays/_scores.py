"""The scores of an attack: those of members beside those of non-members."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmia.audit._curves import histograms
from skmia.audit._displays._contents import contents_of, evidence_of, figure_of
from skmia.audit._displays._from_attack import FromAttack
from skmia.utils import (
    axes_of,
    color_of,
    despined,
    place_legend,
    show_rates,
    shown,
)


class MembershipScoreDisplay(FromAttack):
    """Plot how the scores of members and of non-members are distributed.

    Make it with :meth:`from_report`, :meth:`from_estimator` or
    :meth:`from_predictions`. Where the two histograms are alike, the attack tells
    nobody; the members on the right, where there are no non-members, are exposed.

    Parameters
    ----------
    edges : array-like of shape (n_bins + 1,)
        Edges of the bins.
    members, nonmembers : array-like of shape (n_bins,)
        Numbers of members and of non-members in each bin.
    open_ends : pair of bool, default=(False, False)
        Whether the first and the last bin also hold all that lie beyond.
    scale : {"score", "spread"}, default="score"
        Whether scores are those of one model, or of several, in spreads of each
        model's non-members.
    name : str, default=None
        Name of the attack.

    Attributes
    ----------
    members_, nonmembers_ : StepPatch
        The two histograms.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    MembershipRocDisplay : What a threshold on these scores finds.

    Notes
    -----
    Heights are shares of either side, so that they do not depend on how many records
    are on it.

    Examples
    --------
    >>> from skmia.audit import AuditReport, MembershipScoreDisplay
    >>> report = AuditReport([True] * 50 + [False] * 50, {"loss": [*range(100)][::-1]})
    >>> display = MembershipScoreDisplay.from_report(report)
    >>> sum(display.members)
    50
    """

    def __init__(
        self,
        *,
        edges: ArrayLike,
        members: ArrayLike,
        nonmembers: ArrayLike,
        open_ends: Sequence[bool] = (False, False),
        scale: str = "score",
        name: str | None = None,
    ) -> None:
        self.edges = edges
        self.members = members
        self.nonmembers = nonmembers
        self.open_ends = open_ends
        self.scale = scale
        self.name = name

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | None = None,
        log: bool = False,
        members_kwargs: Mapping[str, Any] | None = None,
        nonmembers_kwargs: Mapping[str, Any] | None = None,
        despine: bool = False,
    ) -> "MembershipScoreDisplay":
        """Draw the two histograms.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        name : str, default=None
            Name of the attack; that of the display where it is None.
        log : bool, default=False
            Whether heights are on a logarithmic scale, which shows a few exposed
            members among many records.
        members_kwargs, nonmembers_kwargs : dict, default=None
            For ``Axes.stairs`` of either side.
        despine : bool, default=False
            Whether to leave out the frame on top and at the right.

        Returns
        -------
        MembershipScoreDisplay
            Itself.
        """
        self.ax_, self.figure_ = axes_of(ax, "MembershipScoreDisplay.plot", (6.4, 4.0))
        ax, edges = self.ax_, np.asarray(self.edges, dtype=float)
        shares = [np.asarray(side) / np.sum(side) for side in self._sides]
        members, nonmembers = color_of(0), color_of(1)
        looks: tuple[dict[str, Any], ...] = (
            {
                "facecolor": (members, 0.45),
                "edgecolor": members,
                "label": "Members",
                **(members_kwargs or {}),
            },
            # Hatched: the two are told apart without colour.
            {
                "facecolor": "none",
                "edgecolor": nonmembers,
                "hatch": "////",
                "linestyle": "--",
                "label": "Non-members",
                **(nonmembers_kwargs or {}),
            },
        )
        least = min(0.5 / np.sum(side) for side in self._sides)
        baseline = least if log else 0.0
        self.members_, self.nonmembers_ = (
            ax.stairs(
                np.maximum(of, baseline),
                edges,
                baseline=baseline,
                fill=True,
                **({"linewidth": 1.1} | look),
            )
            for of, look in zip(shares, looks, strict=True)
        )
        highest = max(of.max() for of in shares)
        ax.set(
            yscale="log" if log else "linear",
            xlabel=self._label(self.name if name is None else name),
            ylabel="Share of either side",
            xlim=(edges[0], edges[-1]),
            ylim=(baseline, min(2 * highest, 1.5) if log else 1.08 * highest),
        )
        show_rates(ax.yaxis, np.log10(highest / least) if log else None)
        self._mark_open_ends(edges)
        if despine:
            despined(ax)
        place_legend(ax)
        return self

    @property
    def _sides(self) -> tuple[Any, Any]:
        return self.members, self.nonmembers

    def _label(self, name: str | None) -> str:
        label = f"Score of {shown(name)}" if name else "Score"
        if self.scale == "spread":
            label += ", in spreads of each model's non-members"
        return label

    def _mark_open_ends(self, edges: Any) -> None:
        """Say at the outermost bins that they hold what lies beyond as well."""
        texts = texts_of_open_ends(edges, self.open_ends)
        for text, edge, side in zip(texts, (edges[0], edges[-1]), (1, -1), strict=True):
            if text:
                self.ax_.annotate(
                    text,
                    (edge, 0),
                    (3 * side, 3),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="left" if side > 0 else "right",
                    fontsize="x-small",
                )

    @classmethod
    def from_report(
        cls,
        report: Any,
        *,
        attack: str | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "MembershipScoreDisplay":
        """Draw the scores of an attack of a report.

        It needs no records: a report that was read from a file will do.

        Parameters
        ----------
        report : AuditReport or dict
            The report, or its contents, as ``to_dict`` returns them.
        attack : str, default=None
            Which attack; the one with the largest AUC where it is None.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        MembershipScoreDisplay
            The plot.

        Raises
        ------
        ValueError
            If the attack is not in the report.
        """
        wanted = None if attack is None else [attack]
        contents, known = contents_of(report, "histograms", wanted, parameter="attack")
        name = max(known, key=lambda name: figure_of(contents, name, "auc") or 0.0)
        return cls._of(known[name], name).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        membership: ArrayLike,
        scores: ArrayLike,
        *,
        name: str | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "MembershipScoreDisplay":
        """Draw scores.

        Parameters
        ----------
        membership : array-like of bool of shape (n_records,)
            True for members, False for non-members.
        scores : array-like of shape (n_records,)
            Membership evidence, higher for members.
        name : str, default=None
            Name of the attack.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        MembershipScoreDisplay
            The plot.

        Raises
        ------
        ValueError
            If membership is not binary or has one side only, a score is not finite, or
            lengths differ.
        """
        evidence = evidence_of(membership, scores)
        (found,) = histograms(evidence).values()
        return cls._of(found, name).plot(ax, **plot_kwargs)

    @classmethod
    def _of(
        cls, found: Mapping[str, Any], name: str | None
    ) -> "MembershipScoreDisplay":
        return cls(
            edges=found["edges"],
            members=found["members"],
            nonmembers=found["nonmembers"],
            open_ends=found["open"],
            scale=found["scale"],
            name=name,
        )


def texts_of_open_ends(edges: Any, open_ends: Sequence[bool]) -> list[str]:
    """What is said at either outermost bin: that it holds all beyond, or nothing."""
    limits = edges[0] + (edges[1] - edges[0]), edges[-1] - (edges[1] - edges[0])
    signs = zip("≤≥", limits, open_ends, strict=True)
    return [f"{sign} {limit:.4g}" if is_open else "" for sign, limit, is_open in signs]
