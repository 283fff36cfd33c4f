"""Trees and forests with random splits and noisy labels of leaves, by diffprivlib."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import check_parameters, dense_rows
from skmia.defenses._private._library import guarded
from skmia.defenses._private._mechanism import Fitted, Mechanism, Settings
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer

# A row that is added is in one leaf, whose label costs epsilon. One that is replaced
# leaves a leaf and enters another, or moves a count from one class to another.
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

        def grow(part: NDArray) -> FiniteTreeClassifier:
            model = FiniteTreeClassifier(max_depth=depth)
            # Trees draw their splits as well, from a generator that can be seeded.
            model.tree_ = _grow_randomly(
                np.clip(rows[part], *settings.scale),
                data.y[part],
                (depth, rows.shape[1], classes, epsilon, settings.scale),
                data.random_state,
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
        return Fitted(model, settings.budget.spent())


def _grow_randomly(
    X: NDArray, y: NDArray, settings: tuple[Any, ...], random_state: Any
) -> Tree:
    """A tree of scikit-learn, as diffprivlib's classes make it of any number of rows.

    Those refuse to be fitted on no row, which a private tree may well have.
    """
    with guarded() as library:
        fitting = library.models.forest._FittingTree(*settings, random_state)
        fitting.build()
        fitting.fit(X, y)
    _, n_features, classes = settings[:3]
    tree = Tree(n_features, np.array([len(classes)]), 1)
    tree.__setstate__(fitting.__getstate__())
    return tree


def _depth(estimator: Any) -> int:
    if estimator.max_depth is None:
        return _DEFAULT_DEPTH
    # The number of nodes is two to this power, rows or no rows.
    return check_integer(estimator.max_depth, "max_depth", 1, 20)
