"""How the risk of single records is distributed."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from skmia.audit._displays._contents import evidence_of, plain_contents
from skmia.audit._displays._separation_axis import (
    add_chances,
    expected_shares,
    limits_of_risk,
)
from skmia.metrics import (
    is_resolvable,
    membership_p_values,
    tpr_at_fpr,
    tpr_at_fpr_interval,
)
from skmia.utils import (
    axes_of,
    chance_style,
    check_option,
    check_real,
    color_of,
    despined,
    percent,
    place_legend,
    show_rates,
)

_QUANTITIES = "separation", "p_value"
_N_BINS = 20


class RecordRiskDisplay:
    """Plot how the risk of the members is distributed, record by record.

    Make it with :meth:`from_report`, :meth:`from_estimator` or
    :meth:`from_predictions`. An average hides the few records that the model shows
    plainly; here they are the bars on the right.

    Parameters
    ----------
    edges : array-like of shape (n_bins + 1,)
        Edges of the bins.
    members : array-like of shape (n_bins,)
        Number of members in each bin.
    quantity : {"separation", "p_value"}, default="separation"
        What the bins are about: how far apart shadow models with and without a record
        are (d'), or the p-value of the record's score among those of non-members.
    error : float, default=None
        Standard error of the separation of a record.
    max_fpr : float, default=0.01
        False positive rate at which members are found.
    exposed : tuple of float, default=None
        Share of the members that is found at that rate, and its interval.
    unit : {"row", "person"}, default="row"
        What is counted.

    Attributes
    ----------
    members_ : StepPatch
        The histogram.
    chance_level_ : StepPatch or None
        What it would be if no record leaked.
    chance_axis_ : SecondaryAxis or None
        The upper axis of separations: how often a record is found.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.

    See Also
    --------
    MembershipScoreDisplay : Scores of members and of non-members.
    AuditReport.records : The risk of each record by name.

    Notes
    -----
    A separation is estimated from few shadow models, and spreads by its error even
    where no record leaks: compare the bars with the dotted outline, not with 0. The
    upper axis is ``Phi(d' - z)``, for normal logits with equal spread, the chance that
    a threshold for this record alone finds it.

    Examples
    --------
    >>> from skmia.audit import AuditReport, RecordRiskDisplay
    >>> report = AuditReport([True] * 50 + [False] * 50, {"loss": [*range(100)][::-1]})
    >>> RecordRiskDisplay.from_report(report, max_fpr=0.1).quantity
    'p_value'
    """

    def __init__(
        self,
        *,
        edges: ArrayLike,
        members: ArrayLike,
        quantity: str = "separation",
        error: float | None = None,
        max_fpr: float = 0.01,
        exposed: Sequence[float] | None = None,
        unit: str = "row",
    ) -> None:
        self.edges = edges
        self.members = members
        self.quantity = quantity
        self.error = error
        self.max_fpr = max_fpr
        self.exposed = exposed
        self.unit = unit

    def plot(
        self,
        ax: Any = None,
        *,
        log: bool = False,
        members_kwargs: Mapping[str, Any] | None = None,
        plot_chance_level: bool = True,
        chance_level_kw: Mapping[str, Any] | None = None,
        despine: bool = False,
    ) -> "RecordRiskDisplay":
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        log : bool, default=False
            Whether heights are on a logarithmic scale, which shows a few exposed
            members among many.
        members_kwargs : dict, default=None
            For ``Axes.stairs`` of the histogram.
        plot_chance_level : bool, default=True
            Whether to draw what it would be if no record leaked.
        chance_level_kw : dict, default=None
            For ``Axes.stairs`` of that.
        despine : bool, default=False
            Whether to leave out the frame at the right, and on top of p-values.

        Returns
        -------
        RecordRiskDisplay
            Itself.

        Raises
        ------
        ValueError
            If the display is about none of the two quantities.
        """
        check_option(self.quantity, "quantity", _QUANTITIES)
        self.ax_, self.figure_ = axes_of(ax, "RecordRiskDisplay.plot", (6.4, 4.2))
        ax, edges = self.ax_, np.asarray(self.edges, dtype=float)
        counts = np.asarray(self.members, dtype=float)
        n = max(counts.sum(), 1.0)
        shares, least = counts / n, 0.5 / n
        baseline = least if log else 0.0
        look = {
            "facecolor": (color_of(0), 0.45),
            "edgecolor": color_of(0),
            "linewidth": 1.1,
            "label": "Persons" if self.unit == "person" else "Members",
            **(members_kwargs or {}),
        }
        self.members_ = ax.stairs(
            np.maximum(shares, baseline), edges, baseline=baseline, fill=True, **look
        )
        expected = expected_shares(self.quantity, edges, self.error)
        self.chance_level_ = None
        if plot_chance_level and expected is not None:
            look = chance_style({"label": "If none leaked", "linewidth": 1.6})
            look["edgecolor"] = look.pop("color")
            self.chance_level_ = ax.stairs(
                np.maximum(expected, baseline),
                edges,
                baseline=baseline,
                **(look | dict(chance_level_kw or {})),
            )
        highest = max(shares.max(), 0.0 if expected is None else expected.max())
        ax.set(
            yscale="log" if log else "linear",
            ylabel=f"Share of the {'persons' if self.unit == 'person' else 'members'}",
            xlim=limits_of_risk(self.quantity, edges, shares, expected, self.max_fpr),
            ylim=(baseline, min(2 * highest, 1.5) if log else 1.08 * highest),
        )
        show_rates(ax.yaxis, np.log10(highest / least) if log else None)
        self._label()
        if despine:
            despined(ax)
        place_legend(ax)
        return self

    def _label(self) -> None:
        ax = self.ax_
        self.chance_axis_ = None
        if self.quantity == "p_value":
            ax.set_xlabel("p-value among the scores of non-members")
        else:
            ax.set_xlabel("Separation d' over shadow models")
            self.chance_axis_ = add_chances(ax, self.max_fpr)
        if self.exposed is not None:
            share, low, high = (f"{100 * of:.3g}" for of in self.exposed)
            ax.set_title(
                f"Found at {percent(self.max_fpr)} FPR: {share} % [{low}, {high}]",
                loc="left",
                fontsize="medium",
            )

    @classmethod
    def from_report(
        cls,
        report: Any,
        *,
        quantity: Literal["separation", "p_value"] | None = None,
        max_fpr: float = 0.01,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "RecordRiskDisplay":
        """Draw the members of a report; persons, where it was told whose rows are.

        It needs no records: a report that was read from a file will do.

        Parameters
        ----------
        report : AuditReport or dict
            The report, or its contents, as ``to_dict`` returns them.
        quantity : {"separation", "p_value"}, default=None
            What to show; the separation where the audit had shadow models, p-values
            where it had none.
        max_fpr : float, default=0.01
            False positive rate of the upper axis; of the share that is found where the
            report has it.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        RecordRiskDisplay
            The plot.

        Raises
        ------
        ValueError
            If a parameter is out of range, or the separation is asked for and not
            known.
        """
        if quantity is not None:
            check_option(quantity, "quantity", _QUANTITIES)
        max_fpr = check_real(max_fpr, "max_fpr", 0, 1, closed="neither")
        risk = plain_contents(report)["risk"]
        separation = risk["separation"]
        if quantity == "separation" and separation is None:
            raise ValueError(
                "The 'quantity' parameter must be 'p_value' or None for this report. "
                f"Got 'separation' instead: {risk['no_separation']}"
            )
        if quantity is None:
            quantity = "p_value" if separation is None else "separation"
        found = separation if quantity == "separation" else risk["p_values"]
        assert found is not None
        exposed = [
            tuple(of[key] / risk["members"] for key in ("exposed", "low", "high"))
            for of in risk["at_fpr"]
            if of["attack"] == risk["attack"]
            and of["max_fpr"] == max_fpr
            and of["resolvable"]
        ]
        return cls(
            edges=found["edges"],
            members=found["members"],
            quantity=quantity,
            error=found.get("error"),
            max_fpr=max_fpr,
            exposed=exposed[0] if exposed else None,
            unit=risk["unit"],
        ).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        membership: ArrayLike,
        scores: ArrayLike,
        *,
        max_fpr: float = 0.01,
        confidence_level: float = 0.95,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "RecordRiskDisplay":
        """Draw the p-values of members among the scores of non-members.

        Parameters
        ----------
        membership : array-like of bool of shape (n_records,)
            True for members, False for non-members.
        scores : array-like of shape (n_records,)
            Membership evidence, higher for members.
        max_fpr : float, default=0.01
            False positive rate at which members are found.
        confidence_level : float, default=0.95
            Level of the interval of the share that is found.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        RecordRiskDisplay
            The plot.

        Raises
        ------
        ValueError
            If a parameter is out of range, membership is not binary or has one side
            only, a score is not finite, or lengths differ.
        """
        max_fpr = check_real(max_fpr, "max_fpr", 0, 1, closed="neither")
        evidence = evidence_of(membership, scores, confidence_level=confidence_level)
        (values,) = evidence.scores.values()
        member = evidence.membership
        exposed = None
        if is_resolvable(evidence.n_nonmembers, max_fpr):
            exposed = (
                tpr_at_fpr(member, values, max_fpr),
                *tpr_at_fpr_interval(
                    member, values, max_fpr, confidence_level=confidence_level
                ),
            )
        edges = np.linspace(0, 1, _N_BINS + 1)
        p_values = membership_p_values(member, values)[member]
        return cls(
            edges=edges,
            members=np.histogram(p_values, edges)[0],
            quantity="p_value",
            max_fpr=max_fpr,
            exposed=exposed,
        ).plot(ax, **plot_kwargs)

    @classmethod
    def from_estimator(
        cls,
        attack: Any,
        X: Any,
        y: Any,
        membership: ArrayLike,
        *,
        ax: Any = None,
        **kwargs: Any,
    ) -> "RecordRiskDisplay":
        """Draw the p-values of members by the scores of a fitted attack.

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
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **kwargs : dict
            For :meth:`from_predictions`.

        Returns
        -------
        RecordRiskDisplay
            The plot.
        """
        scores = attack.score_samples(X, y)
        return cls.from_predictions(membership, scores, ax=ax, **kwargs)
