"""The models of a learner: drawn in pairs, fitted, and asked once each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skmia._models import RowsOf, bare_clone, check_can_be_refitted, check_is_classifier
from skmia._tables import (
    Persons,
    any_seen,
    as_rows,
    check_alignment,
    check_metadata,
    has_no_weight,
    n_rows,
    one_of_copies,
    slice_metadata,
    take_rows,
)
from skmia.shadows import ShadowModels, ShadowSignals, check_shadows, fit_shadows
from skmia.utils import (
    Names,
    check_integer,
    check_labels,
    check_two_classes,
    encode_groups,
)

BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]
# With fewer the spread over pairs is hardly known, and shadows are few.
_FEWEST = 8


@dataclass(frozen=True)
class LearnerRun:
    """Models and rows, checked: who was trained on what.

    Attributes
    ----------
    X, y, persons, names
        The rows that have a weight, their labels, and whose they are.
    positions : ndarray of int
        Where each is among the rows as passed, of which there are `n_passed`.
    signals : ShadowSignals
        What the models say of them; complementary models stand side by side.
    kept : ndarray of bool
        The rows that figures are about: of equal ones the first.
    member, asked : ndarray of bool of shape (n_models, n_rows)
        Which were trained on, and which a model's figures are about: not the rows of a
        class that it has not seen.
    """

    X: Any
    y: NDArray
    classes: NDArray
    persons: Persons | None
    names: Names | None
    positions: IndexArray
    n_passed: int
    signals: ShadowSignals
    kept: BoolArray
    member: BoolArray
    asked: BoolArray

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Of the content of each row, its label included."""
        hashes = self.signals.record_hashes
        assert hashes is not None
        return hashes


def check_learner(estimator: Any) -> Any:
    """Return an unfitted copy of a classifier that can be fitted again and again."""
    if isinstance(estimator, FrozenEstimator):
        raise ValueError(
            "The 'estimator' parameter must be a classifier that can be fitted: "
            "audit_learner fits it on random halves of X. Got a FrozenEstimator "
            "instead; pass the classifier itself, or audit the fitted one with "
            "audit_classifier."
        )
    check_is_classifier(estimator)
    check_can_be_refitted(estimator)
    return bare_clone(estimator)


def check_models(n_models: Any) -> ShadowModels:
    """How many models are drawn, and how; halves in pairs."""
    if not isinstance(n_models, ShadowModels):
        n_models = ShadowModels(check_integer(n_models, "n_models", _FEWEST))
    models = check_shadows(n_models, least=_FEWEST)
    if models.n_models % 2:
        raise ValueError(
            "The 'n_models' parameter must be even: models are drawn in pairs, each of "
            f"one half of the rows. Got {models.n_models} instead."
        )
    if models.train_size != 0.5:
        raise ValueError(
            "The 'train_size' of n_models must be 'auto' or 0.5: models are drawn in "
            f"pairs, each of one half of the rows. Got {models.train_size!r} instead."
        )
    return models


def run_learner(
    learner: Any,
    X: Any,
    y: Any,
    models: ShadowModels,
    *,
    keep_models: bool,
    fit_params: Mapping[str, Any] | None,
    fit: Callable[..., Any] | None,
    groups: Any,
    n_jobs: int | None,
    seed: int,
    verbose: int,
) -> LearnerRun:
    """Check the rows, and fit all models."""
    X = as_rows(X)
    n = n_rows(X)
    labels = check_labels(y, n, "audit_learner")
    params = check_metadata(fit_params, n)
    check_alignment(X, {"y": y, "groups": groups} | params)
    persons, names = (None, None) if groups is None else encode_groups(groups, n)
    positions = np.flatnonzero(~has_no_weight(params, n))
    if len(positions) == 0:
        raise ValueError(
            f"Every row of X ({n}) has a sample_weight of 0: no model can be trained. "
            "Pass rows with a weight."
        )
    if len(positions) < n:
        X, labels = take_rows(X, positions), labels[positions]
        params = slice_metadata(params, positions, n)
        persons = None if persons is None else persons[positions]
    classes, columns = np.unique(labels, return_inverse=True)
    check_two_classes(classes, "audit_learner")
    signals = fit_shadows(
        learner,
        X,
        labels,
        # Every model is a target, and so there are as many as asked for, all fitted.
        shadows=models.set_params(
            keep_models=keep_models, refit_search=True, counterfactual=False
        ),
        groups=persons,
        params=params,
        fit=None if fit is None else RowsOf(fit, positions),
        n_jobs=n_jobs,
        random_state=seed,
        verbose=verbose,
    )
    hashes = signals.record_hashes
    assert hashes is not None
    kept = one_of_copies(signals.member, ~signals.member, hashes, persons)
    if not kept.any():
        raise ValueError(
            f"Every row of X ({n}) has a copy, features and label alike: which of "
            "equal rows is a member is a matter of chance, and nothing is left to "
            "audit. Pass rows that can be told apart."
        )
    held = np.stack(
        [np.bincount(columns[m], minlength=len(classes)) > 0 for m in signals.member]
    )
    return LearnerRun(
        X=X,
        y=labels,
        classes=classes,
        persons=persons,
        names=names,
        positions=positions,
        n_passed=n,
        signals=signals,
        kept=kept,
        member=any_seen(signals.member, hashes, persons),
        # Rows of a class that a model has not seen would tell that they are no members.
        asked=kept & (signals.member | held[:, columns]),
    )
