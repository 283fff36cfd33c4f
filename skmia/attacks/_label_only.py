"""The label-only attack: how often perturbed copies of a record keep its label."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from skmia._models import ask_labels, draw_seeds
from skmia._tables import (
    Copies,
    Queries,
    Strengths,
    hash_rows,
    match_rows,
    n_rows,
    take_rows,
)
from skmia.attacks._base import MembershipAttack
from skmia.attacks._nonmembers import check_has_records, nonmember_rows
from skmia.attacks._scores import upper_quantile
from skmia.attacks._target import Target
from skmia.signals import BoolArray, FloatArray, IndexArray
from skmia.utils import shows_bar

# Every record is asked about this fraction of its copies, and as many rounds of all
# strengths at least.
_FIRST = 0.2
_LEAST_ROUNDS = 3


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
    n_queries : int, default=60
        Number of copies of each record, at most. With 0 it is the gap attack: a member
        is what the target gets right.
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
    verbose : int, default=0
        Show a progress bar of the copies that were asked about where it is above 0.

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
    ``n_queries=0``; a low figure is no evidence of safety. Attacks with shadow models
    find much more in labels: :class:`LiRAAttack`, :class:`StackedAttack`.

    It costs up to ``n_queries + 1`` predictions for each record. A fifth of the copies
    is asked about first. A record that the target gets wrong ranks below all others,
    and is placed by these; where all of them are right, the others of less than the
    greatest strength are taken as right, too. Records that `fit` took as non-members
    are not asked about again.

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
        n_queries: int = 60,
        perturb: str = "auto",
        noise: Strengths = (0.05, 0.1, 0.2, 0.4),
        flip_rate: Strengths = (0.02, 0.05, 0.1, 0.2),
        max_fpr: float = 0.01,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_queries = n_queries
        self.perturb = perturb
        self.noise = noise
        self.flip_rate = flip_rate
        self.max_fpr = max_fpr
        self.random_state = random_state
        self.verbose = verbose

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
        columns = target.columns[rows]
        scores = self._right(X, rows, target.classes[columns])
        # An audit asks about the same records again, and copies are many predictions.
        hashes = hash_rows(X, target.columns)[rows]
        hashes, first = np.unique(hashes, return_index=True)
        self._known = hashes, scores[first]
        self.offset_ = upper_quantile(scores, self.max_fpr)

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        if y is None:
            return self._right(X, np.arange(n_rows(X)), None), self.offset_
        columns = self._target.encode(y, n_rows(X))
        hashes, known = self._known
        where = match_rows(hash_rows(X, columns), hashes)
        scores = known[where]
        if (new := np.flatnonzero(where < 0)).size:
            y = self._target.classes[columns[new]]
            scores[new] = self._right(X, new, y)
        return scores, self.offset_

    def _right(self, X: Any, rows: IndexArray, y: NDArray | None) -> FloatArray:
        """Fraction of right answers about the `rows` of X and their copies."""
        predicted = self._target.labels_at(X, rows)
        y = predicted if y is None else y
        is_right = predicted == y
        if self._copies is None:
            return is_right.astype(np.float64)
        n_queries = self._copies.queries.n_queries
        asked = take_rows(X, rows)
        fraction = self._fraction_of_copies(self._copies, asked, y, is_right)
        return ((n_queries + 1) * is_right + n_queries * fraction) / (2 * n_queries + 1)

    def _fraction_of_copies(
        self, copies: Copies, X: Any, y: NDArray, is_right: BoolArray
    ) -> FloatArray:
        """Fraction of the copies that get the right label, from as few as will do.

        A record that the target gets wrong ranks below all others however its copies
        fare: some of them place it there. Where the first copies of a record are all
        right, those of less than the greatest strength are taken as right as well.
        """
        noise, flip_rate = copies.strengths
        numbers = np.arange(len(noise))
        is_first = numbers < first_queries(copies.queries)
        is_strongest = (noise == noise.max()) | (flip_rate == flip_rate.max())
        with tqdm(
            desc="label_only",
            unit=" copies",
            disable=not shows_bar(self.verbose),
            leave=None,
        ) as bar:
            bar.total = len(y) * int(is_first.sum())
            right = self._count_right(copies, X, y, numbers[is_first], bar)
            firm = is_right & (right == is_first.sum())
            fraction = right / is_first.sum()
            left = [
                (firm, numbers[~is_first & is_strongest]),
                (is_right & ~firm, numbers[~is_first]),
            ]
            bar.total += sum(int(of.sum()) * len(asked) for of, asked in left)
            for of, asked in left:
                rows = np.flatnonzero(of)
                if not rows.size or not asked.size:
                    continue
                more = self._count_right(
                    copies, take_rows(X, rows), y[rows], asked, bar
                )
                skipped = len(numbers) - int(is_first.sum()) - len(asked)
                fraction[rows] = (right[rows] + more + skipped) / len(numbers)
        return fraction

    def _count_right(
        self, copies: Copies, X: Any, y: NDArray, numbers: IndexArray, bar: Any
    ) -> IndexArray:
        """How many of the copies of these numbers get the label of their record."""
        right = np.zeros(len(y), dtype=np.intp)
        for rows, n, asked in copies.blocks(X, numbers=numbers):
            answers = ask_labels(self._target.model, asked).reshape(n, -1)
            right[rows] += (answers == y[rows]).sum(axis=0)
            bar.update(answers.size)
        return right


def first_queries(queries: Queries) -> int:
    """How many copies every record is asked about: whole rounds of all strengths."""
    lists = queries.noise, queries.flip_rate
    cycle = math.lcm(*(len(values) if len(set(values)) > 1 else 1 for values in lists))
    rounds = max(_LEAST_ROUNDS, math.ceil(queries.n_queries * _FIRST / cycle))
    return min(queries.n_queries, rounds * cycle)
