"""Logistic regression by gradient descent with noise in every step."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmia.defenses._private._gradient._clipped_sum import (
    INPUT_BITS,
    SIGNAL_BITS,
    WEIGHT_BITS,
    GridRows,
    Persons,
    clipped_sums,
    grid_weights,
)
from skmia.defenses._private._gradient._rule import Schedule
from skmia.defenses._private._noise import NoiseSource, add_gaussian


def probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the second class where there is one column, else of each class."""
    if scores.shape[1] == 1:
        return expit(scores)
    scores = scores - scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, axis=1, keepdims=True)
    return scores


def descend(
    rows: GridRows,
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    persons: Persons | None,
    total: float,
    radius: float,
    penalty: float,
    free_last: bool,
    schedule: Schedule,
    mu: float,
    source: NoiseSource,
) -> NDArray[np.float64]:
    """Mean of the coefficients over the last half of the steps.

    Every step publishes one sum over the rows, of clipped gradients and with noise: it
    is mu / sqrt(n_steps)-Gaussian differentially private, and so are all that it
    depends on, the sums before it. Together they spend `mu`, exactly.

    Parameters
    ----------
    rows : GridRows
        Of shape (n_rows, n_inputs).
    targets : ndarray of shape (n_rows, n_outputs)
        One column of 0 and 1 for two classes, a column for each class else.
    weights : ndarray of shape (n_rows,)
        In [0, 1].
    persons : Persons or None
        Whose rows are clipped together.
    total : float
        Noisy sum of the weights.
    radius : float
        Typical norm of a row.
    penalty : float
        Of half of the squared coefficients, beside the mean loss.
    free_last : bool
        Whether the last row of coefficients, the intercepts, has no penalty.
    schedule : Schedule
        Steps.
    mu : float
        What one row, or person, may spend.
    source : NoiseSource
        Where noise is drawn from.

    Returns
    -------
    ndarray of shape (n_inputs, n_outputs)
        For rows in units of 1, not whole ones.
    """
    n_steps = schedule.n_steps
    bound = schedule.clip * radius * 2.0 ** (INPUT_BITS + SIGNAL_BITS)
    scale = bound * math.sqrt(n_steps) / mu
    to_mean = 2.0 ** -(INPUT_BITS + SIGNAL_BITS) / total
    step = schedule.step / radius**2
    # Implicit, and hence stable for a penalty of any strength.
    shrink = step * penalty / (1 - schedule.momentum)
    keep = np.full((rows.values.shape[1], 1), 1 / (1 + shrink))
    if free_last:
        keep[-1] = 1.0
    products = None if persons is None else [persons.products(rows)]
    coefficients = np.zeros((rows.values.shape[1], targets.shape[1]))
    move, mean = np.zeros_like(coefficients), np.zeros_like(coefficients)
    n_averaged = 0
    for i in range(n_steps):
        scores = rows.product(grid_weights(coefficients))
        scores *= 2.0 ** -(INPUT_BITS + WEIGHT_BITS)
        signal = (probabilities(scores) - targets) * weights[:, None]
        (sums,) = clipped_sums([rows], [signal], bound, persons, products)
        # From here on, rows are seen no more in this step.
        gradient = add_gaussian(sums, scale, source) * to_mean
        if gradient.shape[1] > 1:
            # Scores of all classes together mean nothing, and so does their noise.
            gradient -= gradient.mean(axis=1, keepdims=True)
        move = schedule.momentum * move + gradient
        coefficients = (coefficients - step * move) * keep
        if 2 * i >= n_steps - 1:
            mean += coefficients
            n_averaged += 1
    return mean / n_averaged
