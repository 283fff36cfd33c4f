"""Saturated logits pulled in, so that they do not decide every mean and spread."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skmia.signals import SATURATED_LOGIT

# Values in other units may be stored too: close to the end is at it. A margin, the
# difference of two logits, is at it if one of them is.
_SATURATED = 0.999 * SATURATED_LOGIT


@dataclass(frozen=True)
class Saturation:
    """The magnitude from which values are pulled in, and the one they get.

    A forest's probability of exactly 1 is not infinitely surer than 0.99. Saturated
    values get half a step (log 2) more than the largest that is not saturated. Values
    that are not known are NaN, and stay.
    """

    bound: float
    limit: float

    @classmethod
    def of(cls, *arrays: NDArray) -> Self:
        """Learn both from the values of the shadows, or of the non-members."""
        limit, any_saturated = float(np.log(2)), False
        for values in arrays:
            for row in np.atleast_2d(values):  # no large array is copied
                magnitude = np.abs(row)
                saturated = magnitude >= _SATURATED
                known = magnitude < _SATURATED  # and not NaN
                largest = float(magnitude.max(where=known, initial=0.0))
                limit = max(limit, largest + float(np.log(2)))
                any_saturated |= bool(saturated.any())
        # Where some are saturated, `limit` is the end of the scale for a target as
        # well; where none is, only a target's own saturated values are pulled in.
        return cls(limit if any_saturated else _SATURATED, limit)

    def soften(self, values: NDArray) -> NDArray:
        """Return `values` with the saturated ones pulled in: without any, as is."""
        if not any((np.abs(row) >= self.bound).any() for row in np.atleast_2d(values)):
            return values
        softened = values.copy()
        for row in np.atleast_2d(softened):
            beyond = np.abs(row) >= self.bound
            row[beyond] = np.copysign(self.limit, row[beyond])
        return softened

    def harden(self, values: NDArray) -> NDArray:
        """Return `values` as models give them: saturated, or no larger than any was.

        For values that were worked out between others that had been pulled in. Where
        none was saturated they are left as they are.
        """
        if self.bound > self.limit:
            return values
        step = float(np.log(2))
        largest = self.limit - step
        saturated = np.abs(values) >= largest + step / 2
        end = np.copysign(SATURATED_LOGIT, values)
        kept = np.clip(values, -largest, largest)
        return np.where(saturated, end, kept).astype(values.dtype, copy=False)
