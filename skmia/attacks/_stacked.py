"""StackedAttack: learn the likelihood ratio from shadows used as targets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import MAX_SEED
from skmia.attacks._scores import (
    EXTRA_SIGNALS,
    Moments,
    Ranker,
    StackedFeatures,
    folds,
    pseudo_targets,
    upper_quantile,
)
from skmia.attacks._shadow_base import ShadowAttack
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray, IndexArray

# Rows to learn from, which keeps the fit near a second.
_ENOUGH_ROWS = 60_000
_FEWEST_PSEUDO = 12
# Fewer of them teach nothing.
_FEWEST_ROWS = 1_000
# Below so many, four models that each see three quarters; else two that see a half.
_MANY_ROWS = 30_000
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
        Number of shadow models, 4 at least; or how they are made; or shadows that are
        there already, whose records are the rows given to `fit`, in the same order.
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
        is then LiRA's.
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

    Cross-fitted: two models, each fitted on half of the complementary pairs (of fewer
    than 30,000 rows four, each on three quarters); the threshold and ``learnt_`` come
    from the pairs that a model has not seen, and the target gets the mean.

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
        self._features = StackedFeatures(values, member)
        seed = random_state.randint(MAX_SEED)
        draw = np.random.RandomState(seed)
        pseudo = pseudo_targets(
            self.shadows_.complements, member.shape[1], _ENOUGH_ROWS, _FEWEST_PSEUDO
        )
        features = [self._features_of_shadow(k, member, draw) for k in pseudo]
        truth = [member[k] for k in pseudo]
        plain = held_out = [f[:, 0] for f in features]
        self.learnt_ = False
        # A shadow that holds all of the records, or none, judges no attack.
        two_sided = all(m.any() and not m.all() for m in truth)
        if two_sided and member.shape[1] * len(pseudo) >= _FEWEST_ROWS:
            kept = _balance(member, truth, draw)
            held_out = self._cross_fit(pseudo, features, truth, kept, seed)
            self.learnt_ = not _is_behind(held_out, plain, truth, self.max_fpr)
        if not self.learnt_:
            held_out = plain
        self.offset_ = upper_quantile(_nonmembers(held_out, truth), self.max_fpr)
        offline = [f[:, 1] for f in features]
        self.offline_offset_ = upper_quantile(_nonmembers(offline, truth), self.max_fpr)

    def _features_of_shadow(
        self, k: int, member: BoolArray, draw: np.random.RandomState
    ) -> FloatArray:
        complement = np.full(member.shape[1], self.shadows_.complements[k])
        if complement[0] < 0:
            complement = _opposite(k, member, draw)
        return self._features.of_shadow(k, complement)

    def _cross_fit(
        self,
        pseudo: IndexArray,
        features: list[FloatArray],
        truth: list[BoolArray],
        kept: list[BoolArray],
        seed: int,
    ) -> list[FloatArray]:
        """Scores of every pseudo target from the model fitted on the others."""
        few = len(pseudo) * len(truth[0]) < _MANY_ROWS
        fold = folds(pseudo, 4 if few else 2)
        held_out: list[Any] = [None] * len(pseudo)
        self._rankers = []
        for this in np.unique(fold):
            fitted_on = np.flatnonzero(fold != this)
            ranker = Ranker(self._features.directions.values(), seed).fit(
                np.concatenate([features[j][kept[j]] for j in fitted_on]),
                np.concatenate([truth[j][kept[j]] for j in fitted_on]),
            )
            for j in np.flatnonzero(fold == this):
                held_out[j] = _judge([ranker], features[j])
            self._rankers.append(ranker)
        return held_out

    def _score_pool(
        self, values: dict[str, NDArray], rows: IndexArray
    ) -> tuple[FloatArray, float]:
        features = self._features.of_target(values, rows)
        if self.learnt_:
            return _judge(self._rankers, features), self.offset_
        return features[:, 0], self.offset_

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


def _balance(
    member: BoolArray, truth: list[BoolArray], draw: np.random.RandomState
) -> list[BoolArray]:
    """Rows of every pseudo target to learn from: each record as often IN as OUT.

    A record that more shadows hold is more often a member of a shadow, which says
    nothing of the target. Rows of the commoner side are left out at random; weights
    would do as well, but make the trees' binning slow.
    """
    half, n_in = len(member) / 2, member.sum(axis=0)
    inside = np.where(n_in < len(member), half / np.maximum(n_in, 1), 0)
    outside = np.where(n_in > 0, half / np.maximum(len(member) - n_in, 1), 0)
    most = max(inside.max(), outside.max())
    chances = [np.where(held, inside, outside) / most for held in truth]
    return [draw.uniform(size=len(chance)) < chance for chance in chances]


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
