"""The non-members among the records given to fit, on which a threshold rests."""

from typing import Any

import numpy as np

from skmia._tables import hash_rows, split_persons
from skmia.attacks._target import Target
from skmia.exceptions import OverlapWarning, ResolutionWarning
from skmia.metrics import is_resolvable
from skmia.signals import IndexArray
from skmia.utils import warn


def check_has_records(estimator: Any, owner: str, reason: str, instead: str) -> None:
    """Raise for ``estimator="precomputed"``, which has answers and no records."""
    if isinstance(estimator, str) and estimator == "precomputed":
        raise ValueError(
            f"{owner} {reason}, which estimator='precomputed' does not have. Pass "
            f"FrozenEstimator(model), or use {instead}."
        )


def warn_of_split_persons(target: Target, owner: str) -> None:
    """Warn of persons who have rows among the members, and others."""
    if target.membership is None or target.persons is None:
        return
    known = split_persons(target.membership, target.persons) & ~target.membership
    if known.any():
        n_persons = len(np.unique(target.persons[known]))
        warn(
            f"{n_persons} persons given to {owner} have rows among the members and "
            f"others, {int(known.sum())} rows, which the target knows more of than of "
            "other non-members: taken for non-members, they hide leakage. Leave them "
            "out of what is compared with the members, or hold persons out whole.",
            OverlapWarning,
        )


def nonmember_rows(target: Target, X: Any, max_fpr: float, owner: str) -> IndexArray:
    """Positions of the records in `X` that the target was not fitted on.

    Rows of a person who has others among the members are none. Warns where they cannot
    keep the promise of `max_fpr`: too few, or the same records as members.
    """
    n = len(target.columns)
    if target.membership is None:
        rows = np.arange(n)
    else:
        known = split_persons(target.membership, target.persons) & ~target.membership
        rows = np.flatnonzero(~target.membership & ~known)
        _check_content(target, X, rows, owner)
    if len(rows) == 0:
        raise ValueError(
            f"{owner} learns from non-members, and all of the {n} records given to fit "
            "are members, or rows of one. Pass records that the target was not fitted "
            "on as well."
        )
    if not is_resolvable(len(rows), max_fpr):
        warn(
            f"max_fpr={max_fpr:g} with {len(rows)} non-members: the threshold is the "
            f"largest of their scores, which up to one in {len(rows) + 1} further "
            "non-members exceeds. Pass more non-members or a larger max_fpr.",
            ResolutionWarning,
        )
    return rows


def _check_content(target: Target, X: Any, rows: IndexArray, owner: str) -> None:
    hashes = hash_rows(X, target.labels)
    known = np.isin(hashes[rows], hashes[target.membership])
    if known.any():
        warn(
            f"{int(known.sum())} of {len(rows)} records given to {owner} as "
            "non-members equal a member. The target knows them, so the threshold comes "
            "out too high and too few members are found. Leave them out.",
            OverlapWarning,
        )
