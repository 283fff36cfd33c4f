"""The hash of a row: what counts, how it spreads, and that it never changes."""

import json
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from _helpers import small_integers
from skmia._tables import concat_rows, content_groups, hash_rows, occurs_once, take_rows


def test_frames_without_rows_or_columns():
    for n, n_columns in ((0, 3), (4, 0), (0, 0)):
        X = np.zeros((n, n_columns))
        expected = hash_rows(X)
        assert expected.shape == (n,)
        assert np.unique(expected).size == min(n, 1)
        assert_array_equal(hash_rows(pd.DataFrame(X)), expected)
        assert_array_equal(hash_rows(sparse.csr_array(X)), expected)
    empty = pl.DataFrame(schema={"a": pl.Int64, "b": pl.String})
    assert hash_rows(empty).shape == (0,)
    assert hash_rows([]).shape == (0,)


@pytest.mark.parametrize("make", [np.asarray, list, pd.Series, pl.Series])
def test_one_dimension_is_one_column(make):
    x = small_integers()[:, 0]
    assert_array_equal(hash_rows(make(x)), hash_rows(x[:, None]))


def test_sparse_vector_is_one_column():
    x = small_integers()[:, 0]
    vector = sparse.coo_array(x)
    if vector.ndim != 1:
        pytest.skip("SciPy has sparse vectors since 1.13")
    assert_array_equal(hash_rows(vector), hash_rows(x))


def test_further_dimensions_are_flattened():
    X = small_integers(6, 12)
    for shape in ((6, 3, 4), (6, 2, 3, 2)):
        assert_array_equal(hash_rows(X.reshape(shape)), hash_rows(X))


@pytest.mark.parametrize("X", [3, None, "text", np.array(1.0), iter([1, 2])])
def test_a_scalar_has_no_rows(X):
    with pytest.raises(TypeError, match=r"at least one dimension.*one row per record"):
        hash_rows(X)


def test_permuted_rows_have_permuted_hashes():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(70_000, 3))  # more than one block
    y = rng.integers(0, 5, size=len(X))
    order = rng.permutation(len(X))
    assert_array_equal(hash_rows(X, y)[order], hash_rows(X[order], y[order]))
    S = sparse.random(5_000, 60, density=0.4, random_state=7, format="csr")
    order = rng.permutation(S.shape[0])
    assert S.nnz > 2**16
    assert_array_equal(hash_rows(S)[order], hash_rows(S[order]))
    assert_array_equal(hash_rows(S), hash_rows(S.toarray()))


def test_columns_are_not_interchangeable():
    X = small_integers()
    moved = X[:, [1, 0, 2, 3, 4]]
    assert_array_equal(hash_rows(X) == hash_rows(moved), X[:, 0] == X[:, 1])
    padded = np.c_[X, np.zeros(len(X), dtype=int)]
    assert not np.isin(hash_rows(padded), hash_rows(X)).any()


@pytest.mark.parametrize(("base", "n_columns"), [(2, 18), (3, 11), (7, 6), (600, 2)])
def test_all_rows_over_small_integers_differ(base, n_columns):
    rows = np.indices((base,) * n_columns, dtype=np.int16).reshape(n_columns, -1).T
    assert np.unique(hash_rows(rows)).size == base**n_columns


def test_distinct_rows_are_counted_as_numpy_counts_them():
    X = np.random.default_rng(4).integers(0, 2, size=(60_000, 17)).astype(np.int8)
    unique, inverse = np.unique(X, axis=0, return_inverse=True)
    hashes = hash_rows(X)
    assert unique.shape[0] < len(X)
    assert np.unique(hashes).size == unique.shape[0]
    first = np.zeros(unique.shape[0], dtype=np.uint64)
    first[inverse.ravel()] = hashes
    assert_array_equal(first[inverse.ravel()], hashes)  # equal rows, equal hashes


def test_hashes_spread_over_all_bits():
    hashes = hash_rows(np.arange(40_000))
    bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    # Five standard deviations of a fair coin, over 64 bits.
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(40_000)


def test_labels_count():
    X = np.array([[1, 2], [1, 2], [3, 4], [3, 4]])
    y = np.array([0, 1, 0, 0])
    hashes = hash_rows(X, y)
    assert_array_equal(content_groups(hashes), [0, 1, 2, 2])
    # A label is not a further column, and label 0 is not "no label".
    others = np.r_[hash_rows(X), hash_rows(np.c_[X, y]), hash_rows(np.c_[y, X])]
    assert not np.isin(hashes, others).any()


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda y: y.astype(float),
        lambda y: y.astype(bool),
        lambda y: y[:, None],
        pd.Series,
        pd.Index,
        lambda y: pd.DataFrame({"y": y}),
        lambda y: pd.Series(y, dtype="category"),
        pl.Series,
    ],
)
def test_labels_hash_alike_in_every_container(make):
    X, y = small_integers(), np.arange(40) % 2
    assert_array_equal(hash_rows(X, make(y)), hash_rows(X, y))
    assert not np.any(hash_rows(X, y.astype(str)) == hash_rows(X, y))


def test_labels_of_another_length_are_an_error():
    with pytest.raises(ValueError, match=r"\[40, 39\]"):
        hash_rows(small_integers(), np.zeros(39))


def coo_with_duplicates():
    #  [[3, 0, 0], [0, 0, 0], [0, 7, 0]], with a cancelled pair and a stored zero
    data = np.array([1, 2, 5, -5, 0, 7])
    row = np.array([0, 0, 1, 1, 2, 2])
    column = np.array([0, 0, 2, 2, 0, 1])
    return sparse.coo_array((data, (row, column)), shape=(3, 3))


