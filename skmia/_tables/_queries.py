"""Several queries for each record: which copies of it a model is asked about.

Target and shadow models have to be asked about the very same copies. A few plain
values, :class:`Queries`, define them and travel with the shadows; :class:`Copies` makes
them from the pool, block by block, wherever they are needed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmia._tables._containers import blocks, n_rows, take_rows, values_per_row
from skmia._tables._perturbation import PERTURBATIONS, Perturbation
from skmia.utils import check_integer, check_option, check_real

Strengths = float | Sequence[float]

_BLOCK_VALUES = 2**22  # values of perturbed copies held at a time, 32 MiB of doubles


@dataclass(frozen=True)
class Queries:
    """Which perturbed copies of a record are asked about, beside the record."""

    n_queries: int
    perturb: str
    noise: tuple[float, ...]
    flip_rate: tuple[float, ...]
    seed: int = 0
    # How each column of the pool is perturbed, once that is known: `Perturbation.ways`.
    ways: str = ""

    @classmethod
    def checked(
        cls,
        n_queries: Any,
        perturb: Any,
        noise: Any,
        flip_rate: Any,
        seed: Any = 0,
        ways: str = "",
    ) -> Self:
        """Queries of checked parameters, a single strength as one that all take."""
        return cls(
            check_integer(n_queries, "n_queries", 0),
            check_option(perturb, "perturb", PERTURBATIONS),
            _strengths(noise, "noise", np.inf),
            _strengths(flip_rate, "flip_rate", 1),
            check_integer(seed, "seed", 0),
            ways,
        )


class Copies:
    """The copies of any record, as a function of its content and the queries.

    Parameters
    ----------
    queries : Queries
        One of them at least.
    X : array, frame or sparse matrix of shape (n_records, n_features)
        The pool, from which spreads, ranges and values are learned.

    Raises
    ------
    ValueError
        If the queries were made for a pool whose columns are perturbed in other ways:
        the same records in another container, of which there are other copies.
    """

    def __init__(self, queries: Queries, X: Any) -> None:
        self._perturbation = Perturbation(queries.perturb, queries.seed).fit(X)
        self.queries = replace(queries, ways=self._perturbation.ways)
        if queries.ways not in ("", self.queries.ways):
            raise ValueError(
                "The shadow models were asked about perturbed copies of the records in "
                "another container, with other types of columns, in which X has other "
                "copies. Pass X as it was when the shadows were fitted."
            )

    @property
    def strengths(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Noise and flip rate of each query."""
        n_queries = self.queries.n_queries
        noise = np.resize(self.queries.noise, n_queries)
        return noise, np.resize(self.queries.flip_rate, n_queries)

    def blocks(
        self, X: Any, width: int = 1, numbers: NDArray[np.integer] | None = None
    ) -> Iterator[tuple[slice, int, Any]]:
        """Yield rows of `X`, the number of queries, and copies, query after query.

        Bounded in size, and no less for answers of `width` values. Each row meets its
        queries in their order, whatever the blocks: all of them, or those of the
        `numbers`.
        """
        noise, flip_rate = self.strengths
        if numbers is None:
            numbers = np.arange(len(noise))
        n, n_queries = n_rows(X), len(numbers)
        noise, flip_rate = noise[numbers], flip_rate[numbers]
        width = max(width, values_per_row(X))
        for rows in blocks(n, width, _BLOCK_VALUES):
            part = take_rows(X, np.arange(n)[rows])
            for asked in blocks(n_queries, width * n_rows(part), _BLOCK_VALUES):
                copies = self._perturbation.copies(
                    part, numbers[asked], noise[asked], flip_rate[asked]
                )
                yield rows, asked.stop - asked.start, copies


def mean_answer(
    ask: Callable[[Any], NDArray[np.floating]], X: Any, copies: Copies | None
) -> NDArray[np.floating]:
    """Return the mean of a model's probabilities over the records and their copies.

    The probabilities are averaged, and signals are taken of the mean. A mean of logits
    would be that of the saturated ones: one copy with a probability of exactly 1, as
    trees give, outweighs a hundred others. Here it counts as what it is, one of them.

    Parameters
    ----------
    ask : callable
        From records to probabilities.
    X : array, frame or sparse matrix of shape (n_records, n_features)
        The records.
    copies : Copies or None
        None to ask about the records alone.

    Returns
    -------
    ndarray of shape (n_records, n_classes)
        Summed in double precision, query after query, so that a record's mean does
        not depend on the other records; in the type of the answers.
    """
    proba = ask(X)
    if copies is None:
        return proba
    total = proba.astype(np.float64)
    for rows, n_queries, block in copies.blocks(X, proba.shape[1]):
        for answer in ask(block).reshape(n_queries, -1, proba.shape[1]):
            total[rows] += answer
    total /= copies.queries.n_queries + 1
    # A single is what the signals judge the digits of "one minus p" by.
    return total.astype(proba.dtype) if proba.dtype.kind == "f" else total


def _strengths(values: Any, name: str, high: float) -> tuple[float, ...]:
    """`values` as one number or more in (0, `high`)."""
    values = [values] if isinstance(values, Real) else values
    if isinstance(values, str) or not hasattr(values, "__len__") or len(values) == 0:
        raise TypeError(
            f"The '{name}' parameter must be a float or a sequence of floats. "
            f"Got {values!r} instead."
        )
    return tuple(check_real(v, name, 0, high, closed="neither") for v in values)
