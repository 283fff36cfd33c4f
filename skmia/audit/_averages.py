"""Figures of several models: read within each, and averaged over them.

The spread of a mean is at most the mean of the spreads, however the models depend on
one another. So the mean of the intervals' ends is an interval of the mean; it is wider
than need be. A closer one for the AUC counts every record once on either side.

The advantage is at least 0, and so are the ends. The mean of its lower ends is above 0
as soon as one of them is; it counts where most are, which at no advantage happens in at
most twice the share of the models that are above 0 by chance.
"""

import numpy as np
from numpy.typing import NDArray

from skmia.audit._evidence import Evidence
from skmia.audit._game import (
    Game,
    guessing_reads,
    mean_interval,
    mean_of_pairs,
)
from skmia.metrics import (
    Interval,
    Metric,
    joint_level,
    joint_level_of_means,
    mean_roc_auc_interval,
)


def read(
    evidence: Evidence,
    metric: Metric,
    attack: str,
    confidence_level: float | None = None,
) -> tuple[float, Interval]:
    """A figure and its interval: of the one model, or the mean over all."""
    level = confidence_level or evidence.confidence_level
    if evidence.are_pairs:
        return _read_pairs(evidence, metric, attack, level)
    parts = _parts(evidence, attack)
    value = float(np.mean([metric.value(*part) for part in parts]))
    ends = [
        metric.interval(*part, confidence_level=level, groups=persons)
        for part, persons in zip(parts, evidence.persons_of_targets, strict=True)
    ]
    mean = Interval(*(float(end) for end in np.mean(ends, axis=0)))
    # An end that is cut off at guessing is no longer as likely to be off to either
    # side: of many models without an advantage, some read above 0 by chance.
    if metric.name == "advantage" and np.median(ends, axis=0)[0] <= metric.chance:
        mean = Interval(metric.chance, mean.high)
    whose = evidence.record if evidence.persons is None else evidence.persons
    if metric.name == "auc" and len(parts) > 1 and whose is not None:
        return value, mean_roc_auc_interval(
            [member for member, _ in parts],
            [own for _, own in parts],
            evidence.of_targets(whose),
            confidence_level=level,
        )
    return value, mean


def _parts(evidence: Evidence, attack: str) -> list[tuple[NDArray, NDArray]]:
    """Membership and scores of each model."""
    sides = evidence.of_targets(evidence.membership)
    return list(zip(sides, evidence.of_targets(evidence.scores[attack]), strict=True))


def read_joint_level(
    evidence: Evidence, metric: Metric, confidence_level: float
) -> float:
    """The level at which the lower ends of all attacks hold together.

    What a record, or a person, adds in several models is summed for either side.
    """
    unit = evidence.persons
    if evidence.are_pairs:
        return _joint_level_of_pairs(evidence, metric, confidence_level)
    if unit is None:
        unit = evidence.record
    return joint_level(
        metric.name,
        evidence.of_targets(evidence.membership),
        [
            dict(zip(evidence.scores, of, strict=True))
            for of in zip(
                *map(evidence.of_targets, evidence.scores.values()), strict=True
            )
        ],
        units=None if unit is None else evidence.of_targets(unit),
        confidence_level=confidence_level,
    )


def game_of(evidence: Evidence, metric: Metric, attack: str) -> Game:
    """Figures of the targets by an attack, and what they share."""
    game, key = evidence.game, (attack, metric.name)
    known = game is not None and game.membership is evidence.membership
    if game is not None and known and key in game.values:
        return game
    parts = _parts(evidence, attack)
    values = np.array([metric.value(*part) for part in parts])
    if evidence.target is not None:
        # Of a part of the records a model may have none: its partner stands for both.
        present = evidence.target[[of[0] for of in evidence.targets]]
        pair = np.unique(present // 2, return_inverse=True)[1]
        values = np.repeat(np.bincount(pair, values) / np.bincount(pair), 2)
    return Game(evidence.membership, {key: values}, {})


def _read_pairs(
    evidence: Evidence, metric: Metric, attack: str, level: float
) -> tuple[float, Interval]:
    """The mean over all models that could have been drawn from these rows."""
    game, key = game_of(evidence, metric, attack), (attack, metric.name)
    value = float(game.values[key].mean())
    error, df = game.error(key)
    sizes = evidence.n_members, evidence.n_nonmembers
    if error < 1e-12:
        # No spread to go by: as sure as of one model, and no surer.
        part = _parts(evidence, attack)[0]
        low, high = metric.interval(*part, confidence_level=level)
        return value, Interval(min(low, value), max(high, value))
    low, high = mean_interval(value, error, df, level)
    if metric.name == "auc":
        # As for one model: never surer than of a perfect separation.
        perfect = ((1 - level) / 2) ** (1 / min(sizes))
        low, high = min(low, perfect), max(high, 1 - perfect)
    if low <= guessing_reads(metric, *sizes):
        low = min(low, metric.chance)
    return value, Interval(max(low, 0.0), min(high, 1.0))


def _joint_level_of_pairs(
    evidence: Evidence, metric: Metric, confidence_level: float
) -> float:
    games = {
        (name, metric.name): game_of(evidence, metric, name) for name in evidence.scores
    }
    pairs = np.stack([mean_of_pairs(game.values[key]) for key, game in games.items()])
    errors = [game.error(key) for key, game in games.items()]
    spread = np.maximum(pairs.std(axis=1, ddof=1), 1e-12)
    covariance = np.atleast_2d(np.cov(pairs)) / np.outer(spread, spread)
    error = np.array([error for error, _ in errors])
    return joint_level_of_means(
        pairs.mean(axis=1),
        covariance * np.outer(error, error),
        min(df for _, df in errors),
        confidence_level=confidence_level,
    )
