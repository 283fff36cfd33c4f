"""Two figures compared: how sure it is that one is above the other.

The interval of a sum of figures is made of the figures' own, by the squares of what
each reaches (Zou and Donner's MOVER). With exact intervals of counts it is honest for
few records, and where all or none of them are flagged. A p-value is the smallest error
at which the interval leaves out zero.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, ndtr, ndtri, stdtrit

from skmia.metrics import Interval

# Deviations between which a p-value is looked for.
_NEAR, _FAR = 1e-3, 7.0

# The ends of a figure's interval for a chance of error.
Ends = Callable[[float], Interval]


class Term(NamedTuple):
    """One figure of a sum: its sign, its value, and its interval at any level."""

    sign: int
    value: float
    ends: Ends


@dataclass(frozen=True)
class Difference:
    """A difference of figures, its interval, and a two-sided p-value."""

    value: float
    low: float
    high: float
    p_value: float

    def turned(self) -> "Difference":
        """The same from the other's side."""
        return Difference(-self.value, -self.high, -self.low, self.p_value)


class Share(NamedTuple):
    """Records that are flagged, of how many, and how many those are worth."""

    found: float
    n: int
    n_effective: float

    @property
    def rate(self) -> float:
        return self.found / self.n if self.n else 0.0

    def ends(self, alpha: float) -> Interval:
        """Clopper and Pearson's interval, of as many records as these are worth."""
        if not self.n:
            return Interval(0.0, 1.0)
        n = self.n_effective
        k = self.rate * n
        low = betaincinv(k, n - k + 1, alpha / 2) if k > 0 else 0.0
        high = betaincinv(k + 1, n - k, 1 - alpha / 2) if k < n else 1.0
        return Interval(float(low), float(high))


def count_share(
    flagged: NDArray[np.float64], units: NDArray[np.intp] | None = None
) -> Share:
    """The share that is flagged; rows of one unit are no independent draws.

    Of few units with, or without, flagged rows nothing is learned about how alike the
    rows of one are. They are then taken to be all alike.
    """
    n, found = len(flagged), float(flagged.sum())
    if units is None or not n:
        return Share(found, n, float(n))
    _, unit = np.unique(units, return_inverse=True)
    size = np.bincount(unit)
    alike = float((size**2).sum() / n)
    sums = np.bincount(unit, weights=flagged)
    n_units = len(size)
    if min((sums > 0).sum(), (sums < size).sum()) < _ENOUGH_UNITS:
        return Share(found, n, n / alike)
    rate = found / n
    spread = ((sums - size * rate) ** 2).sum() * n_units / (n_units - 1) / n**2
    ratio = stdtrit(n_units - 1, 0.975) / ndtri(0.975)
    effect = spread * n / (rate * (1 - rate)) * ratio**2
    return Share(found, n, n / max(1.0, float(effect)))


# Units on either side of the threshold from which on their likeness can be told.
_ENOUGH_UNITS = 30


def compare(terms: Sequence[Term], alpha: float) -> Difference:
    """The signed sum of figures of independent records, and whether it is zero."""
    value = sum(term.sign * term.value for term in terms)
    low, high = _ends(terms, value, alpha)

    def beyond(z: float) -> float:
        """How far zero is outside of the interval that reaches so many deviations."""
        ends = _ends(terms, value, 2 * float(ndtr(-z)))
        return max(ends.low, -ends.high)

    if value == 0 or beyond(_NEAR) <= 0:
        p_value = 1.0
    elif beyond(_FAR) > 0:
        p_value = 2 * float(ndtr(-_FAR))
    else:
        z = brentq(beyond, _NEAR, _FAR, xtol=1e-3)
        p_value = 2 * float(ndtr(-z))
    return Difference(value, low, high, p_value)


def _ends(terms: Sequence[Term], value: float, alpha: float) -> Interval:
    below = above = 0.0
    for term in terms:
        low, high = term.ends(alpha)
        down, up = max(term.value - low, 0.0), max(high - term.value, 0.0)
        if term.sign < 0:
            down, up = up, down
        below += down**2
        above += up**2
    return Interval(value - float(np.sqrt(below)), value + float(np.sqrt(above)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's p-values: the chance of one false finding among all is at most each."""
    order = np.argsort(p_values, kind="stable")
    m = len(p_values)
    adjusted = np.asarray(p_values, dtype=np.float64)[order] * np.arange(m, 0, -1)
    found = np.empty(m)
    found[order] = np.minimum(np.maximum.accumulate(adjusted), 1.0)
    return found.tolist()
