"""Rows of one person: who they belong to, and what is drawn or seen with them.

A person may be a patient, a customer or a household: whatever comes with several rows
that are trained on together.
"""

import numbers
from collections.abc import Hashable, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from skmia._tables._content import any_copy, content_groups
from skmia._tables._value_bits import Hashes

Persons = NDArray[np.intp]  # a number for each row, equal for rows of one person
Names = list[Hashable]  # of the persons, by number

# Persons that equal rows join are drawn together up to this fraction of the rows. Where
# the rows take few values, they would join all persons.
_MOST_JOINED = 0.05


def encode_groups(groups: Any, n: int, name: str = "groups") -> tuple[Persons, Names]:
    """Number the persons by first appearance, and check that every row has one.

    Raises
    ------
    TypeError
        If `groups` is no array of one name per row, or a name is not hashable.
    ValueError
        If its length is not `n`, or a name is missing.
    """
    names = _as_list(groups, name)
    if len(names) != n:
        raise ValueError(
            f"The '{name}' parameter must name the person of each of {n} rows. Got "
            f"{len(names)} names instead."
        )
    number: dict[Hashable, int] = {}
    try:
        codes = [number.setdefault(value, len(number)) for value in names]
    except TypeError as error:
        raise TypeError(
            f"The '{name}' parameter must hold names that are hashable, such as int or "
            f"str. Got {error} instead."
        ) from error
    if any(map(_is_missing, number)):
        n_missing = sum(map(_is_missing, names))
        raise ValueError(
            f"The '{name}' parameter must name a person for every row. Got {n_missing} "
            f"of {n} rows without one (None or NaN): they are either one person or "
            "many, which decides who is drawn with whom. Give each of them a name, or "
            "leave the rows out."
        )
    return np.array(codes, dtype=np.intp), list(number)


def encode_group_pair(
    groups: Any, sizes: tuple[int, int]
) -> tuple[Persons, Names] | tuple[None, None]:
    """Number the persons of members and non-members together, members first.

    Raises
    ------
    TypeError
        If the names of the two sides are of different kinds, so that no person could be
        on both.
    ValueError
        If `groups` is no pair, or one of the two is wrong.
    """
    if groups is None:
        return None, None
    if not isinstance(groups, (tuple, list)) or len(groups) != 2:
        raise ValueError(
            "The 'groups' parameter must be a pair (persons of the members, persons of "
            f"the non-members), each with one name per row. Got "
            f"{type(groups).__name__} instead."
        )
    sides = []
    for side, size, of in zip(groups, sizes, ("members", "non-members"), strict=True):
        codes, names = encode_groups(side, size, f"groups ({of})")
        sides.append([names[code] for code in codes])
    kinds = [{_kind(value) for value in set(names)} for names in sides]
    if all(kinds) and not kinds[0] & kinds[1]:
        raise TypeError(
            "The 'groups' parameter must name persons alike on both sides: a person "
            f"that is {' or '.join(sorted(kinds[0]))} among the members and "
            f"{' or '.join(sorted(kinds[1]))} among the non-members is never the same. "
            "Pass both as one type."
        )
    return encode_groups(sides[0] + sides[1], sum(sizes))


def draw_units(hashes: Hashes, persons: Persons | None) -> Persons:
    """Number what is drawn whole: persons, and with them those of equal rows.

    Without persons, rows of equal content. Where rows take so few values that equal
    ones would join a notable part of all persons, each is drawn by itself.
    """
    content = content_groups(hashes)
    if persons is None:
        return content
    n_persons, n_contents = persons.max() + 1, content.max() + 1
    if n_contents == len(content):
        return persons
    links = np.ones(len(persons), dtype=bool), (persons, content)
    graph = sparse.coo_array(links, shape=(n_persons, n_contents)).tocsr()
    square = sparse.block_array([[None, graph], [graph.T, None]])
    joined = connected_components(square, directed=False)[1][:n_persons][persons]
    largest = np.bincount(joined).max()
    allowed = max(_MOST_JOINED * len(persons), 3 * np.bincount(persons).max())
    return joined if largest <= allowed else persons


def any_seen(
    member: NDArray[np.bool_], hashes: Hashes | None, persons: Persons | None
) -> NDArray[np.bool_]:
    """`member`, true where a copy of the record or another row of its person is."""
    seen = member if hashes is None else any_copy(member, hashes)
    return seen if persons is None else seen | any_copy(member, persons)


def split_persons(
    member: NDArray[np.bool_], persons: Persons | None
) -> NDArray[np.bool_]:
    """Which rows are of a person that has some rows among the members, and others."""
    if persons is None:
        return np.zeros(len(member), dtype=bool)
    n_in = np.bincount(persons, weights=member)
    n_all = np.bincount(persons)
    return ((n_in > 0) & (n_in < n_all))[persons]


def person_means(
    values: NDArray[np.floating], persons: Persons
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Position of the first row of each person, and the mean of a person's values."""
    _, first, of = np.unique(persons, return_index=True, return_inverse=True)
    return first, np.bincount(of, weights=values) / np.bincount(of)


def check_drawn_whole(member: NDArray[np.bool_], persons: Persons) -> None:
    """Raise where a shadow holds some rows of a person and not the others.

    Rows that are in no shadow, such as those of weight 0, do not count.
    """
    drawn = member.any(axis=0)
    apart = (any_copy(member, persons) != member)[:, drawn]
    if apart.any():
        n_persons = len(np.unique(persons[drawn][apart.any(axis=0)]))
        raise ValueError(
            "The 'shadows' parameter must hold shadows that were drawn person by "
            f"person. Got {int(apart.any(axis=1).sum())} of {len(member)} shadows that "
            f"hold some rows of a person and not the others, of {n_persons} persons: "
            "their other rows look like members. Make them with fit_shadows(..., "
            "groups=groups)."
        )


def _as_list(groups: Any, name: str) -> list[Any]:
    """The names as Python objects, whatever they came in."""
    if (
        groups is None
        or isinstance(groups, (str, bytes, Mapping, Set))
        or not hasattr(groups, "__len__")
    ):
        raise TypeError(
            f"The '{name}' parameter must be array-like with one name per row. Got "
            f"{groups!r} instead."
        )
    if np.ma.is_masked(groups):
        return [None if value is np.ma.masked else value for value in groups]
    if getattr(groups, "ndim", 1) != 1 or hasattr(groups, "columns"):
        raise ValueError(
            f"The '{name}' parameter must have one dimension, a name per row. Got "
            f"shape {groups.shape} instead."
        )
    if getattr(groups, "dtype", None) is not None:
        if isinstance(groups, np.ndarray) and groups.dtype.kind in "mM":
            return list(groups)  # as integers, missing ones would have a value
        for convert in ("tolist", "to_list"):
            if hasattr(groups, convert):
                return list(getattr(groups, convert)())
    return list(groups)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _kind(value: Any) -> str:
    if isinstance(value, numbers.Number | np.number | np.bool_):
        return "a number"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"
