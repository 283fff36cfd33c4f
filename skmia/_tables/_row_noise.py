"""Noise on the features of rows, of a strength of its own for each row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables._containers import concat_rows, take_rows
from skmia._tables._perturbation import Perturbation

# Different strengths that rows are sorted into.
_N_LEVELS = 16
# Below 1, at which the number of new entries in a sparse column is infinite.
_MOST_FLIPS = 1 - 1e-9


class RowNoise:
    """Perturbed copies of the rows of a table.

    A number gets Gaussian noise in units of its column's standard deviation, a
    category is drawn anew from its column with the strength as its probability: see
    ``Perturbation``. The copy is a function of the row's content, so that equal rows
    do not average their noise away.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_samples, n_features)
        What tells the spreads and distributions of the columns.
    seed : int
        Seeds the copies.
    """

    def __init__(self, X: Any, seed: int) -> None:
        shape = X.shape
        if len(shape) != 2:
            raise ValueError(
                "on='features' adds noise to the columns of a table. Got X of shape "
                f"{tuple(shape)} instead; pass on='labels'."
            )
        self._perturbation = Perturbation("auto", seed).fit(X)

    def copies(self, X: Any, strength: NDArray[np.floating], query: int) -> Any:
        """A copy of each row, the `query`-th of its kind.

        Strengths are rounded to 16 levels of as many rows each, and the rows of a
        level get its mean. Rows of strength 0 stay as they are.
        """
        still = np.flatnonzero(strength <= 0)
        order = np.argsort(strength, kind="stable")[len(still) :]
        levels = [level for level in np.array_split(order, _N_LEVELS) if len(level)]
        parts = [take_rows(X, still)] if len(still) else []
        for level in levels:
            mean = strength[level].mean()
            parts.append(
                self._perturbation.copies(
                    take_rows(X, level),
                    np.array([query]),
                    np.array([mean]),
                    np.array([min(mean, _MOST_FLIPS)]),
                )
            )
        joined = parts[0]
        for part in parts[1:]:
            joined = concat_rows(joined, part)
        return take_rows(joined, np.argsort(np.concatenate([still, *levels])))
