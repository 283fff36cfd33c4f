"""The parser of binary tables against NumPy's, and its cache under damage."""

import io

import numpy as np
import pytest

from skmia.datasets import _tables
from skmia.datasets._tables import load_cache, read_table, save_cache


def random_table(n_rows, n_columns, highest, seed):
    rng = np.random.RandomState(seed)
    table = rng.randint(0, 2, (n_rows, n_columns))
    table[:, 0] = rng.randint(0, highest + 1, n_rows)
    return table


def text_of(table, quoted=False):
    buffer = io.StringIO()
    form = ['"%d"' if quoted else "%d"] + ["%d"] * (table.shape[1] - 1)
    np.savetxt(buffer, table, fmt=",".join(form))
    return buffer.getvalue().encode()


@pytest.mark.parametrize("block", [8, 61, 1 << 20])
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize(
    ("n_columns", "highest"), [(1, 9), (1, 255), (2, 1), (9, 100), (40, 255)]
)
def test_same_as_loadtxt(monkeypatch, n_columns, highest, quoted, block):
    monkeypatch.setattr(_tables, "_BLOCK_BYTES", block)
    text = text_of(random_table(50, n_columns, highest, seed=n_columns), quoted)
    expected = np.loadtxt(
        io.BytesIO(text.replace(b'"', b"")), delimiter=",", dtype=int, ndmin=2
    )
    for form in (text, text.rstrip(b"\n")):
        table = read_table(io.BytesIO(form), (50, n_columns))
        assert table.dtype == np.uint8
        np.testing.assert_array_equal(table, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1,0,1\n2,0,1\n", "there are 2 rows where 3 were expected"),
        (b"", "there are 0 rows where 3 were expected"),
        (b"1,0,1\n" * 4, "there are more than the 3 rows expected"),
        (b"1,0,1\n2,0\n3,0,1\n", "row 2 does not have 3 fields"),
        (b"1,0\n2,0,1\n3,0,1\n", "row 1 does not have 3 fields"),
        (b"1,0,1\n2,0,1\n\n", "row 3 does not have 3 fields"),
        (b"1,0,1\n2,0,1,1\n3,0,1\n", "row 2 does not start with an integer"),
        (b"1,0,1\n2,0,1\n3,0,2\n", "row 3 has a field that is not 0 or 1"),
        (b"1,0,1\n2,0,/\n3,0,1\n", "row 2 has a field that is not 0 or 1"),
        (b"1,0,1\n2,0;1\n3,0,1\n", "row 2 has a field that is not 0 or 1"),
        (b"1,0,1\n-2,0,1\n3,0,1\n", "row 2 does not start with an integer"),
        (b"1,0,1\nx,0,1\n3,0,1\n", "row 2 does not start with an integer"),
        (b"1,0,1\n256,0,1\n3,0,1\n", "row 2 starts with an integer above 255"),
        (b"1,0,1\n1000,0,1\n3,0,1\n", "row 2 does not have 3 fields"),
        (b"1,0,1\r\n2,0,1\r\n3,0,1\r\n", "row 1 has a field that is not 0 or 1"),
        (b"0" * 1000, "there is a row longer than 9 bytes"),
    ],
)
def test_other_text_is_refused_with_its_row(text, message):
    with pytest.raises(ValueError, match=message):
        read_table(io.BytesIO(text), (3, 3))


def test_row_numbers_count_across_blocks(monkeypatch):
    monkeypatch.setattr(_tables, "_BLOCK_BYTES", 16)
    text = b"1,0,1\n" * 20 + b"1,2,1\n"
    with pytest.raises(ValueError, match="row 21 has a field"):
        read_table(io.BytesIO(text), (21, 3))


@pytest.mark.parametrize("n_columns", [1, 7, 8, 9, 600])
def test_cache_gives_back_what_was_stored(tmp_path, n_columns):
    data = random_table(30, n_columns, 1, seed=3).astype(np.uint8)
    target = np.arange(1, 31)
    save_cache(tmp_path / "cache.npz", "abc", data, target)
    found, labels = load_cache(tmp_path / "cache.npz", "abc", data.shape)
    np.testing.assert_array_equal(found, data)
    np.testing.assert_array_equal(labels, target)
    assert found.dtype == np.uint8
    assert labels.dtype == np.int64


def test_cache_of_something_else_is_not_used(tmp_path):
    path = tmp_path / "cache.npz"
    assert load_cache(path, "abc", (30, 9)) is None
    data = random_table(30, 9, 1, seed=4).astype(np.uint8)
    save_cache(path, "abc", data, np.arange(30))
    assert load_cache(path, "abd", (30, 9)) is None
    # Unpacking would fill a seventeenth column with zeros.
    assert load_cache(path, "abc", (30, 17)) is None
    assert load_cache(path, "abc", (29, 9)) is None
    np.savez(path, key="1-abc", bits=np.packbits(data, axis=1), target=[1])
    assert load_cache(path, "abc", (30, 9)) is None
    np.savez(path, key="1-abc")
    assert load_cache(path, "abc", (30, 9)) is None
    for content in (b"", b"not a cache", b"\x93NUMPY"):
        path.write_bytes(content)
        assert load_cache(path, "abc", (30, 9)) is None


def test_a_damaged_cache_never_gives_other_data(tmp_path):
    """Every byte in turn is changed, and the file is cut at every place."""
    path = tmp_path / "cache.npz"
    data = random_table(12, 20, 1, seed=5).astype(np.uint8)
    target = np.arange(1, 13)
    save_cache(path, "abc", data, target)
    whole = path.read_bytes()
    cut = [whole[:end] for end in range(0, len(whole), 7)]
    changed = [
        whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
        for at in range(0, len(whole), 3)
    ]
    n_refused = 0
    for content in cut + changed:
        path.write_bytes(content)
        arrays = load_cache(path, "abc", data.shape)
        if arrays is None:
            n_refused += 1
        else:
            np.testing.assert_array_equal(arrays[0], data)
            np.testing.assert_array_equal(arrays[1], target)
    assert n_refused > len(cut)
