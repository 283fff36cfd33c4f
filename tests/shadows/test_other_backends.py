"""Shadows under joblib's other backends: as in this process, to the last bit."""

import os
import sys

import joblib
import pytest
from joblib.parallel import BACKENDS, LokyBackend
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skmia.shadows import ShadowModels, _shared, fit_shadows

X, Y = make_classification(300, 6, flip_y=0.2, random_state=0)


def assert_as_here(backend):
    for estimator in (RandomForestClassifier(5, max_depth=6), GaussianNB()):
        models = ShadowModels(12, counterfactual=False)
        here = fit_shadows(estimator, X, Y, shadows=models, random_state=0)
        with joblib.parallel_config(backend=backend, n_jobs=2):
            there = fit_shadows(estimator, X, Y, shadows=models, random_state=0)
        for name, values in here.signals.items():
            assert there.signals[name].tobytes() == values.tobytes()


def test_multiprocessing():
    assert_as_here("multiprocessing")


class Elsewhere(LokyBackend):
    """Processes of which nothing says that they see files of this one."""


@pytest.mark.slow
def test_a_backend_that_nobody_knows(monkeypatch):
    monkeypatch.setitem(BACKENDS, "elsewhere", Elsewhere)

    def no_file(self):
        raise AssertionError("the data went into a file of this machine")

    monkeypatch.setattr(_shared.Shared, "__reduce__", no_file)
    assert_as_here("elsewhere")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ray(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.util.joblib").register_ray()
    path = os.pathsep.join(sys.path)
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=200 * 2**20,
        runtime_env={"env_vars": {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}},
    )
    try:
        assert_as_here("ray")
    finally:
        ray.shutdown()
