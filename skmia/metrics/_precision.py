"""How many of those whom an attack flags are members, where members are rare."""

import numpy as np
from numpy.typing import ArrayLike

from skmia.metrics._ranking import FloatArray, sorted_sides, tpr_of, vertices_of
from skmia.utils import check_real


def ppv_at_prior(
    membership: ArrayLike,
    scores: ArrayLike,
    prior: float,
    *,
    max_fpr: float | None = None,
) -> float:
    """Compute the precision of an attack where members are as rare as `prior` says.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    prior : float
        Share of members among those an attacker would test, in (0, 1). It replaces the
        fraction in `membership`.
    max_fpr : float or None, default=None
        The precision is that of the rule that :func:`tpr_at_fpr` reads, with ties drawn
        at random. With None it is the largest over all thresholds.

    Returns
    -------
    float
        Share of members among the flagged records; `prior` where none is flagged.

    Raises
    ------
    ValueError
        If `prior` or `max_fpr` is out of range, membership is not binary or has one
        side only, or a score is not finite.

    See Also
    --------
    tpr_at_fpr : The fraction of members that are found.

    Notes
    -----
    Without `max_fpr` the figure is optimistic. The highest thresholds flag a handful of
    records, and one member at the very top reads as a precision of 1. Give the
    `max_fpr` that the audit was set to beforehand.

    References
    ----------
    Jayaraman et al., "Revisiting Membership Inference Under Realistic Assumptions",
    PoPETs 2021.

    Examples
    --------
    >>> from skmia.metrics import ppv_at_prior
    >>> membership, scores = [1, 1, 1, 0, 0], [0.9, 0.8, 0.3, 0.8, 0.1]
    >>> ppv_at_prior(membership, scores, prior=0.1, max_fpr=0.5)
    0.1818...
    """
    prior = check_real(prior, "prior", 0, 1, closed="neither")
    members, nonmembers = sorted_sides(membership, scores)
    if max_fpr is not None:
        tpr, fpr = np.array(tpr_of(members, nonmembers, max_fpr))
    else:
        fpr, tpr, _ = vertices_of(members, nonmembers)
    return float(precision_at_prior(tpr, fpr, prior).max())


def precision_at_prior(tpr: ArrayLike, fpr: ArrayLike, prior: float) -> FloatArray:
    """Compute the precision of rules with these rates, where members are so rare.

    Parameters
    ----------
    tpr, fpr : array-like of float
        True and false positive rates of each rule.
    prior : float
        Share of members among those an attacker would test, in (0, 1).

    Returns
    -------
    ndarray of float
        Share of members among the flagged records; `prior` where none is flagged.

    Raises
    ------
    ValueError
        If `prior` is out of range.

    See Also
    --------
    ppv_at_prior : The same from scores.

    Examples
    --------
    >>> from skmia.metrics import precision_at_prior
    >>> precision_at_prior([0.17, 0.01], 0.01, prior=0.1).round(3)
    array([0.654, 0.1  ])
    """
    prior = check_real(prior, "prior", 0, 1, closed="neither")
    hits = np.asarray(tpr, dtype=np.float64)
    flagged = hits + (1 - prior) / prior * np.asarray(fpr, dtype=np.float64)
    precision = np.full(flagged.shape, prior, dtype=np.float64)
    return np.divide(hits, flagged, out=precision, where=flagged > 0)
