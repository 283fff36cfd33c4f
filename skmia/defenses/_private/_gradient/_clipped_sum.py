"""Sums of clipped gradients in whole numbers: exact, whatever the order of the rows.

A layer without activation has, for one row, the gradient ``outer(input, signal)``, with
the row that it is given and the derivative of the loss by its output. Its norm is the
product of two norms, so that no gradient of one row is ever built. Several layers are
clipped together: the square of the norm of a row is the sum of their squares.

Inputs and signals are rounded to whole numbers of a unit that is fixed beforehand. All
products and partial sums are then whole numbers below 2^53, which floating point adds
up without an error, in any order, in blocks, on any number of threads. The bound on
what a row can add to the sums holds of the rounded numbers, without a tolerance.

A row's part depends on this row and the weights alone, to the last bit: products with
the weights are exact as well, and everything else is done element by element, or
summed within the row.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

INPUT_BITS = 16  # a row of norm 1 is one of 2^16 units
SIGNAL_BITS = 16
WEIGHT_BITS = 20
# A row of inputs has a norm of 2^20 units at most: those of the rows are shortened to
# half of that, before they are rounded.
_GREATEST_WEIGHT = 2.0**31  # the norm of a column, in units: products are below 2^52
TINY = 1e-200
# Rows in one product of matrices, and the norm that each may add: again below 2^52.
_BLOCK = 2**15
GREATEST_BOUND = 2.0**37
# More than all rounding errors of a norm, of up to a million terms.
_SHRINK = 1 - 2.0**-30


@dataclass(frozen=True)
class GridRows:
    """Rows in whole units, and what clipping needs to know of them.

    Parameters
    ----------
    values : ndarray or csr_matrix of float64, of shape (n_rows, n_inputs)
        Whole numbers.
    norms : ndarray of shape (n_rows,)
        Euclidean norms of the rows.
    shift : ndarray of shape (n_inputs,), default=None
        Whole numbers that are to be taken from each row, where `values` are sparse.
    """

    values: Any
    norms: NDArray[np.float64]
    shift: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, rows: Any, longest: float, bits: int = INPUT_BITS) -> "GridRows":
        """The nearest whole numbers of units of 2^-bits.

        Parameters
        ----------
        rows : ndarray or sparse matrix of float64 of shape (n_rows, n_inputs)
            Finite numbers.
        longest : float
            Longer rows are shortened to this norm, 8 units of 2^16 or less.
        bits : int, default=16
            The unit.
        """
        if sparse.issparse(rows):
            rows = sparse.csr_matrix(rows, dtype=np.float64, copy=True)
            rows.sum_duplicates()
        factors = 2.0**bits * np.minimum(1, longest / np.maximum(row_norms(rows), TINY))
        if sparse.issparse(rows):
            values = rows
            values.data *= np.repeat(factors, np.diff(values.indptr))
            np.rint(values.data, out=values.data)
        else:
            values = np.multiply(rows, factors[:, None], order="C")
            np.rint(values, out=values)
        return cls(values, row_norms(values))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.norms)

    def shifted(self, mean: NDArray[np.float64]) -> "GridRows":
        """The rows less a whole vector; sparse ones stay sparse."""
        if not sparse.issparse(self.values):
            values = self.values - mean
            return GridRows(values, row_norms(values))
        # Whole numbers below 2^53, and hence exact.
        squares = self.norms**2 - 2 * (self.values @ mean) + mean @ mean
        return GridRows(self.values, np.sqrt(np.rint(squares)), mean)

    def with_column(self, constant: float) -> "GridRows":
        """The rows with a last column that holds a whole number."""
        column = np.full((len(self), 1), constant)
        norms = np.sqrt(np.rint(self.norms**2) + constant**2)
        if not sparse.issparse(self.values):
            return GridRows(np.hstack([self.values, column]), norms)
        values = sparse.hstack([self.values, column], format="csr")
        shift = None if self.shift is None else np.append(self.shift, 0.0)
        return GridRows(values, norms, shift)

    def product(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows times weights, in the units of both; exact for whole weights."""
        product = np.asarray(self.values @ weights)
        return product if self.shift is None else product - self.shift @ weights

    def sum_with(self, whole: NDArray[np.float64]) -> NDArray[np.int64]:
        """The sum over the rows of their outer products with those of `whole`."""
        total = exact_sum(self.values, whole)
        if self.shift is not None:
            moved = exact_sum(np.ones((len(whole), 1)), whole)
            total -= self.shift.astype(np.int64)[:, None] * moved
        return total


