"""Distribution of a signal over retrainings, for every record on its own.

A record's signal under the shadows that hold it (IN) and under those that do not
(OUT) is a small sample each. This file turns the samples into predictive
distributions, all records at a time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, log_ndtr, polygamma
from scipy.stats import t as student

from skmia.signals import BoolArray, FloatArray, IndexArray

Variance = Literal["shrunk", "per_record", "pooled", "global"]

VARIANCES: tuple[str, ...] = ("shrunk", "per_record", "pooled", "global")

# Columns of (n_shadows, n_records) that are held as doubles at a time.
_BLOCK = 2**12
# A spread below this fraction of the pooled one is no estimate but a repeated value.
_DEGENERATE = 1e-3
# Fewer values have no spread of their own that keeps the promise of `max_fpr`. A shadow
# used as the target is judged by one value less than the target is, and a spread of one
# value is nothing like that of two: of simulated non-members that are judged by 2
# values, 30 % lie above a threshold for 5 %, and with 5 values or more at most 5 %.
LEAST_OWN = 5


def blocks(n_records: int, size: int = _BLOCK) -> list[slice]:
    """Slices of so many records at a time, so that no large array is copied."""
    return [slice(at, at + size) for at in range(0, n_records, size)]


@dataclass
class Moments:
    """Count, mean and sum of squared deviations of each record's sample."""

    count: FloatArray
    mean: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, values: NDArray, mask: BoolArray) -> "Moments":
        """Of `values` (n_shadows, n_records) where `mask` is true."""
        n = values.shape[1]
        count, mean, squares = np.zeros(n), np.zeros(n), np.zeros(n)
        for rows in blocks(n):
            weight = mask[:, rows].astype(np.float64)
            block = values[:, rows].astype(np.float64)
            count[rows] = weight.sum(axis=0)
            mean[rows] = np.einsum("kn,kn->n", block, weight) / np.maximum(
                count[rows], 1
            )
            block -= mean[rows]
            squares[rows] = np.einsum("kn,kn,kn->n", block, block, weight)
        return cls(count, mean, squares)

    def without(self, values: NDArray, mask: BoolArray) -> "Moments":
        """With one shadow, (n_records,), taken out again where `mask` is true."""
        x = values.astype(np.float64)
        count = self.count - mask
        left = np.maximum(count, 1)
        mean = np.where(mask, self.mean + (self.mean - x) / left, self.mean)
        squares = self.squares - np.where(mask, (x - self.mean) * (x - mean), 0.0)
        # A sample of one or none has no deviations, whatever rounding has left.
        squares = np.where(count > 1, np.maximum(squares, 0.0), 0.0)
        return Moments(count, np.where(count > 0, mean, 0.0), squares)

    def as_if(self, count: FloatArray) -> "Moments":
        """The same location and variance, with the weight of `count` values.

        A sample of one keeps its sum of squares of 0, the tightest that `count`
        values can have: a threshold made of it errs on the side of accusing less.
        """
        mine, asked = np.maximum(self.count - 1, 1), np.maximum(count - 1, 0)
        weight = np.where(self.count > 0, count, 0)
        return Moments(weight, self.mean, self.squares * asked / mine)

    @classmethod
    def joined(cls, parts: Iterable["Moments"]) -> "Moments":
        """Of the records of all `parts`, one after the other."""
        count, mean, squares = (
            np.concatenate(arrays)
            for arrays in zip(
                *((part.count, part.mean, part.squares) for part in parts), strict=True
            )
        )
        return cls(count, mean, squares)

    def with_variance(self, variance: float) -> "Moments":
        """The same location and count, with one sample variance for all records."""
        return Moments(
            self.count, self.mean, variance * np.maximum(self.count - 1, 0.0)
        )

    def at(self, rows: IndexArray) -> "Moments":
        """Of the records at `rows`."""
        return Moments(self.count[rows], self.mean[rows], self.squares[rows])

    @property
    def deviation(self) -> FloatArray:
        """Standard deviation of each record, divisor n; 0 without a sample."""
        return np.sqrt(self.squares / np.maximum(self.count, 1))

    @property
    def within(self) -> float:
        """Pooled variance about each record's own mean, divisor n."""
        return float(self.squares.sum() / max(self.count.sum(), 1))

    @property
    def within_unbiased(self) -> float:
        """The same with one degree of freedom taken off for each mean."""
        freedom = np.maximum(self.count - 1, 0).sum()
        return float(self.squares.sum() / max(freedom, 1))

    @property
    def total(self) -> float:
        """Variance of all values about their common mean, divisor n."""
        n = max(self.count.sum(), 1)
        grand = float((self.count * self.mean).sum() / n)
        between = float((self.count * (self.mean - grand) ** 2).sum() / n)
        return self.within + between


