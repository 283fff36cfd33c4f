"""Choosing among the candidates of a search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skmia.exceptions import LeakageLimitWarning, NoCandidateError
from skmia.model_selection._search_results import (
    comparable,
    n_splits_of,
    read_candidates,
    upper_ends,
)
from skmia.utils import check_option, check_real, warn


@dataclass(frozen=True)
class BestUnderLeakage:
    """What :func:`best_under_leakage` returns."""

    max_leakage: float
    metric: str
    utility: str
    compare: str
    chance: float | None
    if_none: str

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Choose a candidate; its index is the ``best_index_`` of the search."""
        mean, utility = read_candidates(cv_results, self.metric, self.utility)
        among = comparable(cv_results)
        for name, values in ((self.metric, mean), (self.utility, utility)):
            _check_measured(values[among], name)
        leakage = mean
        if self.compare == "upper":
            leakage = upper_ends(cv_results, self.metric)
            _check_measured(leakage[among], self.metric)
        self._check_chance(cv_results, among)
        under = among[leakage[among] <= self.max_leakage]
        if not len(under):
            lowest = among[np.argmin(leakage[among])]
            what = f"{leakage[lowest]:.4g}"
            if self.compare == "upper":
                what += f", the upper end of a mean of {mean[lowest]:.4g}"
            found = (
                f"No candidate stays under max_leakage={self.max_leakage:g}. The "
                f"lowest leakage of {len(among)} is {what}, with "
                f"{cv_results['params'][lowest]} and {self.utility} "
                f"{utility[lowest]:.4g}."
            )
            if self.if_none == "least":
                warn(f"{found} That candidate is chosen.", LeakageLimitWarning)
                return int(lowest)
            raise NoCandidateError(
                f"{found} Search stronger defenses or more regularisation, measure it "
                "better, with more rows or more splits, or allow more. What was found "
                "is in cv_results_ of this error; if_none='least' takes the candidate "
                "that leaks least.",
                cv_results,
            )
        # By utility, then by leakage, then the first.
        return int(under[np.lexsort((leakage[under], -utility[under]))[0]])

    def _check_chance(
        self, cv_results: Mapping[str, Any], among: NDArray[np.intp]
    ) -> None:
        """Refuse what reads less than guessing, and so would pass any limit."""
        chance = self.chance
        if chance is None:
            # No limit on an AUC is lower, and hardly one on another metric as high.
            chance = 0.5 if self.max_leakage >= 0.5 else 0.0
        if self.compare == "value" and n_splits_of(cv_results, self.metric) < 2:
            return
        high = upper_ends(cv_results, self.metric)[among]
        if (high < chance).any():
            lowest = np.argmin(high)
            raise ValueError(
                f"The mean {self.metric!r} of {int((high < chance).sum())} candidates "
                f"is below chance={chance:g} by its whole interval, which ends at "
                f"{high[lowest]:.4g} for {cv_results['params'][among[lowest]]}. That "
                "is no sign of safety: members and non-members are swapped, or the "
                "model answers against its memory and the attack has to be turned "
                "round. "
                "Where the metric is no AUC, pass what guessing reads as 'chance': 0 "
                "for the advantage, the FPR for a TPR."
            )


def _check_measured(values: NDArray[np.float64], name: str) -> None:
    if n_bad := int((~np.isfinite(values)).sum()):
        raise ValueError(
            f"{n_bad} of {len(values)} candidates have no {name!r}: a fit or a "
            "scorer failed, and what is not measured is not safe. Pass "
            "error_score='raise' to the search to see the error."
        )


