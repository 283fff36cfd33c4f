"""Whether there are enough shadow models: asked of shadows, never of the target.

Shadows know their own members. Each is attacked with the others, once with all and once
with those of its own half, as if it were the target. What the strongest attack gains by
the larger number tells how much further shadows would add. The target's answers, and
who its members are, play no part, so that the number at which one stops is no choice
by the figures of the report, and their intervals keep their level.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.base import clone

from skmia.attacks import LiRAAttack, RMIAAttack, ShadowAttack
from skmia.exceptions import (
    OneSidedRecordsWarning,
    ResolutionWarning,
    UninformativeShadowsWarning,
)
from skmia.metrics import Metric, metrics_at
from skmia.shadows import ShadowSignals

# Records that shadows are judged on, at most; figures are about all of them.
_MOST_RECORDS = 20_000
# Of what attacks find above chance, the part that is no matter.
_SLIGHT = 0.05
# One-sided level of what further shadows may add.
_LEVEL = 0.95


class EnoughShadows:
    """Called with growing sets of shadows; keeps what it has found.

    Parameters
    ----------
    attacks : dict of str to attack
        Those of the audit. What learns from the shadows would have to be learnt anew
        for each of them: LiRA and RMIA stand in for it.
    persons : ndarray of int of shape (n_records,) or None
        Whose the records are.
    kept : ndarray of int
        Records that figures are about.
    max_fprs : sequence of float
        Rates at which the TPR is read.
    confidence_level : float
        Level of the figures' intervals.
    precision : "auto" or float
        See :class:`skmia.shadows.ShadowModels`.
    """

    def __init__(
        self,
        attacks: Mapping[str, Any],
        persons: NDArray[np.intp] | None,
        kept: NDArray[np.intp],
        max_fprs: Sequence[float],
        confidence_level: float,
        precision: float | Literal["auto"],
    ) -> None:
        self._attacks = _yardsticks(attacks)
        self._n_kept = len(kept)
        step = -(-len(kept) // _MOST_RECORDS)
        # Members come first: every so many-th of all, whoever they are.
        self._rows = kept[::step]
        self._persons = persons
        self._max_fprs = max_fprs
        self._level = confidence_level
        self._precision = precision
        self.steps: list[dict[str, Any]] = []
        self.settled = False

    def __call__(self, made: ShadowSignals) -> bool:
        found = self._compare(made)
        self.steps += found
        self.settled = all(one["at_most"] <= one["allowed"] for one in found)
        return self.settled

    def _compare(self, made: ShadowSignals) -> list[dict[str, Any]]:
        n = made.n_shadows
        pairs = _pairs(made.complements)
        groups = [np.concatenate(part) for part in (pairs[::2], pairs[1::2])]
        everyone = self._judge(made, np.arange(n))
        parts = {name: np.empty_like(scores) for name, scores in everyone.items()}
        for group in groups:
            for name, scores in self._judge(made, group).items():
                parts[name][group] = scores
        member = made.member[:, self._rows]
        n_other = sum(len(group) - 2 for group in groups) / 2
        extra = _what_is_missing(n, n_other)
        return [
            self._read(metric, member, parts, everyone, pairs, extra)
            for metric in metrics_at(self._max_fprs)
            if metric.name != "advantage"
            and (~member).sum(axis=1).min() >= metric.needed_nonmembers
        ]

    def _read(
        self,
        metric: Metric,
        member: NDArray[np.bool_],
        few: Mapping[str, NDArray],
        all_: Mapping[str, NDArray],
        pairs: list[NDArray[np.intp]],
        extra: float,
    ) -> dict[str, Any]:
        """What the strongest attack gains in one figure, and may still gain."""
        less, more = (
            {
                name: np.array(
                    [metric.value(m, s) for m, s in zip(member, own, strict=True)]
                )
                for name, own in scores.items()
            }
            for scores in (few, all_)
        )
        best_of_few = max(less, key=lambda name: float(less[name].mean()))
        best = max(more, key=lambda name: float(more[name].mean()))
        gains = more[best] - less[best_of_few]
        # The two of a pair are no two draws.
        of_pairs = np.array([gains[pair].mean() for pair in pairs])
        gain = float(of_pairs.mean())
        error = float(of_pairs.std(ddof=1)) / np.sqrt(len(of_pairs))
        margin = float(student.ppf(_LEVEL, len(of_pairs) - 1)) * error
        return {
            "n_shadows": len(gains),
            "attack": best,
            "metric": metric.name,
            "with_fewer": float(less[best_of_few].mean()),
            "value": float(more[best].mean()),
            "expected": extra * max(gain, 0.0),
            "at_most": extra * max(gain + margin, 0.0),
            "allowed": self._allowed(
                metric, member, all_[best], float(more[best].mean())
            ),
        }

    def _allowed(
        self,
        metric: Metric,
        member: NDArray[np.bool_],
        scores: NDArray,
        value: float,
    ) -> float:
        if self._precision != "auto":
            return float(self._precision)
        widths = [
            np.subtract(*metric.interval(m, s, confidence_level=self._level)[::-1])
            for m, s in zip(member[:4], scores[:4], strict=True)
        ]
        share = np.sqrt(len(self._rows) / self._n_kept)
        return float(
            max(np.mean(widths) / 2 * share, _SLIGHT * (value - metric.chance))
        )

    def _judge(
        self, made: ShadowSignals, of: NDArray[np.intp]
    ) -> dict[str, NDArray[np.floating]]:
        """Scores of some shadows, each by the others of them, by attack."""
        rows = self._rows
        found = {}
        persons = None if self._persons is None else self._persons[rows]
        known = {} if persons is None else {"groups": persons}
        # Nothing is read of a target's own answers.
        alike = np.full((len(rows), 2), 0.5)
        nothing = np.arange(len(rows)) % 2
        for name, attack in self._attacks.items():
            names = attack._signals()
            given = ShadowSignals(
                {"logit": made.signals["logit"][of][:, rows]}
                | {s: made.get(s)[of][:, rows] for s in names},
                made.member[of][:, rows],
                other={s: v[of][:, rows] for s, v in made.other.items() if s in names},
                counterfactual=made.counterfactual_,
            )
            judge = clone(attack).set_params(estimator="precomputed", shadows=given)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OneSidedRecordsWarning)
                warnings.simplefilter("ignore", ResolutionWarning)
                warnings.simplefilter("ignore", UninformativeShadowsWarning)
                judge.fit(alike, nothing, **known)
                plays = list(judge.score_shadows(every=True))
            found[name] = np.array([scores for _, _, scores in plays])
        return found

    def about(self, most: int) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "settled": self.settled or not self.steps,
            "max_models": most,
            "precision": None if self._precision == "auto" else self._precision,
            "steps": self.steps,
        }


def _yardsticks(attacks: Mapping[str, Any]) -> dict[str, Any]:
    """The attacks that shadows are judged by."""
    taking = {n: a for n, a in attacks.items() if isinstance(a, ShadowAttack)}
    found = {n: a for n, a in taking.items() if not a.learns_from_shadows}
    if len(found) < len(taking) or not found:
        kinds = {type(attack) for attack in found.values()}
        for name, kind in (("lira", LiRAAttack), ("rmia", RMIAAttack)):
            if kind not in kinds:
                found[name] = kind("precomputed")
    found = {name: clone(a, safe=False) for name, a in found.items()}
    for attack in found.values():
        if isinstance(attack, RMIAAttack) and attack.a == "auto":
            # Read of records alone that are in no shadow or in all; long to choose.
            attack.set_params(a=0.3)
    return found


def _pairs(complements: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Shadows with their complements; the others by two, as they come."""
    first = np.flatnonzero(complements > np.arange(len(complements)))
    single = np.flatnonzero(complements < 0)
    pairs = [np.array([k, complements[k]]) for k in first]
    return pairs + np.array_split(single, max(len(single) // 2, 1))[: len(single)]


def _what_is_missing(n: int, fewer: float) -> float:
    """How much any number of shadows adds to `n`, where n - 2 add 1 to `fewer`.

    If figures fall short of their limit by 1 / sqrt(n), the slowest that was seen.
    """
    return float(n**-0.5 / (fewer**-0.5 - (n - 2) ** -0.5))
