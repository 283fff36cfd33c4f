"""The label-only attack: how often perturbed copies of a record keep its label."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import ask_labels, draw_seeds
from skmia._tables import Copies, Queries, Strengths, n_rows, take_rows
from skmia.attacks._base import MembershipAttack
from skmia.attacks._nonmembers import check_has_records, nonmember_rows
from skmia.attacks._scores import upper_quantile
from skmia.attacks._target import Target
from skmia.signals import FloatArray


class LabelOnlyAttack(MembershipAttack):
    """Count the perturbed copies of a record that keep its label.

    The target is asked for labels only: about the record, and about `n_queries`
    perturbed copies of it. Training moves the decision boundary away from the records
    of the training set, so that more copies of a member keep its label. A defense that
    hides or rounds probabilities changes none of these answers, which is why audits
    run this attack on it. It takes classifiers without ``predict_proba``, too. See the
    user guide, :doc:`/guide/attacks`.

    Parameters
    ----------
    estimator : classifier or FrozenEstimator
        The target. ``FrozenEstimator(model)`` attacks this very model; an unfitted
        classifier or Pipeline plays the membership game: a clone is fitted on half
        of each class. Not ``"precomputed"``: copies are to be asked about.
    n_queries : int, default=100
        Number of copies of each record. With 0 it is the gap attack: a member is what
        the target gets right.
    perturb : {"auto", "noise", "resample"}, default="auto"
        What is done to a column. ``"noise"``: numbers get Gaussian noise, whole
        numbers stay whole, and the copies stay within the range of the pool; columns
        of text, categories, dates and booleans are resampled: each value is replaced
        with a small probability by one drawn from the column. ``"resample"``: all
        columns are. ``"auto"``: noise, but numbers with at most 10 different values,
        which occur twice on average, are resampled as well, such as one-hot columns.
        Sparse input is always resampled, and stays sparse.
    noise : float or sequence of float, default=(0.05, 0.1, 0.2, 0.4)
        Standard deviations of the noise, in those of the column. The queries cycle
        through them.
    flip_rate : float or sequence of float, default=(0.02, 0.05, 0.1, 0.2)
        Probabilities with which a value is resampled. The queries cycle through them.
    max_fpr : float, default=0.01
        Fraction of non-members that may be accused.
    random_state : int, RandomState or None, default=None
        Draws the members of the membership game, and seeds its target and the noise.

    Attributes
    ----------
    offset_ : float
        The threshold on ``score_samples``, above which a record is called a member:
        the 1 - `max_fpr` quantile of the scores of the non-members given to `fit`.
        The false positive rate holds only for records that were not used to set it.
    estimator_ : classifier
        The target.
    membership_ : ndarray of bool of shape (n_records,) or None
        Which rows given to `fit` the target was fitted on, where that is known.
    n_features_in_ : int
        Number of features of the target.
    feature_names_in_ : ndarray of str
        Their names, where the target knows them.

    See Also
    --------
    LossThresholdAttack : Uses confidences, at one query for each record.
    LiRAAttack : Stronger where the target gives confidences.

    Notes
    -----
    The score is the fraction of right answers, the record itself counting as
    ``n_queries + 1`` queries: a record that the target gets wrong never ranks above
    one that it gets right. It lies in [0, 1].

    The copies of a record follow from its content and the seed, so that its score
    does not depend on the other records of a call. They come in the container of X,
    with its names and dtypes. Spreads, ranges and values are learned from the records
    given to `fit`; their order is not kept. Values to resample from are not pickled:
    an attack that was loaded needs another `fit` where columns are resampled.

    Records that keep their label in every copy tie at 1. Where these are more than
    `max_fpr` of the non-members, no record is called a member: judge this attack by
    its AUC, not by its TPR at a low false positive rate. It is weak, or worse than the
    gap attack, where labels are noisy: copies of a record that a model memorised
    against its neighbours are the first to lose the label. Compare with
    ``n_queries=0``; a low figure is no evidence of safety. It costs ``n_queries + 1``
    predictions for each record, in `fit` and in scoring.

    References
    ----------
    Choquette-Choo, Tramer, Carlini and Papernot, "Label-Only Membership Inference
    Attacks", ICML 2021, sections 3 and 5.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skmia.attacks import LabelOnlyAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = make_classification(400, n_classes=4, n_informative=8, random_state=0)
    >>> attack = LabelOnlyAttack(KNeighborsClassifier(3), random_state=0).fit(X, y)
    >>> gap = LabelOnlyAttack(attack.estimator, n_queries=0, random_state=0).fit(X, y)
    >>> member = attack.membership_
    >>> bool((member == gap.membership_).all())
    True
    >>> auc = roc_auc(member, attack.score_samples(X, y))
    >>> auc > roc_auc(member, gap.score_samples(X, y)) > 0.5
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        n_queries: int = 100,
        perturb: str = "auto",
        noise: Strengths = (0.05, 0.1, 0.2, 0.4),
        flip_rate: Strengths = (0.02, 0.05, 0.1, 0.2),
        max_fpr: float = 0.01,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_queries = n_queries
        self.perturb = perturb
        self.noise = noise
        self.flip_rate = flip_rate
        self.max_fpr = max_fpr
        self.random_state = random_state

    @property
    def needs_confidences(self) -> bool:
        """Whether a target that gives labels only cannot be attacked so: it can."""
        return False

    def _check_params(self) -> None:
        self._asked(seed=0)
        check_has_records(
            self.estimator,
            type(self).__name__,
            "asks the target about perturbed copies of the records",
            "LossThresholdAttack(signal='correctness'), which is the gap attack",
        )

    def _asked(self, seed: int) -> Queries:
        return Queries.checked(
            self.n_queries, self.perturb, self.noise, self.flip_rate, seed
        )

    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        rows = nonmember_rows(target, X, self.max_fpr, type(self).__name__)
        seed = int(draw_seeds(random_state, 1)[0])
        # What a later set_params changes must not change the scores.
        self._copies = Copies(self._asked(seed), X) if self.n_queries else None
        scores = self._right(take_rows(X, rows), target.labels[rows])
        self.offset_ = upper_quantile(scores, self.max_fpr)

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        if y is not None:
            y = self._target.classes[self._target.encode(y, n_rows(X))]
        return self._right(X, y), self.offset_

    def _right(self, X: Any, y: NDArray | None) -> FloatArray:
        """Fraction of right answers about the rows and their copies."""
        model = self._target.model
        predicted = ask_labels(model, X)
        y = predicted if y is None else y
        n_queries = self._copies.queries.n_queries if self._copies else 0
        right = (n_queries + 1) * (predicted == y)
        for rows, n, copies in self._copies.blocks(X) if self._copies else ():
            answers = ask_labels(model, copies).reshape(n, -1)
            right[rows] += (answers == y[rows]).sum(axis=0)
        return right / (2 * n_queries + 1)
