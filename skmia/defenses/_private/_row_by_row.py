"""Does a transformer treat each row by itself? Asked with other batches of the rows.

One that looks at the batch (its mean, its first row, its largest value), or that learns
from the rows in spite of what its tags say, shows every row in the values of all
others, and no noise that comes later hides that.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from skmia._tables import (
    as_numbers,
    copy_rows,
    hash_rows,
    n_rows,
    split_columns,
    take_rows,
)

_N_SPLITS = 4
_N_SINGLE = 16


def check_row_by_row(name: str, step: Any, X: Any) -> None:
    """Raise where a row gets other values when the rows around it are others.

    Parameters
    ----------
    name : str
        Of the step, for the message.
    step : transformer
        Fitted.
    X : array or frame of shape (n_rows, n_features)
        What it is given.

    Raises
    ------
    ValueError
        For a function of several rows at once.
    """
    # Copies: a step that writes in its rows leaves those of the user as they are.
    together = step.transform(copy_rows(X, np.arange(n_rows(X))))
    for batch in _batches(n_rows(X)):
        # Fitted on the batch, which must make no difference either.
        fitted = clone(step).fit(copy_rows(X, batch), None)
        alone = fitted.transform(copy_rows(X, batch))
        if not (
            n_rows(alone) == len(batch) and _same(take_rows(together, batch), alone)
        ):
            raise ValueError(
                f"The step {name!r} ({type(step).__name__}) gives a row other values "
                "when the rows around it are others, which voids the guarantee. Take "
                "one that transforms each row by itself, or StandardScaler, which is "
                "replaced by a private one."
            )


def _batches(n: int) -> Iterator[NDArray[np.intp]]:
    """All rows in other orders, both sides of random splits, and single rows.

    Of a split, one side lacks whatever row stands out. The batches are the same at
    every fit: the noise of the fit does not depend on them.
    """
    rng = np.random.RandomState(0)
    yield np.arange(n)[::-1]
    for _ in range(_N_SPLITS):
        order = rng.permutation(n)
        yield order
        if n > 1:
            yield from np.split(order, [rng.randint(1, n)])
    for row in rng.permutation(n)[:_N_SINGLE]:
        yield np.array([row])


def _same(one: Any, other: Any) -> bool:
    """Whether two tables of the same rows hold the same values, up to rounding."""
    if np.array_equal(hash_rows(one), hash_rows(other)):
        return True
    if one.shape != other.shape:
        return False
    if sparse.issparse(one):
        one, other = sparse.csc_array(one), sparse.csc_array(other)
        return all(
            _close(one[:, [j]].toarray()[:, 0], other[:, [j]].toarray()[:, 0])
            for j in np.unique((abs(one - other)).nonzero()[1])
        )
    pairs = zip(split_columns(one), split_columns(other), strict=True)
    return all(_same_column(*pair) for pair in pairs)


def _same_column(one: Any, other: Any) -> bool:
    if np.array_equal(hash_rows(one), hash_rows(other)):
        return True
    try:
        numbers = as_numbers(one), as_numbers(other)
    except (TypeError, ValueError):
        return False
    if getattr(one.dtype, "itemsize", 8) == 4:
        numbers = numbers[0].astype(np.float32), numbers[1].astype(np.float32)
    return _close(*numbers)


def _close(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Equal but for the order of sums: a matrix product depends on the batch's size."""
    unit = np.finfo(one.dtype if one.dtype.kind == "f" else np.float64).eps
    finite = np.abs(one[np.isfinite(one)])
    scale = finite.max() if finite.size else 0.0
    return bool(
        np.allclose(one, other, np.sqrt(unit), 1000 * unit * scale, equal_nan=True)
    )
