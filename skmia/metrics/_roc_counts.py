"""The top of the ROC in counts, with what lies between two non-members."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skmia.metrics._ranking import FloatArray, IntArray

_TINY = 1e-12
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class Curve:
    """The top of the ROC in counts, by its knots.

    Segments are in turn a gap between two scores of non-members, with the members in
    it, and the block of one such score. Uniform numbers have gaps of one rank and no
    blocks; scores on a grid have blocks of as many ranks as non-members, and no gaps.
    What lies between is shared by the numbers of members in either.
    """

    ranks: FloatArray
    found: FloatArray
    # Members and non-members that share the score of a segment.
    tied_members: IntArray
    tied_nonmembers: IntArray

    @classmethod
    def up_to(cls, last: float, members: FloatArray, nonmembers: FloatArray) -> "Curve":
        """The curve from the highest score to the block after that with a rank."""
        m, n = len(members), len(nonmembers)
        start = max(0, n - int(np.ceil(last)) - 2)
        for before in (0, 1):
            start = int(np.searchsorted(nonmembers, nonmembers[max(0, start - before)]))
        values = np.unique(nonmembers[start:])[::-1]
        below, upto = (np.searchsorted(nonmembers, values, s) for s in _SIDES)
        below_m, upto_m = (np.searchsorted(members, values, s) for s in _SIDES)
        tied = upto_m - below_m
        # Members in the gap before each block, and after the last.
        gaps = np.diff(np.stack([m - upto_m, m - below_m], axis=1).ravel(), prepend=0)
        gaps = np.append(gaps[::2], below_m[-1])
        above, upto_block = n - upto, n - below
        # Of a grid the blocks are all there is; uniform numbers are blocks of none.
        share = [_share(gaps[:-1], tied), _share(gaps[1:], tied)]
        edges = np.stack([above, upto_block], axis=1) * (n + 1) / n
        points = np.stack([above + 1, upto_block], axis=1)
        edges += np.stack(share, axis=1) * (points - edges)
        found = m - np.stack([upto_m, below_m], axis=1)
        none = np.zeros_like(tied)
        return cls(
            np.concatenate([[0], edges.ravel(), [n + 1]]),
            np.concatenate([[0], found.ravel(), [m]]),
            np.append(np.stack([none, tied], axis=1).ravel(), 0),
            np.append(np.stack([none, upto - below], axis=1).ravel(), 0),
        )

    def members_at(
        self, ranks: FloatArray, step: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Members above each rank, and by how much that is surer than a count.

        Where so many ranks are one person's, the next person is as far away as
        otherwise the next record. `step` is broadcast against `ranks`.
        """
        segment, part = self._segment(ranks)
        found = np.interp(ranks, self.ranks, self.found)
        if np.any(step > 1):
            first = np.floor(ranks / step) * step
            ends = [
                np.interp(at, self.ranks, self.found) for at in (first, first + step)
            ]
            found = ends[0] + (ranks - first) / step * (ends[1] - ends[0])
        tied = self.tied_members[segment]
        return found, _sharper(found, part, tied, self.found[-1])

    def sharper_ranks(self, ranks: FloatArray) -> FloatArray:
        """By how much the FPR at each rank is surer than that of a count."""
        segment, part = self._segment(ranks)
        n = self.ranks[-1] - 1
        counted = ranks * n / (n + 1)
        return _sharper(counted, part, self.tied_nonmembers[segment], n)

    def _segment(self, ranks: FloatArray) -> tuple[IntArray, FloatArray]:
        last = len(self.ranks) - 2
        segment = np.clip(np.searchsorted(self.ranks, ranks, "right") - 1, 0, last)
        start, end = self.ranks[segment], self.ranks[segment + 1]
        width = np.maximum(end - start, _TINY)
        return segment, np.clip((ranks - start) / width, 0, 1)


def _share(gap: IntArray, tied: IntArray) -> FloatArray:
    """Share of a gap in the rank between it and a block."""
    return np.where(gap + tied > 0, gap / np.maximum(gap + tied, 1), tied == 0)


def _sharper(
    counted: FloatArray, part: FloatArray, tied: IntArray, n: float
) -> FloatArray:
    """Variance of a count over that of one where part of the tied records is flagged.

    Records above count 1 and those tied a fixed `part`, in place of 1 for so many of
    them. A block of one has nothing to share out.
    """
    spread = counted * (1 - counted / n)
    less = part * (1 - part) * np.maximum(tied - 1, 0)
    left = np.maximum(spread - less, _TINY)
    return np.maximum(spread, _TINY) / left
