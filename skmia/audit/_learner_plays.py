"""Every model of a learner as a target; all others but its partner are shadows."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed

from skmia._tables import Persons, take_rows
from skmia.attacks import LossThresholdAttack, ShadowAttack
from skmia.audit._cv_run import SplitModel
from skmia.audit._game import groups_of_pairs, mean_of_pairs, values_of_target
from skmia.audit._persons import Rule, choose_rule
from skmia.audit._reach import takes_shadows
from skmia.exceptions import OneSidedRecordsWarning, UninformativeShadowsWarning
from skmia.metrics import Metric
from skmia.shadows import ShadowSignals
from skmia.signals import MEMBER_SIGN

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


class AnyOfThem(ClassifierMixin, BaseEstimator):
    """Stand for the models in the fit of an attack that judges shadows alone.

    Nothing is read of its answers: the targets' are a row of the shadows' each.
    """

    def __init__(self, classes: NDArray, n_features: int) -> None:
        self.classes = classes
        self.n_features = n_features
        self.classes_ = classes
        self.n_features_in_ = n_features

    @classmethod
    def frozen(cls, classes: NDArray, X: Any) -> FrozenEstimator:
        """Make one for rows like those of `X`."""
        width = X.shape[1] if hasattr(X, "shape") else len(X[0])
        return FrozenEstimator(cls(classes, width))

    def fit(self, X: Any, y: Any) -> "AnyOfThem":
        return self

    def predict(self, X: Any) -> NDArray:
        return self.classes[np.zeros(len(self.predict_proba(X)), dtype=np.intp)]

    def predict_proba(self, X: Any) -> FloatArray:
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        return np.full((n, len(self.classes)), 1 / len(self.classes))


def needs_models(attack: Any) -> bool:
    """Whether an attack asks the models themselves, again or about other rows."""
    return not isinstance(attack, (ShadowAttack, LossThresholdAttack))


def check_plays(attacks: Mapping[str, Any]) -> None:
    """Raise for an attack that can only judge a model that it was given."""
    for name, attack in attacks.items():
        if takes_shadows(attack) and not isinstance(attack, ShadowAttack):
            raise TypeError(
                f"attacks[{name!r}] takes shadow models and is no ShadowAttack. "
                "audit_learner plays with the shadows as targets, which only a "
                f"ShadowAttack can judge. Got {type(attack).__name__} instead; pass a "
                "subclass of ShadowAttack, or one that takes no shadows."
            )


def play(
    attack: Any,
    signals: ShadowSignals,
    X: Any,
    y: NDArray,
    persons: Persons | None,
    asked: BoolArray,
) -> FloatArray:
    """Scores of (n_targets, n_records), NaN where none is `asked` for."""
    if isinstance(attack, LossThresholdAttack):
        return np.where(
            asked, MEMBER_SIGN[attack.signal] * signals.get(attack.signal), np.nan
        )
    scores = np.full(asked.shape, np.nan)
    with warnings.catch_warnings():
        # The report's own guards say so for all targets together.
        warnings.simplefilter("ignore", OneSidedRecordsWarning)
        warnings.simplefilter("ignore", UninformativeShadowsWarning)
        known = {} if persons is None else {"groups": persons}
        attack.set_params(shadows=signals).fit(X, y, **known)
        for k, (rows, _, found) in enumerate(attack.score_shadows(every=True)):
            scores[k, rows] = found
    return np.where(asked, scores, np.nan)


def play_live(
    attack: Any,
    signals: ShadowSignals,
    X: Any,
    y: NDArray,
    persons: Persons | None,
    asked: BoolArray,
    classes: NDArray,
    seen: BoolArray,
) -> FloatArray:
    """The same of an attack that asks the models, which were kept."""
    scores = np.full(asked.shape, np.nan)
    assert signals.models is not None
    known = {} if persons is None else {"groups": persons}
    for k, model in enumerate(signals.models):
        target = FrozenEstimator(SplitModel(model, classes))
        rows = np.flatnonzero(asked[k])
        attack.set_params(estimator=target).fit(X, y, membership=seen[k], **known)
        scores[k, rows] = attack.score_samples(take_rows(X, rows), y[rows])
    return scores


@dataclass(frozen=True)
class Reader:
    """Read figures of targets, per row and per person where these are known.

    Attributes
    ----------
    metrics : sequence of Metric
        What is read, by unit: rows, and persons, of whom there are fewer.
    member, asked : ndarray of bool of shape (n_targets, n_records)
        The members of each target, and the records that its figures are about.
    persons : ndarray of int or None
        Whose the records are.
    """

    metrics: Mapping[str, Sequence[Metric]]
    member: BoolArray
    asked: BoolArray
    persons: Persons | None

    def of(self, targets: IndexArray) -> "Reader":
        """The same of some of the targets."""
        member, asked = self.member[targets], self.asked[targets]
        return replace(self, member=member, asked=asked)

    def read(
        self, scores: FloatArray, rules: Sequence[Rule]
    ) -> dict[tuple[str, str], FloatArray]:
        """Figures of every target, by unit and metric."""
        found: dict[tuple[str, str], list[float]] = {}
        for k, own in enumerate(scores):
            rows = np.flatnonzero(self.asked[k])
            sides = {"row": (self.member[k, rows], own[rows])}
            if self.persons is not None:
                _, first, of = np.unique(
                    self.persons[rows], return_index=True, return_inverse=True
                )
                of_persons = rules[k].scores(own[rows], of)
                sides["person"] = (self.member[k, rows[first]], of_persons)
            for unit, (member, values) in sides.items():
                metrics = self.metrics[unit]
                figures = values_of_target(metrics, member, values)
                for metric, figure in zip(metrics, figures, strict=True):
                    found.setdefault((unit, metric.name), []).append(figure)
        return {key: np.array(figures) for key, figures in found.items()}

    def choose_rules(self, scores: FloatArray) -> list[Rule]:
        """How a person's scores make one: for each target by pairs that are not its.

        Pairs alternate between two halves, and each half is chosen for on the other.
        """
        if self.persons is None:
            return [Rule()] * len(scores)
        plays = []
        for k, own in enumerate(scores):
            rows = np.flatnonzero(self.asked[k])
            plays.append((self.persons[rows], self.member[k, rows], own[rows]))
        half = np.arange(len(scores)) // 2 % 2
        rules = [
            choose_rule([p for p, h in zip(plays, half, strict=True) if h != own])
            for own in (0, 1)
        ]
        return [rules[h] for h in half]


def play_without(
    attacks: Mapping[str, Any],
    signals: ShadowSignals,
    X: Any,
    y: NDArray,
    reader: Reader,
    rules: Mapping[str, Sequence[Rule]],
    n_jobs: int | None,
) -> dict[str, dict[tuple[str, str], FloatArray]]:
    """Figures without each group of pairs, of the attacks with shadow models.

    For each attack, unit and metric an array of (n_groups, n_pairs): means of a pair,
    NaN of those in the group.
    """
    group = np.repeat(groups_of_pairs(signals.n_shadows // 2), 2)
    taking = {name: a for name, a in attacks.items() if isinstance(a, ShadowAttack)}
    # What learns is learnt anew many times. The others' share has to do for it, where
    # there are others.
    quick = [name for name, attack in taking.items() if not attack.learns_from_shadows]
    wanted = quick or list(taking)
    kept = [np.flatnonzero(group != g) for g in range(group[-1] + 1)]
    tasks = [
        delayed(_figures_of_rest)(
            attacks[name], signals, X, y, reader, rules[name], targets
        )
        for targets in kept
        for name in wanted
    ]
    found = Parallel(n_jobs=n_jobs)(tasks) if tasks else []
    without: dict[str, dict[tuple[str, str], FloatArray]] = {}
    for i, figures in enumerate(found):
        g, name = i // len(wanted), wanted[i % len(wanted)]
        for key, values in figures.items():
            table = without.setdefault(name, {}).setdefault(
                key, np.full((len(kept), len(group) // 2), np.nan)
            )
            table[g, kept[g][::2] // 2] = mean_of_pairs(values)
    return without


def _figures_of_rest(
    attack: Any,
    signals: ShadowSignals,
    X: Any,
    y: NDArray,
    reader: Reader,
    rules: Sequence[Rule],
    targets: IndexArray,
) -> dict[tuple[str, str], FloatArray]:
    part = ShadowSignals(
        {name: array[targets] for name, array in signals.signals.items()},
        signals.member[targets],
        record_hashes=signals.record_hashes,
        queries=signals.queries,
    )
    rest = reader.of(targets)
    scores = play(attack, part, X, y, reader.persons, rest.asked)
    return rest.read(scores, [rules[k] for k in targets])
