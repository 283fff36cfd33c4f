"""Whether shadow models are something to compare a target with.

What a target has learnt may reach its shadows past their training rows: in a fitted
part that a clone carries over, in a file that a step reads, in features that were made
with the members' labels. No walk through the model finds all of these ways.
"""

import numpy as np
from numpy.typing import NDArray

from skmia.metrics import roc_auc, roc_auc_interval
from skmia.signals import BoolArray, FloatArray

# An AUC that is both above this and surely above chance is no accident.
_MIN_AUC = 0.55
_CONFIDENCE_LEVEL = 0.999


def shadows_move(values: NDArray[np.floating]) -> bool:
    """Tell whether any record's value differs between shadows.

    Parameters
    ----------
    values : ndarray of shape (n_shadows, n_records)
        A signal under shadows that were trained on different rows.

    Returns
    -------
    bool
        False where all shadows answer alike, as if they had seen the same rows.

    See Also
    --------
    informed_auc : Whether they know the target's members.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import shadows_move
    >>> shadows_move(np.array([[0.5, 2.0], [0.5, 2.0]]))
    False
    """
    return bool((values != values[0]).any())


def outside_means(values: NDArray[np.floating], member: BoolArray) -> FloatArray:
    """Mean of each record's values under the shadows that have not seen it.

    Parameters
    ----------
    values : ndarray of shape (n_shadows, n_records)
        A signal, higher for members.
    member : ndarray of bool of shape (n_shadows, n_records)
        Who was in which shadow.

    Returns
    -------
    ndarray of shape (n_records,)
        0 for a record in every shadow.

    See Also
    --------
    informed_auc : What is made of it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import outside_means
    >>> member = np.array([[True, False], [False, False]])
    >>> outside_means(np.array([[9.0, 1.0], [2.0, 3.0]]), member)
    array([2., 2.])
    """
    outside = ~member
    total = np.where(outside, values, 0).sum(axis=0, dtype=np.float64)
    return total / np.maximum(outside.sum(axis=0), 1)


def informed_auc(membership: BoolArray, means: FloatArray) -> float | None:
    """AUC at which shadows tell the target's members, where that is no accident.

    Shadows are drawn without regard to who is a member of the target, so that their
    answers for records that they have not seen cannot depend on it.

    Parameters
    ----------
    membership : ndarray of bool of shape (n_records,)
        Members of the target.
    means : ndarray of shape (n_records,)
        What `outside_means` returned.

    Returns
    -------
    float or None
        None where they tell members from non-members no better than by chance.

    See Also
    --------
    outside_means : Makes the means.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import informed_auc
    >>> membership = np.arange(100) < 50
    >>> informed_auc(membership, -np.arange(100.0))
    1.0
    >>> informed_auc(membership, np.arange(100.0) % 50) is None
    True
    """
    if membership.all() or not membership.any():
        return None
    auc = roc_auc(membership, means)
    if auc <= _MIN_AUC:
        return None
    level = _CONFIDENCE_LEVEL
    low = roc_auc_interval(membership, means, confidence_level=level)[0]
    return auc if low > 0.5 else None
