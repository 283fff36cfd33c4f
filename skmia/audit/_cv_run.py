"""A cross-validation, checked: its models, its rows, and who was trained on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

from skmia._models import (
    ask_probabilities,
    check_can_be_refitted,
    check_has_response,
    iter_class_probabilities,
)
from skmia._tables import (
    Persons,
    any_copy,
    any_seen,
    as_rows,
    check_alignment,
    hash_rows,
    n_rows,
    one_of_copies,
)
from skmia.audit._cv_scores import find_other_scores
from skmia.audit._inputs import check_fitted
from skmia.audit._splits import masks
from skmia.model_selection import training_hashes
from skmia.shadows import ShadowSignals
from skmia.signals import SIGNALS
from skmia.utils import Names, check_labels, check_two_classes, encode_groups


class SplitModel(ClassifierMixin, BaseEstimator):
    """A fitted model that knows the classes of all rows, 0 for those it has not seen.

    Attacks refuse labels that their target does not know, and a split may leave a rare
    class out.
    """

    def __init__(self, model: Any, classes: NDArray) -> None:
        self.model = model
        self.classes = classes
        self.classes_ = classes

    def fit(self, X: Any, y: Any) -> "SplitModel":
        return self

    def predict(self, X: Any) -> NDArray:
        return self.model.predict(X)

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        return ask_probabilities(self.model, X, self.classes)


@dataclass(frozen=True)
class Run:
    """A cross-validation, checked: models and rows, and who was trained on what.

    `member` and `held_out` are the records that figures may be about; `seen` is what a
    model was trained on, copies included.
    """

    models: list[SplitModel]
    X: Any
    y: NDArray
    columns: NDArray[np.intp]
    hashes: NDArray[np.uint64]
    kept: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    member: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    n_copied: int
    n_missing_classes: int
    n_weightless: int
    other_scores: tuple[float, float] | None
    # Whose the rows are, and which are of a person on both sides of some split.
    persons: Persons | None
    names: Names | None
    split: NDArray[np.bool_]

    @property
    def known_persons(self) -> dict[str, Persons]:
        """What `fit` of an attack is told of persons, where an audit is."""
        return {} if self.persons is None else {"groups": self.persons}

    @property
    def moving(self) -> NDArray[np.intp]:
        """Of the rows for figures those that move by themselves: one of each person."""
        rows = np.flatnonzero(self.kept)
        if self.persons is None:
            return rows
        return rows[np.unique(self.persons[rows], return_index=True)[1]]

    @classmethod
    def of(cls, cv_results: Any, X: Any, y: Any, groups: Any = None) -> "Run":
        """Check what ``cross_validate`` returned against the rows it was given."""
        estimators, train, test = _check_results(cv_results)
        X = as_rows(X)
        n = n_rows(X)
        labels = check_labels(y, n, "audit_cv")
        check_alignment(X, {"y": y, "groups": groups})
        classes, columns = np.unique(labels, return_inverse=True)
        check_two_classes(classes, "audit_cv")
        persons, names = None, None
        if groups is not None:
            persons, names = encode_groups(groups, n)
        highest = max(int(np.max(side)) for side in (*train, *test))
        if highest >= n:
            raise ValueError(
                f"cv_results has indices up to {highest}, but X has {n} rows. Pass the "
                "X and y that cross_validate was given."
            )
        trained, tested = masks(train, n), masks(test, n)
        if (trained & tested).any():
            raise ValueError(
                "cv_results has rows that are in the training and in the test set of "
                "one split: they are no non-members. Pass a cv that keeps them apart."
            )
        hashes = hash_rows(X, labels)
        weightless = np.zeros(n, dtype=bool)
        for k, (estimator, rows) in enumerate(zip(estimators, train, strict=True)):
            unused = rows[_has_no_weight(estimator, hashes[rows])]
            trained[k, unused] = False
            weightless[unused] = True
        for estimator in estimators:
            check_has_response(
                estimator, instead="audit_classifier reads labels, of one fitted model"
            )
        models = [SplitModel(check_fitted(m), classes) for m in estimators]
        known = np.stack([np.isin(classes, m.model.classes_) for m in models])
        told_apart = one_of_copies(trained, tested, hashes, persons)
        split = _on_both_sides(trained, tested, persons)
        # A row of weight 0 is no non-member either: it is in no model at all, by which
        # the shadows would tell it.
        kept = told_apart & ~weightless & ~split
        member, held_out = trained & kept, tested & kept & known[:, columns]
        if not (member.any(axis=1) & held_out.any(axis=1)).any():
            n_left_out = {
                "are left out as their features and label are there more than once": (
                    ~told_apart
                ),
                "are of persons on both sides of a split": split,
                "have a weight of 0": weightless,
            }
            reasons = [
                f"{int(rows.sum())} of {n} rows {why}"
                for why, rows in n_left_out.items()
                if rows.any()
            ]
            if not known.all():
                reasons.append("some held-out rows have a label that the model lacks")
            raise ValueError(
                "No split has a training and a held-out row that can be compared: "
                + ("; ".join(reasons) or "there are no others")
                + ". Pass rows that can be told apart, of persons whom the splits keep "
                "whole, as GroupKFold and GroupShuffleSplit do."
            )
        return cls(
            models,
            X,
            labels,
            columns.astype(np.intp),
            hashes,
            kept,
            any_seen(trained, hashes, persons),
            member,
            held_out,
            int((~told_apart & ~split).sum()),
            int((~known).sum()),
            int(weightless.sum()),
            find_other_scores(cv_results, estimators, X, labels, test),
            persons,
            names,
            split,
        )

    @property
    def targets(self) -> NDArray[np.intp]:
        """Models that have a member and a non-member."""
        return np.flatnonzero(self.member.any(axis=1) & self.held_out.any(axis=1))

    def signals(self) -> dict[str, NDArray[np.float32]]:
        """Every signal of every record under every model."""
        arrays = {name: np.empty(self.seen.shape, dtype=np.float32) for name in SIGNALS}
        for k, model in enumerate(self.models):
            for rows, proba in iter_class_probabilities(
                model.model, self.X, model.classes
            ):
                for name, array in arrays.items():
                    array[k, rows] = SIGNALS[name](proba, self.columns[rows])
        return arrays

    def shadows(
        self, signals: Mapping[str, NDArray[np.float32]], others: NDArray[np.intp]
    ) -> ShadowSignals:
        """The models at `others` as shadows."""
        return ShadowSignals(
            {name: values[others] for name, values in signals.items()},
            self.seen[others],
            record_hashes=self.hashes,
        )


def _check_results(
    cv_results: Any,
) -> tuple[list[Any], list[NDArray], list[NDArray]]:
    if not isinstance(cv_results, Mapping):
        raise TypeError(
            "The 'cv_results' parameter must be what cross_validate returned, a dict. "
            f"Got {type(cv_results).__name__} instead."
        )
    for key, option in (("estimator", "estimator"), ("indices", "indices")):
        if key not in cv_results:
            raise ValueError(
                f"The 'cv_results' parameter has no {key!r}. Call cross_validate with "
                f"return_{option}=True; cv_results_ of a search has none, so "
                "cross-validate the candidate that it chose."
            )
    estimators = list(cv_results["estimator"])
    sides = [
        [np.asarray(rows) for rows in cv_results["indices"][side]]
        for side in ("train", "test")
    ]
    if not estimators or not len(estimators) == len(sides[0]) == len(sides[1]):
        raise ValueError(
            "The 'cv_results' parameter must have one estimator and one pair of index "
            f"arrays per split. Got {len(estimators)} estimators, {len(sides[0])} "
            f"training sets and {len(sides[1])} test sets instead."
        )
    for estimator in estimators:
        if isinstance(estimator, FrozenEstimator):
            raise ValueError(
                "cross_validate does not train a FrozenEstimator: the training rows "
                "of a split are not its members, which underestimates leakage. Pass "
                "the classifier itself to cross_validate, or audit the fitted one with "
                "audit_classifier."
            )
        check_can_be_refitted(estimator)
    if len({id(estimator) for estimator in estimators}) < len(estimators):
        raise ValueError(
            "The 'cv_results' parameter must have an estimator of its own for every "
            "split. Got one and the same several times, which was trained on the rows "
            "of one split only: fit a clone in each."
        )
    return estimators, sides[0], sides[1]


def _on_both_sides(
    trained: NDArray[np.bool_], tested: NDArray[np.bool_], persons: Persons | None
) -> NDArray[np.bool_]:
    """Rows of persons whom some split has among the members and among the others.

    They are left out of all splits: in those that have a person whole, the side is a
    matter of how many rows there are.
    """
    if persons is None:
        return np.zeros(trained.shape[1], dtype=bool)
    both = any_copy(trained, persons) & any_copy(tested, persons)
    return np.asarray(both.any(axis=0))


def _has_no_weight(estimator: Any, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of its training rows an estimator knows to have had a weight of 0.

    The rows that it remembers, where it does, are to be these.
    """
    remembered = training_hashes(estimator)
    weighted = training_hashes(estimator, weighted=True)
    if remembered is None or weighted is None:
        return np.zeros(len(hashes), dtype=bool)
    if not np.array_equal(remembered, hashes):
        raise ValueError(
            "X and y are not those of the cross-validation: an AuditableClassifier "
            "of it was fitted on other rows. Pass them in the same order."
        )
    return ~np.isin(hashes, weighted)
