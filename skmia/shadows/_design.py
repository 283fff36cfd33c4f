"""Which record is in which shadow model's training set."""

import numpy as np
from numpy.typing import NDArray

from skmia.utils._validation import check_integer, check_real

BoolArray = NDArray[np.bool_]


def check_design_parameters(n_shadows: object, train_size: object) -> None:
    """Raise unless there are two shadows or more and a share in (0, 1).

    One shadow cannot compare: one side holds a record, the other does not.
    """
    check_integer(n_shadows, "n_shadows", 2)
    check_real(train_size, "train_size", 0, 1, closed="neither")


def auto_train_size(membership: NDArray, n_shadows: int) -> float:
    """The target's own share of the pool, with two shadows on each side.

    Shadows of another training share than the target's misplace the IN and OUT
    distributions. The share is kept within [2 / n_shadows, 1 - 2 / n_shadows], so
    that every record is in two shadows at least and out of two at least; with
    fewer than four shadows, or no members to tell, it is a half.

    Parameters
    ----------
    membership : ndarray of bool of shape (n_records,)
        Which records the target was fitted on.
    n_shadows : int
        How many shadow models will be fitted.

    Returns
    -------
    float
        A training share for :func:`fit_shadows`.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import auto_train_size
    >>> auto_train_size(np.arange(10) < 8, n_shadows=16)
    0.8
    >>> auto_train_size(np.arange(10) < 8, n_shadows=4)
    0.5
    """
    share = float(np.mean(membership)) if len(membership) else 0.0
    if n_shadows < 4 or not 0 < share < 1:
        return 0.5
    edge = 2 / n_shadows
    return float(np.clip(share, edge, 1 - edge))


def _systematic(
    probability: NDArray[np.float64], order: NDArray[np.intp], start: float
) -> BoolArray:
    """One fixed-size draw: record i is taken with `probability[i]`.

    Systematic sampling along `order`: every stretch of it gets its expected number
    of records, rounded up or down, which is what makes the draw stratified when
    `order` goes class by class. Certain records (probability 0 or 1) stay certain.
    """
    # Rounded, since sums of 0.5 and the like must not drift across an integer.
    steps = np.round(np.cumsum(probability[order]), 9)
    taken = np.floor(steps + start) > np.floor(np.r_[0.0, steps[:-1]] + start)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = taken
    return chosen


def draw_design(
    classes: NDArray,
    n_shadows: int,
    train_size: float,
    random_state: np.random.RandomState,
) -> BoolArray:
    """Membership of every unit in every shadow, balanced both ways.

    At a half, shadows 2j and 2j + 1 are complementary: 2j takes a random half of
    each class (rounded up or down) and 2j + 1 the rest, so every unit is in exactly
    half of an even number of shadows. At another share s every unit is in
    ``s * n_shadows`` shadows, rounded up or down at random, and every shadow has
    close to that share of each class. A class of a single unit follows the same
    rule: the shadows without it do not know the class.

    Parameters
    ----------
    classes : ndarray of shape (n_units,)
        Class of each unit.
    n_shadows : int
        Number of shadows.
    train_size : float
        Share of the units in each shadow.
    random_state : RandomState
        Source of the draw.

    Returns
    -------
    ndarray of bool of shape (n_shadows, n_units)
        True where the unit is in the shadow's training set.
    """
    n = len(classes)
    member = np.zeros((n_shadows, n), dtype=bool)
    # A share that differs from a half by less than one unit is a half: an odd pool
    # must not lose its complementary pairs.
    paired = abs(train_size * n - n / 2) < 1
    if paired:
        need = np.full(n, 0.5)
    else:
        total = np.full(n, train_size * n_shadows)
        order = _by_class(classes, random_state)
        part = _systematic(total % 1.0, order, random_state.uniform())
        need = np.floor(total) + part
    for k in range(n_shadows):
        order = _by_class(classes, random_state)
        start = random_state.uniform()
        if paired and k % 2:
            member[k] = ~member[k - 1]
        elif paired:
            member[k] = _systematic(need, order, start)
        else:
            # Every unit still has `need` of the remaining shadows to be in.
            member[k] = _systematic(need / (n_shadows - k), order, start)
            need = need - member[k]
    return member


def _by_class(
    classes: NDArray, random_state: np.random.RandomState
) -> NDArray[np.intp]:
    """Units class after class, in random order within each."""
    shuffled = random_state.permutation(len(classes))
    return shuffled[np.argsort(classes[shuffled], kind="stable")]


def partners(member: BoolArray) -> NDArray[np.intp]:
    """Each shadow's complementary twin, or -1.

    A shadow and its twin give each other's membership away, so whatever treats one
    as a target must leave the other out.
    """
    n_shadows = len(member)
    twin = np.full(n_shadows, -1, dtype=np.intp)
    first = np.arange(0, n_shadows - 1, 2)
    complementary = first[
        (member[first] != member[first + 1]).all(axis=1)
        if len(first)
        else np.zeros(0, dtype=bool)
    ]
    twin[complementary] = complementary + 1
    twin[complementary + 1] = complementary
    return twin
