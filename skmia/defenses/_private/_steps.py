"""Fit a classifier, or a Pipeline that ends in one, with every step private."""

import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skmia._tables import copy_rows, n_rows
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._counterparts import dense_rows
from skmia.defenses._private._mechanism import (
    Box,
    Fitted,
    Mechanism,
    Settings,
    final_classifier,
)
from skmia.defenses._private._row_by_row import fit_row_by_row
from skmia.defenses._private._scale_search import private_norm, private_ranges
from skmia.defenses._private._scaler import fit_private_scaler, scaled_box
from skmia.defenses._training import TrainingData


@dataclass(frozen=True)
class Plan:
    """The steps in order, and how many of them spend which part of the budget."""

    mechanism: Mechanism
    steps: list[tuple[str, Any]]  # (name, transformer) without those that pass through
    name: str | None  # of the last step; None without a Pipeline
    classifier: object
    n_searches: int
    n_scalers: int


def make_plan(
    mechanism: Mechanism, estimator: Any, *, bounds: Any, data_norm: Any
) -> Plan:
    """Check an estimator before any row is looked at.

    Parameters
    ----------
    mechanism : Mechanism
        The one that serves the classifier.
    estimator : estimator
        A classifier, or a Pipeline that ends in one.
    bounds, data_norm : "private" or a given value
        As the user gave them.

    Returns
    -------
    Plan
        What to fit.

    Raises
    ------
    ValueError
        For a parameter that means nothing in the private counterpart, a step that
        learns from the rows, or a given scale that fits two steps or none.
    """
    classifier = final_classifier(estimator)
    mechanism.check(classifier)
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
    searches, needs = not mechanism.searches_itself, mechanism.needs
    places += needs == "bounds" and not known
    _check_given(bounds, data_norm, places, needs, type(classifier).__name__)
    n_searches = 0
    if is_private(bounds):
        n_searches = places - (needs == "bounds" and not known and not searches)
    n_searches += needs == "data_norm" and is_private(data_norm) and searches
    return Plan(mechanism, steps, name, classifier, n_searches, n_scalers)


def _passes_through(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _learns_nothing(step: Any) -> bool:
    return isinstance(step, FrozenEstimator) or not get_tags(step).requires_fit


def is_private(scale: Any) -> bool:
    return isinstance(scale, str)


def _check_given(
    bounds: Any, data_norm: Any, places: int, needs: str | None, name: str
) -> None:
    if not is_private(bounds) and places != 1:
        remedy = (
            f"{name} needs none here" + ", but 'data_norm'" * (needs == "data_norm")
            if not places
            else "here two steps need bounds of their own, with a transformer between"
        )
        raise ValueError(
            "The 'bounds' parameter holds the ranges of the features of one step: "
            f"{remedy}. Leave it at 'private'."
        )
    if not is_private(data_norm) and needs != "data_norm":
        raise ValueError(
            f"The 'data_norm' parameter means nothing to {name}. Got {data_norm!r} "
            "instead of 'private'" + "; give 'bounds'." * (needs == "bounds")
        )


@dataclass
class PrivateFit:
    """One fit of a plan, and the scales that it found on the way.

    Parameters
    ----------
    plan : Plan
        What to fit.
    budgets : dict of str to Budget
        Of all searches, all scalers and the classifier, by :data:`PARTS`.
    settings : Settings
        What the user decided; every part gets it with its own budget and scale.

    Attributes
    ----------
    found : dict of str to Any
        Fitted attributes: the scales that the user may want to see.
    """

    plan: Plan
    budgets: dict[str, Budget]
    settings: Settings
    found: dict[str, Any] = field(default_factory=dict)

    def fit(self, data: TrainingData) -> Fitted:
        """The fitted classifier or Pipeline, of scikit-learn's classes or of ours."""
        plan, settings = self.plan, self.settings
        fitted, X, box = [], data.X, None
        for name, step in plan.steps:
            if type(step) is StandardScaler:
                box = self._ranges(X) if box is None else box
                budget = self.budgets["scaler"].part(1 / plan.n_scalers)
                step = fit_private_scaler(
                    step, X, replace(settings, budget=budget, scale=box)
                )
                box = scaled_box(step, box)
            else:
                step, box = fit_row_by_row(name, step, X), None
            # By a copy: the step in the model has seen no row.
            X = copy.deepcopy(step).transform(copy_rows(X, np.arange(n_rows(X))))
            fitted.append((name, step))
        needs = plan.mechanism.needs
        scale: float | Box | None = None
        if needs == "bounds":
            # A mechanism that searches on its own also reads given bounds itself: its
            # columns need not be numbers.
            scale = box
            if box is None and not plan.mechanism.searches_itself:
                scale = self._ranges(X)
        elif needs == "data_norm":
            scale = self._norm(X)
        answer = plan.mechanism.fit(
            plan.classifier,
            replace(data, X=X),
            replace(settings, budget=self.budgets["classifier"], scale=scale),
        )
        model = answer.model
        if plan.name is not None:
            model = Pipeline([*fitted, (plan.name, model)])
        return replace(answer, model=model, found=self.found | answer.found)

    def _is_left_to_mechanism(self, scale: Any) -> bool:
        return self.plan.mechanism.searches_itself and is_private(scale)

    def _ranges(self, X: Any) -> Box:
        rows, settings = dense_rows(X), self.settings
        if is_private(settings.bounds):
            box = private_ranges(rows, self._search_settings())
        else:
            box = check_bounds(settings.bounds, rows.shape[1])
        self.found.setdefault("bounds_", box)
        return box

    def _norm(self, X: Any) -> float | None:
        norm = self.settings.data_norm
        if self._is_left_to_mechanism(norm):
            return None
        if is_private(norm):
            norm = private_norm(dense_rows(X), self._search_settings())
        self.found["data_norm_"] = norm
        return norm

    def _search_settings(self) -> Settings:
        budget = self.budgets["searches"].part(1 / self.plan.n_searches)
        return replace(self.settings, budget=budget)


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
