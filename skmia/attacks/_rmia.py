"""RMIA, the robust attack: the target's probability against the average model's."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.attacks._scores import average_model, log_ratio, masked_mean, offline_average
from skmia.attacks._shadow_base import ShadowAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray
from skmia.utils import check_option, check_real

_GRID = np.arange(11) / 10
# Answers of shadows, in all, that the slope is chosen on: all slopes on the same ones.
_ENOUGH_TO_CHOOSE = 20_000


class RMIAAttack(ShadowAttack):
    """Compare the target's probability with that of models in general.

    The score is the ratio of the target's probability of the record's class to the
    average over models that have and have not seen the record. One average needs fewer
    shadows than two distributions, and is ahead where single records hardly move the
    logit. See the user guide, :doc:`/guide/which_attack`.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target; see :class:`LiRAAttack`.
    mode : {"online", "offline"}, default="online"
        ``"online"`` averages IN and OUT shadows. ``"offline"`` has OUT shadows only
        and guesses the average from them as ``((1 + a) * mean_out + 1 - a) / 2``.
    a : "auto" or float in [0, 1], default="auto"
        Slope of that guess: IN probability = a * OUT probability + 1 - a. ``"auto"``
        takes the best of 0, 0.1, ..., 1 by AUC on shadows used as targets, never on
        the target.
    gamma : float, default=1.0
        A record is called a member where its ratio is more than `gamma` times the
        1 - `max_fpr` quantile of non-members. It moves the threshold, not a score.
    shadows : int, ShadowModels or ShadowSignals, default=16
        Number of shadow models, 4 at least, or 2 where they tell both sides of every
        record; or how they are made; or shadows that are there already, whose records
        are the rows given to `fit`, in the same order.
    max_fpr : float, default=0.01
        Fraction of non-members that ``predict`` may accuse.
    n_jobs : int, default=None
        Shadows fitted at a time.
    random_state : int, RandomState or None, default=None
        Seeds the shadows, and the membership game.
    verbose : int, default=0
        A progress bar where it is above 0.

    Attributes
    ----------
    offset_ : float
        The threshold on ``score_samples`` of rows of the pool.
    offline_offset_ : float
        The threshold where a call is scored offline.
    a_ : float
        The slope that is used offline.
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
    LiRAAttack : Two distributions in place of one average.

    Notes
    -----
    The published score counts the population records whose ratio is `gamma` times
    smaller. For one target that is a step function of the ratio: the same ranking, but
    with ties at the top, which decide the figures at low false positive rates. Here the
    score is the logarithm of the ratio itself, and the population, the non-members of
    shadows used as targets, only sets the threshold.

    Do not compare its scores between targets: the average is another for each pool.

    Do not pass a target that was fitted on rows outside of the pool: the shadows of one
    pool resemble each other, so that ``predict`` would accuse more non-members than
    `max_fpr`. See the user guide, :doc:`/guide/attacks`.

    References
    ----------
    Zarifzadeh, Liu and Shokri, "Low-Cost High-Power Membership Inference Attacks",
    ICML 2024, equations 2, 10 and 11.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import RMIAAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = RMIAAttack(DecisionTreeClassifier(), shadows=8, random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        mode: str = "online",
        a: float | Literal["auto"] = "auto",
        gamma: float = 1.0,
        shadows: int | ShadowModels | ShadowSignals = 16,
        max_fpr: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.mode = mode
        self.a = a
        self.gamma = gamma
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        check_option(self.mode, "mode", ("online", "offline"))
        if isinstance(self.a, str):
            check_option(self.a, "a", ("auto",))
        else:
            check_real(self.a, "a", 0, 1)
        check_real(self.gamma, "gamma", 0, np.inf, closed="neither")
        super()._check_params()

    def _is_online(self) -> bool:
        return self.mode == "online"

    def _choose(self) -> None:
        if self.a != "auto":
            self.a_ = float(self.a)
            return
        found = [
            [roc_auc(member, scores) for scores in by_slope]
            for member, by_slope in self._judge_shadows(
                _by_slope, enough=_ENOUGH_TO_CHOOSE
            )
            if member.any() and not member.all()
        ]
        if not found:
            raise ValueError(
                "a='auto' is chosen on shadows that hold some of the records and not "
                "others. Got shadows that hold none of them or all; pass a number in "
                "[0, 1] as 'a'."
            )
        # The first of the best: a small slope assumes the least of the OUT mean.
        self.a_ = float(_GRID[np.argmax(np.mean(found, axis=0))])

    def _offset_of(
        self, score: Callable[[NDArray, NDArray, BoolArray], FloatArray]
    ) -> float:
        return super()._offset_of(score) + float(np.log(self.gamma))

    def _online(self, x: NDArray, values: NDArray, member: BoolArray) -> FloatArray:
        return log_ratio(x, average_model(_probability(values), member, self.a_))

    def _offline(self, x: NDArray, values: NDArray, out: BoolArray) -> FloatArray:
        mean_out, _ = masked_mean(_probability(values), out)
        return log_ratio(x, offline_average(mean_out, self.a_))


def _probability(logit: NDArray) -> FloatArray:
    """In double precision: in single, logits below -103 would be a p of 0."""
    return expit(logit, dtype=np.float64)


def _by_slope(x: NDArray, values: NDArray, member: BoolArray) -> FloatArray:
    """Offline scores for every slope, (n_slopes, n_records)."""
    mean_out, _ = masked_mean(_probability(values), ~member)
    return np.stack([log_ratio(x, offline_average(mean_out, a)) for a in _GRID])