def csr_with_duplicates():
    indptr, indices = np.array([0, 2, 4, 6]), np.array([0, 0, 2, 2, 1, 0])
    data = np.array([1, 2, 5, -5, 7, 0])
    return sparse.csr_array((data, indices, indptr), shape=(3, 3))


def test_stored_zeros_and_duplicates_hash_as_the_dense_matrix():
    dense = np.array([[3, 0, 0], [0, 0, 0], [0, 7, 0]])
    X = coo_with_duplicates()
    assert_array_equal(hash_rows(X), hash_rows(dense))
    assert X.nnz == 6
    assert_array_equal(X.data, [1, 2, 5, -5, 0, 7])
    X = csr_with_duplicates()
    assert_array_equal(hash_rows(X), hash_rows(dense))
    assert_array_equal(X.data, [1, 2, 5, -5, 7, 0])
    assert_array_equal(X.indices, [0, 0, 2, 2, 1, 0])
    assert_array_equal(X.indptr, [0, 2, 4, 6])


def test_inputs_and_global_generator_stay_as_they_were():
    X = small_integers().astype(float)
    X[0, 0], X[1, 1] = -0.0, np.nan
    before = X.tobytes()
    frame = pd.DataFrame({"a": ["x", None], "b": [1, 2]}).astype({"a": "category"})
    frame_before = frame.copy(deep=True)
    state = np.random.get_state()  # noqa: NPY002
    wide = np.array([2**53 + 1, 3])
    hash_rows(X, X[:, 0])
    hash_rows(frame)
    hash_rows(wide)
    concat_rows(frame, frame.iloc[:1].assign(a=pd.Categorical(["z"])))
    take_rows(X, [0])[:] = 5
    assert X.tobytes() == before
    assert_array_equal(wide, [2**53 + 1, 3])
    pd.testing.assert_frame_equal(frame, frame_before)
    after = np.random.get_state()  # noqa: NPY002
    for a, b in zip(state, after, strict=True):
        assert_array_equal(a, b)


HASHES = {
    "zeros": [0xF88BB8A8724C81EC],
    "floats": [0x64D92E8CB94BF851, 0x69042677E31CF462],
    "wide": [0xF61AD2D5792CCD63, 0x7B9C72239CAE3B9A],
    "sparse": [0x5E60F3814AC5A6DC, 0xF88BB8A8724C81EC, 0x795050EA6C80691A],
    "text": [0x885FD7CA7B7B521F, 0x9221FF0251FECE47],
    "mixed": [0x3D4732763A7BF0FC, 0xDA2A82ACB3BC2641],
    "labels": [0x978BF9300A36F371, 0xEDAE8D30869D072],
    "complex": [0x39D90398FA8BFBB5],
    "duration": [0xFCE2873CDE5FBBE3],
}


def golden_rows():
    mixed = pd.DataFrame(
        {
            "n": [1, 2],
            "x": [0.5, np.nan],
            "s": ["a", None],
            "t": pd.to_datetime(["2020-01-02 03:04:05.678", None]),
        }
    )
    return {
        "zeros": hash_rows(np.zeros((1, 3))),
        "floats": hash_rows(np.array([[0.1, -1.5], [np.nan, np.inf]])),
        "wide": hash_rows(np.array([2**53 + 1, -(2**53) - 1])),
        "sparse": hash_rows(csr_with_duplicates()),
        "text": hash_rows(["a", "ä"]),
        "mixed": hash_rows(mixed, ["yes", "no"]),
        "labels": hash_rows(np.array([[1, 2], [3, 4]]), np.array([0, 1])),
        "complex": hash_rows(np.array([1 + 2j])),
        "duration": hash_rows(np.array([1500], dtype="m8[ms]")),
    }


def test_hashes_never_change():
    # Cached shadow models are found by these: a change here orphans every cache.
    assert {k: v.tolist() for k, v in golden_rows().items()} == HASHES


def test_hashes_do_not_depend_on_the_process():
    seed = "0" if os.environ.get("PYTHONHASHSEED") != "0" else "1"
    code = (
        "import numpy as np; from skmia._tables import hash_rows; import sys;"
        "theirs = set(sys.modules);"  # scikit-learn 1.9 loads pandas by itself
        "X = np.array([['a', 1, None], ['b', 2.5, 'c']], dtype=object);"
        "sys.stdout.write(repr(hash_rows(X, ['u', 'v']).tolist()));"
        "assert not {'pandas', 'polars'} & (set(sys.modules) - theirs)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    X = np.array([["a", 1, None], ["b", 2.5, "c"]], dtype=object)
    assert json.loads(done.stdout) == hash_rows(X, ["u", "v"]).tolist()


def test_a_large_array_is_hashed_at_once_and_in_little_memory():
    X = np.random.default_rng(5).random((20_000, 446))
    calls = []
    sys.setprofile(lambda frame, event, arg: calls.append(event))
    try:
        hash_rows(X)
    finally:
        sys.setprofile(None)
    assert len(calls) < len(X)  # neither row by row nor value by value
    tracemalloc.start()
    try:
        hash_rows(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 8


def test_rows_that_occur_once():
    X = np.array([[1, 2], [3, 4], [1, 2], [1, 2], [5, 6]])
    assert_array_equal(occurs_once(hash_rows(X)), [False, True, False, False, True])
    # With a label, equal features of another label are another content.
    once = occurs_once(hash_rows(X, np.array([0, 0, 1, 0, 0])))
    assert_array_equal(once, [False, True, True, False, True])
    assert occurs_once(np.array([], dtype=np.uint64)).shape == (0,)
