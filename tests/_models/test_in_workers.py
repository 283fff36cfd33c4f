"""Copies that are fitted side by side: one thread each, whatever it is called."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from _helpers.carrying import MeanOfMany
from skmia._models import limit_threads, seeded_clone, silence

NAMES = ["n_jobs", "thread_count", "nthread", "nthreads", "num_thread", "num_threads"]


class Threaded(ClassifierMixin, BaseEstimator):
    """Of no library: it may take None for all cores."""

    def __init__(
        self,
        n_jobs=None,
        thread_count=-1,
        nthread=0,
        nthreads=8,
        num_thread=None,
        num_threads=1,
        n_trees=None,
    ):
        self.n_jobs = n_jobs
        self.thread_count = thread_count
        self.nthread = nthread
        self.nthreads = nthreads
        self.num_thread = num_thread
        self.num_threads = num_threads
        self.n_trees = n_trees

    def fit(self, X, y):
        return self


def threads(estimator):
    params = estimator.get_params(deep=False)
    return [params[name] for name in NAMES]


WRAPPED = {
    "alone": (lambda e: e, lambda m: m),
    "a Pipeline": (lambda e: make_pipeline(StandardScaler(), e), lambda m: m[-1]),
    "a meta-estimator": (CalibratedClassifierCV, lambda m: m.estimator),
    "two": (
        lambda e: BaggingClassifier(make_pipeline(StandardScaler(), e)),
        lambda m: m.estimator[-1],
    ),
    "named estimators": (
        lambda e: VotingClassifier([("a", e), ("b", LogisticRegression())]),
        lambda m: m.estimators[0][1],
    ),
    "a list": (lambda e: MeanOfMany([e]), lambda m: m.models[0]),
    "a Pipeline in a dict": (
        lambda e: MeanOfMany({"a": make_pipeline(StandardScaler(), e)}),
        lambda m: m.models["a"][-1],
    ),
    "a grid": (
        lambda e: GridSearchCV(Pipeline([("clf", LogisticRegression())]), {"clf": [e]}),
        lambda m: m.param_grid["clf"][0],
    ),
}


@pytest.mark.parametrize("where", WRAPPED)
def test_every_name_at_any_depth(where):
    wrap, inner = WRAPPED[where]
    model = wrap(Threaded())
    copy = seeded_clone(model, 0)
    assert threads(inner(copy)) == [1] * 6
    assert inner(copy).n_trees is None
    # Neither the user's own, nor where the copy is not for a worker.
    assert threads(inner(model)) == [None, -1, 0, 8, None, 1]
    alone = seeded_clone(model, 0, single_thread=False)
    assert threads(inner(alone)) == [None, -1, 0, 8, None, 1]


def test_for_scikit_learn_none_is_one_already():
    """Written as 1, some of its estimators warn of a parameter without effect."""

    class Own(RandomForestClassifier):
        pass

    for model in (RandomForestClassifier(), Own(), BaggingClassifier(Own())):
        assert seeded_clone(model, 0).n_jobs is None
        assert seeded_clone(model.set_params(n_jobs=-1), 0).n_jobs == 1
    forest = RandomForestClassifier()
    limit_threads(forest, always=True)
    assert forest.n_jobs == 1


def test_a_frozen_model_is_the_users_own():
    fitted = RandomForestClassifier(2, n_jobs=2).fit([[0.0], [1.0]], [0, 1])
    copy = seeded_clone(make_pipeline(FrozenEstimator(fitted), Threaded()), 0)
    assert copy[0].estimator is fitted
    assert fitted.n_jobs == 2
    assert threads(copy[1]) == [1] * 6


def test_catboost_lists_no_parameter_that_was_not_given():
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(iterations=3)
    assert model.get_params() == {"iterations": 3}
    pipe = seeded_clone(make_pipeline(StandardScaler(), model), 0)
    assert pipe[-1].get_params() == {"iterations": 3, "thread_count": 1}
    silence(pipe)
    quiet = {"verbose": False, "allow_writing_files": False}
    assert pipe[-1].get_params() == {"iterations": 3, "thread_count": 1} | quiet
    assert model.get_params() == {"iterations": 3}


@pytest.mark.parametrize("given", [{"logging_level": "Info"}, {"silent": False}])
def test_catboost_prints_what_was_asked_for(given):
    catboost = pytest.importorskip("catboost")
    model = seeded_clone(catboost.CatBoostClassifier(**given), 0)
    silence(model)
    assert "verbose" not in model.get_params()
    X = np.random.default_rng(0).normal(size=(30, 2))
    model.set_params(iterations=2).fit(X, X[:, 0] > 0)


def test_lightgbm_with_an_alias():
    lightgbm = pytest.importorskip("lightgbm")
    for given in ({}, {"n_jobs": 4}, {"num_threads": 4}, {"nthread": 4, "n_jobs": -1}):
        model = lightgbm.LGBMClassifier(n_estimators=2, verbosity=-1, **given)
        copy = seeded_clone(model, 0)
        X = np.random.default_rng(0).normal(size=(50, 2))
        copy.fit(X, X[:, 0] > 0)
        assert copy.booster_.params["num_threads"] == 1
        assert model.get_params() == model.get_params() | given


def test_xgboost_with_an_alias():
    xgboost = pytest.importorskip("xgboost")
    for given in ({}, {"n_jobs": 4}, {"nthread": 4}):
        copy = seeded_clone(xgboost.XGBClassifier(n_estimators=2, **given), 0)
        assert copy.n_jobs == 1
        assert copy.get_params().get("nthread", 1) == 1
        X = np.random.default_rng(0).normal(size=(50, 2))
        copy.fit(X, X[:, 0] > 0)
