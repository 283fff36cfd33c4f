"""A made data set on which models over-fit as they do on Purchase-100."""

import numpy as np
from numpy.typing import NDArray

from skmia.utils import check_integer, check_real, own_random_state

_BLOCK_ROWS = 4096


def make_purchase_like(
    n_samples: int = 20_000,
    n_features: int = 600,
    n_classes: int = 100,
    *,
    noise: float = 0.413,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    r"""Make binary records around class prototypes, in the manner of Purchase-100.

    Every class has a prototype, a fair coin for each feature, and every record is its
    class's prototype with each feature flipped by itself with probability `noise`. The
    classes are as equal in size as can be, and shuffled.

    Parameters
    ----------
    n_samples : int, default=20_000
        The number of records. Half of them are commonly trained on.
    n_features : int, default=600
        The number of features.
    n_classes : int, default=100
        The number of classes.
    noise : float, default=0.413
        The probability in [0, 0.5] that a feature is flipped. At 0.5 the features tell
        nothing about the class.
    random_state : int, RandomState instance or None, default=None
        Determines the prototypes, the order of the classes and the flips. Pass an int
        for the same data on every call.

    Returns
    -------
    X : ndarray of uint8 of shape (n_samples, n_features)
        The records, 0 or 1.
    y : ndarray of int64 of shape (n_samples,)
        The classes, from 0.

    Raises
    ------
    TypeError
        If a parameter is of the wrong type.
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    fetch_purchase100 : The data set itself.

    Notes
    -----
    The default noise was chosen, with the default features and classes, so that a
    multi-layer perceptron comes to the gap between training and test accuracy that [1]_
    has on Purchase-100; see the user guide, :doc:`/guide/datasets`. Other dimensions
    need another noise.

    The best possible classifier takes the nearest prototype. With :math:`d` features,
    :math:`k` classes and noise :math:`p`, and leaving ties aside, its accuracy is

    .. math::

        \sum_{h=0}^{d} P(B_{d,p} = h) \; P(B_{d,1/2} > h)^{k-1}

    where :math:`B_{d,p}` is binomial.

    This is a stand-in for trying things out, not for published figures: its features
    are independent within a class, its classes are of one size, and no record is
    further out than chance puts it, while the rare records of a real data set are those
    that leak most.

    References
    ----------
    .. [1] M. Nasr, R. Shokri, A. Houmansadr, `Machine Learning with Membership Privacy
           using Adversarial Regularization <https://arxiv.org/abs/1807.05852>`_, ACM
           Conference on Computer and Communications Security, 2018, table 2.

    Examples
    --------
    >>> from skmia.datasets import make_purchase_like
    >>> X, y = make_purchase_like(1000, n_features=60, n_classes=5, random_state=0)
    >>> X.shape, X.dtype, sorted(set(y.tolist()))
    ((1000, 60), dtype('uint8'), [0, 1, 2, 3, 4])

    Without noise, what is left is the prototypes:

    >>> import numpy as np
    >>> X, y = make_purchase_like(500, n_classes=7, noise=0, random_state=0)
    >>> len(np.unique(X, axis=0))
    7
    """
    n_samples = check_integer(n_samples, "n_samples", 1)
    n_features = check_integer(n_features, "n_features", 1)
    n_classes = check_integer(n_classes, "n_classes", 1)
    noise = check_real(noise, "noise", 0, 0.5)
    random_state = own_random_state(random_state)
    prototypes = random_state.randint(0, 2, (n_classes, n_features), dtype=np.uint8)
    y = random_state.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    X = prototypes[y]
    # Blocks only save memory: the draws come in the same order without them.
    for start in range(0, n_samples, _BLOCK_ROWS):
        rows = X[start : start + _BLOCK_ROWS]
        rows ^= random_state.random_sample(rows.shape) < noise
    return X, y
