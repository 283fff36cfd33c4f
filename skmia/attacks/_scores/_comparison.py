"""Comparison: what shadow models say of records, on one side of each or on both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.signals import BoolArray, FloatArray, IndexArray

#: With fewer shadows none is left over to judge another by.
FEWEST_TO_LEAVE_OUT = 4


@dataclass(frozen=True, eq=False)
class Comparison:
    """What shadow models say of records, as rows of values with a side each.

    One row for each shadow, which is with a record or without it, as it was fitted.
    Where it is known what each would have said on the other side, there are two: the
    first half of the rows is with every record and the second without any, so that all
    records have the same counts, and no count tells who was in which shadow.

    Parameters
    ----------
    own : dict of str to ndarray of shape (n_shadows, n_records)
        Signals as the shadows answered, greater for members.
    member : ndarray of bool of shape (n_shadows, n_records)
        Which shadow was fitted on which record.
    other : dict of str to ndarray of shape (n_shadows, n_records), default={}
        What each shadow would have answered on the other side: all signals or none.
    """

    own: Mapping[str, NDArray]
    member: BoolArray
    other: Mapping[str, NDArray] = field(default_factory=dict)

    @property
    def n_shadows(self) -> int:
        """Number of shadows."""
        return self.member.shape[0]

    @property
    def n_records(self) -> int:
        """Number of records."""
        return self.member.shape[1]

    @property
    def two_sided(self) -> bool:
        """Whether every shadow speaks for both sides."""
        return bool(self.other)

    @property
    def stays_in(self) -> bool:
        """Whether a shadow that is used as a target stays among those it is judged by.

        Two or three shadows have none to spare.
        """
        return self.two_sided and self.n_shadows < FEWEST_TO_LEAVE_OUT

    @property
    def shadow(self) -> IndexArray:
        """Which shadow each row is from."""
        return np.tile(np.arange(self.n_shadows), 2 if self.two_sided else 1)

    def of(self, shadows: IndexArray) -> "Comparison":
        """What some of the shadows say."""
        own, other = (
            {name: values[shadows] for name, values in side.items()}
            for side in (self.own, self.other)
        )
        return Comparison(own, self.member[shadows], other)

    def rows(
        self, name: str, records: Any = slice(None), shadows: Any = slice(None)
    ) -> tuple[NDArray, BoolArray]:
        """Values and sides of some records under some shadows, both (n_rows, n)."""
        own, member = (
            _part(array, shadows, records) for array in (self.own[name], self.member)
        )
        if not self.two_sided:
            return own, member
        other = _part(self.other[name], shadows, records)
        values = np.concatenate(
            [np.where(member, own, other), np.where(member, other, own)]
        )
        inside = np.zeros(values.shape, dtype=bool)
        inside[: len(own)] = True
        return values, inside

    def gaps(
        self, name: str, records: Any = slice(None), shadows: Any = slice(None)
    ) -> NDArray:
        """With minus without, of the shadows that tell both: (n_shadows, n)."""
        inside, outside = np.split(self.rows(name, records, shadows)[0], 2)
        return inside - outside

    def with_new(
        self, rows: IndexArray, outside: dict[str, NDArray], inside: dict[str, NDArray]
    ) -> "Comparison":
        """What two-sided shadows say of the records at `rows` and of new ones.

        Parameters
        ----------
        rows : ndarray of int of shape (n_records,)
            Places here, -1 for a new record.
        outside, inside : dict of str to ndarray of shape (n_shadows, n_new)
            Signals of the new ones, which no shadow was fitted on, and as if they all
            had been.

        Returns
        -------
        Comparison
            Of all, in the order of `rows`.
        """
        new = rows < 0
        member = np.zeros((self.n_shadows, len(rows)), dtype=bool)
        own, other = (
            {name: np.empty(member.shape, np.float32) for name in self.own}
            for _ in range(2)
        )
        for name in self.own:
            held, left_out = np.split(self.rows(name, rows[~new])[0], 2)
            own[name][:, ~new], own[name][:, new] = left_out, outside[name]
            other[name][:, ~new], other[name][:, new] = held, inside[name]
        return Comparison(own, member, other)

    def of_shadow(
        self, name: str, shadow: int | IndexArray, records: IndexArray
    ) -> tuple[tuple[NDArray, BoolArray], tuple[NDArray, BoolArray]]:
        """What one shadow adds to the IN and to the OUT sample of some records.

        Parameters
        ----------
        name : str
            The signal.
        shadow : int or ndarray of int of shape (n_records,)
            The shadow, one for all or one for each record.
        records : ndarray of int of shape (n_records,)
            The records.

        Returns
        -------
        inside, outside : tuple of two ndarrays of shape (n_records,)
            Values, and where there is one.
        """
        own, held = self.own[name][shadow, records], self.member[shadow, records]
        if not self.two_sided:
            return (own, held), (own, ~held)
        other = self.other[name][shadow, records]
        always = np.ones(len(records), dtype=bool)
        inside, outside = np.where(held, own, other), np.where(held, other, own)
        return (inside, always), (outside, always)

    def answers(
        self,
        name: str,
        k: int,
        records: Any = slice(None),
        *,
        apart: bool = True,
        held: bool | None = None,
    ) -> FloatArray:
        """What shadow `k` answers, as the target that it is used as, in float64.

        Where it stays among the shadows that it is judged by, it is closer to their
        mean than a target is, whose variance about a mean of n is (n + 1) / n of that
        of a single answer; its own about a mean that it is in is (n - 1) / n. So it is
        moved away from the mean of the side that it is on. Of shadows in complementary
        pairs, whose mean hardly varies, that is too much: thresholds then err on the
        side of accusing less; who orders records by them takes the answers as they
        are, not `apart`. With `held` it is what a two-sided shadow answers, or would
        answer, with every record (True) or without any (False).
        """
        x, inside = self.own[name][k, records], self.member[k, records]
        if held is not None:
            x = np.where(inside == held, x, self.other[name][k, records])
            inside = np.full_like(inside, held)
        x = x.astype(np.float64)
        if not (self.stays_in and apart):
            return x
        n = self.n_shadows
        values, _ = self.rows(name, records)
        mean = np.where(
            inside,
            values[:n].mean(axis=0, dtype=np.float64),
            values[n:].mean(axis=0, dtype=np.float64),
        )
        return mean + self._apart * (x - mean)

    def borrowed(
        self, name: str, k: int, records: IndexArray, lenders: IndexArray
    ) -> FloatArray:
        """Answers about `records` of a model that is none of two-sided shadows.

        As far from their OUT mean as shadow `k` is about other records, the `lenders`,
        from theirs, and as a target is.
        """
        n = self.n_shadows
        mean, lent = (
            self.rows(name, at)[0][n:].mean(axis=0, dtype=np.float64)
            for at in (records, lenders)
        )
        return mean + self._apart * (self.rows(name, lenders)[0][n + k] - lent)

    @property
    def _apart(self) -> float:
        n = self.n_shadows
        return float(np.sqrt((n + 1) / (n - 1)))


def _part(array: NDArray, shadows: Any, records: Any) -> NDArray:
    """Some records under some shadows; nothing else of `array` is copied."""
    if isinstance(records, slice):
        return array[:, records][shadows]
    if isinstance(shadows, slice):
        return array[shadows][:, records]
    return array[np.ix_(shadows, records)]
