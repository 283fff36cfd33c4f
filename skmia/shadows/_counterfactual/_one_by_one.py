"""Shadows that are worked out one by one, of sums over their rows: no fit at all."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from skmia._tables import copy_rows, n_rows
from skmia.shadows._counterfactual._family import (
    NotCoveredError,
    Records,
    TrainingRows,
)
from skmia.shadows._counterfactual._rows import as_floats, some_records
from skmia.signals import BoolArray

#: What one shadow answers about records, and what it would answer had it been fitted
#: on the other side of each.
Both = Callable[[Records], tuple[NDArray[np.floating], NDArray[np.floating]]]


class OneByOne:
    """Shadows of a pool, each of which is worked out by itself.

    Parameters
    ----------
    estimator : classifier
        Unfitted.
    rows : TrainingRows
        All records of the pool; ``unit`` numbers what comes and goes together.
    member : ndarray of bool of shape (n_shadows, n_records)
        Which of them each shadow learns from.
    work_out : callable
        ``work_out(model, rows)`` returns the answers of a shadow, from the rows that a
        fit would have. `model` is fitted on the whole pool. It says how the learner is
        set, and what version of it there is.

    Raises
    ------
    NotCoveredError
        For a shadow that lacks a class, for weights that the learner does not take,
        and where records come and go with others that are no copies of theirs.
    """

    def __init__(
        self,
        estimator: Any,
        rows: TrainingRows,
        member: BoolArray,
        work_out: Callable[[Any, TrainingRows], Both],
    ) -> None:
        n_classes = int(rows.y.max()) + 1
        params = {}
        if (rows.weight != 1).any():
            if not has_fit_parameter(estimator, "sample_weight"):
                raise NotCoveredError("it takes no weights")
            params["sample_weight"] = rows.weight
        for learned in member & (rows.weight > 0):
            if np.bincount(rows.y[learned], minlength=n_classes).min() == 0:
                raise NotCoveredError("a shadow lacks a class")
        # Once, on all rows: it checks what a fit would complain of. It may write in
        # the rows, so that it gets some of its own.
        X = copy_rows(rows.X, np.arange(n_rows(rows.X)))
        self.model = clone(estimator).fit(X, rows.y, **params)
        del X
        check_are_copies(rows)
        #: As they were given.
        self.some_rows = some_records(rows).X
        self.rows = TrainingRows(as_floats(rows.X), rows.y, rows.weight, rows.unit)
        self.member = member
        self.work_out = work_out
        self.count = np.bincount(rows.unit)[rows.unit]
        weight: Any = np.bincount(rows.unit, rows.weight)  # of floats
        self.weight = weight[rows.unit]

    def shadow(self, k: int) -> Callable[[slice], tuple[NDArray, NDArray]]:
        """Work out one shadow; return what answers about a block of the records.

        It answers as `Worlds` do: without and with the unit of each, here of shape
        (n_block, n_classes), or (n_block,) of two classes with one margin.
        """
        own, member = self.rows, self.member[k]
        index = np.flatnonzero(member)
        unit = np.unique(own.unit[index], return_inverse=True)[1]
        both = self.work_out(
            self.model,
            TrainingRows(own.X[index], own.y[index], own.weight[index], unit),
        )

        def ask(block: slice) -> tuple[NDArray, NDArray]:
            inside = member[block]
            records = Records(
                own.X[block],
                own.y[block],
                self.weight[block],
                self.count[block],
                np.where(inside, 0, -1),
            )
            here, there = both(records)
            side = inside if here.ndim == 1 else inside[:, np.newaxis]
            return np.where(side, there, here), np.where(side, here, there)

        return ask


def check_are_copies(rows: TrainingRows) -> None:
    """Raise where records come and go with others that are no copies of theirs."""
    _, first = np.unique(rows.unit, return_index=True)
    of = first[rows.unit]
    moved = np.flatnonzero(of != np.arange(len(of)))
    X = as_floats(rows.X)
    ours, theirs = X[moved], X[of[moved]]
    if sparse.issparse(X):
        same = (ours != theirs).nnz == 0
    else:
        same = np.array_equal(ours, theirs)
    if not same or not np.array_equal(rows.y, rows.y[of]):
        raise NotCoveredError("records come and go with others than their copies")
