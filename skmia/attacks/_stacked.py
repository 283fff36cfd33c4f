"""StackedAttack: learn the likelihood ratio from shadows used as targets."""

import numpy as np
from scipy.special import expit, log_expit
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from skmia.attacks._base import upper_quantile
from skmia.attacks._gaussian import Moments
from skmia.attacks._pool_base import PoolAttack
from skmia.attacks._reference_base import masked_mean
from skmia.attacks._turns import halves, turns
from skmia.attacks._worlds import Worlds
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.signals import SMALLEST_PROBABILITY
from skmia.utils._cloning import MAX_SEED

#: What the boosted trees see of a record, and the direction that is forced (1) or not
#: (0). The first is the score that they fall back on.
FEATURES = {
    "likelihood_ratio": 1,
    "offline_surprise": 1,
    "log_ratio_to_average_model": 1,
    "logit_above_out_mean": 1,
    "logit_above_midpoint": 1,
    "logit": 0,
    "in_location": 0,
    "out_location": 0,
    "in_scale": 0,
    "out_scale": 0,
    "in_minus_out": 0,
}
# Rows to learn from, which keeps the fit near a second.
_ENOUGH_ROWS = 60_000
_FEWEST_TURNS = 12
# Fewer of them teach nothing.
_FEWEST_ROWS = 1_000
# Ties among the leaves are broken by the likelihood ratio.
_TIE_BREAK = 1e-6


