"""Private models among the candidates: what they spend, and that no seed stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skmia._models import unfitted_copy, walk, without_noise_seeds
from skmia.defenses import (
    DifferentialPrivacyClassifier,
    PrivacyLoss,
    privacy_promise,
)


@dataclass(frozen=True)
class Spending:
    """What one fit has spent, and why there is no bound, where there is none."""

    loss: PrivacyLoss
    reasons: tuple[str, ...] = ()


def is_private(estimator: Any) -> bool:
    """Whether there is a private classifier anywhere in it."""
    return any(
        isinstance(part, DifferentialPrivacyClassifier) for _, part in walk(estimator)
    )


def without_seeds(estimator: Any) -> Any:
    """An unfitted copy whose private classifiers have no seed, the user's included."""
    return without_noise_seeds(unfitted_copy(estimator))


def spending_of(model: Any) -> Spending:
    """What the fit of a model with a private classifier inside has spent of a row.

    Parameters
    ----------
    model : fitted classifier
        With a private classifier somewhere inside.

    Returns
    -------
    Spending
        Without a bound where the model does more with its rows than to hand them on.
    """
    promise = privacy_promise(model)
    if promise is None:
        name = type(model).__name__
        reasons: tuple[str, ...] = (
            f"{name} has a private classifier inside, and is not private itself.",
        )
    elif promise.voided:
        reasons = promise.voided
    else:
        return Spending(PrivacyLoss(promise.epsilon, promise.delta, promise.mu))
    return Spending(PrivacyLoss(np.inf), reasons)


def seeds_left(model: Any) -> tuple[str, ...]:
    """Why the noise of a fitted model is not secret, where a seed of it is inside.

    Ensembles of scikit-learn give a seed to each classifier that they fit.
    """
    for _, part in walk(model):
        if (
            isinstance(part, DifferentialPrivacyClassifier)
            and hasattr(part, "classes_")
            and part.promise_.seeded
        ):
            return (
                f"{type(model).__name__} gives its private classifiers a random_state, "
                "which is in the fitted model: whoever has the model can take the "
                "noise away.",
            )
    return ()


def all_reasons(found: Sequence[Spending]) -> tuple[str, ...]:
    """Each reason once."""
    return tuple(dict.fromkeys(why for each in found for why in each.reasons))
