"""Whether shadow models are something to compare a target with.

What a target has learnt may reach its shadows past their training rows: in a fitted
part that a clone carries over, in a file that a step reads, in features that were made
with the members' labels. No walk through the model finds all of these ways.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t

from skmia.metrics import roc_auc, roc_auc_interval
from skmia.signals import BoolArray, FloatArray

# Records whose sums are made at a time.
_BLOCK = 2**14
# An AUC that is both above this and surely above chance is no accident.
_MIN_AUC = 0.55
_CONFIDENCE_LEVEL = 0.999

# What is compared of the logits of the true class, and the least difference that
# matters. Logits are bounded, or those of saturated answers would outweigh all others.
_BOUND = 10.0
# The accuracy is not compared: of networks that are hardly trained it jumps.
_PROBA, _LOGIT = "probability of the true class", "logit"
_MATTERS = {_PROBA: 0.02, _LOGIT: 0.2}
# What a logit moves, a probability does by a quarter of it at most.
_STEEPEST = {_PROBA: 0.25, _LOGIT: 1.0}
# Answers may be further from those of the shadows, record by record, and the mean be
# the same. Distances are compared by their logarithm.
_APART = "distance of the probability of the true class from what the shadows agree on"
_MATTERS_APART, _LEAST_APART, _SPREAD_APART = np.log(1.2), 0.01, 0.06
# Chance of a difference in any of them between a model and shadows fitted alike.
_ERROR = 0.005
_N_COMPARED = 2 * (len(_MATTERS) + 1)


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
    return any(bool((row != values[0]).any()) for row in values[1:])


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
    n_shadows, n_records = member.shape
    total = np.zeros(n_records)
    # So many records stay in cache while the shadows are added up.
    for start in range(0, n_records, _BLOCK):
        block = slice(start, start + _BLOCK)
        for row, held in zip(values[:, block], member[:, block], strict=True):
            total[block] += row * ~held
    return total / np.maximum(n_shadows - member.sum(axis=0), 1)


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


@dataclass(frozen=True)
class Difference:
    """In what a target differs from its shadows.

    Parameters
    ----------
    what : str
        What was averaged: the probability or the logit of the true class, or
        the distance of the probability from what the shadows agree on.
    inside : bool
        Over the rows that a model was trained on, or over the others.
    target, shadows : float
        The mean of the target, and the mean of the shadows on the same rows.

    See Also
    --------
    find_difference : Makes it.

    Examples
    --------
    >>> from skmia.shadows import Difference
    >>> Difference("logit", True, 0.5, 1.0).what
    'logit'
    """

    what: str
    inside: bool
    target: float
    shadows: float


def find_difference(
    values: FloatArray,
    membership: BoolArray,
    shadow_values: NDArray[np.floating],
    shadow_member: BoolArray,
    labels: NDArray | None = None,
) -> Difference | None:
    """Find in what a target differs from shadows that were to be fitted like it.

    Among models that were fitted alike, on random parts of the same rows, one more is
    as far from the mean of the others as they are from each other. A target that was
    fitted on other rows, or in another way, is not, and attacks that compare it with
    these shadows underestimate leakage.

    Parameters
    ----------
    values : ndarray of shape (n_records,)
        Logits of the true class under the target.
    membership : ndarray of bool of shape (n_records,)
        Members of the target.
    shadow_values : ndarray of shape (n_shadows, n_records)
        Logits under the shadows, two at least.
    shadow_member : ndarray of bool of shape (n_shadows, n_records)
        Who was in which shadow.
    labels : ndarray of shape (n_records,), default=None
        Classes of the records. Shadows have as much of each as the pool, and the target
        may have more or less of a rare one by chance: it is given that much.

    Returns
    -------
    Difference or None
        The least likely difference; None where chance may explain them all.

    See Also
    --------
    informed_auc : Whether the shadows know the target's members.

    Notes
    -----
    Every model is compared, record by record, with the others on the same side of that
    record. With more rows, the means of either side move towards each other, by no more
    than the gap between them: where the target was fitted on more or fewer rows than
    the shadows, a difference of that size is left to it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import find_difference
    >>> rng = np.random.default_rng(0)
    >>> member = rng.permuted(np.tile([True, False], (9, 500)), axis=1)
    >>> logits = rng.normal(size=member.shape) + member
    >>> find_difference(logits[0], member[0], logits[1:], member[1:]) is None
    True
    >>> find_difference(-logits[0], member[0], logits[1:], member[1:]).inside
    True
    """
    found, least = None, _ERROR / _N_COMPARED
    by_classes = _shift_by_classes(membership, shadow_member, labels)
    n_theirs = shadow_member.sum() / len(shadow_member)
    # How many times as many rows the shadows had.
    ratio = float(max(n_theirs, 1) / max(membership.sum(), 1))
    for what, matters in _MATTERS.items():
        ours, theirs = _transform(what, values), _transform(what, shadow_values)
        sides = {
            inside: _compare(
                ours, membership == inside, theirs, shadow_member == inside
            )
            for inside in (True, False)
        }
        one, other = sides[True], sides[False]
        gap = 0.0 if one is None or other is None else one.agreed - other.agreed
        for inside, side in sides.items():
            if side is None:
                continue
            allowed = abs(gap * (1 - ratio)) + _STEEPEST[what] * by_classes
            chance = side.chance_of_shift(matters, allowed)
            if chance < least:
                mean = side.agreed + side.shift
                found, least = Difference(what, inside, mean, side.agreed), chance
            if what == _PROBA:
                chance = side.chance_of_distance(ratio, allowed)
                if chance < least:
                    theirs_apart = float(side.shadow_distances.mean())
                    found = Difference(_APART, inside, side.distance, theirs_apart)
                    least = chance
    return found


@dataclass(frozen=True)
class _Side:
    """How far a target and each shadow are from the other shadows, on one side.

    Means of the differences, and their root mean squares; `agreed` is the mean of what
    the shadows say of the target's rows.
    """

    agreed: float
    shift: float
    distance: float
    shadow_shifts: FloatArray
    shadow_distances: FloatArray

    def chance_of_shift(self, matters: float, allowed: float) -> float:
        """The chance of such a shift, beyond what the number of rows may do."""
        beyond = abs(self.shift) - allowed
        if beyond < matters:
            return 1.0
        # Of fully grown trees all shadows are right about all of their rows.
        spread = max(float(np.sqrt((self.shadow_shifts**2).mean())), matters / 4)
        return float(2 * t.sf(beyond / spread, len(self.shadow_shifts) - 1))

    def chance_of_distance(self, ratio: float, allowed: float) -> float:
        """The chance of so much or so little distance from the other shadows."""
        # What the number of rows shifts is in the distance, too.
        least = np.sqrt(max(self.distance**2 - allowed**2, 0))
        low, high = np.log(least + _LEAST_APART), np.log(self.distance + _LEAST_APART)
        theirs = np.log(self.shadow_distances + _LEAST_APART)
        beyond = max(low - theirs.mean(), theirs.mean() - high) - abs(np.log(ratio))
        if beyond < _MATTERS_APART:
            return 1.0
        spread = max(float(theirs.std(ddof=1)), _SPREAD_APART)
        # One more draw, beside a mean of several.
        reach = np.sqrt(1 + 1 / len(theirs))
        return float(2 * t.sf(beyond / (spread * reach), len(theirs) - 1))


def _compare(
    ours: NDArray[np.floating],
    of: BoolArray,
    theirs: NDArray[np.floating],
    sides: BoolArray,
) -> _Side | None:
    """Compare on the target's rows `of`, with the shadows that have them on a side."""
    count = sides.sum(axis=0)
    total = np.where(sides, theirs, 0).sum(axis=0, dtype=np.float64)
    rows = of & (count > 0)
    shifts, distances = [], []
    for values, side in zip(theirs, sides, strict=True):
        known = side & (count > 1)
        if known.any():
            m = count[known] - 1
            apart = values[known] - (total[known] - values[known]) / m
            shifts.append(apart.mean())
            distances.append(_root_mean_square(apart, m))
    if not rows.any() or len(shifts) < 2:
        return None
    m = count[rows]
    apart = ours[rows] - total[rows] / m
    return _Side(
        agreed=float((total[rows] / m).mean()),
        shift=float(apart.mean()),
        distance=_root_mean_square(apart, m),
        shadow_shifts=np.array(shifts),
        shadow_distances=np.array(distances),
    )


def _root_mean_square(apart: FloatArray, m: NDArray[np.integer]) -> float:
    """Distance from the mean of `m` others, less what is random in that mean."""
    return float(np.sqrt((apart**2 / (1 + 1 / m)).mean()))


def _shift_by_classes(
    membership: BoolArray, shadow_member: BoolArray, labels: NDArray | None
) -> float:
    """How far logits of the true class move by how much of each class was learnt."""
    if labels is None:
        return 0.0
    classes = np.unique(labels, return_inverse=True)[1]
    n_classes = classes.max() + 1
    pool = np.bincount(classes) / len(classes)
    # Half a row more on either side, as a class may be missing.
    ours = np.bincount(classes[membership], minlength=n_classes) + 0.5
    weight = shadow_member.mean(axis=0)
    theirs = np.bincount(classes, weights=weight, minlength=n_classes) + 0.5
    ours, theirs = ours / ours.sum(), theirs / theirs.sum()
    moves = np.log(ours / (1 - ours)) - np.log(theirs / (1 - theirs))
    return float(np.sqrt((pool * moves**2).sum()))


def _transform(what: str, values: NDArray[np.floating]) -> NDArray[np.floating]:
    return expit(values) if what == _PROBA else np.clip(values, -_BOUND, _BOUND)
