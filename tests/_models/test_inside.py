"""What answers inside of searches and threshold wrappers, with all else in place."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia._models import look_inside, repeated_searches

X, y = noisy_rows(200)
TREE = DecisionTreeClassifier(random_state=0)
SEARCH = GridSearchCV(TREE, {"max_depth": [2, 6]}, cv=2)
NAMED = [("a", SEARCH), ("b", GaussianNB()), ("c", "drop")]

AROUND = {
    "search": SEARCH,
    "pipeline": make_pipeline(StandardScaler(), SEARCH),
    "nested": GridSearchCV(make_pipeline(SEARCH), {"steps": [[("a", SEARCH)]]}, cv=2),
    "vote": VotingClassifier(NAMED, voting="soft"),
    "stack": StackingClassifier(NAMED, SEARCH, cv=2),
    "threshold": make_pipeline(FixedThresholdClassifier(SEARCH, threshold=0.4)),
}


@pytest.mark.parametrize("name", AROUND)
def test_the_same_confidences_and_no_search(name):
    model = clone(AROUND[name]).fit(X, y)
    before = model.predict_proba(X), repr(model)
    inside, replaced = look_inside(model)
    assert replaced
    np.testing.assert_array_equal(inside.predict_proba(X), before[0])
    assert repeated_searches(inside) == ()
    # Its clone is the recipe of the same model, for whoever has the same rows.
    again = clone(inside).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), before[0])
    # The model itself is as it was.
    np.testing.assert_array_equal(model.predict_proba(X), before[0])
    assert repr(model) == before[1]


@pytest.mark.parametrize(
    "model",
    [
        TREE,
        make_pipeline(StandardScaler(), GaussianNB()),
        BaggingClassifier(TREE, 2),
        VotingClassifier([("a", TREE), ("b", GaussianNB())], voting="soft"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_without_any_is_returned_as_it_is(model):
    model = clone(model).fit(X, y)
    assert look_inside(model) == (model, ())
    assert look_inside(FrozenEstimator(model))[0] is model
    assert repeated_searches(model) == ()


def test_what_is_not_fitted_has_chosen_nothing():
    for model in AROUND.values():
        assert look_inside(model) == (model, ())


def test_searches_that_every_clone_repeats():
    several = CalibratedClassifierCV(SEARCH, cv=2).fit(X, y)
    assert look_inside(several) == (several, ())
    assert [place for place, _ in repeated_searches(several)] == ["estimator"]
    own = make_pipeline(LogisticRegressionCV())
    assert [place for place, _ in repeated_searches(own)] == ["logisticregressioncv"]


def test_on_what_rows_a_model_at_a_threshold_was_fitted():
    fitted = clone(TREE).fit(X, y)
    for model, part, before in (
        (TunedThresholdClassifierCV(TREE, cv=2), False, False),
        (TunedThresholdClassifierCV(TREE, cv=0.5, refit=False), True, False),
        (TunedThresholdClassifierCV(fitted, cv="prefit", refit=False), False, True),
        (FixedThresholdClassifier(FrozenEstimator(fitted)), False, True),
    ):
        inside, (found,) = look_inside(model.fit(X, y))
        assert not found.is_search
        assert (found.splits_rows, found.was_fitted_before) == (part, before)
        assert type(inside) is DecisionTreeClassifier


@pytest.mark.parametrize("place", ["", "gridsearchcv"])
def test_a_search_without_a_model_is_named(place):
    model = clone(SEARCH).set_params(refit=False)
    model = make_pipeline(model) if place else model
    for one in (model, model.fit(X, y)):
        with pytest.raises(
            ValueError, match=rf"GridSearchCV.*{place}.* has refit=False"
        ):
            look_inside(one)
