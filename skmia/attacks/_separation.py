"""How far apart shadow models with and without a record are, for each record."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from scipy.stats import t as student

from skmia._models import Saturation
from skmia.attacks._scores import Moments, moderated_variance
from skmia.signals import BoolArray, FloatArray
from skmia.utils import check_real

# Values that a side of a record takes to have a mean and a spread.
_LEAST = 2


@dataclass(frozen=True, repr=False)
class RecordSeparation:
    """Hold what the shadow models say of each record by itself.

    Shadow models that were trained on a record (IN) and models that were not (OUT) give
    its true class two samples of logits. How far they are apart says how much a
    training on the record shows, whoever else is in the table.

    Parameters
    ----------
    separation : ndarray of shape (n_records,)
        Mean of IN minus mean of OUT, in standard deviations (d'): 0 where a training
        does not show, 3 where it is plain. NaN where fewer than two shadows were
        trained on the record, or not trained on it.
    error : ndarray of shape (n_records,)
        Its standard error, from the number of shadows.
    p_value : ndarray of shape (n_records,)
        Chance that a model which was not trained on the record gives it a logit as high
        as the target's. NaN where `separation` is.
    n_inside, n_outside : ndarray of shape (n_records,)
        Number of shadows that were trained on the record, and that were not.

    See Also
    --------
    LiRAAttack : The attack that compares the two samples.
    skmia.audit.AuditReport.records : Has these numbers for each record of an audit.

    Notes
    -----
    The standard deviation is the root of the mean of the two sides' variances, each
    shrunk towards a common one by as much as the data suggest.

    References
    ----------
    Carlini, Chien, Nasr, Song, Terzis and Tramer, "Membership Inference Attacks From
    First Principles", IEEE S&P 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.attacks import RecordSeparation
    >>> rng = np.random.default_rng(0)
    >>> member = np.arange(32)[:, None] % 2 == np.zeros(100)
    >>> shadows = rng.normal(size=(32, 100)) + 3 * member
    >>> found = RecordSeparation.of(rng.normal(size=100), shadows, member)
    >>> bool(2.5 < found.separation.mean() < 3.5)
    True
    """

    separation: FloatArray
    error: FloatArray
    p_value: FloatArray
    n_inside: FloatArray
    n_outside: FloatArray

    @classmethod
    def of(
        cls,
        target: ArrayLike,
        shadows: ArrayLike,
        member: ArrayLike,
        persons: NDArray[np.intp] | None = None,
    ) -> Self:
        """Compute it from logits.

        Parameters
        ----------
        target : array-like of shape (n_records,)
            The target's logit of the true class of each record.
        shadows : array-like of shape (n_shadows, n_records)
            Those of the shadow models.
        member : array-like of bool of shape (n_shadows, n_records)
            Who was in which shadow.
        persons : ndarray of int of shape (n_records,), default=None
            Whose each record is. There is then one entry for each person, in ascending
            order, from the mean of the records' logits.

        Returns
        -------
        RecordSeparation
            One entry for each record, or person.
        """
        x, values = np.asarray(target), np.asarray(shadows)
        inside = np.asarray(member, dtype=bool)
        saturation = Saturation.of(values)
        x, values = saturation.soften(x), saturation.soften(values)
        if persons is not None:
            x, values = (_mean_by(persons, of) for of in (x, values))
            first = np.unique(persons, return_index=True)[1]
            inside = inside[:, first]
        return cls._of(x.astype(np.float64), values, inside)

    @classmethod
    def _of(cls, x: FloatArray, values: NDArray, member: BoolArray) -> Self:
        sides = Moments.of(values, member), Moments.of(values, ~member)
        inside, outside = sides
        enough = (inside.count >= _LEAST) & (outside.count >= _LEAST)
        var_in, freedom_in = moderated_variance(inside, outside)
        var_out, freedom_out = moderated_variance(outside, inside)
        scale = np.sqrt((var_in + var_out) / 2)
        with np.errstate(all="ignore"):
            distance = (inside.mean - outside.mean) / scale
            # Of the difference of two means, and of the scale that it is divided by.
            error = np.sqrt(
                (var_in / inside.count + var_out / outside.count) / scale**2
                + distance**2
                * (var_in**2 / freedom_in + var_out**2 / freedom_out)
                / (8 * scale**4)
            )
            z = (x - outside.mean) / np.sqrt(var_out * (1 + 1 / outside.count))
        blank = np.where(enough, 1.0, np.nan)
        return cls(
            distance * blank,
            error * blank,
            student.sf(z, freedom_out) * blank,
            inside.count,
            outside.count,
        )

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Those of several targets, one after the other.

        Parameters
        ----------
        parts : iterable of RecordSeparation
            One for each target.

        Returns
        -------
        RecordSeparation
            The entries of all.
        """
        found = list(parts)
        return cls(
            *(
                np.concatenate([getattr(part, field.name) for part in found])
                for field in fields(cls)
            )
        )

    def power(self, max_fpr: float) -> FloatArray:
        """Compute the chance that each record is found, by a threshold of its own.

        Parameters
        ----------
        max_fpr : float
            False positive rate for each record, over models that were not trained on
            it, in (0, 1).

        Returns
        -------
        ndarray of shape (n_records,)
            Phi(d' - z), made up for the error of d', so that means over records are
            right: of records that do not show it is `max_fpr` on average. NaN where the
            separation is not known.
        """
        max_fpr = check_real(max_fpr, "max_fpr", 0, 1, closed="neither")
        # Phi of a normal number is Phi of its mean, were its variance taken off 1.
        left = np.sqrt(np.maximum(1 - self.error**2, 1e-6))
        return norm.cdf((self.separation - norm.isf(max_fpr)) / left)

    def __repr__(self) -> str:
        return f"RecordSeparation(n_records={len(self.separation)})"


def _mean_by(persons: NDArray[np.intp], values: NDArray) -> FloatArray:
    """Mean over the records of each person, along the last axis."""
    order = np.argsort(persons, kind="stable")
    starts = np.flatnonzero(np.diff(persons[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(persons)))
    ordered = values[..., order].astype(np.float64)
    return np.add.reduceat(ordered, starts, axis=-1) / sizes
