"""Logistic regression by objective perturbation, with delta = 0."""

from functools import cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from skmia.defenses._private._counterparts import check_parameters, dense_rows
from skmia.defenses._private._library import guarded, import_diffprivlib
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._training import TrainingData
from skmia.utils import check_real


@cache
def private_logistic_class() -> type[Any]:
    """The class of diffprivlib, with an ``__init__`` that every scikit-learn takes.

    Its own passes ``multi_class``, which scikit-learn 1.8 removed.
    """
    base: Any = import_diffprivlib().models.LogisticRegression

    class PrivateLogistic(base):
        def __init__(
            self,
            *,
            epsilon: float,
            data_norm: float,
            C: float,
            tol: float,
            max_iter: int,
            random_state: int | np.random.RandomState | None,
            accountant: Any,
        ) -> None:
            LogisticRegression.__init__(
                self,
                C=C,
                tol=tol,
                max_iter=max_iter,
                fit_intercept=False,
                random_state=random_state,
            )
            self.epsilon = epsilon
            self.data_norm = data_norm
            self.accountant = accountant

    return PrivateLogistic


class PrivateLogisticRegression(ClassifierMixin, BaseEstimator):
    """Logistic regression by objective perturbation, one class against the others.

    The intercept is the weight of a further column that holds `intercept_scaling`
    everywhere, penalised as the others are. Objective perturbation asks for an
    objective that is strongly convex in every direction, and diffprivlib's own
    intercept is not penalised. Rows are clipped to `data_norm` and scaled to norm 1
    with the penalty scaled along, which changes no minimum: diffprivlib bounds the
    curvature of one row by its norm, and it is the square that bounds it.

    Parameters
    ----------
    epsilon : float
        The privacy loss.
    data_norm : float
        Greatest norm of a row; longer ones are shortened to it.
    C : float
        Inverse strength of the penalty.
    fit_intercept : bool
        Whether there is an intercept.
    intercept_scaling : float
        The further column.
    random_state : RandomState instance, int or None
        Source of the noise; None for the operating system's.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    coef_ : ndarray of shape (n_classes or 1, n_features)
        The weights; one row where there are two classes.
    intercept_ : ndarray of shape (n_classes or 1,)
        The intercepts.

    References
    ----------
    Chaudhuri, Monteleoni and Sarwate, "Differentially Private Empirical Risk
    Minimization", JMLR 12, 2011: theorem 9 for rows of norm at most 1.
    """

    def __init__(
        self,
        *,
        epsilon: float,
        data_norm: float,
        C: float = 1.0,
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.data_norm = data_norm
        self.C = C
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state

    def fit(self, X: Any, y: NDArray[np.intp]) -> Self:
        """Find the minimum of the objective with noise."""
        X = validate_data(self, X, dtype=np.float64)
        column = self.intercept_scaling if self.fit_intercept else 0.0
        scale = np.hypot(self.data_norm, column)
        norms = np.linalg.norm(X, axis=1, keepdims=True)
        rows = X / np.maximum(norms / self.data_norm, 1) / scale
        if self.fit_intercept:
            rows = np.hstack([rows, np.full((len(X), 1), column / scale)])
        with guarded() as library:
            model = private_logistic_class()(
                epsilon=self.epsilon,
                data_norm=1.0,
                C=self.C * scale**2,
                # The guarantee is that of the minimum; these are enough to get there.
                tol=1e-10,
                max_iter=100_000,
                random_state=self.random_state,
                accountant=library.BudgetAccountant(),
            )
            try:
                model.fit(rows, y)
            except ConvergenceWarning as warning:
                raise ValueError(
                    "The minimum of the private objective was not found, and the "
                    "guarantee holds for no other point. Scale the rows, for example "
                    "with a StandardScaler before the classifier, or lower 'C'."
                ) from warning
        self.classes_ = model.classes_
        self.coef_ = model.coef_ / scale
        self.intercept_ = np.zeros(len(self.coef_))
        if self.fit_intercept:
            self.intercept_ = self.coef_[:, -1] * column
            self.coef_ = self.coef_[:, :-1]
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Distance to each class's hyperplane; one column less with two classes."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        decision = X @ self.coef_.T + self.intercept_
        return decision.ravel() if decision.shape[1] == 1 else decision

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes, normalised to sum to 1."""
        decision = self.decision_function(X)
        if decision.ndim == 1:
            decision = np.column_stack([-decision, decision])
        # In logarithms: noise may put all of them below what a float can hold.
        log_proba = log_expit(decision)
        proba = np.exp(log_proba - log_proba.max(axis=1, keepdims=True))
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> NDArray:
        """The most probable class."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class ObjectivePerturbation(Mechanism):
    """Logistic regression with a random linear term in its objective; delta = 0.

    A replaced row is what theorem 9 is about: the gradients of two losses differ by 2
    at most, and the curvature by a matrix of rank two, which cost epsilon together. Of
    a row that is added, it is one loss: a gradient of 1 at most and a matrix of rank
    one. Both halves of the cost are half as large, exactly, and the library is told
    twice the epsilon. The minimum is that of the sum over rows, so that the number of
    rows is not published.
    """

    name = "objective"
    learners = ("sklearn.LogisticRegression",)
    needs = "data_norm"
    pure = True

    _meant = ("C", "fit_intercept", "intercept_scaling")
    # Every solver looks for the same minimum.
    _free = ("solver", "dual", "tol", "max_iter", "verbose", "n_jobs", "random_state")
    # The spellings of what the counterpart does, on one release or another.
    _same: ClassVar = {"penalty": ("l2",), "multi_class": ("ovr", "auto")}

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the objective."""
        check_parameters(estimator, self._meant + self._free, self._same)

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Find the minimum of the objective with noise."""
        epsilon = settings.budget.epsilon / settings.group_size
        if settings.neighbors == "add_remove":
            epsilon *= 2
        scaling = estimator.intercept_scaling
        model = PrivateLogisticRegression(
            epsilon=epsilon,
            data_norm=settings.scale,
            C=check_real(estimator.C, "C", 0, np.inf, closed="neither"),
            fit_intercept=bool(estimator.fit_intercept),
            intercept_scaling=check_real(
                scaling, "intercept_scaling", 0, np.inf, closed="neither"
            ),
            random_state=settings.source,
        ).fit(dense_rows(data.X), data.y)
        # A generator that stays with the model would reveal its noise.
        model.set_params(random_state=None)
        # Remembers the number and names of features, and nothing else.
        validate_data(model, data.X, dtype=np.float64)
        model.classes_ = data.classes
        return Fitted(model)