@dataclass
class Predictive:
    """Normal (`freedom` infinite) or Student-t distribution of the next value."""

    location: FloatArray
    scale: FloatArray
    freedom: FloatArray

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density at `x`."""
        if not np.isinf(self.freedom).all():
            return student.logpdf(x, self.freedom, self.location, self.scale)
        # Not scipy's, which takes twice the time.
        z = (x - self.location) / self.scale
        return -0.5 * (np.log(2 * np.pi) + z * z) - np.log(self.scale)

    def surprise(self, x: FloatArray) -> FloatArray:
        """-log P(value > x): large where `x` lies high above the distribution.

        One-sided, so that a value far *below* counts as unremarkable, and as a log
        survival function, since the distribution function is 1 from 8.3 standard
        deviations on. A Student-t quantile goes through its normal equivalent
        (Wallace 1959), whose tail does not underflow: right to some percent, and
        exact in the order of values of equal freedom.
        """
        z = (x - self.location) / self.scale
        if not np.isinf(self.freedom).all():
            v = self.freedom
            shrink = (8 * v + 1) / (8 * v + 3)
            z = np.sign(z) * shrink * np.sqrt(v * np.log1p(z * z / v))
        return -log_ndtr(-z)


@dataclass
class Spread:
    """What one side's records, IN or OUT, have in common.

    Learnt once from the pool; after that every record gets its predictive
    distribution from its own moments, in whatever batch it comes.
    """

    variance: str
    pooled: float
    strength: float
    center: float
    between: float
    typical: float
    least: int = 1

    @classmethod
    def of(
        cls, variance: str, own: Moments, other: Moments, least: int = 1
    ) -> "Spread":
        """Learn from the moments of this side and the other.

        Parameters
        ----------
        variance : {"shrunk", "per_record", "pooled", "global"}
            Where a record's spread comes from.
        own, other : Moments
            Both sides over the pool. A side without any spread (a tree is always
            sure of a record it has seen) borrows the other's.
        least : int, default=1
            Values that a record's own spread takes, by ``"per_record"``; the formula
            as it was published takes any number.

        Returns
        -------
        Spread
            Never zero.
        """
        pooled = _pooled_variance(own, other, variance)
        seen = own.count > 0
        means = own.mean[seen] if seen.any() else np.zeros(1)
        spread = cls(
            variance=variance,
            pooled=pooled,
            strength=prior_strength(own, pooled) if variance == "shrunk" else np.inf,
            center=float(means.mean()),
            between=float(means.var()),
            typical=float(np.sqrt(pooled)),
            least=least,
        )
        if variance == "per_record" and seen.any():
            spread.typical = float(spread._own_scale(own, other)[seen].mean())
        return spread

    def predictive(self, moments: Moments, other: Moments | None = None) -> Predictive:
        """The distribution of each record's next value.

        A record without a sample gets the mean location and spread over records. One
        whose values are all equal, or too few for a spread of their own, borrows the
        spread of its `other` side.
        """
        seen = moments.count > 0
        location = np.where(seen, moments.mean, self.center)
        if self.variance == "shrunk":
            return self._shrunk(moments, location, seen)
        if self.variance == "per_record":
            scale = np.where(seen, self._own_scale(moments, other), self.typical)
        else:
            scale = np.full_like(location, np.sqrt(self.pooled))
        return Predictive(location, scale, np.full_like(location, np.inf))

    def _own_scale(self, moments: Moments, other: Moments | None) -> FloatArray:
        scale = np.full_like(moments.mean, np.sqrt(self.pooled))
        least = _DEGENERATE * scale
        for side in (other, moments):
            if side is not None:
                usable = (side.count >= self.least) & (side.deviation > least)
                scale = np.where(usable, side.deviation, scale)
        return scale

    def _shrunk(
        self, moments: Moments, location: FloatArray, seen: BoolArray
    ) -> Predictive:
        """Student-t predictive under a scaled inverse chi-square prior.

        The prior counts as `strength` observations of the pooled variance; a sample
        of n adds n - 1 of its own. The uncertainty of the record's own mean enters
        as 1 + 1 / n.
        """
        own_freedom = np.maximum(moments.count - 1, 0)
        if np.isinf(self.strength):
            variance = np.full_like(location, self.pooled)
            freedom = np.full_like(location, np.inf)
        else:
            freedom = self.strength + own_freedom
            variance = (self.strength * self.pooled + moments.squares) / freedom
        variance = np.where(
            seen,
            variance * (1 + 1 / np.maximum(moments.count, 1)),
            self.pooled + self.between,
        )
        return Predictive(location, np.sqrt(variance), freedom)


def _pooled_variance(own: Moments, other: Moments, variance: str) -> float:
    """The side's own, the other's, or that between records: never zero."""
    kind = {"shrunk": "within_unbiased", "global": "total"}.get(variance, "within")
    mine, others = getattr(own, kind), getattr(other, kind)
    if mine > _DEGENERATE**2 * others:
        return mine
    return others or own.total or other.total or 1.0


def prior_strength(moments: Moments, pooled: float) -> float:
    """How many observations the pooled variance is worth, from the data.

    The log of a record's sample variance spreads by trigamma(n - 1 over 2) where all
    records share one variance, and by the trigamma of half the prior's strength more
    where they do not (empirical Bayes by moments of the log variance). Samples without
    any spread say nothing about it and are left out. Infinite where the records do
    not differ; 4 where there are too few records.

    References
    ----------
    Smyth, "Linear models and empirical Bayes methods for assessing differential
    expression in microarray experiments", SAGMB 3(1), 2004, section 6.2.
    """
    log_variance, half = _log_variances(moments, pooled)
    if len(half) < 10:
        return 4.0
    trigamma = _of_counts(lambda h: polygamma(1, h), half)
    excess = float(log_variance.var(ddof=1) - trigamma.mean())
    low, high = 1e-2, 1e4
    if excess <= polygamma(1, high):  # the t distribution is a normal one
        return np.inf
    if excess >= polygamma(1, low):
        return 2 * low
    return 2 * float(brentq(lambda h: polygamma(1, h) - excess, low, high))


def moderated_variance(
    moments: Moments, other: Moments
) -> tuple[FloatArray, FloatArray]:
    """Each record's own variance, shrunk to a common one, and its degrees of freedom.

    The common one is that of the prior under which the inverse of the shrunk variance
    is right on average, where records differ. The arithmetic mean, which attacks use,
    is far above it: a threshold errs on the side of accusing less, and a separation
    would be too low.

    References
    ----------
    Smyth, SAGMB 3(1), 2004, section 6.2, as for ``prior_strength``.
    """
    pooled = _pooled_variance(moments, other, "shrunk")
    strength = prior_strength(moments, pooled)
    log_variance, half = _log_variances(moments, pooled)
    common = pooled
    if len(half) >= 10:
        common = float(np.exp(log_variance.mean()))
        if np.isfinite(strength):
            common *= float(np.exp(digamma(strength / 2)) / (strength / 2))
    if np.isinf(strength):
        same = np.full_like(moments.mean, common)
        return same, np.full_like(same, np.inf)
    freedom = strength + np.maximum(moments.count - 1, 0)
    return (strength * common + moments.squares) / freedom, freedom


def _log_variances(moments: Moments, pooled: float) -> tuple[FloatArray, FloatArray]:
    """Log variances, unbiased, and half of their degrees of freedom.

    Of the records whose sample has a spread.
    """
    freedom = moments.count - 1
    usable = (freedom >= 1) & (moments.squares > _DEGENERATE**2 * pooled)
    freedom = freedom[usable]
    half = freedom / 2
    log_variance = np.log(moments.squares[usable] / freedom)
    log_variance -= _of_counts(digamma, half)
    log_variance += _of_counts(np.log, half)
    return log_variance, half


def _of_counts(
    function: Callable[[FloatArray], FloatArray], half: FloatArray
) -> FloatArray:
    """`function` of halves of whole numbers from 1, each of which many records have."""
    if not len(half):
        return half
    numbers = (2 * half).astype(np.intp)
    return function(np.arange(1, numbers.max() + 1) / 2)[numbers - 1]


def likelihood_ratio(
    x: FloatArray, inside: Predictive, outside: Predictive
) -> FloatArray:
    """Log likelihood ratio of `x` under IN against OUT."""
    return inside.log_density(x) - outside.log_density(x)
