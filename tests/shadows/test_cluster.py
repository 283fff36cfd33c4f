"""Shadows on a cluster whose workers share no file with the process that asks."""

import os
import tempfile
from importlib import import_module

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from skmia.shadows import ShadowModels, fit_shadows

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


def fit(n=12, **options):
    forest = RandomForestClassifier(5, max_depth=6)
    models = ShadowModels(n, counterfactual=False, **options)
    return fit_shadows(forest, X, Y, shadows=models, random_state=0)


def test_the_same_to_the_last_bit_with_1_and_2_workers(tmp_path, own_temporary):
    here = fit()
    with cluster(tmp_path, 1) as made, joblib.parallel_config(backend="dask"):
        assert_equal(fit(), here)
        made.add_workers(1)
        assert_equal(fit(), here)
        # Nothing was written that workers could have read.
        assert os.listdir(own_temporary) == []
