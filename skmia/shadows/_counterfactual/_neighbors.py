"""Nearest neighbours: a record's own rows leave the list, or join it.

The answer about a record is a vote of the k training rows nearest to it. Without the
record and its copies the next ones move up; with them the last ones make room. Which of
equally distant rows are heard is what the order of the training rows decides, which is
random: here it is drawn.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from skmia._tables import copy_rows, n_rows
from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    OtherRowsError,
    OtherSide,
    Records,
    TrainingRows,
)
from skmia.signals import FloatArray, IndexArray

Weights = str | Callable[[NDArray], NDArray] | None
# Neighbours in the lists of one block.
_LISTED = 2**21
# Rows among which a row looks for itself.
_CHUNK = 256
# Metrics that scikit-learn scales by the rows that it is given, those asked about
# included, unless it is told how.
_LEARNT = {"seuclidean": "V", "mahalanobis": "VI"}


def why_not(estimator: KNeighborsClassifier) -> str | None:
    """Say which metric depends on more than two rows."""
    metric = estimator.metric
    if metric == "precomputed":
        return (
            "metric='precomputed' takes distances to the training rows as X, which "
            "are other columns for each shadow"
        )
    if isinstance(metric, str) and metric in _LEARNT:
        known = estimator.metric_params or {}
        inverse = metric == "mahalanobis" and "V" in known
        if _LEARNT[metric] not in known and not inverse:
            return (
                f"metric={metric!r} without {_LEARNT[metric]!r} in 'metric_params' is "
                "learnt from the rows"
            )
    return None


def prepare(model: KNeighborsClassifier, rows: TrainingRows) -> OtherSide:
    """Take the labels and the numbers of the training rows; the model has the rest."""
    if np.ndim(model.classes_[0]):
        raise NotCoveredError("the model has several outputs")
    return _Neighbors(model, rows.y, rows.unit)


def check(model: KNeighborsClassifier, rows: TrainingRows) -> bool:
    """Compare with the same model fitted on these rows, which is one more look-up."""
    n = len(rows.y)
    if np.ndim(model.classes_[0]) or model.n_samples_fit_ != n:
        raise OtherRowsError
    again = clone(model).fit(rows.X, model.classes_[rows.y])
    listed = min(model.n_neighbors + 1, n)
    size = max(1, _LISTED // listed)
    checked = True
    for start in range(0, n, size):
        X = copy_rows(rows.X, np.arange(start, min(start + size, n)))
        distance, nearest = model.kneighbors(X, listed)
        other_distance, other_nearest = again.kneighbors(X, listed)
        slack = 1e-6 * np.abs(distance).max(initial=0)
        if not np.allclose(distance, other_distance, rtol=1e-6, atol=slack):
            raise OtherRowsError
        moved = (nearest != other_nearest)[:, 0]
        # Of rows that lie in one place the first is any of them.
        alone = distance[:, min(1, listed - 1)] > distance[:, 0] + slack
        if (moved & alone).any():
            raise OtherRowsError
        if (nearest != other_nearest).any():
            checked = False
        elif not np.allclose(model.predict_proba(X), again.predict_proba(X)):
            raise OtherRowsError
    return checked


class _Neighbors:
    """The other side of records of one fitted model."""

    def __init__(
        self, model: KNeighborsClassifier, y: IndexArray, unit: IndexArray
    ) -> None:
        self.model = model
        self.y = y
        self.unit = unit

    def __call__(self, records: Records) -> FloatArray:
        answers = np.full((n_rows(records.X), len(self.model.classes_)), np.nan)
        rng = np.random.default_rng(0)
        leaves = np.flatnonzero(records.inside)
        left = self.model.n_samples_fit_ - records.count[leaves]
        leaves = leaves[left >= self.model.n_neighbors]
        for part, n in self._alike(leaves, records.count[leaves]):
            answers[part] = self._without(records, part, n)
        joins = np.flatnonzero(~records.inside & (records.y >= 0))
        for part, n in self._alike(joins, records.count[joins]):
            answers[part] = self._with(records, part, n, rng)
        return answers

    def _alike(self, index: IndexArray, count: IndexArray) -> list[tuple[Any, int]]:
        """Parts with the same number of copies, small enough for their lists."""
        parts = []
        for n in np.unique(count):
            same = index[count == n]
            most = max(1, _LISTED // (self.model.n_neighbors + int(n)))
            cuts = range(most, len(same), most)
            parts += [(part, int(n)) for part in np.split(same, cuts) if len(part)]
        return parts

    def _without(self, records: Records, part: IndexArray, n: int) -> FloatArray:
        k = self.model.n_neighbors
        distance, nearest = self.model.kneighbors(copy_rows(records.X, part), k + n)
        others = self.unit[nearest] != records.unit[part][:, None]
        # Stable: the others keep their order.
        first = np.argsort(~others, axis=1, kind="stable")[:, :k]
        return votes(
            self.y[np.take_along_axis(nearest, first, axis=1)],
            np.take_along_axis(distance, first, axis=1),
            self.model.weights,
            len(self.model.classes_),
        )

    def _with(
        self, records: Records, part: IndexArray, n: int, rng: np.random.Generator
    ) -> FloatArray:
        k, X = self.model.n_neighbors, copy_rows(records.X, part)
        own = own_distances(self.model, X)
        distance, nearest = self.model.kneighbors(X, k)
        answers = self._joined(distance, nearest, own, records.y[part], n, rng)
        # All that lie where the record lies are to be known, or too many of its own
        # copies would be heard.
        full = np.flatnonzero(distance[:, -1] <= own)
        n_fit, listed = self.model.n_samples_fit_, k
        while len(full) and listed < n_fit:
            listed = min(2 * listed + n, n_fit)
            unfinished = []
            for some in np.array_split(full, 1 + len(full) * listed // _LISTED):
                distance, nearest = self.model.kneighbors(copy_rows(X, some), listed)
                of = records.y[part][some]
                answers[some] = self._joined(distance, nearest, own[some], of, n, rng)
                unfinished.append(some[distance[:, -1] <= own[some]])
            full = np.concatenate(unfinished)
        return answers

    def _joined(
        self,
        distance: FloatArray,
        nearest: IndexArray,
        own: FloatArray,
        y: IndexArray,
        n: int,
        rng: np.random.Generator,
    ) -> FloatArray:
        """The answers with `n` rows at the distance `own` beside the listed ones."""
        distance = np.hstack([distance, np.repeat(own[:, None], n, axis=1)])
        labels = np.hstack([self.y[nearest], np.repeat(y[:, None], n, axis=1)])
        drawn = rng.random(distance.shape)
        first = np.lexsort((drawn, distance), axis=1)[:, : self.model.n_neighbors]
        return votes(
            np.take_along_axis(labels, first, axis=1),
            np.take_along_axis(distance, first, axis=1),
            self.model.weights,
            len(self.model.classes_),
        )


def votes(
    labels: IndexArray, distance: FloatArray, weights: Weights, n_classes: int
) -> FloatArray:
    """Return the share of each class among neighbours, from the nearest on.

    Parameters
    ----------
    labels : ndarray of int of shape (n, k)
        Their columns.
    distance : ndarray of shape (n, k)
        Their distances.
    weights : {"uniform", "distance"}, callable or None
        As in scikit-learn.
    n_classes : int
        Number of columns.

    Returns
    -------
    ndarray of shape (n, n_classes)
        As scikit-learn's ``predict_proba``; NaN where no neighbour has a weight.
    """
    n = len(labels)
    flat = labels + n_classes * np.arange(n)[:, None]
    weight = None if weights in ("uniform", None) else _weigh(distance, weights).ravel()
    counts = np.bincount(flat.ravel(), weight, minlength=n * n_classes)
    answers = counts.reshape(n, n_classes).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return answers / answers.sum(axis=1, keepdims=True)


def _weigh(distance: FloatArray, weights: Weights) -> NDArray:
    if callable(weights):
        return np.asarray(weights(distance), dtype=np.float64)
    with np.errstate(divide="ignore"):
        inverse = 1.0 / distance
    # What lies where the record lies takes all.
    at_it = np.isinf(inverse)
    there = at_it.any(axis=1)
    inverse[there] = at_it[there]
    return inverse


def own_distances(model: KNeighborsClassifier, X: Any) -> FloatArray:
    """Return the distance of each row to itself, as the model would compute it.

    Products of matrices leave a rounding error where 0 is meant.
    """
    n, known = n_rows(X), dict(model.effective_metric_params_)
    search = NearestNeighbors(
        n_neighbors=1,
        algorithm=model.algorithm,
        leaf_size=model.leaf_size,
        metric=model.effective_metric_,
        p=known.pop("p", 2),
        metric_params=known or None,
    )
    found = np.empty(n)
    for start in range(0, n, _CHUNK):
        # Of a few rows scikit-learn would make no tree.
        size = max(min(_CHUNK, n - start), 8)
        chunk = copy_rows(X, (start + np.arange(size)) % n)
        distance, _ = search.fit(chunk).kneighbors(chunk)
        found[start : start + size] = distance[: n - start, 0]
    return found
