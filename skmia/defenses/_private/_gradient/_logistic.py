"""The mechanism of noisy gradient descent for LogisticRegression."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import validate_data

from skmia.defenses._private._accounting import remaining_mu
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._counterparts import check_parameters
from skmia.defenses._private._gaussian_queries import noisy_class_totals
from skmia.defenses._private._gradient._descent import descend
from skmia.defenses._private._gradient._given import Given
from skmia.defenses._private._gradient._preparation import prepare
from skmia.defenses._private._gradient._rule import schedule_of, search_share
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._private._noise import NoiseSource
from skmia.defenses._training import TrainingData
from skmia.utils import check_real

# Of what the searches may spend, in squares of mu, where classes are to be balanced.
_CLASS_SHARE = 0.3
# A class is taken to have this part of its even share of the rows at least: noise must
# not make one row of a rare class weigh as much as all others.
_RAREST = 0.02


class NoisyGradient(Mechanism):
    """Logistic regression by full-batch gradient descent with Gaussian noise.

    Neighbours that differ in one row more or less differ in every sum of clipped
    gradients by the clip at most, so that ``n_steps`` sums with noise of standard
    deviation ``clip * sqrt(n_steps) / mu`` are mu-Gaussian differentially private,
    exactly, and whatever is made of them is, too. A replaced row is two such steps
    away, and pays twice. With `groups`, a row has 1 / `group_size` of its weight and
    the rows of a person are clipped together: it is the person that is one step away.
    """

    name: ClassVar[str] = "gradient"
    learners: ClassVar[tuple[str, ...]] = ("sklearn.LogisticRegression",)
    needs: ClassVar[str | None] = "data_norm"
    searches_itself: ClassVar[bool] = True
    gaussian: ClassVar[bool] = True
    takes_sparse: ClassVar[bool] = True
    takes_weight: ClassVar[bool] = True
    clips_persons: ClassVar[bool] = True

    _meant = ("C", "fit_intercept", "class_weight")
    # How the minimum is looked for without noise.
    _free = (
        *("solver", "dual", "tol", "max_iter", "verbose", "n_jobs"),
        "random_state",
    )
    # The spellings of what is done here, on one release or another.
    _same: ClassVar = {
        "penalty": ("l2", None),
        "multi_class": ("auto", "multinomial", "deprecated"),
        "l1_ratio": (None, 0.0),
    }

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the objective."""
        check_parameters(estimator, self._meant + self._free, self._same)
        check_real(estimator.C, "C", 0, np.inf, closed="right")
        _check_class_weight(estimator.class_weight)

    def default_search_fraction(self, budget: Budget) -> float:
        """By the budget alone."""
        assert budget.mu is not None
        return search_share(budget.mu)

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Descend, and put the result into a LogisticRegression."""
        given = Given.of(data, settings)
        budget, source = settings.budget, NoiseSource(settings.source)
        assert budget.mu is not None
        mu = budget.mu / given.apart
        searches = mu * np.sqrt(settings.search_fraction)
        remaining = remaining_mu(mu, searches)
        weighed = _weigh(estimator, data, given, searches, source)
        prepared = prepare(
            given.X,
            weighed.weights,
            persons=given.persons,
            norm=settings.scale,
            fit_intercept=bool(estimator.fit_intercept),
            mu=weighed.mu_left,
            source=source,
        )
        targets = np.eye(len(data.classes))[data.y]
        if len(data.classes) == 2:
            targets = targets[:, 1:]
        n_inputs, n_outputs = prepared.rows.values.shape[1], targets.shape[1]
        schedule = schedule_of(prepared.total, n_inputs, n_outputs, remaining)
        # C multiplies the sum of losses, each with its weight, of rows as they are.
        penalty = 0.0
        if getattr(estimator, "penalty", "l2") is not None:
            whole = estimator.C * weighed.unit * prepared.total
            penalty = 1 / (whole * prepared.unit**2)
        coefficients = descend(
            prepared.rows,
            targets,
            weighed.weights,
            persons=given.persons,
            total=prepared.total,
            radius=prepared.radius,
            penalty=penalty,
            free_last=bool(estimator.fit_intercept),
            schedule=schedule,
            mu=remaining,
            source=source,
        )
        model = clone(estimator)
        if model.solver == "liblinear":
            # It stands for one class against the others, in what is predicted, too.
            model.set_params(solver="lbfgs")
        validate_data(model, data.X, dtype=np.float64, accept_sparse="csr")
        model.coef_, model.intercept_ = prepared.raw_weights(coefficients)
        model.classes_ = data.classes
        model.n_iter_ = np.array([schedule.n_steps], dtype=np.int32)
        return Fitted(model, {"data_norm_": prepared.norm})


def _check_class_weight(asked: Any) -> None:
    """Raise for what is no weight: it would void the bound on what a row adds."""
    if asked is None or (isinstance(asked, str) and asked == "balanced"):
        return
    weights = list(asked.values()) if isinstance(asked, Mapping) else [None]
    if not all(isinstance(w, Real) and 0 <= float(w) < np.inf for w in weights):
        raise ValueError(
            "The 'class_weight' parameter of LogisticRegression must be None, "
            "'balanced' or a dict of finite numbers of 0 and more by class label. Got "
            f"{asked!r} instead."
        )


@dataclass(frozen=True)
class _Weighed:
    """Weights of rows in [0, 1], their unit, and what is left for further searches."""

    weights: NDArray[np.float64]
    unit: float
    mu_left: float


def _weigh(
    estimator: LogisticRegression,
    data: TrainingData,
    given: Given,
    mu: float,
    source: NoiseSource,
) -> _Weighed:
    """Weights of rows and classes, as parts of the greatest that a row can have."""
    weights, unit = given.weights, given.unit
    asked, n_classes = estimator.class_weight, len(data.classes)
    if asked is None:
        return _Weighed(weights, unit, mu)
    if isinstance(asked, str):
        part = mu * np.sqrt(_CLASS_SHARE)
        totals = noisy_class_totals(data.y, n_classes, weights, part, source)
        mu = remaining_mu(mu, part)
        even = totals.sum() / n_classes
        of_class = even / np.maximum(totals, _RAREST * even)
    else:
        of_class = compute_class_weight(asked, classes=data.classes, y=data.classes)
    greatest = float(of_class.max())
    if greatest == 0:
        raise ValueError(
            "The 'class_weight' parameter of LogisticRegression must leave a class "
            f"with a weight above 0. Got {asked!r} instead."
        )
    return _Weighed(weights * (of_class / greatest)[data.y], unit * greatest, mu)
