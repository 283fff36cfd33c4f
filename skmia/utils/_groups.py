"""Who rows belong to: names of any kind, as numbers.

A person may be a patient, a customer or a household: whatever comes with several rows.
"""

import numbers
import re
from collections.abc import Hashable, Iterable, Mapping, Set
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]  # a number for each row, equal for rows of one person
Names = list[Hashable]  # of the persons, by number

# What a missing name is once it was made text.
_MISSING_TEXT = {"", "nan", "none", "nat", "<na>"}
_NUMBER = re.compile(r"([+-]?)0*(\d+)(?:\.(\d*?)0*)?")


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
        If its length is not `n`, a name is missing, or one is there as a number and as
        text.
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
        codes = [number.setdefault(_as_date(v), len(number)) for v in names]
    except TypeError as error:
        raise TypeError(
            f"The '{name}' parameter must hold names that are hashable, such as int or "
            f"str. Got {error} instead."
        ) from error
    if any(map(_is_missing, number)):
        n_missing = sum(map(_is_missing, names))
        raise ValueError(
            f"The '{name}' parameter must name the person of every row. Got "
            f"{n_missing} of {n} rows without one (None or NaN, or text such as '' or "
            "'nan'): whether they are one person or many decides who is drawn with "
            "whom. Give each of them a name, or leave the rows out."
        )
    _check_one_kind(number, name)
    encoded = np.array(codes, dtype=np.intp)
    first = np.unique(encoded, return_index=True)[1]
    return encoded, [names[i] for i in first]


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
        If `groups` is no pair, one of the two is wrong, or a name is spelled otherwise
        on the two sides.
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
    known = [dict.fromkeys(map(_as_date, side)) for side in sides]
    kinds = [set(map(_kind, names)) for names in known]
    if all(kinds) and not kinds[0] & kinds[1]:
        raise TypeError(
            "The 'groups' parameter must name persons alike on both sides: a person "
            f"that is {' or '.join(sorted(kinds[0]))} among the members and "
            f"{' or '.join(sorted(kinds[1]))} among the non-members is never the same. "
            "Pass both as one type."
        )
    _check_spelling(*known)
    return encode_groups(sides[0] + sides[1], sum(sizes))


def _check_spelling(
    members: dict[Hashable, None], nonmembers: dict[Hashable, None]
) -> None:
    """Raise where a name has a spelling of its own on either side.

    A person on both sides would count as two, one of them a non-member whom the model
    knows. Spellings that one side tells apart are taken as they are.
    """
    ours = _by_form(name for name in members if name not in nonmembers)
    theirs = _by_form(name for name in nonmembers if name not in members)
    shared = {_form(name) for name in members if name in nonmembers}
    found = [
        (ours[form], theirs[form])
        for form in ours
        if form in theirs and form not in shared
    ]
    if found:
        first, second = found[0]
        raise ValueError(
            "The 'groups' parameter must spell the name of a person alike on both "
            f"sides. Got {first!r} among the members and {second!r} among the "
            f"non-members, and {len(found)} such name{'s' * (len(found) > 1)} in all: "
            "persons on both sides would count as non-members that the model has not "
            "seen. Pass both as one type, without blanks, zeros in front or '.0' on "
            "one side only; where they are different persons, number them over both "
            "sets, as pandas.factorize does."
        )


def _check_one_kind(names: Mapping[Hashable, int], name: str) -> None:
    """Raise where a person is a number in one row and text in another."""
    text = _by_form(value for value in names if isinstance(value, str))
    if not text or len(text) == len(names):
        return
    for value in names:
        if not isinstance(value, str) and (same := text.get(_form(value))) is not None:
            raise ValueError(
                f"The '{name}' parameter must have names of one kind. Got {value!r} "
                f"and {same!r}, which would be two persons. Pass all as text, or all "
                "as numbers."
            )


def _by_form(names: Iterable[Hashable]) -> dict[Hashable, Hashable]:
    return {_form(name): name for name in names}


def _form(name: Any) -> Hashable:
    """What stays the same of a name where files and types write it otherwise."""
    if isinstance(name, tuple):
        return tuple(map(_form, name))
    if isinstance(name, bytes):
        name = name.decode(errors="replace")
    if isinstance(name, float | np.floating) and np.isfinite(name) and name % 1 == 0:
        name = int(name)
    text = str(name).strip().casefold()
    if number := _NUMBER.fullmatch(text):
        sign, whole, rest = number.groups()
        return sign.replace("+", "") + whole + (f".{rest}" if rest else "")
    return text


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


def _as_date(value: Any) -> Any:
    """A moment as `datetime`, in which those of NumPy and pandas are the same."""
    if hasattr(value, "to_datetime64") and value.tzinfo is None:
        value = value.to_datetime64()
    if isinstance(value, np.datetime64):
        rounded = value.astype("datetime64[us]")
        if rounded == value and isinstance(rounded.item(), datetime):
            return rounded.item()
    return value


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _MISSING_TEXT
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
