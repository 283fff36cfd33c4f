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

# Persons that equal rows join are drawn together up to this fraction of the rows. Where
# the rows take few values, they would join all persons.
_MOST_JOINED = 0.05


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
