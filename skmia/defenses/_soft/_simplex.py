"""The distribution closest to a row of numbers."""

import numpy as np
from numpy.typing import NDArray


def project_on_simplex(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row's closest distribution in the Euclidean norm.

    A row minus the one threshold at which what stays above 0 sums to 1. A gradient
    step from a distribution may lead out of the simplex; this leads back.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_classes)
        Finite numbers.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        Rows with entries >= 0 that sum to 1.

    References
    ----------
    Duchi, Shalev-Shwartz, Singer and Chandra, "Efficient Projections onto the l1-Ball
    for Learning in High Dimensions", ICML 2008, figure 1.
    """
    # The answer does not depend on a common shift, and large ones cost digits.
    values = values - values.max(axis=1, keepdims=True)
    ranked = -np.sort(-values, axis=1)
    rank = np.arange(1, values.shape[1] + 1)
    thresholds = (ranked.cumsum(axis=1) - 1) / rank
    n_above = np.count_nonzero(ranked > thresholds, axis=1)[:, None]
    threshold = np.take_along_axis(thresholds, n_above - 1, axis=1)
    projected = np.maximum(values - threshold, 0.0)
    return projected / projected.sum(axis=1, keepdims=True)
