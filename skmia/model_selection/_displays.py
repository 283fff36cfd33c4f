"""The plot of a search; matplotlib is imported where it is drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skmia.metrics import get_metric
from skmia.model_selection._search_results import (
    comparable,
    n_splits_of,
    read_candidates,
    read_column,
    upper_ends,
)
from skmia.utils import import_optional

_POINTS = {
    "fmt": "o",
    "markersize": 5,
    "color": "0.55",
    "elinewidth": 0.8,
    "label": "Tried",
}
_LIMIT = {"color": "C3", "linestyle": "--", "linewidth": 1, "label": "Limit"}
_FRONTIER = {
    "color": "C0",
    "marker": "o",
    # A step: no candidate between two of them has the better value of each.
    "drawstyle": "steps-post",
    "label": "Frontier",
    "zorder": 3,
}
_CHOSEN = {
    "marker": "o",
    "markersize": 13,
    "markerfacecolor": "none",
    "markeredgecolor": "C1",
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

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure around it.
    points_ : ErrorbarContainer
        The candidates.
    frontier_line_ : Line2D
        The frontier.
    chosen_line_ : Line2D or None
        The mark on the chosen candidate.
    limit_line_ : Line2D or None
        The limit.

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
    ) -> None:
        self.leakage = leakage
        self.utility = utility
        self.leakage_error = leakage_error
        self.utility_error = utility_error
        self.chosen = chosen
        self.max_leakage = max_leakage
        self.leakage_name = leakage_name
        self.utility_name = utility_name

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
        """
        plt = import_optional("matplotlib.pyplot", "LeakageTradeoffDisplay.plot")
        if ax is None:
            _, ax = plt.subplots()
        leakage, utility = np.asarray(self.leakage), np.asarray(self.utility)
        self.points_ = ax.errorbar(
            leakage,
            utility,
            xerr=self.leakage_error,
            yerr=self.utility_error,
            **{**_POINTS, **(points_kwargs or {})},
        )
        front = self.frontier
        (self.frontier_line_,) = ax.plot(
            leakage[front], utility[front], **{**_FRONTIER, **(frontier_kwargs or {})}
        )
        self.limit_line_ = self.chosen_line_ = None
        if self.max_leakage is not None:
            self.limit_line_ = ax.axvline(
                self.max_leakage, **{**_LIMIT, **(limit_kwargs or {})}
            )
        if self.chosen is not None:
            (self.chosen_line_,) = ax.plot(
                leakage[self.chosen],
                utility[self.chosen],
                **{**_CHOSEN, **(chosen_kwargs or {})},
            )
        ax.set(xlabel=self.leakage_name, ylabel=self.utility_name)
        ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        ax: Any = None,
        metric: str = "neg_leakage",
        utility: str = "accuracy",
        max_leakage: float | None = None,
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
            If it has no scorer of these names, or the leakage has the wrong sign.
        """
        check_is_fitted(search, "cv_results_")
        results = search.cv_results_
        leakage, value = read_candidates(results, metric, utility)
        rows = comparable(results)
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
