"""Probabilities of rows by models fitted without them: Split-AI, or out of fold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from skmia._models import class_probabilities, few_threads
from skmia._tables import content_groups, hash_rows, take_rows
from skmia.defenses._training import TrainingData


def left_out_proba(
    estimator: Any,
    data: TrainingData,
    *,
    n_models: int,
    n_left_out: int = 1,
    n_jobs: int | None = None,
) -> NDArray[np.float64]:
    """Mean probabilities of each row, from the clones that were fitted without it.

    Rows of equal features are left out together: a copy in training would make a row
    seen.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is cloned, `n_models` times.
    data : TrainingData
        Rows, labels and metadata.
    n_models : int
        Clones in all.
    n_left_out : int, default=1
        Clones that are fitted without a given row; with 1, the folds of a
        cross-validation.
    n_jobs : int, default=None
        Clones fitted at a time; what comes out does not depend on it.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        A class that a clone did not see has probability 0 there.

    Raises
    ------
    ValueError
        If some clone would see a single class.
    """
    y, classes = data.y, data.classes
    group = content_groups(hash_rows(data.X))
    _, first = np.unique(group, return_index=True)
    out = draw_left_out(y[first], n_models, n_left_out, data.random_state)[:, group]
    for rows in out:
        if len(np.unique(y[~rows])) < 2:
            n_rarest = np.bincount(y, minlength=len(classes)).min()
            remedy = ", or leave each out of fewer models" if n_left_out > 1 else ""
            raise ValueError(
                f"Each of {n_models} models needs two classes among the rows that it "
                f"is fitted on. Got {len(y)} rows, with {n_rarest} of the rarest "
                f"class; pass more rows of it{remedy}."
            )
    # In the parent: seeds do not depend on who fits what.
    models = [data.clone(estimator) for _ in range(n_models)]
    answers = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_ask)(model, data, rows)
        for model, rows in zip(models, out, strict=True)
    )
    proba = np.zeros((len(y), len(classes)))
    # In the order of the models, so that rounding is the same for any n_jobs.
    for rows, answer in zip(out, answers, strict=True):
        proba[rows] += answer
    return proba / n_left_out


def draw_left_out(
    y: NDArray[np.intp],
    n_models: int,
    n_left_out: int,
    random_state: np.random.RandomState,
) -> NDArray[np.bool_]:
    """Which model is fitted without which row, each row left out `n_left_out` times.

    Model after model, by systematic sampling along the rows, class after class: a row
    is taken with probability (times it has yet to be left out) / (models to come). A
    model is then left without as many rows of a class as any other, give or take one,
    and knows each class of which ``n_left_out / n_models`` are a row less than all.

    Returns
    -------
    ndarray of bool of shape (n_models, n_samples)
    """
    need = np.full(len(y), n_left_out)
    out = np.zeros((n_models, len(y)), dtype=bool)
    for k in range(n_models):
        to_come = n_models - k
        # Random within a class, or the same rows would always be drawn together.
        order = np.lexsort((random_state.permutation(len(y)), y))
        after = need[order].cumsum() + random_state.randint(to_come)
        out[k, order] = after // to_come > (after - need[order]) // to_come
        need -= out[k]
    return out


def _fit_and_ask(
    model: Any, data: TrainingData, left_out: NDArray[np.bool_]
) -> NDArray[np.floating]:
    seen, unseen = np.flatnonzero(~left_out), np.flatnonzero(left_out)
    with few_threads(len(data)):  # here too: this may be a thread or process of its own
        data.take(seen).fit(model)
        if not len(unseen):
            return np.zeros((0, len(data.classes)))
        return class_probabilities(model, take_rows(data.X, unseen), data.classes)
