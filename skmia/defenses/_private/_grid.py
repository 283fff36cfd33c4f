"""The grid of values that ranges and norms are searched on, fixed beforehand."""

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._mechanism import Box

# Powers of two from 1.5e-5 to 4.3e9; larger magnitudes are clipped. Every value that
# is on the grid costs accuracy, none costs privacy.
MAGNITUDES = 2.0 ** np.arange(-16, 33)
SIGNED = np.concatenate([-MAGNITUDES[::-1], [0.0], MAGNITUDES])


def widened(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> Box:
    """Ranges of the grid that have a width, whatever noise made of them."""
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    above = SIGNED[np.minimum(np.searchsorted(SIGNED, lower, "right"), len(SIGNED) - 1)]
    upper = np.where(upper > lower, upper, above)
    return np.where(lower < upper, lower, SIGNED[-2]), upper
