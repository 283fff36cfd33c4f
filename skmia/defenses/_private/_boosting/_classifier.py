"""The fitted model: tables of bins and scores, and nothing else."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skmia._tables import split_columns
from skmia.defenses._private._boosting._columns import Bins
from skmia.defenses._private._boosting._rounds import Scores


def check_table(model: Any, X: Any, *, reset: bool) -> list[Any]:
    """The columns of a table, checked; the model remembers their number and names."""
    if hasattr(X, "columns"):
        validate_data(model, X, reset=reset, skip_check_array=True)
    else:
        X = validate_data(
            model,
            X,
            reset=reset,
            dtype=None,
            ensure_all_finite=False,
            estimator="DifferentialPrivacyClassifier",
        )
        if X.dtype.kind in "fc":
            check_array(X, dtype=None, ensure_all_finite="allow-nan", input_name="X")
    return split_columns(X)


class AdditiveClassifier(ClassifierMixin, BaseEstimator):
    """An additive model of binned columns, learnt with differential privacy.

    Made by :class:`~skmia.defenses.DifferentialPrivacyClassifier` in place of a
    boosting classifier.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    intercept_ : ndarray of shape (n_classes or 1,)
        The score of a row before its columns are looked at.
    bins_ : list
        Where the bins of each column are.
    term_scores_ : list of ndarray of shape (n_classes or 1, n_bins)
        What each bin of each column adds to the scores.
    """

    def __sklearn_tags__(self) -> Tags:
        """Tags: missing values and text are fine."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Refuse: it is fitted by the meta-estimator."""
        raise NotImplementedError(
            "AdditiveClassifier is fitted by DifferentialPrivacyClassifier."
        )

    def _learnt(
        self, classes: NDArray, bins: list[Bins], scores: Scores
    ) -> "AdditiveClassifier":
        self.classes_, self.bins_ = classes, bins
        self.intercept_, self.term_scores_ = scores.intercept, scores.terms
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Log odds of the second of two classes, or the score of each class."""
        check_is_fitted(self)
        columns = check_table(self, X, reset=False)
        found = [
            bins.find(column) for bins, column in zip(self.bins_, columns, strict=True)
        ]
        scores = Scores(self.intercept_, self.term_scores_).add_up(found)
        return scores[0] if len(scores) == 1 else scores.T

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        return softmax(scores, axis=1)

    def predict(self, X: Any) -> NDArray:
        """The most probable class."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]
