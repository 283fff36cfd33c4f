"""Small archives of the distributed form, and a network that is out of reach."""

import dataclasses
import functools
import hashlib
import io
import tarfile
import urllib.request

import numpy as np
import pytest

from skmia.datasets import _trustlab


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Only files can be opened by URL; the real data home is out of reach too."""
    real = urllib.request.urlopen

    def urlopen(url, **settings):
        assert url.startswith("file:"), f"a test reached for {url}"
        return real(url, **settings)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


@pytest.fixture(autouse=True)
def no_real_data_home(monkeypatch, tmp_path):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "default"))


class Small:
    """A data set of the same form as a real one, with fewer records."""

    def __init__(self, dataset, n_samples, random_state):
        rng = np.random.RandomState(random_state)
        classes = np.arange(n_samples) % dataset.n_classes + 1
        self.target = rng.permutation(classes)
        self.data = rng.randint(0, 2, (n_samples, dataset.n_features)).astype(np.uint8)
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
        self.dataset = dataclasses.replace(dataset, n_samples=n_samples)
        self.archive = make_archive(self.members)
        self.sha256 = hashlib.sha256(self.archive).hexdigest()

    def put(self, home, archive=None):
        """Put the archive, or another, where the fetcher looks; return its path."""
        path = home / self.dataset.name / self.dataset.archive.filename
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
    return Small(getattr(_trustlab, name), n_samples, random_state=0)


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
