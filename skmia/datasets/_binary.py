"""Data sets that are one table of zeros and ones with a class in front."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.datasets._fetch import RemoteFile, Source, fetch
from skmia.datasets._tables import Table, load_cache, read_archive, save_cache


@dataclass(frozen=True)
class BinaryDataset:
    """What an archive holds; the rows come from `rows`, or from `rows` and `labels`."""

    name: str
    archive: RemoteFile
    n_samples: int
    n_features: int
    n_classes: int
    feature: str
    rows: str
    labels: str | None = None

    def fetch(self, **options: Any) -> Any:
        """Return what the public fetcher does."""
        names = [f"{self.feature}_{number}" for number in range(self.n_features)]
        return fetch(self.name, self._load, names, "class", **options)

    def _load(self, source: Source) -> tuple[Table, NDArray[np.int64]]:
        """Return data and target, from the packed copy where there is one."""
        cache = source.folder / f"{self.archive.filename}.npz"

        def parse(archive: bytes, sha256: str) -> tuple[Table, NDArray[np.int64]]:
            shape = (self.n_samples, self.n_features)
            arrays = load_cache(cache, sha256, shape)
            if arrays is None:
                arrays = self._parse(archive)
                # Where the data home cannot be written to, this costs time only.
                with contextlib.suppress(OSError):
                    save_cache(cache, sha256, *arrays)
            return arrays

        return source.read(self.archive, parse)

    def _parse(self, archive: bytes) -> tuple[Table, NDArray[np.int64]]:
        """Return data and target, checked in full: there may be no checksum."""
        shapes = {self.rows: (self.n_samples, self.n_features + (self.labels is None))}
        if self.labels is not None:
            shapes[self.labels] = (self.n_samples, 1)
        table, *others = read_archive(archive, shapes)
        if others:
            data, target = table, others[0][:, 0]
        else:
            data, target = np.ascontiguousarray(table[:, 1:]), table[:, 0]
        if data.max() > 1:
            row = int(np.argmax(data.max(axis=1) > 1)) + 1
            raise ValueError(f"row {row} has a field that is not 0 or 1")
        expected = np.arange(1, self.n_classes + 1)
        if not np.array_equal(np.unique(target), expected):
            raise ValueError(f"the classes are not those from 1 to {expected[-1]}")
        return data, target.astype(np.int64)
