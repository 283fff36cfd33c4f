"""What noisy gradient descent is given: rows, their weights, and whose they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skmia.defenses._private._accounting import rows_between
from skmia.defenses._private._gradient._clipped_sum import Persons
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._training import TrainingData


@dataclass(frozen=True)
class Given:
    """Rows with weights that add up to 1 at most in what neighbours are apart.

    Parameters
    ----------
    X : ndarray or csr_matrix of float64 of shape (n_rows, n_features)
        Finite numbers.
    weights : ndarray of shape (n_rows,)
        In [0, 1], and the rows of a person together as well where there are `persons`.
    unit : float
        What a weight of 1 was for the user.
    persons : Persons or None
        Whose rows are clipped together.
    apart : int
        Rows, or persons, that neighbours are apart.
    """

    X: Any
    weights: NDArray[np.float64]
    unit: float
    persons: Persons | None
    apart: int

    @classmethod
    def of(cls, data: TrainingData, settings: Settings) -> "Given":
        """What the user gave, as the settings say."""
        X = check_array(
            data.X,
            accept_sparse="csr",
            dtype=np.float64,
            estimator="DifferentialPrivacyClassifier",
            input_name="X",
        )
        weights, unit = np.ones(len(data)), 1.0
        if data.params.get("sample_weight") is not None:
            unit = settings.max_sample_weight
            weights = np.minimum(data.params["sample_weight"] / unit, 1.0)
        size, persons = settings.group_size, None
        if settings.groups is not None:
            persons = Persons.of(settings.groups)
            weights, unit = weights / size, unit * size
            size = 1
        return cls(X, weights, unit, persons, rows_between(settings.neighbors, size))
