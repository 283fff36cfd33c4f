"""What an attack's `estimator` may be, and how it is asked."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skmia._models import (
    answering,
    ask_labels,
    ask_probabilities,
    asked_once,
    check_can_be_refitted,
    check_has_response,
    check_is_classifier,
    draw_seeds,
    look_inside,
    own_generators,
    seeded_clone,
    unpublished_fits,
    without_accountants,
)
from skmia._tables import (
    Copies,
    Persons,
    check_metadata,
    draw_units,
    has_no_weight,
    hash_rows,
    n_rows,
    slice_metadata,
    take_rows,
)
from skmia.exceptions import FreezingWarning, OverlapWarning
from skmia.shadows import draw_design
from skmia.signals import BoolArray, IndexArray
from skmia.utils import (
    check_groups,
    check_has_features,
    check_labels,
    check_membership,
    check_two_classes,
    encode_labels,
    warn,
)

FREEZE = (
    "`membership` describes one fitted model, and {name} would be fitted anew, on "
    "other rows. Pass FrozenEstimator(model) as 'estimator' to attack that very "
    "model, or leave `membership` out to play the membership game."
)


@dataclass
class Target:
    """The model under attack: a fitted classifier, or a matrix of its answers."""

    model: Any
    classes: NDArray
    labels: NDArray
    columns: IndexArray
    membership: BoolArray | None
    # Whose the records are, by number, where `fit` was told.
    persons: Persons | None = None

    @property
    def precomputed(self) -> bool:
        """Whether X holds probabilities in place of features."""
        return self.model is None

    def probabilities(
        self, X: Any, copies: Copies | None = None
    ) -> NDArray[np.floating]:
        """Class probabilities of the rows of `X`, columns as in `classes`.

        Of a model that gives labels only, they are 1 for its label. With `copies`,
        means over each row and its copies.
        """
        if self.precomputed:
            return check_probability_matrix(X, len(self.classes))
        return ask_probabilities(answering(self.model), X, self.classes, copies)

    def probabilities_at(self, X: Any, rows: IndexArray) -> NDArray[np.floating]:
        """Class probabilities of the `rows` of `X`; all of them, where they are known.

        What is kept of the answers of a model is kept of whole tables.
        """
        if asked_once(self.model, X) is None:
            return self.probabilities(take_rows(X, rows))
        return self.probabilities(X)[rows]

    def labels_at(self, X: Any, rows: IndexArray) -> NDArray:
        """Predicted labels of the `rows` of `X`, as `probabilities_at` has them."""
        if asked_once(self.model, X) is None:
            return ask_labels(self.model, take_rows(X, rows))
        return ask_labels(self.model, X)[rows]

    def check_answers(self, X: Any) -> None:
        """Fail where the model cannot answer about rows of `X`."""
        if asked_once(self.model, X) is None:
            self.probabilities(take_rows(X, [0]))

    def encode(self, y: Any, n: int) -> IndexArray:
        """Columns of the labels `y`, one for each of `n` rows."""
        if self.precomputed:
            return _check_columns(y, n, len(self.classes))
        return encode_labels(check_labels(y, n, "The attack"), self.classes)


def check_probability_matrix(
    X: Any, n_classes: int | None = None
) -> NDArray[np.floating]:
    """`X` as a matrix of probabilities, for ``estimator="precomputed"``."""
    proba = np.asarray(X)
    if proba.dtype == object:
        with suppress(ValueError, TypeError):  # text is refused below
            proba = proba.astype(np.float64)
    if proba.ndim != 2 or proba.shape[1] < 2 or proba.dtype.kind not in "fiub":
        raise ValueError(
            "With estimator='precomputed', X must be the matrix of predicted "
            "probabilities, of shape (n_records, n_classes) with at least two "
            f"classes. Got shape {proba.shape} and dtype {proba.dtype} instead."
        )
    if not len(proba):
        raise ValueError(
            f"Found array with 0 sample(s) (shape={proba.shape}) while a minimum of 1 "
            "is required."
        )
    if n_classes is not None and proba.shape[1] != n_classes:
        raise ValueError(
            f"X has {proba.shape[1]} columns, but the attack was fitted with "
            f"probabilities of {n_classes} classes."
        )
    if not ((proba >= 0) & (proba <= 1)).all():
        raise ValueError(
            "With estimator='precomputed', X must hold probabilities in [0, 1], "
            "without NaN. Pass margins through a softmax first."
        )
    return proba


def _check_columns(y: Any, n: int, n_classes: int) -> IndexArray:
    columns = check_labels(y, n, "The attack")
    values = np.unique(columns)
    # Nullable integers arrive as floats; those between integers are refused above.
    if values.dtype.kind not in "biuf" or values[0] < 0 or values[-1] >= n_classes:
        low, high = values[[0, -1]].tolist()
        raise ValueError(
            "With estimator='precomputed', y must be the column of the true class, an "
            f"integer from 0 to {n_classes - 1}. Got dtype {columns.dtype} with "
            f"values from {low!r} to {high!r} instead."
        )
    return columns.astype(np.intp, copy=False)


def resolve_target(
    estimator: Any,
    X: Any,
    y: Any,
    membership: Any,
    groups: Any,
    params: dict[str, Any],
    random_state: np.random.RandomState,
    owner: str,
    *,
    needs_confidences: bool = True,
) -> Target:
    """The target that `estimator` stands for, fitted here if that is the game.

    A frozen model is taken as it is. An unfitted classifier is fitted on a random
    half of each class (rows of a person and of equal content together), and that half
    is the membership. Nothing else may come with a membership of its own.
    """
    if isinstance(estimator, str):
        return _precomputed(estimator, X, y, membership, groups)
    frozen = isinstance(estimator, FrozenEstimator)
    check_is_classifier(estimator)
    look_inside(estimator)  # a search without a model is named as such
    if membership is not None and not frozen:
        raise ValueError(FREEZE.format(name=type(estimator).__name__))
    if needs_confidences:
        check_has_response(
            estimator,
            instead=f"{owner} needs confidences. LabelOnlyAttack, "
            "LossThresholdAttack(signal='correctness') and attacks with shadow models "
            "such as LiRAAttack read its labels",
        )
    check_has_features(X, owner)
    n = n_rows(X)
    check_metadata(params, n)
    persons = None if groups is None else check_groups(groups, n)
    if frozen:
        check_is_fitted(estimator)
        labels = check_labels(y, n, owner)
        # In order, whatever the model's own: `probabilities` has its columns follow.
        classes = np.unique(estimator.classes_)
        columns = encode_labels(labels, classes)
        if membership is not None:
            membership = check_membership(membership, n, both_sides=False)
            membership = _without_weightless(membership, params, owner)
        return Target(estimator, classes, labels, columns, membership, persons)
    _warn_if_fitted(estimator)
    check_can_be_refitted(
        estimator,
        rule=f"{owner} fits an estimator that is not frozen on one half of the records "
        "and compares it with the other.",
        consequence="would stay as it is, whatever half is drawn: leakage would be "
        "underestimated. Pass a classifier that is fitted with the rest, or "
        "FrozenEstimator(model) and its membership.",
    )
    labels = check_labels(y, n, owner)
    return _play(estimator, X, labels, persons, params, random_state, owner)


def _play(
    estimator: Any,
    X: Any,
    labels: NDArray,
    persons: Persons | None,
    params: dict[str, Any],
    random_state: np.random.RandomState,
    owner: str,
) -> Target:
    n = len(labels)
    if n < 4:
        raise ValueError(
            f"{owner} needs members and non-members of two classes, 4 records at "
            f"least. Got n_samples={n} instead."
        )
    classes, columns = np.unique(labels, return_inverse=True)
    check_two_classes(classes, owner)
    units = draw_units(hash_rows(X, labels), persons)
    member = draw_design(columns, 1, 0.5, random_state, units=units)[0]
    if len(np.unique(columns[member])) < 2:
        raise ValueError(
            f"{owner} drew {member.sum()} members of fewer than two classes from "
            f"{n} records. Pass more records of the rare classes, of several persons."
        )
    rows = np.flatnonzero(member)
    sliced = slice_metadata(params, rows, n)
    seed = int(draw_seeds(random_state, 1)[0])
    model = without_accountants(seeded_clone(estimator, seed, single_thread=False))
    with own_generators(seed), unpublished_fits():
        model.fit(take_rows(X, rows), labels[rows], **sliced)
    member = _without_weightless(member, params, owner)
    return Target(model, classes, labels, columns.astype(np.intp), member, persons)


def _without_weightless(
    membership: BoolArray, params: dict[str, Any], owner: str
) -> BoolArray:
    """`membership`, False where a weight of 0 kept a row out of the fit."""
    weightless = membership & has_no_weight(params, len(membership))
    if not weightless.any():
        return membership
    warn(
        f"{int(weightless.sum())} of {int(membership.sum())} members given to {owner} "
        "have a sample_weight of 0. The target was not trained on them, and they are "
        "no members in membership_. Leave rows of weight 0 out of X.",
        OverlapWarning,
    )
    return membership & ~weightless


def _precomputed(
    estimator: str, X: Any, y: Any, membership: Any, groups: Any
) -> Target:
    if estimator != "precomputed":
        raise ValueError(
            "The 'estimator' parameter must be a classifier or the str 'precomputed'. "
            f"Got {estimator!r} instead."
        )
    proba = check_probability_matrix(X)
    classes = np.arange(proba.shape[1])
    columns = _check_columns(y, len(proba), len(classes))
    if membership is not None:
        membership = check_membership(membership, len(proba), both_sides=False)
    persons = None if groups is None else check_groups(groups, len(proba))
    return Target(None, classes, columns, columns, membership, persons)


def _warn_if_fitted(estimator: Any) -> None:
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):
        return
    warn(
        f"{type(estimator).__name__} is fitted already, but will be fitted anew: "
        "without FrozenEstimator, 'estimator' is a recipe and the attack plays the "
        "membership game. Pass FrozenEstimator(model) to attack this very model.",
        FreezingWarning,
    )
