"""Private counterparts of scikit-learn's classifiers, as scikit-learn's own objects.

What diffprivlib learns is put into scikit-learn's classes, or into ours where it has
none: nothing that leaves this file needs diffprivlib to be unpickled.

diffprivlib's models bound the loss for one row that is *added or left out*, while they
also publish the number of rows. Here neighbours have equal size and differ in one row,
its label included, which is both what is published and what attackers of membership
can tell apart. The costs below are those of a replaced row in each model.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import validate_data

from skmia.defenses._private._library import guarded
from skmia.defenses._private._logistic import PrivateLogisticRegression
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer, check_real

# A row that changes its label costs 2/3 of the model's epsilon for the class counts,
# 1/3 for the means (two classes, half of the sensitivity each where the ranges are
# centred at zero) and 2/3 for the variances.
_NAIVE_BAYES_COST = 5 / 3
# The row leaves one leaf's counts and enters another's.
_TREE_COST = 2
_DEFAULT_DEPTH = 5  # diffprivlib's; leaves without a row would be most of a deeper tree
# A scale is at least this part of the range: a variance may be drawn near zero.
_LEAST_SCALE = 1e-3


@dataclass(frozen=True)
class Noise:
    """What the noise of one fit is scaled to, and where it is drawn from.

    Parameters
    ----------
    epsilon : float
        The privacy loss of the fit.
    scale : float or tuple of two ndarray
        The greatest norm of a row, or the least and greatest values of each feature,
        whichever the counterpart needs. Rows beyond it are clipped.
    random_state : RandomState instance or None
        Source of the noise; None for the operating system's.
    """

    epsilon: float
    scale: Any
    random_state: np.random.RandomState | None


class _Kind(NamedTuple):
    """What is known of the counterpart of a class."""

    needs: str  # "data_norm" or "bounds": what its noise is scaled to
    carried: tuple[str, ...]  # parameters that mean the same in the counterpart
    free: tuple[str, ...]  # about how a model is found, not about which one it is
    fit: Callable[[Any, TrainingData, Noise], Any]


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
            "default, or pass 'X_public' to have the votes of such classifiers noised."
        )


def fit_counterpart(estimator: Any, data: TrainingData, noise: Noise) -> Any:
    """Fit the private counterpart of an estimator.

    Parameters
    ----------
    estimator : estimator
        Unfitted, of a class that has a counterpart; left alone.
    data : TrainingData
        Dense numbers, and their labels.
    noise : Noise
        The noise, scaled to what the counterpart needs.

    Returns
    -------
    classifier : estimator
        Fitted; its attributes are all that was learnt from the rows.
    """
    # Frames were checked by the caller, and are numbers.
    rows = replace(data, X=np.asarray(data.X, dtype=np.float64))
    model = counterpart_of(estimator).fit(estimator, rows, noise)
    # Remembers the number and names of features, and nothing else.
    validate_data(model, data.X, dtype=np.float64)
    model.classes_ = data.classes
    return model


def fit_private_scaler(scaler: Any, X: Any, noise: Noise) -> StandardScaler:
    """Fit a StandardScaler with private means and variances; `scaler` is left alone."""
    model, rows = clone(scaler), np.asarray(X, dtype=np.float64)
    validate_data(model, X, dtype=np.float64)
    private = _fit_library(
        "StandardScaler",
        rows,
        None,
        noise,
        with_mean=model.with_mean,
        with_std=model.with_std,
    )
    model.mean_, model.var_, model.scale_ = private.mean_, private.var_, None
    model.n_samples_seen_ = len(rows)
    if model.with_std:
        least = _LEAST_SCALE * (noise.scale[1] - noise.scale[0])
        model.scale_ = np.maximum(np.sqrt(private.var_), least)
    return model


def _fit_library(
    name: str, X: NDArray, y: NDArray | None, noise: Noise, **settings: Any
) -> Any:
    """The model of diffprivlib with that name, fitted."""
    with guarded() as library:
        model = getattr(library.models, name)(
            **{"epsilon": noise.epsilon, "bounds": noise.scale} | settings,
            random_state=noise.random_state,
            accountant=library.BudgetAccountant(),
        )
        return model.fit(X, y)


def _logistic(
    estimator: Any, data: TrainingData, noise: Noise
) -> PrivateLogisticRegression:
    scaling = estimator.intercept_scaling
    model = PrivateLogisticRegression(
        epsilon=noise.epsilon,
        data_norm=noise.scale,
        C=check_real(estimator.C, "C", 0, np.inf, closed="neither"),
        fit_intercept=bool(estimator.fit_intercept),
        intercept_scaling=check_real(
            scaling, "intercept_scaling", 0, np.inf, closed="neither"
        ),
        random_state=noise.random_state,
    ).fit(data.X, data.y)
    # A generator that stays with the model would reveal its noise.
    return model.set_params(random_state=None)


def _naive_bayes(estimator: Any, data: TrainingData, noise: Noise) -> GaussianNB:
    lower, upper = noise.scale
    # Around zero, where a row's part of a sum is at most half of the range.
    centre, half = lower / 2 + upper / 2, upper / 2 - lower / 2
    private = _fit_library(
        "GaussianNB",
        data.X - centre,
        data.y,
        noise,
        epsilon=noise.epsilon / _NAIVE_BAYES_COST,
        bounds=(-half, half),
        priors=estimator.priors,
    )
    model = clone(estimator)
    model.theta_, model.var_ = private.theta_ + centre, private.var_
    model.class_prior_, model.class_count_ = private.class_prior_, private.class_count_
    model.epsilon_ = model.var_smoothing
    return model


class FiniteTreeClassifier(DecisionTreeClassifier):
    """A tree that was not shown missing values, and refuses them in predict, too."""

    def __sklearn_tags__(self) -> Any:
        """Tags of a tree, without missing values."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def _tree(estimator: Any, data: TrainingData, noise: Noise) -> FiniteTreeClassifier:
    model = FiniteTreeClassifier(max_depth=_depth(estimator))
    settings = _tree_settings(model, data, noise)
    name = "DecisionTreeClassifier"
    private = _fit_library(name, data.X, data.y, noise, **settings)
    return _with_tree(model, private.tree_, settings["classes"])


