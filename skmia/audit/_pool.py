"""Two sets of rows made one pool: what shadows see, and what figures are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d

from skmia._models import answering, ask_probabilities
from skmia._tables import (
    Persons,
    as_rows,
    check_alignment,
    check_no_rows_of,
    column_types,
    concat_rows,
    count_sides,
    has_no_weight,
    hash_rows,
    keep_hashes,
    n_rows,
    take_rows,
)
from skmia.audit._fit_params import join_fit_params
from skmia.audit._provenance import describe_rows
from skmia.audit._row_order import RowOrder
from skmia.audit._rows import ChosenRows, choose_rows, digest_rows, take_kept
from skmia.model_selection import training_hashes
from skmia.utils import (
    Names,
    check_no_missing_labels,
    encode_group_pair,
    encode_labels,
    listed,
)

# Rows of either side whose predictions are compared, where joining changes types.
_MAX_COMPARED = 200


@dataclass(frozen=True)
class Pool:
    """Members first, then non-members: all rows that have a weight.

    Attributes
    ----------
    member : ndarray of bool
        Whether a row was passed as a member.
    rows : ChosenRows
        The rows that figures are about.
    n_weightless : (int, int)
        Rows that were left out, being of weight 0.
    positions : ndarray of int
        Where each row is among all that were passed, members first.
    lengths : (int, int)
        How many members and non-members were passed.
    n_not_passed : int
        Training rows that the model remembers and the members lack.
    persons : ndarray of int or None
        Whose each row is, by position in `names`.
    """

    X: Any
    y: NDArray
    member: NDArray[np.bool_]
    rows: ChosenRows
    index: Any
    hashes: NDArray[np.uint64]
    fit_params: dict[str, Any]
    positions: NDArray[np.intp]
    lengths: tuple[int, int]
    n_weightless: tuple[int, int]
    n_not_passed: int
    persons: Persons | None = None
    names: Names | None = None

    @cached_property
    def kept_rows(self) -> Any:
        """The rows that figures are about."""
        return take_kept(self.X, self.rows.kept)

    @property
    def kept_labels(self) -> NDArray:
        """Their labels."""
        return self.y[self.rows.kept]

    @property
    def facts(self) -> dict[str, Any]:
        """Fields of an :class:`Evidence`."""
        kept, copies = self.rows.kept, self.rows.copies
        return {
            "membership": self.member[kept],
            "labels": self.kept_labels,
            "index": self.index[kept],
            "positions": self.positions[kept],
            "lengths": self.lengths,
            "order": RowOrder.of(self.kept_rows),
            "digest": digest_rows(self.hashes, kept),
            "X": self.kept_rows,
            "persons": None if self.persons is None else self.persons[kept],
            "n_shared": copies.n_shared,
            "n_repeated": copies.n_repeated,
            "once_per_side": copies.once_per_side,
            "overlap": copies.overlap,
            "n_near": self.rows.n_near,
            "resolution": self.rows.resolution,
            "n_weightless": self.n_weightless,
            "n_not_passed": self.n_not_passed,
        }

    @property
    def described(self) -> dict[str, Any]:
        """Shape and hash of either set, of the rows that have a weight."""
        sides = {"members": self.member, "nonmembers": ~self.member}
        return {
            name: describe_rows(self.X, self.hashes[of]) for name, of in sides.items()
        }

    @property
    def known_persons(self) -> dict[str, Persons]:
        """What `fit` of an attack is told of persons, where an audit is."""
        return {} if self.persons is None else {"groups": self.persons}

    @property
    def member_counts(self) -> tuple[int, int]:
        """Members that have a weight, and all that were passed."""
        n_members = int(self.member.sum())
        return n_members, n_members + self.n_weightless[0]


def make_pool(
    X_members: Any,
    y_members: Any,
    X_nonmembers: Any,
    y_nonmembers: Any,
    estimator: Any,
    fit_params: Mapping[str, Any] | None = None,
    groups: Any = None,
) -> Pool:
    """Check the two sets, put them together, and choose what figures are about.

    The shadows' pool has all rows, copies included: without them shadows would see
    other, less typical rows than the model has. Figures are about rows that occur once.
    """
    classes = np.asarray(estimator.classes_)
    given_labels = y_members, y_nonmembers
    X_members, y_members = _check_side(X_members, y_members, "members", classes)
    X_nonmembers, y_nonmembers = _check_side(
        X_nonmembers, y_nonmembers, "nonmembers", classes
    )
    # Hashed after they are put together: the same value must not differ by the type
    # that its side gave the column.
    X = concat_rows(X_members, X_nonmembers, ("X_members", "X_nonmembers"))
    _check_same_predictions(estimator, X_members, X_nonmembers, X)
    sizes = len(y_members), len(y_nonmembers)
    params = join_fit_params(fit_params, sizes)
    check_no_rows_of(params.constants, X, "fit_params")
    persons, names = encode_group_pair(groups, sizes)
    for i, (table, side) in enumerate(
        (("X_members", X_members), ("X_nonmembers", X_nonmembers))
    ):
        labels = {f"y_{table[2:]}": given_labels[i]}
        given = fit_params or {}
        pairs = {f"fit_params[{n!r}]": given[n] for n in params.per_row}
        if groups is not None:
            pairs["groups"] = groups
        others = {name: pair[i] for name, pair in pairs.items()}
        if not hasattr(side, "iloc"):  # else they were compared with its own index
            others = labels | others
        check_alignment(side, others, table)
    y = np.concatenate([y_members, y_nonmembers])
    if len(set(y.tolist())) < 2:
        raise ValueError(
            f"All rows have the same label, {y[0]!r}; an audit needs at least two "
            "classes among the rows."
        )
    index = _make_index(X_members, X_nonmembers, sizes)
    member = np.repeat([True, False], sizes)
    weightless = has_no_weight(params.values, len(y))
    positions = np.arange(len(y))
    n_not_passed = 0
    trained = training_hashes(estimator)
    weighted = training_hashes(estimator, weighted=True)
    if trained is not None and weighted is not None:
        members = hash_rows(X_members, y_members)
        _check_trained(members, hash_rows(X_nonmembers, y_nonmembers), trained)
        weightless[: sizes[0]] |= ~np.isin(members, weighted)
        n_not_passed = int((~np.isin(weighted, members)).sum())
    n_weightless = count_sides(weightless, member)
    if weightless.any():
        _check_has_weight(n_weightless, sizes)
        keep = np.flatnonzero(~weightless)
        X, y, member, index = take_rows(X, keep), y[keep], member[keep], index[keep]
        params, positions = params.take(keep), keep
        persons = None if persons is None else persons[keep]
    keep_hashes(X)
    hashes = hash_rows(X, y)
    choice = choose_rows(X, y, hashes, member, persons)
    _check_any_left(choice, member)
    pool = Pool(
        X=X,
        y=y,
        member=member,
        rows=choice,
        index=index,
        hashes=hashes,
        fit_params=params.values,
        positions=positions,
        lengths=sizes,
        n_weightless=n_weightless,
        n_not_passed=n_not_passed,
        persons=persons,
        names=names,
    )
    keep_hashes(X, part=pool.kept_rows, rows=choice.kept)
    return pool


def _check_trained(
    members: NDArray[np.uint64],
    nonmembers: NDArray[np.uint64],
    trained: NDArray[np.uint64],
) -> None:
    """Compare the two sets with the rows that an AuditableClassifier remembers."""
    unseen = ~np.isin(members, trained)
    if unseen.any():
        raise ValueError(
            f"{int(unseen.sum())} of the {len(members)} rows of X_members are not "
            "among those that the AuditableClassifier remembers being fitted on, "
            "features and label alike. Pass its training rows as X_members, with the "
            "very values that it was fitted on."
        )
    known = np.isin(nonmembers, trained) & ~np.isin(nonmembers, members)
    if known.any():
        raise ValueError(
            f"{int(known.sum())} of the {len(nonmembers)} rows of X_nonmembers are "
            "training rows of the AuditableClassifier that X_members lacks. Pass all "
            "of its training rows as X_members, and none as X_nonmembers."
        )


def _check_has_weight(n_weightless: tuple[int, int], sizes: tuple[int, int]) -> None:
    for count, size, name in zip(
        n_weightless, sizes, ("members", "nonmembers"), strict=True
    ):
        if count == size:
            raise ValueError(
                f"Every row of X_{name} ({size}) has a sample_weight of 0. Such "
                "members were not trained on, and such non-members are not like the "
                "members. Pass rows with a weight."
            )


def _check_any_left(choice: ChosenRows, member: NDArray[np.bool_]) -> None:
    left = member[choice.kept]
    copies, unit = choice.copies, choice.resolution
    for side, name in enumerate(("members", "nonmembers")):
        of = member == (name == "members")
        size = int(of.sum())
        if (left == (name == "members")).any():
            continue
        if n_split := int((choice.split & of).sum()):
            raise ValueError(
                f"No row of X_{name} ({size}) is left to audit: {n_split} are of "
                "persons who have rows in the other set, too. Pass non-members of "
                "persons who were held out whole, as GroupKFold and GroupShuffleSplit "
                "do."
            )
        n_near = choice.n_near[side]
        near = f", and {n_near} nearly equal another row" if n_near else ""
        copy = f"copy or near copy, equal at {unit}," if unit else "copy,"
        raise ValueError(
            f"Every row of X_{name} ({size}) has a {copy} features and label "
            f"alike: {copies.n_shared[side]} in the other set, "
            f"{copies.n_repeated[side]} in their own only{near}. Which of equal rows "
            "is a member is a matter of chance, and nothing is left to audit. Pass "
            "non-members that were held out, members without repeats, and all columns "
            "that tell records apart."
        )


def _check_same_predictions(
    estimator: Any, X_members: Any, X_nonmembers: Any, X: Any
) -> None:
    """Raise where the types of the joined table change what the model predicts.

    Integers that meet missing values become floats, and a step that takes values for
    text then sees "1.0" in place of "1", on the rows that it was trained on too.
    """
    joined, start, asked = column_types(X), 0, answering(estimator)
    for name, side in (("X_members", X_members), ("X_nonmembers", X_nonmembers)):
        types, first = column_types(side), np.arange(min(n_rows(side), _MAX_COMPARED))
        if types != joined:
            alone, together = (
                ask_probabilities(asked, take_rows(rows, at), asked.classes_)
                for rows, at in ((side, first), (X, start + first))
            )
            if not np.allclose(alone, together, rtol=0, atol=1e-6, equal_nan=True):
                differ = [t for t, j in zip(types, joined, strict=True) if t != j]
                raise ValueError(
                    "X_members and X_nonmembers must have the same types of columns. "
                    f"Got columns of {listed(sorted(set(differ)))} in {name} that "
                    "become other types when both are one table, and the estimator "
                    "then predicts otherwise. Pass both with the types of the training "
                    "rows."
                )
        start += n_rows(side)


def _check_side(X: Any, y: Any, name: str, classes: NDArray) -> tuple[Any, NDArray]:
    if X is None or y is None:
        missing = "X" if X is None else "y"
        raise ValueError(
            f"The '{missing}_{name}' parameter must be given: an audit needs the rows "
            "and the true labels of members and non-members. Got None instead."
        )
    X = as_rows(X)
    n = n_rows(X)
    if n == 0:
        raise ValueError(
            f"X_{name} has no rows. An audit compares members with non-members and "
            "needs rows of both; a model's held-out test set serves as non-members."
        )
    check_alignment(X, {f"y_{name}": y}, f"X_{name}")
    y = column_or_1d(y, warn=False)
    if len(y) != n:
        raise ValueError(
            f"X_{name} and y_{name} must have the same length. "
            f"Got {n} rows and {len(y)} labels instead."
        )
    check_no_missing_labels(y, f"y_{name}")
    encode_labels(y, classes, f"y_{name}")  # names the labels that it does not know
    return X, y


def _make_index(X_members: Any, X_nonmembers: Any, sizes: tuple[int, int]) -> Any:
    """Return the user's own index, or positions in each set where there is none."""
    if hasattr(X_members, "iloc") and hasattr(X_nonmembers, "iloc"):
        return X_members.index.append(X_nonmembers.index)
    return np.concatenate([np.arange(size) for size in sizes])
