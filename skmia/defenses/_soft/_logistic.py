"""Multinomial logistic regression on soft labels, without copies of rows.

With 30 classes, copies of rows are 30 times the work, or labels that are thinned; and
a model that memorises does so with what the thinning drew.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_array

from skmia._tables import take_rows
from skmia.defenses._training import TrainingData
from skmia.utils import warn


def solves_directly(model: Any, n_classes: int) -> bool:
    """Whether it is the smooth multinomial problem that `fit_soft_logistic` solves."""
    if type(model) is not LogisticRegression or n_classes < 3:
        return False
    params = model.get_params()
    return (
        params["solver"] == "lbfgs"
        and params.get("penalty", "l2") in ("l2", "deprecated", None)
        and params.get("l1_ratio") in (None, 0, 0.0)
        # Until scikit-learn 1.7 there was another way.
        and params.get("multi_class", "auto") in ("auto", "deprecated", "multinomial")
        and not params["warm_start"]
    )


def fit_soft_logistic(model: Any, data: TrainingData, mass: NDArray[np.float64]) -> Any:
    """Fit `model` on `mass`, what each class has of each row; itself.

    Minimises what LogisticRegression does for copies of rows weighted with `mass`,
    by the same method and to the same tolerance.

    Parameters
    ----------
    model : LogisticRegression
        One that `solves_directly`. Its `class_weight` is None or a dict.
    data : TrainingData
        Rows, classes, and metadata, of which weights are in `mass`.
    mass : ndarray of shape (n_samples, n_classes)
        Soft labels, times the weights of the rows.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` steps were not enough.
    """
    classes = data.classes
    rows = check_array(
        data.X,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        estimator=model,
        input_name="X",
    )
    weight = model.class_weight or {}
    mass = mass * np.array([weight.get(label, 1.0) for label in classes.tolist()])
    found = _minimise(rows, mass, **_settings(model))
    _make_fitted(model, data)
    n_features = rows.shape[1]
    table = found.x.reshape(len(classes), -1).astype(rows.dtype)
    model.coef_ = table[:, :n_features]
    intercept = table[:, n_features] if model.fit_intercept else 0.0
    model.intercept_ = np.zeros(len(classes), rows.dtype) + intercept
    model.n_iter_ = np.array([found.nit], dtype=np.int32)
    if found.status != 0:
        warn(
            f"LogisticRegression on soft labels did not converge in {found.nit} steps "
            f"({found.message}). Increase max_iter, or scale the data.",
            ConvergenceWarning,
        )
    return model


def _settings(model: Any) -> dict[str, Any]:
    params = model.get_params()
    free = params.get("penalty", "l2") is None or np.isinf(params["C"])
    return {
        "penalty": 0.0 if free else 1 / params["C"],
        "fit_intercept": params["fit_intercept"],
        "tol": params["tol"],
        "max_iter": params["max_iter"],
    }


def _minimise(
    X: Any,
    mass: NDArray[np.float64],
    *,
    penalty: float,
    fit_intercept: bool,
    tol: float,
    max_iter: int,
) -> Any:
    """Coefficients, and the intercept last, class by class."""
    n_features, n_classes = X.shape[1], mass.shape[1]
    total = mass.sum(axis=1)
    scale = total.sum()

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat.reshape(n_classes, -1)
        coef = table[:, :n_features]
        logits = np.asarray(X @ coef.T.astype(X.dtype), dtype=np.float64)
        if fit_intercept:
            logits += table[:, n_features]
        rest = logsumexp(logits, axis=1)
        value = total @ rest - (mass * logits).sum() + penalty / 2 * (coef**2).sum()
        error = total[:, None] * np.exp(logits - rest[:, None]) - mass
        slope = np.empty_like(table)
        slope[:, :n_features] = (X.T @ error.astype(X.dtype)).T + penalty * coef
        if fit_intercept:
            slope[:, n_features] = error.sum(axis=0)
        return value / scale, slope.ravel() / scale

    return minimize(
        loss,
        np.zeros(n_classes * (n_features + fit_intercept)),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": max_iter,
            "maxls": 50,
            "gtol": tol,
            "ftol": 64 * np.finfo(float).eps,
        },
    )


def _make_fitted(model: Any, data: TrainingData) -> None:
    """Have it check its parameters, and know its classes and the columns of `X`."""
    # A row for each class would look like a regression to scikit-learn before 1.9.
    labels = np.tile(data.classes, 3)
    rows = take_rows(data.X, np.arange(len(labels)) % len(data))
    params = {k: v for k, v in data.params.items() if k != "sample_weight"}
    max_iter = model.max_iter
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.set_params(max_iter=min(max_iter, 1)).fit(rows, labels, **params)
    model.set_params(max_iter=max_iter)
