"""Which record is in which shadow model's training set."""

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]


def auto_train_size(membership: NDArray, n_shadows: int) -> float:
    """Return the target's own fraction of the pool, with two shadows on each side.

    Shadows of another training fraction than the target's misplace the IN and OUT
    distributions. The fraction is kept within [2 / n_shadows, 1 - 2 / n_shadows], so
    that every record is in two shadows at least and out of two at least; with
    fewer than four shadows, or no members, it is a half.

    Parameters
    ----------
    membership : ndarray of bool of shape (n_records,)
        Which records the target was fitted on.
    n_shadows : int
        How many shadow models will be fitted.

    Returns
    -------
    float
        A ``train_size`` for :class:`ShadowModels`.

    See Also
    --------
    ShadowModels : Where ``train_size="auto"`` asks for it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import auto_train_size
    >>> auto_train_size(np.arange(10) < 8, n_shadows=16)
    0.8
    >>> auto_train_size(np.arange(10) < 8, n_shadows=4)
    0.5
    """
    fraction = float(np.mean(membership)) if len(membership) else 0.0
    if n_shadows < 4 or not 0 < fraction < 1:
        return 0.5
    edge = 2 / n_shadows
    return float(np.clip(fraction, edge, 1 - edge))


def _systematic(
    need: NDArray[np.int64],
    out_of: int,
    order: NDArray[np.intp],
    random_state: np.random.RandomState,
) -> BoolArray:
    """One fixed-size draw: unit i is taken with probability ``need[i] / out_of``.

    Systematic sampling along `order`: every stretch of it gets its expected number
    of units, rounded up or down, which is what makes the draw stratified when
    `order` goes class by class. In whole numbers, so that a certain unit is certain.
    """
    after = np.cumsum(need[order]) + random_state.randint(out_of)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = after // out_of > (after - need[order]) // out_of
    return chosen


def draw_design(
    classes: NDArray,
    n_shadows: int,
    train_size: float,
    random_state: np.random.RandomState,
    *,
    units: NDArray[np.intp] | None = None,
) -> BoolArray:
    """Draw which record is in which shadow's training set, balanced both ways.

    Parameters
    ----------
    classes : ndarray of int of shape (n_records,)
        Class of each record, as a number from 0.
    n_shadows : int
        Number of shadows.
    train_size : float
        Fraction of the records in each shadow.
    random_state : RandomState
        Source of the draw.
    units : ndarray of int of shape (n_records,), default=None
        What is drawn whole, as numbers from 0: the records of a person, or those of
        equal content. By default every record is drawn by itself.

    Returns
    -------
    ndarray of bool of shape (n_shadows, n_records)
        True where the record is in the shadow's training set.

    See Also
    --------
    fit_shadows : Fits a shadow on each row of such a design.

    Notes
    -----
    At a half, shadows 2j and 2j + 1 are complementary: 2j takes a random half of
    each class (rounded up or down) and 2j + 1 the rest, so every record is in exactly
    half of an even number of shadows. At another fraction f every record is in
    ``f * n_shadows`` shadows, rounded up or down at random, and every shadow has
    close to that fraction of each class. A class of a single record follows the same
    rule: the shadows without it do not know the class.

    Units of several records are drawn alike for their commonest class, and among these
    for about their number of records and about the fraction of that class: a shadow has
    close to the fraction of the records, too, as far as single units are not a large
    part of all.

    Examples
    --------
    >>> import numpy as np
    >>> from skmia.shadows import draw_design
    >>> classes = np.array([0, 0, 0, 0, 1, 1])
    >>> member = draw_design(classes, 4, 0.5, np.random.RandomState(0))
    >>> member.sum(axis=0)
    array([2, 2, 2, 2, 2, 2])
    >>> member.sum(axis=1)
    array([3, 3, 3, 3])
    """
    if units is not None:
        strata = _strata(classes, units)
        return _draw(strata, n_shadows, train_size, random_state)[:, units]
    return _draw([classes], n_shadows, train_size, random_state)


