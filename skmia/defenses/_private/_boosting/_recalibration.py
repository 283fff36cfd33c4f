"""Slope and intercept of a score with two classes, from a noisy histogram of scores.

The rows of each class are counted by their score, in cells fixed beforehand: a row is
in one cell of one class. A logistic curve is fitted to the noisy counts (Platt 1999).
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.defenses._private._boosting._queries import Noise, count_bins

_ENDS = np.linspace(-5, 5, 21)[1:-1]
_CENTRES = np.linspace(-4.75, 4.75, 20)
# How far slope and intercept are expected to be off.
_SPREAD = 0.3
_STEPS = 20


def fit_slope(
    scores: NDArray[np.float64],
    y: NDArray[np.intp],
    weights: NDArray[np.float64],
    noise: Noise,
) -> tuple[float, float]:
    """Find slope and intercept, close to 1 and 0 where the noise hides them.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Log odds.
    y : ndarray of shape (n_samples,)
        0 and 1.
    weights : ndarray of shape (n_samples,)
        Of the rows, in units.
    noise : Noise
        Of the counts.
    """
    cells = np.searchsorted(_ENDS, scores, side="right") + len(_CENTRES) * y
    counts = noise.add(count_bins(cells, weights, 2 * len(_CENTRES)))
    negative, positive = counts.reshape(2, -1)
    rows = np.maximum(negative + positive, 0.0)
    inputs = np.stack([_CENTRES, np.ones(len(_CENTRES))])
    # Counts are noisy, so is the gradient: as much is added to the curvature as leaves
    # of a parameter the part of it that is expected to be signal.
    chances = expit(_CENTRES)
    curvature = (inputs**2 * (rows * chances * (1 - chances))).sum(axis=1)
    variance = (inputs**2 * noise.scale**2 * ((1 - chances) ** 2 + chances**2)).sum(
        axis=1
    )
    ridge = variance / (_SPREAD**2 * np.maximum(curvature, 1e-9))
    found = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        chances = expit(found @ inputs)
        gradient = inputs @ (positive - chances * (negative + positive))
        gradient -= ridge * (found - [1.0, 0.0])
        hessian = (inputs * (rows * chances * (1 - chances))) @ inputs.T
        hessian[[0, 1], [0, 1]] += ridge + 1e-9
        move = np.linalg.solve(hessian, gradient)
        found += move / max(1.0, math.hypot(*move))
    return float(np.clip(found[0], 0.25, 4)), float(np.clip(found[1], -4, 4))
