"""Train a classifier epoch by epoch, on rows and soft labels of one's own choice."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline

from skmia._models import class_probabilities
from skmia._tables import slice_metadata, take_rows
from skmia.defenses._base import clone_with_seeds
from skmia.defenses._soft._copies import drawn_copies
from skmia.defenses._soft._pipeline import split_params
from skmia.signals import loss


def trains_in_epochs(estimator: Any) -> bool:
    """Whether it follows a gradient of the log-loss, one pass at a time.

    Not where it sets rows aside itself, or balances classes that a single pass does
    not show: ``partial_fit`` refuses both.
    """
    if type(estimator) is Pipeline:
        if getattr(estimator, "transform_input", None) is not None:
            return False
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
    X: Any,
    y: NDArray[np.intp],
    classes: NDArray,
    lesson: Callable[..., tuple[Any, NDArray[np.float64]]],
    *,
    params: dict[str, Any],
    random_state: np.random.RandomState,
    n_epochs: int | None = None,
    X_watched: Any = None,
) -> Any:
    """Fit a clone of `estimator`, with a lesson of its own in every epoch.

    The classifier's own ``max_iter``, ``tol`` and ``n_iter_no_change`` say when it is
    done, by its log-loss on the rows and labels as they are. In a Pipeline the steps
    before the last are fitted once, on the rows and labels as they are.

    Parameters
    ----------
    estimator : classifier or Pipeline
        One that `trains_in_epochs`. Not touched.
    X : array-like, frame or sparse matrix of shape (n_samples, n_features)
        Rows.
    y : ndarray of int of shape (n_samples,)
        Columns of `classes`.
    classes : ndarray of shape (n_classes,)
        Class labels in the order of the columns.
    lesson : callable
        Given the number of the epoch, the rows as the last step sees them, and the
        probabilities that it now gives to them (None in the first epoch), returns the
        rows to train on, as many, and their soft labels. A label is drawn from each:
        the step is the one of the soft label on average, at the cost of one row.
        With `X_watched`, it is given the probabilities of these as well.
    params : dict
        Metadata for ``fit``, as the user passed it.
    random_state : RandomState
        Seeds the clone, the order of the rows, and the drawn labels.
    n_epochs : int, default=None
        Exactly as many, in place of the classifier's own rules.
    X_watched : array-like, frame or sparse matrix, default=None
        Rows that are not trained on, and whose probabilities the lesson asks for.

    Returns
    -------
    estimator
        The fitted clone.
    """
    model = clone_with_seeds(estimator, random_state)
    steps, last = [], model
    if isinstance(model, Pipeline):
        *steps, (name, last) = model.steps
        before, params = split_params(model, name, params)
        if steps:
            head = model[:-1]
            X = head.fit_transform(X, classes[y], **before)
            steps = head.steps
            if X_watched is not None:
                X_watched = head.transform(X_watched)
    said: tuple[Any, ...]  # None before there are probabilities
    n, said = len(y), (None,) if X_watched is None else (None, None)
    weight: Any = params.get("sample_weight")
    if np.ndim(weight) == 0:
        weight = None  # the same for every row
    best, n_stale = np.inf, 0
    for epoch in range(last.max_iter if n_epochs is None else n_epochs):
        rows, target = lesson(epoch, X, *said)
        order = random_state.permutation(n)
        drawn = drawn_copies(target[order], 1, random_state).columns
        last.partial_fit(
            take_rows(rows, order),
            classes[drawn],
            classes=classes,
            **slice_metadata(params, order, n),
        )
        said = tuple(
            class_probabilities(last, part, classes)
            for part in (X, X_watched)
            if part is not None
        )
        if n_epochs is not None:
            continue
        now = np.average(loss(said[0], y), weights=weight)
        n_stale = 0 if now < best - (last.tol or 0.0) else n_stale + 1
        best = min(best, now)
        if last.tol is not None and n_stale >= last.n_iter_no_change:
            break
    return last if last is model else model.set_params(steps=[*steps, (name, last)])
