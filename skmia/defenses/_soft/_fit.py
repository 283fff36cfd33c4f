"""Fit any classifier on soft labels, through copies of its rows."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, get_tags

from skmia._tables import n_rows, slice_metadata, take_rows
from skmia.defenses._base import clone_with_seeds
from skmia.defenses._soft._copies import drawn_copies, weighted_copies, with_every_class
from skmia.defenses._soft._epochs import fit_in_epochs, trains_in_epochs
from skmia.defenses._soft._logistic import fit_soft_logistic, solves_directly
from skmia.defenses._soft._pipeline import split_params
from skmia.defenses._soft._strategies import (
    balance,
    balances_inside,
    counts_rows,
    draws_rows,
    keep_sample_size,
    scale_counts,
    splits_rows,
    takes_weights,
)
from skmia.utils import own_random_state


def fit_soft(
    estimator: Any,
    X: Any,
    target_proba: ArrayLike,
    classes: NDArray,
    *,
    sample_weight: NDArray | None = None,
    random_state: int | np.random.RandomState | None = None,
    params: dict[str, Any] | None = None,
    max_copies: int = 10,
    tol: float = 1e-4,
    n_draws: int = 4,
) -> Any:
    """Fit a clone of `estimator` on soft labels.

    Each row becomes several, one per class, weighted through ``sample_weight`` with
    the probability of that class. That is exact for every loss that is linear in the
    label, and so for log-loss, Gini impurity and the hinge. Where the classifier does
    not take weights, labels are drawn instead.

    LogisticRegression of three classes or more is solved on the soft labels
    themselves: the same answer, without the copies. A network of which the labels would
    have to be thinned (`max_copies`) has one drawn for each row anew in every epoch.

    Copies must not change anything but the label, so

    - in a Pipeline the steps before the last see each row once, with its likeliest
      class, and the last step is fitted on copies of what they return;
    - parameters that count rows (``min_samples_leaf``, ``n_neighbors``) are multiplied
      by the number of copies, and ``class_weight="balanced"`` becomes the weights that
      the soft labels stand for: see the parameters of what is returned;
    - a classifier that splits its rows itself (cross-validation, early stopping) gets
      each row once, with a drawn label: copies would fall on both sides. Boosting with
      ``early_stopping="auto"`` does not split them here, however many there are;
    - a forest or bagging that draws rows gets `max_copies` copies of each row with
      drawn labels and draws as many of these as it would of rows: each tree sees a
      row as often as without soft labels, with a label drawn for this tree. A weighted
      copy could be drawn without its twin, and would then be all that a leaf knows.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Not touched. Parameters ``random_state`` that are None are seeded.
    X : array-like, frame or sparse matrix of shape (n_samples, n_features)
        Rows, as `estimator` takes them.
    target_proba : ndarray of shape (n_samples, n_classes)
        Soft labels, each row a distribution.
    classes : ndarray of shape (n_classes,)
        The labels that the columns stand for. All of them are known to the result: a
        class without any mass has a trace of it (1e-6 of a row, or one drawn label).
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows, multiplied with those in `params`.
    random_state : int, RandomState or None, default=None
        Seeds the clone and what is drawn.
    params : dict, default=None
        Further metadata for ``fit``, as the user passed it.
    max_copies : int, default=10
        Copies of a row at most. With more classes than that, small entries are drawn
        so that the label stays the same on average.
    tol : float, default=1e-4
        Entries of a row that come to less than this together are left out.
    n_draws : int, default=4
        Copies of a row where labels are drawn.

    Returns
    -------
    estimator
        The fitted clone; its ``classes_`` are `classes`, in sorted order.

    Raises
    ------
    ValueError
        If `target_proba` holds no distributions over `classes`, or the estimator
        takes a matrix of pairs of rows (a precomputed kernel).
    TypeError
        If `sample_weight` is given and the estimator does not take it.
    """
    target = _check_target(target_proba, n_rows(X), len(classes))
    random_state = own_random_state(random_state)
    model = clone_with_seeds(estimator, random_state)
    how = {"max_copies": max_copies, "tol": tol, "n_draws": n_draws}
    return _fit(
        model,
        X,
        target,
        np.asarray(classes),
        sample_weight,
        dict(params or {}),
        random_state,
        how,
    )


def _check_target(
    target_proba: ArrayLike, n: int, n_classes: int
) -> NDArray[np.float64]:
    target = np.asarray(target_proba, dtype=np.float64)
    if target.shape != (n, n_classes):
        raise ValueError(
            "The 'target_proba' parameter must have one row per row of X and one "
            f"column per class, shape ({n}, {n_classes}). Got shape {target.shape} "
            "instead."
        )
    sums = target.sum(axis=1)
    # NaN fails both comparisons.
    if not ((target >= 0).all() and (np.abs(sums - 1) <= 1e-6).all()):
        raise ValueError(
            "The 'target_proba' parameter must hold distributions: entries >= 0, "
            f"rows that sum to 1. Got entries from {target.min():g} and sums from "
            f"{sums.min():g} to {sums.max():g} instead; clip and normalise."
        )
    return target / sums[:, None]


def _fit(
    model: Any,
    X: Any,
    target: NDArray[np.float64],
    classes: NDArray,
    weight: NDArray | None,
    params: dict[str, Any],
    random_state: np.random.RandomState,
    how: dict[str, Any],
) -> Any:
    # A subclass may do more than pass rows on (imbalanced-learn's resamples them).
    if type(model) is Pipeline and getattr(model, "transform_input", None) is None:
        *steps, (name, last) = model.steps
        if steps:
            likeliest = classes[target.argmax(axis=1)]
            before, params = split_params(model, name, params)
            head = model[:-1]
            X = head.fit_transform(X, likeliest, **before)
            steps = head.steps
        else:
            params = split_params(model, name, params)[1]
        last = _fit(last, X, target, classes, weight, params, random_state, how)
        return model.set_params(steps=[*steps, (name, last)])
    return _fit_on_copies(model, X, target, classes, weight, params, random_state, how)


def _fit_on_copies(
    model: Any,
    X: Any,
    target: NDArray[np.float64],
    classes: NDArray,
    weight: NDArray | None,
    params: dict[str, Any],
    random_state: np.random.RandomState,
    how: dict[str, Any],
) -> Any:
    n = len(target)
    if get_tags(model).input_tags.pairwise:
        raise ValueError(
            f"{type(model).__name__} takes a square matrix of pairs of rows, of which "
            "no copies can be made. Pass the rows and a kernel or metric by name."
        )
    weighted = takes_weights(model)
    if weight is not None:
        if not weighted:
            raise TypeError(
                f"{type(model).__name__} does not take sample_weight in fit. Leave the "
                "weights out, or take a classifier that does."
            )
        given = params.get("sample_weight")
        params["sample_weight"] = weight if given is None else weight * np.array(given)
    if solves_directly(model, len(classes)):
        given = _weights_of_rows(params.pop("sample_weight", None), n)
        balance(model, given @ target, classes, n)
        return fit_soft_logistic(model, X, given[:, None] * target, classes, params)
    if _would_be_thinned(target, how) and trains_in_epochs(model):
        return _fit_in_epochs(model, X, target, classes, params, random_state)
    splits, draws = splits_rows(model), draws_rows(model)
    if weighted and not (splits or draws or balances_inside(model)):
        copies = weighted_copies(
            target,
            random_state,
            max_copies=how["max_copies"],
            tol=how["tol"],
            equal=counts_rows(model),
        )
        copies = with_every_class(copies, target)
        given = _weights_of_rows(params.get("sample_weight"), n)
        params = slice_metadata(params, copies.rows, n)
        params["sample_weight"] = copies.weights * given[copies.rows]
        balance(model, given @ target, classes, n)
    else:
        n_draws = 1 if splits else how["max_copies"] if draws else how["n_draws"]
        copies = with_every_class(drawn_copies(target, n_draws, random_state), target)
        params = slice_metadata(params, copies.rows, n)
    n_copies = np.median(np.bincount(copies.rows))
    if draws:
        keep_sample_size(model, n_copies, n)
    else:
        scale_counts(model, n_copies, n)
    return model.fit(take_rows(X, copies.rows), classes[copies.columns], **params)


def _weights_of_rows(given: Any, n: int) -> NDArray[np.float64]:
    """Weights as finite floats: a fit on nan may end in a model that knows nothing."""
    weight = np.ones(n) if given is None else np.broadcast_to(given, n)
    return check_array(
        weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )


def _would_be_thinned(target: NDArray[np.float64], how: dict[str, Any]) -> bool:
    """Whether some label has more entries than there may be copies."""
    smallest = np.sort(target, axis=1)[:, : -how["max_copies"]]
    return smallest.shape[1] > 0 and (smallest.sum(axis=1) > how["tol"]).any()


def _fit_in_epochs(
    model: Any,
    X: Any,
    target: NDArray[np.float64],
    classes: NDArray,
    params: dict[str, Any],
    random_state: np.random.RandomState,
) -> Any:
    """A label drawn anew in every epoch: nothing for the model to learn by heart."""
    return fit_in_epochs(
        model,
        X,
        target.argmax(axis=1),
        classes,
        lambda epoch, rows, proba: (rows, target),
        params=params,
        random_state=random_state,
    )
