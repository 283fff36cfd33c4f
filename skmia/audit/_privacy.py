"""What the attacks of an audit prove on differential privacy, from one training run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from skmia.audit._evidence import Evidence
from skmia.audit._figures import with_gap
from skmia.metrics import epsilon_lower_bound, mu_lower_bound


@dataclass(frozen=True)
class PrivacyBound:
    """The largest lower bound over the attacks, with the attack that has it.

    It knows of the choice: of k attacks each is read at a k-th of the error.
    """

    value: float
    attack: str


def epsilon_bound(evidence: Evidence, delta: float = 0.0) -> PrivacyBound | None:
    """Lower bound on epsilon; None where there are too few records for any."""
    return _largest(evidence, partial(epsilon_lower_bound, delta=delta))


def mu_bound(evidence: Evidence) -> PrivacyBound | None:
    """Lower bound on mu; None where there are too few records for any."""
    return _largest(evidence, mu_lower_bound)


def _largest(evidence: Evidence, bound: Callable[..., float]) -> PrivacyBound | None:
    # What was chosen among includes the gap attack, whether or not it was added.
    tried = with_gap(evidence)
    error = (1 - evidence.confidence_level) / len(tried.scores)
    if not all(map(_has_enough, *_targets(evidence))):
        return None
    bounds = {
        name: _over_models(tried, scores, bound, error)
        for name, scores in tried.scores.items()
    }
    best = max(bounds, key=lambda name: bounds[name])
    return PrivacyBound(bounds[best], best)


def _targets(evidence: Evidence) -> tuple[list, list]:
    return evidence.of_targets(evidence.membership), evidence.persons_of_targets


def _has_enough(member: NDArray[np.bool_], persons: NDArray[np.intp] | None) -> bool:
    """Two of each side: one to choose a threshold and one for the bound."""
    of = np.arange(len(member)) if persons is None else persons
    return all(len(np.unique(of[side])) >= 2 for side in (member, ~member))


def _over_models(
    evidence: Evidence,
    scores: NDArray[np.float64],
    bound: Callable[..., float],
    error: float,
) -> float:
    """The bound of one model, or the lower median over models at half the error.

    Where epsilon is no larger than claimed, each model's bound is above it with chance
    ``error / 2`` at most, and so half of them are with chance `error` at most, however
    the models depend on one another.
    """
    targets = zip(*_targets(evidence), evidence.of_targets(scores), strict=True)
    several = len(evidence.targets) > 1
    found = [
        bound(
            *(member, own),
            groups=persons,
            confidence_level=1 - error / (2 if several else 1),
            random_state=evidence.seed,
            **({"n_splits": 1} if several else {}),
        )
        for member, persons, own in targets
    ]
    return sorted(found)[(len(found) - 1) // 2]
