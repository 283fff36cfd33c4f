"""Clones carry one seed into every corner, and leave the original alone."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state

from skmia._models import (
    MAX_SEED,
    draw_seeds,
    forget_fit,
    seeded_clone,
    unwrap_frozen,
)


def seeds_of(estimator):
    return {
        name: value
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state"
    }


def nested():
    return make_pipeline(
        StandardScaler(),
        SelectFromModel(ExtraTreesClassifier(n_jobs=4)),
        BaggingClassifier(DecisionTreeClassifier(random_state=3), n_jobs=-1),
    )


def test_every_nested_seed_is_set_and_no_two_are_alike():
    copy = seeded_clone(nested(), 11)
    seeds = seeds_of(copy)
    assert set(seeds) == {
        "selectfrommodel__estimator__random_state",
        "baggingclassifier__random_state",
        "baggingclassifier__estimator__random_state",
    }
    assert all(type(seed) is int and 0 <= seed < MAX_SEED for seed in seeds.values())
    assert len(set(seeds.values())) == 3
    assert seeds == seeds_of(seeded_clone(nested(), 11))
    assert not set(seeds.values()) & set(seeds_of(seeded_clone(nested(), 12)).values())


def test_the_seeds_that_were_given_do_not_matter():
    given = nested().set_params(baggingclassifier__random_state=5)
    assert seeds_of(seeded_clone(given, 1)) == seeds_of(seeded_clone(nested(), 1))


def test_nested_jobs_are_one_unless_asked_otherwise():
    params = seeded_clone(nested(), 0).get_params()
    assert params["selectfrommodel__estimator__n_jobs"] == 1
    assert params["baggingclassifier__n_jobs"] == 1
    params = seeded_clone(nested(), 0, single_thread=False).get_params()
    assert params["selectfrommodel__estimator__n_jobs"] == 4
    assert params["baggingclassifier__n_jobs"] == -1
    # None is one job already; writing 1 draws a deprecation out of some estimators.
    assert seeded_clone(RandomForestClassifier(), 0).n_jobs is None


def test_the_original_is_left_alone():
    X, y = np.random.RandomState(0).rand(30, 3), np.arange(30) % 2
    original = make_pipeline(StandardScaler(), RandomForestClassifier(3, n_jobs=2))
    before = {k: v for k, v in original.get_params().items() if not hasattr(v, "fit")}
    original.fit(X, y)
    proba = original.predict_proba(X)
    copy = seeded_clone(original, 4)
    assert not hasattr(copy[0], "mean_")
    after = {k: v for k, v in original.get_params().items() if not hasattr(v, "fit")}
    assert {**after, "steps": 0, "memory": 0} == {**before, "steps": 0, "memory": 0}
    assert_array_equal(original.predict_proba(X), proba)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(2), GaussianNB()])
def test_an_estimator_without_a_seed_is_cloned_as_it_is(estimator):
    copy = seeded_clone(estimator, 0)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()


def test_splitters_without_a_seed_get_one():
    """They have no set_params, and would advance NumPy's global generator."""
    shuffled = StratifiedKFold(2, shuffle=True)
    searched = GridSearchCV(GaussianNB(), {}, cv=ShuffleSplit(2))
    estimator = VotingClassifier(
        [
            ("calibrated", CalibratedClassifierCV(GaussianNB(), cv=shuffled)),
            ("searched", searched),
        ],
        voting="soft",
    )
    X, y = np.random.RandomState(0).rand(40, 3), np.arange(40) % 2
    before = joblib.hash(check_random_state(None))  # NumPy's global generator
    first, again = (seeded_clone(estimator, 2).fit(X, y) for _ in range(2))
    other = seeded_clone(estimator, 3).fit(X, y)
    assert joblib.hash(check_random_state(None)) == before
    assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    assert (first.predict_proba(X) != other.predict_proba(X)).any()
    assert shuffled.random_state is None
    assert searched.cv.random_state is None


def test_splitters_with_a_seed_or_without_use_for_one_keep_theirs():
    for splitter in (ShuffleSplit(2, random_state=7), GroupKFold(2), 3, None):
        copy = seeded_clone(GridSearchCV(GaussianNB(), {}, cv=splitter), 0)
        seed = getattr(splitter, "random_state", "none")
        if isinstance(splitter, ShuffleSplit):
            assert copy.cv.random_state == seed == 7


def test_a_frozen_step_stays_the_fitted_object_it_is():
    X, y = np.random.RandomState(0).rand(20, 3), np.arange(20) % 2
    scaler = StandardScaler().fit(X)
    copy = seeded_clone(make_pipeline(FrozenEstimator(scaler), GaussianNB()), 0)
    assert copy[0].estimator is scaler
    assert_array_equal(copy.fit(X, y)[0].mean_, scaler.mean_)


@pytest.mark.parametrize("fitted", [KNeighborsClassifier(), StandardScaler()])
def test_nothing_that_was_fitted_is_left(fitted):
    fresh = set(vars(fitted))
    fitted.fit([[0.0], [1.0]] * 5, [0, 1] * 5)
    assert fresh < set(vars(fitted))
    forget_fit(fitted)
    assert set(vars(fitted)) == fresh


def test_what_a_clone_keeps_is_not_forgotten():
    scaler = StandardScaler(with_mean=False).set_output(transform="pandas")
    with config_context(enable_metadata_routing=True):
        scaler.set_fit_request(sample_weight=True)
    scaler.fit([[0.0], [1.0]])
    forget_fit(scaler)
    copy = clone(scaler)
    assert vars(scaler).keys() == vars(copy).keys()
    assert "_metadata_request" in vars(scaler)


def test_unwrap_frozen():
    tree = DecisionTreeClassifier()
    assert unwrap_frozen(tree) is tree
    assert unwrap_frozen(FrozenEstimator(FrozenEstimator(tree))) is tree


def test_draw_seeds():
    seeds = draw_seeds(np.random.RandomState(0), 1000)
    assert seeds.shape == (1000,)
    assert seeds.dtype == np.int64
    assert seeds.min() >= 0
    assert seeds.max() < MAX_SEED
    assert len(np.unique(seeds)) == 1000
    assert_array_equal(seeds, draw_seeds(np.random.RandomState(0), 1000))
