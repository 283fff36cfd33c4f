"""The budget of a fit, and how it is divided among its parts."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from skmia.defenses._private._accounting import (
    epsilon_of_gaussian,
    gaussian_of_pure,
    mu_of_budget,
    pure_of_gaussian,
)
from skmia.defenses._private._composition import PrivacyLoss


@dataclass(frozen=True)
class Budget:
    """What may be spent: pure differential privacy, or Gaussian one.

    Parts of a pure budget have epsilons that add up. Parts of a Gaussian one have mus
    whose squares add up, and the whole is, exactly, within epsilon at delta. A pure
    part of a Gaussian budget is counted as Gaussian, see :attr:`pure_epsilon`.

    Parameters
    ----------
    epsilon, delta : float
        The loss; `delta` is 0 in a pure budget.
    mu : float or None
        None in a pure budget.
    """

    epsilon: float
    delta: float = 0.0
    mu: float | None = None

    @classmethod
    def gaussian(cls, epsilon: float, delta: float) -> Self:
        """The Gaussian budget that is within `epsilon` at `delta`."""
        return cls(epsilon, delta, mu_of_budget(epsilon, delta))

    def part(self, fraction: float) -> "Budget":
        """A part; those of fractions that add up to 1 together spend the whole."""
        if self.mu is None:
            return Budget(self.epsilon * fraction)
        mu = self.mu * np.sqrt(fraction)
        return Budget(epsilon_of_gaussian(mu, self.delta), self.delta, float(mu))

    @property
    def pure_epsilon(self) -> float:
        """What a mechanism with delta = 0 may spend of it.

        Pure epsilon is Gaussian of a mu, see `gaussian_of_pure`.
        """
        return self.epsilon if self.mu is None else pure_of_gaussian(self.mu)

    @property
    def amount(self) -> float:
        """What adds up over parts: epsilon, or mu in squares."""
        return self.epsilon if self.mu is None else self.mu

    def spent(self) -> PrivacyLoss:
        """All of it, spent."""
        mu = gaussian_of_pure(self.epsilon) if self.mu is None else self.mu
        return PrivacyLoss(self.epsilon, self.delta, mu)
