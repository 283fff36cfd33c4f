"""Persons of several rows: one score for each, by a rule that shadows chose.

Whoever asks whether a person was in the training set has all rows of that person. How
their scores are best put together depends on the model and on the attack, and is
learnt from shadows used as targets: the best of several rules on the reported rows
would read too much.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import count_sides
from skmia.metrics import roc_auc
from skmia.shadows import ShadowSignals
from skmia.signals import MEMBER_SIGN
from skmia.utils import Names

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
# Membership and scores of one shadow used as a target.
Play = tuple[BoolArray, NDArray[np.floating]]


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
        "person_rules": choose_rules(attacks, shadows, kept, persons[kept]),
        "n_split": count_sides(split, member),
        "n_split_persons": len(np.unique(persons[split])),
    }


def choose_rules(
    attacks: Mapping[str, Any],
    shadows: ShadowSignals | None,
    kept: IndexArray,
    persons: IndexArray,
) -> dict[str, Rule]:
    """A rule for every attack; the mean where there are no shadows to choose it.

    Parameters
    ----------
    attacks : dict of str to attack
        The fitted attacks. One that compares with no shadows has its rule by what
        theirs would be of the shadows' answers.
    shadows : ShadowSignals or None
        The shadows.
    kept : ndarray of int
        Positions in the pool of the rows that figures are about.
    persons : ndarray of int
        Whose these are.
    """
    rules = {}
    for name, attack in attacks.items():
        plays: list[Play] = []
        if hasattr(attack, "score_shadows"):
            plays = [(m[kept], s[kept]) for m, s in attack.score_shadows()]
        if not plays and shadows is not None:
            plays = list(_plain(attack, shadows, kept))
        rules[name] = _choose(plays, persons)
    return rules


def _plain(attack: Any, shadows: ShadowSignals, kept: IndexArray) -> Iterable[Play]:
    """The shadows' own answers, by the signal that the attack reads."""
    signal = getattr(attack, "signal", "logit")
    if signal not in MEMBER_SIGN:
        signal = "logit"
    try:
        values = MEMBER_SIGN[signal] * shadows.get(signal)
    except ValueError:  # shadows that were made elsewhere may have the logit only
        values = shadows.get("logit")
    for k in range(shadows.n_shadows):
        yield shadows.member[k, kept], values[k, kept]


def _choose(plays: list[Play], persons: IndexArray) -> Rule:
    persons = np.unique(persons, return_inverse=True)[1]
    first = np.unique(persons, return_index=True)[1]
    plays = [(m, s) for m, s in plays if m[first].any() and not m[first].all()]
    if len(plays) < 2 or len(first) == len(persons):
        return Rule()
    outside = [float(s[~m].mean(dtype=np.float64)) for m, s in plays]
    rules = [Rule(name, float(np.mean(outside))) for name in _RULES]
    aucs = np.array(
        [
            [roc_auc(m[first], rule.scores(s, persons)) for m, s in plays]
            for rule in rules
        ]
    )
    gains = aucs - aucs[0]
    best = int(np.argmax(gains.mean(axis=1)))
    # On a few persons a difference below its standard error says nothing.
    error = gains[best].std(ddof=1) / np.sqrt(len(plays))
    return rules[best] if gains[best].mean() > error else rules[0]
