"""A network of few layers on whole numbers: its outputs, and each row's derivatives.

The gradient of a layer's weights, for one row, is the outer product of what the layer
is given and of the derivative of the loss by what it says. Both are all that is
computed for a row: the norm of its whole gradient is
``sqrt(sum over layers of |input|^2 |signal|^2)``, and no gradient of one row is built
(Goodfellow, "Efficient Per-Example Gradient Computations", 2015, arXiv:1510.01799).

Every product with the weights is one of whole numbers and hence exact; the rest is done
element by element. What a row adds to a sum is a function of this row and the weights,
to the last bit, whatever rows are beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from skmia.defenses._private._gradient._clipped_sum import (
    INPUT_BITS,
    TINY,
    WEIGHT_BITS,
    GridRows,
    grid_weights,
    row_norms,
)
from skmia.defenses._private._gradient._preparation import Prepared

Array = NDArray[np.float64]

# The column that stands for the intercepts of the next layer.
BIAS = 0.25
# What a layer is given is shortened to this norm; it is one or so, for most rows.
LONGEST = 4.0
# Weights stay within this, so that products with derivatives are exact as well.
_GREATEST_WEIGHT = 256.0


@dataclass(frozen=True)
class Activation:
    """What a hidden layer makes of its sums.

    Parameters
    ----------
    gain : float
        Over the square root of the number of units, what brings the norm of what comes
        out near that of what goes in.
    value : callable
        Of the sums.
    slope : callable
        The derivative, of the value.
    """

    gain: float
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


# By the names of MLPClassifier.
ACTIVATIONS = {
    "identity": Activation(1.0, lambda z: z, np.ones_like),
    "logistic": Activation(4.0, expit, lambda value: value * (1 - value)),
    "relu": Activation(
        2.0**0.5, lambda z: np.maximum(z, 0), lambda value: np.sign(value)
    ),
    "tanh": Activation(1.0, np.tanh, lambda value: 1 - value**2),
}


@dataclass(frozen=True)
class Network:
    """The weights of a network, in the units that it is trained in.

    The first layer is given prepared rows, over their radius. The others are given
    ``[values - centre, BIAS]``, where the values are what the layer before says, times
    its gain, and the centre is about their mean: what all rows have in common would
    take up most of the norm that clipping leaves.

    Parameters
    ----------
    activation : str
        Of the hidden layers, a key of ``ACTIVATIONS``.
    weights : tuple of ndarray of shape (n_inputs + 1, n_outputs)
        One for each layer.
    centres : tuple of ndarray of shape (n_inputs,)
        One for each layer but the first.
    radius : float
        Typical norm of the prepared rows.
    """

    activation: str
    weights: tuple[Array, ...]
    centres: tuple[Array, ...]
    radius: float

    @classmethod
    def start(
        cls,
        n_inputs: int,
        hidden: tuple[int, ...],
        n_outputs: int,
        *,
        activation: str,
        radius: float,
        random_state: np.random.RandomState,
    ) -> Self:
        """Random weights, but for the last layer's, which are 0: it says nothing.

        `n_inputs` counts the column of the intercepts.
        """
        given = (n_inputs, *(units + 1 for units in hidden))
        weights = [
            random_state.normal(size=shape)
            for shape in zip(given[:-1], hidden, strict=True)
        ]
        weights.append(np.zeros((given[-1], n_outputs)))
        centres = tuple(np.zeros(units) for units in hidden)
        return cls(activation, tuple(weights), centres, radius)

    def with_weights(self, weights: list[Array]) -> "Network":
        """The same with other weights, none of which is too great."""
        bounded = tuple(
            np.clip(w, -_GREATEST_WEIGHT, _GREATEST_WEIGHT) for w in weights
        )
        return replace(self, weights=bounded)

    def with_centre(self, layer: int, centre: Array) -> "Network":
        """The same with the centre of one layer's inputs."""
        centres = list(self.centres)
        centres[layer - 1] = centre
        return replace(self, centres=tuple(centres))

    def gain(self, layer: int) -> float:
        """What the outputs of a hidden layer are multiplied by."""
        units = self.weights[layer].shape[1]
        return float(ACTIVATIONS[self.activation].gain / np.sqrt(units))

    def given(self, layer: int, values: Array) -> GridRows:
        """What a layer but the first is given, in whole units."""
        column = np.full((len(values), 1), BIAS)
        moved = values - self.centres[layer - 1]
        return GridRows.of(np.hstack([moved, column]), LONGEST)

    def hidden(self, layer: int, inputs: GridRows) -> tuple[Array, Array]:
        """What a hidden layer says, times its gain, and the slope of both."""
        function = ACTIVATIONS[self.activation]
        value = function.value(self._sums(layer, inputs))
        gain = self.gain(layer)
        return value * gain, function.slope(value) * gain

    def forward(self, rows: GridRows) -> tuple[list[GridRows], list[Array], Array]:
        """Inputs of all layers, slopes of the hidden ones, and the outputs."""
        inputs, slopes = [rows], []
        for layer in range(len(self.weights) - 1):
            values, slope = self.hidden(layer, inputs[-1])
            slopes.append(slope)
            inputs.append(self.given(layer + 1, values))
        return inputs, slopes, self._sums(len(slopes), inputs[-1])

    def signals(self, slopes: list[Array], last: Array) -> list[Array]:
        """Derivatives of the loss by the sums of each layer, from those of the last.

        The first layer's are over the radius, as its inputs are not.
        """
        signals = [last]
        for layer in range(len(slopes), 0, -1):
            back = _product_back(signals[0], self.weights[layer])
            signals.insert(0, back * slopes[layer - 1])
        signals[0] = signals[0] / self.radius
        return signals

    def plain(self, prepared: Prepared) -> tuple[list[Array], list[Array]]:
        """Coefficients and intercepts of the same network on rows as they are."""
        coef, intercept = prepared.raw_weights(self.weights[0] / self.radius)
        coefs, intercepts = [coef.T], [intercept]
        for layer, centre in enumerate(self.centres, 1):
            weight = self.weights[layer]
            coefs.append(weight[:-1] * self.gain(layer - 1))
            intercepts.append(BIAS * weight[-1] - centre @ weight[:-1])
        return coefs, intercepts

    def _sums(self, layer: int, inputs: GridRows) -> Array:
        weights = self.weights[layer]
        if layer == 0:
            weights = weights / self.radius
        product = inputs.product(grid_weights(weights))
        return product * 2.0 ** -(INPUT_BITS + WEIGHT_BITS)


def derivatives(outputs: Array, targets: Array) -> Array:
    """Of the log-loss by the outputs, for targets of 0 and 1; sigmoid if one column."""
    if outputs.shape[1] == 1:
        return expit(outputs) - targets
    return softmax(outputs, axis=1) - targets


def _product_back(signals: Array, weights: Array) -> Array:
    """Signals through the weights, but for the column of the intercepts.

    Each row's direction is rounded to whole units, and its length multiplied after.
    """
    lengths = row_norms(signals)[:, None]
    whole = np.rint(signals / np.maximum(lengths, TINY) * 2.0**INPUT_BITS)
    products = whole @ grid_weights(weights)[:-1].T
    return products * (lengths * 2.0 ** -(INPUT_BITS + WEIGHT_BITS))
