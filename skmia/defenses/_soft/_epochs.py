"""Train a classifier epoch by epoch, on rows and soft labels of one's own choice."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from skmia._models import class_probabilities
from skmia._tables import slice_metadata, take_rows
from skmia.defenses._soft._copies import drawn_copies
from skmia.defenses._soft._pipeline import fit_head, is_pipeline, last_step, with_last
from skmia.defenses._training import TrainingData
from skmia.signals import loss


def trains_in_epochs(estimator: Any) -> bool:
    """Whether it follows a gradient of the log-loss, one pass at a time.

    Not where it sets rows aside itself, or balances classes that a single pass does
    not show: ``partial_fit`` refuses both.
    """
    if is_pipeline(estimator):
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, MLPClassifier):
        return (
            estimator.solver in ("adam", "sgd")
            and estimator.learning_rate != "adaptive"
            and not estimator.early_stopping
        )
    return (
        isinstance(estimator, SGDClassifier)
        and estimator.loss == "log_loss"
        and not isinstance(estimator.class_weight, str)
        and not estimator.early_stopping
    )


def fit_in_epochs(
    estimator: Any,
    data: TrainingData,
    lesson: Callable[..., tuple[Any, NDArray[np.float64]]],
    *,
    n_epochs: int | None = None,
    X_watched: Any = None,
) -> Any:
    """Fit a clone of `estimator`, with a lesson of its own in every epoch.

    The classifier's own ``max_iter``, ``tol`` and ``n_iter_no_change`` decide when it
    stops, by its log-loss on the rows and labels as they are. In a Pipeline the steps
    before the last are fitted once, on the rows and labels as they are.

    Parameters
    ----------
    estimator : classifier or Pipeline
        One that `trains_in_epochs`. Not touched.
    data : TrainingData
        Rows, labels and metadata.
    lesson : callable
        Given the number of the epoch, the rows as the last step sees them, and the
        probabilities that it now gives to them (None in the first epoch), returns the
        rows to train on, as many, and their soft labels. A label is drawn from each:
        the step is the one of the soft label on average, at the cost of one row.
        With `X_watched`, it is given the probabilities of these as well.
    n_epochs : int, default=None
        Exactly as many, in place of the classifier's own rules.
    X_watched : array-like, frame or sparse matrix, default=None
        Rows that are not trained on, and whose probabilities the lesson asks for.

    Returns
    -------
    estimator
        The fitted clone.
    """
    model = data.clone(estimator)
    last = last_step(model)
    if last is not model:
        head, data = fit_head(model, data)
        if X_watched is not None and len(head):
            X_watched = head.transform(X_watched)
    proba: tuple[Any, ...]  # of the rows and of those watched, once there are some
    n, proba = len(data), (None,) if X_watched is None else (None, None)
    weight: Any = data.params.get("sample_weight")
    if np.ndim(weight) == 0:
        weight = None  # the same for every row
    best, n_stale = np.inf, 0
    for epoch in range(last.max_iter if n_epochs is None else n_epochs):
        rows, target = lesson(epoch, data.X, *proba)
        order = data.random_state.permutation(n)
        drawn = drawn_copies(target[order], 1, data.random_state).columns
        last.partial_fit(
            take_rows(rows, order),
            data.classes[drawn],
            classes=data.classes,
            **slice_metadata(data.params, order, n),
        )
        proba = tuple(
            class_probabilities(last, part, data.classes)
            for part in (data.X, X_watched)
            if part is not None
        )
        if n_epochs is not None:
            continue
        now = np.average(loss(proba[0], data.y), weights=weight)
        n_stale = 0 if now < best - (last.tol or 0.0) else n_stale + 1
        best = min(best, now)
        if last.tol is not None and n_stale >= last.n_iter_no_change:
            break
    return last if last is model else with_last(model, head, last)
