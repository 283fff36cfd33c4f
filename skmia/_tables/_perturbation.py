"""Perturbed copies of table rows, for attacks that ask about the surroundings.

A copy is a function of the record's content, the seed and the number of the query, and
of nothing else: the noise comes from a counter-based generator, so that a record has
the same copies whichever records are scored with it.
"""

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import ndtri
from scipy.stats import poisson

from skmia._tables._containers import concat_rows, split_columns, take_rows
from skmia._tables._content import hash_rows
from skmia._tables._encoding import as_numbers
from skmia._tables._value_bits import GOLDEN, MISSING_TYPES, Hashes, mix

Floats = NDArray[np.floating]
Indices = NDArray[np.integer]

PERTURBATIONS = ("auto", "noise", "resample")

_FEW_VALUES = 10  # different values that make a column of numbers one of categories


class Perturbation:
    """How the rows of a table are perturbed, learned from a pool.

    A numeric column gets Gaussian noise in units of its standard deviation, rounded
    where it holds whole numbers, within the range of the pool and the record's own
    value. Missing values stay missing. Any other column, and by ``kind="auto"`` a
    numeric one with at most 10 different values that occur twice on average, gets
    with a small probability a value drawn from the pool's own distribution, missing
    ones included. So does every value of a sparse X, zeros included.

    Parameters
    ----------
    kind : {"auto", "noise", "resample"}
        By column, noise on every numeric column, or every column resampled.
    seed : int
        Seeds the copies.
    """

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.seed = mix(np.array([seed + 1], dtype=np.uint64))

    def fit(self, X: Any) -> "Perturbation":
        """Learn the spreads, ranges and distributions of the columns of `X`."""
        if len(X.shape) != 2:
            raise ValueError(
                "Records must be rows of a table to be perturbed. Got X of shape "
                f"{tuple(X.shape)} instead; pass n_queries=0 to ask about the records "
                "as they are."
            )
        self._is_sparse = sparse.issparse(X)
        if not self._is_sparse:
            self._columns = [_learn(column, self.kind) for column in split_columns(X)]
        elif self.kind == "noise":
            raise ValueError(
                "perturb='noise' would fill the zeros of a sparse X. Pass "
                "perturb='auto', which resamples values and keeps X sparse."
            )
        else:
            self._sparse = _SparseResampling(X)
        return self

    @property
    def ways(self) -> str:
        """How each column is perturbed, a letter each; "sparse" for all of sparse X."""
        if self._is_sparse:
            return "sparse"
        return "".join("n" if isinstance(c, _Noise) else "r" for c in self._columns)

    def copies(self, X: Any, queries: Indices, noise: Floats, flip_rate: Floats) -> Any:
        """Copies of all rows of `X`, query after query, in its container.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, n_features)
            The rows.
        queries : ndarray of int of shape (q,)
            Numbers of the queries.
        noise, flip_rate : ndarray of shape (q,)
            Strength of each: the noise in standard deviations, and the share of
            values that are drawn anew.

        Returns
        -------
        array, frame or sparse matrix of shape (q * n, n_features)
            The copies.
        """
        if sparse.issparse(X) != self._is_sparse:
            raise ValueError(
                f"X was {_density(self._is_sparse)} in fit, and is "
                f"{_density(not self._is_sparse)} now. Pass records to be perturbed "
                "in the container of fit."
            )
        hashes = hash_rows(X)
        steps = (queries.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
        states = mix(mix(hashes ^ self.seed) + steps[:, None]).ravel()
        rows = np.tile(np.arange(len(hashes)), len(queries))
        noise, flip_rate = (np.repeat(v, len(hashes)) for v in (noise, flip_rate))
        if sparse.issparse(X):
            return self._sparse.perturb(X, rows, states, flip_rate)
        return _join(
            X,
            [
                learned.perturb(column, rows, uniform(states, j), noise, flip_rate)
                for j, (column, learned) in enumerate(
                    zip(split_columns(X), self._columns, strict=True)
                )
            ],
        )


def uniform(states: Hashes, streams: int | Indices) -> Floats:
    """Uniform numbers in [0, 1), one for each state and the number of a stream."""
    keys = mix((np.atleast_1d(streams) + 1).astype(np.uint64) * np.uint64(GOLDEN))
    return (mix(states + keys) >> np.uint64(12)) * 2.0**-52


def _learn(column: Any, kind: str) -> "_Noise | _Resampling":
    if kind != "resample" and is_numeric(column):
        finite = as_numbers(column)
        finite = finite[np.isfinite(finite)]
        n_distinct = np.unique(finite).size
        few = n_distinct <= min(_FEW_VALUES, len(finite) / 2)
        if n_distinct and (kind == "noise" or not few):
            return _Noise(finite)
    return _Resampling(column)


class _PoolValues:
    """What draws values of the pool: they are held in this process only.

    A pickle of an attack would carry them to wherever it is sent.
    """

    values: Any

    def __getstate__(self) -> dict[str, Any]:
        return {name: v for name, v in vars(self).items() if name != "values"}

    def __deepcopy__(self, memo: dict[int, Any]) -> "_PoolValues":
        return self  # never changed

    def pool_values(self) -> Any:
        if not hasattr(self, "values"):
            raise ValueError(
                "Perturbed copies draw values from the records that were given to fit, "
                "which are not written into a pickle. Call fit again on what was "
                "loaded."
            )
        return self.values


class _Noise:
    """Gaussian noise on a column of numbers."""

    def __init__(self, finite: Floats) -> None:
        self.low, self.high = finite.min(), finite.max()
        largest = max(abs(self.low), abs(self.high), np.finfo(float).tiny)
        # Scaled first, so that the squares of large values are finite.
        self.spread = largest * np.std(finite / largest)
        self.whole = bool((finite == np.rint(finite)).all())

    def perturb(
        self, column: Any, rows: Indices, u: Floats, noise: Floats, flip_rate: Floats
    ) -> Any:
        if not is_numeric(column):
            raise ValueError(
                "A column of X held numbers in fit, and holds something else now: "
                f"{column[:1]!r}. Pass the columns as they were in fit."
            )
        values = as_numbers(column)[rows]
        # Half a step up: u may be 0.
        moved = values + self.spread * noise * ndtri(u + 2.0**-53)
        if self.whole or _is_integer(column.dtype):
            moved = np.rint(moved)
        low, high = np.minimum(values, self.low), np.maximum(values, self.high)
        return _as_column(np.clip(moved, low, high), take_rows(column, rows))


class _Resampling(_PoolValues):
    """Values drawn from those of the pool, as often as they occur there."""

    def __init__(self, column: Any) -> None:
        _, first, counts = np.unique(
            hash_rows(column), return_index=True, return_counts=True
        )
        self.values = take_rows(column, first)
        self.ends = np.cumsum(counts) / counts.sum()

    def perturb(
        self, column: Any, rows: Indices, u: Floats, noise: Floats, flip_rate: Floats
    ) -> Any:
        # Where u is below the rate the value changes, and u / rate is uniform again.
        share = u / flip_rate
        drawn = np.searchsorted(self.ends[:-1], share, side="right")
        source = np.where(share < 1, len(column) + drawn, rows)
        return take_rows(concat_rows(column, self.pool_values()), source)


class _SparseResampling(_PoolValues):
    """The same for all columns of a sparse matrix, at the cost of what it stores."""

    def __init__(self, X: Any) -> None:
        X = _canonical(X).tocsc()
        self.n = X.shape[0]
        self.starts = X.indptr[:-1]
        self.count = np.diff(X.indptr)
        columns = np.repeat(np.arange(X.shape[1]), self.count)
        # Sorted within columns: nothing is left of the rows they came from. The last
        # one is for columns that hold no value, which may start there.
        self.values = np.append(X.data[np.lexsort((X.data, columns))], 0)

    def perturb(self, X: Any, rows: Indices, states: Hashes, flip_rate: Floats) -> Any:
        container, X = X, _canonical(X)
        taken = X[rows]
        row = np.repeat(np.arange(len(rows)), np.diff(taken.indptr))
        share = uniform(states[row], taken.indices) / flip_rate[row]
        kept, column = share >= 1, taken.indices
        drawn, is_zero = self._draw(column, np.where(kept, 0, share))
        data = np.where(kept, taken.data, np.where(is_zero, 0, drawn))
        new_row, new_column = self._fill(states, flip_rate, X.shape[1])
        new_u = uniform(states[new_row], new_column)
        # An entry that is new has a value: the draw among those that are not zero.
        new_data, _ = self._draw(new_column, new_u * self.count[new_column] / self.n)
        row, column = np.r_[row, new_row], np.r_[column, new_column]
        data = np.r_[data, new_data]
        # The first of equals: the record's own entries go before new ones.
        _, first = np.unique(row * np.int64(X.shape[1]) + column, return_index=True)
        # Indices as they came: some classifiers take no wider ones.
        at = np.stack([row[first], column[first]]).astype(X.indices.dtype)
        copies = sparse.csr_array((data[first], tuple(at)), shape=taken.shape)
        copies.eliminate_zeros()
        if X.dtype.kind == "f":
            copies = copies.astype(X.dtype)
        return type(container)(copies)

    def _draw(self, column: Indices, share: Floats) -> tuple[NDArray, NDArray]:
        """The value at `share` of each column's distribution, and whether it is 0."""
        position = (share * self.n).astype(np.intp)
        is_zero = position >= self.count[column]
        last = self.starts[column] + np.maximum(self.count[column], 1) - 1
        at = np.minimum(self.starts[column] + position, last)
        return self.pool_values()[at], is_zero

    def _fill(
        self, states: Hashes, flip_rate: Floats, n_columns: int
    ) -> tuple[NDArray, NDArray]:
        """Rows and columns of zeros that get a value.

        A zero of column j does so with probability rate * share of j not zero. Drawn
        as arrivals of a Poisson process over the columns whose chance of at least
        one arrival is that, so that the zeros need not be visited.
        """
        rows, columns = [], []
        for rate in np.unique(flip_rate):
            where = np.flatnonzero(flip_rate == rate)
            ends = np.cumsum(-np.log1p(-rate * self.count / self.n))
            # The quantile of 0 is -1.
            n_new = poisson.ppf(uniform(states[where], n_columns), ends[-1])
            row = np.repeat(where, np.maximum(n_new, 0).astype(np.intp))
            arrival = np.arange(len(row)) - np.searchsorted(row, row)
            u = uniform(states[row], n_columns + 1 + arrival)
            rows.append(row)
            columns.append(np.searchsorted(ends, u * ends[-1], side="right"))
        return np.concatenate(rows), np.concatenate(columns)


def _density(is_sparse: bool) -> str:
    return "sparse" if is_sparse else "dense"


def _canonical(X: Any) -> Any:
    X = sparse.csr_array(X, copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    return X


def is_numeric(column: Any) -> bool:
    """Whether a column holds numbers, and no truth values."""
    dtype = column.dtype
    if hasattr(dtype, "is_numeric"):  # polars
        return dtype.is_numeric()
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return all(map(_is_number, set(map(type, np.asarray(column).tolist()))))
    return dtype.kind in "iuf"


def _is_number(kind: type) -> bool:
    real = issubclass(kind, numbers.Real) and not issubclass(kind, bool | np.bool_)
    return real or kind.__name__ in MISSING_TYPES


def _is_integer(dtype: Any) -> bool:
    if hasattr(dtype, "is_integer"):  # polars
        return dtype.is_integer()
    return dtype.kind in "iu"


def _as_column(values: NDArray, like: Any) -> Any:
    """`values` in the container and of the type of `like`, missing where it is."""
    if hasattr(like.dtype, "is_numeric"):
        import polars as pl

        moved = pl.when(like.is_not_null()).then(pl.Series(values))
        return pl.select(moved.cast(like.dtype).alias(like.name)).to_series()
    if like.dtype == object:
        missing = np.isnan(values)
        values = values.astype(object)
        values[missing] = np.asarray(like)[missing]
    if hasattr(like, "iloc"):
        return type(like)(values).astype(like.dtype)
    return values.astype(like.dtype)


def _join(X: Any, columns: list[Any]) -> Any:
    """A table of the kind of `X` from its `columns`."""
    if hasattr(X, "iloc"):
        columns = [column.reset_index(drop=True) for column in columns]
        frame = type(X)(dict(enumerate(columns)))
        frame.columns = X.columns
        return frame
    if hasattr(X, "columns"):
        return type(X)(columns)
    joined = np.stack(columns, axis=1)
    # Values of the pool may be doubles where X is not.
    return joined.astype(X.dtype, copy=False) if X.dtype.kind == "f" else joined
