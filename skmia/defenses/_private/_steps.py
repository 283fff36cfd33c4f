"""Fit a classifier, or a Pipeline that ends in one, with every step private."""

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, get_tags

from skmia._tables import copy_rows, n_rows
from skmia.defenses._private._counterparts import (
    Noise,
    check_parameters,
    counterpart_of,
    fit_counterpart,
    fit_private_scaler,
    supported_names,
)
from skmia.defenses._private._row_by_row import fit_row_by_row
from skmia.defenses._private._scale_search import Box, private_norm, private_ranges
from skmia.defenses._training import TrainingData


@dataclass(frozen=True)
class Plan:
    """The steps in order, and how many of them spend which part of epsilon."""

    steps: list[tuple[str, Any]]  # (name, transformer) without those that pass through
    name: str | None  # of the last step; None without a Pipeline
    classifier: object
    n_searches: int
    n_scalers: int


def final_classifier(estimator: Any) -> Any:
    """The classifier itself, or the one that a Pipeline ends in."""
    return estimator.steps[-1][1] if type(estimator) is Pipeline else estimator


def make_plan(estimator: Any, *, bounds: Any, data_norm: Any) -> Plan:
    """Check an estimator before any row is looked at.

    Parameters
    ----------
    estimator : estimator
        A classifier with a private counterpart, or a Pipeline that ends in one.
    bounds, data_norm : "private" or a given value
        As the user gave them.

    Returns
    -------
    Plan
        What to fit.

    Raises
    ------
    ValueError
        For a classifier without a counterpart, a parameter that means nothing in it, a
        step that learns from the rows, or a given scale that fits two steps or none.
    """
    classifier = final_classifier(estimator)
    kind = counterpart_of(classifier)
    if kind is None:
        raise ValueError(
            f"{type(classifier).__name__} has no private counterpart: those that have "
            f"one are {supported_names()}. Pass public, unlabelled rows in 'X_public' "
            "to have the votes of such classifiers noised instead."
        )
    check_parameters(classifier)
    steps, name = [], None
    if classifier is not estimator:
        name = estimator.steps[-1][0]
        steps = [(n, s) for n, s in estimator.steps[:-1] if not _passes_through(s)]
    n_scalers, places, known = 0, 0, False
    for step_name, step in steps:
        if type(step) is StandardScaler:
            n_scalers += 1
            places += not known
            known = True
        elif _learns_nothing(step):
            known = False
        else:
            raise ValueError(
                f"The step {step_name!r} ({type(step).__name__}) would learn from the "
                "rows without privacy, which voids the guarantee of the whole "
                "Pipeline. Take StandardScaler, which is replaced by a private one; a "
                "transformer that learns nothing, such as Normalizer or "
                "FunctionTransformer; or one fitted on public rows, in a "
                "FrozenEstimator."
            )
    needs_bounds = kind.needs == "bounds"
    places += needs_bounds and not known
    _check_given(bounds, data_norm, places, needs_bounds, type(classifier).__name__)
    n_searches = places if _is_private(bounds) else 0
    n_searches += not needs_bounds and _is_private(data_norm)
    return Plan(steps, name, classifier, n_searches, n_scalers)


