"""Persons of several rows: one score for each, by a rule that shadows chose.

Whoever asks whether a person was in the training set has all rows of that person. How
their scores are best put together depends on the model and on the attack, and is
learnt from shadows used as targets: the best of several rules on the reported rows
would read too much. It is learnt on the attack's own scores of them: a sum that counts
from the centre of another scale says how many rows there are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import count_sides
from skmia.attacks import LossThresholdAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowSignals
from skmia.signals import MEMBER_SIGN
from skmia.utils import Names

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
# Of one shadow used as a target: whose the rows are, their membership and scores.
Play = tuple[IndexArray, BoolArray, NDArray[np.floating]]


@dataclass(frozen=True)
class Rule:
    """How the scores of a person's rows make one.

    `centre` is the mean score of rows that were not trained on: a sum counts from
    there, or it would say how many rows there are.
    """

    name: str = "mean"
    centre: float = 0.0

    @property
    def title(self) -> str:
        """What a reader is told."""
        return _RULES[self.name][0]

    def scores(self, scores: NDArray[np.floating], persons: IndexArray) -> FloatArray:
        """A score for each person, by number from 0 without gaps."""
        order = np.lexsort([-scores, persons])
        of, values = persons[order], scores[order].astype(np.float64) - self.centre
        size = np.bincount(of)
        start = np.cumsum(size) - size
        rank = np.arange(len(of)) - start[of]
        taken = rank < _RULES[self.name][1](size)[of]
        totals = np.bincount(of[taken], weights=values[taken]).astype(np.float64)
        if self.name == "sum":
            return totals
        return totals / np.bincount(of[taken]) + self.centre


# How readers are told of a rule, and how many of a person's rows it takes, the highest
# first. The first one stands unless another is better, for more than chance.
_RULES: dict[str, tuple[str, Callable[[IndexArray], IndexArray]]] = {
    "mean": ("mean of a person's rows", lambda size: size),
    "sum": ("sum over a person's rows", lambda size: size),
    "half": (
        "mean of the higher half of a person's rows",
        lambda size: (size + 1) // 2,
    ),
    "top_2": ("mean of a person's two highest rows", lambda size: np.minimum(size, 2)),
    "max": ("highest of a person's rows", lambda size: np.ones_like(size)),
}


def title_of(rules: Rule | Sequence[Rule]) -> str:
    """What a reader is told of one rule, or of those of several models."""
    if isinstance(rules, Rule):
        return rules.title
    return ", or ".join(dict.fromkeys(rule.title for rule in rules))


def person_evidence(
    attacks: Mapping[str, Any],
    shadows: ShadowSignals | None,
    persons: IndexArray | None,
    names: Names | None,
    kept: IndexArray,
    split: BoolArray,
    member: BoolArray,
) -> dict[str, Any]:
    """What of an `Evidence` is about persons; nothing where they are not known.

    `kept` are the positions in the pool of the rows that figures are about, and `split`
    has the rows of persons on both sides, which are not among them.
    """
    if persons is None:
        return {}
    return {
        "person_names": names,
        "person_rules": choose_rules(attacks, shadows, persons, kept),
        "n_split": count_sides(split, member),
        "n_split_persons": len(np.unique(persons[split])),
    }


def choose_rules(
    attacks: Mapping[str, Any],
    shadows: ShadowSignals | None,
    persons: IndexArray,
    kept: IndexArray,
) -> dict[str, Rule]:
    """A rule for every attack; the mean where no shadows can choose it.

    Parameters
    ----------
    attacks : dict of str to attack
        The fitted attacks. One that says nothing of shadows has the mean, and the
        threshold on a signal the rule by that signal of the shadows.
    shadows : ShadowSignals or None
        The shadows.
    persons : ndarray of int of shape (n_records,)
        Whose the rows of the pool are.
    kept : ndarray of int
        Positions of those that figures are about.
    """
    compared = np.zeros(len(persons), dtype=bool)
    compared[kept] = True
    rules = {}
    for name, attack in attacks.items():
        plays: list[Play] = []
        if hasattr(attack, "score_shadows"):
            for rows, member, scores in attack.score_shadows():
                of = compared[rows]
                plays.append((persons[rows[of]], member[of], scores[of]))
        if isinstance(attack, LossThresholdAttack) and shadows is not None:
            plays = list(_signal_plays(attack.signal, shadows, persons, kept))
        rules[name] = choose_rule(plays)
    return rules


def _signal_plays(
    signal: str, shadows: ShadowSignals, persons: IndexArray, kept: IndexArray
) -> Iterable[Play]:
    """What the threshold on a signal says of the shadows: the signal itself."""
    try:
        values = MEMBER_SIGN[signal] * shadows.get(signal)
    except ValueError:  # shadows that were made elsewhere may have the logit only
        return
    for k in range(shadows.n_shadows):
        yield persons[kept], shadows.member[k, kept], values[k, kept]


def choose_rule(plays: list[Play]) -> Rule:
    """The rule that is best on some plays, or the mean."""
    plays = [play for play in plays if play[1].any() and not play[1].all()]
    if len(plays) < 2 or all(len(np.unique(p)) == len(p) for p, _, _ in plays):
        return Rule()
    outside = [float(s[~m].mean(dtype=np.float64)) for _, m, s in plays]
    rules = [Rule(name, float(np.mean(outside))) for name in _RULES]
    aucs = np.array([_aucs(rules, *play) for play in plays])
    gains = aucs - aucs[:, :1]
    best = int(np.argmax(gains.mean(axis=0)))
    # On a few persons a difference below its standard error says nothing.
    error = gains[:, best].std(ddof=1) / np.sqrt(len(plays))
    return rules[best] if gains[:, best].mean() > error else rules[0]


def _aucs(
    rules: list[Rule],
    persons: IndexArray,
    member: BoolArray,
    scores: NDArray[np.floating],
) -> list[float]:
    """AUC of persons in one shadow, by each rule."""
    _, first, of = np.unique(persons, return_index=True, return_inverse=True)
    return [roc_auc(member[first], rule.scores(scores, of)) for rule in rules]