def best_under_leakage(
    *,
    max_leakage: float,
    metric: str = "neg_leakage",
    utility: str = "accuracy",
    compare: Literal["upper", "value"] = "upper",
    chance: float | None = None,
    if_none: Literal["raise", "least"] = "raise",
) -> BestUnderLeakage:
    """Make a `refit` for searches: the best candidate under a limit on the leakage.

    Parameters
    ----------
    max_leakage : float
        The limit on the mean leakage over the folds, in [0, 1], in the units of the
        metric: 0.5 is no leakage for ``"auc"``, 0 for ``"advantage"``.
    metric : str, default="neg_leakage"
        Name that :func:`leakage_scorer` has in the `scoring` of the search.
    utility : str, default="accuracy"
        Name of the scorer that decides among the candidates under the limit, greater
        is better. Of equals, the one that leaks less.
    compare : {"upper", "value"}, default="upper"
        What has to stay under the limit: the upper end of the mean, from its spread
        over the folds, or the mean itself, which chance takes below a limit that the
        candidate does not keep.
    chance : float, default=None
        What guessing reads, in the units of the metric. A candidate whose mean is
        lower, by its whole interval, is an error. None is 0.5 where the limit is 0.5 or
        more, as on an AUC, and 0 below, where nothing can be lower.
    if_none : {"raise", "least"}, default="raise"
        Where no candidate stays under the limit: an error that holds the results of
        the search, or the candidate that leaks least, with a warning.

    Returns
    -------
    BestUnderLeakage
        A callable from ``cv_results_`` to the index of the chosen candidate.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range. In the search: if a score is nan; if there is
        one split only, and so no upper end; if a candidate reads less than guessing; if
        a scorer of these names is missing; or if the leakage is positive, since then
        its sign is the wrong way round.
    skmia.exceptions.NoCandidateError
        In the search, if no candidate stays under the limit; a ValueError with the
        lowest leakage that was found and ``cv_results_``.

    Warns
    -----
    LeakageLimitWarning
        Where ``if_none="least"`` chose a candidate over the limit.

    See Also
    --------
    leakage_scorer : Measures the leakage.
    utility_under_leakage : For halving searches, which do not ask a callable `refit`.
    skmia.model_selection.LeakageTradeoffDisplay : Shows what there is to choose from.

    Notes
    -----
    The upper end is one-sided at 97.5 %: mean + t * s * sqrt(1 / K + r), with `s` the
    standard deviation over `K` splits and `t` the quantile of Student's distribution
    with K - 1 degrees of freedom. The term r makes up for rows that splits share: it is
    the number of held-out rows over that of training rows, 1 / (K - 1) for K folds and
    at least 1 / 4, since results do not tell repeated folds and drawn splits from one
    run of many folds. Two splits say next to nothing of their spread (`t` is 12.7);
    take five or more, and repeat them where rows are few.

    The figure of the chosen candidate is the best of several, and so a little too
    good. Its model is then fitted on all rows. Audit that one, on other rows.

    Of a halving search, call it with ``cv_results_``: it looks at the candidates of
    the last rung, which alone are comparable.

    References
    ----------
    Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.model_selection import (
    ...     AuditableClassifier,
    ...     best_under_leakage,
    ...     leakage_scorer,
    ... )
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = GridSearchCV(
    ...     AuditableClassifier(DecisionTreeClassifier(random_state=0)),
    ...     {"estimator__max_depth": [1, 2, 4, None]},
    ...     scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
    ...     refit=best_under_leakage(max_leakage=0.55),
    ...     error_score="raise",
    ... ).fit(X, y)
    >>> search.best_params_
    {'estimator__max_depth': 2}
    """
    check_real(max_leakage, "max_leakage", 0, 1)
    for name, value in (("metric", metric), ("utility", utility)):
        if not isinstance(value, str):
            raise TypeError(
                f"The '{name}' parameter must be the name of a scorer of the search. "
                f"Got {value!r} instead."
            )
    check_option(compare, "compare", ("upper", "value"))
    if chance is not None:
        check_real(chance, "chance", 0, 1)
    check_option(if_none, "if_none", ("raise", "least"))
    return BestUnderLeakage(max_leakage, metric, utility, compare, chance, if_none)
