"""Does a transformer treat each row by itself? Asked with other batches of the rows.

One that looks at the batch (its mean, its first row, its largest value), or that learns
from the rows in spite of what its tags say, shows every row in the values of all
others, and no noise that comes later hides that.
"""

import copy
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia._tables import (
    as_numbers,
    copy_rows,
    hash_rows,
    n_rows,
    split_columns,
    take_rows,
)
from skmia.defenses._private._made_up_rows import made_up_rows
from skmia.defenses._private._shared_state import describe_shared

_N_SPLITS = 4
_N_SINGLE = 16


def fit_row_by_row(name: str, step: Any, X: Any) -> Any:
    """Fit a step, and raise where a row gets other values when others are around it.

    Parameters
    ----------
    name : str
        Of the step, for the message.
    step : transformer
        That learns nothing from rows.
    X : array or frame of shape (n_rows, n_features)
        What it is given.

    Returns
    -------
    transformer
        Fitted, with parameters that have seen no row.

    Raises
    ------
    ValueError
        For a function of several rows at once, or one that keeps what it was given.
    """
    # A step, and a callable in it, may keep what it was given first: each batch has a
    # copy of its own. What copies share is compared.
    kept = copy.deepcopy(step)
    shared = describe_shared(kept)
    _ask_of_no_row(kept, X)
    n = n_rows(X)
    singles = [np.array([row]) for row in _draw_singles(n)]
    # Small batches first: what is kept of them differs most from what all rows show.
    answers = [(batch, _ask(kept, X, batch)) for batch in singles]
    together = _ask(kept, X, np.arange(n))
    for batch, alone in chain(
        answers, ((b, _ask(kept, X, b)) for b in chain(singles, _batches(n)))
    ):
        if not (
            n_rows(alone) == len(batch) and _same(take_rows(together, batch), alone)
        ):
            raise ValueError(
                f"The step {name!r} ({type(step).__name__}) gives a row other values "
                "when the rows around it are others, which voids the guarantee. Take "
                "one that transforms each row by itself, or StandardScaler, which is "
                "replaced by a private one."
            )
    if describe_shared(kept) != shared:
        raise ValueError(keeps_something(f"step {name!r}", step))
    if isinstance(step, FrozenEstimator):
        return kept
    return _fit_on_no_row(name, kept, X)


def keeps_something(what: str, step: Any) -> str:
    """Why a step, or a model, that has a state besides its attributes is refused."""
    return (
        f"The {what} ({type(step).__name__}) keeps something from one call "
        "to the next, in its module, a class, a default, a cache or an attribute of "
        "a function, which voids the guarantee where it is of the rows. Compute it "
        "from public rows, before fit. What it keeps now may be of the rows: start "
        "Python anew before the next fit."
    )


def _fit_on_no_row(name: str, step: Any, X: Any) -> Any:
    """Fit on made-up rows: what a fit keeps in attributes is published with them."""
    for rows in made_up_rows(X):
        with warnings.catch_warnings():
            # Of a check of made-up values, as with check_inverse.
            warnings.simplefilter("ignore")
            try:
                fitted = _copy(step).fit(rows, None)
            except Exception:  # not values that it takes
                continue
        # To fit may have been to ask.
        return fitted.set_params(**_copy(step).get_params(deep=False))
    raise ValueError(
        f"The step {name!r} ({type(step).__name__}) could not be fitted on made-up "
        "rows of these types, and what a fit on the rows themselves keeps would be "
        "published. Fit it on public rows, and pass it in a FrozenEstimator."
    )


def _copy(step: Any) -> Any:
    return clone(copy.deepcopy(step))


def _ask(step: Any, X: Any, batch: NDArray[np.intp]) -> Any:
    """Transform with a fresh copy that is fitted on the batch alone."""
    # Copies: a step that writes in its rows leaves those of the user as they are.
    return _copy(step).fit(copy_rows(X, batch), None).transform(copy_rows(X, batch))


def _ask_of_no_row(step: Any, X: Any) -> None:
    """Let what keeps its first batch keep one that is none of the rows."""
    for rows in made_up_rows(X):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                _copy(step).fit(rows, None).transform(rows)
            except Exception:  # not values that it takes
                continue
        return


def _draw_singles(n: int) -> NDArray[np.intp]:
    return np.random.RandomState(1).permutation(n)[:_N_SINGLE]


def _batches(n: int) -> Iterator[NDArray[np.intp]]:
    """All rows in other orders, and both sides of random splits.

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
