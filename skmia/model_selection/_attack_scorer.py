"""Scorers for cross-validating and tuning an attack."""

from typing import Any

from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

from skmia.metrics import get_metric

_NO_MEMBERSHIP = (
    "attack_scorer needs the membership of the records that are scored, and did not "
    "get it: {reason}"
)
_ROUTING_OFF = (
    "metadata routing is off. Turn it on with "
    "sklearn.set_config(enable_metadata_routing=True), and pass "
    "params={'membership': membership} to cross_validate, or membership=membership to "
    "the fit of a search."
)
_NOT_PASSED = (
    "pass params={'membership': membership} to cross_validate, or "
    "membership=membership to the fit of a search."
)


class AttackScorer:
    """What :func:`attack_scorer` returns; a scorer that asks for `membership`.

    Parameters
    ----------
    metric : str
        Name of the metric.
    """

    def __init__(self, metric: str) -> None:
        self.metric = metric

    def __call__(
        self, attack: Any, X: Any, y: ArrayLike, membership: ArrayLike | None = None
    ) -> float:
        """Score a fitted attack on records whose membership is known.

        Parameters
        ----------
        attack : MembershipAttack
            The fitted attack.
        X : array-like, frame or sparse matrix
            Records.
        y : array-like of shape (n_records,)
            Their class labels.
        membership : array-like of bool of shape (n_records,)
            Which of them the target was fitted on.

        Returns
        -------
        float
            Greater is a stronger attack.
        """
        if membership is None:
            on = get_config()["enable_metadata_routing"]
            reason = _NOT_PASSED if on else _ROUTING_OFF
            raise TypeError(_NO_MEMBERSHIP.format(reason=reason))
        scores = attack.score_samples(X, y)
        return get_metric(self.metric).value(membership, scores)

    def get_metadata_routing(self) -> MetadataRequest:
        """Ask for `membership`, without the user having to say so.

        Returns
        -------
        MetadataRequest
            The request of the method ``score``.
        """
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="membership", alias=True)
        return request

    def _accept_sample_weight(self) -> bool:
        # scikit-learn 1.7 and newer asks this of every scorer of a dict.
        return False

    def __repr__(self) -> str:
        return f"attack_scorer({self.metric!r})"


def attack_scorer(metric: str = "auc") -> AttackScorer:
    """Make a scorer of attacks, for ``cross_validate`` and the searches.

    It needs the membership of each fold's records and asks for it by itself: turn
    metadata routing on and pass ``membership`` along. Folds must hold members and
    non-members; stratify them on the membership, since scikit-learn's default
    stratifies on nothing here.

    Parameters
    ----------
    metric : str, default="auc"
        What is measured: ``"auc"``, ``"advantage"``, or ``"tpr@"`` and a false positive
        rate, such as ``"tpr@0.01"``; see :func:`skmia.metrics.get_metric`.

    Returns
    -------
    AttackScorer
        A callable scorer, greater is a stronger attack.

    Raises
    ------
    ValueError
        If `metric` is none of these; on scoring, if a fold holds only members or only
        non-members. Pass ``error_score="raise"`` to ``cross_validate`` and the
        searches, which otherwise turn an error into nan.
    TypeError
        On scoring, if the membership did not arrive; the message says why.

    Notes
    -----
    Tune an attack on records that are not the ones that are reported afterwards.

    Examples
    --------
    >>> import numpy as np
    >>> import sklearn
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.model_selection import StratifiedKFold, cross_validate
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import LossThresholdAttack
    >>> from skmia.model_selection import attack_scorer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> membership = np.arange(len(y)) % 2 == 0
    >>> model = DecisionTreeClassifier(random_state=0).fit(X[membership], y[membership])
    >>> folds = StratifiedKFold(3, shuffle=True, random_state=0)
    >>> with sklearn.config_context(enable_metadata_routing=True):
    ...     results = cross_validate(
    ...         LossThresholdAttack(FrozenEstimator(model)),
    ...         X,
    ...         y,
    ...         params={"membership": membership},
    ...         scoring=attack_scorer("auc"),
    ...         cv=list(folds.split(X, membership)),
    ...         error_score="raise",
    ...     )
    >>> bool((results["test_score"] > 0.5).all())
    True
    """
    return AttackScorer(get_metric(metric).name)
