"""Values of the other side that a closed form could not tell."""

import numpy as np
from numpy.typing import NDArray

from skmia.signals import BoolArray


def fill_unknown(
    other: NDArray[np.float32], observed: NDArray[np.float32], inside: BoolArray
) -> NDArray[np.float32]:
    """Fill values that are NaN, so that every record has as many as any other.

    A value is the shadow's own one, moved by the mean gap of the records that it knows
    in the same direction: what it would be of a typical record. It depends on that
    shadow alone, and so on no other that is used as a target. Where its own value is
    beyond those of all records that are known, as that of a class that the shadow does
    not know is, the nearest of these takes its place.

    Parameters
    ----------
    other, observed : ndarray of shape (n_shadows, n_records)
        A signal of the other side, and of the side that the shadow was fitted on.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records each shadow was fitted on.

    Returns
    -------
    ndarray of float32 of shape (n_shadows, n_records)
        Without NaN.
    """
    unknown = np.isnan(other)
    if not unknown.any():
        return other
    filled = other.copy()
    for side in (True, False):
        of_side = inside == side
        known = of_side & ~unknown
        gap = np.where(known, other - observed, 0.0)
        # Of a direction that is not known at all, the gap of the other one.
        opposite = (inside != side) & ~unknown
        back = observed[opposite].astype(np.float64) - other[opposite]
        whole = _mean(gap[known], _mean(back, 0.0))
        for k in np.flatnonzero((of_side & unknown).any(axis=1)):
            rows = of_side[k] & unknown[k]
            own = observed[k, known[k]] if known[k].any() else observed[known]
            low, high = (own.min(), own.max()) if own.size else (-np.inf, np.inf)
            move = _mean(gap[k, known[k]], whole)
            filled[k, rows] = np.clip(observed[k, rows], low, high) + move
    return filled


def _mean(values: NDArray, default: float) -> float:
    return float(values.mean()) if values.size else default
