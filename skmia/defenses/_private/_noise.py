"""Noise for sums of whole numbers, and where it is drawn from.

The proof of the Gaussian mechanism is about real numbers. In floating point, the low
bits of ``sum + noise`` can tell what the sum was, since only some numbers can be
reached from each sum (Mironov, "On Significance of the Least Significant Bits for
Differential Privacy", CCS 2012; Jin, McMurtry, Rubinstein and Ohrimenko, "Are We There
Yet? Timing and Floating-Point Attacks on Differential Privacy Systems", IEEE S&P 2022).
Three things stand against it:

- The sum is a whole number, exactly, of a unit that is fixed beforehand. Noise is
  rounded to whole numbers, and ``whole + round(noise) = round(whole + noise)``: it is
  the Gaussian mechanism, and a rounding that looks at its answer alone. Every answer
  can be reached from every sum.
- The answer is rounded once more, to a public multiple of the unit, 2^-16 standard
  deviations of the noise. The floating-point numbers that a draw can be are 2^36 times
  as dense, and the chance of each answer is right to about that part.
- A draw is the sum of two that are independent, each the inverse distribution function
  of a uniform number of 63 bits (as in Holohan and Braghin, "Secure Random Sampling in
  Differential Privacy", ESORICS 2021): no draw can be solved for its bits. The least
  chance that a side of the distribution is given is 2^-64. What is beyond it adds no
  more than that to delta, for each draw.

Draws come from the operating system's cryptographic generator, unless there is a seed.
All numbers are drawn and added in one pass over arrays, which takes as long whatever
they are, up to the arithmetic of the processor.
"""

import math
import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Shape = int | tuple[int, ...]

_FINE_BITS = 16  # of the grid of answers, below the standard deviation of the noise
_LEAST_SCALE, _GREATEST_SCALE = 1.0, 2.0**57  # whole numbers of 64 bits


class NoiseSource:
    """Where noise is drawn from.

    Parameters
    ----------
    random_state : RandomState instance or None, default=None
        A seeded generator, for figures that can be repeated: whoever knows the seed can
        take the noise away again. None for the operating system's cryptographic one.
    """

    def __init__(self, random_state: np.random.RandomState | None = None) -> None:
        self._bytes: Callable[[int], bytes] = (
            os.urandom if random_state is None else random_state.bytes
        )

    def _words(self, size: Shape) -> NDArray[np.uint64]:
        n = int(np.prod(size))
        return np.frombuffer(self._bytes(8 * n), dtype="<u8").reshape(size)

    def uniform(self, size: Shape) -> NDArray[np.float64]:
        """Numbers in [0, 1), multiples of 2^-53."""
        return (self._words(size) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def gaussian(self, size: Shape) -> NDArray[np.float64]:
        """Standard normal numbers, each of two draws."""
        return (self._one_gaussian(size) + self._one_gaussian(size)) / math.sqrt(2)

    def geometric(self, scale: float, size: Shape) -> NDArray[np.int64]:
        """Whole numbers k with a chance proportional to exp(-abs(k) / scale).

        The difference of two geometric numbers, each the whole part of an exponential
        one: what is beyond 44 times the scale, in one of 2^64 draws, is not drawn.
        """
        one, two = (np.floor(scale * self.exponential(size)) for _ in range(2))
        return (one - two).astype(np.int64)

    def exponential(self, size: Shape) -> NDArray[np.float64]:
        """Exponential numbers of scale 1, up to 44."""
        words = self._words(size).astype(np.float64)
        return -np.log((words + 0.5) * 2.0**-64)

    def _one_gaussian(self, size: Shape) -> NDArray[np.float64]:
        words = self._words(size)
        # The last bit is the sign; the others a number in (0, 1/2], whose small values
        # keep their own precision.
        tail = ((words >> np.uint64(1)).astype(np.float64) + 0.5) * 2.0**-64
        draws = ndtri(tail)
        return np.where(words & np.uint64(1), -draws, draws)


def add_gaussian(
    sums: NDArray[np.int64], scale: float, source: NoiseSource
) -> NDArray[np.int64]:
    """Whole numbers with Gaussian noise, on a grid that depends on `scale` alone.

    Parameters
    ----------
    sums : ndarray of int64
        Exact sums, below 2^62 in magnitude.
    scale : float
        Standard deviation of the noise, in the unit of the sums; 1 or more.
    source : NoiseSource
        Where it is drawn from.

    Returns
    -------
    ndarray of int64
        Multiples of the grid.

    Raises
    ------
    ValueError
        If the noise is too small or too large for whole numbers of 64 bits.
    """
    if not _LEAST_SCALE <= scale <= _GREATEST_SCALE:
        raise ValueError(
            f"The standard deviation of the noise must be in [1, 2^57] units of the "
            f"sums. Got {scale!r} instead; where it is larger, so little may be spent "
            "that nothing is learnt: pass a larger 'epsilon' or 'delta', or a smaller "
            "'group_size'."
        )
    sums = np.asarray(sums, dtype=np.int64)
    noise = np.rint(scale * source.gaussian(sums.shape)).astype(np.int64)
    return round_to_grid(sums + noise, noise_grid(scale))


def add_geometric(
    sums: NDArray[np.int64], scale: float, source: NoiseSource
) -> NDArray[np.int64]:
    """Whole numbers with two-sided geometric noise: Laplace noise in whole numbers.

    Parameters
    ----------
    sums : ndarray of int64
        Exact sums, below 2^62 in magnitude.
    scale : float
        The scale of the noise in the unit of the sums: how far neighbours move all of
        them together, in the sum of magnitudes, over epsilon.
    source : NoiseSource
        Where it is drawn from.

    Returns
    -------
    ndarray of int64
        Of the same unit.

    Raises
    ------
    ValueError
        If the noise is too large for whole numbers of 64 bits.

    References
    ----------
    Ghosh, Roughgarden and Sundararajan, "Universally Utility-Maximizing Privacy
    Mechanisms", STOC 2009.
    """
    if not scale <= _GREATEST_SCALE:
        raise ValueError(
            f"The scale of the noise must be at most 2^57 units of the sums. Got "
            f"{scale!r} instead."
        )
    return np.asarray(sums, dtype=np.int64) + source.geometric(scale, np.shape(sums))


def noise_grid(scale: float) -> int:
    """The multiple of the unit, a power of two, that answers are rounded to."""
    return 2 ** max(math.floor(math.log2(scale)) - _FINE_BITS, 0)


def round_to_grid(values: NDArray[np.int64], grid: int) -> NDArray[np.int64]:
    """The nearest multiples of `grid`, in whole numbers."""
    return (values + grid // 2) // grid * grid
