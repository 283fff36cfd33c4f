"""The most that any attack can find where a promise of differential privacy holds."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from skmia.metrics._ranking import FloatArray
from skmia.utils import check_real


def tpr_ceiling(
    fpr: ArrayLike,
    *,
    epsilon: float | None = None,
    delta: float = 0.0,
    mu: float | None = None,
) -> FloatArray:
    """Compute the highest true positive rate that differential privacy allows.

    Parameters
    ----------
    fpr : array-like of float
        False positive rates, in [0, 1].
    epsilon : float, default=None
        The epsilon that is promised, 0 or more.
    delta : float, default=0.0
        The delta that goes with it, in [0, 1).
    mu : float, default=None
        The mu of Gaussian differential privacy that is promised, 0 or more; in place of
        `epsilon`.

    Returns
    -------
    ndarray of float, of the shape of `fpr`
        A rate in [0, 1] for each; at least `fpr`, which guessing has.

    Raises
    ------
    ValueError
        If an argument is out of range, or not one of `epsilon` and `mu` is given.

    See Also
    --------
    epsilon_lower_bound : The other way round, the epsilon that an attack proves.

    Notes
    -----
    The curve is that of a record between two data sets that differ in it alone, for an
    attacker who knows all other records: the attacks of an audit know less, and one
    that stays below it does not prove the promise.

    References
    ----------
    Kairouz, Oh and Viswanath, "The Composition Theorem for Differential Privacy", ICML
    2015.

    Dong, Roth and Su, "Gaussian Differential Privacy", JRSS B 2022.

    Examples
    --------
    >>> from skmia.metrics import tpr_ceiling
    >>> tpr_ceiling([0.0, 0.01, 0.5], epsilon=1.0).round(4)
    array([0.    , 0.0272, 0.8161])
    >>> tpr_ceiling([0.0, 0.01, 0.5], mu=1.0).round(4)
    array([0.    , 0.0924, 0.8413])
    """
    rates = np.asarray(fpr, dtype=np.float64)
    if not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(f"The 'fpr' parameter must be in [0, 1]. Got {fpr!r} instead.")
    if (epsilon is None) == (mu is None):
        raise ValueError(
            "One of the parameters 'epsilon' and 'mu' must be given. Got "
            f"epsilon={epsilon!r} and mu={mu!r} instead."
        )
    if mu is not None:
        shift = check_real(mu, "mu", 0, np.inf, closed="left")
        # Rates of 0 and 1 stay where they are.
        return np.asarray(ndtr(ndtri(rates) + shift))
    assert epsilon is not None
    epsilon = check_real(epsilon, "epsilon", 0, np.inf, closed="left")
    delta = check_real(delta, "delta", 0, 1, closed="left")
    with np.errstate(over="ignore", invalid="ignore"):
        steep = np.where(rates > 0, np.exp(epsilon) * rates, 0.0) + delta
    flat = 1 - np.exp(-epsilon) * (1 - delta - rates)
    return np.clip(np.minimum(steep, flat), 0, 1)
