"""Whether shadows that were fitted elsewhere are about the records of an attack."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._scores import FEWEST_TO_LEAVE_OUT
from skmia.shadows import ShadowSignals
from skmia.signals import IndexArray


def check_same_records(
    shadows: ShadowSignals, n: int, hashes: NDArray[np.uint64] | None
) -> None:
    """Raise where shadows are about others than these `n` records, told by `hashes`."""
    if shadows.n_records != n:
        raise ValueError(
            f"The 'shadows' parameter has signals of {shadows.n_records} records, "
            f"but X has {n} rows. Pass the pool that the shadows were asked about."
        )
    known = shadows.record_hashes
    if known is not None and hashes is not None and not np.array_equal(known, hashes):
        differ = int((known != hashes).sum())
        raise ValueError(
            "The 'shadows' parameter was made from other records: the content of "
            f"{differ} of {n} rows of X and y differs. Pass the same rows in the "
            "same order."
        )


def check_enough(n_shadows: int, two_sided: bool) -> None:
    """Raise where there are too few shadows to judge one of them by the others."""
    if n_shadows < FEWEST_TO_LEAVE_OUT and not two_sided:
        raise ValueError(
            f"The 'shadows' parameter must have at least {FEWEST_TO_LEAVE_OUT} shadow "
            f"models. Got {n_shadows} instead; fewer will do where they tell what they "
            "would have answered about a record on the other side, which these do not."
        )


def same_rows(columns: IndexArray, y: Any, pool: IndexArray) -> IndexArray:
    """Rows of the `pool` that a call is about; of a precomputed target, all of them."""
    if len(columns) != len(pool):
        raise ValueError(
            "With estimator='precomputed' and given shadows, the rows of X are the "
            f"shadows' {len(pool)} records in the same order. Got {len(columns)} "
            "rows instead."
        )
    if y is None:
        raise ValueError(
            "With estimator='precomputed', y must be passed: the shadows' signals "
            "are those of the true classes."
        )
    if differ := int((columns != pool).sum()):
        raise ValueError(
            "With estimator='precomputed' and given shadows, y is that of fit, row "
            f"by row. Got {differ} of {len(pool)} rows with another class instead; "
            "pass the records in the order of fit."
        )
    return np.arange(len(pool))
