"""Rows by content: hash them, match them, and number equal ones.

A hash is a function of the row alone, never of the rows around it: rows that are scored
later are matched to a pool that was hashed before, in another process or container.
No library does that: pandas hashes frames only, and equal numbers of two types apart.
"""

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia._tables._containers import (
    as_rows,
    is_pandas,
    is_polars,
    n_rows,
    split_columns,
)
from skmia._tables._hashed_once import hash_once, known_hashes
from skmia._tables._value_bits import GOLDEN, MASK, MISSING, Hashes, mix, value_bits

_LABEL = np.uint64(0x1D8E4E27C1F0E2B5)  # keeps a label apart from a further column
_BLOCK = 1 << 16  # values hashed at a time: the temporaries stay in the cache


def hash_rows(X: Any, y: Any = None) -> Hashes:
    """Return a 64-bit hash of the content of each row of X, and of its label.

    Equal content has an equal hash in any container: array, list, frame or sparse
    matrix. Numbers are compared as float64 (integers exactly), so 1, 1.0 and True are
    equal; -0.0 equals 0.0; NaN, None, NA and NaT are one missing value. Times are
    compared as instants, anything else as text. Names and index do not count.

    The hash is additive over columns and 0 contributes nothing, so that a sparse matrix
    costs what it stores. It is not meant to withstand rows crafted to collide.
    """
    hashes = known_hashes(X)
    if hashes is None:
        hashes = _hash_features(X)
    if y is None:
        return hashes
    labels, _ = _row_sums(y)
    if len(labels) != len(hashes):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{[len(hashes), len(labels)]}. Pass one label per row."
        )
    return mix(hashes ^ mix(labels + _LABEL))


def keep_hashes(X: Any, part: Any = None, rows: NDArray[np.intp] | None = None) -> None:
    """Hash the rows of `X` once from here on, and those of `part` at `rows` with them.

    Within `hashing_once`, and as long as nobody writes in them.
    """
    hash_once(X, partial(_hash_features, X), part=part, rows=rows)


def _hash_features(X: Any) -> Hashes:
    sums, n_columns = _row_sums(X)
    # The width counts, or a column of zeros could be added unnoticed.
    return mix(sums + np.uint64(GOLDEN * (n_columns + 1) & MASK))


def match_rows(query_hashes: Hashes, pool_hashes: Hashes) -> NDArray[np.intp]:
    """Return the position of the first pool row with each hash, -1 where absent."""
    query, pool = np.asarray(query_hashes), np.asarray(pool_hashes)
    if pool.size == 0:
        return np.full(query.shape, -1, dtype=np.intp)
    order = np.argsort(pool, kind="stable")  # stable: the first of equals comes first
    # Both in ascending order: looked up in any other, each of a million hashes is
    # somewhere else in memory, and takes several times as long as in a small pool.
    ordered, asked = pool[order], np.argsort(query)
    found = np.searchsorted(ordered, query[asked])
    last = np.minimum(found, pool.size - 1)
    rows = np.where(ordered[last] == query[asked], order[last], -1)
    positions = np.empty(query.shape, dtype=np.intp)
    positions[asked] = rows
    return positions


def content_groups(hashes: Hashes) -> NDArray[np.intp]:
    """Return a group number per row, equal for equal content, by first appearance."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    number = np.empty(first.size, dtype=np.intp)
    number[np.argsort(first)] = np.arange(first.size)
    return number[group]


def occurs_once(
    hashes: Hashes, persons: NDArray[np.intp] | None = None
) -> NDArray[np.bool_]:
    """Whether a row's content is in no other row; of another person, with `persons`.

    A rule that looks at all rows together, and not at who is a member, keeps members
    and non-members comparable: each row is kept with the same chance on both sides.
    """
    if persons is not None:
        first, same = once_per_person(hashes, persons)
        return occurs_once(hashes[first])[same]
    _, group, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return counts[group] == 1


def once_per_person(
    hashes: Hashes, persons: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each content of each person, and which of these each row equals."""
    content = np.unique(hashes, return_inverse=True)[1]
    pairs = content * (persons.max(initial=0) + 1) + persons
    _, first, same = np.unique(pairs, return_index=True, return_inverse=True)
    return first, same


def _column_keys(n_columns: int) -> tuple[Hashes, Hashes]:
    """Return a key per column, and what a zero would contribute under that key."""
    keys = mix(np.arange(1, n_columns + 1, dtype=np.uint64) * np.uint64(GOLDEN))
    return keys, mix(keys)


def _row_sums(X: Any) -> tuple[Hashes, int]:
    """Return the sum over columns of the scrambled values, and the number of columns.

    A value contributes mix(bits ^ key) - mix(key): none for a zero, whose bits are 0.
    """
    if sparse.issparse(X):
        return _sparse_sums(X)
    if is_pandas(X) or is_polars(X):
        n_columns = 1 if len(X.shape) == 1 else X.shape[1]
        keys, zeros = _column_keys(n_columns)
        sums = np.zeros(n_rows(X), dtype=np.uint64)
        for column, key in zip(split_columns(X), keys, strict=True):
            sums += mix(_frame_bits(column) ^ key)
        return sums - zeros.sum(), n_columns
    values = np.asarray(as_rows(X))
    n, n_columns = n_rows(values), math.prod(values.shape[1:])
    values = values.reshape(n, n_columns)
    keys, zeros = _column_keys(n_columns)
    sums = np.empty(n, dtype=np.uint64)
    step = max(1, _BLOCK // max(1, n_columns))
    for start in range(0, n, step):
        bits = value_bits(values[start : start + step])
        bits ^= keys
        sums[start : start + step] = mix(bits).sum(axis=1)
    return sums - zeros.sum(), n_columns


def _sparse_sums(X: Any) -> tuple[Hashes, int]:
    X = as_rows(X if X.ndim == 2 else X.reshape((-1, 1)))
    keys, zeros = _column_keys(X.shape[1])
    n_stored = int(X.indptr[-1])
    running = np.zeros(n_stored + 1, dtype=np.uint64)
    for start in range(0, n_stored, _BLOCK):
        block = slice(start, min(start + _BLOCK, n_stored))
        columns = X.indices[block]
        values = mix(value_bits(X.data[block]) ^ keys[columns])
        running[block.start + 1 : block.stop + 1] = values - zeros[columns]
    # Differences of a running sum, exact modulo 2**64; reduceat trips over empty rows.
    np.cumsum(running, out=running)
    return running[X.indptr[1:]] - running[X.indptr[:-1]], X.shape[1]


def _frame_bits(column: Any) -> Hashes:
    if is_polars(column):
        bits = np.full(len(column), MISSING)
        bits[column.is_not_null().to_numpy()] = value_bits(
            column.drop_nulls().to_numpy()
        )
        return bits
    if isinstance(column.dtype, np.dtype):
        return value_bits(column.to_numpy())
    # Categories, nullable, Arrow-backed, zoned times: hash what differs, missing is -1.
    codes, uniques = column.factorize()
    return np.append(value_bits(np.asarray(uniques)), MISSING)[codes]


def any_copy(
    member: NDArray[np.bool_], hashes: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """`member`, true where any record of the same content, or person, is."""
    _, group, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    if len(counts) == len(hashes):
        return member
    order = np.argsort(group, kind="stable")
    starts = np.cumsum(counts) - counts
    return np.logical_or.reduceat(member[:, order], starts, axis=1)[:, group]
