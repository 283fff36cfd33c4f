"""Gaps between the two sides of a record, scaled by what shadows have shown."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._fill import fill_unknown
from skmia.signals import SATURATED_LOGIT, BoolArray

#: Of members, which are taken out, and of non-members, which are put in. None where the
#: direction told nothing.
Factors = tuple[float | None, float | None]


_SATURATED = 0.999 * SATURATED_LOGIT
# Half a step, by which a saturated value is taken to be beyond the largest other.
_STEP = float(np.log(2))


@dataclass(frozen=True)
class Ends:
    """The ends of a signal's scale: where a probability of 0 or 1 is put.

    Such a logit is in the hundreds, where the next one may be 3. A part of the way
    there would be in the hundreds too, and be taken for an answer that was given.
    """

    largest: float
    any_saturated: bool

    @classmethod
    def of(cls, *arrays: NDArray) -> Self:
        """Learn them from values; those that are not known are NaN."""
        largest, any_saturated = 0.0, False
        for values in arrays:
            for row in np.atleast_2d(values):  # no large array is copied
                size = np.abs(row)
                largest = max(
                    largest, float(size.max(where=size < _SATURATED, initial=0.0))
                )
                any_saturated |= bool((size >= _SATURATED).any())
        return cls(largest, any_saturated)

    def soften(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values with the saturated ones half a step beyond the largest."""
        if not self.any_saturated:
            return values.copy()
        beyond = np.abs(values) >= _SATURATED
        return np.where(
            beyond, np.copysign(np.float32(self.largest + _STEP), values), values
        )

    def harden(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values as a model gives them: at an end, or no further than any."""
        if not self.any_saturated:
            return values
        kept = np.clip(values, -self.largest, self.largest)
        beyond = np.abs(values) >= self.largest + _STEP / 2
        end = np.copysign(np.float32(SATURATED_LOGIT), values)
        return np.where(beyond, end, kept)


def settle(
    other: NDArray[np.float32],
    observed: NDArray[np.float32],
    inside: BoolArray,
    factors: Factors,
    bound: float,
) -> NDArray[np.float32]:
    """Scale the gaps of a signal, and fill what is not known.

    Parameters
    ----------
    other, observed : ndarray of float32 of shape (n_shadows, n_records)
        The signal on the side that the shadow was not fitted on, and on the other.
    inside : ndarray of bool of the same shape
        Which records the shadow was fitted on.
    factors : tuple
        What the gaps are multiplied by; None where a direction told nothing.
    bound : float
        Size beyond which a value of the signal is saturated, as far as gaps go.

    Returns
    -------
    ndarray of float32 of shape (n_shadows, n_records)
        Without NaN.
    """
    as_told = factors == (1.0, 1.0)
    if as_told and not np.isnan(other).any():
        return other
    ends = Ends.of(observed, other) if as_told else Ends.of(observed)
    own, values = ends.soften(observed), ends.soften(other)
    scale_gaps(values, own, inside, factors, bound)
    return ends.harden(fill_unknown(values, own, inside))


def scale_gaps(
    other: NDArray[np.float32],
    observed: NDArray[np.float32],
    inside: BoolArray,
    factors: Factors,
    bound: float,
) -> None:
    """Multiply gaps, as far as they are between values that are not saturated.

    Parameters
    ----------
    other : ndarray of float32
        A signal of the other side, written into; NaN where a direction told nothing.
    observed : ndarray of float32 of the same shape
        The signal of the side that the shadow was fitted on.
    inside : ndarray of bool of the same shape
        Which records the shadow was fitted on.
    factors : tuple
        What the gaps are multiplied by.
    bound : float
        Size beyond which a value of the signal is saturated, by the records of the
        pool.
    """
    for side, factor in zip((inside, ~inside), factors, strict=True):
        if factor is None:
            other[side] = np.nan
        elif factor != 1:
            values, own = other[side], observed[side]
            gap = np.clip(values, -bound, bound) - np.clip(own, -bound, bound)
            other[side] = values + (factor - 1) * gap
