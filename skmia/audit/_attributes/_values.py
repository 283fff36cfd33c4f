"""The values that an attacker tries in a column, and which guess is right."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmia._tables import as_numbers, hash_rows, is_numeric, take_rows

# A share of the records below which too few have a value that is tried.
_LEAST_COVERED = 0.5


class Candidates(NamedTuple):
    """Values to try in a column.

    Attributes
    ----------
    values : column of length n_values
        In the container and of the type of the column.
    prior : ndarray of float of shape (n_values,)
        How often each, or what is near it, is among the records of both sets.
    right : ndarray of bool of shape (n_records, n_values)
        Whether a value is right for a record.
    ranges : bool
        Whether it is right where it is near in rank, and not equal.
    covered : float
        Share of the records for which a value that is tried is right.
    n_distinct : int
        Different values in the column.
    reason : str
        Why the column cannot be judged; "" where it can.
    """

    values: Any
    prior: NDArray[np.float64]
    right: NDArray[np.bool_]
    ranges: bool
    covered: float
    n_distinct: int
    reason: str = ""


def choose_values(column: Any, n_values: int, tolerance: float) -> Candidates:
    """Choose the values that are tried in a column of all records.

    Up to `n_values` different ones, all of them, or else the commonest; of numbers and
    times with more, values at even ranks, of which one is right that is off by no more
    than `tolerance` of the ranks. A missing value is a value like another.
    """
    hashes = hash_rows(column)
    _, first, code, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    n_distinct = len(first)
    if n_distinct > n_values and _is_ordered(column):
        return _by_rank(column, n_values, tolerance, n_distinct)
    common = np.argsort(-counts, kind="stable")[:n_values]
    right = code[:, None] == common
    covered = float(right.any(axis=1).mean())
    reason = ""
    if n_distinct < 2:
        reason = "it has one value in all records"
    elif covered < _LEAST_COVERED:
        reason = (
            f"it has {n_distinct:,} different values, and the {len(common)} commonest "
            f"are those of {100 * covered:.2g} % of the records: there is no list that "
            "a guess could be taken from"
        )
    prior = counts[common] / len(code)
    values = take_rows(column, first[common])
    return Candidates(values, prior, right, False, covered, n_distinct, reason)


def _is_ordered(column: Any) -> bool:
    return is_numeric(column) or getattr(column.dtype, "kind", "") in "mM"


def _by_rank(
    column: Any, n_values: int, tolerance: float, n_distinct: int
) -> Candidates:
    numbers = as_numbers(column)
    missing = np.isnan(numbers)
    known = np.flatnonzero(~missing)
    order = known[np.argsort(numbers[known], kind="stable")]
    # The middle of the ranks of equal values, as a share: far apart where one value is
    # that of many records, whatever the distance in numbers.
    _, same, counts = np.unique(numbers[known], return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(known)
    rank = np.full(len(numbers), np.nan)
    rank[known] = middle[same]
    n_tried = min(n_values, len(known))
    at = order[((np.arange(n_tried) + 0.5) / n_tried * len(order)).astype(np.intp)]
    _, once = np.unique(numbers[at], return_index=True)
    tried = at[once]
    if missing.any():
        tried = np.append(tried, np.flatnonzero(missing)[0])
    with np.errstate(invalid="ignore"):
        apart = np.abs(rank[:, None] - rank[tried])
        right = apart <= tolerance
    right |= missing[:, None] & missing[tried]
    nearest = np.where(np.isnan(apart), np.inf, apart).argmin(axis=1)
    nearest[missing] = len(tried) - 1
    prior = np.bincount(nearest, minlength=len(tried)) / len(numbers)
    covered = float(right.any(axis=1).mean())
    values = take_rows(column, tried)
    return Candidates(values, prior, right, True, covered, n_distinct)
