"""The two worlds of a likelihood ratio, over all records of a pool."""

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._scores._gaussian import FloatArray, Moments, Predictive, Spread


class Worlds:
    """Distributions of a signal with (IN) and without (OUT) each record.

    Parameters
    ----------
    values : ndarray of shape (n_shadows, n_records)
        The signal under every shadow.
    member : ndarray of bool of shape (n_shadows, n_records)
        Which shadow was fitted on which record.
    variance : str
        Where a record's spread comes from; see ``Spread``.
    """

    def __init__(
        self, values: NDArray, member: NDArray[np.bool_], variance: str
    ) -> None:
        self.inside = Moments.of(values, member)
        self.outside = Moments.of(values, ~member)
        self.in_spread = Spread.of(variance, self.inside, self.outside)
        self.out_spread = Spread.of(variance, self.outside, self.inside)

    def at(self, rows: NDArray[np.intp]) -> tuple[Moments, Moments]:
        """IN and OUT samples of the records at `rows`."""
        return self.inside.at(rows), self.outside.at(rows)

    def turn(
        self,
        k: int,
        twin: int | NDArray[np.intp],
        values: NDArray,
        member: NDArray[np.bool_],
        rows: NDArray[np.intp],
    ) -> tuple[Moments, Moments]:
        """IN and OUT samples of `rows`, as shadow `k` as the target sees them.

        Without its `twin`, one for all or one for each row, -1 for none: together
        they would give every record's membership away.
        """
        inside, outside = self.at(rows)
        n_inside, n_outside = inside.count, outside.count
        for left_out in (k, twin):
            said, held = values[left_out, rows], member[left_out, rows]
            there = np.asarray(left_out) >= 0
            inside = inside.without(said, held & there)
            outside = outside.without(said, ~held & there)
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
        held, left_out = self.distributions(inside, outside)
        return held.log_density(x) - left_out.log_density(x)

    def offline(self, x: FloatArray, outside: Moments) -> FloatArray:
        """How far `x` lies above OUT, which is all that is known of a new record."""
        return self.out_spread.predictive(outside).surprise(x)
