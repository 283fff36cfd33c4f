"""Downloads: checked, retried, and stored whole or not at all."""

import dataclasses
import hashlib
import http.client
import urllib.error
import urllib.request

import numpy as np
import pytest

from skmia.datasets import _trustlab
from skmia.datasets._remote import RemoteFile, get_content

SETTINGS = {"download_if_missing": True, "n_retries": 3, "delay": 1.0}
DATA = b"what the server sends"


@pytest.fixture
def remote(tmp_path):
    source = tmp_path / "server" / "file.bin"
    source.parent.mkdir()
    source.write_bytes(DATA)
    sha256 = hashlib.sha256(DATA).hexdigest()
    return RemoteFile("file.bin", source.as_uri(), sha256)


@pytest.fixture
def naps(monkeypatch):
    """The seconds that would have been slept."""
    seconds = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


@pytest.fixture
def server(monkeypatch):
    """A server with a list of errors to raise before it answers."""

    class Server:
        errors = ()
        n_asked = 0

    real = urllib.request.urlopen

    def urlopen(url, **settings):
        assert settings["timeout"] > 0
        Server.n_asked += 1
        if Server.n_asked <= len(Server.errors):
            raise Server.errors[Server.n_asked - 1]
        return real(url, **settings)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return Server


def test_a_download_is_stored_and_then_found(remote, tmp_path, server):
    home = tmp_path / "home" / "deeper"
    content = get_content(remote, home, **SETTINGS)
    assert content.data == DATA
    assert not home.exists()  # until the caller has looked into it
    content.store()
    assert [p.name for p in home.iterdir()] == ["file.bin"]
    again = get_content(remote, home, **SETTINGS | {"download_if_missing": False})
    again.store()
    assert again.data == DATA
    assert server.n_asked == 1


def test_missing_and_not_to_be_downloaded(remote, tmp_path, server):
    message = "Data not found and `download_if_missing` is False"
    with pytest.raises(OSError, match=message) as caught:
        get_content(remote, tmp_path, **SETTINGS | {"download_if_missing": False})
    assert str(tmp_path / "file.bin") in str(caught.value)
    assert remote.url in str(caught.value)
    assert server.n_asked == 0


def test_a_download_with_another_checksum(remote, tmp_path):
    wrong = dataclasses.replace(remote, sha256="0" * 64)
    with pytest.raises(OSError, match="Nothing was stored") as caught:
        get_content(wrong, tmp_path / "home", **SETTINGS)
    assert remote.sha256 in str(caught.value)
    assert wrong.sha256 in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_a_file_with_another_checksum_is_left_alone(remote, tmp_path, server):
    path = tmp_path / "file.bin"
    path.write_bytes(b"changed by hand")
    with pytest.raises(OSError, match="Delete it and fetch again") as caught:
        get_content(remote, tmp_path, **SETTINGS)
    assert remote.sha256 in str(caught.value)
    assert hashlib.sha256(b"changed by hand").hexdigest() in str(caught.value)
    assert path.read_bytes() == b"changed by hand"
    assert server.n_asked == 0


def test_without_a_known_checksum_any_content_is_handed_on(remote, tmp_path):
    unknown = dataclasses.replace(remote, sha256=None)
    content = get_content(unknown, tmp_path, **SETTINGS)
    assert content.sha256 == remote.sha256


FAILURES = [
    urllib.error.URLError("no such host"),
    urllib.error.HTTPError("https://x", 503, "busy", {}, None),
    TimeoutError("timed out"),
    ConnectionResetError("reset"),
    http.client.IncompleteRead(b"half"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failed_download_is_tried_again(remote, tmp_path, naps, server, error):
    server.errors = [error, error]
    with pytest.warns(UserWarning, match="Retry downloading from url: file:") as seen:
        content = get_content(remote, tmp_path, **SETTINGS | {"delay": 0.25})
    assert content.data == DATA
    assert len(seen) == 2
    assert naps == [0.25, 0.25]


@pytest.mark.parametrize("n_retries", [1, 3])
def test_a_download_that_keeps_failing(remote, tmp_path, naps, server, n_retries):
    server.errors = [urllib.error.URLError("no such host")] * 9
    settings = SETTINGS | {"n_retries": n_retries}
    with (
        pytest.warns(UserWarning, match="Retry") as seen,
        pytest.raises(OSError, match="no such host") as caught,
    ):
        get_content(remote, tmp_path / "home", **settings)
    assert remote.url in str(caught.value)
    assert f"put it at {tmp_path / 'home' / 'file.bin'}" in str(caught.value)
    assert server.n_asked == n_retries + 1
    assert len(seen) == len(naps) == n_retries
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"n_retries": 0}, ValueError, r"int in \[1, inf\). Got 0"),
        ({"n_retries": 1.5}, TypeError, r"int in \[1, inf\). Got 1.5"),
        ({"delay": 0.0}, ValueError, r"float in \(0, inf\). Got 0.0"),
        ({"delay": "1"}, TypeError, r"float in \(0, inf\). Got '1'"),
    ],
)
def test_settings_are_checked(remote, tmp_path, setting, error, message):
    with pytest.raises(error, match=message):
        get_content(remote, tmp_path, **SETTINGS | setting)


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_fetcher_downloads_once(purchase, tmp_path, monkeypatch, server, is_cached):
    """From the network to the data home; also where only the cache is left."""
    home, source = tmp_path / "home", tmp_path / "source.tgz"
    source.write_bytes(purchase.archive)
    archive = dataclasses.replace(
        purchase.dataset.archive, url=source.as_uri(), sha256=purchase.sha256
    )
    dataset = dataclasses.replace(purchase.dataset, archive=archive)
    monkeypatch.setattr(_trustlab, "PURCHASE100", dataset)
    if is_cached:
        path = purchase.put(home)
        purchase.fetch(data_home=home)
        path.unlink()
    for _ in range(2):
        bunch = purchase.fetch(data_home=home)
        np.testing.assert_array_equal(bunch.data, purchase.data)
    assert server.n_asked == 1
    assert sorted(p.name for p in (home / "purchase100").iterdir()) == [
        "dataset_purchase.tgz",
        "dataset_purchase.tgz.npz",
    ]
