"""Counts, means and variances of clipped rows, from sums with noise.

What diffprivlib has for it divides by the number of rows, which is private where rows
are added or left out.

Each value is put around the middle of its range, z in [-1, 1]. A row adds one to a
count, z to a sum and 2 z^2 - 1, again in [-1, 1], to a second one, for each of d
features. All of it is in whole units of 2^-24, so that sums are exact and the bounds
below hold to the last bit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._noisy_sums import add_noise, noise_deviation

_UNIT = 2.0**24
# Two rows of one class differ by t = |z - z'| in the sum of a feature, and by 2 t s in
# the sum of squares, with s = |z + z'| <= 2 - t: t (1 + 2 (2 - t)) <= 3.125 together,
# and t^2 (1 + 4 (2 - t)^2) <= 5.15 in squares; a little more for what is rounded.
_REPLACED_L1, _REPLACED_L2 = 3.13, 5.17
# A standard deviation is at least this part of the range.
_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True)
class Moments:
    """What is published of the rows of some classes.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Noisy numbers of rows, 1 or more.
    means, variances : ndarray of shape (n_classes, n_features)
        In the units of the rows. A variance is at least what noise makes of none.
    """

    counts: NDArray[np.float64]
    means: NDArray[np.float64]
    variances: NDArray[np.float64]


def private_moments(
    X: NDArray[np.float64], y: NDArray[np.intp], n_classes: int, settings: Settings
) -> Moments:
    """Means and variances of each feature in each class.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Finite numbers; those beyond the ranges are clipped.
    y : ndarray of int of shape (n_rows,)
        The class of each row.
    n_classes : int
        The number of classes, which is public.
    settings : Settings
        The budget, the ranges as `scale`, the neighbours and the group size.
    """
    lower, upper = settings.scale
    centre, half = lower / 2 + upper / 2, upper / 2 - lower / 2
    z = np.rint(np.clip((X - centre) / half, -1, 1) * _UNIT)
    squares = np.rint(2 * z * z / _UNIT - _UNIT)
    one_hot = (y[:, None] == np.arange(n_classes)).astype(np.float64)
    parts = (np.full((len(X), 1), _UNIT), z, squares)
    exact = np.concatenate([_exact(one_hot, part).ravel() for part in parts])
    bounds = _sensitivities(X.shape[1], n_classes, settings.neighbors)
    l1, l2 = (bound * _UNIT for bound in bounds)
    noisy = add_noise(exact, l1, l2, settings) / _UNIT
    total = np.maximum(noisy[:n_classes], 1.0)
    first, second = noisy[n_classes:].reshape(2, n_classes, -1) / total[:, None]
    mean = np.clip(first, -1, 1)
    variance = (second + 1) / 2 - mean**2
    deviation = noise_deviation(l1, l2, settings) / _UNIT / total[:, None]
    least = np.maximum(np.minimum(deviation, 1.0), _LEAST_DEVIATION**2)
    return Moments(total, centre + half * mean, half**2 * np.clip(variance, least, 1.0))


def _exact(one_hot: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray:
    """Sums of whole numbers up to 2^24 by class; blocks of 2^28 rows would be exact."""
    return (one_hot.T @ values).astype(np.int64)


def _sensitivities(
    n_features: int, n_classes: int, neighbors: str
) -> tuple[float, float]:
    """How far one row moves all sums, see above."""
    added = 1 + 2 * n_features
    if neighbors == "add_remove":
        return float(added), float(np.sqrt(added))
    # In another class the row is left out of some sums and added to others.
    moved = 2 * added if n_classes > 1 else 0
    l1 = max(_REPLACED_L1 * n_features, moved)
    return float(l1), float(np.sqrt(max(_REPLACED_L2 * n_features, moved)))
