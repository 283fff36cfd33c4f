"""Soft labels as copies of rows with one hard label each: the arithmetic."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The weight of a label that is there for its class only.
_TRACE = 1e-6


class Copies(NamedTuple):
    """Row, class and weight of each copy."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    weights: NDArray[np.float64]


def weighted_copies(
    target: NDArray[np.float64],
    random_state: np.random.RandomState,
    *,
    max_copies: int,
    tol: float,
    equal: bool,
) -> Copies:
    """Copies of each row, weighted with the soft label's entry for their class.

    The smallest entries of a row are left out while they come to less than `tol`
    together. Where more than `max_copies` are left, the large ones are kept as they
    are and some of the small ones are drawn, each with the weight of several: what
    the row's label is on average does not change. Taking the largest alone would: a
    smoothed label, cut to its largest entries, is sharp again.

    With `equal`, every row has the same number of copies, some of weight 0.
    """
    labels = _without_smallest(target, tol)
    n_labels = np.count_nonzero(labels, axis=1)
    most = min(int(n_labels.max()), max_copies)
    crowded = n_labels > most
    if crowded.any():
        labels[crowded] = _thinned(labels[crowded], most, random_state)
    columns = np.argsort(-labels, axis=1, kind="stable")[:, :most]
    weights = np.take_along_axis(labels, columns, axis=1).ravel()
    rows = np.repeat(np.arange(len(target)), most)
    kept = slice(None) if equal else weights > 0
    return Copies(rows[kept], columns.ravel()[kept], weights[kept])


def drawn_copies(
    target: NDArray[np.float64], n_draws: int, random_state: np.random.RandomState
) -> Copies:
    """`n_draws` copies of each row, with labels drawn from its soft label.

    One offset per row and equal steps from there (systematic sampling): a class of
    probability p has n p copies, rounded up or down, and n p on average.
    """
    cumulated = target.cumsum(axis=1)
    # The last entry is 1 exactly, or a class of probability 0 could be drawn.
    cumulated /= cumulated[:, -1:]
    offset = random_state.uniform(size=len(target))
    columns = np.empty((len(target), n_draws), dtype=np.intp)
    for draw in range(n_draws):
        at = (offset + draw) / n_draws
        columns[:, draw] = (cumulated <= at[:, None]).sum(axis=1)
    rows = np.repeat(np.arange(len(target)), n_draws)
    return Copies(rows, columns.ravel(), np.ones(rows.size))


def with_every_class(copies: Copies, target: NDArray[np.float64]) -> Copies:
    """`copies` and a trace of each class that they lack, where it is likeliest."""
    mass = np.bincount(copies.columns, copies.weights, target.shape[1])
    lacking = np.flatnonzero(mass == 0)
    if not len(lacking):
        return copies
    rows = target[:, lacking].argmax(axis=0)
    return Copies(
        np.append(copies.rows, rows),
        np.append(copies.columns, lacking),
        np.append(copies.weights, np.maximum(target[rows, lacking], _TRACE)),
    )


def _without_smallest(target: NDArray[np.float64], tol: float) -> NDArray[np.float64]:
    order = np.argsort(target, axis=1, kind="stable")
    cumulated = np.take_along_axis(target, order, axis=1).cumsum(axis=1)
    dropped = cumulated <= tol
    dropped[:, -1] = False
    labels = target.copy()
    np.put_along_axis(
        labels,
        order,
        np.where(dropped, 0.0, np.take_along_axis(target, order, axis=1)),
        axis=1,
    )
    return labels / labels.sum(axis=1, keepdims=True)


def _thinned(
    labels: NDArray[np.float64], most: int, random_state: np.random.RandomState
) -> NDArray[np.float64]:
    """`most` entries of each row: unbiased, each row summing to 1 as before.

    Entries above a threshold stay, the others are kept with probability
    entry / threshold and then weigh the threshold. It is the one threshold at which
    `most` are kept.
    """
    order = np.argsort(-labels, axis=1, kind="stable")
    ranked = np.take_along_axis(labels, order, axis=1)
    tail = ranked[:, ::-1].cumsum(axis=1)[:, ::-1]
    thresholds = tail[:, :most] / (most - np.arange(most))
    # How many stay: the first number at which no further entry is above.
    n_large = (ranked[:, :most] <= thresholds).argmax(axis=1)[:, None]
    threshold = np.take_along_axis(thresholds, n_large, axis=1)
    small = np.arange(ranked.shape[1]) >= n_large
    steps = np.where(small, ranked, 0.0).cumsum(axis=1)
    steps *= (most - n_large) / steps[:, -1:]  # the last one an integer exactly
    steps += random_state.uniform(size=(len(labels), 1))
    taken = np.diff(np.floor(steps), axis=1, prepend=0.0) > 0
    kept = np.where(small, np.where(taken, threshold, 0.0), ranked)
    thinned = np.zeros_like(labels)
    np.put_along_axis(thinned, order, kept, axis=1)
    return thinned / thinned.sum(axis=1, keepdims=True)
