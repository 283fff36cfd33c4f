"""TwoSides: the distributions of a signal with and without each record."""

from copy import copy

import numpy as np

from skmia.attacks._scores._comparison import Comparison
from skmia.attacks._scores._gaussian import (
    LEAST_OWN,
    Moments,
    Predictive,
    Spread,
    blocks,
    likelihood_ratio,
)
from skmia.signals import FloatArray, IndexArray


class TwoSides:
    """Distributions of a signal with (IN) and without (OUT) each record.

    Parameters
    ----------
    compared : Comparison
        What the shadows say.
    name : str
        The signal.
    variance : str
        Where a record's spread comes from; see ``Spread``.
    """

    def __init__(self, compared: Comparison, name: str, variance: str) -> None:
        self._name = name
        inside, outside = _moments(compared, name)
        self.in_spread = Spread.of(variance, inside, outside, LEAST_OWN)
        self.out_spread = Spread.of(variance, outside, inside, LEAST_OWN)
        self._hold(compared, inside, outside)

    def _hold(self, compared: Comparison, inside: Moments, outside: Moments) -> None:
        if compared.stays_in:
            # A record's own spread would tell on which side such a target is: it is
            # made of the very distance of the target from the mean of that side.
            inside = inside.with_variance(self.in_spread.pooled)
            outside = outside.with_variance(self.out_spread.pooled)
        self._compared, self.inside, self.outside = compared, inside, outside

    def about(self, compared: Comparison) -> "TwoSides":
        """Of other records, by the spreads that were learnt from these."""
        found = copy(self)
        found._hold(compared, *_moments(compared, self._name))
        return found

    def at(self, rows: IndexArray) -> tuple[Moments, Moments]:
        """IN and OUT samples of the records at `rows`."""
        return self.inside.at(rows), self.outside.at(rows)

    def of_shadow(
        self, k: int, complement: int | IndexArray, rows: IndexArray
    ) -> tuple[Moments, Moments]:
        """IN and OUT samples of `rows` with shadow `k` as the target.

        Without its `complement`, one for all or one for each row, -1 for none: it
        would reveal every record's membership in `k`.
        """
        inside, outside = self.at(rows)
        if self._compared.stays_in:
            return inside, outside
        n_inside, n_outside = inside.count, outside.count
        for left_out in (k, complement):
            there = np.asarray(left_out) >= 0
            (value_in, has_in), (value_out, has_out) = self._compared.of_shadow(
                self._name, left_out, rows
            )
            inside = inside.without(value_in, has_in & there)
            outside = outside.without(value_out, has_out & there)
        # The real target is judged by one or two shadows more than these are. Without
        # their weight its scores would be on a wider scale than the threshold.
        return inside.as_if(n_inside), outside.as_if(n_outside)

    def distributions(
        self, inside: Moments, outside: Moments
    ) -> tuple[Predictive, Predictive]:
        """Predictive distributions of the two samples."""
        return (
            self.in_spread.predictive(inside, outside),
            self.out_spread.predictive(outside, inside),
        )

    def online(self, x: FloatArray, inside: Moments, outside: Moments) -> FloatArray:
        """Log likelihood ratio of `x` under IN against OUT."""
        return likelihood_ratio(x, *self.distributions(inside, outside))

    def offline(self, x: FloatArray, outside: Moments) -> FloatArray:
        """How far `x` lies above OUT, which is all that is known of a new record."""
        return self.out_spread.predictive(outside).surprise(x)


def _moments(compared: Comparison, name: str) -> tuple[Moments, Moments]:
    """IN and OUT samples of all records, of one signal."""
    parts = [
        (Moments.of(values, inside), Moments.of(values, ~inside))
        for block in blocks(compared.n_records)
        for values, inside in [compared.rows(name, block)]
    ]
    inside, outside = (Moments.joined(side) for side in zip(*parts, strict=True))
    return inside, outside
