"""recommend_defense around a private model: no seed stays, and all fits are counted."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from _helpers import noisy_rows
from skmia._models import walk
from skmia.defenses import DifferentialPrivacyClassifier, HighEntropyClassifier
from skmia.model_selection import recommend_defense

CALL = {"max_leakage": 1.0, "n_models": 8, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return noisy_rows(150, 6)


def private(**params):
    return DifferentialPrivacyClassifier(
        GaussianNB(), epsilon=1.0, bounds=(-5, 5), **params
    )


def seeds_in(model):
    return {
        part.random_state
        for _, part in walk(pickle.loads(pickle.dumps(model)))
        if isinstance(part, DifferentialPrivacyClassifier)
    }


@pytest.mark.slow
@pytest.mark.parametrize(("random_state", "piped"), [(None, False), (3, True)])
def test_a_private_model_that_is_handed_in_has_no_seed(data, random_state, piped):
    """Nor is the noise of two searches the same, whatever seed the user gave."""
    X, y = data
    model = private(random_state=random_state)
    if piped:
        model = make_pipeline(FunctionTransformer(), model)
    found = [
        recommend_defense(model, X, y, defenses=["hamp"], **CALL) for _ in range(2)
    ]
    one, two = (each.best_estimator_ for each in found)
    assert seeds_in(one) == {None}
    assert not np.array_equal(one.predict_proba(X), two.predict_proba(X))
    again = clone(one).fit(X, y).predict_proba(X)
    assert not np.array_equal(one.predict_proba(X), again)


def test_a_defense_around_a_private_model_gives_it_no_seed(data):
    """A seed of its own decides on the rest, and a seed that the user gave stays."""
    for given in (None, 3):
        masked = HighEntropyClassifier(
            private(random_state=given), gamma=0, random_state=0
        )
        assert seeds_in(masked.fit(*data)) == {given}


@pytest.mark.slow
def test_a_defense_around_a_private_model_has_no_bound(data):
    """It fits other rows than those it is given."""
    X, y = data
    found = recommend_defense(private(), X, y, defenses=["hamp"], **CALL)
    assert found.spent_.epsilon == np.inf
    text = " ".join(found.summary().split())
    assert "there is no bound on what the fits of the search have spent" in text
    assert "HighEntropyClassifier has a private classifier inside" in text


@pytest.mark.slow
def test_ensembles_that_seed_their_private_classifiers_are_left_out_or_named(data):
    X, y = data
    found = recommend_defense(private(), X, y, defenses=["bagging", "hamp"], **CALL)
    assert "random_state" in found.left_out_["bagging of small shares"]
    bag = BaggingClassifier(private(), n_estimators=2)
    found = recommend_defense(bag, X, y, defenses=["hamp"], **CALL)
    assert found.spent_.epsilon == np.inf
    assert "whoever has the model can take the noise away" in " ".join(
        found.summary().split()
    )
