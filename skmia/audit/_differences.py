"""Differences of figures of two reports, with intervals.

An interval of a difference is put together from the two intervals, by the correlation
of the two errors (Zou and Donner, "Construction of confidence limits about effect
measures", Statistics in Medicine 2008). The correlation is that of the same records, or
of the same pairs of models; 0 where the draws are independent; and -1, the worst, where
nothing is known.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skmia.audit._averages import game_of, read
from skmia.audit._evidence import Evidence
from skmia.audit._figures import Figure, with_gap
from skmia.audit._game import Game, mean_interval, mean_of_pairs
from skmia.audit._guards import MIN_FALSE_POSITIVES
from skmia.metrics import Interval, Metric, allowed_false_positives, clopper_pearson

FloatArray = NDArray[np.float64]

# Members, and non-members, that are taken to differ all the way though none may do so:
# as in the adjusted interval of Agresti and Min for a difference of paired shares.
_UNSEEN = 2.0


@dataclass(frozen=True)
class Pairing:
    """How the draws behind two reports belong together.

    Attributes
    ----------
    kind : {"records", "halves", "independent", "unknown"}
        The same records, the same halves of one pool, other halves of one pool, or
        none of these.
    why : str
        A sentence for readers.
    """

    kind: str
    why: str

    @classmethod
    def of(cls, one: Evidence | None, other: Evidence | None) -> "Pairing":
        """Tell by the contents of the records, and by who was a member of what."""
        if one is None or other is None:
            return cls(
                "unknown",
                "A report that was read from a file holds no records. The intervals of "
                "the differences are put together from those of the two reports, as "
                "wide as they may have to be.",
            )
        if not (one.digest and one.digest == other.digest):
            return cls(
                "unknown",
                "The two reports are about different records, or it is not known that "
                "they are the same. The intervals of the differences are as wide as "
                "they may have to be.",
            )
        same = (
            np.array_equal(one.membership, other.membership)
            and _equal(one.target, other.target)
            and _equal(one.record, other.record)
            and _equal(one.positions, other.positions)
        )
        if one.are_pairs:
            if same:
                return cls(
                    "halves", "Both were trained on the same halves of the rows."
                )
            if one.seed != other.seed:
                return cls(
                    "independent",
                    "They were trained on other halves of the same rows. With equal "
                    "seeds the intervals of the differences would be narrower.",
                )
        elif same and one.target is None:
            return cls(
                "records",
                "Both are about the same records, which are compared one by one.",
            )
        return cls(
            "unknown",
            "Members of the one are not members of the other, or it is not known how "
            "the models belong together. The intervals of the differences are as wide "
            "as they may have to be.",
        )


def combine(
    first: tuple[float, float, float], second: tuple[float, float, float], rho: float
) -> Interval:
    """Interval of the second minus the first, of (value, low, high) each."""
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    ends = []
    for one, other, sign in ((b - b_low, a_high - a, -1), (b_high - b, a - a_low, 1)):
        reach = one**2 + other**2 - 2 * rho * one * other
        ends.append(b - a + sign * float(np.sqrt(max(reach, 0.0))))
    return Interval(*ends)


def of_figures(
    pairing: Pairing,
    units: tuple[Evidence | None, Evidence | None],
    metric: Metric,
    first: Figure,
    second: Figure,
    *,
    strongest: bool = False,
) -> Interval:
    """Interval of the difference of two figures, of one metric and unit.

    Figures of the strongest come with the ends that `is_worst` asks for.
    """
    one, other = units
    if not strongest and one and other and is_worst(pairing, metric, one):
        first, second = (
            _at_shared_level(of, metric, figure)
            for of, figure in ((one, first), (other, second))
        )
    a, b = _numbers(first), _numbers(second)
    if pairing.kind == "unknown" or one is None or other is None:
        return combine(a, b, -1.0)
    if pairing.kind == "independent" and not strongest:
        found = [
            _own_interval(of, metric, f) for of, f in ((one, first), (other, second))
        ]
        return combine(found[0], found[1], 0.0)
    if pairing.kind == "independent":
        return combine(a, b, 0.0)
    if pairing.kind == "halves":
        if not strongest:
            return _of_halves(one, other, metric, first, second)
        return combine(a, b, _rho_of_halves(one, other, metric, first, second))
    if is_worst(pairing, metric, one):
        return combine(a, b, -1.0)
    return combine(a, b, _rho_of_records(one, other, metric, first, second))


def is_worst(pairing: Pairing, metric: Metric, one: Evidence) -> bool:
    """Whether a TPR may be all or nothing, since few non-members are behind it.

    The errors of two such figures do not add up as those of sums do: the interval of
    their difference goes from end to end of two intervals that hold together.
    """
    if pairing.kind != "records" or metric.max_fpr is None:
        return False
    allowed = allowed_false_positives(one.n_nonmembers, metric.max_fpr)
    return bool(allowed < MIN_FALSE_POSITIVES)


def _at_shared_level(evidence: Evidence, metric: Metric, figure: Figure) -> Figure:
    level = evidence.sharing(2).confidence_level
    _, (low, high) = read(with_gap(evidence), metric, figure.attack, level)
    return replace(figure, low=low, high=high)


def of_accuracy(
    pairing: Pairing, one: Evidence | None, other: Evidence | None, level: float
) -> Interval | None:
    """Interval of the difference of the accuracies on non-members."""
    if one is None or other is None or one.correct is None or other.correct is None:
        return None
    if one.are_pairs and other.are_pairs:
        values = [
            np.array([of.correct[t][~of.membership[t]].mean() for t in of.targets])
            for of in (one, other)
            if of.correct is not None
        ]
        if pairing.kind == "halves":
            return _mean_of(values[1] - values[0], level)
        found = [(float(v.mean()), *_mean_of(v, level)) for v in values]
        rho = 0.0 if pairing.kind == "independent" else -1.0
        return combine(found[0], found[1], rho)
    if one.target is not None or other.target is not None:
        return None
    right = [
        of.correct[~of.membership].astype(np.float64)
        for of in (one, other)
        if of.correct is not None
    ]
    found = [
        (
            float(r.mean()),
            *clopper_pearson(int(r.sum()), len(r), confidence_level=level),
        )
        for r in right
    ]
    rho = -1.0
    if pairing.kind == "records":
        x, y = (r - r.mean() for r in right)
        rho = _rho(x, y, _UNSEEN)
    return combine(found[0], found[1], rho)


def _numbers(figure: Figure) -> tuple[float, float, float]:
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    return figure.value, figure.low, figure.high


def _own_interval(
    evidence: Evidence, metric: Metric, figure: Figure
) -> tuple[float, float, float]:
    """Of a learner, before its end is moved to what guessing has."""
    game = game_of(with_gap(evidence), metric, figure.attack)
    key = (figure.attack, metric.name)
    value = float(game.values[key].mean())
    error, df = game.error(key)
    if not error:
        return _numbers(figure)
    return value, *mean_interval(value, error, df, evidence.confidence_level)


def _of_halves(
    one: Evidence, other: Evidence, metric: Metric, first: Figure, second: Figure
) -> Interval:
    """Of two learners on the same halves: of the differences of their models."""
    games = [
        game_of(with_gap(of), metric, figure.attack)
        for of, figure in ((one, first), (other, second))
    ]
    keys = [(figure.attack, metric.name) for figure in (first, second)]
    key = keys[0]
    values, without = {}, {}
    # Those of other attacks, too: some are taken to share as much as these do.
    for known in {key, *games[0].without} & {key, *games[1].without}:
        if known in games[0].values and known in games[1].values:
            values[known] = games[1].values[known] - games[0].values[known]
        if known in games[0].without and known in games[1].without:
            without[known] = games[1].without[known] - games[0].without[known]
    game = Game(one.membership, values, without, games[0].like_others)
    error, df = game.error(key)
    value = float(values[key].mean())
    if error < 1e-12:
        if value == 0 and np.array_equal(games[0].values[key], games[1].values[key]):
            # The same model by model, whichever are drawn.
            return Interval(0.0, 0.0)
        return combine(_numbers(first), _numbers(second), 0.0)
    return mean_interval(value, error, df, one.confidence_level)


def _rho_of_halves(
    one: Evidence, other: Evidence, metric: Metric, first: Figure, second: Figure
) -> float:
    pairs = [
        mean_of_pairs(
            game_of(with_gap(of), metric, figure.attack).values[
                figure.attack, metric.name
            ]
        )
        for of, figure in ((one, first), (other, second))
    ]
    x, y = (values - values.mean() for values in pairs)
    return _rho(x, y)


def _rho_of_records(
    one: Evidence, other: Evidence, metric: Metric, first: Figure, second: Figure
) -> float:
    """Correlation of what each record, or person, adds to the two errors.

    A lower one than the records show: too high a one makes an interval too narrow. Few
    records may make most of a difference, and a draw that lacks them shows nearly none:
    the AUC is read as if two more members and two more non-members had changed places
    with all others between the two models. Other figures depend on a threshold, which
    may jump: their errors are taken to share nothing.
    """
    added, persons = [], one.persons if one.persons is not None else other.persons
    for of, figure in ((one, first), (other, second)):
        scores = with_gap(of).scores[figure.attack]
        influence = metric.influence(of.membership, scores)
        if persons is not None:
            influence = np.bincount(persons, influence).astype(np.float64)
        added.append(influence)
    if metric.name != "auc":
        return min(_rho(added[0], added[1]), 0.0)
    more = 0.0
    for side in (one.membership, ~one.membership):
        sizes = np.ones(int(side.sum()))
        if persons is not None:
            sizes = np.unique(persons[side], return_counts=True)[1].astype(np.float64)
        more += _UNSEEN * float(np.mean(sizes**2)) / float(side.sum()) ** 2
    return _rho(added[0], added[1], more)


def _rho(x: FloatArray, y: FloatArray, more: float = 0.0) -> float:
    """Correlation of two errors; none where one has no spread.

    As if the squares of their differences came to so much more.
    """
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y - more / 2) / spread, -1.0, 1.0)) if spread > 0 else 0.0


def _mean_of(values: FloatArray, level: float) -> Interval:
    key = ("", "")
    error, df = Game(np.zeros(0, dtype=bool), {key: values}, {}).error(key)
    return mean_interval(float(values.mean()), error, df, level)


def _equal(one: NDArray | None, other: NDArray | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def units_of(evidence: Evidence | None) -> dict[str, Evidence | None]:
    """By the unit of figures; that of persons is its own draw."""
    if evidence is None:
        return {"row": None, "person": None}
    persons = evidence.per_person
    if persons is not None:
        persons = replace(persons, digest=evidence.digest)
    return {"row": evidence, "person": persons}
