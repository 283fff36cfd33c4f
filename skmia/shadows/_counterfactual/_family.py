"""Family: what a fitted classifier would have said on the other side of a record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.signals import BoolArray, FloatArray, IndexArray


class NotCoveredError(Exception):
    """Raised by a family for a fitted model that its closed form does not describe.

    The message says why, in words that follow "no closed form: ".
    """


class OtherRowsError(NotCoveredError):
    """Raised where rows are passed that a classifier was not fitted on."""

    def __init__(self, what: str = "rows, labels or weights") -> None:
        super().__init__(f"these {what} are not those of its fit")


@dataclass(frozen=True)
class TrainingRows:
    """What one classifier was fitted on, in the order of its fit.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_rows, n_features)
        As the classifier itself was given it: after the steps before it.
    y : ndarray of int of shape (n_rows,)
        Column of each row's class in the classifier's ``classes_``.
    weight : ndarray of float64 of shape (n_rows,)
        Its ``sample_weight``; 1 where none was given. Class weights are not in it.
    unit : ndarray of int of shape (n_rows,)
        Number of the record that the row is a copy of, from 0. Rows of equal content
        are one record, which is in a training set with all its copies or not at all.
    """

    X: Any
    y: IndexArray
    weight: FloatArray
    unit: IndexArray


@dataclass(frozen=True)
class Records:
    """Records whose other side is asked about.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_records, n_features)
        As in `TrainingRows`.
    y : ndarray of int of shape (n_records,)
        Column of each record's class in ``classes_``; -1 for a class that the
        classifier does not know.
    weight : ndarray of float64 of shape (n_records,)
        Total ``sample_weight`` of a record with all its copies: what is taken from the
        fit of a member, and what would be added for a non-member.
    count : ndarray of int of shape (n_records,)
        Number of rows that a record has with its copies.
    unit : ndarray of int of shape (n_records,)
        Number of the record in ``TrainingRows.unit``, -1 for a non-member.
    """

    X: Any
    y: IndexArray
    weight: FloatArray
    count: IndexArray
    unit: IndexArray

    @property
    def inside(self) -> BoolArray:
        """Which records the classifier was fitted on."""
        return self.unit >= 0


#: What the classifier would answer about records, had it been fitted without those
#: that it was fitted on, and with each of the others: of shape (n_records, n_classes),
#: as its ``predict_proba`` answers, or of the shape of its ``decision_function`` where
#: it has no other. A row of NaN where that is not known.
OtherSide = Callable[[Records], NDArray[np.floating]]


#: What every one of a number of shadows would answer about the records ``block`` of
#: the pool that they are drawn from: fitted *without* the unit that each record
#: belongs to, and *with* it, whatever the shadow's own side. Two arrays of shape
#: (n_shadows, n_block, n_classes), columns those of the pool's classes, 0 for one that
#: a shadow does not know, as ``predict_proba`` answers; or of shape (n_shadows,
#: n_block) or (n_shadows, n_block, n_classes), as ``decision_function`` answers, where
#: a learner has no other. Pickled once for each worker, and called with blocks of a
#: size at which the answers take little memory. The same block has the same answers.
Worlds = Callable[[slice], tuple[NDArray[np.floating], NDArray[np.floating]]]


def _covered(estimator: Any) -> str | None:
    return None


def checked_in_prepare(model: Any, rows: TrainingRows) -> bool:
    """Say that the rows are those of the fit: of others, ``prepare`` raises."""
    return True


@dataclass(frozen=True)
class Family:
    """Learners with a closed form for the other side of a record.

    Parameters
    ----------
    prepare : callable
        ``prepare(model, rows)`` takes a fitted classifier and its `TrainingRows` and
        returns an `OtherSide`. It does once what all records have in common, keeps no
        training rows beyond what the model itself holds, and raises `NotCoveredError`.
    exact : bool, default=False
        Whether it says what a refit would say, up to rounding. What is not exact is
        compared with what other shadows show, and scaled.
    why_not : callable, default=None
        ``why_not(estimator)`` says of an unfitted classifier why its parameters have no
        closed form, or returns None.
    virtual : callable, default=None
        Where a shadow costs no fit: ``virtual(estimator, rows, member, seed)`` takes an
        unfitted classifier, all records of a pool as `TrainingRows`, which of them each
        shadow is fitted on, a bool array of shape (n_shadows, n_records), and a seed
        for what it draws. It returns `Worlds`, the answers of all these shadows, or
        `OneByOne`, which works out one of them after the other.
        ``rows.unit`` numbers here what comes and goes together: a record with its
        copies, or all records of a person with theirs. `member` is constant within a
        unit. Exact, up to rounding: it answers what fits on the same rows would. It
        raises `NotCoveredError` for a design that it cannot answer for, such as one
        with a shadow that lacks a class; then shadows are fitted. What a fit would
        complain of (a parameter out of range, NaN in X) it raises as the fit would.
    at_least : int, default=64
        Shadows that `virtual` is asked for where fewer were, as far as memory allows:
        few where each costs about as much as a fit.
    check : callable, default=None
        ``check(model, rows)``, called before `prepare` where somebody else than the
        library says which rows the fit had. It raises `NotCoveredError` where the
        `TrainingRows` are others, and returns whether they could be checked. None where
        the fitted classifier does not tell.
    """

    prepare: Callable[[Any, TrainingRows], OtherSide]
    exact: bool = False
    why_not: Callable[[Any], str | None] = _covered
    virtual: Callable[[Any, TrainingRows, BoolArray, int], Any] | None = None
    at_least: int = 64
    check: Callable[[Any, TrainingRows], bool] | None = None
