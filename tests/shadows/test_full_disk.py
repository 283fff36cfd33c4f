"""A disk under the cache that is full: told, nothing half-written, nothing lost."""

import errno
import subprocess
import sys
import time
from contextlib import contextmanager

import joblib
import pytest
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels, fit_shadows

resource = pytest.importorskip("resource", reason="limits of POSIX")

X, Y = make_classification(80, 5, flip_y=0.2, random_state=0)


def fit(folder, n=24, n_jobs=None, **how):
    models = ShadowModels(n, cache_dir=folder, **how)
    tree = DecisionTreeClassifier(max_depth=6)
    return fit_shadows(tree, X, Y, shadows=models, random_state=0, n_jobs=n_jobs)


def assert_same(one, other):
    assert one.signals.keys() == other.signals.keys()
    for name, values in one.signals.items():
        assert values.tobytes() == other.signals[name].tobytes()
    for name, values in one.other.items():
        assert values.tobytes() == other.other[name].tobytes()


def stored(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("shadow-*.bin")}


@contextmanager
def files_of_at_most(size):
    """Writes of this process that go beyond it fail, half of them written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def told(folder):
    """What is raised, of the folder's name and what to do about it."""
    return pytest.raises(
        OSError,
        match=rf"cannot be stored in 'cache_dir', '{folder}' \(.*\)\. Make room there, "
        r".* those that were stored are not fitted again\. Or .* cache_dir=None\.",
    )


@pytest.mark.parametrize("keep_models", [False, True])
def test_an_entry_that_cannot_be_written_as_a_whole_leaves_nothing(
    tmp_path, fits, keep_models
):
    fresh = fit(None, 8, keep_models=keep_models)
    fit(tmp_path, 8, keep_models=keep_models)
    paths = sorted(tmp_path.iterdir())
    size = paths[0].stat().st_size
    for path in paths[:3]:
        path.unlink()
    before = stored(tmp_path)
    fits.clear()
    with files_of_at_most(size // 2), told(tmp_path) as caught:
        fit(tmp_path, 8, keep_models=keep_models)
    assert caught.value.errno == errno.EFBIG
    assert len(fits) == 1
    assert stored(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(before)
    fits.clear()
    assert_same(fresh, fit(tmp_path, 8, keep_models=keep_models))
    assert len(fits) == 3


def test_an_audit_on_a_full_disk_gives_no_report(tmp_path):
    tree = DecisionTreeClassifier(random_state=0).fit(X[:40], Y[:40])
    sides = X[:40], Y[:40], X[40:], Y[40:]
    shadows = ShadowModels(4, cache_dir=tmp_path)
    with files_of_at_most(1000), told(tmp_path):
        audit_classifier(tree, *sides, shadows=shadows, random_state=0)
    assert list(tmp_path.iterdir()) == []


class Disk:
    """A small file system of its own, as root may have."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def mount(self, options):
        command = ["mount", "-t", "tmpfs", "-o", f"mode=700,{options}", "tmpfs"]
        done = subprocess.run([*command, str(self.folder)], capture_output=True)
        if done.returncode:
            pytest.skip(f"no file system can be mounted: {done.stderr.decode()}")

    def remount(self, options):
        command = ["mount", "-o", f"remount,{options}", str(self.folder)]
        subprocess.run(command, check=True)

    def unmount(self):
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path):
    """Room for some of 24 entries."""
    if not sys.platform.startswith("linux"):
        pytest.skip("tmpfs of Linux")
    disk = Disk(tmp_path / "disk")
    disk.mount("size=64k")
    yield disk
    disk.unmount()


def when_nobody_writes(folder):
    """What is stored once other threads have ended what they had begun."""
    before = None
    while (now := stored(folder)) != before:
        time.sleep(1)
        before = now
    return now


def run_out_and_go_on(disk, fits, n_jobs):
    folder = disk.folder
    with told(folder) as caught:
        fit(folder, n_jobs=n_jobs)
    assert caught.value.errno == errno.ENOSPC
    there = when_nobody_writes(folder)
    assert 2 <= len(there) < 24
    # A process that was ended with the run may have been about to write.
    assert len(list(folder.glob(".shadow-*"))) < (n_jobs or 1)
    disk.remount("size=1m")
    fits.clear()
    resumed = fit(folder, n_jobs=n_jobs)
    n_fits = len(fits)
    after = stored(folder)
    assert len(after) == 24
    assert {name: after[name] for name in there} == there
    assert_same(resumed, fit(None))
    return 24 - len(there), n_fits


@pytest.mark.parametrize(
    "backend",
    ["sequential", "threading", pytest.param("loky", marks=pytest.mark.slow)],
)
def test_a_disk_that_fills_up_during_the_run(disk, fits, backend):
    n_jobs = 1 if backend == "sequential" else 2
    with joblib.parallel_config(backend=backend):
        n_missing, n_fits = run_out_and_go_on(disk, fits, n_jobs)
    assert n_fits == (0 if backend == "loky" else n_missing)


def test_a_disk_that_is_read_only_is_read(disk, fits):
    folder = disk.folder
    fresh = fit(folder, 4)
    disk.remount("ro")
    fits.clear()
    assert_same(fit(folder, 4), fresh)
    assert fits == []
    with told(folder) as caught:
        fit(folder, 6)
    assert caught.value.errno == errno.EROFS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_disk_that_fills_up_while_a_cluster_works(disk, fits, tmp_path):
    pytest.importorskip("distributed")
    from _helpers.cluster import cluster

    with cluster(tmp_path / "cluster", 2), joblib.parallel_config(backend="dask"):
        n_missing, n_fits = run_out_and_go_on(disk, fits, None)
    assert n_missing > n_fits == 0  # all of them on the cluster
