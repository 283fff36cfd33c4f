"""Fit any classifier on soft labels, through copies of its rows."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import get_tags

from skmia.defenses._soft._pipeline import fit_head, is_pipeline, with_last
from skmia.defenses._soft._rows import takes_weights
from skmia.defenses._soft._strategies import Task, choose_strategy
from skmia.defenses._training import TrainingData


def fit_soft(
    estimator: Any,
    data: TrainingData,
    target_proba: ArrayLike,
    *,
    sample_weight: NDArray | None = None,
    max_copies: int = 10,
    tol: float = 1e-4,
    n_draws: int = 4,
) -> Any:
    """Fit a clone of `estimator` on soft labels.

    Each row becomes several, one per class, weighted through ``sample_weight`` with
    the probability of that class. That is exact for every loss that is linear in the
    label, and so for log-loss, Gini impurity and the hinge. Where this cannot be done,
    labels are drawn; `STRATEGIES` has all the ways, and when each is taken.

    Copies must not change anything but the label, so

    - in a Pipeline the steps before the last see each row once, with its likeliest
      class, and the last step is fitted on copies of what they return;
    - parameters that count rows (``min_samples_leaf``, ``n_neighbors``) are multiplied
      by the number of copies, and ``class_weight="balanced"`` becomes the weights that
      the soft labels stand for: see the parameters of what is returned;
    - boosting with ``early_stopping="auto"`` does not stop early, however many copies
      there are.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Not touched. Parameters ``random_state`` that are None are seeded.
    data : TrainingData
        Rows, classes and metadata; labels are those of `target_proba`. All classes are
        known to the result: one without any mass has a trace of it (1e-6 of a row, or
        one drawn label).
    target_proba : ndarray of shape (n_samples, n_classes)
        Soft labels, each row a distribution.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows, multiplied with those in the metadata.
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
        The fitted clone; its ``classes_`` are those of `data`.

    Raises
    ------
    ValueError
        If `target_proba` holds no distributions over `classes`, or the estimator
        takes a matrix of pairs of rows (a precomputed kernel).
    TypeError
        If `sample_weight` is given and the estimator does not take it.
    """
    target = _check_target(target_proba, len(data), len(data.classes))
    model = data.clone(estimator)
    # In place of hard labels, the likeliest ones.
    data = replace(data, y=target.argmax(axis=1), params=dict(data.params))
    return _fit(model, Task(data, target, max_copies, tol, n_draws), sample_weight)


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


def _fit(model: Any, task: Task, weight: NDArray | None) -> Any:
    if is_pipeline(model):
        head, data = fit_head(model, task.data)
        last = _fit(model.steps[-1][1], replace(task, data=data), weight)
        return with_last(model, head, last)
    if get_tags(model).input_tags.pairwise:
        raise ValueError(
            f"{type(model).__name__} takes a square matrix of pairs of rows, of which "
            "no copies can be made. Pass the rows and a kernel or metric by name."
        )
    if weight is not None:
        if not takes_weights(model):
            raise TypeError(
                f"{type(model).__name__} does not take sample_weight in fit. Leave the "
                "weights out, or take a classifier that does."
            )
        params = task.data.params
        given = params.get("sample_weight")
        params["sample_weight"] = weight if given is None else weight * np.array(given)
    return choose_strategy(model, task).fit(model, task)
