"""Location-30 as distributed, and small archives of the form of the other two."""

import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from skmia.datasets import _binary, _trustlab, fetch_location30

OFFLINE = {"download_if_missing": False}


def files_under(folder):
    return sorted(p.name for p in Path(folder).rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def location(shared_data):
    with tarfile.open(shared_data.FOLDER / "dataset_location.tgz") as archive:
        text = archive.extractfile("bangkok").read().replace(b'"', b"")
    table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=int)
    return table[:, 1:], table[:, 0]


def test_location30_is_what_numpy_reads(shared_data, location):
    home = shared_data.data_home()
    for _ in range(2):  # parsed, then from the cache
        X, y = fetch_location30(data_home=home, return_X_y=True, **OFFLINE)
        np.testing.assert_array_equal(X, location[0])
        np.testing.assert_array_equal(y, location[1])
        assert (X.dtype, y.dtype) == (np.uint8, np.int64)
        assert X.flags.c_contiguous
    assert X.shape == (5010, 446)
    assert set(y) == set(range(1, 31))


def test_location30_in_the_default_data_home(shared_data, location, tmp_path):
    """`data_home=None` is scikit-learn's, which its environment variable names."""
    path = tmp_path / "default" / "location30" / "dataset_location.tgz"
    path.parent.mkdir(parents=True)
    path.write_bytes((shared_data.FOLDER / path.name).read_bytes())
    bunch = fetch_location30(**OFFLINE)
    np.testing.assert_array_equal(bunch.target, location[1])


def test_benchmark_loader_keeps_its_types(shared_data, location):
    X, y = shared_data.load_location30()
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, location[0])
    np.testing.assert_array_equal(y, location[1])


def test_bunch(small, tmp_path):
    small.put(tmp_path)
    bunch = small.fetch(data_home=tmp_path, **OFFLINE)
    assert isinstance(bunch, Bunch)
    assert set(bunch) == {
        "data",
        "target",
        "frame",
        "feature_names",
        "target_names",
        "DESCR",
    }
    np.testing.assert_array_equal(bunch.data, small.data)
    np.testing.assert_array_equal(bunch.target, small.target)
    assert (bunch.data.dtype, bunch.target.dtype) == (np.uint8, np.int64)
    assert bunch.frame is None
    assert len(set(bunch.feature_names)) == small.dataset.n_features
    assert bunch.target_names == ["class"]
    # The description names the real data set's size, whatever was put in its place.
    real = {"purchase100": "197324", "texas100": "67330"}[small.dataset.name]
    assert f":Number of records: {real}" in bunch.DESCR
    X, y = small.fetch(data_home=tmp_path, return_X_y=True, **OFFLINE)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_as_frame(small, tmp_path):
    pd = pytest.importorskip("pandas")
    small.put(tmp_path)
    bunch = small.fetch(data_home=tmp_path, as_frame=True, **OFFLINE)
    assert list(bunch.data.columns) == bunch.feature_names
    assert (bunch.data.dtypes == np.uint8).all()
    np.testing.assert_array_equal(bunch.data, small.data)
    assert bunch.target.name == "class"
    pd.testing.assert_frame_equal(bunch.frame[bunch.feature_names], bunch.data)
    pd.testing.assert_series_equal(bunch.frame["class"], bunch.target)
    X, y = small.fetch(data_home=tmp_path, as_frame=True, return_X_y=True, **OFFLINE)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_series_equal(y, bunch.target)


def test_as_frame_without_pandas_says_so_before_downloading(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"needs pandas.*skmia\[report\]"):
        small.fetch(as_frame=True)


@pytest.mark.parametrize("flag", ["download_if_missing", "return_X_y", "as_frame"])
def test_flags_are_bools(small, flag):
    message = f"The '{flag}' parameter must be a bool. Got 'False' instead."
    with pytest.raises(TypeError, match=message):
        small.fetch(**{flag: "False"})


def test_second_load_does_not_parse(small, tmp_path, monkeypatch):
    small.put(tmp_path)
    small.fetch(data_home=tmp_path, **OFFLINE)
    monkeypatch.setattr(_binary, "read_archive", None)
    bunch = small.fetch(data_home=tmp_path, **OFFLINE)
    np.testing.assert_array_equal(bunch.data, small.data)
    np.testing.assert_array_equal(bunch.target, small.target)


def test_another_archive_is_parsed_anew(purchase, archive_of, tmp_path):
    path = purchase.put(tmp_path)
    purchase.fetch(data_home=tmp_path, **OFFLINE)
    flipped = purchase.members["dataset_purchase"].translate({48: 49, 49: 48})
    lines = [
        f"{label},{line.partition(',')[2]}"
        for label, line in zip(purchase.target, flipped.splitlines(), strict=True)
    ]
    path.write_bytes(archive_of({"dataset_purchase": "\n".join(lines)}))
    bunch = purchase.fetch(data_home=tmp_path, **OFFLINE)
    np.testing.assert_array_equal(bunch.data, 1 - purchase.data)
    np.testing.assert_array_equal(bunch.target, purchase.target)


