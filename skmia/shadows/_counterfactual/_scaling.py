"""Gaps between the two sides of a record, scaled by what shadows have shown."""

import numpy as np
from numpy.typing import NDArray

from skmia._models import Saturation
from skmia.shadows._counterfactual._fill import fill_unknown
from skmia.signals import BoolArray

#: Of members, which are taken out, and of non-members, which are put in. None where the
#: direction told nothing.
Factors = tuple[float | None, float | None]


def settle(
    other: NDArray[np.float32],
    observed: NDArray[np.float32],
    inside: BoolArray,
    factors: Factors,
    bound: float,
) -> NDArray[np.float32]:
    """Scale the gaps of a signal, and fill what is not known.

    Parameters
    ----------
    other, observed : ndarray of float32 of shape (n_shadows, n_records)
        The signal on the side that the shadow was not fitted on, and on the other.
    inside : ndarray of bool of the same shape
        Which records the shadow was fitted on.
    factors : tuple
        What the gaps are multiplied by; None where a direction told nothing.
    bound : float
        Size beyond which a value of the signal is saturated, as far as gaps go.

    Returns
    -------
    ndarray of float32 of shape (n_shadows, n_records)
        Without NaN.
    """
    as_told = factors == (1.0, 1.0)
    if as_told and not np.isnan(other).any():
        return other
    # A part of the way to a probability of 0 or 1 would be a logit in the hundreds, and
    # be taken for an answer that was given.
    ends = Saturation.of(observed, other) if as_told else Saturation.of(observed)
    own, values = ends.soften(observed), ends.soften(other).copy()
    scale_gaps(values, own, inside, factors, bound)
    return ends.harden(fill_unknown(values, own, inside))


def scale_gaps(
    other: NDArray[np.float32],
    observed: NDArray[np.float32],
    inside: BoolArray,
    factors: Factors,
    bound: float,
) -> None:
    """Multiply gaps, as far as they are between values that are not saturated.

    Parameters
    ----------
    other : ndarray of float32
        A signal of the other side, written into; NaN where a direction told nothing.
    observed : ndarray of float32 of the same shape
        The signal of the side that the shadow was fitted on.
    inside : ndarray of bool of the same shape
        Which records the shadow was fitted on.
    factors : tuple
        What the gaps are multiplied by.
    bound : float
        Size beyond which a value of the signal is saturated, by the records of the
        pool.
    """
    for side, factor in zip((inside, ~inside), factors, strict=True):
        if factor is None:
            other[side] = np.nan
        elif factor != 1:
            values, own = other[side], observed[side]
            gap = np.clip(values, -bound, bound) - np.clip(own, -bound, bound)
            other[side] = values + (factor - 1) * gap
