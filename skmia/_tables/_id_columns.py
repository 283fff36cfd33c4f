"""Columns that number the rows: ids, row numbers, times."""

import numpy as np
from numpy.typing import NDArray

from skmia._tables._content import hash_rows

_SHARE = 0.9  # of a side's rows, at least, that have a value of their own
_MOST_ALONE = 8  # columns that are left out one at a time
_MOST_ROWS = 2000  # of which values are looked at first


def find_id_columns(
    values: NDArray, y: NDArray, member: NDArray[np.bool_]
) -> list[NDArray[np.intp]]:
    """Return sets of columns that may number the rows: all of them, then each alone.

    Those of whole numbers (codes of text and times are), with nearly as many values as
    there are rows on either side. A feature may be such a column, too. A set is one
    only where most rows of either side differ without it.
    """
    n_columns = values.shape[1]
    every = 1 + len(values) // _MOST_ROWS
    ids = np.array(
        [
            i
            for i in range(n_columns)
            if _numbers_rows(values[::every, i], member[::every])
            and _numbers_rows(values[:, i], member)
        ],
        dtype=np.intp,
    )
    sets = [ids] if len(ids) else []
    if 1 < len(ids) <= _MOST_ALONE:
        sets += [ids[[i]] for i in range(len(ids))]
    return [
        columns
        for columns in sets
        if len(columns) < n_columns
        and _mostly_differ(np.delete(values, columns, axis=1), y, member)
    ]


def _numbers_rows(column: NDArray, member: NDArray[np.bool_]) -> bool:
    with np.errstate(invalid="ignore"):
        whole = (column == np.rint(column)) | (column != column)
    if column.dtype.kind == "b" or not whole.all():
        return False
    return all(
        len(np.unique(column[side])) >= max(2, _SHARE * np.count_nonzero(side))
        for side in (member, ~member)
    )


def _mostly_differ(values: NDArray, y: NDArray, member: NDArray[np.bool_]) -> bool:
    hashes = hash_rows(values, y)
    return all(
        2 * len(np.unique(hashes[side])) > np.count_nonzero(side)
        for side in (member, ~member)
    )
