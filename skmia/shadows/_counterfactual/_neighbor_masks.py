"""Nearest neighbours of any number of shadows, from one list for each record.

A shadow's neighbours are the first of the pool's that it was fitted on. One query of
the whole pool is enough for all shadows, and for both sides of each record.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from skmia._tables import blocks, copy_rows, n_rows
from skmia.shadows._counterfactual._family import (
    Family,
    NotCoveredError,
    TrainingRows,
    Worlds,
)
from skmia.shadows._counterfactual._neighbors import check, prepare, votes, why_not
from skmia.signals import BoolArray, FloatArray, IndexArray

# Entries of the lists of one block, for all shadows.
_LISTED = 2**21
# Equally distant rows are all listed, and each shadow draws among its own, up to this
# length of a list. Beyond it they are drawn for all shadows together.
_LONGEST = 2**10


def masked_neighbors(
    estimator: KNeighborsClassifier, rows: TrainingRows, member: BoolArray, seed: int
) -> Worlds:
    """Prepare the answers of all shadows about the records that they are drawn from."""
    k = estimator.n_neighbors
    largest = int(np.bincount(rows.unit).max())
    fewest = int(member.sum(axis=1).min())
    if isinstance(k, int | np.integer) and fewest - largest < k:
        raise NotCoveredError(
            f"a shadow has {fewest} rows, a record with what comes and goes with it "
            f"has {largest}, and n_neighbors={k}"
        )
    return _Masked(estimator, rows, member, seed)


class _Masked:
    """What shadows answer about records of the pool, by their lists of neighbours."""

    def __init__(
        self,
        estimator: KNeighborsClassifier,
        rows: TrainingRows,
        member: BoolArray,
        seed: int,
    ) -> None:
        rng = np.random.default_rng(seed)
        # In random order: which of equally distant rows a list ends with would follow
        # from the order of the pool, which has members first.
        self.order = rng.permutation(n_rows(rows.X))
        self.X = rows.X
        self.y = rows.y[self.order]
        self.unit = rows.unit
        self.member = np.ascontiguousarray(member[:, self.order])
        # A place in each shadow's training set, which decides between equal distances.
        self.place = rng.random(member.shape, dtype=np.float32)
        self.model = clone(estimator).set_params(n_jobs=1)
        self.model.fit(copy_rows(rows.X, self.order), self.y)
        self.n_classes = int(rows.y.max()) + 1
        k, share = self.model.n_neighbors, member.mean(axis=1).min()
        # Enough for all but a few shadows of a few records, which get longer lists.
        self.listed = math.ceil((k + 4 * math.sqrt(k + 1) + 4) / share)

    def __call__(self, block: slice) -> tuple[FloatArray, FloatArray]:
        shape = len(self.member), block.stop - block.start, self.n_classes
        without, with_it = np.empty(shape), np.empty(shape)
        n, listed = len(self.order), self.listed
        todo = np.arange(block.start, block.stop)
        while len(todo):
            listed = min(listed, n)
            short = [
                self._answer(todo[part], listed, block.start, without, with_it)
                for part in blocks(len(todo), len(self.member) * listed, _LISTED)
            ]
            todo, listed = np.concatenate(short), 2 * listed
        return without, with_it

    def _answer(
        self,
        records: IndexArray,
        listed: int,
        start: int,
        without: FloatArray,
        with_it: FloatArray,
    ) -> IndexArray:
        """Fill in the answers; return the records whose lists are too short."""
        distance, nearest = self.model.kneighbors(copy_rows(self.X, records), listed)
        own = self.unit[self.order[nearest]] == self.unit[records][:, None]
        # Rows at the same distance have the same rank.
        rank = np.zeros(distance.shape)
        np.cumsum(np.diff(distance, axis=1) > 0, axis=1, out=rank[:, 1:])
        member = self.member[:, nearest]
        key = np.where(member & ~own, rank + self.place[:, nearest], np.inf)
        out = self._first(key)
        short = self._is_short(key, out, rank, listed)
        key = np.where(own, rank + self.place[:, nearest], key)
        found = np.flatnonzero(~short)
        inside = self._first(key[:, found])
        for chosen, answers in ((out[:, found], without), (inside, with_it)):
            answers[:, records[found] - start] = self._votes(
                distance[found], nearest[found], chosen
            )
        return records[short]

    def _first(self, key: NDArray) -> IndexArray:
        """Positions of the k smallest keys of each list, from the smallest on."""
        k = self.model.n_neighbors
        if key.shape[2] > k:
            chosen = np.argpartition(key, k - 1, axis=2)[:, :, :k]
        else:
            chosen = np.broadcast_to(np.arange(key.shape[2]), key.shape)
        order = np.argsort(np.take_along_axis(key, chosen, axis=2), axis=2)
        return np.take_along_axis(chosen, order, axis=2)

    def _is_short(
        self, key: NDArray, chosen: IndexArray, rank: FloatArray, listed: int
    ) -> BoolArray:
        """Whether more rows than those listed could be among a record's nearest."""
        if listed == len(self.order):
            return np.zeros(len(rank), dtype=bool)
        last = np.take_along_axis(key, chosen[:, :, -1:], axis=2)[:, :, 0].max(axis=0)
        if listed >= max(_LONGEST, self.listed):
            return np.isinf(last)
        return ~(last < rank[:, -1])

    def _votes(
        self, distance: FloatArray, nearest: IndexArray, chosen: IndexArray
    ) -> FloatArray:
        rows = np.arange(len(nearest))[None, :, None]
        labels, distances = self.y[nearest[rows, chosen]], distance[rows, chosen]
        k, weights = chosen.shape[2], self.model.weights
        answers: Any = votes(
            labels.reshape(-1, k), distances.reshape(-1, k), weights, self.n_classes
        )
        return answers.reshape(*chosen.shape[:2], self.n_classes)


#: Of KNeighborsClassifier.
NEIGHBORS = Family(
    prepare, exact=True, why_not=why_not, virtual=masked_neighbors, check=check
)
