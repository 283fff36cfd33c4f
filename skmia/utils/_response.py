"""What a classifier says about records: probabilities in a fixed column order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import is_classifier

from skmia.utils._rows import n_rows, take_rows

# Values of probability held at a time while a long X is predicted: 64 MiB of doubles.
_BLOCK_VALUES = 2**23


def check_is_classifier(estimator: Any, name: str = "estimator") -> None:
    """Raise unless `estimator` is a classifier that answers with more than labels."""
    if not hasattr(estimator, "fit"):
        raise TypeError(
            f"The '{name}' parameter must be a scikit-learn classifier. "
            f"Got {estimator!r} instead."
        )
    if not is_classifier(estimator):
        raise ValueError(
            f"The '{name}' parameter must be a classifier; membership inference on "
            f"regressors and transformers is not supported. "
            f"Got {type(estimator).__name__} instead."
        )


def check_has_response(estimator: Any, name: str = "estimator") -> None:
    """Raise unless the fitted `estimator` has probabilities or margins."""
    if not (
        hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")
    ):
        raise TypeError(
            f"The '{name}' parameter must have predict_proba or decision_function: "
            f"the attacks read confidences. Got {type(estimator).__name__} instead, "
            "which has neither; wrap it in CalibratedClassifierCV before it is fitted."
        )


def class_probabilities(
    estimator: Any, X: Any, classes: NDArray | None = None
) -> NDArray[np.floating]:
    """Probabilities of `estimator`, with the columns of `classes`.

    Margins become probabilities through the sigmoid (two classes) or the softmax,
    which keeps the margin as the logit. A class that the estimator was not fitted on
    has probability 0.
    """
    if hasattr(estimator, "predict_proba"):
        proba = np.asarray(estimator.predict_proba(X))
    else:
        margin = np.asarray(estimator.decision_function(X), dtype=np.float64)
        if margin.ndim == 1:
            # Two sigmoids rather than p and 1 - p: each keeps its digits near 0.
            proba = np.column_stack([expit(-margin), expit(margin)])
        else:
            proba = softmax(margin, axis=1)
    known = np.asarray(estimator.classes_)
    if classes is None or np.array_equal(known, classes):
        return proba
    columns = np.searchsorted(classes, known)
    aligned = np.zeros((len(proba), len(classes)), dtype=proba.dtype)
    aligned[:, columns] = proba
    return aligned


def iter_class_probabilities(
    estimator: Any, X: Any, classes: NDArray
) -> Iterator[tuple[slice, NDArray[np.floating]]]:
    """Blocks of `class_probabilities`, so that memory does not grow with X."""
    n, step = n_rows(X), max(1024, _BLOCK_VALUES // len(classes))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        block = X if n <= step else take_rows(X, np.arange(rows.start, rows.stop))
        yield rows, class_probabilities(estimator, block, classes)
