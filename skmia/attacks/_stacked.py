"""StackedAttack: learn the likelihood ratio from shadows used as targets."""

from collections.abc import Iterator
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmia._models import MAX_SEED
from skmia._tables import draw_units
from skmia.attacks._scores import (
    EXTRA_SIGNALS,
    Comparison,
    Moments,
    Ranker,
    StackedFeatures,
    blocks,
    enough_nonmembers,
    folds,
    judging_sample,
    learning_sample,
    pseudo_targets,
    upper_quantile,
)
from skmia.attacks._shadow_base import ShadowAttack
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray, IndexArray

# Rows to learn from, whatever the size of the pool.
_ENOUGH_ROWS = 60_000
# Shadows used as targets: so many, or more where they hold fewer records in all.
_FEWEST_PSEUDO = 12
_FEW_RECORDS = 60_000
# Fewer of them teach nothing.
_FEWEST_ROWS = 1_000
# Records of the target whose features are held at a time.
_BLOCK = 2**13
# How many records away the answers may be that a record borrows.
_NEIGHBOURS = 50
# Ties are broken by the likelihood ratio.
_TIE_BREAK = 1e-6


class StackedAttack(ShadowAttack):
    """Learn a likelihood ratio from shadow models used as targets.

    Every shadow is a target whose members are known. A small boosted-tree model learns
    from them how the LiRA score, RMIA's ratio, the calibrated logit and the record's
    own IN and OUT distributions indicate membership on *this* data and model; then it
    judges the real target. It is behind the best single score where a target has few
    different answers, as nearest neighbours and single trees do. See the user guide,
    :doc:`/guide/which_attack`, for a comparison.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target; see :class:`LiRAAttack`.
    shadows : int, ShadowModels or ShadowSignals, default=16
        Number of shadow models, 4 at least, or 2 where they tell both sides of every
        record; or how they are made; or shadows that are there already, whose records
        are the rows given to `fit`, in the same order.
    max_fpr : float, default=0.01
        Fraction of non-members that ``predict`` may accuse.
    n_jobs : int, default=None
        Shadows fitted at a time.
    random_state : int, RandomState or None, default=None
        Seeds the shadows, the membership game and the boosted trees.
    verbose : int, default=0
        A progress bar where it is above 0.

    Attributes
    ----------
    learnt_ : bool
        Whether the trees are used. False where, on shadows that they were not fitted
        on, they were behind the likelihood ratio in AUC or in TPR at `max_fpr` by more
        than its standard error, or where there was too little to learn from: the score
        is then LiRA's. Of two or three shadows, which are judged by one another and by
        themselves, only the latter counts.
    offset_ : float
        The threshold on ``score_samples`` of rows of the pool.
    offline_offset_ : float
        The threshold where a call is scored offline, by LiRA's one-sided score.
    shadows_ : ShadowSignals
        The shadows.
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
    LiRAAttack : The likelihood ratio under a distributional assumption.
    RMIAAttack : The ratio to the average model.

    Notes
    -----
    The features of a record are five scores of the logit (LiRA's ratio and its
    one-sided form, RMIA's ratio, the logit above the OUT mean and above the midpoint),
    the logit itself, IN and OUT location and scale, and the difference of the
    locations. Where the shadows hold the hinge, the entropy and the modified entropy,
    their value, both means, and the distance from the OUT mean and from the midpoint
    are added: they distinguish records of equal logits, of which neighbours and trees
    give many.

    The trees are monotone in every score; three tenths of the log odds come from a
    logistic regression, which orders what the trees leave tied. A shadow's complement
    is left out of its features, since it would reveal every record's membership; where
    it has none, one shadow for each record is drawn from those on the other side. Rows
    are drawn so that every record is a member as often as not.

    Where the shadows tell both sides of every record, two further features say how
    steady the difference of the two is. Of two or three none is left out: each plays
    both sides of every record, a record's own spread is not read, models are fitted on
    one half of the records and judge the other, and the threshold is the greater one of
    theirs and of answers that records borrow from one another.

    Cross-fitted: two models, each fitted on half of the complementary pairs; the
    threshold and ``learnt_`` come from the pairs that a model has not seen, and the
    target gets the mean. Neither grows with the pool: 60,000 rows are learnt from, by
    the trees of a model 12,000 of them, half of which are those that the regression
    holds for the likeliest members; and the threshold is the quantile of 50,000
    non-members, or of so many that 500 lie above it, up to 500,000. Where that is less
    than all, they are drawn at random.

    Do not use it where the shadows are of another kind than the target (another
    training size, another model): it learns how they behave, not how the target does.

    Do not pass a target that was fitted on rows outside of the pool: the shadows of one
    pool resemble each other, so that ``predict`` would accuse more non-members than
    `max_fpr`. See the user guide, :doc:`/guide/attacks`.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import StackedAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = StackedAttack(DecisionTreeClassifier(), shadows=8, random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        shadows: int | ShadowModels | ShadowSignals = 16,
        max_fpr: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _signals(self) -> tuple[str, ...]:
        if not isinstance(self.shadows, ShadowSignals):
            return ("logit", *EXTRA_SIGNALS)
        # Shadows made elsewhere may hold the logit only.
        there = (name for name in EXTRA_SIGNALS if name in self.shadows.signals)
        return ("logit", *there)

    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: BoolArray,
        random_state: np.random.RandomState,
    ) -> None:
        if not member.any():
            raise ValueError(
                "StackedAttack learns from shadows what members look like. Got shadows "
                "that hold none of the records; take LiRAAttack(mode='offline')."
            )
        seed = random_state.randint(MAX_SEED)
        draw = np.random.RandomState(seed)
        self._features = StackedFeatures(self._compared)
        complements, n_records = self.shadows_.complements, member.shape[1]
        pseudo = pseudo_targets(complements, n_records, _FEW_RECORDS, _FEWEST_PSEUDO)

        def features_of(
            k: int, rows: IndexArray, *, apart: bool, held: bool | None = None
        ) -> FloatArray:
            complement = np.full(len(rows), complements[k])
            if complements[k] < 0:
                complement = _opposite(k, member[:, rows], draw)
            return self._features.of_shadow(k, complement, rows, apart=apart, held=held)

        # A shadow that holds all of the records, or none, judges no attack.
        has_both = all(member[k].any() and not member[k].all() for k in pseudo)
        n_rows = n_records * len(pseudo)
        self._fold = self._draw_folds(pseudo, draw)
        self._rankers: list[Ranker] = []
        if has_both and n_rows >= _FEWEST_ROWS:
            learnt = learning_sample(member, pseudo, _ENOUGH_ROWS, draw)
            # A shadow that stays among those it is judged by plays both sides of each
            # record: if it played the one that is observed, errors of the other, which
            # is among them too, would tell which one that is.
            sides = (True, False) if self._compared.stays_in else (None,)
            plays = [
                (k, rows, held)
                for k, rows in zip(pseudo, learnt, strict=True)
                for held in sides
            ]
            features_learnt = (
                features_of(k, rows, apart=False, held=held) for k, rows, held in plays
            )
            truth_of = (
                member[k, rows] if held is None else np.full(len(rows), held)
                for k, rows, held in plays
            )
            self._rankers = self._cross_fit(
                np.concatenate([one.astype(np.float32) for one in features_learnt]),
                np.concatenate(list(truth_of)),
                np.concatenate([self._fold_of(k, rows) for k, rows, _ in plays]),
                seed,
            )
        judged = judging_sample(member, pseudo, enough_nonmembers(self.max_fpr), draw)
        truth, plain, offline, held_out = [], [], [], []
        for k, rows in zip(pseudo, judged, strict=True):
            features = features_of(k, rows, apart=True)
            truth.append(member[k, rows])
            plain.append(features[:, 0].copy())  # not a view, which keeps them all
            offline.append(features[:, 1].copy())
            if self._rankers:
                held_out.append(self._judge_apart(features, self._fold_of(k, rows)))
        # Shadows that are among those they are judged by flatter the ratio, which reads
        # their own values: that it is ahead there says nothing of a target.
        self.learnt_ = bool(held_out) and (
            self._compared.stays_in
            or not _is_behind(held_out, plain, truth, self.max_fpr)
        )
        scores = held_out if self.learnt_ else plain
        single = [s.astype(np.float32) for s in scores]
        self._judged = list(zip(judged, truth, single, strict=True))
        self.offset_ = upper_quantile(_nonmembers(scores, truth), self.max_fpr)
        if self._compared.stays_in:
            self.offset_ = max(self.offset_, self._offset_of_strangers(draw))
        self.offline_offset_ = upper_quantile(_nonmembers(offline, truth), self.max_fpr)

    def _draw_folds(
        self, pseudo: IndexArray, draw: np.random.RandomState
    ) -> IndexArray:
        """Fold of every shadow, or of every record where shadows judge themselves.

        A shadow and its complement are on opposite sides of every record, so they are
        in one fold; where there is no other pair, records of equal content are.
        """
        if self._compared.stays_in:
            units = np.arange(self._compared.n_records)
            if self._hashes is not None:
                units = draw_units(self._hashes, self._target.persons)
            return draw.permutation(units.max() + 1)[units] % 2
        fold = np.zeros(self._compared.n_shadows, dtype=np.intp)
        fold[pseudo] = folds(pseudo, 2)
        return fold

    def _fold_of(self, k: int, rows: IndexArray) -> IndexArray:
        """Fold of each of the records at `rows` under shadow `k` as the target."""
        if self._compared.stays_in:
            return self._fold[rows]
        return np.full(len(rows), self._fold[k])

    def _cross_fit(
        self,
        features: NDArray[np.float32],
        truth: BoolArray,
        fold: IndexArray,
        seed: int,
    ) -> list[Ranker]:
        """For every fold, a model fitted on the other."""
        directions = list(self._features.directions.values())
        return [
            Ranker(directions, seed).fit(features[fold != this], truth[fold != this])
            for this in np.unique(fold)
        ]

    def _judge_apart(self, features: FloatArray, fold: IndexArray) -> FloatArray:
        """Log odds by the model that has not learnt from the fold of each row."""
        odds = np.empty(len(features))
        for this in np.unique(fold):
            rows = fold == this
            odds[rows] = _judge([self._rankers[this]], features[rows])
        return odds

    def _offset_of_strangers(self, draw: np.random.RandomState) -> float:
        """The threshold by answers of models that are none of the few shadows.

        A shadow that stays among those it is judged by is part of what they say of a
        record. Where closed forms are wrong, an attack may tell its members by that,
        and the non-members of a target, which is no part of it, are not so quiet.
        """
        rows = np.arange(self._compared.n_records)
        order = np.argsort(self._features.sides.outside.mean, kind="stable")
        place = np.argsort(order, kind="stable")
        scores = []
        for k in range(self._compared.n_shadows):
            # From records of about the same logit, which spread alike.
            steps = draw.randint(1, min(_NEIGHBOURS, len(rows)), size=len(rows))
            lenders = order[(place + steps) % len(rows)]
            for block in blocks(len(rows), _BLOCK):
                features = self._features.of_borrowed(k, rows[block], lenders[block])
                scores.append(
                    _judge(self._rankers, features) if self.learnt_ else features[:, 0]
                )
        return upper_quantile(scores, self.max_fpr)

    def _all_plays(self) -> Iterator[tuple[IndexArray, BoolArray, NDArray]]:
        if not self._compared.stays_in:
            yield from super()._all_plays()
            return
        rows = np.arange(self._compared.n_records)
        nobody = np.full(len(rows), -1)
        for k, member in enumerate(self._member):
            scores = np.empty(len(rows))
            for block in blocks(len(rows), _BLOCK):
                at = rows[block]
                features = self._features.of_shadow(k, nobody[block], at, apart=True)
                scores[block] = features[:, 0]
                if self.learnt_:
                    scores[block] = self._judge_apart(features, self._fold_of(k, at))
            yield rows, member, scores

    def _about(self, compared: Comparison) -> Self:
        found = copy(self)
        found._features = self._features.about(compared)
        return found

    def _score_pool(
        self, values: dict[str, NDArray], rows: IndexArray
    ) -> tuple[FloatArray, float]:
        scores = np.empty(len(rows))
        for block in blocks(len(rows), _BLOCK):
            features = self._features.of_target(
                {name: v[block] for name, v in values.items()}, rows[block]
            )
            scores[block] = (
                _judge(self._rankers, features) if self.learnt_ else features[:, 0]
            )
        return scores, self.offset_

    def _offline(self, x: NDArray, values: NDArray, out: BoolArray) -> FloatArray:
        return self._features.sides.offline(x, Moments.of(values, out))

    def _is_online(self) -> bool:
        return True


def _opposite(k: int, member: BoolArray, draw: np.random.RandomState) -> IndexArray:
    """For each record a shadow on the other side than `k`, at random; -1 for none.

    Where shadows have no complements, a design in which every record is IN equally
    often reveals membership in `k` by the number of the others, and so by their spread.
    """
    lot = draw.uniform(size=member.shape) * (member != member[k])
    return np.where(lot.any(axis=0), lot.argmax(axis=0), -1)


def _judge(rankers: list[Ranker], features: FloatArray) -> FloatArray:
    """Mean log odds of membership, ties broken by the likelihood ratio."""
    odds = np.mean([ranker.log_odds(features) for ranker in rankers], axis=0)
    return odds + _TIE_BREAK * np.clip(features[:, 0], -1e3, 1e3)


def _is_behind(
    scores: list[FloatArray],
    plain: list[FloatArray],
    truth: list[BoolArray],
    max_fpr: float,
) -> bool:
    """Whether `scores` are worse than the `plain` ratio, on average over shadows.

    In AUC or in the TPR at `max_fpr`, by more than the standard error of the mean: on
    a few hundred records a difference below it says nothing.
    """
    for metric in (roc_auc, lambda m, s: tpr_at_fpr(m, s, max_fpr)):
        ours, theirs = (
            np.array([metric(m, s) for m, s in zip(truth, given, strict=True)])
            for given in (scores, plain)
        )
        gain = ours - theirs
        if gain.mean() < -gain.std(ddof=1) / np.sqrt(len(gain)):
            return True
    return False


def _nonmembers(scores: list[FloatArray], truth: list[BoolArray]) -> list[FloatArray]:
    return [s[~member] for s, member in zip(scores, truth, strict=True)]
