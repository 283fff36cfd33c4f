"""Gaussian naive Bayes from noisy counts, sums and sums of squares."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import check_parameters, dense_rows
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._private._moments import private_moments
from skmia.defenses._training import TrainingData


class NaiveBayes(Mechanism):
    """Noisy counts, means and variances of each class.

    diffprivlib's publishes the number of rows, and has no Gaussian noise: of d features
    it pays for each, where that of the sums here grows with the root of d.
    """

    name = "naive_bayes"
    learners = ("sklearn.GaussianNB",)
    needs = "bounds"
    gaussian = pure = True

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the counterpart."""
        check_parameters(estimator, ("priors",))

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit a GaussianNB."""
        model, n_classes = clone(estimator), len(data.classes)
        moments = private_moments(dense_rows(data.X), data.y, n_classes, settings)
        model.theta_, model.var_ = moments.means, moments.variances
        model.class_count_ = moments.counts
        model.class_prior_ = moments.counts / moments.counts.sum()
        if model.priors is not None:
            model.class_prior_ = _checked(model.priors, n_classes)
        model.epsilon_ = model.var_smoothing
        validate_data(model, data.X, dtype=np.float64)
        model.classes_ = data.classes
        return Fitted(model)


def _checked(priors: Any, n_classes: int) -> np.ndarray:
    priors = np.asarray(priors, dtype=np.float64)
    if priors.shape != (n_classes,) or not (priors >= 0).all():
        raise ValueError(
            f"The 'priors' parameter must hold {n_classes} numbers, none below "
            f"0, one per class. Got {priors!r} instead."
        )
    if not np.isclose(priors.sum(), 1.0):
        raise ValueError(f"The 'priors' parameter must add up to 1. Got {priors!r}.")
    return priors
