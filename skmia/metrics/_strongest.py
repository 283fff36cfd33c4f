"""The strongest of several attacks, with an interval that knows it was chosen.

The largest of several figures is too large: of attacks that find nothing, one in many
reads above chance. What is wanted is an interval of the largest of the true figures.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import t

from skmia.metrics._intervals import Interval, check_confidence_level
from skmia.metrics._ranking import FloatArray
from skmia.metrics._registry import Metric, get_metric
from skmia.utils import check_membership

# Of the error of the lower end, what is spent on finding attacks that are behind.
_SPENT_ON_GAPS = 0.1
_N_DRAWS = 2000


class Strongest(NamedTuple):
    """Hold the strongest of several attacks: its name, figure and interval."""

    attack: str
    value: float
    low: float
    high: float


def strongest(
    membership: ArrayLike,
    scores: Mapping[str, ArrayLike],
    metric: str,
    *,
    confidence_level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Strongest:
    """Compute the largest figure of several attacks, and an interval of it.

    The interval is of the largest of the attacks' true figures. It makes up for the
    choice: where no attack finds anything, its lower end is above chance no more often
    than that of a single attack is.

    Parameters
    ----------
    membership : array-like of shape (n_records,)
        True or 1 for members, False or 0 for non-members.
    scores : dict of str to array-like of shape (n_records,)
        The membership evidence of each attack, higher for members.
    metric : str
        Name of the figure, such as ``"auc"`` or ``"tpr@0.01"``; see :func:`get_metric`.
    confidence_level : float, default=0.95
        Level of the interval.
    groups : array-like of shape (n_records,), default=None
        The person of each record, each on one side only. The persons, not their
        records, are then taken for independent draws.

    Returns
    -------
    Strongest
        Named tuple of `attack`, `value`, `low` and `high`; of several attacks with the
        same figure it is the first.

    Raises
    ------
    TypeError
        If `scores` is no dict.
    ValueError
        If there are no scores, an argument is out of range, membership is not binary or
        has one side only, a score is not finite, or the metric is unknown or not
        resolvable with these non-members.

    See Also
    --------
    get_metric : The figure of one attack, and its interval.

    Notes
    -----
    The upper end is the largest of the attacks' own upper ends: the attack that is
    truly the strongest is among them, so it needs no correction.

    The lower end is the largest of the attacks' lower ends at a level at which all of
    them hold together. The level follows from the joint distribution of the figures, as
    normal as DeLong's, with correlations from the same records: attacks that agree
    cost little. An attack counts less the further it is surely behind another, and one
    alone at the top has nearly the interval of a single attack.

    References
    ----------
    Chernozhukov, Lee and Rosen, "Intersection Bounds: Estimation and Inference",
    Econometrica 2013.

    Romano, Shaikh and Wolf, "A Practical Two-Step Method for Testing Moment
    Inequalities", Econometrica 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.metrics import roc_auc_interval, strongest
    >>> rng = np.random.default_rng(0)
    >>> member = np.arange(400) < 200
    >>> scores = {f"attack {i}": rng.normal(size=400) for i in range(8)}
    >>> best = strongest(member, scores, "auc")
    >>> best.low < roc_auc_interval(member, scores[best.attack]).low
    True
    """
    wanted = get_metric(metric)
    check_confidence_level(confidence_level)
    if not isinstance(scores, Mapping):
        raise TypeError(
            "The 'scores' parameter must be a dict of attack name to one score per "
            f"record. Got {scores!r} instead."
        )
    if not scores:
        raise ValueError(
            "The 'scores' parameter must have one attack at least. Got none instead."
        )
    is_member = check_membership(membership)
    wanted.check_resolvable(int((~is_member).sum()))
    settings: dict[str, Any] = {} if groups is None else {"groups": groups}

    def ends(level: float) -> list[Interval]:
        return [
            wanted.interval(is_member, values, confidence_level=level, **settings)
            for values in scores.values()
        ]

    level = joint_level(
        wanted.name,
        [is_member],
        [scores],
        units=None if groups is None else [groups],
        confidence_level=confidence_level,
    )
    figures = {name: wanted.value(is_member, values) for name, values in scores.items()}
    best = max(figures, key=figures.__getitem__)
    return Strongest(
        best,
        figures[best],
        max(low for low, _ in ends(level)),
        max(high for _, high in ends(confidence_level)),
    )


def joint_level(
    metric: str,
    memberships: Sequence[ArrayLike],
    scores: Sequence[Mapping[str, ArrayLike]],
    *,
    units: Sequence[ArrayLike] | None = None,
    confidence_level: float = 0.95,
) -> float:
    """Compute the level at which the lower ends of several attacks hold together.

    At this level the largest of the lower ends of the attacks' intervals is above the
    largest of their true figures with chance ``(1 - confidence_level) / 2``.

    Parameters
    ----------
    metric : str
        Name of the figure, such as ``"auc"`` or ``"tpr@0.01"``.
    memberships : sequence of array-like of bool
        True for members, for the records of each audited model. Figures are means over
        the models.
    scores : sequence of dict of str to array-like
        The membership evidence of each attack, for each model the same attacks.
    units : sequence of array-like, default=None
        For each model what is drawn independently: the person of each record, or the
        record where one is there for several models. None where every record of every
        model is.
    confidence_level : float, default=0.95
        Level of the interval of the largest figure.

    Returns
    -------
    float
        A level, at least about `confidence_level`.

    See Also
    --------
    strongest : Uses it.

    Notes
    -----
    One unit as a member and as a non-member, of different models, counts as two.

    Examples
    --------
    >>> from skmia.metrics import joint_level
    >>> member = [1] * 4 + [0] * 4
    >>> one, other = [4, 2, 4, 1, 3, 2, 1, 0], [1, 3, 4, 2, 2, 0, 3, 1]
    >>> joint_level("auc", [member], [{"a": one, "b": other}])
    0.97...
    """
    n_attacks = len(scores[0])
    if n_attacks == 1:
        return confidence_level
    wanted = get_metric(metric)
    parts = [
        (np.asarray(member, dtype=bool), [np.asarray(v) for v in each.values()])
        for member, each in zip(memberships, scores, strict=True)
    ]
    figures = np.mean([[wanted.value(m, v) for v in each] for m, each in parts], axis=0)
    added = _added(wanted, parts, units)
    covariance = added.T @ added
    # No figure is surer than half a record allows: attacks that found nobody, or
    # everybody, have no spread of their own.
    variance = np.maximum(np.diag(covariance), 0.5 / len(added) ** 2)
    np.fill_diagonal(covariance, variance)
    return _level_of(figures, covariance, confidence_level, _isf)


def joint_level_of_means(
    figures: ArrayLike,
    covariance: ArrayLike,
    df: float,
    *,
    confidence_level: float = 0.95,
) -> float:
    """Compute that level for means whose covariance was estimated.

    Parameters
    ----------
    figures : array-like of shape (n_attacks,)
        The figure of each attack.
    covariance : array-like of shape (n_attacks, n_attacks)
        That of their errors.
    df : float
        Its degrees of freedom.
    confidence_level : float, default=0.95
        Level of the interval of the largest figure.

    Returns
    -------
    float
        A level for Student's intervals of the means, at least about `confidence_level`.

    See Also
    --------
    joint_level : The same for figures of one draw of records.

    Examples
    --------
    >>> from skmia.metrics import joint_level_of_means
    >>> round(joint_level_of_means([0.6, 0.6], [[1e-4, 0], [0, 1e-4]], df=30), 2)
    0.98
    """
    values, matrix = np.asarray(figures, float), np.array(covariance, float)
    if len(values) == 1:
        return confidence_level
    # Figures that never change have no spread of their own, nor any in common.
    np.fill_diagonal(matrix, np.maximum(np.diag(matrix), 1e-24))
    return _level_of(values, matrix, confidence_level, partial(_isf_of_t, df=df))


def _isf(error: float) -> float:
    return -float(ndtri(error))


def _isf_of_t(error: float, df: float) -> float:
    return float(t.isf(error, df))


def _level_of(
    figures: FloatArray,
    covariance: FloatArray,
    confidence_level: float,
    isf: Callable[[float], float],
) -> float:
    """The level, by the covariance of the figures; `isf` is of a difference of two."""
    deviation = np.sqrt(np.diag(covariance))
    # Rounded, so that the order of the rows does not show in the last digits.
    correlation = (covariance / np.outer(deviation, deviation)).round(9)
    tail = (1 - confidence_level) / 2
    behind = _behind(figures, covariance, tail * _SPENT_ON_GAPS, isf) / deviation
    reach = _joint_quantile(correlation, behind.round(9), tail * (1 - _SPENT_ON_GAPS))
    return float(1 - 2 * ndtr(-reach))


def _added(
    metric: Metric,
    parts: Sequence[tuple[NDArray[np.bool_], Sequence[FloatArray]]],
    units: Sequence[ArrayLike] | None,
) -> FloatArray:
    """What each unit adds to the error of each attack's mean: a row for each unit."""
    added = [
        np.stack([metric.influence(member, values) for values in each], axis=1)
        for member, each in parts
    ]
    joined = np.concatenate(added) / len(parts)
    if units is None:
        return joined
    names = np.concatenate([np.asarray(of) for of in units])
    unit = np.unique(names, return_inverse=True)[1]
    side = np.concatenate([member for member, _ in parts])
    unit = np.unique(2 * unit + side, return_inverse=True)[1]
    return np.stack([np.bincount(unit, column) for column in joined.T], axis=1)


