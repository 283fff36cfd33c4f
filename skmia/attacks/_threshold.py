"""The loss-threshold attack: one signal of the target against a threshold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._base import MembershipAttack
from skmia.attacks._scores import upper_quantile
from skmia.attacks._target import Target
from skmia.signals import MEMBER_SIGN, SIGNALS, BoolArray, FloatArray, IndexArray
from skmia.utils import check_option

_SIGNALS = ("loss", "confidence", "entropy", "modified_entropy", "correctness")
_THRESHOLDS = ("max_fpr", "balanced_accuracy", "mean_loss")


class LossThresholdAttack(MembershipAttack):
    """Threshold a per-record signal of the target.

    The simplest attack, which fits no further model: models are more confident about
    records that they were fitted on. It is black-box. It finds over-fitting, not
    memorisation of single records, and is weak where false positives must be rare: a
    low figure is no evidence of safety. Use :class:`LiRAAttack` for an audit. See the
    user guide, :doc:`/guide/attacks`.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target. ``FrozenEstimator(model)`` attacks this very model; an unfitted
        classifier or Pipeline plays the membership game: a clone is fitted on half
        of each class; with ``"precomputed"``, X is the matrix of predicted
        probabilities and y the column of the true class.
    signal : {"loss", "confidence", "entropy", "modified_entropy", "correctness"}, \
            default="loss"
        What is compared; see :mod:`skmia.signals`.
    per_class : bool, default=False
        One threshold for each class; a class of which `fit` saw no suitable record
        gets the common one.
    threshold : {"max_fpr", "balanced_accuracy", "mean_loss"}, default="max_fpr"
        How the threshold is set on the records given to `fit`. ``"max_fpr"``: the
        quantile of the non-members, rounded up, that accuses at most `max_fpr` of
        them. ``"balanced_accuracy"``: the value of the best balanced accuracy between
        members and non-members, Song and Mittal's rule. ``"mean_loss"``: the mean over
        the members, Yeom's rule. The last two need members in `fit`. The false positive
        rate holds only for records that were not used to set the threshold.
    max_fpr : float, default=0.01
        Fraction of non-members that may be accused, for ``threshold="max_fpr"``.
    random_state : int, RandomState or None, default=None
        Draws the members of the membership game and seeds its target.

    Attributes
    ----------
    offset_ : float or ndarray of shape (n_classes,)
        The threshold on ``score_samples``, above which a record is called a member;
        one per class with ``per_class=True``.
    estimator_ : classifier
        The target, where it is a model.
    membership_ : ndarray of bool of shape (n_records,) or None
        Which rows given to `fit` the target was fitted on, where that is known.
    n_features_in_ : int
        Number of features of the target.
    feature_names_in_ : ndarray of str
        Their names, where the target knows them.

    See Also
    --------
    LiRAAttack : Compares with shadow models, record by record.

    References
    ----------
    Yeom, Giacomelli, Fredrikson and Jha, "Privacy Risk in Machine Learning: Analyzing
    the Connection to Overfitting", IEEE CSF 2018, section III.

    Song and Mittal, "Systematic Evaluation of Privacy Risks of Machine Learning
    Models", USENIX Security 2021, section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import LossThresholdAttack
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X_in, X_out, y_in, y_out = train_test_split(X, y, random_state=0)
    >>> model = DecisionTreeClassifier(random_state=0).fit(X_in, y_in)
    >>> attack = LossThresholdAttack(FrozenEstimator(model), max_fpr=0.2)
    >>> attack.fit(X_out, y_out).predict(X_in[:5], y_in[:5])
    array([0, 0, 0, 0, 0])
    """

    def __init__(
        self,
        estimator: Any,
        *,
        signal: str = "loss",
        per_class: bool = False,
        threshold: str = "max_fpr",
        max_fpr: float = 0.01,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.signal = signal
        self.per_class = per_class
        self.threshold = threshold
        self.max_fpr = max_fpr
        self.random_state = random_state

    @property
    def needs_confidences(self) -> bool:
        """Whether a target that gives labels only cannot be attacked so.

        With ``signal="correctness"`` it can.
        """
        return self.signal != "correctness"

    def _check_params(self) -> None:
        check_option(self.signal, "signal", _SIGNALS)
        check_option(self.threshold, "threshold", _THRESHOLDS)
        if not isinstance(self.per_class, (bool, np.bool_)):
            raise TypeError(
                "The 'per_class' parameter must be a bool. "
                f"Got {self.per_class!r} instead."
            )

    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        scores = self._signal(target.probabilities(X), target.columns)
        member = target.membership
        if member is None:
            member = np.zeros(len(scores), dtype=bool)
        self._check_sides(member)
        common = self._threshold_of(scores, member)
        if not self.per_class:
            self.offset_: Any = common
            return
        self.offset_ = np.full(len(target.classes), common)
        for c in range(len(target.classes)):
            rows = target.columns == c
            if self._has_sides(member[rows]):
                self.offset_[c] = self._threshold_of(scores[rows], member[rows])

    def _needs(self) -> tuple[bool, bool]:
        """Which sides the rule is made of: (members, non-members)."""
        return {
            "max_fpr": (False, True),
            "balanced_accuracy": (True, True),
            "mean_loss": (True, False),
        }[self.threshold]

    def _has_sides(self, member: BoolArray) -> bool | np.bool_:
        members, nonmembers = self._needs()
        return (member.any() or not members) and (not member.all() or not nonmembers)

    def _check_sides(self, member: BoolArray) -> None:
        if not self._has_sides(member):
            missing = "members" if not member.any() else "non-members"
            raise ValueError(
                f"threshold={self.threshold!r} needs {missing} among the records given "
                f"to fit. Got {int(member.sum())} members and "
                f"{int((~member).sum())} non-members; pass `membership`, and records "
                "of both kinds."
            )

    def _threshold_of(self, scores: FloatArray, member: BoolArray) -> float:
        if self.threshold == "max_fpr":
            return upper_quantile(scores[~member], self.max_fpr)
        if self.threshold == "mean_loss":
            # Yeom: a member where the loss is at most the mean, hence the equality.
            return _just_below(scores[member].mean())
        return _just_below(best_balanced_accuracy(scores[member], scores[~member]))

    def _signal(self, proba: NDArray[np.floating], columns: IndexArray) -> FloatArray:
        return MEMBER_SIGN[self.signal] * SIGNALS[self.signal](proba, columns)

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float | FloatArray]:
        proba, columns = self._answers(X, y)
        offset = self.offset_[columns] if self.per_class else self.offset_
        return self._signal(proba, columns), offset


def best_balanced_accuracy(members: FloatArray, nonmembers: FloatArray) -> float:
    """Threshold t with the best mean of P(member >= t) and P(non-member < t).

    The first maximum over all observed values, members before non-members.

    References
    ----------
    Song and Mittal 2021, the threshold search of the released code.
    """
    values = np.concatenate([members, nonmembers])
    kept = len(members) - np.searchsorted(np.sort(members), values)
    below = np.searchsorted(np.sort(nonmembers), values)
    # Counts rather than rates: equal accuracies must be equal, for the first to win.
    return values[np.argmax(kept * len(nonmembers) + below * len(members))]


def _just_below(value: float) -> float:
    """The offset for "member where score >= value": predictions compare with >."""
    return float(np.nextafter(value, -np.inf))
