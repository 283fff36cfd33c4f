"""A small pool, half of it a model's training set, for the tests of attacks."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier


@pytest.fixture(scope="session")
def pool():
    """Read-only rows, so that an attack that writes into them fails."""
    X, y = make_classification(
        240, 6, n_informative=4, n_classes=3, flip_y=0.2, random_state=7
    )
    member = np.zeros(len(y), dtype=bool)
    member[np.random.RandomState(1).permutation(len(y))[: len(y) // 2]] = True
    for array in (X, y, member):
        array.flags.writeable = False
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    model = tree.fit(X[member], y[member])
    return SimpleNamespace(
        X=X, y=y, member=member, model=model, frozen=FrozenEstimator(model)
    )
