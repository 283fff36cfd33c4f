"""Noisy gradient descent of a network, by exact sums of clipped gradients."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmia.defenses._private._gradient._clipped_sum import (
    INPUT_BITS,
    SIGNAL_BITS,
    GridRows,
    Persons,
    clipped_sums,
)
from skmia.defenses._private._gradient._network import Network, derivatives
from skmia.defenses._private._gradient._network_rule import Schedule
from skmia.defenses._private._noise import NoiseSource, add_gaussian

Array = NDArray[np.float64]

_UNITS = 2.0 ** (INPUT_BITS + SIGNAL_BITS)


@dataclass(frozen=True)
class PrivateRows:
    """What a network is fitted on, and the one way in which it is looked at.

    Parameters
    ----------
    inputs : GridRows
        Prepared rows.
    targets : ndarray of shape (n_rows, n_outputs)
        0 and 1.
    weights : ndarray of shape (n_rows,)
        In [0, 1], for the rows of a person together as well.
    groups : ndarray of shape (n_rows,) or None
        Persons, whose rows are clipped together.
    source : NoiseSource
        Where noise is drawn from.
    """

    inputs: GridRows
    targets: Array
    weights: Array
    groups: NDArray | None
    source: NoiseSource

    def sample(self, rate: float) -> "PrivateRows":
        """A batch: each row, or person, is in it with a chance of its own.

        From the same source as the noise. Whoever knows who was in which batch is
        hidden from by the noise alone, which is less where batches are drawn.
        """
        if self.groups is None:
            chosen = np.flatnonzero(self.source.uniform(len(self.weights)) < rate)
        else:
            persons, person = np.unique(self.groups, return_inverse=True)
            taken = self.source.uniform(len(persons)) < rate
            chosen = np.flatnonzero(taken[person])
        rows = self.inputs
        return PrivateRows(
            GridRows(rows.values[chosen], rows.norms[chosen], rows.shift),
            self.targets[chosen],
            self.weights[chosen],
            None if self.groups is None else self.groups[chosen],
            self.source,
        )

    def noisy_sums(
        self, inputs: list[GridRows], signals: list[Array], bound: float, noise: float
    ) -> list[Array]:
        """Sums of outer products, each row's or person's of norm `bound` at most.

        The standard deviation of the noise is `noise` times the bound.
        """
        persons = None
        if self.groups is not None and len(self.groups):
            persons = Persons.of(self.groups)
        sums = clipped_sums(inputs, signals, bound * _UNITS, persons)
        scale = noise * bound * _UNITS
        return [add_gaussian(s, scale, self.source) / _UNITS for s in sums]


def find_centres(
    network: Network, rows: PrivateRows, total: float, mu: float
) -> Network:
    """Centre the inputs of all layers but the first, with the weights that it has.

    They are the means of what the layers before say, shortened to norm 1, by sums with
    noise that are together mu-Gaussian differentially private.
    """
    noise = math.sqrt(len(network.centres)) / mu
    inputs = rows.inputs
    for layer in range(1, len(network.weights)):
        values, _ = network.hidden(layer - 1, inputs)
        short = GridRows.of(values, 1.0)
        (sums,) = rows.noisy_sums([short], [rows.weights[:, None]], 1.0, noise)
        centre = _shrunk(sums[:, 0] / total, noise / total)
        network = network.with_centre(layer, centre)
        inputs = network.given(layer, values)
    return network


def _shrunk(mean: Array, deviation: float) -> Array:
    """A noisy mean, shorter by about what noise adds to it, and 1 long at most."""
    square = float(mean @ mean)
    if square == 0:
        return mean
    factor = max(1 - len(mean) * deviation**2 / square, 0.0)
    return mean * min(factor, 1 / math.sqrt(square))


def descend(
    network: Network,
    rows: PrivateRows,
    *,
    total: float,
    schedule: Schedule,
    noise: float,
    penalties: list[float],
) -> Network:
    """Fit a network by noisy gradients.

    Parameters
    ----------
    network : Network
        With centres, and the weights to start with.
    rows : PrivateRows
        What it is fitted on.
    total : float
        Noisy sum of the weights of the rows.
    schedule : Schedule
        How many steps, of which size, on which part of the rows.
    noise : float
        Standard deviation of the noise of a step over the clip.
    penalties : list of float
        Of half of each layer's squared weights, but for the intercepts, beside the mean
        loss.

    Returns
    -------
    Network
        With the average of its last weights.
    """
    scales = [schedule.first] * len(network.centres) + [1.0]
    # Steps are of gradients that are clipped to 1, in weights over the layer's scale:
    # what counts a part as much in the norm moves by a part as much.
    steps = [schedule.step / schedule.clip * scale for scale in scales]
    # Implicit, and hence stable for a penalty of any strength.
    keep = [
        1 / (1 + step * scale * penalty)
        for step, scale, penalty in zip(steps, scales, penalties, strict=True)
    ]
    to_mean = 1 / (total * schedule.rate)
    moves = [np.zeros_like(w) for w in network.weights]
    means = [np.zeros_like(w) for w in network.weights]
    n_averaged = max(round(schedule.n_steps * schedule.averaged), 1)
    for t in range(schedule.n_steps):
        batch = rows if schedule.rate == 1 else rows.sample(schedule.rate)
        inputs, slopes, outputs = network.forward(batch.inputs)
        last = derivatives(outputs, batch.targets) * batch.weights[:, None]
        signals = network.signals(slopes, last)
        signals = [s * scale for s, scale in zip(signals, scales, strict=True)]
        gradients = batch.noisy_sums(inputs, signals, schedule.clip, noise)
        # From here on, rows are seen no more in this step.
        weights = []
        for layer, gradient in enumerate(gradients):
            moves[layer] *= schedule.momentum
            moves[layer] += (1 - schedule.momentum) * to_mean * gradient
            moved = network.weights[layer] - steps[layer] * moves[layer]
            moved[:-1] *= keep[layer]
            weights.append(moved)
        network = network.with_weights(weights)
        if t >= schedule.n_steps - n_averaged:
            for mean, weight in zip(means, network.weights, strict=True):
                mean += weight / n_averaged
    return network.with_weights(means)
