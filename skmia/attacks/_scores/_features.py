"""Features of a record for StackedAttack, under the target or a shadow used as one."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.attacks._scores._gaussian import (
    Moments,
    TwoSides,
    blocks,
    likelihood_ratio,
)
from skmia.attacks._scores._reference import above_midpoint, log_ratio, two_means
from skmia.signals import BoolArray, FloatArray, IndexArray

#: From the logit: the five scores, then what they are made of. 1 stands for a feature
#: that evidence of membership must not decrease in. The first is LiRA's score.
FEATURES = {
    "likelihood_ratio": 1,
    "offline_surprise": 1,
    "log_ratio_to_average_model": 1,
    "logit_above_out_mean": 1,
    "logit_above_midpoint": 1,
    "logit": 0,
    "in_location": 0,
    "out_location": 0,
    "in_scale": 0,
    "out_scale": 0,
    "in_minus_out": 0,
}
#: Signals that distinguish records of equal logits, as of neighbours and trees.
EXTRA_SIGNALS = ("hinge", "entropy", "modified_entropy")
#: From each of those that the shadows hold.
FEATURES_OF_EXTRA = {
    "above_out_mean": 1,
    "above_midpoint": 1,
    "value": 0,
    "in_mean": 0,
    "out_mean": 0,
}


class StackedFeatures:
    """Features of a record under any model.

    The shadows' values are read once; only what they say of every record, its IN and
    OUT moments and means, is kept.

    Parameters
    ----------
    values : dict of str to ndarray of shape (n_shadows, n_records)
        Signals under the shadows, greater for members; the logit at least.
    member : ndarray of bool of shape (n_shadows, n_records)
        Which shadow was fitted on which record.
    """

    def __init__(self, values: dict[str, NDArray], member: BoolArray) -> None:
        self.extra = [name for name in EXTRA_SIGNALS if name in values]
        self.sides = TwoSides(values["logit"], member, "shrunk")
        parts = [
            self._averages_of(
                {name: v[:, block] for name, v in values.items()},
                member[:, block],
                ~member[:, block],
            )
            for block in blocks(member.shape[1])
        ]
        self._averages = {
            name: [np.concatenate(side) for side in zip(*pairs, strict=True)]
            for name in parts[0]
            for pairs in [[part[name] for part in parts]]
        }

    @property
    def directions(self) -> dict[str, int]:
        """Direction of every column by name."""
        return FEATURES | {
            f"{signal}_{name}": direction
            for signal in self.extra
            for name, direction in FEATURES_OF_EXTRA.items()
        }

    def of_target(self, values: dict[str, NDArray], rows: IndexArray) -> FloatArray:
        """Of the records at `rows` by the target's `values`: (n_rows, n_features)."""
        averages = {
            name: [a[rows] for a in pair] for name, pair in self._averages.items()
        }
        return self._columns(values, self.sides.at(rows), averages)

    def of_shadow(
        self,
        k: int,
        complement: IndexArray,
        values: dict[str, NDArray],
        member: BoolArray,
        rows: IndexArray,
    ) -> FloatArray:
        """Of the records at `rows`, shadow `k` as the target.

        Parameters
        ----------
        k : int
            The shadow, which is not one of its own shadows.
        complement : ndarray of int of shape (n_rows,)
            For each row the shadow that is left out as well, -1 for none.
        values, member : dict of str to ndarray, and ndarray
            What the features were made of.
        rows : ndarray of int of shape (n_rows,)
            The records.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            The columns of ``directions``.
        """
        sides = self.sides.of_shadow(k, complement, values["logit"], member, rows)
        values = {name: v[:, rows] for name, v in values.items()}
        member = member[:, rows]
        rest = np.ones(member.shape, dtype=bool)
        rest[k] = False
        there = np.flatnonzero(complement >= 0)
        rest[complement[there], there] = False
        averages = self._averages_of(values, member & rest, ~member & rest)
        return self._columns({s: v[k] for s, v in values.items()}, sides, averages)

    def _averages_of(
        self, values: dict[str, NDArray], inside: BoolArray, outside: BoolArray
    ) -> dict[str, tuple[FloatArray, FloatArray]]:
        """IN and OUT means of p and the extra signals."""
        # In double precision: in single, logits below -103 would be a p of 0.
        averaged = {"p": expit(values["logit"], dtype=np.float64)}
        averaged |= {name: values[name] for name in self.extra}
        # Of the counts nothing enters: they would reveal the target's membership.
        return {name: two_means(v, inside, outside) for name, v in averaged.items()}

    def _columns(
        self,
        values: dict[str, NDArray],
        sides: tuple[Moments, Moments],
        averages: Mapping[str, Sequence[FloatArray]],
    ) -> FloatArray:
        x = np.asarray(values["logit"], dtype=np.float64)
        held, left_out = self.sides.distributions(*sides)
        low, high = left_out.location, held.location
        columns = [
            likelihood_ratio(x, held, left_out),
            left_out.surprise(x),
            log_ratio(x, np.add(*averages["p"]) / 2),
            x - low,
            above_midpoint(x, high, low),
            x,
            high,
            low,
            held.scale,
            left_out.scale,
            high - low,
        ]
        for name in self.extra:
            value = np.asarray(values[name], dtype=np.float64)
            high, low = averages[name]
            middle = above_midpoint(value, high, low)
            columns += [value - low, middle, value, high, low]
        return np.column_stack(columns)
