"""Shadows on a cluster whose workers share no file with the process that asks."""

import os
import signal
import sys
import tempfile
import threading
import time
from importlib import import_module

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels, _dask, fit_shadows

pytest.importorskip("distributed")
cluster = import_module("_helpers.cluster").cluster

pytestmark = [
    pytest.mark.slow,
    # dask's own, of sockets that it leaves to the garbage collector (2026-11).
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X, Y = make_classification(300, 6, flip_y=0.2, random_state=0)


@pytest.fixture
def own_temporary(tmp_path, monkeypatch):
    """A folder for temporary files that only this process is told of."""
    folder = tmp_path / "parent"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def assert_equal(one, other):
    np.testing.assert_array_equal(one.member, other.member)
    assert list(one.signals) == list(other.signals)
    for name, values in other.signals.items():
        assert one.signals[name].tobytes() == values.tobytes()


def assert_same_report(one, other):
    np.testing.assert_array_equal(one.records(), other.records())
    one, other = one.to_dict(), other.to_dict()
    assert one.keys() == other.keys()
    for name in one.keys() - {"provenance"}:  # the time
        assert str(one[name]) == str(other[name]), name


def fit(n=12, **options):
    forest = RandomForestClassifier(5, max_depth=6)
    models = ShadowModels(n, counterfactual=False, **options)
    return fit_shadows(forest, X, Y, shadows=models, random_state=0)


def audit():
    tree = DecisionTreeClassifier(random_state=0).fit(X[:150], Y[:150])
    data = X[:150], Y[:150], X[150:], Y[150:]
    models = ShadowModels(8, counterfactual=False)
    return audit_classifier(tree, *data, shadows=models, random_state=0)


class Drawing(RandomForestClassifier):
    """Of the user's own, in a module that no worker has; draws from the generator."""

    def fit(self, X, y):
        time.sleep(0.3)
        drawn = np.random.randint(1000)  # noqa: NPY002
        return self.set_params(random_state=drawn, n_estimators=3).fit_as_is(X, y)

    def fit_as_is(self, X, y):
        return super().fit(X, y)


def fit_drawing(n=12):
    models = ShadowModels(n, counterfactual=False)
    return fit_shadows(Drawing(5), X, Y, shadows=models, random_state=0)


@pytest.fixture
def by_value():
    """What is defined here goes to workers as in a script: with its code."""
    cloudpickle = pytest.importorskip("cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def kill_one_when_one_has_begun(made):
    """In a thread: SIGKILL for the first worker in the middle of the run."""

    def kill():
        made.wait_for(
            lambda: made.client.processing and any(made.client.processing().values())
        )
        time.sleep(0.5)
        made.workers[0].send_signal(signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_the_same_to_the_last_bit_with_any_number_of_workers_and_one_killed(
    tmp_path, own_temporary, by_value
):
    here, drawing, report = fit(), fit_drawing(), audit()
    virtual = fit_shadows(GaussianNB(), X, Y, random_state=0)
    with cluster(tmp_path, 1) as made, joblib.parallel_config(backend="dask"):
        assert_equal(fit(), here)
        assert_equal(fit_shadows(GaussianNB(), X, Y, random_state=0), virtual)
        made.add_workers(1)
        assert_equal(fit(), here)
        assert_equal(fit_shadows(GaussianNB(), X, Y, random_state=0), virtual)
        assert_same_report(audit(), report)
        made.add_workers(2)
        assert_equal(fit(), here)
        thread = kill_one_when_one_has_begun(made)
        there = fit_drawing()
        thread.join()
        assert made.workers[0].wait() == -signal.SIGKILL
        assert_equal(there, drawing)
        # Nothing was written that workers could have read.
        assert os.listdir(own_temporary) == []


def test_the_only_worker_is_killed_and_replaced(tmp_path, by_value):
    here = fit_drawing()
    with cluster(tmp_path, 1) as made, joblib.parallel_config(backend="dask"):
        thread = kill_one_when_one_has_begun(made)
        replaced = threading.Timer(2, made.add_workers, (1,), {"wait": False})
        replaced.start()
        there = fit_drawing()
        thread.join()
        replaced.join()
        assert made.workers[0].wait() == -signal.SIGKILL
    assert_equal(there, here)


def test_no_worker_is_waited_for_without_end(tmp_path, monkeypatch, by_value):
    monkeypatch.setattr(_dask, "_PATIENCE", 1)
    with cluster(tmp_path, 1) as made:
        thread = kill_one_when_one_has_begun(made)
        with (
            joblib.parallel_config(backend="dask", wait_for_workers_timeout=1),
            pytest.raises(RuntimeError, match="has had no worker for 1 seconds"),
        ):
            fit_drawing()
        thread.join()


def test_a_scheduler_that_goes_away_is_an_error_and_no_finished_shadow_is_lost(
    tmp_path, by_value, fits
):
    cache = tmp_path / "cache"

    def finished():
        return list(cache.glob("shadow-*.bin"))

    with cluster(tmp_path / "one", 1) as made:

        def end():
            made.wait_for(lambda: len(finished()) >= 2)
            made.scheduler.kill()

        thread = threading.Thread(target=end)
        thread.start()
        with (
            joblib.parallel_config(backend="dask"),
            pytest.raises(ConnectionError, match=r"scheduler at .* has gone"),
        ):
            fit(24, cache_dir=cache)
        thread.join()
    stored = finished()
    assert 2 <= len(stored) < 24
    times = {path: path.stat().st_mtime_ns for path in stored}
    with cluster(tmp_path / "two", 1), joblib.parallel_config(backend="dask"):
        resumed = fit(24, cache_dir=cache)
    assert {path: path.stat().st_mtime_ns for path in stored} == times
    assert fits == []  # none here: all on the cluster
    assert_equal(resumed, fit(24))


def test_a_cache_that_only_this_process_reaches(tmp_path, fits):
    store = import_module("fsspec.implementations.memory").MemoryFileSystem.store
    store.clear()
    with cluster(tmp_path, 2), joblib.parallel_config(backend="dask"):
        there = fit(cache_dir="memory://bucket/shadows")
        stored = dict(store)
        again = fit(cache_dir="memory://bucket/shadows")
    assert len(stored) == 12
    # The same objects: none was written anew.
    assert all(store[name] is entry for name, entry in stored.items())
    assert store.keys() == stored.keys()
    assert fits == []
    assert_equal(there, fit())
    assert_equal(again, there)
    np.testing.assert_array_equal(again.fit_seconds, there.fit_seconds)
