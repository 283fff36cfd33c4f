"""Answers of members and of non-members that are the same rows once more."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# So many rows that occur once on either side are no accident where all others of a
# side are on the other, too; answers with few values have none.
_FEWEST = 10


def check_different_sides(sides: Sequence[NDArray[np.float64]], names: str) -> None:
    """Refuse a side all of whose rows are on the other as well.

    The rows are answers of a model, not features: some that are equal are no copies.

    Raises
    ------
    ValueError
        If all rows of one are in the other, more than chance explains.
    """
    n = len(sides[0])
    rows = np.concatenate(sides)
    row = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    counts = [np.bincount(part, minlength=row.max() + 1) for part in (row[:n], row[n:])]
    once = int(((counts[0] == 1) & (counts[1] == 1)).sum())
    alike = np.array_equal(sides[0], sides[1]) and np.unique(row).size > rows.shape[1]
    for which, mine, others in (
        ("members", counts[0], counts[1]),
        ("non-members", counts[1], counts[0]),
    ):
        if alike or (once >= _FEWEST and bool((mine <= others).all())):
            raise ValueError(
                f"All {int(mine.sum()):,} rows of the {which} are among those of the "
                f"other set, number by number ({names}): the two are the same records, "
                "or one holds the other, and an audit of them reads that nothing "
                "leaks. Pass non-members that were held out."
            )
