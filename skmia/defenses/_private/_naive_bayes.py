"""Gaussian naive Bayes by diffprivlib, with the number of rows kept private."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import check_parameters, dense_rows
from skmia.defenses._private._library import guarded, import_diffprivlib
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._training import TrainingData

# Of the model's epsilon a third each is for counts, means and variances. A row that is
# added costs all of the first, half of the second (the library takes the width of a
# range for the sensitivity of a sum, where it is half of it around zero) and all of the
# third. A row that is replaced leaves one class and joins another: twice as much.
_COST = {"add_remove": 5 / 6, "replace": 5 / 3}


class NaiveBayes(Mechanism):
    """Noisy counts, means and variances of each class."""

    name = "naive_bayes"
    learners = ("sklearn.GaussianNB",)
    needs = "bounds"

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in the counterpart."""
        check_parameters(estimator, ("priors",))

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the counterpart, and make it a GaussianNB."""
        rows, (lower, upper) = dense_rows(data.X), settings.scale
        # Around zero, where a row's part of a sum is at most half of the range.
        centre, half = lower / 2 + upper / 2, upper / 2 - lower / 2
        cost = _COST[settings.neighbors] * settings.group_size
        with guarded() as library:
            private = _library_class()(
                epsilon=settings.budget.epsilon / cost,
                bounds=(-half, half),
                priors=estimator.priors,
                random_state=settings.source,
                accountant=library.BudgetAccountant(),
            ).fit(rows - centre, data.y)
        model = clone(estimator)
        model.theta_, model.var_ = private.theta_ + centre, private.var_
        model.class_count_ = private.class_count_
        model.class_prior_ = private.class_prior_
        model.epsilon_ = model.var_smoothing
        validate_data(model, data.X, dtype=np.float64)
        model.classes_ = data.classes
        return Fitted(model, settings.budget.spent())


@cache
def _library_class() -> type[Any]:
    """The class of diffprivlib, with counts that do not add up to the number of rows.

    Its own are corrected until they do, which publishes it.
    """
    library = import_diffprivlib()
    base: Any = library.models.GaussianNB

    class PrivateNaiveBayes(base):
        def _noisy_class_counts(self, y: NDArray, random_state: Any) -> NDArray:
            draw = library.mechanisms.GeometricTruncated(
                epsilon=self.epsilon / 3,
                sensitivity=1,
                lower=1,
                upper=2**62,
                random_state=random_state,
            )
            counts = np.unique(y, return_counts=True)[1]
            return np.array([draw.randomise(int(count)) for count in counts])

    return PrivateNaiveBayes
