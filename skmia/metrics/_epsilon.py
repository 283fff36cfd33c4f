"""Lower bounds on the epsilon, or mu, of differential privacy that an attack proves."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from skmia.metrics._intervals import check_confidence_level, clopper_pearson
from skmia.metrics._ranking import FloatArray, counts_of, vertices_of
from skmia.metrics._sides import Side, sides_of
from skmia.utils import check_integer, check_real, own_random_state

# Of the records, what chooses the threshold. It takes fewer than the bound does.
_CHOOSING = 0.2


def _check_delta(delta: Any) -> float:
    return check_real(delta, "delta", 0, 1, closed="left")


def _log_ratio_bounds(
    true_positives: ArrayLike,
    false_positives: ArrayLike,
    n_members: int,
    n_nonmembers: int,
    delta: float,
    confidence_level: float,
) -> FloatArray:
    """Lower bound of every rule given by its counts; -inf where delta explains it."""
    # Two-sided intervals spend alpha / 2 on each end. Only one end of either is used,
    # so both bounds hold together but with chance alpha. They imply those on TNR and
    # FNR, and so the second ratio costs nothing.
    tpr_low = clopper_pearson(true_positives, n_members, confidence_level).low
    fpr_high = clopper_pearson(false_positives, n_nonmembers, confidence_level).high
    found = np.maximum(np.subtract(tpr_low, delta), 0) / fpr_high
    spared = np.maximum(np.subtract(1 - delta, fpr_high), 0) / np.subtract(1, tpr_low)
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(found, spared))


def epsilon_at_threshold(
    true_positives: int,
    false_positives: int,
    n_members: int,
    n_nonmembers: int,
    *,
    delta: float = 0.0,
    confidence_level: float = 0.95,
) -> float:
    """Compute a lower bound on epsilon from the counts of a rule fixed beforehand.

    A mechanism with (epsilon, delta)-differential privacy allows no attack with
    ``TPR > exp(epsilon) * FPR + delta`` nor with ``TNR > exp(epsilon) * FNR + delta``.

    Parameters
    ----------
    true_positives : int
        Members that the rule flags.
    false_positives : int
        Non-members that the rule flags.
    n_members, n_nonmembers : int
        Records on either side.
    delta : float, default=0.0
        The delta that the bound on epsilon goes with, in [0, 1).
    confidence_level : float, default=0.95
        Chance that the bound is below epsilon.

    Returns
    -------
    float
        The larger of the two bounds, at least 0.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If a count is not an integer.

    See Also
    --------
    epsilon_lower_bound : Chooses the rule without spoiling the bound.

    Notes
    -----
    The error ``alpha = 1 - confidence_level`` is split evenly: the TPR is at least its
    one-sided Clopper-Pearson bound at level ``1 - alpha / 2``, and the FPR at most its
    own. Both ratios follow from these two bounds, so taking the larger needs no
    further correction.

    The bound holds for a rule that was fixed before the counts were seen. The best over
    the thresholds of the same records is no bound. Counts are of independent records:
    of a person with several, one counts.

    References
    ----------
    Jagielski, Ullman and Oprea, "Auditing Differentially Private Machine Learning: How
    Private is Private SGD?", NeurIPS 2020.

    Examples
    --------
    >>> from skmia.metrics import epsilon_at_threshold
    >>> epsilon_at_threshold(500, 0, 500, 500, confidence_level=0.99)
    4.5419...
    """
    n_members = check_integer(n_members, "n_members", 1)
    n_nonmembers = check_integer(n_nonmembers, "n_nonmembers", 1)
    tp = check_integer(true_positives, "true_positives", 0, n_members)
    fp = check_integer(false_positives, "false_positives", 0, n_nonmembers)
    delta = _check_delta(delta)
    check_confidence_level(confidence_level)
    bound = _log_ratio_bounds(tp, fp, n_members, n_nonmembers, delta, confidence_level)
    return float(np.maximum(bound, 0.0))


# The bound of a rule, from its true and false positives and the numbers of records.
Bounds = Callable[[ArrayLike, ArrayLike, int, int], FloatArray]


def _choose_threshold(
    members: FloatArray, nonmembers: FloatArray, bounds_of: Bounds
) -> float:
    """Threshold with the largest bound, halfway down to the next score.

    Both sides are sorted. Halfway, because other records from just below the last one
    flagged here are more likely to be members than those from just above the first one
    spared.
    """
    fpr, tpr, thresholds = vertices_of(members, nonmembers)
    sizes = len(members), len(nonmembers)
    bounds = bounds_of(counts_of(tpr, sizes[0]), counts_of(fpr, sizes[1]), *sizes)
    # The vertices (0, 0) and (1, 1) flag none and all: they prove nothing elsewhere.
    best = 1 + int(np.argmax(bounds[1:-1])) if len(bounds) > 2 else 0
    score, below = thresholds[best], thresholds[best + 1]
    middle = below / 2 + score / 2
    # Neighbouring doubles, and infinity, have no middle.
    return float(middle if below < middle < score else score)


def _draws_of(side: Side) -> Callable[[np.random.RandomState], FloatArray]:
    """A function that draws the scores of a side, one for each person."""
    scores, sizes = side.by_person()
    if len(sizes) == len(scores):
        return lambda rng: scores
    starts = np.cumsum(sizes) - sizes

    def draw(rng: np.random.RandomState) -> FloatArray:
        return scores[
            starts + np.floor(rng.uniform(size=len(sizes)) * sizes).astype(int)
        ]

    return draw


def _median_bound(
    membership: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None,
    bounds_of: Bounds,
    n_splits: int,
    random_state: int | np.random.RandomState | None,
) -> float:
    """Median over splits of the bound of a threshold that other records chose.

    Of each person a split has one record, drawn at random: the counts of records that
    depend on one another are not binomial.
    """
    check_integer(n_splits, "n_splits", 1)
    sides = sides_of(membership, scores, groups)
    sizes = [side.n_persons for side in sides]
    if min(sizes) < 2:
        name = "membership" if groups is None else "groups"
        of_persons = "" if groups is None else ", of as many persons"
        raise ValueError(
            f"The '{name}' parameter needs at least two members and two "
            f"non-members{of_persons}, a part to choose the threshold and one for the "
            f"bound. Got {sizes[0]} and {sizes[1]} instead."
        )
    rng = own_random_state(random_state)
    draws = [_draws_of(side) for side in sides]
    found = []
    for _ in range(n_splits):
        # The sides are in order, so that the draw does not depend on the order of rows.
        parts = [
            np.split(
                draw(rng)[rng.permutation(size)],
                [max(1, round(_CHOOSING * size))],
            )
            for draw, size in zip(draws, sizes, strict=True)
        ]
        choosing, proving = ([part[i] for part in parts] for i in (0, 1))
        members, nonmembers = map(np.sort, choosing)
        threshold = _choose_threshold(members, nonmembers, bounds_of)
        tp, fp = (int((side >= threshold).sum()) for side in proving)
        found.append(float(bounds_of(tp, fp, *map(len, proving))))
    # The lower one of two in the middle.
    return max(sorted(found)[(n_splits - 1) // 2], 0.0)


def _split_level(confidence_level: float, n_splits: int) -> float:
    """Level of the bound of each split: half the error where there are several."""
    alpha = check_confidence_level(confidence_level)
    return confidence_level if n_splits == 1 else 1 - alpha / 2


def epsilon_lower_bound(
    membership: ArrayLike,
    scores: ArrayLike,
    *,
    delta: float = 0.0,
    confidence_level: float = 0.95,
    n_splits: int = 9,
    random_state: int | np.random.RandomState | None = None,
    groups: ArrayLike | None = None,
) -> float:
    """Compute a lower bound on epsilon from the scores of an attack.

    The threshold is chosen on a random fifth of either side, and the bound comes from
    the rest. It is the median over several such splits.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members; two of each or more.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    delta : float, default=0.0
        The delta that the bound on epsilon goes with, in [0, 1).
    confidence_level : float, default=0.95
        Chance that the bound is below epsilon.
    n_splits : int, default=9
        Number of splits. Of several the bounds are at half the error each.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits. The best of several seeds is no bound.
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. Splits are then of persons,
        and one record of each, drawn anew for every split, is counted.

    Returns
    -------
    float
        The bound, at least 0. A bound of 0 proves nothing either way.

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has fewer than two
        records, or persons, on a side, a score is not finite, or a person is missing or
        on both sides.

    See Also
    --------
    epsilon_at_threshold : The bound of one rule, and how the error is split.
    mu_lower_bound : The same for Gaussian differential privacy.

    Notes
    -----
    Where epsilon is no larger than claimed, each split's bound is above it with chance
    ``alpha / 2`` at most, and so half of them are with chance `alpha` at most, however
    the splits depend on one another. One split would leave the bound to the draw.

    The bound cannot exceed what the number of records allows: a perfect attack on 1000
    records per side, a fifth of which choose the threshold, proves 5.2 at 95 %.

    It takes the records for independent draws, each of them a member by a fair coin.
    Records of one training run influence one another, so for a single model the figure
    estimates the leak; it certifies epsilon only over independent runs.

    Rows of one person are no independent draws, and without `groups` a bound of them is
    above 0 most of the time where nothing leaks. With it the bound is on the epsilon of
    a person with all rows, by what one row shows. A promise of epsilon for each row is
    one of k times epsilon for a person with k rows where delta is 0; of one with mu, k
    times mu; else delta grows as well. An attack on all rows of a person
    may prove more: pass its one score for each person, without `groups`, and only where
    the persons of both sides have as many rows.

    References
    ----------
    Jagielski, Ullman and Oprea, "Auditing Differentially Private Machine Learning: How
    Private is Private SGD?", NeurIPS 2020.

    Meinshausen, Meier and Bühlmann, "p-Values for High-Dimensional Regression", JASA
    2009.

    Examples
    --------
    >>> from skmia.metrics import epsilon_lower_bound
    >>> membership = [1] * 1000 + [0] * 1000
    >>> scores = [1] * 750 + [0] * 250 + [1] * 250 + [0] * 750
    >>> bound = epsilon_lower_bound(membership, scores, random_state=0)
    >>> 0.8 < bound < 1.1  # ln(0.75 / 0.25) is 1.0986
    True
    """
    delta = _check_delta(delta)
    level = _split_level(confidence_level, n_splits)

    def bounds_of(
        tp: ArrayLike, fp: ArrayLike, n_members: int, n_nonmembers: int
    ) -> FloatArray:
        return _log_ratio_bounds(tp, fp, n_members, n_nonmembers, delta, level)

    return _median_bound(membership, scores, groups, bounds_of, n_splits, random_state)


def mu_lower_bound(
    membership: ArrayLike,
    scores: ArrayLike,
    *,
    confidence_level: float = 0.95,
    n_splits: int = 9,
    random_state: int | np.random.RandomState | None = None,
    groups: ArrayLike | None = None,
) -> float:
    """Compute a lower bound on mu of Gaussian differential privacy.

    A mechanism with mu-Gaussian differential privacy allows no attack that does better
    than one which tells two normal distributions apart, `mu` standard deviations from
    each other. The bound is made as that of :func:`epsilon_lower_bound`.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members; two of each or more.
    scores : array-like of shape (n_records,)
        Membership evidence, higher for members.
    confidence_level : float, default=0.95
        Chance that the bound is below mu.
    n_splits : int, default=9
        Number of splits. Of several the bounds are at half the error each.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits. The best of several seeds is no bound.
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. Splits are then of persons,
        and one record of each, drawn anew for every split, is counted.

    Returns
    -------
    float
        The bound, at least 0. A bound of 0 proves nothing either way.

    Raises
    ------
    ValueError
        If an argument is out of range, membership is not binary or has fewer than two
        records, or persons, on a side, a score is not finite, or a person is missing or
        on both sides.

    See Also
    --------
    epsilon_lower_bound : The same for epsilon, with what it takes for granted.

    Notes
    -----
    With the FPR and the false negative rate (FNR) at most what their Clopper-Pearson
    bounds say, ``mu >= Phi^-1(1 - FPR) - Phi^-1(FNR)``. For noise that is Gaussian it
    is the closer bound of the two: every threshold shows the whole of mu.

    With `groups` it is on the mu of a person with all rows, as that on epsilon is.

    References
    ----------
    Dong, Roth and Su, "Gaussian Differential Privacy", JRSS B 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.metrics import mu_lower_bound
    >>> membership = np.arange(2000) < 1000
    >>> scores = np.random.default_rng(0).normal(size=2000) + membership
    >>> 0.5 < mu_lower_bound(membership, scores, random_state=0) < 1
    True
    """
    level = _split_level(confidence_level, n_splits)

    def bounds_of(
        tp: ArrayLike, fp: ArrayLike, n_members: int, n_nonmembers: int
    ) -> FloatArray:
        # As for epsilon: one end of either two-sided interval, half the error each.
        tpr_low = clopper_pearson(tp, n_members, level).low
        fpr_high = clopper_pearson(fp, n_nonmembers, level).high
        # Infinite where none is found, or all are accused; the two never cancel.
        return np.asarray(ndtri(tpr_low) - ndtri(fpr_high))

    return _median_bound(membership, scores, groups, bounds_of, n_splits, random_state)
