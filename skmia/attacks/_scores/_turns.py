"""Every shadow a target in turn: which ones, and judged by which others."""

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._design import partners as find_partners

# Records that the turns go over in all: half of them fix a quantile well enough.
_ENOUGH = 100_000
_FEWEST = 8


def turns(
    member: NDArray[np.bool_], enough: int = _ENOUGH, fewest: int = _FEWEST
) -> NDArray[np.intp]:
    """Shadows that take a turn as the target: spread over the set, or all of it.

    Both of a complementary pair or neither, so that a record is a member as often
    as not.
    """
    n_shadows, n_records = member.shape
    twin = find_partners(member)
    # Twins stand next to one another, wherever they stand in the set.
    first = np.flatnonzero(twin > np.arange(n_shadows))
    pairs = np.column_stack([first, twin[first]]).ravel()
    order = np.concatenate([pairs, np.flatnonzero(twin < 0)])
    wanted = max(fewest, int(np.ceil(enough / n_records)))
    if wanted >= n_shadows:
        return order
    units = np.linspace(0, n_shadows // 2 - 1, (wanted + 1) // 2).astype(np.intp)
    return order[(2 * units[:, None] + [0, 1]).ravel()]


def folds(turn: NDArray[np.intp], n_folds: int) -> NDArray[np.intp]:
    """Fold of every turn of `turns`: pairs alternate, and twins stay together."""
    return np.arange(len(turn)) // 2 % min(n_folds, (len(turn) + 1) // 2)


def other_shadows(k: int, partners: NDArray[np.intp]) -> NDArray[np.intp]:
    """All shadows but `k` and its complementary twin.

    Together with its twin every record's membership would be given away.
    """
    everything = np.arange(len(partners))
    return everything[(everything != k) & (everything != partners[k])]
