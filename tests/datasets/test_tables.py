"""Tables of integers as text, and their packed copies under damage."""

import io

import numpy as np
import pytest

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


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize(
    ("n_columns", "highest"), [(1, 9), (1, 255), (2, 1), (40, 255)]
)
def test_tables_as_they_are_written(n_columns, highest, quoted):
    expected = random_table(50, n_columns, highest, seed=n_columns)
    text = text_of(expected, quoted)
    for form in (text, text.rstrip(b"\n")):
        table = read_table(io.BytesIO(form), (50, n_columns))
        assert table.dtype == np.uint8
        np.testing.assert_array_equal(table, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1,0,1\n2,0,1\n", "there are 2 rows of 3 fields where 3 of 3 were expected"),
        (b"1,0,1\n" * 4, "there are 4 rows"),
        (b"1,0\n" * 3, "there are 3 rows of 2 fields"),
        (b"1,0,1\n2,0\n3,0,1\n", "columns changed from 3 to 2 at row 2"),
        (b"1,0,1\n2,0,1\n\n", "there are 2 rows"),
        (b"1,0,1\n2,0,/\n3,0,1\n", "could not convert string '/' .* at row 1"),
        (b"1,0,1\n2,0;1\n3,0,1\n", "columns changed from 3 to 2"),
        (b"1,0,1\n-2,0,1\n3,0,1\n", "could not convert string '-2'"),
        (b"1,0,1\nx,0,1\n3,0,1\n", "could not convert string 'x'"),
        (b"1,0,1\n1.0,0,1\n3,0,1\n", "could not convert string '1.0'"),
        (b"1,0,1\n256,0,1\n3,0,1\n", "could not convert string '256'"),
        (b"1,0,1\n#,0,1\n3,0,1\n", "could not convert string '#'"),
        (b"0" * 1000, "there are 1 rows of 1 fields"),
    ],
)
def test_other_text_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read_table(io.BytesIO(text), (3, 3))


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
    cut = [whole[:end] for end in range(0, len(whole), 13)]
    changed = [
        whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
        for at in range(0, len(whole), 5)
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
