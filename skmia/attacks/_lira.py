"""LiRA, the likelihood-ratio attack."""

from collections.abc import Iterator
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._scores import (
    LEAST_OWN,
    VARIANCES,
    Comparison,
    Moments,
    TwoSides,
    enough_scores,
    every_nth,
    pseudo_targets,
    upper_quantile,
)
from skmia.attacks._shadow_base import ShadowAttack
from skmia.exceptions import ResolutionWarning
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray, IndexArray
from skmia.utils import check_option, warn


class LiRAAttack(ShadowAttack):
    """Compare a record's likelihood under shadows with and without it.

    Shadow models are fitted with and without each record. Over them, the logit of
    the record's true class has one distribution where the record was seen (IN) and
    another where it was not (OUT). The score is the log likelihood ratio of the
    target's own logit under the two. It is black-box and finds single records that a
    model has memorised, which an average over records hides. See the user guide,
    :doc:`/guide/attacks`, for what differs from the published attack.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target. ``FrozenEstimator(model)`` attacks this very model; an unfitted
        classifier or Pipeline plays the membership game: a clone is fitted on half
        of each class; with ``"precomputed"``, X is the matrix of predicted
        probabilities, y the column of the true class, and `shadows` are given.
    mode : {"online", "offline"}, default="online"
        ``"online"`` compares IN with OUT. ``"offline"`` asks only how far above its
        OUT distribution a record lies, one-sided; weaker, but it also judges
        records that no shadow has seen.
    variance : {"shrunk", "per_record", "pooled", "global"}, default="shrunk"
        Where the spread of a record's distribution comes from. ``"shrunk"``: its own
        sample variance, shrunk towards the pooled one by as much as the data suggest,
        with a Student-t predictive density. ``"per_record"``: its own, as published;
        needs 64 shadows or more, and fewer than 5 on one side of a record are warned
        of and not used. ``"pooled"``: the spread about each record's mean,
        common to all records. ``"global"``: the spread of all values, the published
        fixed variance.
    signal : str, default="logit"
        What is compared; a name of :data:`skmia.signals.SIGNALS`.
    shadows : int, ShadowModels or ShadowSignals, default=16
        Number of shadow models, 4 at least, or 2 where they tell both sides of every
        record; or how they are made; or shadows that are there already, whose records
        are the rows given to `fit`, in the same order.
    max_fpr : float, default=0.01
        Fraction of non-members that ``predict`` may accuse. The threshold comes from
        shadows used as targets, never from the rows that are reported.
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
        The threshold on offline scores, which ``decision_function`` and ``predict``
        use where a call is scored offline.
    shadows_ : ShadowSignals
        The shadows, for other attacks on the same target and pool.
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
    LossThresholdAttack : Needs no shadows, and finds over-fitting only.
    RMIAAttack : Compares with one average in place of two distributions.
    skmia.shadows.fit_shadows : Fits shadows for several attacks.

    Notes
    -----
    Rows given to `fit` are the pool. Later rows are found in it by content (features
    and label). Where all are there, the call is scored in the fitted mode; otherwise
    all of it is scored offline from the kept models, which is another scale with an
    offset of its own.

    With ``ShadowModels(n_queries=...)``, the target and all shadows are asked about the
    same copies of a record, the probabilities are averaged, and the signal is taken of
    that mean. Use it for a target that was trained with noise or augmentation, with
    that `noise`; leave it where the target was fitted on the records as they are. See
    the user guide, :doc:`/guide/shadows`, for figures.

    Do not take a low score as proof that a record is safe: a stronger attack, or one
    with access to the model's parameters, may still find it. Do not pass a target that
    was fitted on rows outside of the pool: shadows then learn from less than it did.

    References
    ----------
    Carlini, Chien, Nasr, Song, Terzis and Tramer, "Membership Inference Attacks From
    First Principles", IEEE S&P 2022, algorithm 1 and section IV.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import LiRAAttack
    >>> from skmia.metrics import roc_auc
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = LiRAAttack(DecisionTreeClassifier(), shadows=8, random_state=0)
    >>> scores = attack.fit(X, y).score_samples(X, y)
    >>> roc_auc(attack.membership_, scores) > 0.5
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        mode: str = "online",
        variance: str = "shrunk",
        signal: str = "logit",
        shadows: int | ShadowModels | ShadowSignals = 16,
        max_fpr: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.mode = mode
        self.variance = variance
        self.signal = signal
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def learns_from_shadows(self) -> bool:
        """Whether more is learnt from the shadows than a formula reads off them.

        It is not: every record is compared with its own distributions.
        """
        return False

    def _signals(self) -> tuple[str, ...]:
        return (self.signal,)

    def _check_params(self) -> None:
        check_option(self.mode, "mode", ("online", "offline"))
        check_option(self.variance, "variance", VARIANCES)
        super()._check_params()

    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: BoolArray,
        random_state: np.random.RandomState,
    ) -> None:
        if self.mode == "online" and not member.any():
            raise ValueError(
                "mode='online' compares shadows that hold a record with shadows that "
                "do not. Got shadows that hold none of the records; pass "
                "mode='offline'."
            )
        self._sides = TwoSides(self._compared, self.signal, self.variance)
        if self.variance == "per_record":
            self._warn_of_few_values()
        online, offline = self._shadows_as_targets()
        self.offline_offset_ = upper_quantile(offline, self.max_fpr)
        self.offset_ = upper_quantile(online, self.max_fpr)

    def _warn_of_few_values(self) -> None:
        sides = [self._sides.outside]
        if self.mode == "online":
            sides.append(self._sides.inside)
        few = np.any([side.count < LEAST_OWN for side in sides], axis=0)
        if few.any():
            warn(
                f"variance='per_record': {few.sum()} of {len(few)} records have fewer "
                f"than {LEAST_OWN} shadows with them or without them, which tell no "
                "spread. They are judged by that of the other side, or of all records. "
                "Pass variance='shrunk', or more shadows.",
                ResolutionWarning,
            )

    def _shadows_as_targets(self) -> tuple[list[FloatArray], list[FloatArray]]:
        """Scores of each shadow's non-members, judged by the other shadows."""
        online, offline = [], []
        n_nonmembers = int(self._member.size - np.count_nonzero(self._member))
        enough = enough_scores(self.max_fpr)
        for k, complement in enumerate(self.shadows_.complements):
            rows = np.flatnonzero(~self._member[k])
            rows = every_nth(rows, n_nonmembers, enough, k)
            inside, outside = self._sides.of_shadow(k, complement, rows)
            x = self._compared.answers(self.signal, k, rows)
            offline.append(self._sides.offline(x, outside))
            if self.mode == "online":
                online.append(self._sides.online(x, inside, outside))
        return online or offline, offline

    def _plays_of(
        self, targets: IndexArray | None
    ) -> Iterator[tuple[IndexArray, BoolArray, FloatArray]]:
        member, complements = self._member, self.shadows_.complements
        rows = np.arange(member.shape[1])
        if targets is None:
            targets = pseudo_targets(complements, len(rows))
        for k in targets:
            inside, outside = self._sides.of_shadow(k, complements[k], rows)
            x = self._compared.answers(self.signal, k)
            if self.mode == "online":
                yield rows, member[k], self._sides.online(x, inside, outside)
            else:
                yield rows, member[k], self._sides.offline(x, outside)

    def _plays(self) -> Iterator[tuple[IndexArray, BoolArray, FloatArray]]:
        yield from self._plays_of(None)

    def _all_plays(self) -> Iterator[tuple[IndexArray, BoolArray, FloatArray]]:
        yield from self._plays_of(np.arange(self.shadows_.n_shadows))

    def _about(self, compared: Comparison) -> Self:
        found = copy(self)
        found._sides = self._sides.about(compared)
        return found

    def _score_pool(
        self, values: dict[str, NDArray], rows: IndexArray
    ) -> tuple[FloatArray, float]:
        inside, outside = self._sides.at(rows)
        x = values[self.signal]
        if self.mode == "offline":
            return self._sides.offline(x, outside), self.offset_
        return self._sides.online(x, inside, outside), self.offset_

    def _offline(self, x: NDArray, values: NDArray, out: BoolArray) -> FloatArray:
        return self._sides.offline(x, Moments.of(values, out))

    def _is_online(self) -> bool:
        return self.mode == "online"
