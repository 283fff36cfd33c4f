"""Gaussian differential privacy: budgets, their composition, and their meaning.

A mechanism is mu-Gaussian differentially private where telling two neighbouring data
sets apart by its output is no easier than telling a normal distribution from the same
one moved by `mu` standard deviations. A sum that one row can move by at most `s`, with
Gaussian noise of standard deviation ``s / mu``, is exactly that; and mechanisms that
are, one after the other and each with what the earlier ones said, are together
exactly ``sqrt(sum of mu squared)``. Nothing is lost in adding up, and one formula turns
the total into (epsilon, delta).

References
----------
Dong, Roth and Su, "Gaussian Differential Privacy", JRSS B 2022: corollary 2.13 (delta
of epsilon), corollary 3.3 (composition), theorem 2.14 (groups).

Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018,
theorem 8, which is the same formula.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, log_expit, ndtr, ndtri_exp

# Roots are moved by this part of themselves to the side that promises less.
_SAFETY = 1e-9
# Beyond these, whatever is asked for is no privacy, or no learning.
_LEAST_MU, _GREATEST_MU = 1e-12, 1e6

ADD_REMOVE = "add_remove"
REPLACE = "replace"
NEIGHBORS = (ADD_REMOVE, REPLACE)


def delta_of_gaussian(mu: float, epsilon: float) -> float:
    """Compute the exact delta of mu-Gaussian differential privacy at an epsilon.

    Parameters
    ----------
    mu : float
        0 or more.
    epsilon : float
        0 or more.

    Returns
    -------
    float
        ``Phi(-epsilon / mu + mu / 2) - exp(epsilon) Phi(-epsilon / mu - mu / 2)``.
    """
    if mu <= 0:
        return 0.0
    # With phi the normal density, phi(near) = exp(epsilon) phi(far): both terms are the
    # density at `near` times a ratio of Mills, and nothing overflows.
    near, far = epsilon / mu - mu / 2, epsilon / mu + mu / 2
    with np.errstate(under="ignore"):
        density = math.exp(-near * near / 2) / math.sqrt(2 * math.pi)
        first = density * _mills(near) if near > 0 else float(ndtr(-near))
        return min(max(first - density * _mills(far), 0.0), 1.0)


def _mills(x: float) -> float:
    """Phi(-x) / phi(x), for x of 0 and more."""
    return float(erfcx(x / math.sqrt(2))) * math.sqrt(math.pi / 2)


def epsilon_of_gaussian(mu: float, delta: float) -> float:
    """Compute the least epsilon of mu-Gaussian differential privacy at a delta.

    Parameters
    ----------
    mu : float
        0 or more.
    delta : float
        In [0, 1).

    Returns
    -------
    float
        Not below the exact one, and above it by a part of 1e-9; infinite where `delta`
        is 0 and `mu` is not.
    """
    if mu <= 0 or delta_of_gaussian(mu, 0.0) <= delta:
        return 0.0
    if delta <= 0:
        return math.inf
    # The tail bound of the privacy loss, N(mu^2 / 2, mu^2), is above the root.
    greatest = mu * mu / 2 + mu * math.sqrt(2 * math.log(1 / delta)) + 1e-12

    def excess(epsilon: float) -> float:
        return _log(delta_of_gaussian(mu, epsilon)) - math.log(delta)

    return _root(excess, 0.0, greatest) * (1 + _SAFETY)


def mu_of_budget(epsilon: float, delta: float) -> float:
    """Compute the greatest mu whose exact delta at `epsilon` is no more than `delta`.

    Parameters
    ----------
    epsilon : float
        0 or more.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        Not above the exact one, and below it by a part of 1e-9.
    """

    def excess(log_mu: float) -> float:
        return _log(delta_of_gaussian(math.exp(log_mu), epsilon)) - math.log(delta)

    least, greatest = math.log(_LEAST_MU), math.log(_GREATEST_MU)
    if excess(greatest) <= 0:
        return _GREATEST_MU
    return math.exp(_root(excess, least, greatest)) * (1 - _SAFETY)


def _log(delta: float) -> float:
    return math.log(delta) if delta > 0 else -1e4


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-14, rtol=1e-13, maxiter=500))


def compose_gaussian(*mus: float) -> float:
    """Compute the mu of several mechanisms on the same rows."""
    return math.hypot(*mus)


def remaining_mu(total: float, *spent: float) -> float:
    """Compute the mu that is left of `total` when mechanisms of `spent` are over.

    Raises
    ------
    ValueError
        Where nothing is left.
    """
    left = total**2 - math.fsum(mu**2 for mu in spent)
    if left <= 0:
        raise ValueError(f"Nothing is left of a mu of {total} after {spent}.")
    return math.sqrt(left) * (1 - 1e-15)


def gaussian_of_pure(epsilon: float) -> float:
    """Compute the mu that every epsilon-differentially private mechanism has.

    The curve of pure differential privacy is two lines that meet where both errors are
    ``1 / (1 + exp(epsilon))``. The Gaussian one through that point is convex, and hence
    below: ``mu = 2 Phi^-1(exp(epsilon) / (1 + exp(epsilon)))``.
    """
    return -2 * float(ndtri_exp(log_expit(-epsilon)))


def pure_of_gaussian(mu: float) -> float:
    """Compute the epsilon of a mechanism with delta = 0 that fits into a mu."""
    # log(Phi(mu / 2) / Phi(-mu / 2)), the inverse of gaussian_of_pure.
    half = mu / 2
    return (
        math.log(float(ndtr(half)))
        + half * half / 2
        - math.log(_mills(half) / math.sqrt(2 * math.pi))
    )


def rows_between(neighbors: str, group_size: int = 1) -> int:
    """Count the single rows that are added or left out between two neighbours.

    A replaced row is one that is left out and one that is added. Gaussian differential
    privacy for one row added or left out is that of neighbours with `mu` times this
    number, and the same holds of a pure epsilon.
    """
    return group_size * (2 if neighbors == REPLACE else 1)


def budget_of_one_row(epsilon: float, delta: float, n_rows: int) -> tuple[float, float]:
    """Compute what one row may spend, where neighbours are `n_rows` rows apart.

    For mechanisms that are (epsilon, delta)-differentially private for a row and not
    known to be anything closer.

    References
    ----------
    Vadhan, "The Complexity of Differential Privacy", 2017, lemma 2.2.
    """
    if n_rows == 1:
        return epsilon, delta
    each = epsilon / n_rows
    # delta_group = delta_row * (1 + e^each + ... + e^((n_rows - 1) each))
    steps = np.exp(each * np.arange(n_rows) - epsilon)
    return each, float(delta * math.exp(-epsilon) / steps.sum())
