"""Members and non-members apart, each with its scores and the persons behind them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from skmia.metrics._ranking import FloatArray, check_scores, sorted_sides
from skmia.utils import check_groups, once


@dataclass(frozen=True)
class Side:
    """The scores of one side in ascending order, and whose they are.

    `person` has the number of each record's person, or is None where every record is
    a person of its own.
    """

    scores: FloatArray
    person: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def n_persons(self) -> int:
        """How many independent draws the side is made of."""
        return len(self) if self.person is None else int(self.person.max()) + 1

    @property
    def one_person(self) -> bool:
        """Whether several records are all of one person, and show no spread."""
        return self.person is not None and self.n_persons == 1

    def by_person(self) -> tuple[FloatArray, NDArray[np.intp]]:
        """Scores person by person, and how many each has; no order of rows is left."""
        if self.person is None:
            return self.scores, np.ones(len(self), dtype=np.intp)
        order = np.argsort(self.person, kind="stable")
        ends = np.cumsum(np.bincount(self.person))[:-1]
        # Their numbers come from their names, or from the rows. Their scores do not.
        persons = sorted(map(tuple, np.split(self.scores[order], ends)))
        sizes = np.array([len(own) for own in persons], dtype=np.intp)
        return np.concatenate(persons), sizes

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the records of each person; `values` has a column a record."""
        if self.person is None:
            return values
        order, starts = self._persons_in_turn
        return np.add.reduceat(values[..., order], starts, axis=-1)

    @cached_property
    def _persons_in_turn(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The records person by person, and where each begins."""
        assert self.person is not None
        order = np.argsort(self.person, kind="stable")
        return order, np.flatnonzero(np.diff(self.person[order], prepend=-1))

    def share_from(self, thresholds: FloatArray) -> FloatArray:
        """Share of the records that have at least each of these scores."""
        return 1 - np.searchsorted(self.scores, thresholds) / len(self)

    def covariance_from(self, thresholds: FloatArray, alpha: float) -> FloatArray:
        """Covariance of these shares, of scores in descending order.

        With half a record more on either side, so that no share is sure. Of persons,
        widened by Student's t for so many of them, and no less than of records.
        """
        n = len(self)
        share = (n * self.share_from(thresholds) + 0.5) / (n + 1)
        once = (np.minimum.outer(share, share) - np.outer(share, share)) / n
        once[np.diag_indices_from(once)] += 1e-12
        if self.person is None:
            return once
        n_persons, n_levels = self.n_persons, len(thresholds)
        # The first of the thresholds that each record reaches.
        level = n_levels - np.searchsorted(thresholds[::-1], self.scores, "right")
        cell = self.person * (n_levels + 1) + level
        counts = np.bincount(cell, minlength=n_persons * (n_levels + 1))
        counts = counts.reshape(n_persons, -1).astype(np.float32)
        reached = counts.cumsum(axis=1)
        off = reached[:, :-1] - np.outer(reached[:, -1], self.share_from(thresholds))
        off = off.astype(np.float32)
        ratio = stdtrit(n_persons - 1, alpha / 2) / ndtri(alpha / 2)
        factor = n_persons / (n_persons - 1) / n**2 * ratio**2
        found = (off.T @ off).astype(np.float64) * factor
        found[np.diag_indices_from(found)] += 1e-12
        short = np.sqrt(np.maximum(np.diag(once) / np.diag(found), 1))
        found *= np.outer(short, short)
        found[np.diag_indices_from(found)] *= 1 + 1e-6
        return found

    def variance_of_mean(self, values: FloatArray) -> float:
        """Variance of the mean of a value for each record, by persons."""
        n, n_persons = len(self), self.n_persons
        sums = self.sums(values - values.mean())
        return float((sums**2).sum()) / n**2 * n_persons / (n_persons - 1)

    def design_effect(self, values: FloatArray, alpha: float) -> float:
        """How many records weigh as much as one that is drawn by itself.

        The variance of the mean by persons over that by records, at least 1; widened
        by Student's t for so many persons, as Korn and Graubard do.
        """
        spread = float(values.var()) / len(self)
        if self.person is None or not spread:
            return 1.0
        ratio = stdtrit(self.n_persons - 1, alpha / 2) / ndtri(alpha / 2)
        return max(1.0, self.variance_of_mean(values) / spread) * float(ratio) ** 2


@once
def sides_of(
    membership: ArrayLike, scores: ArrayLike, groups: Any = None
) -> tuple[Side, Side]:
    """Members and non-members; the order of the rows is not left in them."""
    if groups is None:
        members, nonmembers = sorted_sides(membership, scores)
        return Side(members), Side(nonmembers)
    is_member, values = check_scores(membership, scores)
    person = check_groups(groups, len(values))
    both = np.intersect1d(person[is_member], person[~is_member])
    if both.size:
        raise ValueError(
            "The 'groups' parameter must have every person on one side only. Got "
            f"{both.size} with members and non-members; leave these persons out."
        )
    return _side(values[is_member], person[is_member]), _side(
        values[~is_member], person[~is_member]
    )


def _side(values: FloatArray, person: NDArray[np.intp]) -> Side:
    order = np.argsort(values, kind="stable")
    names, person = np.unique(person[order], return_inverse=True)
    if len(names) == len(values):
        return Side(values[order])
    return Side(values[order], person)
