"""Scores that compare a record with what models in general answer about it.

RMIA's ratio and the calibrated differences, as pure functions of arrays.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from skmia.signals import SMALLEST_PROBABILITY, BoolArray, FloatArray


def masked_mean(values: NDArray, mask: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Mean over shadows where `mask`, in float64, and the count; 0 where none is."""
    weight = mask.astype(np.float32)
    count = weight.sum(axis=0, dtype=np.float64)
    total = np.einsum("kn,kn->n", values, weight, dtype=np.float64)
    return total / np.maximum(count, 1), count


def two_means(
    values: NDArray, inside: BoolArray, outside: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """IN and OUT means; one side stands for both where a record has no other."""
    mean_in, n_in = masked_mean(values, inside)
    mean_out, n_out = masked_mean(values, outside)
    return (
        np.where(n_in > 0, mean_in, mean_out),
        np.where(n_out > 0, mean_out, mean_in),
    )


def above_midpoint(x: NDArray, mean_in: FloatArray, mean_out: FloatArray) -> FloatArray:
    """How far `x` lies above the middle of the IN and the OUT mean."""
    return x - (mean_in + mean_out) / 2


def fraction_below(
    x: NDArray, values: NDArray, out: BoolArray, n_shadows: int
) -> FloatArray:
    """Fraction of OUT `values` below `x`; within a tie, by the distance from the mean.

    All of that distance is less than the smallest step of `n_shadows`, and the same
    for any count: a shadow as a target has one reference less than the target.
    """
    mean, count = masked_mean(values, out)
    below = ((values < x) + 0.5 * (values == x)).sum(axis=0, where=out)
    square, _ = masked_mean(np.square(values - mean), out)
    z = (x - mean) / np.sqrt(square + np.finfo(np.float32).eps)
    return below / count + z / (1 + np.abs(z)) / (4 * n_shadows)


def log_ratio(logit: NDArray, average: FloatArray) -> FloatArray:
    """Log of the ratio of a probability to the `average`; finite, for 0 too."""
    logarithm = log_expit(np.asarray(logit, dtype=np.float64))
    return logarithm - np.log(np.maximum(average, SMALLEST_PROBABILITY))


def average_model(p: FloatArray, member: BoolArray, a: float) -> FloatArray:
    """Mean of the IN and the OUT mean; one side stands for both where need be."""
    mean_in, n_in = masked_mean(p, member)
    mean_out, n_out = masked_mean(p, ~member)
    # Without OUT shadows the guess is inverted: p_out = (p_in + a - 1) / a.
    guessed_out = np.clip((mean_in + a - 1) / max(a, 1e-6), 0, 1)
    mean_out = np.where(n_out > 0, mean_out, guessed_out)
    both = (mean_in + mean_out) / 2
    return np.where(n_in > 0, both, offline_average(mean_out, a))


def offline_average(mean_out: FloatArray, a: float) -> FloatArray:
    """The average over IN and OUT where IN is a * OUT + 1 - a."""
    return ((1 + a) * mean_out + (1 - a)) / 2
