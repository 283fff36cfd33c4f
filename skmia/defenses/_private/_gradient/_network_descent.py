"""Noisy gradient descent of a network, by exact sums of clipped gradients."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

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
# For each layer, what it is given and the derivatives by what it says, of some rows.
Outer = tuple[list[GridRows], list[Array]]

# Rows that are looked at together, where nobody has several: what the layers say of
# them is kept no longer than that, and near the processor. Sums are exact, and hence
# the same whatever this is.
_BLOCK = 4096

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
    persons : Persons or None
        Whose rows are clipped together.
    source : NoiseSource
        Where noise is drawn from.
    """

    inputs: GridRows
    targets: Array
    weights: Array
    persons: Persons | None
    source: NoiseSource

    def parts(self) -> Iterator["PrivateRows"]:
        """The same rows in blocks, persons whole."""
        if self.persons is not None:
            yield self
            return
        rows = self.inputs
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            yield replace(
                self,
                inputs=GridRows(rows.values[block], rows.norms[block], rows.shift),
                targets=self.targets[block],
                weights=self.weights[block],
            )

    def noisy_sums(
        self, outer: Iterable[Outer], bound: float, noise: float
    ) -> list[Array]:
        """Sums of outer products, each row's or person's of norm `bound` at most.

        They are those of every one of the :meth:`parts`. The standard deviation of the
        noise is `noise` times the bound.
        """
        sums: list[Any] = []
        for inputs, signals in outer:
            found = clipped_sums(inputs, signals, bound * _UNITS, self.persons)
            sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
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
    for layer in range(1, len(network.weights)):
        (sums,) = rows.noisy_sums(_short_values(network, layer, rows), 1.0, noise)
        centre = _shrunk(sums[:, 0] / total, noise / total)
        network = network.with_centre(layer, centre)
    return network


def _short_values(network: Network, layer: int, rows: PrivateRows) -> Iterator[Outer]:
    """What the layer before a layer says, shortened to norm 1, with weights."""
    for part in rows.parts():
        values, _ = network.hidden(0, part.inputs)
        for before in range(1, layer):
            values, _ = network.hidden(before, network.given(before, values))
        yield [GridRows.of(values, 1.0)], [part.weights[:, None]]


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
        How many steps, and of which size.
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
    moves = [np.zeros_like(w) for w in network.weights]
    means = [np.zeros_like(w) for w in network.weights]
    n_averaged = max(round(schedule.n_steps * schedule.averaged), 1)
    for t in range(schedule.n_steps):
        outer = _gradients(network, scales, rows)
        gradients = rows.noisy_sums(outer, schedule.clip, noise)
        # From here on, rows are seen no more in this step.
        weights = []
        for layer, gradient in enumerate(gradients):
            moves[layer] *= schedule.momentum
            moves[layer] += (1 - schedule.momentum) * gradient / total
            moved = network.weights[layer] - steps[layer] * moves[layer]
            moved[:-1] *= keep[layer]
            weights.append(moved)
        network = network.with_weights(weights)
        if t >= schedule.n_steps - n_averaged:
            for mean, weight in zip(means, network.weights, strict=True):
                mean += weight / n_averaged
    return network.with_weights(means)


def _gradients(
    network: Network, scales: list[float], rows: PrivateRows
) -> Iterator[Outer]:
    """Inputs of all layers, and derivatives of the loss over the layers' scales."""
    for part in rows.parts():
        inputs, slopes, outputs = network.forward(part.inputs)
        last = derivatives(outputs, part.targets) * part.weights[:, None]
        signals = network.signals(slopes, last)
        yield inputs, [s * scale for s, scale in zip(signals, scales, strict=True)]
