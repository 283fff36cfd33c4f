"""Warnings of shadow models that are little or no comparison for the target."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from skmia._models import find_mismatches, look_inside
from skmia._tables import (
    Persons,
    comparable_rows,
    has_no_weight,
    person_means,
    split_persons,
)
from skmia.exceptions import (
    OneSidedRecordsWarning,
    UninformativeShadowsWarning,
    UnknownRowsWarning,
)
from skmia.shadows import informed_auc, outside_means, shadows_move
from skmia.signals import BoolArray
from skmia.utils import warn


def warn_of_one_sided_records(member: BoolArray) -> None:
    """Warn of records that no shadow has left out, or of some that none holds."""
    always = int(member.all(axis=0).sum())
    never = int((~member.any(axis=0)).sum())
    for count, what in ((always, "in every shadow"), (never, "in no shadow")):
        # All of them in no shadow is a design: reference models, mode="offline".
        if 0 < count < member.shape[1]:
            warn(
                f"{count} of {member.shape[1]} records are {what}: they are "
                "judged by what is typical of the others, which may "
                "underestimate leakage. Fit more shadows, or on a fraction "
                "closer to a half.",
                OneSidedRecordsWarning,
            )


def warn_of_uninformative_shadows(
    values: Sequence[NDArray],
    member: BoolArray,
    membership: BoolArray | None,
    hashes: NDArray | None,
    persons: Persons | None,
) -> None:
    """Warn of shadows that all answer alike, or that know the target's members.

    Parameters
    ----------
    values : sequence of ndarray of shape (n_shadows, n_records)
        The signals of the attack, higher for members.
    member : ndarray of bool of shape (n_shadows, n_records)
        Who was in which shadow.
    membership : ndarray of bool of shape (n_records,) or None
        Members of the target, where they are known.
    hashes : ndarray of shape (n_records,) or None
        Contents of the records; None for a precomputed target.
    persons : ndarray of int of shape (n_records,) or None
        Whose the records are; None where each is by itself.
    """
    if not any(map(shadows_move, values)):
        warn(
            f"All {len(member)} shadow models give every record the "
            "same answer, although they were trained on different rows. Either "
            "the estimator ignores its training data, or a part of it stays as it "
            "is when it is fitted again, and what that part leaks is not measured.",
            UninformativeShadowsWarning,
        )
    if membership is None:
        return
    means = outside_means(values[0], member)
    if hashes is not None:
        # The side of a content with several copies says how many there are.
        kept = comparable_rows(hashes, membership, persons).keep
        membership, means = membership[kept], means[kept]
        persons = None if persons is None else persons[kept]
    if persons is not None:
        kept = ~split_persons(membership, persons)
        first, means = person_means(means[kept], persons[kept])
        membership = membership[kept][first]
    auc = informed_auc(membership, means)
    if auc is not None:
        warn(
            "Shadow models that have not seen a record tell whether it is a "
            f"member of the target, with AUC {auc:.3f}. Either a part that was "
            "fitted on the members is in all of them, or in the features, and "
            "this attack underestimates leakage; or the members are easier rows "
            "than the non-members, from another source or time.",
            UninformativeShadowsWarning,
        )


def warn_of_another_fit(
    model: Any, membership: BoolArray | None, params: Mapping[str, Any]
) -> None:
    """Warn of a target that was not fitted as its shadows are, by what it stores.

    A part of the members is no reason to: folds of a cross-validation have no more.

    Parameters
    ----------
    model : fitted classifier
        The target.
    membership : ndarray of bool of shape (n_records,) or None
        The rows that it is said to have been fitted on, where they are known.
    params : mapping
        Metadata that the shadows are fitted with.
    """
    if membership is None:
        return
    n_members = int(membership.sum())
    # Members of weight 0 are no members any more, and some libraries count them.
    most = n_members + int(has_no_weight(params, len(membership)).sum())
    counts = n_members, most
    for found in find_mismatches(look_inside(model)[0], counts, params, membership):
        if found.matters and found.kind != "more_rows":
            warn(found.message, UninformativeShadowsWarning)


def warn_of_unknown_rows(unknown: int, n: int) -> None:
    """Warn that a call is scored offline as a whole, on a scale of its own."""
    warn(
        f"{unknown} of {n} rows are not in the pool that the shadow models were fitted "
        "on. All rows of this call are scored offline, from the shadows that have not "
        "seen them; these scores and those of calls within the pool are on different "
        "scales.",
        UnknownRowsWarning,
    )
