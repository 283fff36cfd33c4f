"""Private counterparts of scikit-learn's classifiers, as scikit-learn's own objects."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import validate_data

from skmia.defenses._private._bounds import Box
from skmia.defenses._private._diffprivlib import (
    PrivateLogisticRegression,
    fit_forest,
    fit_naive_bayes,
    fit_scaler,
    fit_tree,
)
from skmia.utils import check_integer, check_real

_DEFAULT_DEPTH = 5  # diffprivlib's; leaves without a row would be most of a deeper tree
# A scale is at least this share of the range: a variance may be drawn near zero.
_LEAST_SCALE = 1e-3


class _Kind(NamedTuple):
    """What is known of the counterpart of a class."""

    needs: str  # "data_norm" or "bounds": what its noise is scaled to
    carried: tuple[str, ...]  # parameters that mean the same in the counterpart
    free: tuple[str, ...]  # about how a model is found, not about which one it is
    fit: Callable[..., Any]


def counterpart_of(estimator: Any) -> _Kind | Any:
    """What is known of its private counterpart, or None.

    By the very class: a subclass (LogisticRegressionCV is one) learns something else.
    """
    # Any stands for None here: most callers know that there is a counterpart.
    return _KINDS.get(type(estimator))


def supported_names() -> str:
    """The classes with a counterpart, for messages."""
    return ", ".join(cls.__name__ for cls in _KINDS)


def check_parameters(estimator: Any) -> None:
    """Raise where a parameter has a value that the private counterpart would drop.

    Raises
    ------
    ValueError
        Naming the parameter.
    """
    kind, name = counterpart_of(estimator), type(estimator).__name__
    signature = inspect.signature(type(estimator)).parameters
    for parameter, value in estimator.get_params(deep=False).items():
        if parameter in (*kind.carried, *kind.free):
            continue
        default = signature[parameter].default
        # The spellings of what the counterpart does, on one release or another.
        same = {"penalty": ("l2",), "multi_class": ("ovr", "auto")}.get(parameter, ())
        if value is default or value in (default, *same):
            continue
        raise ValueError(
            f"The {parameter!r} parameter of {name} has no meaning in its private "
            f"counterpart. Got {value!r} instead of {default!r}; leave it at its "
            "default, or pass 'public_X' to have the votes of such classifiers noised."
        )


def fit_counterpart(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    classes: NDArray,
    *,
    epsilon: float,
    scale: float | Box,
    random_state: np.random.RandomState | None,
) -> Any:
    """Fit the private counterpart of an estimator.

    Parameters
    ----------
    estimator : estimator
        Unfitted, of a class that has a counterpart; left alone.
    X : array-like of shape (n_rows, n_features)
        Dense numbers.
    y : ndarray of int of shape (n_rows,)
        The position of each row's label in `classes`.
    classes : ndarray of shape (n_classes,)
        The class labels.
    epsilon : float
        The privacy loss of the fit.
    scale : float or tuple of two ndarray
        The greatest norm of a row, or the least and greatest values of each feature,
        whichever the counterpart needs. Rows beyond it are clipped.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.

    Returns
    -------
    classifier : estimator
        Fitted; its attributes are all that was learnt from the rows.
    """
    kind = counterpart_of(estimator)
    model = kind.fit(
        estimator, X, y, epsilon=epsilon, scale=scale, random_state=random_state
    )
    # Remembers the number and names of features, and nothing else.
    validate_data(model, X, dtype=np.float64)
    model.classes_ = classes
    return model


def _logistic(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    *,
    epsilon: float,
    scale: float,
    random_state: np.random.RandomState | None,
) -> PrivateLogisticRegression:
    C = check_real(estimator.C, "C", 0, np.inf, closed="neither")
    scaling = check_real(
        estimator.intercept_scaling, "intercept_scaling", 0, np.inf, closed="neither"
    )
    model = PrivateLogisticRegression(
        epsilon=epsilon,
        data_norm=scale,
        C=C,
        fit_intercept=bool(estimator.fit_intercept),
        intercept_scaling=scaling,
        random_state=random_state,
    ).fit(X, y)
    # A generator that stays with the model would give its noise away.
    return model.set_params(random_state=None)


def _naive_bayes(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    *,
    epsilon: float,
    scale: Box,
    random_state: np.random.RandomState | None,
) -> GaussianNB:
    model = clone(estimator)
    learnt = fit_naive_bayes(
        _numbers(X),
        y,
        epsilon=epsilon,
        bounds=scale,
        priors=estimator.priors,
        random_state=random_state,
    )
    model.theta_, model.var_, model.class_prior_, model.class_count_ = learnt
    model.epsilon_ = model.var_smoothing
    return model


class FiniteTreeClassifier(DecisionTreeClassifier):
    """A tree that was not shown missing values, and refuses them in predict, too."""

    def __sklearn_tags__(self) -> Any:
        """Tags of a tree, without missing values."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def _tree(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    *,
    epsilon: float,
    scale: Box,
    random_state: np.random.RandomState | None,
) -> FiniteTreeClassifier:
    n_classes = int(y.max()) + 1
    model = FiniteTreeClassifier(max_depth=_depth(estimator))
    tree = fit_tree(
        _numbers(X),
        y,
        epsilon=epsilon,
        bounds=scale,
        n_classes=n_classes,
        max_depth=model.max_depth,
        random_state=random_state,
    )
    return _with_tree(model, tree, n_classes)


