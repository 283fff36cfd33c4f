"""Which members show more than chance, by ranks among the non-members.

A member is compared with non-members, whose scores say what a record gets that the
model was not trained on. Everything here follows from one fact: where training on a
record has not moved its score, the record may as well have been a non-member, and all
orders of such members and the non-members are equally likely.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia.metrics._intervals import check_confidence_level
from skmia.metrics._ranking import FloatArray, check_scores
from skmia.utils import check_integer, check_real

# Rates and ranks are ratios of counts: below any difference of two of them.
_DIGITS = 12
_N_DRAWS = 20_000
# Numbers of non-members at which the bound is worked out; between them that of the
# next one holds.
_SMALLEST, _STEP = 20, 1.15


def membership_p_values(membership: ArrayLike, scores: ArrayLike) -> FloatArray:
    """Compute how rarely a non-member has a score as high as each record's.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    ndarray of shape (n_records,)
        Of a member ``(1 + a) / (m + 1)``, where `a` of the `m` non-members have its
        score or a higher one. Of a non-member the same among the other non-members.
        Equal scores count as higher ones, so that no p-value is too low.

    Raises
    ------
    ValueError
        If membership is not binary or has one side only, lengths differ, or a score is
        not finite.

    See Also
    --------
    exposed_members : The list of members that is made of them.

    Notes
    -----
    Where the model's training on a record has not moved its score, the chance of a
    p-value of at most `x` is at most `x`, whatever the scores are like. Members and
    non-members have to be drawn alike, and scores made without regard to the side.

    References
    ----------
    Bates, Candès, Lei, Romano and Sesia, "Testing for Outliers with Conformal
    p-values", Annals of Statistics 51(1), 2023. https://arxiv.org/abs/2104.08279

    Examples
    --------
    >>> from skmia.metrics import membership_p_values
    >>> membership_p_values([1, 1, 0, 0, 0], [9, 2, 1, 2, 3])
    array([0.25      , 0.75      , 1.        , 0.66..., 0.33...])
    """
    is_member, values = check_scores(membership, scores)
    nonmembers = np.sort(values[~is_member])
    above = len(nonmembers) - np.searchsorted(nonmembers, values)
    # A non-member is among those that are counted.
    return np.where(
        is_member,
        (1 + above) / (len(nonmembers) + 1),
        above / len(nonmembers),
    )


def least_false_discovery_rates(membership: ArrayLike, scores: ArrayLike) -> FloatArray:
    """Compute the lowest rate at which each record is on the list of the exposed.

    Benjamini and Hochberg's adjusted p-values.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.

    Returns
    -------
    ndarray of shape (n_records,)
        NaN for non-members, who are on no list.

    Raises
    ------
    ValueError
        As :func:`membership_p_values` does.

    See Also
    --------
    exposed_members : The list at one rate, and what the rate is about.

    Examples
    --------
    >>> from skmia.metrics import least_false_discovery_rates
    >>> least_false_discovery_rates([1, 1, 0, 0, 0], [9, 8, 1, 2, 3])
    array([0.25, 0.25,  nan,  nan,  nan])
    """
    is_member, _ = check_scores(membership, scores)
    p_values = membership_p_values(membership, scores)[is_member]
    order = np.argsort(p_values, kind="stable")
    rates = len(p_values) * p_values[order] / np.arange(1, len(p_values) + 1)
    lowest = np.minimum.accumulate(rates[::-1])[::-1]
    found = np.full(len(is_member), np.nan)
    at = np.flatnonzero(is_member)[order]
    found[at] = np.minimum(lowest.round(_DIGITS), 1)
    return found


def exposed_members(
    membership: ArrayLike, scores: ArrayLike, *, fdr: float = 0.1
) -> NDArray[np.bool_]:
    """List members whose scores show more than chance, with a bounded rate of error.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members. Of one attack that was chosen without
        looking at these records. For persons with several rows, one score for each.
    fdr : float, default=0.1
        False discovery rate: the share of the list that may be there by chance, on
        average, in (0, 1).

    Returns
    -------
    ndarray of bool of shape (n_records,)
        True for the members on the list. With few non-members it is empty whatever the
        scores are; :func:`fewest_exposed` says so.

    Raises
    ------
    ValueError
        If `fdr` is out of range, membership is not binary or has one side only,
        lengths differ, or a score is not finite.

    See Also
    --------
    membership_p_values : What the list is made of.
    most_by_chance : How many of the list may be there by chance, at most.
    skmia.audit.AuditReport.exposed : The list of an audit, by name.

    Notes
    -----
    Every record on the list is a member. What may be wrong is that the model shows it:
    a record is listed by chance where its training on it has not moved its score, so
    that it would be listed as well had it been left out. The mean over audits of the
    share of those on the list is at most `fdr`; it is exact in small samples, with ties
    and with members who differ in how well they are remembered. It takes members and
    non-members that are a random split of one population.

    It is not the share of wrong accusations of somebody who does not know the members.
    That depends on how rare members are among those who are tried, and is
    ``1 - ppv_at_prior(...)``.

    References
    ----------
    Benjamini and Hochberg, "Controlling the False Discovery Rate", JRSS B 57(1), 1995.

    Bates, Candès, Lei, Romano and Sesia, "Testing for Outliers with Conformal
    p-values", Annals of Statistics 51(1), 2023. https://arxiv.org/abs/2104.08279

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.metrics import exposed_members
    >>> rng = np.random.default_rng(0)
    >>> member = np.arange(2000) < 1000
    >>> moved = np.arange(2000) < 100
    >>> listed = exposed_members(member, rng.normal(size=2000) + 6 * moved)
    >>> bool(listed[moved].mean() > 0.9), bool(listed[~member].any())
    (True, False)
    """
    fdr = check_real(fdr, "fdr", 0, 1, closed="neither")
    lowest = least_false_discovery_rates(membership, scores)
    return lowest <= round(fdr, _DIGITS)


def fewest_exposed(n_members: int, n_nonmembers: int, fdr: float) -> int | None:
    """Count how many members a list has at least, where it is not empty.

    Parameters
    ----------
    n_members, n_nonmembers : int
        Number of records on either side, at least 1.
    fdr : float
        False discovery rate of the list, in (0, 1).

    Returns
    -------
    int or None
        So many members have to be above all non-members before anybody is listed. None
        where there are too few non-members for any list.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    exposed_members : Makes the list.

    Examples
    --------
    >>> from skmia.metrics import fewest_exposed
    >>> fewest_exposed(1000, 1000, 0.1), fewest_exposed(1000, 5, 0.1)
    (10, None)
    """
    n_members = check_integer(n_members, "n_members", 1)
    n_nonmembers = check_integer(n_nonmembers, "n_nonmembers", 1)
    fdr = check_real(fdr, "fdr", 0, 1, closed="neither")
    needed = math.ceil(round(n_members / ((n_nonmembers + 1) * fdr), _DIGITS))
    return needed if needed <= n_members else None


def most_by_chance(
    n_members: int,
    n_nonmembers: int,
    n_above: int,
    *,
    fdr: float = 0.1,
    confidence_level: float = 0.95,
) -> int:
    """Bound how many of the members above a threshold are there by chance.

    Parameters
    ----------
    n_members, n_nonmembers : int
        Number of records on either side, at least 1.
    n_above : int
        Number of non-members at the threshold or above it.
    fdr : float, default=0.1
        False discovery rate of the lists that the bound holds for together: with up to
        this share of the non-members above the threshold.
    confidence_level : float, default=0.95
        Chance that the bound holds for all of these thresholds at once, and so for one
        that was chosen by the same scores.

    Returns
    -------
    int
        At most so many members would have been above the threshold had the model not
        been trained on them.

    Raises
    ------
    ValueError
        If an argument is out of range, or more than a share `fdr` of the non-members
        are above the threshold.

    See Also
    --------
    exposed_members : The list whose length it is taken off.

    Notes
    -----
    The number of members that stand before the k-th non-member has a distribution of
    its own where all orders are equally likely. The bound grows with k as its mean and
    standard deviation do; how many standard deviations it takes is simulated.

    References
    ----------
    Gazin, Blanchard and Roquain, "Transductive Conformal Inference with Adaptive
    Scores", AISTATS 2024. https://arxiv.org/abs/2310.18108

    Examples
    --------
    >>> from skmia.metrics import most_by_chance
    >>> 3 < most_by_chance(1000, 1000, 3) < 20
    True
    """
    n_members = check_integer(n_members, "n_members", 1)
    n_nonmembers = check_integer(n_nonmembers, "n_nonmembers", 1)
    n_above = check_integer(n_above, "n_above", 0)
    fdr = check_real(fdr, "fdr", 0, 1, closed="neither")
    error = check_confidence_level(confidence_level)
    most = math.floor(round((n_nonmembers + 1) * fdr, _DIGITS))
    if n_above > most:
        raise ValueError(
            f"The 'n_above' parameter must be at most {most}, the non-members that a "
            f"list at fdr={fdr} may have above its threshold. Got {n_above} instead."
        )
    grid = _grid(min(most, n_nonmembers - 1))
    if n_above > grid[-1]:
        return n_members
    reach = _reach(n_members, n_nonmembers, int(grid[-1]), error)
    ahead = grid[np.searchsorted(grid, n_above)]
    mean, deviation = _spread(n_members, n_nonmembers, ahead)
    return int(min(n_members, math.floor(mean + reach * deviation)))


def _grid(most: int) -> NDArray[np.intp]:
    """Numbers of non-members above the threshold, up to `most`."""
    found = [*range(min(most, _SMALLEST) + 1)]
    while found[-1] < most:
        found.append(min(most, math.ceil(found[-1] * _STEP)))
    return np.array(found, dtype=np.intp)


def _spread(n_members: int, n_nonmembers: int, n_above: ArrayLike) -> FloatArray:
    """Mean and standard deviation of the members before one non-member more.

    Those of the negative hypergeometric distribution, but for its end.
    """
    ratio = n_members / (n_nonmembers + 1)
    ahead = np.asarray(n_above) + 1.0
    return np.array([ratio * ahead, np.sqrt(ratio * (1 + ratio) * ahead)])


@lru_cache(maxsize=64)
def _reach(n_members: int, n_nonmembers: int, most: int, error: float) -> float:
    """How many standard deviations hold for all thresholds together."""
    rng = np.random.RandomState(0)
    grid = _grid(most)
    means, deviations = _spread(n_members, n_nonmembers, grid)
    before = np.zeros(_N_DRAWS, dtype=np.int64)
    at, highest = np.zeros(_N_DRAWS), np.full(_N_DRAWS, -np.inf)
    seen = 0
    for k, mean, deviation in zip(grid, means, deviations, strict=True):
        # Where the next of the non-members stands among numbers between 0 and 1, and
        # how many members stand before it.
        step = rng.beta(k + 1 - seen, n_nonmembers - k, size=_N_DRAWS) * (1 - at)
        before += rng.binomial(n_members - before, step / (1 - at))
        at, seen = at + step, k + 1
        highest = np.maximum(highest, (before - mean) / deviation)
    # The next draw above this one: no more than `error` of such draws are above it.
    last = math.ceil((1 - error) * (_N_DRAWS + 1))
    return float(np.sort(highest)[min(last, _N_DRAWS) - 1])
