"""Runs that are stopped: at once, without a trace but for what they finished.

The runs are processes of their own. Their estimator notes each fit in a file, which
code of the user's own must not do beside a cache: it is an installed package.
"""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.shadows import ShadowSignals, fit_shadows

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

ESTIMATOR = """
    import os, time
    from sklearn.ensemble import RandomForestClassifier

    __version__ = "1.0"

    class Slow(RandomForestClassifier):
        '''Says in a file that it begins; from some fit on, it takes an hour.'''

        def fit(self, X, y):
            with open(os.environ["FITS"], "a+") as file:
                file.write(f"{os.getpid()}\\n")
                file.flush()
                file.seek(0)
                begun = len(file.readlines())
            slow = begun > int(os.environ["QUICK"])
            end = time.monotonic() + (3600 if slow else 0.05)
            while time.monotonic() < end:
                time.sleep(0.01)
            return super().fit(X, y)
"""

RUN = """
    import os, sys, time
    import joblib
    from skmia.shadows import ShadowModels, fit_shadows
    from slow_forest import Slow
    from test_data import X, y

    if __name__ == "__main__":
        try:
            with joblib.parallel_config(backend=os.environ["BACKEND"]):
                shadows = fit_shadows(
                    Slow(5), X, y, n_jobs=2, random_state=3,
                    shadows=ShadowModels(32, cache_dir=os.environ["CACHE"]),
                )
        except KeyboardInterrupt:
            sys.exit("interrupted")
        shadows.to_npz(os.environ["OUT"])
"""

DATA = """
    from sklearn.datasets import make_classification
    X, y = make_classification(200, 8, flip_y=0.1, random_state=0)
"""


# Seconds after which something hangs, on a machine that is as busy as it likes.
PATIENCE = 600


class Run:
    """A run of 32 shadows, two at a time, in a process group of its own."""

    def __init__(self, folder, quick, backend="loky"):
        self.folder = folder
        self.cache = folder / "cache"
        installed = folder / "site-packages"
        installed.mkdir(exist_ok=True)
        for path, source in [
            (installed / "slow_forest.py", ESTIMATOR),
            (folder / "test_data.py", DATA),
            (folder / "run.py", RUN),
        ]:
            path.write_text(textwrap.dedent(source))
        env = {
            "PYTHONPATH": os.pathsep.join([str(folder), str(installed), *sys.path]),
            "TMPDIR": str(folder / "temporary"),
            "FITS": str(folder / "fits"),
            "CACHE": str(self.cache),
            "OUT": str(folder / "out.npz"),
            "QUICK": str(quick),
            "BACKEND": backend,
        }
        (folder / "temporary").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "run.py")],
            env=os.environ | env,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def begun(self):
        """The processes that fits were begun in, one for each."""
        path = self.folder / "fits"
        return path.read_text().split() if path.exists() else []

    def finished(self):
        return len(list(self.cache.glob("shadow-*.bin")))

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end
            time.sleep(0.02)

    def __enter__(self):
        return self

    def stop(self, signal_number):
        """Signal the whole process group, and read its output."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal_number)
        with contextlib.suppress(ValueError):  # it was read before
            self.process.communicate()

    def __exit__(self, *_):
        """Leave no process behind, whatever the test found."""
        self.stop(signal.SIGKILL)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
def test_an_interrupt_stops_the_run_and_its_workers(tmp_path, backend):
    at_a_time = 1 if backend == "sequential" else 2
    with Run(tmp_path, quick=2, backend=backend) as run:
        # Two are finished, and those that follow would not end within this test.
        run.wait_for(lambda: run.finished() == 2)
        run.wait_for(lambda: len(run.begun()) == 2 + at_a_time)
        os.kill(run.process.pid, signal.SIGINT)  # the parent only
        _, err = run.process.communicate(timeout=PATIENCE)
        assert run.process.returncode == 1
        assert "interrupted" in err
        assert "Traceback" not in err
        assert [pid for pid in set(run.begun()) if is_alive(pid)] == []
        assert len(run.begun()) == 2 + at_a_time
        assert run.finished() == 2
        assert not list((tmp_path / "temporary").glob("skmia-*"))


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path, monkeypatch):
    with Run(tmp_path, quick=20) as run:
        run.wait_for(lambda: run.finished() >= 16)
        run.stop(signal.SIGKILL)
        finished, begun = run.finished(), len(run.begun())
        assert 16 <= finished <= begun <= 22
    with Run(tmp_path, quick=64) as run:
        _, err = run.process.communicate(timeout=PATIENCE)
        assert run.process.returncode == 0, err
        assert len(run.begun()) - begun == 32 - finished
    resumed = ShadowSignals.from_npz(tmp_path / "out.npz")

    # Never stopped, without a cache, in one process.
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    monkeypatch.setenv("FITS", os.devnull)  # which never has a line
    monkeypatch.setenv("QUICK", "0")
    forest = importlib.import_module("slow_forest").Slow(5)
    data = importlib.import_module("test_data")
    fresh = fit_shadows(forest, data.X, data.y, shadows=32, random_state=3)
    assert_array_equal(resumed.member, fresh.member)
    assert list(resumed.signals) == list(fresh.signals)
    for name, values in fresh.signals.items():
        assert resumed.signals[name].tobytes() == values.tobytes()
    assert np.isfinite(fresh.signals["logit"]).all()
