"""Predicted gaps between the two sides of a record against those that shadows show.

A gap is what a shadow says of a record that it was fitted on, less what it says without
it. One value of it is observed and the other predicted. Observed gaps of a record are
between shadows that have it and others that do not, which differ by their other rows as
well. These differences are in the predictions too, so that a shadow's prediction must
not be compared with a gap that its own value is part of: a closed form that tells
nothing of the record would seem to tell much.

Shadows are therefore parted in two halves, and what one half predicts is compared with
what the other observes (for a single half: below). The slope is the covariance of the
two, by the covariance of what the two halves predict, in which what differs between the
shadows cancels: it is 1 where the closed form is right, however much its predictions
vary from shadow to shadow.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from skmia.signals import BoolArray, FloatArray, IndexArray

# Logits are bounded in the comparison, or saturated answers would outweigh all others.
_BOUND = 10.0
_TYPICAL = 4.0
# Fewer records that have a value on every side tell nothing.
_FEWEST_RECORDS = 20
# From so many on, predictions that vary by this part of the observed gaps correlate
# surely with them where they are right.
_ENOUGH_RECORDS, _RELATED, _ABSURD = 100, 0.5, 3.0
# Standard errors from which on a correlation is no accident, of both directions
# together, and of one where the other has shown it.
_SURE, _LIKELY = 3.0, 1.0
_MOST_SLOPE = 10.0
_LEAST_SLOPE = 0.15
# Standard errors of a mean over records, which have shadows in common.
_SURE_MEAN = 5.0
# A closed form that is right but for what it leaves out is not scaled by noise.
_BESIDE_ONE = 3.0
# Standard deviation of the logarithm of right slopes.
_SCALES = 0.4
_TINY = 1e-12
# Times the typical distance from the line from which on a record counts less.
_OUTLYING = 3.0
# Parts by size, of so many records each, and how much closer to the line one may be.
_TENTHS, _OF_EACH, _LEAST = 10, 40, 5.0


class Line(NamedTuple):
    """Observed gaps as a line in the predicted ones, in one direction.

    `error` is that of the slope, and `sure` how many standard errors the covariance is
    above 0.
    """

    slope: float
    offset: float
    correlation: float
    error: float
    sure: float


@dataclass(frozen=True)
class Fit:
    """How predicted and observed gaps of one signal agree, and how surely they do.

    In the direction of members, which are taken out, and of non-members, which are put
    in.
    """

    without: Line
    with_: Line
    sure: float
    # Whether observed gaps are surely more than twice the predicted ones in the mean,
    # which no shadow's own differences move.
    misses: bool = False
    # Whether observed gaps are surely above 0 in the mean.
    leaks: bool = False
    # Whether predictions vary so much over records that right ones would correlate.
    varies: bool = False
    # Whether they surely vary far more than observed gaps, or the two directions
    # predict the opposite of each other.
    absurd: bool = False

    @property
    def correlates(self) -> bool:
        """Whether predictions tell of a record what other shadows show."""
        return self.sure > _SURE and max(self.without.slope, self.with_.slope) > 0

    @property
    def unlike(self) -> bool:
        """Whether predictions are surely not the gaps that shadows show."""
        unrelated = self.varies and self.sure < _SURE
        return self.sure < -_SURE or unrelated or self.absurd or self.exaggerates()

    def contradicts(self) -> bool:
        """Whether the slope is surely not near 1."""
        return all(b.slope + _SURE * b.error < 0.5 for b in (self.without, self.with_))

    def exaggerates(self) -> bool:
        """Whether predictions are surely many times too large, in either direction.

        As where the curvature of a loss vanishes: what is predicted is then mostly
        something else than the gap, however it is scaled.
        """
        least = min(b.slope + _SURE * b.error for b in (self.without, self.with_))
        return least < _LEAST_SLOPE

    def factors(self, *, trusted: bool) -> tuple[float | None, float | None]:
        """What predictions are multiplied by; None where a direction is of no use.

        The slope, nearer to 1 by what it owes to chance; and 1 where the closed form is
        trusted and it may be.
        """
        without, with_ = (_factor(b, trusted) for b in (self.without, self.with_))
        return without, with_


def _factor(line: Line, trusted: bool) -> float | None:
    if trusted and abs(line.slope - 1) < _BESIDE_ONE * line.error:
        return 1.0
    if line.slope <= 0 or line.sure < _LIKELY:
        return None
    # Most closed forms are right within a factor: what the slope may owe to chance is
    # taken for chance.
    chance = (line.error / line.slope) ** 2
    kept = _SCALES**2 / (_SCALES**2 + chance)
    return min(float(line.slope**kept), _MOST_SLOPE)


def bounds_of(observed: NDArray[np.floating]) -> float:
    """Size beyond which values of a signal are saturated, as far as gaps are compared.

    Margins may be in other units than logits.
    """
    sizes = np.abs(observed[np.abs(observed) < np.abs(observed).max(initial=0)])
    return max(_BOUND, _TYPICAL * float(np.median(sizes)) if sizes.size else _BOUND)


def compare_gaps(
    other: NDArray[np.floating],
    observed: NDArray[np.floating],
    inside: BoolArray,
    distinct: IndexArray,
) -> Fit | None:
    """Compare predicted gaps of one signal with observed ones.

    Parameters
    ----------
    other, observed : ndarray of shape (n_shadows, n_records)
        The signal on the side that the shadow was not fitted on, NaN where it is not
        known, and on the side that it was.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records each shadow was fitted on.
    distinct : ndarray of int
        Records to compare: one of each content.

    Returns
    -------
    Fit or None
        None where there are too few records to compare.
    """
    bound = bounds_of(observed)
    seen = inside[:, distinct]
    own = np.clip(observed[:, distinct].astype(np.float64), -bound, bound)
    gap = own - np.clip(other[:, distinct].astype(np.float64), -bound, bound)
    gap = np.where(seen, gap, -gap)
    # A shadow that is surer of all records than the others adds nothing but noise.
    own -= own.mean(axis=1, keepdims=True)
    # Pairs of complements stay together: neither says anything that the other does not.
    half = np.arange(len(seen)) // 2 % 2 == 0
    whole = _Means.of(gap, own, seen)
    all_known = whole.at(whole.known)
    beside = all_known.beside()
    if len(seen) >= 4:
        one, two = (_Means.of(gap[h], own[h], seen[h]) for h in (half, ~half))
        known = one.known & two.known
        if known.sum() >= max(_FEWEST_RECORDS, 0.25 * len(known)):
            fit = _of_halves(one.at(known), two.at(known))
            return replace(fit, **beside)
    if whole.known.sum() < _FEWEST_RECORDS:
        return None
    return replace(_of_one(all_known), **beside)


@dataclass(frozen=True)
class _Means:
    """Means over shadows, by record: predictions in each direction, observed gaps."""

    without: FloatArray
    with_: FloatArray
    observed: FloatArray
    known: BoolArray

    @classmethod
    def of(cls, gap: FloatArray, own: FloatArray, seen: BoolArray) -> "_Means":
        told = ~np.isnan(gap)
        without, n_without = _mean(gap, seen & told)
        with_, n_with = _mean(gap, ~seen & told)
        inside, _ = _mean(own, seen)
        outside, _ = _mean(own, ~seen)
        known = (n_without > 0) & (n_with > 0)
        return cls(without, with_, inside - outside, known)

    def misses(self) -> bool:
        """Whether mean observed gaps are surely more than twice the predicted."""
        return _above_zero(self.observed - (self.without + self.with_))

    def beside(self) -> dict[str, Any]:
        """Tell what follows from the means and the spread alone."""
        n = len(self.observed)
        if n < _FEWEST_RECORDS:
            return {}
        spread = max(float(self.without.std()), float(self.with_.std()))
        observed, enough = float(self.observed.std()), n >= _ENOUGH_RECORDS
        opposed = _sure(self.without, self.with_) < -_SURE
        return {
            "misses": self.misses(),
            "leaks": _above_zero(self.observed),
            "varies": enough and spread > _RELATED * observed,
            "absurd": enough and (opposed or spread > _ABSURD * observed),
        }

    def at(self, rows: BoolArray) -> "_Means":
        parts = self.without[rows], self.with_[rows], self.observed[rows]
        return _Means(*parts, self.known[rows])


def _above_zero(values: FloatArray) -> bool:
    error = float(values.std()) / np.sqrt(len(values))
    return float(values.mean()) > _SURE_MEAN * error


def _mean(values: FloatArray, where: BoolArray) -> tuple[FloatArray, IndexArray]:
    n = where.sum(axis=0)
    return np.where(where, values, 0).sum(axis=0) / np.maximum(n, 1), n


def _of_halves(one: _Means, two: _Means) -> Fit:
    """Compare what one half predicts with what the other observes, and the reverse."""
    predicted = [
        (one.without + two.without) / 2,
        (one.with_ + two.with_) / 2,
    ]
    observed = (one.observed + two.observed) / 2
    weight = _weights(predicted, observed)
    d_one, d_two = _centred(one.observed, weight), _centred(two.observed, weight)
    lines = []
    pairs = (one.without, two.without), (one.with_, two.with_)
    for (p_one, p_two), p in zip(pairs, predicted, strict=True):
        a, b = _centred(p_one, weight), _centred(p_two, weight)
        numerator, denominator = weight * (a * d_two + b * d_one) / 2, weight * a * b
        sizes = np.sqrt(_square(a, weight) * _square(d_two, weight))
        alike = _sure(p_one, p_two)
        sure = _sure(p_one, two.observed), _sure(p_two, one.observed)
        line = _line(numerator, denominator, float(sizes), alike, sum(sure) / 2**0.5)
        lines.append(_through(line, p, observed, weight))
    p_one, p_two = one.without + one.with_, two.without + two.with_
    both = _sure(p_one, two.observed), _sure(p_two, one.observed)
    return Fit(lines[0], lines[1], sum(both) / 2**0.5)


def _of_one(means: _Means) -> Fit:
    """Compare within two or three shadows.

    What a shadow predicts depends on its own value, and so has something in common with
    a gap that this value is part of. The value adds to the gap where the shadow has the
    record, and takes from it where it does not: of the two directions together it
    cancels. They are brought to one scale first, as both predict the same gaps. What is
    left of it makes slopes too large, most where shadows differ much: as far as the
    mean gap of all records is surely above 0, which the shadows' own differences do not
    move, the slope is that of the means.
    """
    predicted = [means.without, means.with_]
    weight = _weights(predicted, means.observed)
    d = _centred(means.observed, weight)
    both = [_centred(p, weight) for p in predicted]
    sizes = [max(_square(p, weight) ** 0.5, _TINY) for p in both]
    a, b = (p / size for p, size in zip(both, sizes, strict=True))
    numerator, denominator = weight * d * (a + b) / 2, weight * a * b
    sure, alike = _sure(a + b, d), _sure(a, b)
    line = _line(numerator, denominator, _square(d, weight) ** 0.5, alike, sure)
    lines = []
    for p, size in zip(predicted, sizes, strict=True):
        scaled = line._replace(slope=line.slope / size, error=line.error / size)
        scaled = _of_means(scaled, p, means.observed)
        lines.append(_through(scaled, p, means.observed, weight))
    return Fit(lines[0], lines[1], sure)


def _of_means(line: Line, predicted: FloatArray, observed: FloatArray) -> Line:
    """Take the slope that the means of predicted and observed gaps have, if any."""
    beside = observed - line.slope * predicted
    error = float(beside.std()) / np.sqrt(len(observed))
    level, mean = float(predicted.mean()), float(observed.mean())
    if line.slope <= 0 or min(level, mean) <= _SURE * error:
        return line
    return line._replace(slope=mean / level, error=error / level)


def _weights(predicted: list[FloatArray], observed: FloatArray) -> FloatArray:
    """How much each record counts: a few with large gaps must not decide.

    Records whose gaps are large mostly have more noise in them: each tenth of the
    records, by the size of what is predicted, counts by how far it typically is from
    the line, and what is much further out counts less.
    """
    p, d = (v - v.mean() for v in ((predicted[0] + predicted[1]) / 2, observed))
    beyond = np.abs(d - (p @ d) / max(p @ p, _TINY) * p)
    parts = np.array_split(np.argsort(np.abs(p)), min(_TENTHS, len(p) // _OF_EACH) or 1)
    typical = max(float(np.median(beyond)), _TINY)
    weight = np.empty(len(p))
    for part in parts:
        sizes = np.abs(p[part])
        # Of the last tenth, some may be many times as large as others.
        larger = np.maximum(1, sizes / max(float(np.median(sizes)), _TINY))
        noise = larger * max(float(np.median(beyond[part])), typical / _LEAST)
        outlying = np.maximum(1, beyond[part] / (_OUTLYING * noise))
        weight[part] = (typical / noise) ** 2 / outlying
    return weight


def _through(
    line: Line, predicted: FloatArray, observed: FloatArray, weight: FloatArray
) -> Line:
    """Give a line its offset."""
    p, d = (float(np.average(v, weights=weight)) for v in (predicted, observed))
    return line._replace(offset=d - line.slope * p)


def _line(
    numerator: FloatArray,
    denominator: FloatArray,
    sizes: float,
    alike: float,
    sure: float,
) -> Line:
    """Divide the sum over records of `numerator` by that of `denominator`.

    Where what is predicted in one place is not `alike` what is predicted in another it
    is noise, and has no slope.
    """
    agreed = float(denominator.sum())
    correlation = float(numerator.sum()) / max(sizes, _TINY)
    if agreed <= 0 or alike < _SURE:
        return Line(0.0, 0.0, correlation, np.inf, 0.0)
    slope = float(numerator.sum()) / agreed
    error = float(np.sqrt(((numerator - slope * denominator) ** 2).sum())) / agreed
    return Line(slope, 0.0, correlation, error, sure)


def _centred(values: FloatArray, weight: FloatArray) -> FloatArray:
    return values - np.average(values, weights=weight)


def _square(centred: FloatArray, weight: FloatArray) -> float:
    return float((weight * centred**2).sum())


def _sure(one: FloatArray, two: FloatArray) -> float:
    """Standard errors that the correlation of ranks is above 0.

    Of values it would have errors that a few large gaps decide.
    """
    ranks = [rankdata(values) for values in (one, two)]
    a, b = (r - r.mean() for r in ranks)
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size * float(np.sqrt(len(a) - 1)) if size else 0.0
