"""Features of a record for StackedAttack, under the target or a shadow used as one."""

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.attacks._scores._comparison import Comparison
from skmia.attacks._scores._gaussian import Moments, blocks, likelihood_ratio
from skmia.attacks._scores._reference import above_midpoint, log_ratio, masked_mean
from skmia.attacks._scores._two_sides import TwoSides
from skmia.signals import FloatArray, IndexArray

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
#: Where every shadow tells both sides: how steady the difference between them is.
FEATURES_OF_GAPS = {"gap_deviation": 0, "gap_deviation_in_scales": 0}

# A rest below this fraction of a sum is mostly rounding error.
_ROUNDING = 1e-9


class StackedFeatures:
    """Features of a record under any model.

    The shadows' values are read once; only what they say of every record, its IN and
    OUT moments and means, is kept.

    Parameters
    ----------
    compared : Comparison
        What the shadows say; the logit at least.
    """

    def __init__(self, compared: Comparison) -> None:
        self.extra = [name for name in EXTRA_SIGNALS if name in compared.own]
        self.sides = TwoSides(compared, "logit", "shrunk")
        self._hold(compared)

    def _hold(self, compared: Comparison) -> None:
        self._compared = compared
        self._gaps = None
        if self._tells_gaps:
            self._gaps = Moments.joined(
                Moments.of(gaps, np.ones(gaps.shape, dtype=bool))
                for block in blocks(compared.n_records)
                for gaps in [compared.gaps("logit", block)]
            )
        parts = [self._averages_of(block) for block in blocks(compared.n_records)]
        self._averages = {
            name: [np.concatenate(side) for side in zip(*pairs, strict=True)]
            for name in parts[0]
            for pairs in [[part[name] for part in parts]]
        }

    def about(self, compared: Comparison) -> "StackedFeatures":
        """Of other records, by the spreads that were learnt from these."""
        found = copy(self)
        found.sides = self.sides.about(compared)
        found._hold(compared)
        return found

    @property
    def directions(self) -> dict[str, int]:
        """Direction of every column by name."""
        extra = {
            f"{signal}_{name}": direction
            for signal in self.extra
            for name, direction in FEATURES_OF_EXTRA.items()
        }
        return FEATURES | extra | (FEATURES_OF_GAPS if self._tells_gaps else {})

    @property
    def _tells_gaps(self) -> bool:
        """Whether shadows that are not the target tell how steady a gap is."""
        return self._compared.two_sided and not self._compared.stays_in

    def of_target(self, values: dict[str, NDArray], rows: IndexArray) -> FloatArray:
        """Of the records at `rows` by the target's `values`: (n_rows, n_features)."""
        gaps = None if self._gaps is None else self._gaps.at(rows)
        return self._columns(
            values, self.sides.at(rows), self._averages_without((), rows), gaps
        )

    def of_borrowed(self, k: int, rows: IndexArray, lenders: IndexArray) -> FloatArray:
        """Of the records at `rows` under no shadow; see `Comparison.borrowed`."""
        names = ("logit", *self.extra)
        values = {s: self._compared.borrowed(s, k, rows, lenders) for s in names}
        return self.of_target(values, rows)

    def of_shadow(
        self,
        k: int,
        complement: IndexArray,
        rows: IndexArray,
        *,
        apart: bool,
        held: bool | None = None,
    ) -> FloatArray:
        """Of the records at `rows`, shadow `k` as the target.

        Parameters
        ----------
        k : int
            The shadow, which is not one of its own shadows.
        complement : ndarray of int of shape (n_rows,)
            For each row the shadow that is left out as well, -1 for none.
        rows : ndarray of int of shape (n_rows,)
            The records.
        apart, held : bool
            Whether its answers are taken as far from the other shadows' as a target's
            are, and on which side; see `Comparison.answers`.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            The columns of ``directions``.
        """
        compared = self._compared
        sides = self.sides.of_shadow(k, complement, rows)
        values = {
            name: compared.answers(name, k, rows, apart=apart, held=held)
            for name in ("logit", *self.extra)
        }
        left_out = () if compared.stays_in else (k, complement)
        averages = self._averages_without(left_out, rows)
        return self._columns(
            values, sides, averages, self._gaps_without(k, complement, rows)
        )

    def _gaps_without(
        self, k: int, complement: IndexArray, rows: IndexArray
    ) -> Moments | None:
        """Gaps between the sides of `rows`, in shadows other than the two."""
        if self._gaps is None:
            return None
        gaps = self._gaps.at(rows)
        for left_out in (k, complement):
            (inside, _), (outside, _) = self._compared.of_shadow(
                "logit", left_out, rows
            )
            there = np.broadcast_to(np.asarray(left_out) >= 0, rows.shape)
            gaps = gaps.without(inside - outside, there)
        return gaps.as_if(self._gaps.count[rows])

    def _averages_of(self, records: slice) -> dict[str, list[FloatArray]]:
        """IN and OUT means of p and the extra signals; 0 where there is no value."""
        found = {}
        for name in ("logit", *self.extra):
            values, inside = self._compared.rows(name, records)
            if name == "logit":
                values = _probability(values)
            found[name] = [masked_mean(values, side)[0] for side in (inside, ~inside)]
        return found

    def _averages_without(
        self, left_out: Sequence[int | IndexArray], rows: IndexArray
    ) -> dict[str, list[FloatArray]]:
        """The means of `rows`, with some shadows taken out again.

        One for all rows or one for each, -1 for none. What is left costs the same
        however many shadows there are. One side stands for both where a record has no
        other. Of the counts nothing enters: they would reveal the target's membership.
        """
        everybody = [self.sides.inside.count[rows], self.sides.outside.count[rows]]
        found = {}
        for name, means in self._averages.items():
            counts = [count.copy() for count in everybody]
            totals = [
                mean[rows] * count for mean, count in zip(means, counts, strict=True)
            ]
            rounding = [_ROUNDING * np.abs(total) for total in totals]
            for shadow in left_out:
                there = np.asarray(shadow) >= 0
                told = self._compared.of_shadow(name, shadow, rows)
                for i, (values, has) in enumerate(told):
                    taken = has & there
                    value = _probability(values) if name == "logit" else values
                    counts[i] -= taken
                    totals[i] -= np.where(taken, value, 0.0)
            if name == "logit":
                # Of probabilities a small rest is no rounding error: its logarithm is
                # what counts.
                small = [
                    (total <= error) & (count > 0)
                    for total, error, count in zip(
                        totals, rounding, counts, strict=True
                    )
                ]
                anew = np.flatnonzero(small[0] | small[1])
                self._sum_anew(totals, anew, left_out, rows)
            with_it, without = (
                total / np.maximum(count, 1)
                for total, count in zip(totals, counts, strict=True)
            )
            found[name] = [
                np.where(counts[0] > 0, with_it, without),
                np.where(counts[1] > 0, without, with_it),
            ]
        return found

    def _sum_anew(
        self,
        totals: list[FloatArray],
        places: IndexArray,
        left_out: Sequence[int | IndexArray],
        rows: IndexArray,
    ) -> None:
        """Put the sums of probabilities over all other shadows at `places`."""
        values, inside = self._compared.rows("logit", rows[places])
        counts = np.ones(values.shape, dtype=bool)
        for shadow in left_out:
            this = np.broadcast_to(shadow, rows.shape)[places]
            counts &= self._compared.shadow[:, None] != this
        p = _probability(values)
        for total, side in zip(totals, (inside, ~inside), strict=True):
            total[places] = np.sum(p, axis=0, where=side & counts)

    def _columns(
        self,
        values: dict[str, NDArray],
        sides: tuple[Moments, Moments],
        averages: Mapping[str, Sequence[FloatArray]],
        gaps: Moments | None = None,
    ) -> FloatArray:
        x = np.asarray(values["logit"], dtype=np.float64)
        held, left_out = self.sides.distributions(*sides)
        low, high = left_out.location, held.location
        columns = [
            likelihood_ratio(x, held, left_out),
            left_out.surprise(x),
            log_ratio(x, np.add(*averages["logit"]) / 2),
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
        if gaps is not None:
            columns += [gaps.deviation, gaps.deviation / held.scale]
        return np.column_stack(columns)


def _probability(logit: NDArray) -> FloatArray:
    """In double precision: in single, logits below -103 would be a p of 0."""
    return expit(logit, dtype=np.float64)
