"""The ROC of membership attacks, with a band."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from skmia.audit._curves import curves
from skmia.audit._displays._contents import (
    allowed_by_promises,
    contents_of,
    evidence_of,
    figure_of,
)
from skmia.audit._displays._from_attack import FromAttack
from skmia.audit._displays._many_curves import (
    band_opacity,
    check_length,
    curve_label,
    curves_of,
    listed,
    lowest_rate,
)
from skmia.metrics import roc_auc, tpr_ceiling
from skmia.utils import (
    BACKGROUND,
    axes_of,
    chance_style,
    check_option,
    despined,
    merged,
    percent,
    place_legend,
    show_rates,
    style_of,
    text_color,
)

_ALLOWED: dict[str, Any] = {"linestyle": (0, (8, 3)), "linewidth": 1.4, "zorder": 1.6}
_UNRESOLVED = {"alpha": 0.12, "linewidth": 0, "zorder": 0.5}


class MembershipRocDisplay(FromAttack):
    """Plot the ROC of membership attacks: members found against wrongly accused.

    Make it with :meth:`from_report`, :meth:`from_estimator` or
    :meth:`from_predictions`. Axes are logarithmic, since what matters are the members
    who are found while hardly anyone is wrongly accused.

    Parameters
    ----------
    fpr, tpr : array-like or list of array-like
        Rates of one curve, or of several.
    low, high : array-like or list of array-like, default=None
        The band: ends of the interval of each TPR.
    roc_auc : float or list of float, default=None
        Areas under the curves, for the legend.
    name : str or list of str, default=None
        Names of the curves, for the legend.
    n_nonmembers : int, default=None
        Number of non-members; rates below one of them are marked as not resolvable.
    confidence_level : float, default=None
        Level of the band, for the legend.
    allowed : dict of str to dict, default=None
        Promises of differential privacy, by their names for the legend: ``epsilon``
        and ``delta``, or ``mu``. The most that each allows any attack is drawn. From a
        report, those of its claims.

    Attributes
    ----------
    line_ : Line2D or list of Line2D
        The curves.
    allowed_ : list of Line2D
        What promises allow, where there are any.
    band_ : list of PolyCollection
        The bands, where there are any.
    chance_level_ : Line2D or None
        The line of guessing.
    unresolved_ : Polygon or None
        What marks rates that are not resolvable.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    MembershipScoreDisplay : The scores behind a curve.
    skmia.metrics.roc_band : Computes curve and band.

    Notes
    -----
    The band holds rate by rate: at each FPR by itself, the true TPR is inside with the
    confidence level. All of the true curve is inside less often. It is the interval of
    :func:`skmia.metrics.tpr_at_fpr_interval`, and of the report's figures. It does not
    show how much a curve moves when the model is trained anew, and the strongest of
    several curves is too high for having been chosen; see
    :func:`skmia.metrics.strongest`.

    Examples
    --------
    >>> from skmia.audit import AuditReport, MembershipRocDisplay
    >>> report = AuditReport([True] * 50 + [False] * 50, {"loss": [*range(100)][::-1]})
    >>> display = MembershipRocDisplay.from_report(report)
    >>> display.ax_.get_xscale()
    'log'
    """

    def __init__(
        self,
        *,
        fpr: Any,
        tpr: Any,
        low: Any = None,
        high: Any = None,
        roc_auc: Any = None,
        name: Any = None,
        n_nonmembers: int | None = None,
        confidence_level: float | None = None,
        allowed: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.fpr = fpr
        self.tpr = tpr
        self.low = low
        self.high = high
        self.roc_auc = roc_auc
        self.name = name
        self.n_nonmembers = n_nonmembers
        self.confidence_level = confidence_level
        self.allowed = allowed

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | Sequence[str] | None = None,
        scale: Literal["log", "linear"] = "log",
        curve_kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        plot_band: bool = True,
        band_kwargs: Mapping[str, Any] | None = None,
        plot_chance_level: bool = True,
        chance_level_kw: Mapping[str, Any] | None = None,
        despine: bool = False,
    ) -> "MembershipRocDisplay":
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        name : str or list of str, default=None
            Names of the curves; those of the display where it is None.
        scale : {"log", "linear"}, default="log"
            Scale of both axes.
        curve_kwargs : dict or list of dict, default=None
            For ``Axes.plot`` of every curve, or of each.
        plot_band : bool, default=True
            Whether to draw the bands.
        band_kwargs : dict, default=None
            For ``Axes.fill_between`` of the bands.
        plot_chance_level : bool, default=True
            Whether to draw the line of guessing.
        chance_level_kw : dict, default=None
            For ``Axes.plot`` of that line.
        despine : bool, default=False
            Whether to leave out the frame on top and at the right.

        Returns
        -------
        MembershipRocDisplay
            Itself.

        Raises
        ------
        ValueError
            If `scale` is none of these, or lists differ in length.
        """
        check_option(scale, "scale", ("log", "linear"))
        fprs, tprs = curves_of(self.fpr), curves_of(self.tpr)
        n_curves = len(fprs)
        names = listed(self.name if name is None else name, n_curves, "name")
        areas = listed(self.roc_auc, n_curves, "roc_auc")
        styles = listed(curve_kwargs, n_curves, "curve_kwargs")
        lows, highs = (
            [] if ends is None else curves_of(ends) for ends in (self.low, self.high)
        )
        for key, each in (("tpr", tprs), ("low", lows), ("high", highs)):
            if each or key == "tpr":
                check_length(each, n_curves, key)
        self.ax_, self.figure_ = axes_of(ax, "MembershipRocDisplay.plot", (5.6, 5.6))
        ax = self.ax_
        start = self._set_axes(fprs, scale)
        lines, self.band_ = [], []
        for i, (fpr, tpr) in enumerate(zip(fprs, tprs, strict=True)):
            shown = fpr >= start
            every = max(1, int(shown.sum()) // 6)
            own = style_of(i)
            look = merged(
                own,
                {
                    "label": curve_label(names[i], areas[i]),
                    "markersize": 4,
                    "markevery": (i % every, every),
                    "zorder": 3,
                },
                styles[i],
            )
            lines += ax.plot(fpr[shown], tpr[shown], **look)
            if plot_band and lows and highs:
                fill = {"alpha": band_opacity(n_curves), "linewidth": 0, "zorder": 2}
                fill |= {"color": look["color"], **(band_kwargs or {})}
                # Not 0 on a logarithmic axis: only below the picture.
                low = np.maximum(lows[i], start / 100)
                self.band_.append(
                    ax.fill_between(fpr[shown], low[shown], highs[i][shown], **fill)
                )
        self.line_ = lines[0] if n_curves == 1 else lines
        self.allowed_ = []
        rates = np.geomspace(max(start, 1e-6), 1, 300)
        for label, promise in (self.allowed or {}).items():
            top = tpr_ceiling(rates, **promise)
            look = {**_ALLOWED, "color": text_color(), "label": label}
            self.allowed_ += ax.plot(rates, top, **look)
        self.chance_level_ = None
        if plot_chance_level:
            ends = (max(start, 0), 1)
            (self.chance_level_,) = ax.plot(ends, ends, **chance_style(chance_level_kw))
        if self.band_ and self.confidence_level is not None:
            title = f"{percent(self.confidence_level)} interval, rate by rate"
            ax.fill_between([], [], color=text_color(), alpha=0.2, label=title)
        if despine:
            despined(ax)
        place_legend(ax)
        return self

    def _set_axes(self, fprs: list[Any], scale: str) -> float:
        """Scales, limits and labels; the lowest rate that is drawn."""
        ax = self.ax_
        least = 1 / self.n_nonmembers if self.n_nonmembers else None
        start = lowest_rate(fprs, self.n_nonmembers)
        ax.set(
            xscale=scale,
            yscale=scale,
            xlabel="Non-members wrongly accused (FPR)",
            ylabel="Members found (TPR)",
        )
        # A tenth of the picture for what is not resolvable.
        low = start**1.1 if scale == "log" else -0.01
        high = 1.0 if scale == "log" else 1.01
        ax.set(xlim=(low, high), ylim=(low, high))
        for axis in (ax.xaxis, ax.yaxis):
            show_rates(axis, -np.log10(low) if scale == "log" else None)
        self.unresolved_ = None
        if least is not None:
            self.unresolved_ = ax.axvspan(
                low, least, color=text_color(), gid=BACKGROUND, **_UNRESOLVED
            )
            if scale == "log":
                ax.text(
                    np.sqrt(low * least),
                    0.5,
                    f"less than 1 of {self.n_nonmembers:,}: not resolvable",
                    transform=ax.get_xaxis_transform(),
                    rotation=90,
                    ha="center",
                    va="center",
                    fontsize="x-small",
                )
        return start if scale == "log" else 0.0

    @classmethod
    def from_report(
        cls,
        report: Any,
        *,
        attacks: Sequence[str] | None = None,
        unit: Literal["row", "person"] = "row",
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "MembershipRocDisplay":
        """Draw the attacks of a report.

        It needs no records: a report that was read from a file will do.

        Parameters
        ----------
        report : AuditReport or dict
            The report, or its contents, as ``to_dict`` returns them.
        attacks : list of str, default=None
            Which attacks, in this order; all where it is None.
        unit : {"row", "person"}, default="row"
            What is counted: rows, or persons where the audit was given groups.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        MembershipRocDisplay
            The plot.

        Raises
        ------
        ValueError
            If an attack is not in the report, or persons are asked for and the audit
            was given no groups.
        """
        contents, known = contents_of(report, "curves", attacks, unit)
        counts = contents["counts"]
        side = "nonmembers" if unit == "row" else "nonmember_persons"
        display = cls._of(
            known,
            [figure_of(contents, name, "auc", unit) for name in known],
            counts[side],
            contents["confidence_level"],
            allowed_by_promises(contents, unit),
        )
        return display.plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        membership: ArrayLike,
        scores: ArrayLike | Mapping[str, ArrayLike],
        *,
        groups: ArrayLike | None = None,
        confidence_level: float = 0.95,
        name: str | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "MembershipRocDisplay":
        """Draw the ROC of scores.

        Parameters
        ----------
        membership : array-like of bool of shape (n_records,)
            True for members, False for non-members.
        scores : array-like of shape (n_records,), or dict of str to such
            Membership evidence, higher for members; of several attacks by name.
        groups : array-like of shape (n_records,), default=None
            The person of each record, each on one side only. The band then takes
            persons, not records, for independent draws.
        confidence_level : float, default=0.95
            Level of the band.
        name : str, default=None
            Name of the attack in the legend, of a single one.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        MembershipRocDisplay
            The plot.

        Raises
        ------
        ValueError
            If membership is not binary or has one side only, a score is not finite,
            lengths differ, or a person is on both sides.
        """
        evidence = evidence_of(membership, scores, groups, confidence_level, name)
        member = evidence.membership
        display = cls._of(
            curves(evidence),
            [roc_auc(member, values) for values in evidence.scores.values()],
            evidence.n_nonmembers,
            confidence_level,
        )
        return display.plot(ax, **plot_kwargs)

    @classmethod
    def _of(
        cls,
        known: Mapping[str, Mapping[str, Any]],
        areas: Sequence[float | None],
        n_nonmembers: int,
        confidence_level: float,
        allowed: Mapping[str, Mapping[str, float]] | None = None,
    ) -> "MembershipRocDisplay":
        arrays = {
            key: [np.array(curve[key]) for curve in known.values()]
            for key in ("fpr", "tpr", "low", "high")
        }
        return cls(
            **arrays,
            roc_auc=list(areas),
            name=list(known),
            n_nonmembers=n_nonmembers,
            confidence_level=confidence_level,
            allowed=allowed,
        )
