"""Attack models trained on the answers of shadow models: Shokri's, and Salem's."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from skmia._models import draw_seeds, own_generators, seeded_clone
from skmia.attacks._scores import folds, pseudo_targets, upper_quantile
from skmia.attacks._shadow_base import ShadowAttack
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import BoolArray, FloatArray, IndexArray
from skmia.utils import check_option

_SORTED = ("top_1", "top_2", "top_3")
_LABELLED = ("logit", "entropy", "modified_entropy")
_ENOUGH_ROWS = 60_000
_FEWEST_RECORDS = 20  # of a class, for an attack model of its own


class ShadowClassifierAttack(ShadowAttack):
    """Train a classifier on answers about members and non-members.

    This is the first published attack with shadow models. Their answers about records
    that they have and have not seen are the training set of an attack model, which
    then judges the target's answers. It does not account for how difficult a record
    is, and the attacks that do are far ahead of it; it is here for comparison with the
    literature. See the user guide, :doc:`/guide/which_attack`.

    Parameters
    ----------
    estimator : classifier, FrozenEstimator or "precomputed"
        The target; see :class:`LiRAAttack`.
    features : {"labelled", "sorted"}, default="labelled"
        What the attack model is given. ``"sorted"``: the three largest probabilities,
        whatever their class (Salem). ``"labelled"``: those, the logit of the true
        class and both entropies.
    per_class : bool, default=True
        One attack model for each class (Shokri), where it has records enough;
        otherwise one for all.
    attack_estimator : classifier, default=None
        The attack model, with predict_proba; None for a small
        HistGradientBoostingClassifier.
    shadows : int, ShadowModels or ShadowSignals, default=16
        Number of shadow models, 4 at least; or how they are made; or shadows that are
        there already, whose records are the rows given to `fit`, in the same order.
    max_fpr : float, default=0.01
        Fraction of non-members that ``predict`` may accuse.
    n_jobs : int, default=None
        Shadows fitted at a time.
    random_state : int, RandomState or None, default=None
        Seeds the shadows, the membership game and the attack models.
    verbose : int, default=0
        A progress bar where it is above 0.

    Attributes
    ----------
    offset_ : float
        The threshold on ``score_samples``, from shadows that the judging attack model
        was not trained on.
    offline_offset_ : float
        The same: this attack has one scale, and judges rows outside of the pool too.
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
    StackedAttack : A learned attack that accounts for each record's difficulty.

    Notes
    -----
    The attack models are trained on shadows alone: never on the target's answers,
    whose membership is the question. Do not take a low figure for safety.

    References
    ----------
    Shokri, Stronati, Song and Shmatikov, "Membership Inference Attacks Against Machine
    Learning Models", IEEE S&P 2017, section V.

    Salem et al., "ML-Leaks: Model and Data Independent Membership Inference Attacks and
    Defenses on Machine Learning Models", NDSS 2019, section III.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import ShadowClassifierAttack
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> attack = ShadowClassifierAttack(
    ...     DecisionTreeClassifier(), shadows=8, random_state=0
    ... )
    >>> attack.fit(X, y).score_samples(X, y).shape
    (569,)
    """

    def __init__(
        self,
        estimator: Any,
        *,
        features: str = "labelled",
        per_class: bool = True,
        attack_estimator: Any = None,
        shadows: int | ShadowModels | ShadowSignals = 16,
        max_fpr: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.features = features
        self.per_class = per_class
        self.attack_estimator = attack_estimator
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # The attack models judge any answer of the target: no shadow is asked again.
    _asks_shadows = False

    @property
    def needs_confidences(self) -> bool:
        """Whether a target that gives labels only cannot be attacked so.

        It cannot: of labels alone nothing is left to learn but whether they are right.
        """
        return True

    def _check_params(self) -> None:
        check_option(self.features, "features", ("labelled", "sorted"))
        given = self.attack_estimator
        if given is not None and not (
            hasattr(given, "predict_proba")
            and not isinstance(given, type)
            and is_classifier(given)
        ):
            raise TypeError(
                "The 'attack_estimator' parameter must be a classifier with "
                f"predict_proba, or None. Got {given!r} instead."
            )
        super()._check_params()

    def _signals(self) -> tuple[str, ...]:
        return _SORTED if self.features == "sorted" else (*_LABELLED, *_SORTED)

    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: BoolArray,
        random_state: np.random.RandomState,
    ) -> None:
        classes = self._target.columns
        pseudo = pseudo_targets(
            self.shadows_.complements, member.shape[1], _ENOUGH_ROWS
        )
        seeds = draw_seeds(random_state, 2)
        half = folds(pseudo, 2)
        for fold in (0, 1):
            held = member[pseudo[half == fold]]
            if held.all() or not held.any():
                raise ValueError(
                    "ShadowClassifierAttack learns from two halves of the shadows what "
                    "members and non-members look like. Got a half with one of the two "
                    "only; pass shadows that hold some of the records and not others."
                )
        # One thread: a class has few rows, and threads would wait for one another.
        with threadpool_limits(1):
            self._models = [
                self._train(
                    values, member, pseudo[half != fold], classes, int(seeds[fold])
                )
                for fold in (0, 1)
            ]
            held_out = [
                self._judge(
                    [self._models[fold]], {s: v[k] for s, v in values.items()}, classes
                )
                for k, fold in zip(pseudo, half, strict=True)
            ]
        everything = np.arange(member.shape[1])
        self._judged = [
            (everything, member[k], scores.astype(np.float32))
            for k, scores in zip(pseudo, held_out, strict=True)
        ]
        self._fold_of = dict(zip(pseudo.tolist(), half.tolist(), strict=True))
        nonmembers = [s[~member[k]] for k, s in zip(pseudo, held_out, strict=True)]
        self.offset_ = upper_quantile(nonmembers, self.max_fpr)
        self.offline_offset_ = self.offset_

    def _all_plays(self) -> Iterator[tuple[IndexArray, BoolArray, FloatArray]]:
        values = self._compared.own
        rows, classes = np.arange(self._member.shape[1]), self._target.columns
        for k, member in enumerate(self._member):
            # Of two attack models the one that has not learnt from this shadow.
            judges = self._models
            if k in self._fold_of:
                judges = [judges[self._fold_of[k]]]
            with threadpool_limits(1):
                own = {name: v[k] for name, v in values.items()}
                yield rows, member, self._judge(judges, own, classes)

    def _train(
        self,
        values: dict[str, NDArray],
        member: BoolArray,
        shadows: IndexArray,
        classes: IndexArray,
        seed: int,
    ) -> dict[int | None, Any]:
        """Attack models by class column, and the common one under None."""
        answers = {s: v[shadows] for s, v in values.items()}
        truth = member[shadows]
        models: dict[int | None, Any] = {
            None: self._attack_model(answers, truth, slice(None), seed)
        }
        if self.per_class:
            for column, count in enumerate(np.bincount(classes)):
                if count >= _FEWEST_RECORDS:
                    rows = classes == column
                    # A class on one side only has nothing to tell them apart by.
                    if 0 < truth[:, rows].mean() < 1:
                        models[column] = self._attack_model(answers, truth, rows, seed)
        return models

    def _attack_model(
        self,
        answers: dict[str, NDArray],
        truth: BoolArray,
        rows: BoolArray | slice,
        seed: int,
    ) -> Any:
        chosen = self.attack_estimator
        if chosen is None:
            chosen = HistGradientBoostingClassifier(
                max_iter=50, max_leaf_nodes=8, early_stopping=False
            )
        columns = [answers[s][:, rows].ravel() for s in self._signals()]
        with own_generators(seed):
            return seeded_clone(chosen, seed).fit(
                np.column_stack(columns), truth[:, rows].ravel()
            )

    def _judge(
        self,
        trained: list[dict[int | None, Any]],
        answers: dict[str, NDArray],
        classes: IndexArray,
    ) -> FloatArray:
        """Mean log odds of membership over the cross-fitted attack models."""
        features = np.column_stack([answers[s] for s in self._signals()])
        odds = np.zeros(len(features))
        for models in trained:
            for column in np.unique(classes):
                rows = classes == column
                model = models.get(column, models[None])
                p = model.predict_proba(features[rows])[:, 1]
                p = np.clip(p, 1e-12, 1 - 1e-12)
                odds[rows] += (np.log(p) - np.log1p(-p)) / len(trained)
        return odds

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        proba, columns = self._answers(X, y)
        values = self._soften(self._answers_of(proba, columns))
        with threadpool_limits(1):
            return self._judge(self._models, values, columns), self.offset_
