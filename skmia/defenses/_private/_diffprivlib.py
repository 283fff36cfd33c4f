"""The only file that imports diffprivlib, and what it takes to use it soundly.

Everything is fitted on numbers that the caller has checked, with labels 0, 1, ... of
classes that are public, and returned as plain arrays or as scikit-learn's own objects:
nothing that leaves this file needs diffprivlib to be unpickled.

diffprivlib's models bound the loss for one row that is *added or left out*, while they
also publish the number of rows. Here neighbours have equal size and differ in one row,
its label included, which is both what is published and what attackers of membership
can tell apart. The factors below say what a replaced row costs in each model.
"""

import copyreg
import importlib
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.tree import _tree
from sklearn.utils.validation import check_is_fitted, validate_data

from skmia.defenses._private._bounds import Box

_IMPORTING = threading.Lock()

# A row that changes its label costs 2/3 of the model's epsilon for the class counts,
# 1/3 for the means (two classes, half of the sensitivity each where the ranges are
# centred at zero) and 2/3 for the variances.
_NAIVE_BAYES_COST = 5 / 3
# The row leaves one leaf's counts and enters another's.
_TREE_COST = 2


def import_diffprivlib() -> Any:
    """diffprivlib, on scikit-learn releases that it does not know, too.

    Its 0.6.6 looks for ``DTYPE`` and ``DOUBLE`` in ``sklearn.tree._tree``, which
    scikit-learn 1.9 no longer has. They are there for the time of the import only.
    """
    with _IMPORTING, warnings.catch_warnings():  # it changes the filters on import
        missing = {"DTYPE": np.float32, "DOUBLE": np.float64}
        missing = {k: v for k, v in missing.items() if not hasattr(_tree, k)}
        for name, value in missing.items():
            setattr(_tree, name, value)
        try:
            library = importlib.import_module("diffprivlib")
        finally:
            for name in missing:
                delattr(_tree, name)
    # A worker that is sent an accountant has to import diffprivlib in this way, too.
    copyreg.pickle(library.BudgetAccountant, _reduce_accountant)
    return library


def _reduce_accountant(accountant: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    state = ("epsilon", "delta", "slack", "spent_budget")
    return new_accountant, tuple(getattr(accountant, name) for name in state)


def new_accountant(
    epsilon: float = np.inf,
    delta: float = 1.0,
    slack: float = 0.0,
    spent_budget: Any = None,
) -> Any:
    """A BudgetAccountant of diffprivlib."""
    return import_diffprivlib().BudgetAccountant(epsilon, delta, slack, spent_budget)


def load_accountant(accountant: Any) -> Any:
    """`accountant`, or diffprivlib's default one, or a fresh one without a ceiling."""
    return import_diffprivlib().BudgetAccountant.load_default(accountant)


@contextmanager
def _guarded() -> Iterator[Any]:
    """diffprivlib, with a leak as an error, whatever the filters outside say."""
    library = import_diffprivlib()
    with warnings.catch_warnings():
        # SciPy's: diffprivlib passes `iprint`.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("error", library.utils.PrivacyLeakWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        yield library


@cache
def _private_logistic_class() -> type[Any]:
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
        with _guarded() as library:
            model = _private_logistic_class()(
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


def fit_naive_bayes(
    X: NDArray[np.float64],
    y: NDArray[np.intp],
    *,
    epsilon: float,
    bounds: Box,
    priors: Any,
    random_state: np.random.RandomState | None,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Means, variances, priors and counts of a Gaussian naive Bayes classifier."""
    lower, upper = bounds
    # Around zero, where a row's share of a sum is at most half of the range.
    centre, half = lower / 2 + upper / 2, upper / 2 - lower / 2
    with _guarded() as library:
        model = library.models.GaussianNB(
            epsilon=epsilon / _NAIVE_BAYES_COST,
            bounds=(-half, half),
            priors=priors,
            random_state=random_state,
            accountant=library.BudgetAccountant(),
        ).fit(X - centre, y)
    return model.theta_ + centre, model.var_, model.class_prior_, model.class_count_


def fit_tree(
    X: NDArray[np.float64],
    y: NDArray[np.intp],
    *,
    epsilon: float,
    bounds: Box,
    n_classes: int,
    max_depth: int,
    random_state: np.random.RandomState | None,
) -> Any:
    """The ``sklearn.tree`` structure of a tree with random splits and noisy labels."""
    with _guarded() as library:
        model = library.models.DecisionTreeClassifier(
            max_depth=max_depth,
            epsilon=epsilon / _TREE_COST,
            bounds=bounds,
            classes=np.arange(n_classes),
            random_state=random_state,
            accountant=library.BudgetAccountant(),
        ).fit(X, y)
    return model.tree_


def fit_forest(
    X: NDArray[np.float64],
    y: NDArray[np.intp],
    *,
    epsilon: float,
    bounds: Box,
    n_classes: int,
    n_estimators: int,
    max_depth: int,
    random_state: np.random.RandomState | None,
) -> list[Any]:
    """The structures of such trees, each fitted on rows of its own."""
    with _guarded() as library:
        model = library.models.RandomForestClassifier(
            n_estimators=n_estimators,
            max_depth=max_depth,
            epsilon=epsilon / _TREE_COST,
            bounds=bounds,
            classes=np.arange(n_classes),
            # Without it, rows in the order of their classes make trees of one class.
            shuffle=True,
            random_state=random_state,
            accountant=library.BudgetAccountant(),
        ).fit(X, y)
    return [tree.tree_ for tree in model.estimators_]


def fit_scaler(
    X: NDArray[np.float64],
    *,
    epsilon: float,
    bounds: Box,
    with_mean: bool,
    with_std: bool,
    random_state: np.random.RandomState | None,
) -> tuple[NDArray | Any, NDArray | Any]:
    """Mean and variance of each feature; None for the one that is not asked for."""
    with _guarded() as library:
        model = library.models.StandardScaler(
            epsilon=epsilon,
            bounds=bounds,
            with_mean=with_mean,
            with_std=with_std,
            random_state=random_state,
            accountant=library.BudgetAccountant(),
        ).fit(X)
    return model.mean_, model.var_