def _behind(
    figures: FloatArray,
    covariance: FloatArray,
    error: float,
    isf: Callable[[float], float],
) -> FloatArray:
    """How far each attack is surely behind another, all but with chance `error`."""
    n = len(figures)
    variance = np.diag(covariance)
    apart = variance[:, None] + variance[None, :] - 2 * covariance
    reach = isf(error / (n * (n - 1))) * np.sqrt(np.maximum(apart, 0))
    gaps = figures[None, :] - figures[:, None] - reach
    np.fill_diagonal(gaps, 0.0)
    return np.maximum(gaps, 0.0).max(axis=1)


def _joint_quantile(correlation: FloatArray, behind: FloatArray, error: float) -> float:
    """Solve for c: some normal number is above c by `behind`, with chance `error`.

    The chance of at least one is the sum over all of them of the chance of that one,
    times the mean of one over how many there are then. Draws are made given that the
    one is there, which is exact for a single one and steady in the far tail.
    """
    near = behind < 8
    behind, correlation = behind[near], correlation[np.ix_(near, near)]
    n = len(behind)
    rng = np.random.RandomState(0)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    free = rng.normal(size=(_N_DRAWS, n)) @ root.T
    rank = (rng.permutation(_N_DRAWS) + 0.5) / _N_DRAWS

    def excess(c: float) -> float:
        edges = c + behind
        chance = ndtr(-edges)
        total = 0.0
        for j in range(n):
            given = -ndtri(rank * chance[j])
            drawn = free + np.outer(given - free[:, j], correlation[j])
            drawn[:, j] = given
            total += chance[j] * float((1 / (drawn >= edges).sum(axis=1)).mean())
        return total - error

    # One of them is at the top; all together are no likelier than their sum.
    ends = _isf(error) - 0.1, _isf(error / n) + 0.1
    return float(brentq(excess, *ends, xtol=1e-4))
