"""The warnings that skmia gives, to filter by class.

All of them are a :class:`UserWarning`. Errors are Python's own, and scikit-learn's, but
for one that carries the results of a search, and one for a budget that is spent.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "BelowChanceWarning",
    "CacheWarning",
    "ExposureWarning",
    "FreezingWarning",
    "LeakageLimitWarning",
    "MisalignedRowsWarning",
    "NoCandidateError",
    "OneSidedRecordsWarning",
    "OverlapWarning",
    "PrivacyBudgetError",
    "RepeatedPrivateFitWarning",
    "ResolutionWarning",
    "ShadowFitWarning",
    "UninformativeShadowsWarning",
    "UnknownRowsWarning",
    "UnsteadyAnswersWarning",
    "WeakDefenseWarning",
]


class BelowChanceWarning(UserWarning):
    """Warn of an attack that does worse than guessing, by its whole interval.

    The model answers against its memory, and the attack is turned round.

    See Also
    --------
    skmia.model_selection.leakage_scorer : Turns attacks round.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import BelowChanceWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", BelowChanceWarning)
    """


class CacheWarning(UserWarning):
    """Warn of entries of a cache folder that are not what was stored there.

    They are damaged, were signed with a key that is gone, or were put there by
    somebody else. Their shadows are fitted again.

    See Also
    --------
    skmia.shadows.ShadowModels : Its `cache_dir` is where shadows are stored.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import CacheWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", CacheWarning)
    """


class ExposureWarning(UserWarning):
    """Warn of a list of exposed members that says less than it seems to.

    It is empty, which is no sign of safety, or what it takes for granted does not hold.

    See Also
    --------
    skmia.audit.AuditReport.exposed : Makes the list.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import ExposureWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", ExposureWarning)
    """


class FreezingWarning(UserWarning):
    """Warn of an estimator that is frozen where it should not be, or the reverse.

    See Also
    --------
    sklearn.frozen.FrozenEstimator : What keeps a model from being fitted again.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import LossThresholdAttack
    >>> from skmia.exceptions import FreezingWarning
    >>> X, y = make_classification(random_state=0)
    >>> fitted = DecisionTreeClassifier(random_state=0).fit(X, y)
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", FreezingWarning)
    ...     LossThresholdAttack(fitted).fit(X, y)
    Traceback (most recent call last):
        ...
    skmia.exceptions.FreezingWarning: DecisionTreeClassifier is fitted already, but ...
    """


class LeakageLimitWarning(UserWarning):
    """Warn of a search that chose a candidate over the limit on the leakage.

    See Also
    --------
    skmia.model_selection.best_under_leakage : Does so with ``if_none="least"``.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import LeakageLimitWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", LeakageLimitWarning)
    """


class MisalignedRowsWarning(UserWarning):
    """Warn of labels or weights whose pandas index is not that of the rows.

    Rows are taken by position. Where those differ, members are judged by the labels
    of other rows, and leakage is underestimated.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import MisalignedRowsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", MisalignedRowsWarning)
    """


class NoCandidateError(ValueError):
    """Say that no candidate of a search keeps to the limit, and hold its results.

    Parameters
    ----------
    message : str
        What was found.
    cv_results_ : mapping
        The results, which the search itself has not stored yet.

    Attributes
    ----------
    cv_results_ : mapping
        As given.

    See Also
    --------
    skmia.model_selection.best_under_leakage : Raises it.

    Examples
    --------
    >>> from skmia.exceptions import NoCandidateError
    >>> error = NoCandidateError("none", {"params": [{"max_depth": 1}]})
    >>> error.cv_results_["params"]
    [{'max_depth': 1}]
    """

    def __init__(self, message: str, cv_results_: Mapping[str, Any]) -> None:
        super().__init__(message, cv_results_)
        self.cv_results_ = cv_results_

    def __str__(self) -> str:
        return str(self.args[0])


class OneSidedRecordsWarning(UserWarning):
    """Warn of records that are in every shadow model, or in none.

    See Also
    --------
    skmia.shadows.fit_shadows : Draws shadows with every record on both sides.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import OneSidedRecordsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", OneSidedRecordsWarning)
    """


class OverlapWarning(UserWarning):
    """Warn of records that say nothing about membership, or are not what they seem.

    Their content is on both sides, or they have a label that the classifier was not
    fitted on, or are given as members with a weight of 0.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import OverlapWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", OverlapWarning)
    """


class PrivacyBudgetError(ValueError):
    """Say that a private fit would exceed a budget, or that what was spent is unknown.

    Parameters
    ----------
    *args : str
        The message.

    See Also
    --------
    skmia.defenses.PrivacyAccountant : Raises it.

    Examples
    --------
    >>> from skmia.defenses import PrivacyAccountant
    >>> accountant = PrivacyAccountant(epsilon=1.0)
    >>> accountant.spend(0.8)
    >>> accountant.spend(0.8)
    Traceback (most recent call last):
        ...
    skmia.exceptions.PrivacyBudgetError: A fit with epsilon=0.8 and delta=0 would ...
    """


class RepeatedPrivateFitWarning(UserWarning):
    """Warn of private fits that are repeated, where nothing adds up what they spend.

    The epsilon of one fit is not that of a search over many: each of them has looked at
    the same rows.

    See Also
    --------
    skmia.model_selection.privacy_budget : Adds up what a search has spent.
    skmia.defenses.PrivacyAccountant : Is charged by every fit, and has a ceiling.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import RepeatedPrivateFitWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", RepeatedPrivateFitWarning)
    """


class ResolutionWarning(UserWarning):
    """Warn of too few records or shadows for the promise of a threshold.

    See Also
    --------
    skmia.metrics.is_resolvable : Whether a false positive rate can be read.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import ResolutionWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", ResolutionWarning)
    """


class ShadowFitWarning(UserWarning):
    """Warn of what shadow fits warned of, where its own class cannot be raised anew.

    Warnings of other classes, such as scikit-learn's ``ConvergenceWarning``, keep
    their class. And of fits in threads that drew from a global generator.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import ShadowFitWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ShadowFitWarning)
    """


class UninformativeShadowsWarning(UserWarning):
    """Warn of shadow models that are no comparison for the target.

    They answer alike whatever rows they were trained on, or they tell the target's
    members, which nothing told them. Some part of the target that was fitted on its
    members may be in all of them, and attacks with shadows underestimate leakage.

    See Also
    --------
    sklearn.frozen.FrozenEstimator : The plainest of such parts, which is refused.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import UninformativeShadowsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", UninformativeShadowsWarning)
    """


class UnknownRowsWarning(UserWarning):
    """Warn of rows that are scored on another scale than those of the pool.

    Shadow models were fitted on a pool of records. Where a call of an attack holds
    rows outside of it, all of its rows are scored by the shadows that have not seen
    them.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import UnknownRowsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", UnknownRowsWarning)
    """


class UnsteadyAnswersWarning(UserWarning):
    """Warn of a model that gives the same row other probabilities when asked again.

    Its answers are random, or depend on the rows beside them. Whoever asks often, or in
    other batches, may find more than attacks that ask once.

    See Also
    --------
    skmia.model_selection.leakage_scorer : Asks every candidate twice.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import UnsteadyAnswersWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", UnsteadyAnswersWarning)
    """


class WeakDefenseWarning(UserWarning):
    """Warn of parameters with which a defense protects little or nothing.

    Examples
    --------
    >>> import warnings
    >>> from skmia.exceptions import WeakDefenseWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", WeakDefenseWarning)
    """
