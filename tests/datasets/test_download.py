"""Downloads: checked, retried, and stored whole or not at all."""

import hashlib
import http.client
import urllib.error

import numpy as np
import pytest


@pytest.fixture
def naps(monkeypatch):
    """The seconds that would have been slept."""
    seconds = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("checksum", ["known", "unknown"])
def test_a_download_is_stored_and_then_found(
    purchase, server, with_checksum, checksum, tmp_path
):
    if checksum == "known":
        with_checksum()
    server.contents[purchase.url] = purchase.archive
    home = tmp_path / "home" / "deeper"
    for _ in range(2):
        bunch = purchase.fetch(data_home=home)
        np.testing.assert_array_equal(bunch.data, purchase.data)
        assert sorted(p.name for p in (home / "purchase100").iterdir()) == [
            "dataset_purchase.tgz",
            "dataset_purchase.tgz.npz",
        ]
    assert purchase.path(home).read_bytes() == purchase.archive
    assert server.n_asked == 1


def test_a_download_where_only_the_cache_is_left(purchase, server, tmp_path):
    path = purchase.put(tmp_path)
    purchase.fetch(data_home=tmp_path)
    path.unlink()
    server.contents[purchase.url] = purchase.archive
    bunch = purchase.fetch(data_home=tmp_path)
    np.testing.assert_array_equal(bunch.data, purchase.data)
    assert server.n_asked == 1
    assert path.read_bytes() == purchase.archive


def test_missing_and_not_to_be_downloaded(purchase, server, tmp_path):
    message = "Data not found and `download_if_missing` is False"
    with pytest.raises(OSError, match=message) as caught:
        purchase.fetch(data_home=tmp_path, download_if_missing=False)
    assert str(purchase.path(tmp_path)) in str(caught.value)
    assert purchase.url in str(caught.value)
    assert server.n_asked == 0


def test_a_download_with_another_checksum(purchase, server, with_checksum, tmp_path):
    with_checksum("0" * 64)
    server.contents[purchase.url] = purchase.archive
    with pytest.raises(OSError, match="Nothing was stored") as caught:
        purchase.fetch(data_home=tmp_path)
    assert purchase.sha256 in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert not list(tmp_path.rglob("*.tgz*"))


def test_a_file_with_another_checksum_is_left_alone(
    purchase, server, with_checksum, tmp_path
):
    with_checksum()
    path = purchase.put(tmp_path, b"changed by hand")
    with pytest.raises(OSError, match="Delete it and fetch again") as caught:
        purchase.fetch(data_home=tmp_path)
    assert purchase.sha256 in str(caught.value)
    assert hashlib.sha256(b"changed by hand").hexdigest() in str(caught.value)
    assert path.read_bytes() == b"changed by hand"
    assert server.n_asked == 0


FAILURES = [
    urllib.error.URLError("no such host"),
    urllib.error.HTTPError("https://x", 503, "busy", {}, None),
    TimeoutError("timed out"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failed_download_is_tried_again(purchase, tmp_path, naps, server, error):
    server.contents[purchase.url] = purchase.archive
    server.errors = [error, error]
    with pytest.warns(UserWarning, match="Retry downloading from url: https:") as seen:
        bunch = purchase.fetch(data_home=tmp_path, delay=0.25)
    np.testing.assert_array_equal(bunch.data, purchase.data)
    assert len(seen) == 2
    assert naps == [0.25, 0.25]


@pytest.mark.parametrize("n_retries", [1, 3])
def test_a_download_that_keeps_failing(purchase, tmp_path, naps, server, n_retries):
    server.contents[purchase.url] = purchase.archive
    server.errors = [urllib.error.URLError("no such host")] * 9
    with (
        pytest.warns(UserWarning, match="Retry") as seen,
        pytest.raises(OSError, match="no such host") as caught,
    ):
        purchase.fetch(data_home=tmp_path, n_retries=n_retries)
    assert purchase.url in str(caught.value)
    assert f"put it at {purchase.path(tmp_path)}" in str(caught.value)
    assert server.n_asked == n_retries + 1
    assert len(seen) == len(naps) == n_retries
    assert not list(tmp_path.rglob("*.tgz*"))


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError("reset"), http.client.IncompleteRead(b"half")],
    ids=lambda error: type(error).__name__,
)
def test_any_failure_says_what_to_do(purchase, tmp_path, naps, server, error):
    server.contents[purchase.url] = purchase.archive
    server.errors = [error] * 9
    with pytest.raises(OSError, match="Could not download https:"):
        purchase.fetch(data_home=tmp_path)
    assert not list(tmp_path.rglob("*.tgz*"))


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"n_retries": 0}, ValueError, r"int in \[1, inf\). Got 0"),
        ({"n_retries": 1.5}, TypeError, r"int in \[1, inf\). Got 1.5"),
        ({"delay": 0.0}, ValueError, r"float in \(0, inf\). Got 0.0"),
        ({"delay": "1"}, TypeError, r"float in \(0, inf\). Got '1'"),
    ],
)
def test_settings_are_checked(purchase, tmp_path, setting, error, message):
    with pytest.raises(error, match=message):
        purchase.fetch(data_home=tmp_path, **setting)
