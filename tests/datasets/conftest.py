"""Small archives of the distributed form, and a server in place of the network."""

import dataclasses
import functools
import hashlib
import io
import tarfile
import urllib.request
import urllib.response

import numpy as np
import pytest

from skmia.datasets import _trustlab


class Server:
    """Answers with the content of a URL, after the errors that it is to raise."""

    def __init__(self):
        self.contents = {}
        self.errors = []
        self.n_asked = 0

    def urlopen(self, url, *args):
        assert url in self.contents, f"a test reached for {url}"
        self.n_asked += 1
        if self.errors:
            raise self.errors.pop(0)
        content = io.BytesIO(self.contents[url])
        return urllib.response.addinfourl(content, {}, url)


@pytest.fixture(autouse=True)
def server(monkeypatch):
    """The network, on which nothing is found unless a test puts it there."""
    server = Server()
    monkeypatch.setattr(urllib.request, "urlopen", server.urlopen)
    return server


@pytest.fixture(autouse=True)
def no_real_data_home(monkeypatch, tmp_path):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "default"))


class Small:
    """A data set of the same form as a real one, with fewer records and features."""

    def __init__(self, dataset, n_samples, n_features=60, random_state=0):
        rng = np.random.RandomState(random_state)
        classes = np.arange(n_samples) % dataset.n_classes + 1
        self.target = rng.permutation(classes)
        self.data = rng.randint(0, 2, (n_samples, n_features)).astype(np.uint8)
        if dataset.labels is None:
            first = [f"{label}," for label in self.target]
        else:
            first = [""] * n_samples
        lines = [
            start + ",".join(map(str, row.tolist()))
            for start, row in zip(first, self.data, strict=True)
        ]
        self.members = {dataset.rows: "\n".join(lines) + "\n"}
        if dataset.labels is not None:
            text = "\n".join(map(str, self.target)) + "\n"
            self.members[dataset.labels] = text
        self.dataset = dataclasses.replace(
            dataset, n_samples=n_samples, n_features=n_features
        )
        self.url = dataset.archive.url
        self.archive = make_archive(self.members)
        self.sha256 = hashlib.sha256(self.archive).hexdigest()

    def path(self, home):
        """Where the fetcher looks for the archive."""
        return home / self.dataset.name / self.dataset.archive.filename

    def put(self, home, archive=None):
        """Put the archive, or another, where the fetcher looks; return its path."""
        path = self.path(home)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.archive if archive is None else archive)
        return path


def make_archive(members):
    """A gzipped tar of texts and of ready-made headers."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, text in members.items():
            if isinstance(text, tarfile.TarInfo):
                archive.addfile(text)
            else:
                header = tarfile.TarInfo(name)
                header.size = len(text)
                archive.addfile(header, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def archive_of():
    return make_archive


@functools.cache
def made(name):
    n_samples = {"PURCHASE100": 250, "TEXAS100": 120}[name]
    return Small(getattr(_trustlab, name), n_samples)


def installed(name, monkeypatch):
    """A small data set that its fetcher takes for the real one."""
    small = made(name)
    monkeypatch.setattr(_trustlab, name, small.dataset)
    small.fetch = getattr(_trustlab, f"fetch_{small.dataset.name}")
    return small


@pytest.fixture(params=["PURCHASE100", "TEXAS100"])
def small(request, monkeypatch):
    """Either of the data sets without a checksum, with few records."""
    return installed(request.param, monkeypatch)


@pytest.fixture
def purchase(monkeypatch):
    return installed("PURCHASE100", monkeypatch)


@pytest.fixture
def texas(monkeypatch):
    return installed("TEXAS100", monkeypatch)


@pytest.fixture
def with_checksum(purchase, monkeypatch):
    """Give the small data set a checksum, which is its own unless said otherwise."""

    def install(sha256=purchase.sha256):
        archive = dataclasses.replace(purchase.dataset.archive, sha256=sha256)
        dataset = dataclasses.replace(purchase.dataset, archive=archive)
        monkeypatch.setattr(_trustlab, "PURCHASE100", dataset)

    return install
