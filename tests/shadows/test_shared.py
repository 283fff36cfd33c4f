"""The pool crosses to workers once, and leaves nothing behind."""

import gc
import os
import pickle
import tempfile
import threading

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.parallel import Parallel

from skmia.shadows import _shared, _workers, fit_shadows
from skmia.shadows._shared import Shared


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder in which temporary files and folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dumps(monkeypatch):
    """How often a value was written to a file."""
    calls = []
    monkeypatch.setattr(
        _shared.joblib, "dump", lambda *args: calls.append(args) or original(*args)
    )
    return calls


original = joblib.dump


def test_a_value_is_pickled_as_the_name_of_a_file(temporary, dumps):
    X = np.arange(10**6, dtype=float)
    shared = Shared({"X": X, "names": ["a", "b"]})
    pickles = [pickle.dumps(shared) for _ in range(3)]
    assert len(dumps) == 1
    assert len(set(pickles)) == 1
    assert len(pickles[0]) < 500

    loaded = pickle.loads(pickles[0])
    assert isinstance(loaded.value["X"], np.memmap)
    assert not loaded.value["X"].flags.writeable
    assert_array_equal(loaded.value["X"], X)
    assert loaded.value["names"] == ["a", "b"]
    # Another task of the same worker maps the same memory.
    assert pickle.loads(pickles[1]).value is loaded.value
    shared.close()
    assert os.listdir(temporary) == []


def test_threads_use_the_value_itself(temporary, dumps):
    value = np.zeros(3)
    shared = Shared(value)
    assert shared.value is value
    shared.close()
    assert dumps == []
    assert os.listdir(temporary) == []


def test_threads_that_pickle_at_once_write_one_file(temporary, dumps):
    shared = Shared(np.zeros(10**5))
    threads = [threading.Thread(target=pickle.dumps, args=(shared,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dumps) == 1
    shared.close()


def test_half_a_file_is_sent_to_no_one(temporary, monkeypatch):
    def full(value, path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("No space left on device")

    shared = Shared(np.zeros(3))
    monkeypatch.setattr(_shared.joblib, "dump", full)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            pickle.dumps(shared)
    assert os.listdir(temporary) == []
    monkeypatch.undo()
    shared.close()


def test_a_frame_with_text_is_not_sent_with_every_task(temporary, dumps, monkeypatch):
    n = 20_000
    frame = pd.DataFrame(
        {"text": [f"{i % 50:>40}" for i in range(n)], "x": np.arange(n) / n}
    )
    y = np.arange(n) % 2
    sizes = []

    class Weighing(Parallel):
        def __call__(self, tasks):
            tasks = list(tasks)
            wrapped = map(joblib.wrap_non_picklable_objects, tasks)
            sizes.extend(len(pickle.dumps(task)) for task in wrapped)
            return super().__call__(tasks)

    monkeypatch.setattr(_workers, "Parallel", Weighing)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["text"]), remainder="passthrough"),
        LogisticRegression(),
    )
    shadows = fit_shadows(
        model,
        frame,
        y,
        shadows=6,
        n_jobs=2,
        random_state=0,
        params={"logisticregression__sample_weight": np.ones(n)},
    )
    assert np.isfinite(shadows.signals["logit"]).all()
    # One byte of membership for each row; the frame has a hundred.
    assert len(sizes) == 6
    assert max(sizes) < n + 10_000 < len(pickle.dumps(frame)) / 10
    assert len(dumps) == 1
    gc.collect()
    assert os.listdir(temporary) == []


def test_the_folder_goes_where_a_fit_fails(temporary, dumps):
    X, y = np.full((50, 2), np.nan), np.arange(50) % 2
    X[:, 0] = np.arange(50)
    with joblib.parallel_config("loky"), pytest.raises(ValueError, match="NaN"):
        fit_shadows(LogisticRegression(), X, y, shadows=2, n_jobs=2, random_state=0)
    assert len(dumps) == 1
    assert os.listdir(temporary) == []
