"""Rows of one person: who they belong to, and what is drawn or seen with them.

A person may be a patient, a customer or a household: whatever comes with several rows
that are trained on together.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from skmia._tables._content import any_copy, content_groups
from skmia._tables._value_bits import Hashes

Persons = NDArray[np.intp]  # a number for each row, equal for rows of one person

# Persons that equal rows join are drawn together up to this fraction of the rows, or
# these many typical persons. Where the rows take few values, they would join all.
_MOST_JOINED = 0.05
_FEW_PERSONS = 2


def draw_units(hashes: Hashes, persons: Persons | None) -> Persons:
    """Number what is drawn whole: persons, and with them those of equal rows.

    Without persons, rows of equal content. Persons whom equal rows would join to a
    notable part of all rows are drawn one by one, and a person who has as many rows
    is joined with nobody. How many are joined is so not a matter of the largest person.
    """
    content = content_groups(hashes)
    if persons is None:
        return content
    n_persons, n_contents = persons.max() + 1, content.max() + 1
    if n_contents == len(content):
        return persons
    size = np.bincount(persons)
    typical = float(np.median(size[size > 0]))
    most = max(_MOST_JOINED * len(persons), _FEW_PERSONS * typical)
    can_join = (size <= most)[persons]
    rows = persons[can_join], content[can_join]
    links = np.ones(int(can_join.sum()), dtype=bool), rows
    graph = sparse.coo_array(links, shape=(n_persons, n_contents)).tocsr()
    square = sparse.block_array([[None, graph], [graph.T, None]])
    unit = connected_components(square, directed=False)[1][:n_persons]
    too_large = np.bincount(unit, weights=size)[unit] > most
    # By the first person of each, so that persons by themselves keep their order.
    first = np.unique(unit, return_index=True)[1][unit]
    unit = np.where(too_large, np.arange(n_persons), first)
    return np.unique(unit[persons], return_inverse=True)[1]


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
