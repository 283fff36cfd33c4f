"""A cache at a URL: the shadows of a folder, and what goes wrong with a server."""

import sys
from pathlib import Path

import fsspec
import joblib
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.exceptions import CacheWarning
from skmia.shadows import ShadowModels, fit_shadows

X, Y = make_classification(80, 5, flip_y=0.2, random_state=0)


class Elsewhere(LocalFileSystem):
    """Files that are reached by fsspec alone, as on a server: no object store."""

    protocol = "elsewhere"
    cachable = False
    puts: list[str] = []  # noqa: RUF012
    fails = ""

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("elsewhere://"))

    def open(self, path, mode="rb", **options):
        if mode == self.fails:
            with super().open(path, mode, **options) as file:
                if mode == "wb":
                    file.write(b"half")
            raise OSError(28, "No space left on device")
        if mode == "wb":
            self.puts.append(path)
        return super().open(path, mode, **options)

    def mv(self, *paths, **options):
        if self.fails == "mv":
            raise ConnectionResetError("the server went away")
        return super().mv(*paths, **options)

    def makedirs(self, *paths, **options):
        if self.fails == "makedirs":
            raise FileNotFoundError("no such host")
        return super().makedirs(*paths, **options)


fsspec.register_implementation("elsewhere", Elsewhere, clobber=True)


@pytest.fixture(params=["memory", "elsewhere"])
def url(request, tmp_path, monkeypatch):
    monkeypatch.setattr(Elsewhere, "puts", [])
    MemoryFileSystem.store.clear()
    if request.param == "memory":
        return "memory://bucket/shadows"
    return f"elsewhere://{tmp_path}/cache"


@pytest.fixture
def elsewhere(tmp_path):
    return f"elsewhere://{tmp_path}/cache"


def fit(place, n_models=4, n_jobs=None, **how):
    models = ShadowModels(n_models, cache_dir=place, **how)
    tree = DecisionTreeClassifier(max_depth=6)
    return fit_shadows(tree, X, Y, shadows=models, random_state=0, n_jobs=n_jobs)


def assert_same(one, other):
    for name, values in one.signals.items():
        assert values.tobytes() == other.signals[name].tobytes()
    assert one.other.keys() == other.other.keys() != set()
    for name, values in one.other.items():
        assert values.tobytes() == other.other[name].tobytes()


def entries(url):
    """Contents by name, of all that is there."""
    fs, root = fsspec.core.url_to_fs(url)
    return {path.rpartition("/")[2]: fs.cat_file(path) for path in fs.find(root)}


def replace(url, name, content):
    fs, root = fsspec.core.url_to_fs(url)
    with fs.open(f"{root}/{name}", "wb") as file:
        file.write(content)


@pytest.mark.parametrize("keep_models", [False, True])
def test_a_second_run_fits_nothing(url, tmp_path, fits, keep_models):
    first = fit(url, keep_models=keep_models)
    assert len(fits) == 4
    again = fit(url, keep_models=keep_models)
    assert len(fits) == 4
    assert_same(first, again)
    assert_same(first, fit(None))
    # The key is that of a folder, and what is stored but for the seconds.
    fit(tmp_path / "folder", keep_models=keep_models)
    assert sorted(entries(url)) == sorted(p.name for p in tmp_path.glob("folder/*"))
    if keep_models:
        asked = [model.predict_proba(X) for model in again.models]
        np.testing.assert_array_equal(
            asked, [model.predict_proba(X) for model in first.models]
        )


def test_entries_of_a_folder_are_those_of_a_url_that_leads_there(tmp_path, fits):
    first = fit(tmp_path / "cache")
    fits.clear()
    assert_same(first, fit(f"elsewhere://{tmp_path}/cache"))
    assert fits == []


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_send_what_this_process_stores(elsewhere, fits, backend):
    Elsewhere.puts.clear()
    with joblib.parallel_config(backend=backend):
        there = fit(elsewhere, n_jobs=2)
    assert len(Elsewhere.puts) == 4
    fits.clear()
    assert_same(there, fit(elsewhere))
    assert fits == []
    assert_same(there, fit(None))


def test_a_run_with_more_shadows_goes_on_from_those_that_are_there(url, fits):
    fit(url, 8)
    stored = entries(url)
    fs, root = fsspec.core.url_to_fs(url)
    for name in sorted(stored)[:5]:
        fs.rm_file(f"{root}/{name}")
    fits.clear()
    assert_same(fit(url, 8), fit(None, 8))
    assert len(fits) == 5 + 8
    assert entries(url).keys() == stored.keys()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:20],
        lambda data: b"",
        lambda data: data + b"\0",
        lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        lambda data: b"nonsense" * 1000,
    ],
)
def test_a_damaged_entry_is_fitted_anew(url, fits, damage):
    first = fit(url)
    name, content = sorted(entries(url).items())[1]
    replace(url, name, damage(content))
    fits.clear()
    with pytest.warns(CacheWarning, match=f"In '{url}' 1 of the entries"):
        assert_same(first, fit(url))
    assert len(fits) == 1
    assert_same(first, fit(url))
    assert len(fits) == 1
    assert len(entries(url)) == 4


