"""How many non-members a false positive rate takes.

Counts are compared, not rates: 0.1 * 30 is a rounding error above 3, and 49 * (1 / 49)
one below 1.
"""

import math

from skmia.utils import check_integer, check_real

# Above the rounding of max_fpr * n, far below one record.
_TOLERANCE = 1e-9


def allowed_false_positives(n_nonmembers: int, max_fpr: float) -> int:
    """Count the non-members that may be flagged at a false positive rate.

    Parameters
    ----------
    n_nonmembers : int
        Number of non-members, at least 1.
    max_fpr : float
        False positive rate, in [0, 1].

    Returns
    -------
    int
        The largest count whose fraction of the non-members is at most `max_fpr`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    is_resolvable : Whether it is one at least.

    Examples
    --------
    >>> from skmia.metrics import allowed_false_positives
    >>> allowed_false_positives(30, 0.1)
    3
    """
    n_nonmembers = check_integer(n_nonmembers, "n_nonmembers", 1)
    max_fpr = check_real(max_fpr, "max_fpr", 0, 1)
    return math.floor(n_nonmembers * max_fpr + _TOLERANCE)


def needed_nonmembers(max_fpr: float) -> int:
    """Count the non-members from which on `max_fpr` is resolvable."""
    return math.ceil((1 - _TOLERANCE) / max_fpr)


def is_resolvable(n_nonmembers: int, max_fpr: float) -> bool:
    """Tell whether a TPR at this FPR means anything with so many non-members.

    Parameters
    ----------
    n_nonmembers : int
        Number of non-members, at least 1.
    max_fpr : float
        False positive rate at which the TPR is read, in [0, 1].

    Returns
    -------
    bool
        True if `max_fpr` allows for at least one non-member. Below that the figure is
        the TPR at no false positive at all, whatever `max_fpr` is.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    get_metric : Says how many it takes.

    Notes
    -----
    One is the least. With ten, the threshold depends less on a single record.

    Examples
    --------
    >>> from skmia.metrics import is_resolvable
    >>> is_resolvable(1000, 0.001), is_resolvable(999, 0.001)
    (True, False)
    """
    return allowed_false_positives(n_nonmembers, max_fpr) >= 1
