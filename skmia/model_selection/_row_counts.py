"""In how many training sets of a splitter one row can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

# Each row is left out of exactly one training set.
_ONCE = (
    KFold,
    StratifiedKFold,
    LeaveOneOut,
    GroupKFold,
    StratifiedGroupKFold,
    LeaveOneGroupOut,
)
_REPEATED = (RepeatedKFold, RepeatedStratifiedKFold)
# Where a row is held out does not depend on the other rows.
_FIXED = (PredefinedSplit, LeaveOneOut, LeaveOneGroupOut)
_MOVING = (
    "Taken for granted: which fold a row is in does not depend on the other rows. With "
    "{name}, one row more may move others to another fold. A fold by something of each "
    "row alone, such as a hash of its number, keeps to it: cv=PredefinedSplit(fold)."
)


@dataclass(frozen=True)
class Splits:
    """How many there are, how many may train on one row, and what that supposes."""

    n_splits: int
    n_training: int
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Which row is in which training set."""

    inside: NDArray[np.bool_]  # of shape (n_splits, n_rows)

    @classmethod
    def of(cls, training: Iterable[ArrayLike]) -> "Places":
        """From the positions, or the masks, of each training set."""
        sets = [np.asarray(rows) for rows in training]
        sets = [np.flatnonzero(s) if s.dtype == bool else s for s in sets]
        n_rows = 1 + max((int(s.max()) for s in sets if len(s)), default=-1)
        counts = np.array([np.bincount(s, minlength=n_rows) for s in sets])
        if (counts > 1).any():
            raise ValueError(
                "The 'search' parameter must have no row twice in a training set: its "
                f"fit promises less for it. Got {(counts > 1).any(axis=0).sum()} rows "
                "that are; draw splits without replacement."
            )
        return cls(counts > 0)

    def patterns(self) -> NDArray[np.bool_]:
        """The different sets of splits that rows are in, one a line."""
        return np.unique(self.inside.T, axis=0)

    @property
    def most(self) -> int:
        """Training sets that the row is in that is in the most."""
        return int(self.inside.sum(axis=0).max(initial=0))


def splits_of(search: Any, group_size: int = 1) -> Splits:
    """Count for a fitted search; all splits where there is no telling.

    Of a person with several rows, some row may be in any training set.
    """
    n_splits, cv = int(search.n_splits_), search.cv
    if isinstance(cv, list | tuple):
        n = n_splits if group_size > 1 else Places.of(train for train, _ in cv).most
        return Splits(n_splits, n)
    kind = type(cv) if cv is not None and not isinstance(cv, int) else KFold
    name = "folds" if kind is KFold else kind.__name__
    caveats = () if kind in _FIXED else (_MOVING.format(name=name),)
    if group_size > 1:
        n = n_splits
    elif kind in _ONCE:
        n = n_splits - 1
    elif kind in _REPEATED:
        n = n_splits - int(cv.n_repeats)
    elif kind is PredefinedSplit:
        n = n_splits - bool((np.asarray(cv.test_fold) != -1).all())
    else:
        n = n_splits
    return Splits(n_splits, n, caveats)
