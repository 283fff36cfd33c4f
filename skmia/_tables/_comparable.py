"""The rows that figures may be about: one rule for members and non-members."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom, norm

from skmia._tables._content import occurs_once, once_per_person
from skmia._tables._persons import Persons
from skmia._tables._value_bits import Hashes

Counts = tuple[int, int]  # of members, and of others

# How surely the copies on both sides are more or fewer than chance puts there:
# as at four standard errors, once in 30,000 pairs of random sets.
_SURE = float(norm.sf(4))


@dataclass(frozen=True)
class Overlap:
    """How many contents of several rows are on both sides, and how many by chance.

    Chance gives each row a side, with as many members as there are. More than that
    says that rows of one side were put among the other; fewer, that copies were made
    within a side after rows had one, as oversampling and bootstrap samples are.
    """

    n_contents: int
    n_both: int
    n_expected: float

    @property
    def excess(self) -> float:
        """How many more are on both sides than by chance, in standard errors."""
        spread = self.n_expected * (1 - self.n_expected / max(1, self.n_contents))
        return (self.n_both - self.n_expected) / np.sqrt(max(spread, 1e-12))

    @property
    def has_more(self) -> bool:
        """Whether more are on both sides than by chance, for sure."""
        # Sums of unequal chances vary less than the binomial of their mean.
        n, chance = self.n_contents, self.n_expected / max(1, self.n_contents)
        return bool(n and binom.sf(self.n_both - 1, n, chance) < _SURE)

    @property
    def has_fewer(self) -> bool:
        """Whether fewer are on both sides than by chance, for sure."""
        n, chance = self.n_contents, self.n_expected / max(1, self.n_contents)
        return bool(n and binom.cdf(self.n_both, n, chance) < _SURE)


@dataclass(frozen=True)
class ComparableRows:
    """Rows that figures may be about, and what else there is, of (members, others).

    Attributes
    ----------
    keep : ndarray of bool
        The rows.
    shared : ndarray of bool
        Rows left out whose content is on both sides.
    repeated : ndarray of bool
        Rows left out whose content is on their own side only.
    member : ndarray of bool
        The sides.
    once_per_side : bool
        Whether a content of one side is in by its first row, not left out.
    overlap : Overlap
        Of the contents that stand in several rows.
    """

    keep: NDArray[np.bool_]
    shared: NDArray[np.bool_]
    repeated: NDArray[np.bool_]
    member: NDArray[np.bool_]
    once_per_side: bool
    overlap: Overlap

    @property
    def n_shared(self) -> Counts:
        """Rows left out whose content is on both sides."""
        return count_sides(self.shared, self.member)

    @property
    def n_repeated(self) -> Counts:
        """Rows left out whose content is on their own side only."""
        return count_sides(self.repeated, self.member)

    def without(self, rows: NDArray[np.bool_]) -> "ComparableRows":
        """Leave further rows out, which are counted elsewhere."""
        return replace(
            self,
            keep=self.keep & ~rows,
            shared=self.shared & ~rows,
            repeated=self.repeated & ~rows,
        )


def comparable_rows(
    hashes: Hashes,
    member: NDArray[np.bool_],
    persons: NDArray[np.intp] | None = None,
) -> ComparableRows:
    """Choose the rows that tell members from non-members by the model alone.

    Which of a content's copies is a member is a matter of chance, so that a rule that
    looks at how often a content stands in the pool, and not at sides, treats both
    alike: rows are kept whose content occurs once. To leave out what is on both sides
    is no such rule, since the larger set has more of what is frequent.

    Copies that were made within a side after the split are no matter of chance, and
    are those of the rows that leak most. Where contents on both sides are fewer than
    half of what chance gives, for sure, each content of one side is in once.

    With `persons`, numbers of whose the rows are, equal rows of one person are on one
    side by themselves and count as one; all of them are kept or none.
    """
    if persons is not None:
        first, same = once_per_person(hashes, persons)
        return _spread(comparable_rows(hashes[first], member[first]), same, member)
    _, first, group, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    n_in = np.bincount(group, weights=member, minlength=len(counts))
    both = (n_in > 0) & (n_in < counts)
    overlap = _overlap(counts, both, int(member.sum()))
    once_per_side = overlap.has_fewer and overlap.n_both < overlap.n_expected / 2
    keep = counts[group] == 1
    if once_per_side:
        keep = np.zeros(len(hashes), dtype=bool)
        keep[first[~both]] = True
    shared = both[group]
    repeated = ~keep & ~shared
    return ComparableRows(keep, shared, repeated, member, once_per_side, overlap)


def one_of_copies(
    trained: NDArray[np.bool_],
    tested: NDArray[np.bool_],
    hashes: Hashes,
    persons: Persons | None,
) -> NDArray[np.bool_]:
    """Choose the rows for figures of several models, by one rule for both sides.

    Those whose content occurs once. Copies that every split keeps together, as groups
    do, are one record, and in by their first row: which side they are on is a matter of
    chance as it is for others; so are those of one person. To keep what happens to be
    on one side would not do, as copies that are all held out are rarer than copies that
    are all trained on.
    """
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    if all(
        np.array_equal(sides, sides[:, first[group]]) for sides in (trained, tested)
    ):
        kept = np.zeros(len(hashes), dtype=bool)
        kept[first] = True
        return kept
    return occurs_once(hashes, persons)


def _spread(
    rows: ComparableRows, same: NDArray[np.intp], member: NDArray[np.bool_]
) -> ComparableRows:
    """What was found for some rows, for all that equal them."""
    return replace(
        rows,
        keep=rows.keep[same],
        shared=rows.shared[same],
        repeated=rows.repeated[same],
        member=member,
    )


def count_sides(rows: NDArray[np.bool_], member: NDArray[np.bool_]) -> Counts:
    """How many members and how many others are among the rows of a mask."""
    return int((rows & member).sum()), int((rows & ~member).sum())


def _overlap(
    counts: NDArray[np.intp], both: NDArray[np.bool_], n_members: int
) -> Overlap:
    """`counts` of each content, and whether it is on `both` sides."""
    n = int(counts.sum())
    times, frequency = np.unique(counts[counts > 1], return_counts=True)
    chance = 1 - sum(
        hypergeom.pmf(0, n, times, size) for size in (n_members, n - n_members)
    )
    expected = np.dot(frequency, np.clip(chance, 0, 1))
    return Overlap(int(frequency.sum()), int(both.sum()), float(expected))
