"""The process that asks a cluster is killed, and another one goes on."""

import importlib
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from skmia.shadows import ShadowSignals, fit_shadows

pytest.importorskip("distributed")
cluster = importlib.import_module("_helpers.cluster").cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="POSIX signals"),
    # dask's own, of sockets that it leaves to the garbage collector (2026-11).
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

# An installed package, since code of the user's own must not write beside a cache.
LEARNER = """
    import os, secrets, time
    from sklearn.ensemble import RandomForestClassifier

    __version__ = "1.0"

    class Noted(RandomForestClassifier):
        '''Leaves a file, named by what it was fitted on, for each fit.'''

        def fit(self, X, y):
            time.sleep(0.2)
            super().fit(X, y)
            name = f"{self.random_state}-{secrets.token_hex(8)}"
            with open(os.path.join(os.environ["FITS"], name), "x"):
                return self
"""

CLIENT = """
    import sys
    import joblib
    from distributed import Client
    from skmia.shadows import ShadowModels, fit_shadows
    from sklearn.datasets import make_classification
    from noted_forest import Noted

    address, cache, out = sys.argv[1:]
    X, y = make_classification(300, 6, flip_y=0.2, random_state=0)
    with Client(scheduler_file=address), joblib.parallel_config(backend="dask"):
        models = ShadowModels(24, cache_dir=cache)
        shadows = fit_shadows(Noted(5), X, y, shadows=models, random_state=0)
    shadows.to_npz(out)
"""


def test_a_new_client_goes_on_where_the_killed_one_was(tmp_path, monkeypatch):
    installed, cache, fits = (tmp_path / n for n in ("site-packages", "cache", "fits"))
    installed.mkdir()
    fits.mkdir()
    (installed / "noted_forest.py").write_text(textwrap.dedent(LEARNER))
    (tmp_path / "client.py").write_text(textwrap.dedent(CLIENT))
    monkeypatch.syspath_prepend(installed)
    monkeypatch.setenv("FITS", str(fits))
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
    }

    def finished():
        return {path: path.stat().st_mtime_ns for path in cache.glob("shadow-*.bin")}

    def fitted():
        return [path.name.partition("-")[0] for path in fits.iterdir()]

    with cluster(tmp_path / "cluster", 2) as made:

        def ask():
            out = tmp_path / "out.npz"
            command = [sys.executable, tmp_path / "client.py", made.address, cache, out]
            return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)

        client = ask()
        made.wait_for(lambda: len(finished()) >= 6 or client.poll() is not None)
        assert client.poll() is None, client.communicate()[1]
        client.kill()
        assert client.wait() == -signal.SIGKILL
        client.stderr.close()
        stored, begun = finished(), len(fitted())
        assert 6 <= len(stored) < 24
        # Two for each thread were sent ahead, at most.
        assert len(stored) <= begun <= len(stored) + 4

        second = ask()
        assert second.communicate(timeout=300)[1] == ""
        assert second.returncode == 0
        # None of what was stored is fitted again, nor written.
        seeds = fitted()
        assert len(set(seeds)) == 24
        again = [seed for seed in set(seeds) if seeds.count(seed) > 1]
        assert len(again) <= 4
        after = finished()
        assert len(after) == 24
        assert {path: after[path] for path in stored} == stored

    # What the client had sent ahead is fitted twice at most, and that is all.
    assert len(seeds) <= 24 + 4
    data = importlib.import_module("sklearn.datasets")
    X, y = data.make_classification(300, 6, flip_y=0.2, random_state=0)
    forest = importlib.import_module("noted_forest").Noted(5)
    resumed = ShadowSignals.from_npz(tmp_path / "out.npz")
    fresh = fit_shadows(forest, X, y, shadows=24, random_state=0)
    np.testing.assert_array_equal(resumed.member, fresh.member)
    assert resumed.signals.keys() == fresh.signals.keys()
    for name, values in fresh.signals.items():
        assert resumed.signals[name].tobytes() == values.tobytes()
    for name, values in fresh.other.items():
        assert resumed.other[name].tobytes() == values.tobytes()
