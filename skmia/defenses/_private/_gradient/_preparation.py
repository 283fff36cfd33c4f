"""What noisy gradient descent has to know of the rows beforehand, through noise.

The number of rows, their norm, their mean and their distance from it. Descent around
the mean needs far less noise: where features are not centred, most of a row's norm is
what all rows have in common, and the noise is scaled to norms.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmia.defenses._private._gaussian_queries import noisy_median, noisy_total
from skmia.defenses._private._gradient._clipped_sum import (
    INPUT_BITS,
    SIGNAL_BITS,
    GridRows,
    Persons,
    clipped_sums,
    row_norms,
)
from skmia.defenses._private._noise import NoiseSource, add_gaussian

# Norms of rows, 128 numbers.
_NORMS = 2.0 ** (np.arange(-64, 64) / 2)
# Distances from the mean, as parts of a typical norm.
_RADII = 2.0 ** (np.arange(-24, 9) / 4)
# Rows are shortened where they are longer than the typical one by this factor.
_LONGEST = 4.0
# What stands for the intercept, beside a row's distance from the mean. It takes room
# from the gradients of all other columns.
_COLUMN = 0.25
# How what preparation may spend is divided, in squares of mu.
_SHARES = {"total": 0.1, "norm": 0.25, "mean": 0.5, "radius": 0.15}


@dataclass(frozen=True)
class Prepared:
    """Rows in whole units around their mean, and their scale.

    Parameters
    ----------
    rows : GridRows
        Rows, less the mean, over `unit`; with a last column for the intercept.
    total : float
        Noisy sum of the weights of the rows.
    unit : float
        What rows were divided by, before they were put into whole units.
    norm : float
        Rows of a greater one were shortened to it.
    mean : ndarray of shape (n_features,)
        Noisy mean of the rows over `unit`, in whole units; zeros without an intercept.
    radius : float
        Typical distance of a row over `unit` from the mean.
    column : float
        What the last column holds, over `unit`; 0 where there is none.
    """

    rows: GridRows
    total: float
    unit: float
    norm: float
    mean: NDArray[np.float64]
    radius: float
    column: float

    def raw_weights(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients and intercepts for rows as they were given."""
        if not self.column:
            return weights.T / self.unit, np.zeros(weights.shape[1])
        inner, last = weights[:-1], weights[-1]
        intercept = last * self.column - self.mean * 2.0**-INPUT_BITS @ inner
        return inner.T / self.unit, intercept


def prepare(
    X: Any,
    weights: NDArray[np.float64],
    *,
    persons: Persons | None,
    norm: float | None,
    fit_intercept: bool,
    mu: float,
    source: NoiseSource,
) -> Prepared:
    """Find the scale of the rows privately, and put them into whole units.

    Parameters
    ----------
    X : ndarray or csr_matrix of float64 of shape (n_rows, n_features)
        Finite numbers.
    weights : ndarray of shape (n_rows,)
        In [0, 1], for the rows of a person together as well.
    persons : Persons or None
        Whose rows are bounded together.
    norm : float or None
        A given one; None to search it.
    fit_intercept : bool
        Whether there is an intercept. Without one, rows cannot be centred.
    mu : float
        What it spends, all of it together.
    source : NoiseSource
        Where noise is drawn from.
    """
    used = ["total", "radius"] + ["norm"] * (norm is None) + ["mean"] * fit_intercept
    whole = sum(_SHARES[name] for name in used)
    part = {name: mu * np.sqrt(_SHARES[name] / whole) for name in used}
    total = noisy_total(weights, part["total"], source)
    unit, longest = norm, 1.0
    if unit is None:
        unit = noisy_median(row_norms(X), weights, _NORMS, total, part["norm"], source)
        longest = _LONGEST
    X, mean = _over(X, unit), np.zeros(X.shape[1])
    if fit_intercept:
        # Of rows that are shortened to the unit: half of them are longer, and the noise
        # of the mean is scaled to the longest. It is a place to look from, no more.
        short = GridRows.of(X, 1.0)
        mean = _noisy_mean(short, weights, persons, total, part["mean"], source)
    rows = GridRows.of(X, longest).shifted(mean)
    radius = noisy_median(
        rows.norms * 2.0**-INPUT_BITS, weights, _RADII, total, part["radius"], source
    )
    column = 0.0
    if fit_intercept:
        units = float(np.rint(_COLUMN * radius * 2.0**INPUT_BITS))
        column = units * 2.0**-INPUT_BITS
        rows = rows.with_column(units)
    return Prepared(rows, total, unit, longest * unit, mean, radius, column)


def _over(X: Any, norm: float) -> Any:
    """X over a number, without infinite values."""
    with np.errstate(over="ignore"):
        rows = X * (1 / norm)
    values = rows.data if sparse.issparse(rows) else rows
    np.nan_to_num(values, copy=False)
    return rows


def _noisy_mean(
    rows: GridRows,
    weights: NDArray[np.float64],
    persons: Persons | None,
    total: float,
    mu: float,
    source: NoiseSource,
) -> NDArray[np.float64]:
    """Mean of the rows in whole units; of a norm of one at most."""
    bound = 2.0 ** (INPUT_BITS + SIGNAL_BITS)
    (sums,) = clipped_sums([rows], [weights[:, None]], bound, persons)
    noisy = add_gaussian(sums, bound / mu, source)[:, 0]
    mean = noisy * 2.0**-SIGNAL_BITS / total
    length = float(np.sqrt(np.square(mean).sum()))
    return np.rint(mean * min(1, 2.0**INPUT_BITS / max(length, 1)))
