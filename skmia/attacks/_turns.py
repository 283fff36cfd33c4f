"""Every shadow a target in turn: which ones, and judged by which others."""

import numpy as np
from numpy.typing import NDArray

# Records that the turns go over in all: beyond that, more of them change no quantile.
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
    wanted = max(fewest, int(np.ceil(enough / n_records)))
    if wanted >= n_shadows:
        return np.arange(n_shadows)
    pairs = np.linspace(0, n_shadows // 2 - 1, (wanted + 1) // 2).astype(np.intp)
    return (2 * pairs[:, None] + [0, 1]).ravel()


def halves(turn: NDArray[np.intp]) -> NDArray[np.intp]:
    """0 or 1 for every turn: pairs alternate, and twins stay together."""
    return np.arange(len(turn)) // 2 % 2


def other_shadows(k: int, partners: NDArray[np.intp]) -> NDArray[np.intp]:
    """All shadows but `k` and its complementary twin.

    Together with its twin every record's membership would be given away.
    """
    everything = np.arange(len(partners))
    return everything[(everything != k) & (everything != partners[k])]
