"""What a defense is fitted on, and copies of classifiers to fit on it."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia._models import draw_seeds, seeded_clone
from skmia._tables import copy_rows, slice_metadata


@dataclass(frozen=True)
class TrainingData:
    """Checked rows and labels of one fit, and all else that goes into it.

    Parameters
    ----------
    X : array-like, frame or sparse matrix of shape (n_samples, n_features)
        Rows, as the inner classifier takes them.
    y : ndarray of int of shape (n_samples,)
        Labels, as positions in `classes`.
    classes : ndarray of shape (n_classes,)
        Sorted class labels.
    params : dict
        Metadata for the ``fit`` of the inner classifier, checked and routed.
    random_state : RandomState
        Source of all that is drawn.
    groups : ndarray of int of shape (n_samples,) or None
        The person of each row, by number, for defenses that ask for it.
    """

    X: Any
    y: NDArray[np.intp]
    classes: NDArray
    params: dict[str, Any]
    random_state: np.random.RandomState
    groups: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.y)

    def one_hot(self) -> NDArray[np.float64]:
        """Labels as distributions, of shape (n_samples, n_classes)."""
        return np.eye(len(self.classes))[self.y]

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Some rows, in memory of their own, with their labels and metadata."""
        params = slice_metadata(self.params, rows, len(self))
        return replace(
            self,
            X=copy_rows(self.X, rows),
            y=self.y[rows],
            params=params,
            groups=None if self.groups is None else self.groups[rows],
        )

    def clone(self, estimator: Any) -> Any:
        """An unfitted copy of `estimator`, with seeds where it has none."""
        return clone_with_seeds(estimator, self.random_state)

    def fit(self, model: Any) -> Any:
        """`model`, fitted on the rows and labels as they are; X is not written in."""
        X = copy_rows(self.X, np.arange(len(self)))
        return model.fit(X, self.classes[self.y], **self.params)


def clone_with_seeds(estimator: Any, random_state: np.random.RandomState) -> Any:
    """Clone, with a seed drawn for each nested `random_state` that is None.

    The defense's own `random_state` then decides on all that happens, and NumPy's
    global generator, which None stands for, is left alone. Seeds that the user gave
    stay, and so does a FrozenEstimator.
    """
    if isinstance(estimator, FrozenEstimator):
        return clone(estimator)
    seed = int(draw_seeds(random_state, 1)[0])
    return seeded_clone(estimator, seed, single_thread=False, keep_seeds=True)
