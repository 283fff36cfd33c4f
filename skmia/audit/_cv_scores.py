"""Whether the scores of a cross-validation are those of the rows that were passed."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    get_scorer,
    make_scorer,
    recall_score,
    top_k_accuracy_score,
)

from skmia._tables import copy_rows

# So many answers may be others today: classes may be tied but for rounding.
_TIED_FRACTION = 0.005
_TIED = 2
# Hits among the first so many classes are tried out.
_MOST_CLASSES = 11


def find_other_scores(
    cv_results: Mapping[str, Any],
    estimators: Sequence[Any],
    X: Any,
    y: NDArray,
    test: Sequence[NDArray],
) -> tuple[float, float] | None:
    """Find accuracies in `cv_results` that the models do not have on these test rows.

    Rows in another order than ``cross_validate`` had leave every index array valid, and
    members and non-members mixed: nothing seems to leak. Scores of other kinds say
    nothing here, so that only those are compared that can be accuracies: in each split
    a number of rows by the number of its test rows.

    Parameters
    ----------
    cv_results : dict
        What ``cross_validate`` returned.
    estimators : sequence of classifier
        Its models.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        The rows.
    y : ndarray of shape (n_records,)
        Their labels.
    test : sequence of ndarray of int
        The test rows of each split.

    Returns
    -------
    tuple of float or None
        Mean score of `cv_results`, and mean of the models' own scores on these rows;
        None where they agree or cannot be compared.
    """
    given = cv_results.get("test_score", cv_results.get("test_accuracy"))
    if given is None:
        return None
    stored = np.asarray(given, dtype=np.float64)
    right = stored * list(map(len, test))
    if stored.shape != (len(test),) or not (
        (stored >= 0).all() and np.allclose(right, np.round(right), rtol=0, atol=1e-6)
    ):
        return None
    rows = [(copy_rows(X, part), y[part]) for part in test]
    classes = np.unique(y)
    scorers = [
        lambda model, X, y: model.score(X, y),
        get_scorer("accuracy"),
        get_scorer("balanced_accuracy"),
        *(_recall(c) for c in classes),
        *(make_scorer(recall_score, average=a) for a in ("macro", "weighted")),
        *(_top(k) for k in range(2, min(len(classes), _MOST_CLASSES))),
    ]
    for scorer in scorers:
        if _agrees(scorer, estimators, rows, stored):
            return None
    own = _scores(get_scorer("accuracy"), estimators, rows)
    return None if own is None else (float(stored.mean()), float(own.mean()))


def _recall(label: Any) -> Any:
    return make_scorer(recall_score, labels=[label], average="macro", zero_division=0)


def _top(k: int) -> Any:
    return make_scorer(
        top_k_accuracy_score,
        response_method=("decision_function", "predict_proba"),
        k=k,
    )


def _agrees(
    scorer: Any, estimators: Sequence[Any], rows: Sequence[Any], stored: NDArray
) -> bool:
    """Whether a scorer gives the scores of all splits, but for a few tied rows."""
    # One split mostly tells, and is quick.
    for n in (1, len(rows)):
        scores = _scores(scorer, estimators[:n], rows[:n])
        if scores is None:
            return False
        sizes = np.array([len(y) for _, y in rows[:n]])
        n_other = float((np.abs(scores - stored[:n]) * sizes).sum())
        if n_other > max(_TIED, _TIED_FRACTION * sizes.sum()) + 1e-6:
            return False
    return True


def _scores(
    scorer: Any, estimators: Sequence[Any], rows: Sequence[Any]
) -> NDArray[np.float64] | None:
    """Scores of all splits; None where the scorer is none for these models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.array(
                [scorer(m, *row) for m, row in zip(estimators, rows, strict=True)],
                dtype=np.float64,
            )
        except Exception:
            # What a scorer raises that does not fit: of probabilities, of two classes.
            return None
