"""The records of a scenario: what they are like, who is a member, what stands twice.

The columns are either smooth, so that no row stands twice by chance, or few and
binary, so that many do.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.model_selection import train_test_split

from hunt._targets import content, labels

#: Columns of a smooth table.
N_SMOOTH = 12


@dataclass(frozen=True)
class Table:
    """Independent records, in `n_columns` binary columns, rarely 1, or smooth ones."""

    n_columns: int = 0

    @property
    def moments(self):
        """Mean and spread of the sum of squares of a row."""
        if not self.n_columns:
            return float(N_SMOOTH), float(np.sqrt(2 * N_SMOOTH))
        p = self._shares
        return float(p.sum()), float(np.sqrt((p * (1 - p)).sum()))

    @property
    def _shares(self):
        return np.linspace(0.08, 0.5, self.n_columns)

    def draw(self, n, rng):
        if not self.n_columns:
            return rng.normal(size=(n, N_SMOOTH))
        return (rng.uniform(size=(n, self.n_columns)) < self._shares).astype(float)

    def with_copies(self, n, share, rng):
        """`n` rows of which a share repeats others: the usual rows, more often."""
        rows = self.draw(n, rng)
        n_copies = int(share * n)
        if not n_copies:
            return rows
        rest = rows[n_copies:]
        far = ((rest**2).sum(axis=1) - self.moments[0]) / self.moments[1]
        chance = np.exp(-far)
        chosen = rng.choice(len(rest), n_copies, p=chance / chance.sum())
        return np.concatenate([rest[chosen], rest])[rng.permutation(n)]


@dataclass(frozen=True)
class Sides:
    """Members and non-members, with the facts that an honest analyst goes by."""

    rows: np.ndarray
    member: np.ndarray
    weight: np.ndarray | None
    n_classes: int

    @property
    def y(self):
        return labels(self.rows, self.n_classes)

    @property
    def trained(self):
        """Members of a weight above 0: the others were not learned from."""
        return self.member if self.weight is None else self.member & (self.weight > 0)

    @property
    def counted(self):
        """What a figure is about: rows that stand once, and have a weight.

        On both sides: a non-member of weight 0 is in no shadow, which tells it.
        """
        once = stands_once(self.rows)
        return once if self.weight is None else once & (self.weight > 0)


def stands_once(rows):
    _, group, count = np.unique(content(rows), return_inverse=True, return_counts=True)
    return count[group] == 1


def split(table, n_members, n_nonmembers, how, copies, weights, n_classes, rng):
    """Draw a pool and split it; `copies` after the split are made here as well."""
    n = n_members + n_nonmembers
    rows = table.with_copies(n, 0.25 if copies == "natural" else 0.0, rng)
    stratify = labels(rows, n_classes) if how == "stratified" else None
    inside, outside = train_test_split(
        np.arange(n),
        train_size=n_members,
        test_size=n_nonmembers,
        stratify=stratify,
        random_state=int(rng.integers(2**31)),
    )
    members, others = rows[inside], rows[outside]
    if copies in ("both sides", "near"):
        n_copies = int(0.2 * min(n_members, n_nonmembers))
        again = members[rng.choice(n_members, n_copies, replace=False)]
        if copies == "near":
            again = again.astype(np.float32).astype(float)
        others = np.concatenate([again, others[n_copies:]])
    if copies == "oversampled":
        again = members[rng.choice(n_members, n_members // 4, replace=False)]
        members = np.concatenate([members, again, again])
    if copies == "oversampled class":
        rare = members[labels(members, n_classes) == n_classes - 1]
        members = np.concatenate([members, rare])
    rows = np.concatenate([members, others])
    member = np.arange(len(rows)) < len(members)
    return Sides(rows, member, draw_weights(weights, len(rows), rng), n_classes)


def draw_weights(weights, n, rng):
    """One per row: None, random, or random with three of ten that are 0."""
    if weights == "none":
        return None
    drawn = rng.uniform(0.5, 2.0, size=n)
    return (
        np.where(rng.uniform(size=n) < 0.3, 0.0, drawn) if weights == "zeros" else drawn
    )


def contained(rows, container):
    """The rows as the container says."""
    names = [f"x{j}" for j in range(rows.shape[1])]
    if container == "pandas":
        import pandas as pd

        # An index of its own, in which positions mean nothing.
        index = pd.Index(np.arange(len(rows))[::-1] * 3, name="record")
        return pd.DataFrame(rows, columns=names, index=index)
    if container == "polars":
        import polars as pl

        return pl.DataFrame(rows, schema=names)
    if container == "csr":
        return sparse.csr_array(rows)
    if container == "list":
        return rows.tolist()
    if container == "object":
        return rows.astype(object)
    if container == "fortran":
        return np.asfortranarray(rows)
    return rows
