"""How far apart the shadows of a target have its records, and whose they are."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.attacks import RecordSeparation


def separations(
    target: NDArray[np.floating],
    shadows: NDArray[np.floating],
    member: NDArray[np.bool_],
    persons: NDArray[np.intp] | None,
) -> dict[str, Any]:
    """Of records, and of persons where they are known: fields of an `Evidence`.

    `target` are its logits of the records, `shadows` those of the shadow models, and
    `member` says who was in which of these.
    """
    known = (target, shadows, member)
    by_person = None if persons is None else RecordSeparation.of(*known, persons)
    return {
        "separation": RecordSeparation.of(*known),
        "person_separation": by_person,
    }


def separations_of_targets(
    logits: NDArray[np.floating],
    member: NDArray[np.bool_],
    games: Iterable[tuple[int, NDArray[np.intp], NDArray[np.intp]]],
    persons: NDArray[np.intp] | None,
) -> dict[str, Any]:
    """The same of several targets that are each other's shadows, one after the other.

    `logits` and `member` have a row for each model; `games` names each target, its
    shadows, and the records that figures are about.
    """
    found: dict[str, list[RecordSeparation]] = {}
    for k, others, rows in games:
        of = separations(
            logits[k, rows],
            logits[np.ix_(others, rows)],
            member[np.ix_(others, rows)],
            None if persons is None else persons[rows],
        )
        for name, part in of.items():
            if part is not None:
                found.setdefault(name, []).append(part)
    return {name: RecordSeparation.joined(parts) for name, parts in found.items()}
