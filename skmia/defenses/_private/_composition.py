"""What several private fits on the same rows have spent together."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from skmia.defenses._private._accounting import (
    compose_gaussian,
    epsilon_of_gaussian,
    gaussian_of_pure,
)
from skmia.utils import check_real

# Losses that different epsilons add up to are rounded up to so many steps.
_MAX_LOSSES = 4000


class PrivacyLoss(NamedTuple):
    """Hold what one fit, or several together, spend of the privacy of a row.

    Parameters
    ----------
    epsilon, delta : float
        The loss of (epsilon, delta)-differential privacy.
    mu : float or None
        The same as Gaussian differential privacy, where it is.

    See Also
    --------
    compose_privacy : Adds them up.

    Examples
    --------
    >>> from skmia.defenses import PrivacyLoss
    >>> PrivacyLoss(1.0).is_gaussian
    False
    """

    epsilon: float
    delta: float = 0.0
    mu: float | None = None

    @property
    def is_gaussian(self) -> bool:
        """Whether its mu says more than epsilon and delta do."""
        return self.mu is not None and self.delta > 0


def compose_privacy(
    losses: Iterable[PrivacyLoss | tuple[float, ...]],
    *,
    delta: float | None = None,
    planned: bool = False,
) -> PrivacyLoss:
    """Compute what several fits on the same rows spend together.

    Parameters
    ----------
    losses : iterable of PrivacyLoss, or of tuple (epsilon, delta, mu)
        One for each fit. A `mu` is taken to be exact, and to say more than epsilon and
        delta, where delta is not 0.
    delta : float, default=None
        The delta that the total is read at. None takes that of one fit for Gaussian
        fits, which need no more together than alone, and the sum for others.
    planned : bool, default=False
        Whether the loss of every fit was fixed before the first of them, as in a grid
        search whose candidates all have the same. The total may be smaller then.

    Returns
    -------
    PrivacyLoss
        With an infinite epsilon where `delta` is too small for any.

    Raises
    ------
    ValueError
        If a loss or `delta` is out of range.

    See Also
    --------
    PrivacyAccountant : Adds up while fits are made.
    skmia.model_selection.privacy_budget : Adds up what a search has spent.

    Notes
    -----
    The least of three totals:

    - the sum of epsilons, with that of all Gaussian fits as one;
    - all of them as Gaussian, ``mu = sqrt(sum of mu squared)`` [1]_, where an epsilon
      counts as ``mu = 2 Phi^-1(exp(epsilon) / (1 + exp(epsilon)))``. Both hold, too,
      where budgets are decided on while results come in [2]_ [3]_;
    - where all is planned and no fit is Gaussian, the optimal one [4]_: each fit is no
      worse than a truthful answer with the odds ``exp(epsilon)`` to 1, and the losses
      of these answers add up.

    A delta without mu is a chance that everything is given away, and is added up.

    References
    ----------
    .. [1] Dong, Roth and Su, "Gaussian Differential Privacy", JRSS B 2022.
    .. [2] Rogers, Roth, Ullman and Vadhan, "Privacy Odometers and Filters", NeurIPS
       2016.
    .. [3] Smith and Thakurta, "Fully Adaptive Composition for Gaussian Differential
       Privacy", arXiv:2210.17520.
    .. [4] Kairouz, Oh and Viswanath, "The Composition Theorem for Differential
       Privacy", ICML 2015.

    Examples
    --------
    >>> from skmia.defenses import compose_privacy
    >>> compose_privacy([(1.0, 0.0)] * 4).epsilon
    4.0
    >>> round(compose_privacy([(0.1, 0.0)] * 100, delta=1e-5, planned=True).epsilon, 1)
    4.3
    """
    checked = [check_loss(*loss) for loss in losses]
    at = own_delta(checked) if delta is None else check_real(delta, "delta", 0, 1)
    epsilon = total_epsilon(checked, at, planned=planned)
    return PrivacyLoss(epsilon, at, total_mu(checked))


def check_loss(
    epsilon: float, delta: float = 0.0, mu: float | None = None
) -> PrivacyLoss:
    """The loss as floats; an error where it is none."""
    return PrivacyLoss(
        check_real(epsilon, "epsilon", 0, math.inf),
        check_real(delta, "delta", 0, 1, closed="left"),
        None if mu is None else check_real(mu, "mu", 0, math.inf),
    )


def total_mu(losses: Sequence[PrivacyLoss]) -> float | None:
    """The mu of all of them; None where one of them has none."""
    if not all(loss.is_gaussian or loss.delta == 0 for loss in losses):
        return None
    return compose_gaussian(*map(_mu, losses))


def own_delta(losses: Sequence[PrivacyLoss]) -> float:
    """The delta that a total is read at where none was asked for.

    That of one fit for Gaussian ones, which take no more of it together than alone, and
    the sum for the others.
    """
    gaussian = [loss.delta for loss in losses if loss.is_gaussian]
    return max(gaussian, default=0.0) + _failing(losses)


def total_epsilon(
    losses: Sequence[PrivacyLoss], delta: float, *, planned: bool = False
) -> float:
    """The least known epsilon of all of them together, at `delta`.

    Parameters
    ----------
    losses : sequence of Loss
        One for each fit on the same rows.
    delta : float
        In [0, 1).
    planned : bool, default=False
        Whether every loss was fixed before the first fit. What holds for those only is
        not used otherwise.

    Returns
    -------
    float
        Infinite where `delta` is too small for any.
    """
    if any(math.isinf(loss.epsilon) for loss in losses):
        return math.inf
    left = delta - _failing(losses)
    if left < 0:
        return math.inf
    others = [loss.epsilon for loss in losses if not loss.is_gaussian]
    gaussian = compose_gaussian(*(_mu(loss) for loss in losses if loss.is_gaussian))
    found = [
        math.fsum(others) + epsilon_of_gaussian(gaussian, left),
        epsilon_of_gaussian(compose_gaussian(*map(_mu, losses)), left),
    ]
    if planned and not gaussian and left > 0:
        found.append(_epsilon_of_answers(others, left))
    return min(found)


def _mu(loss: PrivacyLoss) -> float:
    if loss.is_gaussian:
        assert loss.mu is not None
        return loss.mu
    return gaussian_of_pure(loss.epsilon)


def _failing(losses: Sequence[PrivacyLoss]) -> float:
    """Chance that one of those with a delta of their own gives everything away."""
    return math.fsum(loss.delta for loss in losses if not loss.is_gaussian)


def _epsilon_of_answers(epsilons: Sequence[float], delta: float) -> float:
    """Epsilon of truthful answers with these odds, at `delta`."""
    losses, chances = _distribution(epsilons)

    def delta_of(epsilon: float) -> float:
        above = losses > epsilon
        return float(chances[above] @ -np.expm1(epsilon - losses[above]))

    low, high = 0.0, math.fsum(epsilons)
    if delta_of(low) <= delta:
        return 0.0
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if delta_of(middle) <= delta else (middle, high)
    return min(high * (1 + 1e-9), math.fsum(epsilons))


def _distribution(
    epsilons: Sequence[float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Losses that answers add up to, and their chances; never rounded down."""
    losses: NDArray[np.float64] = np.zeros(1)
    chances: NDArray[np.float64] = np.ones(1)
    for epsilon, n in Counter(epsilons).items():
        lies = np.arange(n + 1)
        odds = binom.pmf(lies, n, 1 / (1 + math.exp(min(epsilon, 700.0))))
        losses = np.add.outer(losses, (n - 2 * lies) * epsilon).ravel()
        chances = np.multiply.outer(chances, odds).ravel()
        if len(losses) > _MAX_LOSSES:
            step = (losses.max() - losses.min()) / _MAX_LOSSES
            up = np.ceil((losses - losses.min()) / step).astype(np.intp)
            chances = np.bincount(up, chances).astype(np.float64)
            losses = losses.min() + step * np.arange(len(chances))
    return losses, chances
