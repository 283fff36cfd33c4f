"""Guards of searches and threshold wrappers: when they fire, and when not."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.audit._guards._inside import audited_inside, searching_shadows
from skmia.audit._target import find_target
from skmia.shadows import ShadowModels

X, y = noisy_rows()
TREE = DecisionTreeClassifier(random_state=0).fit(X, y)
SEARCH = GridSearchCV(TREE, {"max_depth": [2, 3]}, cv=2).fit(X, y)


@pytest.fixture
def found(evidence):
    def run(model, shadows=16, fitted=True, **kwargs):
        made = {"n_shadows": 16, "train_size": 0.5} if fitted else None
        given = evidence(
            np.arange(120) < 60,
            scores={},
            audited=None if model is None else find_target(model, shadows),
            shadows=made,
            **kwargs,
        )
        guards = [*audited_inside(given), *searching_shadows(given)]
        return [(guard.name, guard.severity) for guard in guards]

    return run


def test_a_search(found):
    assert found(SEARCH) == [("audited_inside", "note")]
    assert found(SEARCH, fitted=False) == [("audited_inside", "note")]
    again = ShadowModels(16, refit_search=True)
    assert found(SEARCH, again) == [("searching_shadows", "note")]
    assert found(SEARCH, again, fitted=False) == []


def test_none(found):
    assert found(TREE) == []
    assert found(None) == []


def test_choices_of_a_cross_validation(found):
    assert found(None, n_choices=2) == [("searching_shadows", "warning")]
    assert found(None, fitted=False, n_choices=2) == []
