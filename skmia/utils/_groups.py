"""Who rows belong to: names of any kind, as numbers.

A person may be a patient, a customer or a household: whatever comes with several rows.
"""

import numbers
from collections.abc import Hashable, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]  # a number for each row, equal for rows of one person
Names = list[Hashable]  # of the persons, by number


def check_groups(groups: Any, n: int) -> Codes:
    """The person of each of `n` records, as numbers from 0 on; see `encode_groups`."""
    return encode_groups(groups, n)[0]


def encode_groups(groups: Any, n: int, name: str = "groups") -> tuple[Codes, Names]:
    """Number the persons by first appearance, and check that every row has one.

    Raises
    ------
    TypeError
        If `groups` is no array of one name per row, or a name is not hashable.
    ValueError
        If its length is not `n`, or a name is missing.
    """
    if (
        type(groups) is np.ndarray
        and groups.shape == (n,)
        and groups.dtype.kind in "iu"
    ):
        return _encode_whole(groups)
    names = _as_list(groups, name)
    if len(names) != n:
        raise ValueError(
            f"The '{name}' parameter must be a 1D array-like with the name of the "
            f"person of each of {n} rows. Got {len(names)} names instead."
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
            f"The '{name}' parameter must name the person of every row. Got "
            f"{n_missing} of {n} rows without one (None or NaN): whether they are one "
            "person or many decides who is drawn with whom. Give each of them a name, "
            "or leave the rows out."
        )
    return np.array(codes, dtype=np.intp), list(number)


def encode_group_pair(
    groups: Any, sizes: tuple[int, int]
) -> tuple[Codes, Names] | tuple[None, None]:
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


def _encode_whole(groups: NDArray) -> tuple[Codes, Names]:
    """The same of whole numbers, which are quicker to sort."""
    names, first, code = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(names), dtype=np.intp)
    number[order] = np.arange(len(names))
    return number[code], names[order].tolist()


def _as_list(groups: Any, name: str) -> list[Any]:
    """The names as Python objects, whatever they came in."""
    if (
        groups is None
        or isinstance(groups, (str, bytes, Mapping, Set))
        or not hasattr(groups, "__len__")
    ):
        raise TypeError(
            f"The '{name}' parameter must be a 1D array-like with the name of the "
            f"person of each row. Got {groups!r} instead."
        )
    if np.ma.is_masked(groups):
        return [None if value is np.ma.masked else value for value in groups]
    if getattr(groups, "ndim", 1) != 1 or hasattr(groups, "columns"):
        raise ValueError(
            f"The '{name}' parameter must be a 1D array-like with the name of the "
            f"person of each row. Got shape {groups.shape} instead."
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
