"""The records of the half that is searched, and what they add to counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmia.audit._subgroups._columns import BoolArray, FloatArray

# Exposed members, members, accused non-members, non-members; of many rules a row each.
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The records to search, each with a weight: 1 for those drawn by themselves."""

    member: BoolArray
    flagged: FloatArray
    weight: FloatArray

    @property
    def sums(self) -> FloatArray:
        """What each record adds to the four counts."""
        member = self.member.astype(np.float64)
        each = np.stack([self.flagged * member, member, self.flagged, 1 - member], 1)
        each[:, 2] *= 1 - member
        return each * self.weight[:, None]

    def take(self, keep: BoolArray) -> "Sample":
        return Sample(self.member[keep], self.flagged[keep], self.weight[keep])
