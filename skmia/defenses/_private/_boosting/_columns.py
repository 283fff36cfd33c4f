"""Columns of a table as small whole numbers, by what is public or was found privately.

A column is continuous, with cuts between its bins, or nominal. Categories are either
listed by the user, or never known at all: each is hashed into one of a fixed number of
buckets, and it is the buckets that are counted, with noise. To look for the categories
that occur, and to publish those with enough rows, would tell of a rare one that it is
there with some probability delta; a bucket is there whoever is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    as_numbers,
    is_missing,
    is_numeric,
    mix,
    split_columns,
    value_bits,
    which_missing,
)

CONTINUOUS, NOMINAL = "continuous", "nominal"
# What a column is: one of these two, or a list of its public categories.
Kind = str | tuple[Any, ...]
# Buckets for categories that nobody has listed: with forty of them, two share one of
# these buckets in one column of five.
N_BUCKETS = 4096


@dataclass(frozen=True)
class ContinuousBins:
    """Bins of a column of numbers: in their order, and one for missing values.

    Parameters
    ----------
    cuts : ndarray of shape (n_bins - 2,)
        A value that equals a cut is in the bin above it.
    """

    cuts: NDArray[np.float64]

    @property
    def n_ordered(self) -> int:
        """Number of the bins that have an order; the first ones."""
        return len(self.cuts) + 1

    @property
    def n_bins(self) -> int:
        """Number of all bins."""
        return len(self.cuts) + 2

    def find(self, column: Any) -> NDArray[np.intp]:
        """The bin of each value."""
        values = as_numbers(column)
        bins = np.searchsorted(self.cuts, values, side="right")
        return np.where(np.isnan(values), self.n_ordered, bins).astype(np.intp)


@dataclass(frozen=True)
class NominalBins:
    """Bins of a nominal column: of categories, of all others, and of missing values.

    Parameters
    ----------
    hashes : ndarray of uint64 or None
        Sorted, of the public categories; None where they are hashed into buckets.
    bin_of : ndarray of int
        The bin of each of the hashes, or of each bucket.
    n_bins : int
        The last bin is that of missing values, the one before it that of all others.
    """

    hashes: NDArray[np.uint64] | None
    bin_of: NDArray[np.intp]
    n_bins: int

    n_ordered = 0

    @classmethod
    def listed(cls, categories: Sequence[Any]) -> "NominalBins":
        """Bins of public categories."""
        hashes = value_bits(_objects(categories))
        order = np.argsort(hashes)
        return cls(hashes[order], order.astype(np.intp), len(hashes) + 2)

    @classmethod
    def of_buckets(cls, kept: NDArray[np.intp], n_buckets: int) -> "NominalBins":
        """Bins of some buckets; the others are one bin together."""
        bin_of = np.full(n_buckets, len(kept), dtype=np.intp)
        bin_of[kept] = np.arange(len(kept))
        return cls(None, bin_of, len(kept) + 2)

    def find(self, column: Any) -> NDArray[np.intp]:
        """The bin of each value."""
        values = _objects(column)
        hashes = value_bits(values)
        if self.hashes is None:
            bins = self.bin_of[find_buckets(hashes, len(self.bin_of))]
        else:
            at = np.searchsorted(self.hashes, hashes).clip(max=len(self.hashes) - 1)
            known = self.hashes[at] == hashes
            bins = np.where(known, self.bin_of[at], self.n_bins - 2)
        missing = which_missing(values.tolist())
        return np.where(missing, self.n_bins - 1, bins).astype(np.intp)


Bins = ContinuousBins | NominalBins


def find_buckets(hashes: NDArray[np.uint64], n_buckets: int) -> NDArray[np.intp]:
    """The bucket of each hash."""
    # Mixed: those of numbers are their bits, of which the last ones are often zeros.
    return (mix(hashes) % np.uint64(n_buckets)).astype(np.intp)


def hash_column(column: Any) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The hash of each value, and whether it is missing."""
    values = _objects(column)
    return value_bits(values), which_missing(values.tolist())