def _draw(
    strata: list[NDArray],
    n_shadows: int,
    train_size: float,
    random_state: np.random.RandomState,
) -> BoolArray:
    n = len(strata[0])
    member = np.zeros((n_shadows, n), dtype=bool)
    # A fraction that differs from a half by less than one unit is a half: an odd pool
    # must not lose its complementary pairs.
    if abs(train_size * n - n / 2) < 1:
        half = np.ones(n, dtype=np.int64)
        for k in range(0, n_shadows, 2):
            order = _by_stratum(strata, random_state)
            member[k] = _systematic(half, 2, order, random_state)
            member[k + 1 : k + 2] = ~member[k]
        return member
    # In how many of the remaining shadows each unit has yet to be. The rest is a
    # number of 2 ** 30ths, so that 0.29 of 100 shadows is 29 of them.
    whole, rest = divmod(round(train_size * n_shadows * 2**30), 2**30)
    order = _by_stratum(strata, random_state)
    one_more = _systematic(np.full(n, rest), 2**30, order, random_state)
    need = whole + one_more.astype(np.int64)
    for k in range(n_shadows):
        order = _by_stratum(strata, random_state)
        member[k] = _systematic(need, n_shadows - k, order, random_state)
        need -= member[k]
    return member


def steps_of(most: int, train_size: float, fewest: int) -> list[int]:
    """Numbers of shadows at which it is asked whether there are enough.

    They double, and begin where every record can be in two shadows and out of two.
    """
    steps = [fewest]
    while steps[0] * min(train_size, 1 - train_size) < 2 - 1e-9 and steps[0] < most:
        steps[0] *= 2
    while steps[-1] < most:
        steps.append(2 * steps[-1])
    return [*steps[:-1], most]


def draw_in_steps(
    classes: NDArray,
    steps: list[int],
    train_size: float,
    random_state: np.random.RandomState,
    *,
    units: NDArray[np.intp] | None = None,
) -> BoolArray:
    """Draw a design whose first rows are one as well, at each of these numbers.

    At a half it is that of `draw_design`, in whole pairs; else what each step adds is
    balanced by itself.
    """
    n = len(classes) if units is None else int(units.max()) + 1
    added = np.diff(steps, prepend=0)
    if abs(train_size * n - n / 2) < 1:
        added = np.array([steps[-1]])
    return np.concatenate(
        [
            draw_design(classes, int(k), train_size, random_state, units=units)
            for k in added
        ]
    )


def _strata(classes: NDArray, units: NDArray[np.intp]) -> list[NDArray]:
    """Commonest class of each unit, size in powers of 2, and fraction of that class."""
    n_units, n_classes = units.max() + 1, classes.max() + 1
    cells, counts = np.unique(units * n_classes + classes, return_counts=True)
    of = cells // n_classes
    # The last entry of each unit is its commonest class, once they are sorted so.
    order = np.lexsort([counts, of])
    last = order[np.flatnonzero(np.diff(of[order], append=n_units))]
    size = np.bincount(of, weights=counts)
    finer = np.log2(size).astype(np.intp), (4 * counts[last] / size).astype(np.intp)
    # Numbered without gaps: units of one record are drawn as records are.
    numbered = [np.unique(key, return_inverse=True)[1] for key in finer]
    return [cells[last] % n_classes, *numbered]


def _by_stratum(
    strata: list[NDArray], random_state: np.random.RandomState
) -> NDArray[np.intp]:
    """Class after class, the classes and the units of each in random order.

    And within a class by what else there is. Were the classes in one order, neighbours
    of a single unit would never be drawn together.
    """
    ranks = [random_state.permutation(key.max() + 1)[key] for key in strata]
    shuffled = random_state.permutation(len(strata[0]))
    return shuffled[np.lexsort([rank[shuffled] for rank in reversed(ranks)])]


def find_complements(member: BoolArray) -> NDArray[np.intp]:
    """Each shadow's complement, or -1.

    A shadow and its complement reveal each other's membership, so whatever uses one
    as a target must leave the other out. They are found wherever they stand; each
    shadow has one at most, the nearest before it that has none yet. Records that are in
    no shadow, such as those of weight 0, do not count.
    """
    drawn = member.any(axis=0)
    complement = np.full(len(member), -1, dtype=np.intp)
    single: dict[bytes, list[int]] = {}
    for k, rows in enumerate(member if drawn.all() else member[:, drawn]):
        opposite = single.get(np.packbits(~rows).tobytes())
        if opposite:
            complement[k] = opposite.pop()
            complement[complement[k]] = k
        else:
            single.setdefault(np.packbits(rows).tobytes(), []).append(k)
    return complement
