"""Trees and forests with diffprivlib's random splits, and noisy labels of leaves."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import check_parameters, dense_rows
from skmia.defenses._private._library import random_tree
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._private._noise import NoiseSource
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer

# The label of a leaf is the class with the largest count after exponential noise of
# scale 1 / epsilon, which is diffprivlib's permute-and-flip (Ding, Kifer, Saghaian,
# Steinke, Wang, Xiao and Zhang, "The Permute-and-Flip Mechanism is Identical to
# Report-Noisy-Max with Exponential Noise", 2021). Where counts move in one direction,
# as they do in the one leaf of a row that is added, it costs epsilon. A row that is
# replaced leaves one count and enters another, in that leaf or elsewhere.
_COST = {"add_remove": 1, "replace": 2}
_DEFAULT_DEPTH = 5  # diffprivlib's; leaves without a row would be most of a deeper tree


class FiniteTreeClassifier(DecisionTreeClassifier):
    """A tree that was not shown missing values, and refuses them in predict, too."""

    def __sklearn_tags__(self) -> Any:
        """Tags of a tree, without missing values."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


class RandomTrees(Mechanism):
    """Each tree of a forest has rows of its own, and all of epsilon for them.

    Which tree a row is for is drawn for each row by itself: how many rows there are
    then moves no other row, and the number of rows is not published.
    """

    name = "trees"
    learners = ("sklearn.DecisionTreeClassifier", "sklearn.RandomForestClassifier")
    needs = "bounds"
    pure = True

    def check(self, estimator: Any) -> None:
        """Refuse what has no part in random trees."""
        meant: tuple[str, ...] = ("max_depth", "random_state")
        if type(estimator) is RandomForestClassifier:
            meant += ("n_estimators", "n_jobs", "verbose")
            check_integer(estimator.n_estimators, "n_estimators", 1)
        check_parameters(estimator, meant)
        _depth(estimator)

    def fit(self, estimator: Any, data: TrainingData, settings: Settings) -> Fitted:
        """Fit the counterpart, and make it a tree or a forest of scikit-learn."""
        rows, depth = dense_rows(data.X), _depth(estimator)
        cost = _COST[settings.neighbors] * settings.group_size
        epsilon, classes = settings.budget.epsilon / cost, np.arange(len(data.classes))
        source = NoiseSource(settings.source)
        # Numbers that predict will see in the same way.
        clipped = np.clip(rows, *settings.scale).astype(np.float32)

        def noise(shape: tuple[int, int]) -> NDArray[np.float64]:
            return source.exponential(shape) / epsilon

        def grow(part: NDArray) -> FiniteTreeClassifier:
            model = FiniteTreeClassifier(max_depth=depth)
            make = random_tree(
                depth, settings.scale, len(data.classes), data.random_state
            )
            model.tree_ = _label_leaves(
                make, clipped[part], data.y[part], (2**depth, len(classes)), noise
            )
            model.n_classes_, model.n_outputs_ = len(data.classes), 1
            model.max_features_ = rows.shape[1]
            return model

        if type(estimator) is RandomForestClassifier:
            model = clone(estimator).set_params(max_depth=depth)
            owner = data.random_state.randint(model.n_estimators, size=len(rows))
            model.estimators_ = [grow(owner == i) for i in range(model.n_estimators)]
            for tree in model.estimators_:
                tree.classes_, tree.n_features_in_ = classes, rows.shape[1]
            model.n_classes_, model.n_outputs_ = len(data.classes), 1
        else:
            model = grow(np.ones(len(rows), bool))
        validate_data(model, data.X, dtype=np.float64)
        model.classes_ = data.classes
        return Fitted(model)


def _label_leaves(
    make: Callable[[NDArray[np.float64]], Any],
    X: NDArray[np.float32],
    y: NDArray[np.intp],
    shape: tuple[int, int],
    noise: Callable[[tuple[int, int]], NDArray[np.float64]],
) -> Any:
    """The tree, with the class of each leaf that has the most rows after noise."""
    blank = make(np.zeros(shape))
    places = np.flatnonzero(blank.children_left < 0)
    counts = np.zeros(shape)
    if len(X):
        np.add.at(counts, (np.searchsorted(places, blank.apply(X)), y), 1)
    return make(np.eye(shape[1])[np.argmax(counts + noise(shape), axis=1)])


def _depth(estimator: Any) -> int:
    if estimator.max_depth is None:
        return _DEFAULT_DEPTH
    # The number of nodes is two to this power, rows or no rows.
    return check_integer(estimator.max_depth, "max_depth", 1, 20)
