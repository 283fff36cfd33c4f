"""MLPClassifier by noisy gradient descent."""

import math
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from skmia.defenses._private._accounting import remaining_mu
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._counterparts import check_parameters
from skmia.defenses._private._gradient._given import Given
from skmia.defenses._private._gradient._network import ACTIVATIONS, Network
from skmia.defenses._private._gradient._network_descent import (
    PrivateRows,
    descend,
    find_centres,
)
from skmia.defenses._private._gradient._network_rule import choose_schedule
from skmia.defenses._private._gradient._preparation import prepare
from skmia.defenses._private._gradient._rule import search_share
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._private._noise import NoiseSource
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer, check_option, check_real

# The share of mu^2 for the centres of the hidden layers.
_CENTRES = 0.02
_MOST_LAYERS = 2
_CARRIED = ("hidden_layer_sizes", "activation", "alpha", "random_state")
# About how the weights are found: the private descent has a way of its own.
_FREE = (
    "solver",
    "batch_size",
    "learning_rate",
    "learning_rate_init",
    "power_t",
    "max_iter",
    "shuffle",
    "tol",
    "verbose",
    "momentum",
    "nesterovs_momentum",
    "validation_fraction",
    "beta_1",
    "beta_2",
    "epsilon",
    "n_iter_no_change",
    "max_fun",
)


class PrivateMLPClassifier(MLPClassifier):
    """A network whose weights were learnt privately, as scikit-learn's own class.

    It has the attributes that ``predict_proba`` reads, and none that tells of the rows
    otherwise: no losses, and no state of an optimizer.
    """

    def predict(self, X: Any) -> NDArray:
        """The most probable class."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class NoisyNetwork(Mechanism):
    """Networks with one or two hidden layers, by noisy gradient descent.

    As for logistic regression: exactly mu-Gaussian differentially private, since all
    rows are in every step; a replaced row pays twice, and with `groups` a row has
    1 / `group_size` of its weight and the rows of a person are clipped together.
    """

    name: ClassVar[str] = "gradient"
    learners: ClassVar[tuple[str, ...]] = ("sklearn.MLPClassifier",)
    needs: ClassVar[str | None] = "data_norm"
    searches_itself: ClassVar[bool] = True
    gaussian: ClassVar[bool] = True
    takes_sparse: ClassVar[bool] = True
    takes_weight: ClassVar[bool] = True
    clips_persons: ClassVar[bool] = True

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the private descent."""
        if estimator.early_stopping:
            raise ValueError(
                "The 'early_stopping' parameter of MLPClassifier must be False in its "
                "private counterpart: it looks at rows without noise. Got "
                f"{estimator.early_stopping!r} instead; the number of steps follows "
                "from the budget."
            )
        check_parameters(estimator, (*_CARRIED, *_FREE))
        hidden_layers(estimator)
        check_option(estimator.activation, "activation", tuple(ACTIVATIONS))
        check_real(estimator.alpha, "alpha", 0, np.inf, closed="left")

    def default_search_fraction(self, budget: Budget) -> float:
        """By the budget alone."""
        assert budget.mu is not None
        return search_share(budget.mu)

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Descend, and put the weights into an MLPClassifier."""
        given, source = Given.of(data, settings), NoiseSource(settings.source)
        hidden = hidden_layers(estimator)
        assert settings.budget.mu is not None
        mu = settings.budget.mu / given.apart
        searches = mu * math.sqrt(settings.search_fraction)
        prepared = prepare(
            given.X,
            given.weights,
            persons=given.persons,
            norm=settings.scale,
            fit_intercept=True,
            mu=searches,
            source=source,
        )
        targets = np.eye(len(data.classes))[data.y]
        if len(data.classes) == 2:
            targets = targets[:, 1:]
        rows = PrivateRows(prepared.rows, targets, given.weights, given.persons, source)
        n_inputs, n_outputs = prepared.rows.values.shape[1], targets.shape[1]
        network = Network.start(
            n_inputs,
            hidden,
            n_outputs,
            activation=estimator.activation,
            radius=prepared.radius,
            random_state=_own_generator(estimator.random_state, data.random_state),
        )
        centres = mu * math.sqrt(_CENTRES)
        network = find_centres(network, rows, prepared.total, centres)
        left = remaining_mu(mu, searches, centres)
        schedule = choose_schedule(prepared.total, left, n_outputs)
        # What a layer's plain coefficients are, over its weights.
        factors = [1 / (prepared.norm * prepared.radius)]
        factors += [network.gain(layer) for layer in range(len(hidden))]
        penalty = estimator.alpha / (given.unit * prepared.total)
        network = descend(
            network,
            rows,
            total=prepared.total,
            schedule=schedule,
            noise=math.sqrt(schedule.n_steps) / left,
            penalties=[penalty * factor**2 for factor in factors],
        )
        model = PrivateMLPClassifier(**clone(estimator).get_params(deep=False))
        if not isinstance(model.random_state, Integral | None):
            model.set_params(random_state=None)
        validate_data(model, data.X, dtype=np.float64, accept_sparse="csr")
        model.coefs_, model.intercepts_ = network.plain(prepared)
        model.classes_, model.n_outputs_ = data.classes, n_outputs
        model.out_activation_ = "logistic" if n_outputs == 1 else "softmax"
        model.n_layers_ = len(model.coefs_) + 1
        model.n_iter_ = schedule.n_steps
        return Fitted(model, {"data_norm_": prepared.norm})


def hidden_layers(estimator: MLPClassifier) -> tuple[int, ...]:
    """Units of the hidden layers; one or two of them."""
    given = estimator.hidden_layer_sizes
    layers = (given,) if isinstance(given, Integral) else tuple(given)
    if not 1 <= len(layers) <= _MOST_LAYERS:
        remedy = (
            "take LogisticRegression, which is what is left without one"
            if not layers
            else "of more layers, noise leaves little: take fewer"
        )
        raise ValueError(
            "The 'hidden_layer_sizes' parameter of MLPClassifier must name one or two "
            f"layers in its private counterpart. Got {given!r} instead; {remedy}."
        )
    for units in layers:
        check_integer(units, "hidden_layer_sizes", 1)
    return tuple(int(units) for units in layers)


def _own_generator(
    given: Any, random_state: np.random.RandomState
) -> np.random.RandomState:
    """The source of the weights to start with, which are no secret.

    By a seed that is drawn: with one and the same number as a seed of both, they would
    be made of the very draws that the noise is made of.
    """
    generator = random_state if given is None else check_random_state(given)
    return np.random.RandomState(generator.randint(2**31 - 1))