def _objects(column: Any) -> NDArray[np.object_]:
    values = np.asarray(column, dtype=object).tolist()
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def resolve_kinds(X: Any, feature_types: Any, nominal: Sequence[int]) -> list[Kind]:
    """What each column is, by the types of the table and what the user says.

    The types of columns are public, as their names are. No value is looked at but for
    objects of a frame, which are a type of their own where all of them are True, False
    or missing: pandas has none for that.

    Parameters
    ----------
    X : array or frame
        The rows.
    feature_types : None, mapping or sequence
        "continuous", "nominal" or a list of categories, for each column; by name or
        position in a mapping, where those that are left out keep what they are.
    nominal : sequence of int
        Positions of further nominal columns.

    Returns
    -------
    list of str or tuple
        The kind of each column.

    Raises
    ------
    ValueError
        For a type, or a column, that is not known.
    """
    columns = split_columns(X)
    kinds = [_default_kind(column) for column in columns]
    for j in nominal:
        kinds[j] = NOMINAL
    names = [str(name) for name in getattr(X, "columns", range(len(columns)))]
    for j, kind in _given(feature_types, names):
        kinds[j] = _check_kind(kind, names[j])
        if isinstance(kinds[j], tuple):
            _check_can_occur(kinds[j], columns[j], names[j])
    return kinds


def _check_can_occur(categories: Sequence[Any], column: Any, name: str) -> None:
    """Raise for listed categories that no value of the column's type equals."""
    dtype = getattr(column.dtype, "categories", column)
    dtype = getattr(dtype, "dtype", column.dtype)
    kind, text = getattr(dtype, "kind", ""), str(dtype).lower()
    if text.startswith(("bool", "int", "uint", "float", "decimal")):
        wrong: list[Any] = [c for c in categories if isinstance(c, str)]
        values = "numbers"
    elif (kind in "US" and kind) or text.startswith(("str", "utf8", "enum")):
        wrong = [c for c in categories if isinstance(c, int | float | np.number)]
        wrong = [c for c in wrong if c == c]  # a missing value is no number
        values = "texts"
    else:
        return
    if wrong:
        raise ValueError(
            "The 'feature_types' parameter must list categories as the values of the "
            f"feature are. Got {wrong[0]!r} for the feature {name!r}, which holds "
            f"{values} ({dtype}); every row would count as another category."
        )


def _default_kind(column: Any) -> Kind:
    dtype = column.dtype
    if str(dtype).lower() in ("bool", "boolean"):
        return (False, True)
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        # Numbers or texts: only the values could tell. Those of an array are taken for
        # numbers, as scikit-learn does, and those of a frame for texts.
        if isinstance(column, np.ndarray):
            return CONTINUOUS
        # True and False, of which some are missing.
        known = [v for v in column.tolist() if not is_missing(v)]
        truths = known and all(isinstance(v, bool | np.bool_) for v in known)
        return (False, True) if truths else NOMINAL
    return CONTINUOUS if is_numeric(column) else NOMINAL


def _given(feature_types: Any, names: list[str]) -> list[tuple[int, Any]]:
    if feature_types is None:
        return []
    message = (
        "The 'feature_types' parameter must be None, a list with one of 'continuous', "
        f"'nominal' or a list of categories for each of the {len(names)} features, or "
        "a dict of them by name or position. Got {} instead."
    )
    if isinstance(feature_types, Mapping):
        given = []
        for key, kind in feature_types.items():
            if isinstance(key, str) and key in names:
                given.append((names.index(key), kind))
            elif isinstance(key, int | np.integer) and 0 <= key < len(names):
                given.append((int(key), kind))
            else:
                raise ValueError(message.format(f"the key {key!r}"))
        return given
    if isinstance(feature_types, str) or not hasattr(feature_types, "__len__"):
        raise ValueError(message.format(repr(feature_types)))
    if len(feature_types) != len(names):
        raise ValueError(message.format(f"{len(feature_types)} of them"))
    return list(enumerate(feature_types))


def _check_kind(kind: Any, name: str) -> Kind:
    if isinstance(kind, str):
        if kind in (CONTINUOUS, NOMINAL):
            return kind
    elif hasattr(kind, "__len__") and len(kind):
        return tuple(kind)
    raise ValueError(
        "The 'feature_types' parameter must hold 'continuous', 'nominal' or a list of "
        f"categories. Got {kind!r} for the feature {name!r} instead."
    )
