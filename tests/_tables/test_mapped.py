"""Rows of a file are copied without holding the file in memory."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia._tables import _mapped, copy_rows
from skmia._tables._mapped import copy_mapped_rows, is_mapped


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_mapped, "_BLOCK", 1000)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, np.random.default_rng(0).normal(size=(503, 7)).astype(np.float32))
    return path


@pytest.mark.parametrize(
    "rows",
    [
        np.arange(503),
        np.random.default_rng(1).permutation(503)[:200],
        np.array([502, 0, 502, 17, 17]),
        np.array([-1, 3, -503]),
        np.array([], dtype=np.intp),
    ],
    ids=["all", "drawn", "repeated", "from the end", "none"],
)
def test_the_rows_are_those_of_the_file(small_blocks, path, rows):
    X = np.load(path, mmap_mode="r")
    assert is_mapped(X)
    taken = copy_rows(X, rows)
    expected = np.load(path)[rows]
    assert_array_equal(taken, expected, strict=True)
    assert type(taken) is np.ndarray
    assert taken.flags.writeable
    assert taken.flags.c_contiguous
    # The file is still there to be read.
    assert_array_equal(X, np.load(path))


def test_rows_beyond_the_end_are_an_error(small_blocks, path):
    with pytest.raises(IndexError, match="503"):
        copy_mapped_rows(np.load(path, mmap_mode="r"), np.array([0, 503]))


def test_what_was_written_to_a_private_map_is_kept(small_blocks, path):
    X = np.load(path, mmap_mode="c")
    X[3] = 7.0
    for array in X, np.lib.stride_tricks.as_strided(X, writeable=False):
        assert not is_mapped(array)
        assert_array_equal(copy_rows(array, np.array([3]))[0], np.full(7, 7.0))


@pytest.mark.parametrize(
    "change", [np.asarray, lambda X: X[:, ::2], lambda X: X.T, lambda X: X[:3]]
)
def test_other_arrays_are_taken_as_ever(small_blocks, path, change):
    X = change(np.load(path, mmap_mode="r"))
    assert_array_equal(copy_rows(X, np.arange(3)), change(np.load(path))[:3])


MEASURED = """
import sys
import numpy as np
from pathlib import Path
from skmia._tables import copy_rows

def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(x.split()[1]) for x in lines if x.startswith(field + ":")) / 1024

X = np.load(sys.argv[1], mmap_mode="r")
rows = np.random.default_rng(0).permutation(len(X))[: len(X) // 10]
before = resident("VmRSS")
copy_rows(X, rows)
print(resident("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as of Linux")
def test_the_file_is_not_held_in_memory(tmp_path):
    np.save(tmp_path / "X.npy", np.ones((300_000, 100)))  # 229 MiB
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, tmp_path / "X.npy"],
        check=True,
        capture_output=True,
        text=True,
    )
    # The rows that were taken, 23 MiB, a block of 32, and one that is being copied.
    assert float(done.stdout) < 115