class StackedAttack(PoolAttack):
    """The likelihood ratio, learnt from shadow models used as targets.

    Every shadow is a target whose members are known. A small boosted-tree model learns
    from them how the LiRA score, RMIA's ratio, the calibrated logit and the record's
    own IN and OUT distributions speak for membership on *this* data and model; then it
    judges the real target. No single score leads everywhere; from 8 shadows on this
    one is ahead of each in the mean over the cells of ``benchmarks/attack_power.py``,
    though not in every cell. With 4 shadows :class:`RMIAAttack` finds more.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target; see :class:`LiRAAttack`.
    n_shadows : int, default=16
        Number of shadow models, 4 at least.
    shadows : ShadowSignals, default=None
        Shadows made before, in place of `n_shadows` new ones.
    train_size : "auto" or float, default="auto"
        Share of the pool that each shadow is fitted on; see :class:`LiRAAttack`.
    max_fpr : float, default=0.01
        Share of non-members that ``predict`` may accuse.
    n_jobs : int, default=None
        Shadows fitted at a time.
    random_state : int, RandomState or None, default=None
        Seeds the shadows, the membership game and the boosted trees.
    keep_models : bool, default=True
        Keep the shadow models, for rows outside of the pool and calls without labels.
    cache_dir : path-like, default=None
        Where finished shadows are stored; see :func:`skmia.shadows.fit_shadows`.
    verbose : int, default=0
        A progress bar where it is above 0.

    Attributes
    ----------
    learnt_ : bool
        Whether the trees are used. False where, on shadows that they were not fitted
        on, they were behind the likelihood ratio in AUC or in TPR at `max_fpr`: the
        score is then LiRA's.
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
    The trees see eleven numbers of a record: ``skmia.attacks._stacked.FEATURES``. They
    must not decrease in the five scores. A shadow's complementary twin is left out of
    its features, since the two would give every record's membership away; where it has
    none, for each record one shadow drawn from those on the other side. Rows weigh as
    if every record had been a member as often as not.

    Cross-fitted: two models, each fitted on half of the complementary pairs; the
    threshold and ``learnt_`` come from the half that a model has not seen, and the
    target gets the mean of both.

    Do not use it where the shadows are of another kind than the target (another
    training size, another model): it learns their habits, not the target's.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import StackedAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = StackedAttack(DecisionTreeClassifier(), n_shadows=8, random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    signal = "logit"

    def __init__(
        self,
        estimator,
        *,
        n_shadows=16,
        shadows=None,
        train_size="auto",
        max_fpr=0.01,
        n_jobs=None,
        random_state=None,
        keep_models=True,
        cache_dir=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.n_shadows = n_shadows
        self.shadows = shadows
        self.train_size = train_size
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.keep_models = keep_models
        self.cache_dir = cache_dir
        self.verbose = verbose

    def _fit_shadow_attack(self, values, member, random_state):
        if not member.any():
            raise ValueError(
                "StackedAttack learns from shadows what members look like. Got shadows "
                "that hold none of the records; take LiRAAttack(mode='offline')."
            )
        values = values[self.signal]
        self._worlds = Worlds(values, member, "shrunk")
        p = expit(values, dtype=np.float64)
        self._log_average = _log_average(p, member, ~member)
        seed = random_state.randint(MAX_SEED)
        draw = np.random.RandomState(seed)
        turn = turns(self.shadows_.member, _ENOUGH_ROWS, _FEWEST_TURNS)
        features = [self._features_of_turn(k, values, member, p, draw) for k in turn]
        truth = [member[k] for k in turn]
        plain = held_out = [f[:, 0] for f in features]
        self.learnt_ = False
        # A turn as the target of which nothing is known judges no attack.
        two_sided = all(m.any() and not m.all() for m in truth)
        if two_sided and member.shape[1] * len(turn) >= _FEWEST_ROWS:
            kept = _balance(member, truth, draw)
            held_out = self._cross_fit(turn, features, truth, kept, seed)
            self.learnt_ = _beats(held_out, plain, truth, self.max_fpr)
        if not self.learnt_:
            held_out = plain
        self.offset_ = _threshold(held_out, truth, self.max_fpr)
        offline = [f[:, 1] for f in features]
        self.offline_offset_ = _threshold(offline, truth, self.max_fpr)

    def _features_of_turn(self, k, values, member, p, draw):
        rows = np.arange(member.shape[1])
        twin = np.full(len(rows), self.shadows_.partners[k])
        if twin[0] < 0:
            twin = _opposite(k, member, draw)
        rest = np.ones(member.shape, dtype=bool)
        rest[k] = False
        rest[twin[twin >= 0], rows[twin >= 0]] = False
        average = _log_average(p, member & rest, ~member & rest)
        sides = self._worlds.turn(k, twin, values, member, rows)
        return self._features(values[k].astype(np.float64), *sides, average)

    def _features(self, x, inside, outside, log_average):
        """The columns of FEATURES, (n_records, 11)."""
        held, left_out = self._worlds.distributions(inside, outside)
        low, high = left_out.location, held.location
        return np.column_stack(
            [
                held.log_density(x) - left_out.log_density(x),
                left_out.surprise(x),
                log_expit(x) - log_average,
                x - low,
                x - (low + high) / 2,
                x,
                high,
                low,
                held.scale,
                left_out.scale,
                high - low,
            ]
        )

    def _cross_fit(self, turn, features, truth, kept, seed):
        """Scores of every turn from the model that was fitted on the other half."""
        half = halves(turn)
        held_out = [None] * len(turn)
        self._models = []
        for fold in (0, 1):
            fitted_on = np.flatnonzero(half != fold)
            model = HistGradientBoostingClassifier(
                learning_rate=0.05,
                max_iter=100,
                max_leaf_nodes=8,
                min_samples_leaf=100,
                early_stopping=False,
                monotonic_cst=list(FEATURES.values()),
                random_state=seed,
            )
            # One thread: on so few rows they would only wait for one another.
            with threadpool_limits(1):
                model.fit(
                    np.concatenate([features[j][kept[j]] for j in fitted_on]),
                    np.concatenate([truth[j][kept[j]] for j in fitted_on]),
                )
            for j in np.flatnonzero(half == fold):
                held_out[j] = _judge([model], features[j])
            self._models.append(model)
        return held_out

    def _score_pool(self, values, rows):
        x = np.asarray(values[self.signal], dtype=np.float64)
        features = self._features(x, *self._worlds.at(rows), self._log_average[rows])
        if self.learnt_:
            return _judge(self._models, features), self.offset_
        return features[:, 0], self.offset_

    def _score_unknown(self, values, said, out):
        outside = Moments.of(said[self.signal], out)
        return self._worlds.offline(values[self.signal], outside), self.offline_offset_

    def _one_scale(self):
        return False


def _log_average(p, inside, outside):
    """Log of the mean of the IN and the OUT mean of `p`, whatever their counts."""
    mean_in, n_in = masked_mean(p, inside)
    mean_out, n_out = masked_mean(p, outside)
    # One side stands for both where a record has no other.
    both = np.where(n_in > 0, mean_in, mean_out) + np.where(
        n_out > 0, mean_out, mean_in
    )
    return np.log(np.maximum(both / 2, SMALLEST_PROBABILITY))


def _opposite(k, member, draw):
    """For each record a shadow on the other side than `k`, at random; -1 for none.

    Where shadows have no twins, a design in which every record is IN equally often
    gives membership in `k` away by the number of the others, and so by their spread.
    """
    lot = draw.uniform(size=member.shape) * (member != member[k])
    return np.where(lot.any(axis=0), lot.argmax(axis=0), -1)


def _balance(member, truth, draw):
    """Rows of every turn to learn from: each record as often IN as OUT.

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


def _judge(models, features):
    """Mean log odds of membership, ties broken by the likelihood ratio."""
    with threadpool_limits(1):
        odds = np.mean([m.decision_function(features) for m in models], axis=0)
    return odds + _TIE_BREAK * np.clip(features[:, 0], -1e3, 1e3)


def _beats(scores, plain, truth, max_fpr):
    """Whether `scores` are no worse than the `plain` ratio, as means over the turns.

    Both in AUC and in the TPR at `max_fpr`.
    """
    for metric in (roc_auc, lambda m, s: tpr_at_fpr(m, s, max_fpr)):
        ours, theirs = (
            np.mean([metric(m, s) for m, s in zip(truth, given, strict=True)])
            for given in (scores, plain)
        )
        if ours < theirs:
            return False
    return True


def _threshold(scores, truth, max_fpr):
    rows = [s[~m] for s, m in zip(scores, truth, strict=True)]
    return upper_quantile(np.concatenate(rows), max_fpr)