def test_swapped_entries_are_fitted_anew(url, fits):
    first = fit(url)
    (one, a), (two, b) = sorted(entries(url).items())[:2]
    replace(url, one, b)
    replace(url, two, a)
    fits.clear()
    with pytest.warns(CacheWarning, match=" 2 of the entries"):
        assert_same(first, fit(url))
    assert len(fits) == 2


@pytest.mark.parametrize("fails", ["wb", "mv"])
def test_a_place_that_takes_no_more_is_an_error_that_says_what_to_do(
    elsewhere, fits, monkeypatch, fails
):
    fit(elsewhere, 8)
    fs, root = fsspec.core.url_to_fs(elsewhere)
    whole = entries(elsewhere)
    for name in sorted(whole)[:3]:
        fs.rm_file(f"{root}/{name}")
    fits.clear()
    monkeypatch.setattr(Elsewhere, "fails", fails)
    wanted = r"cannot be stored in 'cache_dir', 'else.* \((No space left|the server) "
    with pytest.raises(OSError, match=wanted) as caught:
        fit(elsewhere, 8)
    assert "Make room there" in str(caught.value)
    assert "cache_dir=None" in str(caught.value)
    assert caught.value.errno == (28 if fails == "wb" else None)
    assert len(fits) == 1
    # Nothing half-written, under any name.
    monkeypatch.setattr(Elsewhere, "fails", "")
    assert len(entries(elsewhere)) == 5
    fits.clear()
    assert_same(fit(elsewhere, 8), fit(None, 8))
    assert len(fits) == 3 + 8


@pytest.mark.parametrize("fails", ["rb", "makedirs"])
def test_a_place_that_cannot_be_reached_is_told_before_anything_is_fitted(
    elsewhere, fits, monkeypatch, fails
):
    fit(elsewhere)
    fits.clear()
    monkeypatch.setattr(Elsewhere, "fails", fails)
    wanted = r"The 'cache_dir' parameter is 'elsewhere://.*cannot be reached \(.*\)\. "
    with pytest.raises(OSError, match=wanted):
        fit(elsewhere)
    assert fits == []


# -- what a cache_dir may be -----------------------------------------------------------


def test_an_unknown_protocol_is_named():
    wanted = r"'cache_dir' parameter must be a folder, or a URL .*'nosuch://place' ins"
    with pytest.raises(ValueError, match=wanted):
        fit("nosuch://place")


def test_a_cache_before_a_cache_is_refused():
    with pytest.raises(ValueError, match="pass the place itself, without '::'"):
        fit("simplecache::memory://place")


def test_a_package_that_fsspec_lacks_is_named():
    fsspec.register_implementation(
        "lacking", "no_such_module.FS", errtxt="Install nosuchfs", clobber=True
    )
    with pytest.raises(ImportError, match=r"'cache_dir' .*lacking.*Install nosuchfs"):
        fit("lacking://place")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(
        ImportError, match=r"cache_dir.*needs fsspec.*skmia\[remote\].* local folder"
    ):
        fit("memory://place")


def test_a_password_is_not_shown():
    with pytest.raises(ValueError, match="Got 'nosuch://") as caught:
        fit("nosuch://me:hunter2@place?token=hunter2")
    assert "hunter2" not in str(caught.value)
    assert "//***@place'" in str(caught.value)


def test_a_file_url_is_a_folder(tmp_path, fits):
    folder = tmp_path / "with a blank"
    first = fit(folder)
    fits.clear()
    for url in (folder.as_uri(), f"file://{folder}", f"local://{folder}"):
        assert_same(first, fit(url))
    assert_same(first, fit(folder.as_uri().replace("file://", "file://localhost")))
    assert fits == []
    with pytest.raises(ValueError, match=r"'cache_dir' .* folder of this machine"):
        fit("file://host/folder")


@pytest.mark.parametrize("name", ["C:\\shadows", "C:/shadows", "C://shadows", "a:b"])
def test_a_drive_is_no_protocol(tmp_path, monkeypatch, fits, name):
    monkeypatch.chdir(tmp_path)
    fit(name)
    assert len([path for path in tmp_path.rglob("shadow-*.bin") if path.is_file()]) == 4


def test_a_path_is_always_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(Path("memory://shadows"))
    assert len(list(tmp_path.glob("memory:/shadows/shadow-*.bin"))) == 4