def _forest(
    estimator: Any,
    X: Any,
    y: NDArray[np.intp],
    *,
    epsilon: float,
    scale: Box,
    random_state: np.random.RandomState | None,
) -> RandomForestClassifier:
    n_classes, rows = int(y.max()) + 1, _numbers(X)
    n_estimators = check_integer(estimator.n_estimators, "n_estimators", 1)
    if n_estimators > len(rows):
        raise ValueError(
            "The 'n_estimators' parameter must not exceed the number of rows: each "
            f"private tree has rows of its own. Got {n_estimators} trees for "
            f"{len(rows)} rows instead."
        )
    model = clone(estimator).set_params(max_depth=_depth(estimator))
    trees = fit_forest(
        rows,
        y,
        epsilon=epsilon,
        bounds=scale,
        n_classes=n_classes,
        n_estimators=n_estimators,
        max_depth=model.max_depth,
        random_state=random_state,
    )
    model.estimators_ = [
        _with_tree(FiniteTreeClassifier(max_depth=model.max_depth), tree, n_classes)
        for tree in trees
    ]
    for tree in model.estimators_:
        tree.classes_, tree.n_features_in_ = np.arange(n_classes), rows.shape[1]
    model.n_classes_, model.n_outputs_ = n_classes, 1
    return model


def _depth(estimator: Any) -> int:
    if estimator.max_depth is None:
        return _DEFAULT_DEPTH
    # The number of nodes is two to this power, rows or no rows.
    return check_integer(estimator.max_depth, "max_depth", 1, 20)


def _with_tree(
    model: FiniteTreeClassifier, tree: Any, n_classes: int
) -> FiniteTreeClassifier:
    model.tree_ = tree
    model.n_classes_, model.n_outputs_ = n_classes, 1
    model.max_features_ = tree.n_features
    return model


def _numbers(X: Any) -> NDArray[np.float64]:
    # Frames were checked by the caller, and are numbers.
    return np.asarray(X, dtype=np.float64)


_KINDS = {
    LogisticRegression: _Kind(
        "data_norm",
        ("C", "fit_intercept", "intercept_scaling"),
        # Every solver looks for the same minimum.
        ("solver", "dual", "tol", "max_iter", "verbose", "n_jobs", "random_state"),
        _logistic,
    ),
    GaussianNB: _Kind("bounds", ("priors",), (), _naive_bayes),
    DecisionTreeClassifier: _Kind("bounds", ("max_depth",), ("random_state",), _tree),
    RandomForestClassifier: _Kind(
        "bounds",
        ("n_estimators", "max_depth"),
        ("n_jobs", "verbose", "random_state"),
        _forest,
    ),
}


def fit_private_scaler(
    scaler: Any,
    X: Any,
    *,
    epsilon: float,
    bounds: Box,
    random_state: np.random.RandomState | None,
) -> Any:
    """A StandardScaler with private means and variances.

    Parameters
    ----------
    scaler : StandardScaler
        Unfitted; left alone.
    X : array-like of shape (n_rows, n_features)
        Dense numbers.
    epsilon : float
        The privacy loss of the fit.
    bounds : tuple of two ndarray of shape (n_features,)
        Least and greatest values; those beyond count as them.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.

    Returns
    -------
    scaler : StandardScaler
        Fitted.
    """
    model, rows = clone(scaler), _numbers(X)
    validate_data(model, X, dtype=np.float64)
    mean, variance = fit_scaler(
        rows,
        epsilon=epsilon,
        bounds=bounds,
        with_mean=model.with_mean,
        with_std=model.with_std,
        random_state=random_state,
    )
    model.mean_, model.var_, model.scale_ = mean, variance, None
    model.n_samples_seen_ = len(rows)
    if model.with_std:
        least = _LEAST_SCALE * (bounds[1] - bounds[0])
        model.scale_ = np.maximum(np.sqrt(variance), least)
    return model