def _forest(estimator: Any, data: TrainingData, noise: Noise) -> RandomForestClassifier:
    n_estimators = check_integer(estimator.n_estimators, "n_estimators", 1)
    if n_estimators > len(data):
        raise ValueError(
            "The 'n_estimators' parameter must not exceed the number of rows: each "
            f"private tree has rows of its own. Got {n_estimators} trees for "
            f"{len(data)} rows instead."
        )
    model = clone(estimator).set_params(max_depth=_depth(estimator))
    settings = _tree_settings(model, data, noise)
    private = _fit_library(
        "RandomForestClassifier",
        data.X,
        data.y,
        noise,
        n_estimators=n_estimators,
        # Without it, rows in the order of their classes make trees of one class.
        shuffle=True,
        **settings,
    )
    model.estimators_ = [
        _with_tree(
            FiniteTreeClassifier(max_depth=model.max_depth),
            tree.tree_,
            settings["classes"],
        )
        for tree in private.estimators_
    ]
    for tree in model.estimators_:
        tree.classes_, tree.n_features_in_ = settings["classes"], data.X.shape[1]
    model.n_classes_, model.n_outputs_ = len(settings["classes"]), 1
    return model


def _tree_settings(model: Any, data: TrainingData, noise: Noise) -> dict[str, Any]:
    return {
        "epsilon": noise.epsilon / _TREE_COST,
        "max_depth": model.max_depth,
        "classes": np.arange(len(data.classes)),
    }


def _depth(estimator: Any) -> int:
    if estimator.max_depth is None:
        return _DEFAULT_DEPTH
    # The number of nodes is two to this power, rows or no rows.
    return check_integer(estimator.max_depth, "max_depth", 1, 20)


def _with_tree(
    model: FiniteTreeClassifier, tree: Any, classes: NDArray
) -> FiniteTreeClassifier:
    model.tree_ = tree
    model.n_classes_, model.n_outputs_ = len(classes), 1
    model.max_features_ = tree.n_features
    return model


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
