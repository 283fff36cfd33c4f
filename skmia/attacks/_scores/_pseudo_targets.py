"""Shadows used as targets: which ones, and judged by which others."""

import numpy as np

from skmia.signals import IndexArray

# Records that the pseudo targets hold in all: half of them fix a quantile well enough.
_ENOUGH = 100_000
_FEWEST = 8


def pseudo_targets(
    complements: IndexArray,
    n_records: int,
    enough: int = _ENOUGH,
    fewest: int = _FEWEST,
) -> IndexArray:
    """Shadows to use as targets: spread over the set, or all of it.

    Both of a complementary pair or neither, so that a record is a member as often
    as not.
    """
    n_shadows = len(complements)
    # Complements stand next to one another, wherever they stand in the set.
    first = np.flatnonzero(complements > np.arange(n_shadows))
    pairs = np.column_stack([first, complements[first]]).ravel()
    order = np.concatenate([pairs, np.flatnonzero(complements < 0)])
    wanted = max(fewest, int(np.ceil(enough / n_records)))
    if wanted >= n_shadows:
        return order
    units = np.linspace(0, n_shadows // 2 - 1, (wanted + 1) // 2).astype(np.intp)
    return order[(2 * units[:, None] + [0, 1]).ravel()]


def folds(pseudo: IndexArray, n_folds: int) -> IndexArray:
    """Fold of each of `pseudo_targets`: pairs alternate, complements stay together."""
    return np.arange(len(pseudo)) // 2 % min(n_folds, (len(pseudo) + 1) // 2)


def other_shadows(k: int, complements: IndexArray) -> IndexArray:
    """All shadows but `k` and its complement.

    The complement would reveal every record's membership in `k`.
    """
    everything = np.arange(len(complements))
    return everything[(everything != k) & (everything != complements[k])]
