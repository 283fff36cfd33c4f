"""Scorers for cross-validating and tuning an attack."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

from skmia.metrics import get_metric
from skmia.model_selection._scorer import Scorer

_NOT_PASSED = (
    "pass params={'membership': membership} to cross_validate, or "
    "membership=membership to the fit of a search."
)
_ROUTING_OFF = (
    "metadata routing is off. Turn it on with "
    f"sklearn.set_config(enable_metadata_routing=True), and {_NOT_PASSED}"
)


@dataclass(frozen=True)
class AttackScorer(Scorer):
    """What :func:`attack_scorer` returns; a scorer that asks for `membership`."""

    metric: str

    def __call__(
        self, attack: Any, X: Any, y: ArrayLike, membership: ArrayLike | None = None
    ) -> float:
        """Score a fitted attack on records of known membership, greater is stronger."""
        if membership is None:
            routing = get_config()["enable_metadata_routing"]
            raise TypeError(
                "attack_scorer needs the membership of the records that are scored, "
                f"and did not get it: {_NOT_PASSED if routing else _ROUTING_OFF}"
            )
        return get_metric(self.metric).value(membership, attack.score_samples(X, y))

    def get_metadata_routing(self) -> MetadataRequest:
        """Request `membership` by default."""
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="membership", alias=True)
        return request


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
        On scoring, if the membership did not arrive; the message tells why.

    See Also
    --------
    leakage_scorer : For tuning a classifier.
    skmia.metrics.get_metric : The metrics.

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
