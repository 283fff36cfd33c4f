"""What a classifier says of rows that it has not seen: predictions out of fold."""

import numpy as np

from skmia.defenses._base import clone_with_seeds
from skmia.utils._metadata import slice_metadata
from skmia.utils._response import class_probabilities
from skmia.utils._rows import content_groups, hash_rows, take_rows


def out_of_fold_proba(
    estimator, X, y, classes, *, params=None, n_splits=5, random_state
):
    """Probabilities of each row, from a clone that was fitted without it.

    Rows of equal features go into one fold: a copy in training would make a row seen.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is cloned, `n_splits` times.
    X : array-like, frame or sparse matrix of shape (n_samples, n_features)
        Rows.
    y : ndarray of int of shape (n_samples,)
        Columns of `classes`.
    classes : ndarray of shape (n_classes,)
        Class labels in the order of the columns.
    params : dict, default=None
        Metadata for ``fit``; what has one value per row is sliced.
    n_splits : int, default=5
        Number of folds, stratified by class.
    random_state : RandomState
        Draws the folds and seeds the clones.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        A class that a clone did not see has probability 0 there.

    Raises
    ------
    ValueError
        If the rows outside of a fold are of a single class.
    """
    n = len(y)
    group = content_groups(hash_rows(X))
    _, first = np.unique(group, return_index=True)
    # Classes one after the other, shuffled inside, dealt out in turn.
    order = np.lexsort((random_state.permutation(len(first)), y[first]))
    fold = np.empty(len(first), dtype=np.intp)
    fold[order] = np.arange(len(first)) % n_splits
    fold = fold[group]
    proba = np.zeros((n, len(classes)))
    for k in np.unique(fold):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if len(np.unique(y[train])) < 2:
            raise ValueError(
                f"Predictions out of fold need two classes outside of each of "
                f"{n_splits} folds. Got {n} rows, with "
                f"{np.bincount(y, minlength=len(classes)).min()} of the rarest class; "
                "pass more rows of it."
            )
        model = clone_with_seeds(estimator, random_state)
        sliced = slice_metadata(params or {}, train, n)
        model.fit(take_rows(X, train), classes[y[train]], **sliced)
        proba[test] = class_probabilities(model, take_rows(X, test), classes)
    return proba
