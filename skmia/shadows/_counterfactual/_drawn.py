"""Which rows each member of an ensemble drew, with which weight and chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.signals import FloatArray, IndexArray


@dataclass(frozen=True)
class Drawn:
    """How a record gets into one member of the ensemble.

    Parameters
    ----------
    chance : float
        That a row is drawn at all; 1 where every member has every row.
    rate : float
        How often a row is drawn in the mean.
    mean_weight : float or None
        Where rows are drawn in proportion to their weight, the mean weight.
    """

    chance: float = 1.0
    rate: float = 1.0
    mean_weight: float | None = None

    def of(
        self, weight: FloatArray, count: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Chance of records to be drawn with any copy, and their mean weight then."""
        chance: FloatArray
        added: FloatArray
        if self.chance == 1:
            return np.ones(len(weight)), np.asarray(weight, dtype=np.float64)
        if self.mean_weight is None:
            chance = np.asarray(1 - (1 - self.chance) ** count, dtype=np.float64)
            added = self.rate * weight / np.maximum(chance, 1e-12)
            return chance, added
        expected = self.rate * weight / self.mean_weight
        chance = -np.expm1(-expected)
        added = expected / np.maximum(chance, 1e-12)
        return chance, added


def samples_of(model: Any, n: int) -> list[IndexArray] | None:
    """How often each of `n` rows was drawn, by member; None where all have all rows."""
    if not hasattr(model, "estimators_"):
        return None
    samples = [np.asarray(rows) for rows in model.estimators_samples_]
    if len(samples) != len(model.estimators_) or any(
        rows.max(initial=0) >= n for rows in samples
    ):
        raise NotCoveredError("it does not tell which rows its trees were fitted on")
    counts = [np.bincount(rows, minlength=n) for rows in samples]
    return None if all((c == 1).all() for c in counts) else counts


def drawn_of(
    counts: list[IndexArray] | None, weight: FloatArray, by_weight: bool
) -> Drawn:
    """Summarise how rows were drawn."""
    if counts is None:
        return Drawn()
    chance = float(np.mean([np.count_nonzero(c) / len(c) for c in counts]))
    rate = float(np.mean([c.mean() for c in counts]))
    mean = float(weight.mean()) if by_weight else None
    return Drawn(min(chance, 1 - 1e-9), rate, mean)


def weights_of(
    counts: list[IndexArray] | None,
    weight: FloatArray,
    n_members: int,
    by_weight: bool,
) -> Iterator[FloatArray]:
    """Weight of every row in each member, but for class weights."""
    if counts is None:
        yield from [weight] * n_members
        return
    for count in counts:
        yield count.astype(np.float64) if by_weight else count * weight


def total_of_each(rows: TrainingRows, weight: FloatArray, n: int) -> NDArray:
    """Total weight of each of `n` records with their copies."""
    return np.bincount(rows.unit, weights=weight, minlength=n)