def row_norms(rows: Any) -> NDArray[np.float64]:
    """Euclidean norms, each from its own row alone, to the last bit.

    Infinite where a square is beyond what a float holds: such rows are shortened to
    nothing.
    """
    with np.errstate(over="ignore"):
        if sparse.issparse(rows):
            squares = rows.multiply(rows).tocsr()
            return np.sqrt(np.asarray(squares @ np.ones(rows.shape[1])).ravel())
        # Along the last axis, each row is summed by itself.
        return np.sqrt(np.add.reduce(np.square(np.ascontiguousarray(rows)), axis=1))


def grid_weights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of shape (n_inputs, n_outputs) in whole units of 2^-20.

    Each column has a norm of 2^11 at most; longer ones are shortened.
    """
    whole = weights * 2.0**WEIGHT_BITS
    norms = np.sqrt(np.square(whole).sum(axis=0))
    longest = _GREATEST_WEIGHT - math.sqrt(len(weights))
    return np.rint(whole * np.minimum(1, longest / np.maximum(norms, 1)))


@dataclass(frozen=True)
class Persons:
    """Which rows are of one person, whose gradients are clipped together.

    Parameters
    ----------
    places : ndarray of int of shape (n_persons, group_size)
        Positions of the rows of each person; the number of rows where there are fewer.
    person : ndarray of int of shape (n_rows,)
        The person of each row.
    """

    places: NDArray[np.intp]
    person: NDArray[np.intp]

    @classmethod
    def of(cls, groups: NDArray) -> "Persons":
        """From a label of each row."""
        _, person, counts = np.unique(groups, return_inverse=True, return_counts=True)
        order = np.argsort(person, kind="stable")
        first = np.cumsum(counts) - counts
        places = np.full((len(counts), counts.max()), len(person))
        places[person[order], np.arange(len(order)) - first[person[order]]] = order
        return cls(places, person)

    def products(self, rows: GridRows) -> NDArray[np.float64]:
        """Inner products of the rows of each person, (n_persons, size, size)."""
        products = self.products_of(rows.values)
        if rows.shift is not None:
            along = np.append(rows.values @ rows.shift, 0.0)[self.places]
            there = self.places < len(self.person)
            moved = rows.shift @ rows.shift - along[:, :, None] - along[:, None, :]
            products += moved * (there[:, :, None] & there[:, None, :])
        return products

    def products_of(self, rows: Any) -> NDArray[np.float64]:
        """The same of an array or a sparse matrix."""
        n, size = self.places.shape
        products = np.zeros((n, size, size))
        for a in range(size):
            for b in range(a, size):
                both = np.flatnonzero(self.places[:, b] < len(self.person))
                left, right = rows[self.places[both, a]], rows[self.places[both, b]]
                if sparse.issparse(rows):
                    inner = np.asarray(left.multiply(right).sum(axis=1)).ravel()
                else:
                    inner = np.add.reduce(left * right, axis=1)
                products[both, a, b] = products[both, b, a] = inner
        return products


def clipped_sums(
    inputs: Sequence[GridRows],
    signals: Sequence[NDArray[np.float64]],
    bound: float,
    persons: Persons | None = None,
    products: Sequence[NDArray[np.float64]] | None = None,
) -> list[NDArray[np.int64]]:
    """Sums over the rows of ``outer(input, signal)``, with a bound on each row's part.

    Parameters
    ----------
    inputs : sequence of GridRows
        What each layer is given.
    signals : sequence of ndarray of shape (n_rows, n_outputs)
        Derivatives of the loss of each row by the layer's outputs, with the row's
        weight. They are multiplied by what clipping takes, one number for all layers,
        and rounded.
    bound : float
        Greatest Euclidean norm of what one row, or one person, adds to all sums
        together, in units of 2^-(input bits + 16); at most 2^37.
    persons : Persons, default=None
        Whose rows are clipped together; None for rows by themselves.
    products : sequence of ndarray, default=None
        ``persons.products(rows)`` of the inputs, where they stay the same from
        call to call.

    Returns
    -------
    list of ndarray of int64 of shape (n_inputs, n_outputs)
        The sums. They depend neither on the order of the rows nor on threads. The norm
        of the difference that one row, or person, more or less makes is at most
        `bound`, exactly.

    Notes
    -----
    With u the input of a row in units, and s its signal times 2^16 and the factor f,
    rounding moves s by sqrt(n_outputs) / 2 at most. The norms of all layers together
    are hence no more than f times that of the gradient, plus the root of the sum of
    ``|u|^2 n_outputs / 4``; f is chosen for that to stay below `bound`.
    """
    if not 0 < bound <= GREATEST_BOUND:
        raise ValueError(f"The bound must be in (0, 2^37] units. Got {bound!r}.")
    scaled = [np.multiply(s, 2.0**SIGNAL_BITS, order="C") for s in signals]
    slack = np.sqrt(
        sum(a.norms**2 * s.shape[1] / 4 for a, s in zip(inputs, scaled, strict=True))
    )
    lengths = np.sqrt(
        sum((a.norms * row_norms(s)) ** 2 for a, s in zip(inputs, scaled, strict=True))
    )
    if persons is not None:
        slack, lengths = _of_persons(inputs, scaled, slack, lengths, persons, products)
    room = np.maximum(bound * _SHRINK - slack, 0)
    factors = room / np.maximum(lengths, np.maximum(room, TINY))
    if persons is not None:
        factors = factors[persons.person]
    sums = []
    for rows, signal in zip(inputs, scaled, strict=True):
        whole = np.rint(signal * factors[:, None])
        # Where there is no room at all, nothing may be left of rounding either.
        whole[factors == 0] = 0
        sums.append(rows.sum_with(whole))
    return sums


def _of_persons(
    inputs: Sequence[GridRows],
    signals: Sequence[NDArray[np.float64]],
    slack: NDArray[np.float64],
    lengths: NDArray[np.float64],
    persons: Persons,
    products: Sequence[NDArray[np.float64]] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same two bounds, of the sum of each person's rows."""
    if products is None:
        products = [persons.products(rows) for rows in inputs]
    squares = np.zeros(persons.places.shape[0])
    for product, signal in zip(products, signals, strict=True):
        terms = product * persons.products_of(signal)
        terms = terms.reshape(len(terms), -1)
        terms.sort(axis=1)  # a person's rows in another order give the same sum
        squares += np.add.reduce(terms, axis=1)
    together = np.zeros((2, len(slack) + 1))
    together[:, :-1] = slack, lengths
    per_row = together[:, persons.places]
    per_row.sort(axis=2)
    slack, longest = np.add.reduce(per_row, axis=2)
    # Terms of both signs cancel, their rounding errors do not.
    return slack, np.sqrt(np.maximum(squares, 0) + (longest * 2.0**-20) ** 2)


def exact_sum(values: Any, whole: NDArray[np.float64]) -> NDArray[np.int64]:
    """``values.T @ whole`` of whole numbers, in blocks that floating point adds up."""
    total = np.zeros((values.shape[1], whole.shape[1]), dtype=np.int64)
    for start in range(0, len(whole), _BLOCK):
        block = slice(start, start + _BLOCK)
        total += np.asarray(values[block].T @ whole[block]).astype(np.int64)
    return total
