"""The plot of a search; matplotlib is imported where it is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skmia.metrics import get_metric
from skmia.model_selection._described import describe
from skmia.model_selection._search_results import (
    comparable,
    n_splits_of,
    read_candidates,
    read_column,
    upper_ends,
)
from skmia.utils import (
    axes_of,
    color_of,
    label_points,
    merged,
    place_legend,
    shown,
    style_of,
    text_color,
)

_POINTS = {"markersize": 6, "elinewidth": 0.8, "linestyle": "none", "alpha": 0.75}
_TRIED = {"color": "0.55", "marker": "o", "label": "Tried"}
_LIMIT = {"linestyle": "--", "linewidth": 1, "label": "Limit"}
_FRONTIER = {
    # A step: no candidate between two of them has the better value of each.
    "drawstyle": "steps-post",
    "linewidth": 1.2,
    "label": "Frontier",
    "zorder": 3,
}
_CHOSEN = {
    "marker": "o",
    "markersize": 14,
    "markerfacecolor": "none",
    "markeredgewidth": 2,
    "linestyle": "none",
    "label": "Chosen",
    "zorder": 4,
}


class LeakageTradeoffDisplay:
    """Plot the utility of the candidates of a search against their leakage.

    Make it with :meth:`from_search`. Candidates on the frontier are those that no
    other one beats in both.

    Parameters
    ----------
    leakage : array-like of shape (n_candidates,)
        Leakage of every candidate, positive.
    utility : array-like of shape (n_candidates,)
        Its accuracy, or another utility, greater is better.
    leakage_error, utility_error : array-like of shape (n_candidates,), default=None
        Half the length of the bars.
    chosen : int, default=None
        Position of the candidate that was chosen.
    max_leakage : float, default=None
        The limit, drawn as a line.
    leakage_name, utility_name : str
        Labels of the axes.
    name : array-like of str of shape (n_candidates,), default=None
        What kind each candidate is of, such as its defense: each kind has a colour and
        a marker of its own. One for all where it is None.
    label : array-like of str of shape (n_candidates,), default=None
        What the candidates on the frontier are called, next to them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    points_ : ErrorbarContainer or list of ErrorbarContainer
        The candidates; of several kinds one container each.
    frontier_line_ : Line2D
        The frontier.
    chosen_line_ : Line2D or None
        The mark on the chosen candidate.
    limit_line_ : Line2D or None
        The limit.
    labels_ : list of Annotation
        The labels at the frontier; one that fits nowhere is left out.

    See Also
    --------
    skmia.model_selection.best_under_leakage : Chooses the best under a limit.

    Examples
    --------
    >>> from skmia.model_selection import LeakageTradeoffDisplay
    >>> display = LeakageTradeoffDisplay(
    ...     leakage=[0.6, 0.7, 0.8], utility=[0.70, 0.75, 0.72], chosen=0
    ... )
    >>> display.frontier
    array([0, 1])
    """

    def __init__(
        self,
        *,
        leakage: ArrayLike,
        utility: ArrayLike,
        leakage_error: ArrayLike | None = None,
        utility_error: ArrayLike | None = None,
        chosen: int | None = None,
        max_leakage: float | None = None,
        leakage_name: str = "Leakage",
        utility_name: str = "Accuracy",
        name: Sequence[str] | None = None,
        label: Sequence[str] | None = None,
    ) -> None:
        self.leakage = leakage
        self.utility = utility
        self.leakage_error = leakage_error
        self.utility_error = utility_error
        self.chosen = chosen
        self.max_leakage = max_leakage
        self.leakage_name = leakage_name
        self.utility_name = utility_name
        self.name = name
        self.label = label

    @property
    def frontier(self) -> NDArray[np.intp]:
        """Candidates that no other one beats, by growing leakage.

        Of equals the first; one without figures is never among them.
        """
        leakage, utility = np.asarray(self.leakage), np.asarray(self.utility)
        order = np.lexsort((-utility, leakage))
        order = order[np.isfinite(leakage[order]) & np.isfinite(utility[order])]
        best_before = np.maximum.accumulate(np.r_[-np.inf, utility[order]])[:-1]
        return order[utility[order] > best_before]

    def plot(
        self,
        ax: Any = None,
        *,
        points_kwargs: Mapping[str, Any] | None = None,
        frontier_kwargs: Mapping[str, Any] | None = None,
        chosen_kwargs: Mapping[str, Any] | None = None,
        limit_kwargs: Mapping[str, Any] | None = None,
    ) -> "LeakageTradeoffDisplay":
        """Draw the candidates, the frontier, the limit and the choice.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        points_kwargs : dict, default=None
            For ``Axes.errorbar`` of the candidates.
        frontier_kwargs : dict, default=None
            For ``Axes.plot`` of the frontier.
        chosen_kwargs : dict, default=None
            For ``Axes.plot`` of the mark on the chosen candidate.
        limit_kwargs : dict, default=None
            For ``Axes.axvline`` of the limit.

        Returns
        -------
        LeakageTradeoffDisplay
            Itself.

        Raises
        ------
        ValueError
            If `name` or `label` has not one entry for each candidate.
        """
        self.ax_, self.figure_ = axes_of(ax, "LeakageTradeoffDisplay.plot")
        ax = self.ax_
        leakage, utility = np.asarray(self.leakage), np.asarray(self.utility)
        containers = []
        for look, rows in self._kinds():
            bars = {
                f"{axis}err": None if error is None else np.asarray(error)[rows]
                for axis, error in (
                    ("x", self.leakage_error),
                    ("y", self.utility_error),
                )
            }
            style = merged(_POINTS, look, points_kwargs)
            containers.append(
                ax.errorbar(leakage[rows], utility[rows], **bars, **style)
            )
        self.points_ = containers[0] if self.name is None else containers
        front, ink = self.frontier, text_color()
        (self.frontier_line_,) = ax.plot(
            leakage[front],
            utility[front],
            **merged(_FRONTIER, {"color": ink}, frontier_kwargs),
        )
        self.limit_line_ = self.chosen_line_ = None
        if self.max_leakage is not None:
            look = {"color": color_of(1), **_LIMIT}
            self.limit_line_ = ax.axvline(
                self.max_leakage, **merged(look, limit_kwargs)
            )
        if self.chosen is not None:
            (self.chosen_line_,) = ax.plot(
                leakage[self.chosen],
                utility[self.chosen],
                **merged(_CHOSEN, {"markeredgecolor": ink}, chosen_kwargs),
            )
        ax.set(xlabel=self.leakage_name, ylabel=self.utility_name)
        place_legend(ax)
        self.labels_ = []
        if self.label is not None:
            # The chosen one comes first, and so has the best place.
            first = sorted(front.tolist(), key=lambda i: i != self.chosen)
            texts = [shown(str(self.label[i])) for i in first]
            self.labels_ = label_points(ax, leakage[first], utility[first], texts)
        return self

    def _kinds(self) -> list[tuple[dict[str, Any], NDArray[np.intp]]]:
        """Look and candidates of each kind, in the order in which they come."""
        n = len(np.asarray(self.leakage))
        if self.name is None:
            return [(_TRIED, np.arange(n))]
        for key, of in (("name", self.name), ("label", self.label)):
            if of is not None and len(of) != n:
                raise ValueError(
                    f"The '{key}' parameter must have one entry for each of the {n} "
                    f"candidates. Got {len(of)} instead."
                )
        names = np.array([str(name) for name in self.name])
        return [
            (
                style_of(i) | {"linestyle": "none", "label": shown(name)},
                np.flatnonzero(names == name),
            )
            for i, name in enumerate(dict.fromkeys(names.tolist()))
        ]

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        ax: Any = None,
        metric: str = "neg_leakage",
        utility: str = "accuracy",
        max_leakage: float | None = None,
        by: str | None = None,
        **plot_kwargs: Any,
    ) -> "LeakageTradeoffDisplay":
        """Draw the candidates of a fitted search.

        Of a halving search, those of the last rung: the others were fitted on fewer
        rows, where models leak more.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV or alike
            A fitted search, with a leakage scorer and a scorer of the utility.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        metric : str, default="neg_leakage"
            Name of the leakage scorer in the search.
        utility : str, default="accuracy"
            Name of the other scorer.
        max_leakage : float, default=None
            The limit to be drawn. None is that of the search's `refit`, where it has
            one.
        by : str, default=None
            Name of the parameter of the search that tells the kinds of candidates
            apart. None is the one whose values are estimators of several classes, such
            as defenses; without one there is one kind.
        **plot_kwargs : dict
            For :meth:`plot`.

        Returns
        -------
        LeakageTradeoffDisplay
            The plot. Bars of the leakage reach to the upper end of the mean, which
            :func:`best_under_leakage` compares with the limit. Bars of the utility are
            standard errors of the mean over the folds, which share most of their
            training rows: take them as a rough guide.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the search is not fitted.
        ValueError
            If it has no scorer of these names, the leakage has the wrong sign, or there
            is no parameter `by`.
        """
        check_is_fitted(search, "cv_results_")
        results = search.cv_results_
        leakage, value = read_candidates(results, metric, utility)
        rows = comparable(results)
        kinds, labels = describe([results["params"][row] for row in rows], by)
        folds = np.sqrt(search.n_splits_)
        best = np.flatnonzero(rows == getattr(search, "best_index_", -1))
        if max_leakage is None:
            for rule in (search.refit, search.scoring):
                max_leakage = getattr(rule, "max_leakage", max_leakage)
        display = cls(
            leakage=leakage[rows],
            utility=value[rows],
            leakage_error=_reach(results, metric, leakage)[rows],
            utility_error=read_column(results, "std", utility)[rows] / folds,
            chosen=int(best[0]) if len(best) else None,
            max_leakage=max_leakage,
            leakage_name=_axis(search.scoring, metric),
            name=kinds,
            label=labels,
            utility_name=utility.replace("_", " ").capitalize(),
        )
        return display.plot(ax, **plot_kwargs)


def _reach(
    results: Mapping[str, Any], metric: str, leakage: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From the mean to its upper end; nothing where one split shows no spread."""
    if n_splits_of(results, metric) < 2:
        return np.zeros_like(leakage)
    return upper_ends(results, metric) - leakage


def _axis(scoring: Any, metric: str) -> str:
    """Label of the axis, with what the scorer measures where it is one of ours."""
    if isinstance(scoring, Mapping):
        scorer = scoring.get(metric)
    else:
        scorer = getattr(scoring, "leakage", scoring)
    try:
        title = get_metric(getattr(scorer, "metric", "")).title
    except ValueError:
        return "Leakage"
    return f"Leakage ({title} of membership inference)"
