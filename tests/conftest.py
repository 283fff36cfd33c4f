"""Fixtures that more than one file needs."""

import importlib.util
import sys
from pathlib import Path

import pytest

_DATA = Path(__file__).resolve().parents[1] / "benchmarks" / "_data.py"


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory):
    """The benchmarks' loaders, or a skip where the data is not beside the project.

    Their data home is a temporary folder; `shared_data.data_home()` fills it.
    """
    spec = importlib.util.spec_from_file_location("skmia_benchmark_data", _DATA)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not module.FOLDER.is_dir():
        pytest.skip("Location-30 and Adult are not in ../shared/data")
    module.DATA_HOME = tmp_path_factory.mktemp("data_home")
    return module


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory):
    """A place for the key of cached shadows, other than that of whoever runs this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def terminal(capsys, monkeypatch):
    """Capture what is written, to what calls itself a terminal."""
    # Of the class: pytest has one stream for setting up, and another for the test.
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    return capsys
