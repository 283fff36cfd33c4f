"""Utility and leakage as one number, for searches that take no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.metrics import get_scorer

from skmia.model_selection._leakage import LeakageScorer, leakage_scorer
from skmia.model_selection._scorer import Scorer
from skmia.utils import check_option, check_real


@dataclass(frozen=True)
class UtilityUnderLeakage(Scorer):
    """What :func:`utility_under_leakage` returns."""

    max_leakage: float
    utility: Callable[..., float]
    name: str
    leakage: Callable[..., float]
    penalty: float
    compare: str

    def __call__(self, estimator: Any, X: Any, y: Any) -> dict[str, float]:
        """Score a fitted AuditableClassifier on held-out rows."""
        utility = float(self.utility(estimator, X, y))
        if not np.isfinite(utility):
            raise ValueError(
                f"The utility {self.name!r} of a candidate is {utility}. Choose one "
                "that is finite on every fold."
            )
        if self.compare == "upper" and isinstance(self.leakage, LeakageScorer):
            reading = self.leakage.measure(estimator, X, y)
            compared, negative = reading.high, -reading.value
        else:
            negative = float(self.leakage(estimator, X, y))
            compared = -negative
        if not negative <= 0:
            raise ValueError(
                f"The leakage scorer returned {negative:g}; it must return negative "
                "leakage, which is at most 0. Greater is better to a search, which "
                "would look for the leakiest candidate. Use leakage_scorer(), or "
                "return the negative."
            )
        score = utility - self.penalty * max(0.0, compared - self.max_leakage)
        return {"score": score, self.name: utility, "neg_leakage": negative}


def utility_under_leakage(
    *,
    max_leakage: float,
    utility: str | Callable[..., float] = "accuracy",
    leakage: Callable[..., float] | None = None,
    penalty: float = 10.0,
    compare: Literal["upper", "value"] = "upper",
) -> UtilityUnderLeakage:
    """Make a scorer that combines utility and leakage in one number.

    For the searches that compare candidates by a single number: scikit-learn's halving
    searches, which take no dict of scorers and pass over a callable `refit`, and
    others of that interface. With one that takes two scorers, use
    :func:`best_under_leakage`, which is exact.

    Parameters
    ----------
    max_leakage : float
        The limit, in [0, 1], in the units of the metric of `leakage`.
    utility : str or callable, default="accuracy"
        A scorer or the name of one, greater is better.
    leakage : callable, default=None
        A scorer of negative leakage. None is ``leakage_scorer()``.
    penalty : float, default=10.0
        What one unit of leakage above the limit costs in utility: with 10, an AUC that
        is 0.01 too high outweighs 0.1 of accuracy.
    compare : {"upper", "value"}, default="upper"
        What has to stay under the limit: the upper end of the fold's own interval, or
        the figure itself, which chance takes below a limit that the candidate does not
        keep. A `leakage` of your own gives no interval.

    Returns
    -------
    UtilityUnderLeakage
        A scorer that returns a dict: ``"score"`` is the utility, less `penalty` times
        what is compared above the limit; the utility and ``"neg_leakage"`` are there by
        their own names, for ``cv_results_``.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range or of the wrong type; on scoring, if the utility
        is not finite, the leakage is positive, or where :func:`leakage_scorer` raises.

    See Also
    --------
    best_under_leakage : Chooses by the means over the folds.

    Notes
    -----
    Pass it as `scoring`, with ``refit="score"`` and ``return_train_score=False``: on
    the training rows there is nothing to compare the members with. The limit is held
    fold by fold, and a fold below it does not make up for one above: the choice is more
    careful than that of :func:`best_under_leakage` with the same limit, the more so
    as the few rows of a fold make its interval wide. A search always chooses a
    candidate. Whether that one keeps to the limit is what ``best_under_leakage(...)``
    tells, called with its ``cv_results_``.

    The first rungs of a halving search train on a part of the rows, where models leak
    more: there candidates are ranked by the limit more than by the utility. Set
    `min_resources` accordingly, or halve another resource than ``"n_samples"``.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.experimental import enable_halving_search_cv
    >>> from sklearn.model_selection import HalvingGridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.model_selection import AuditableClassifier, utility_under_leakage
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = HalvingGridSearchCV(
    ...     AuditableClassifier(DecisionTreeClassifier(random_state=0)),
    ...     {"estimator__max_depth": [1, 2, 4, None]},
    ...     scoring=utility_under_leakage(max_leakage=0.62),
    ...     refit="score",
    ...     return_train_score=False,
    ...     random_state=0,
    ...     error_score="raise",
    ... ).fit(X, y)
    >>> search.best_params_
    {'estimator__max_depth': 2}
    """
    check_real(max_leakage, "max_leakage", 0, 1)
    check_real(penalty, "penalty", 0, np.inf, closed="neither")
    leakage = leakage_scorer() if leakage is None else leakage
    if not callable(leakage):
        raise TypeError(
            "The 'leakage' parameter must be a scorer of negative leakage, such as "
            f"leakage_scorer(). Got {leakage!r} instead."
        )
    check_option(compare, "compare", ("upper", "value"))
    if compare == "upper" and not isinstance(leakage, LeakageScorer):
        raise TypeError(
            "The 'compare' parameter must be 'value' with a leakage scorer of your "
            f"own, which gives no interval. Got {compare!r} and {leakage!r} instead."
        )
    name = utility if isinstance(utility, str) else "utility"
    return UtilityUnderLeakage(
        max_leakage, get_scorer(utility), name, leakage, penalty, compare
    )
