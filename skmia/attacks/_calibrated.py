"""Calibrated losses: the target's against what other models lose on the record."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._scores import above_midpoint, fraction_below, masked_mean, two_means
from skmia.attacks._shadow_base import ShadowAttack
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray
from skmia.utils import check_option

_REFERENCES = ("mean_out", "midpoint", "percentile")


class CalibratedLossAttack(ShadowAttack):
    """Compare the target's loss with what other models lose on the record.

    A low loss indicates a member only where models that have not seen the record lose
    more. The score is one difference; it is close to the likelihood ratio on small
    tables, and behind it where records differ in spread. See the user guide,
    :doc:`/guide/which_attack`.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target; see :class:`LiRAAttack`.
    reference : {"mean_out", "midpoint", "percentile"}, default="mean_out"
        What the target is compared with. ``"mean_out"``: the mean over OUT shadows
        (Watson). ``"midpoint"``: the middle of the IN and the OUT mean (Sablayrolles).
        ``"percentile"``: the fraction of OUT shadows that lose more (attack-R); within
        a tie, by the standardised distance from their mean. Of two or three shadows it
        is ``"mean_out"``: a fraction would have as many steps.
    signal : str, default="loss"
        What is compared; a name of :data:`skmia.signals.SIGNALS`. The logit spreads
        confident records more evenly.
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
        The threshold where a call is scored offline; ``"midpoint"`` then becomes
        ``"mean_out"``, for want of IN shadows.
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
    LiRAAttack : Takes the spread into account.

    Notes
    -----
    Do not use ``"percentile"`` with few shadows for a low false positive rate: all
    that lie above every OUT shadow share its best step.

    Do not pass a target that was fitted on rows outside of the pool: the shadows of one
    pool resemble each other, so that ``predict`` would accuse more non-members than
    `max_fpr`. See the user guide, :doc:`/guide/attacks`.

    References
    ----------
    Watson, Guo, Cormode and Sablayrolles, "On the Importance of Difficulty Calibration
    in Membership Inference Attacks", ICLR 2022, equation 5.

    Sablayrolles et al., "White-box vs Black-box: Bayes Optimal Strategies for
    Membership Inference", ICML 2019, section 4.3.

    Ye et al., "Enhanced Membership Inference Attacks against Machine Learning Models",
    CCS 2022, attack R.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import CalibratedLossAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = CalibratedLossAttack(
    ...     DecisionTreeClassifier(), shadows=8, random_state=0
    ... )
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        reference: str = "mean_out",
        signal: str = "loss",
        shadows: int | ShadowModels | ShadowSignals = 16,
        max_fpr: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.reference = reference
        self.signal = signal
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _signals(self) -> tuple[str, ...]:
        return (self.signal,)

    def _check_params(self) -> None:
        check_option(self.reference, "reference", _REFERENCES)
        super()._check_params()

    def _is_online(self) -> bool:
        return self.reference == "midpoint"

    def _online(self, x: NDArray, values: NDArray, member: BoolArray) -> FloatArray:
        return above_midpoint(x, *two_means(values, member, ~member))

    def _offline(self, x: NDArray, values: NDArray, out: BoolArray) -> FloatArray:
        # Where every shadow has seen the record, those have to do.
        out = out | ~out.any(axis=0)
        if self.reference == "percentile" and not self._compared.stays_in:
            return fraction_below(x, values, out, self.shadows_.n_shadows)
        return x - masked_mean(values, out)[0]
