"""Choosing among the candidates of a search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skmia.model_selection._search_results import comparable, read_candidates
from skmia.utils import check_real


@dataclass(frozen=True)
class BestUnderLeakage:
    """What :func:`best_under_leakage` returns."""

    max_leakage: float
    metric: str
    utility: str

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Choose a candidate; its index is the ``best_index_`` of the search."""
        leakage, utility = read_candidates(cv_results, self.metric, self.utility)
        among = comparable(cv_results)
        for name, values in ((self.metric, leakage), (self.utility, utility)):
            if n_bad := int((~np.isfinite(values[among])).sum()):
                raise ValueError(
                    f"{n_bad} of {len(among)} candidates have no {name!r}: a fit or a "
                    "scorer failed, and what is not measured is not safe. Pass "
                    "error_score='raise' to the search to see the error."
                )
        under = among[leakage[among] <= self.max_leakage]
        if not len(under):
            lowest = among[np.argmin(leakage[among])]
            raise ValueError(
                f"No candidate stays under max_leakage={self.max_leakage:g}. The "
                f"lowest leakage of {len(among)} is {leakage[lowest]:.4g}, with "
                f"{cv_results['params'][lowest]} and {self.utility} "
                f"{utility[lowest]:.4g}. Search stronger defenses or more "
                "regularisation, or allow more."
            )
        # By utility, then by leakage, then the first.
        return int(under[np.lexsort((leakage[under], -utility[under]))[0]])


def best_under_leakage(
    *, max_leakage: float, metric: str = "neg_leakage", utility: str = "accuracy"
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

    Returns
    -------
    BestUnderLeakage
        A callable from ``cv_results_`` to the index of the chosen candidate.

    Raises
    ------
    TypeError, ValueError
        If `max_leakage` is no number in [0, 1]. In the search: if no candidate stays
        under the limit, with the lowest leakage that was found; if a score is nan; if a
        scorer of these names is missing; or if the leakage is positive, since then its
        sign is the wrong way round.

    See Also
    --------
    leakage_scorer : Measures the leakage.
    utility_under_leakage : For halving searches, which do not ask a callable `refit`.
    skmia.model_selection.LeakageTradeoffDisplay : Shows what there is to choose from.

    Notes
    -----
    The figure of the chosen candidate is the best of several, and so a little too
    good. Its model is then fitted on all rows. Audit that one, on other rows.

    Of a halving search, call it with ``cv_results_``: it looks at the candidates of
    the last rung, which alone are comparable.

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
    ...     refit=best_under_leakage(max_leakage=0.53),
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
    return BestUnderLeakage(max_leakage, metric, utility)
