"""Distributions of scores whose TPR at every FPR is known in closed form."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import exponnorm, norm, t

# Scores of one person are made alike through normal numbers, which `ppf` maps.
EPS = 1e-15


@dataclass(frozen=True)
class Population:
    """Scores as functions of a uniform number, and the TPR at an FPR.

    `member(u)` and `nonmember(u)` are quantile functions.
    """

    text: str
    member: Callable
    nonmember: Callable
    roc: Callable

    @property
    def auc(self):
        fpr = self._grid()
        return float(np.trapezoid(self.roc(fpr), fpr))

    @property
    def advantage(self):
        fpr = self._grid()
        return max(0.0, float((self.roc(fpr) - fpr).max()))

    @staticmethod
    def _grid():
        rates = np.geomspace(1e-12, 0.5, 40_001)
        return np.concatenate([[0.0], rates, 1 - rates[-2::-1], [1.0]])


def normal(shift, spread=1.0):
    return Population(
        f"normal, members {shift:g} higher"
        + (f" and {spread:g} times as wide" if spread != 1 else ""),
        lambda u: shift + spread * norm.ppf(u),
        norm.ppf,
        lambda f: norm.sf((norm.isf(f) - shift) / spread),
    )


def told(share, shift=0.0):
    """A share of the members is told perfectly, far above all others."""

    def member(u):
        rest = np.clip(u / (1 - share), EPS, 1 - EPS)
        return np.where(u > 1 - share, 20 + u, shift + norm.ppf(rest))

    return Population(
        f"normal, {100 * share:g} % of the members told perfectly, the others "
        f"{shift:g} higher",
        member,
        norm.ppf,
        lambda f: share + (1 - share) * norm.sf(norm.isf(f) - shift),
    )


def heavy(shift):
    """Tails so heavy that no threshold finds members alone."""

    def quantile(u):
        return (2 * u - 1) / np.sqrt(2 * u * (1 - u))

    return Population(
        f"Student's t with 2 degrees of freedom, members {shift:g} higher",
        lambda u: shift + quantile(u),
        quantile,
        lambda f: t.sf(t.isf(f, 2) - shift, 2),
    )


def exponential(scale):
    """Each member gains an exponential amount."""
    grid = np.linspace(-7, 40 * scale, 40_001)
    cdf = exponnorm.cdf(grid, scale)
    return Population(
        f"normal, members an exponential amount of mean {scale:g} higher",
        lambda u: np.interp(u, cdf, grid),
        norm.ppf,
        lambda f: exponnorm.sf(norm.isf(f), scale),
    )


def levels(n, shift):
    """So many values, as of votes or of trees."""
    steps = norm.ppf(np.arange(1, n) / n)
    rates = [np.r_[0, norm.sf(steps[::-1] - d), 1] for d in (0.0, shift)]
    return Population(
        f"{n} distinct values, members {shift:g} higher before rounding",
        lambda u: np.digitize(shift + norm.ppf(u), steps).astype(float),
        lambda u: np.digitize(norm.ppf(u), steps).astype(float),
        lambda f: np.interp(f, *rates),
    )


POPULATIONS = {
    "null": normal(0.0),
    "weak": normal(0.2),
    "shift 1": normal(1.0),
    "shift 2": normal(2.0),
    "shift 3": normal(3.0),
    "wide": normal(0.0, 2.0),
    "narrow": normal(2.0, 0.5),
    "told 5 %": told(0.05),
    "told 30 %": told(0.3, 0.5),
    "heavy": heavy(4.0),
    "exponential": exponential(2.0),
    "2 values": levels(2, 0.5),
    "50 values": levels(50, 1.0),
}