def test_a_damaged_cache_is_rebuilt(purchase, tmp_path):
    path = purchase.put(tmp_path)
    purchase.fetch(data_home=tmp_path, **OFFLINE)
    cache = path.with_name(path.name + ".npz")
    whole = cache.read_bytes()
    cache.write_bytes(whole[: len(whole) // 2])
    bunch = purchase.fetch(data_home=tmp_path, **OFFLINE)
    np.testing.assert_array_equal(bunch.data, purchase.data)
    assert len(cache.read_bytes()) == len(whole)
    assert files_under(tmp_path) == [path.name, cache.name]


def test_a_cache_that_cannot_be_written_costs_nothing(purchase, tmp_path):
    path = purchase.put(tmp_path)
    cache = path.with_name(path.name + ".npz")
    (cache / "in the way").mkdir(parents=True)
    bunch = purchase.fetch(data_home=tmp_path, **OFFLINE)
    np.testing.assert_array_equal(bunch.data, purchase.data)


def link(name, target):
    header = tarfile.TarInfo(name)
    header.type, header.linkname = tarfile.SYMTYPE, target
    return header


def folder(name):
    header = tarfile.TarInfo(name)
    header.type = tarfile.DIRTYPE
    return header


NAME = "dataset_purchase"
DAMAGED = "the archive is damaged or cut short"


def with_line(text, number, line):
    lines = text.splitlines()
    return "\n".join([*lines[:number], line, *lines[number + 1 :]]) + "\n"


def without_class_7(text):
    lines = text.splitlines()
    return "\n".join("8" + s[1:] if s.startswith("7,") else s for s in lines)


BROKEN_BYTES = {
    "html": (lambda good: b"<html>404</html>", DAMAGED),
    "cut": (lambda good: good[: len(good) // 2], DAMAGED),
    "no trailer": (lambda good: good[:-4], DAMAGED),
    "wrong crc": (lambda good: good[:-8] + bytes(4) + good[-4:], "CRC check failed"),
}
BROKEN_MEMBERS = {
    "empty": (lambda text: {}, "the archive has no member 'dataset_purchase'"),
    "upwards": (lambda text: {f"../{NAME}": text}, "has no member"),
    "absolute": (lambda text: {f"/{NAME}": text}, "has no member"),
    "link": (
        lambda text: {"other": text, NAME: link(NAME, "other")},
        "'dataset_purchase' in the archive is not a regular file",
    ),
    "folder": (lambda text: {NAME: folder(NAME)}, "is not a regular file"),
    "few rows": (
        lambda text: {NAME: text[: text.index("\n") + 1]},
        "there are 1 rows of 61 fields where 250 of 61 were expected",
    ),
    "many rows": (
        lambda text: {NAME: text + text.splitlines()[0]},
        "there are 251 rows of 61 fields",
    ),
    "not a bit": (
        lambda text: {NAME: with_line(text, 4, text.splitlines()[4][:-1] + "2")},
        "row 5 has a field that is not 0 or 1",
    ),
    "few columns": (
        lambda text: {NAME: with_line(text, 4, "1,0,1")},
        "'dataset_purchase' in the archive: .* columns changed from 61 to 3 at row 5",
    ),
    "class 0": (
        lambda text: {NAME: with_line(text, 4, "0" + ",1" * 60)},
        "the classes are not those from 1 to 100",
    ),
    "class 7": (lambda text: {NAME: without_class_7(text)}, "from 1 to 100"),
}


@pytest.mark.parametrize("kind", [*BROKEN_BYTES, *BROKEN_MEMBERS])
@pytest.mark.parametrize("is_downloaded", [False, True])
def test_an_archive_of_another_form(
    purchase, archive_of, tmp_path, server, kind, is_downloaded
):
    if kind in BROKEN_BYTES:
        change, message = BROKEN_BYTES[kind]
        archive = change(purchase.archive)
    else:
        change, message = BROKEN_MEMBERS[kind]
        archive = archive_of(change(purchase.members[NAME]))
    if is_downloaded:
        server.contents[purchase.url] = archive
        remedy = r"Nothing was stored; .* put the original file at .*_purchase\.tgz"
    else:
        path = purchase.put(tmp_path, archive)
        remedy = r"Delete it and fetch again, or put the original file from https://"
    with pytest.raises(OSError, match=message) as caught:
        purchase.fetch(data_home=tmp_path)
    assert caught.match(remedy)
    # A user's own file is left as it was, and nothing else is written anywhere.
    if is_downloaded:
        assert files_under(tmp_path) == []
    else:
        assert files_under(tmp_path) == [path.name]
        assert path.read_bytes() == archive


def test_what_only_texas_has(texas, archive_of, tmp_path):
    rows, labels = texas.members.values()
    texas.put(tmp_path, archive_of({"texas/100/feats": rows}))
    with pytest.raises(OSError, match="no member 'texas/100/labels'"):
        texas.fetch(data_home=tmp_path, **OFFLINE)
    texas.put(
        tmp_path,
        archive_of({"texas/100/feats": "7" + rows[1:], "texas/100/labels": labels}),
    )
    with pytest.raises(OSError, match="row 1 has a field that is not 0 or 1"):
        texas.fetch(data_home=tmp_path, **OFFLINE)
    # The order in the archive does not matter, nor do other members.
    texas.put(
        tmp_path,
        archive_of(
            {
                "texas/150/labels": "1\n",
                "texas/100/labels": labels,
                "texas/100/feats": rows,
            }
        ),
    )
    X, y = texas.fetch(data_home=tmp_path, return_X_y=True, **OFFLINE)
    np.testing.assert_array_equal(X, texas.data)
    np.testing.assert_array_equal(y, texas.target)


@pytest.mark.parametrize(
    ("name", "shape", "n_classes"),
    [
        ("LOCATION30", (5010, 446), 30),
        ("PURCHASE100", (197_324, 600), 100),
        ("TEXAS100", (67_330, 6169), 100),
    ],
)
def test_published_sizes(name, shape, n_classes):
    dataset = getattr(_trustlab, name)
    assert (dataset.n_samples, dataset.n_features) == shape
    assert dataset.n_classes == n_classes
    assert dataset.archive.url.startswith("https://")
    assert dataset.archive.url.endswith("/" + dataset.archive.filename)