def _passes_through(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _learns_nothing(step: Any) -> bool:
    return isinstance(step, FrozenEstimator) or not get_tags(step).requires_fit


def _is_private(scale: Any) -> bool:
    return isinstance(scale, str)


def _check_given(
    bounds: Any, data_norm: Any, places: int, needs_bounds: bool, name: str
) -> None:
    if not _is_private(bounds) and places != 1:
        remedy = (
            f"{name} needs none here, but 'data_norm'"
            if not places
            else "here two steps need bounds of their own, with a transformer between"
        )
        raise ValueError(
            "The 'bounds' parameter holds the ranges of the features of one step: "
            f"{remedy}. Leave it at 'private'."
        )
    if not _is_private(data_norm) and needs_bounds:
        raise ValueError(
            f"The 'data_norm' parameter means nothing to {name}. Got {data_norm!r} "
            "instead of 'private'; give 'bounds'."
        )


@dataclass
class PrivateFit:
    """One fit of a plan, and the scales that it found on the way.

    Parameters
    ----------
    plan : Plan
        What to fit.
    epsilons : dict
        Epsilon of one search, one scaler and the classifier, by these names.
    bounds : "private" or tuple of two ndarray
        Given ranges, or to be searched.
    data_norm : "private" or float
        Given norm, or to be searched.
    secure : bool
        Whether noise is drawn from the operating system.

    Attributes
    ----------
    found_bounds : tuple of two ndarray or None
        The ranges that the first step in need of them was given.
    found_norm : float or None
        The norm that the classifier was given.
    """

    plan: Plan
    epsilons: dict[str, float]
    bounds: Any
    data_norm: Any
    secure: bool
    found_bounds: Box | None = None
    found_norm: float | None = None

    def fit(self, data: TrainingData) -> Any:
        """The fitted classifier or Pipeline, of scikit-learn's classes or of ours."""
        source = None if self.secure else data.random_state
        fitted, X, box = [], data.X, None
        for name, step in self.plan.steps:
            if type(step) is StandardScaler:
                box = self._ranges(X, source) if box is None else box
                noise = Noise(self.epsilons["scaler"], box, source)
                step = fit_private_scaler(step, X, noise)
                box = _scaled_box(step, box)
            else:
                step, box = fit_row_by_row(name, step, X), None
            # By a copy: the step in the model has seen no row.
            X = copy.deepcopy(step).transform(copy_rows(X, np.arange(n_rows(X))))
            fitted.append((name, step))
        kind = counterpart_of(self.plan.classifier)
        scale: float | Box
        if kind.needs == "bounds":
            scale = self._ranges(X, source) if box is None else box
        else:
            scale = self.found_norm = self._norm(X, source)
        if "max_depth" in kind.carried:
            # Trees draw their splits as well, from a generator that can be seeded.
            source = data.random_state
        noise = Noise(self.epsilons["classifier"], scale, source)
        model = fit_counterpart(self.plan.classifier, replace(data, X=X), noise)
        if self.plan.name is None:
            return model
        return Pipeline([*fitted, (self.plan.name, model)])

    def _ranges(self, X: Any, source: np.random.RandomState | None) -> Box:
        rows = check_rows(X)
        if _is_private(self.bounds):
            box = private_ranges(rows, self.epsilons["search"], source)
        else:
            box = check_bounds(self.bounds, rows.shape[1])
        if self.found_bounds is None:
            self.found_bounds = box
        return box

    def _norm(self, X: Any, source: np.random.RandomState | None) -> float:
        rows = check_rows(X)
        if not _is_private(self.data_norm):
            return self.data_norm
        return private_norm(rows, self.epsilons["search"], source)


def check_rows(X: Any) -> NDArray[np.float64]:
    """X as float64, dense and finite."""
    if sparse.issparse(X):
        raise TypeError(
            "Sparse data was passed, but dense data is required by "
            "DifferentialPrivacyClassifier. Pass X.toarray(), or 'X_public' and a "
            "classifier that takes sparse data."
        )
    return check_array(
        X, dtype=np.float64, estimator="DifferentialPrivacyClassifier", input_name="X"
    )


def check_bounds(bounds: Any, n_features: int) -> Box:
    """Given bounds as two arrays with one entry per feature."""
    message = (
        "The 'bounds' parameter must be 'private' or a tuple (least, greatest) of "
        f"finite numbers, or of arrays with one number for each of the {n_features} "
        f"features, the least below the greatest. Got {bounds!r} instead."
    )
    if not isinstance(bounds, tuple) or len(bounds) != 2:
        raise ValueError(message)
    try:
        box = tuple(
            np.broadcast_to(np.asarray(side, dtype=np.float64), (n_features,)).copy()
            for side in bounds
        )
    except (TypeError, ValueError) as error:
        raise ValueError(message) from error
    if not (np.isfinite(box).all() and (box[0] < box[1]).all()):
        raise ValueError(message)
    return box


def _scaled_box(scaler: Any, box: Box) -> Box:
    """Where a scaler with a positive scale puts the corners of a box."""
    mean = scaler.mean_ if scaler.with_mean else 0.0
    scale = scaler.scale_ if scaler.with_std else 1.0
    return tuple((side - mean) / scale for side in box)
