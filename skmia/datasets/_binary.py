"""Data sets that are one table of zeros and ones with a class in front."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import get_data_home

from skmia.datasets._bunch import binary_frame, check_flags, import_pandas, make_bunch
from skmia.datasets._remote import Content, RemoteFile, get_content
from skmia.datasets._tables import Table, load_cache, read_archive, save_cache

_TARGET = "class"


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

    def parse(self, content: Content) -> tuple[Table, NDArray[np.int64]]:
        """Return data and target, checked in full: there may be no checksum."""
        shapes = {self.rows: (self.n_samples, self.n_features + (self.labels is None))}
        if self.labels is not None:
            shapes[self.labels] = (self.n_samples, 1)
        try:
            table, *others = read_archive(content.data, shapes)
        except ValueError as error:
            raise content.refused(str(error)) from error
        if others:
            data, target = table, others[0][:, 0]
        else:
            data, target = np.ascontiguousarray(table[:, 1:]), table[:, 0]
        if data[:, 0].max() > 1:
            raise content.refused("the first feature is not binary")
        expected = np.arange(1, self.n_classes + 1)
        if not np.array_equal(np.unique(target), expected):
            raise content.refused(f"the classes are not those from 1 to {expected[-1]}")
        return data, target.astype(np.int64)

    def load(self, data_home: Any, **download: Any) -> tuple[Table, NDArray[np.int64]]:
        """Return data and target from the cache, the archive or the network."""
        folder = Path(get_data_home(data_home)) / self.name
        content = get_content(self.archive, folder, **download)
        cache = folder / f"{self.archive.filename}.npz"
        shape = (self.n_samples, self.n_features)
        cached = load_cache(cache, content.sha256, shape)
        arrays = cached or self.parse(content)
        content.store()
        if cached is None:
            # Where the data home cannot be written to, this costs time only.
            with contextlib.suppress(OSError):
                save_cache(cache, content.sha256, *arrays)
        return arrays


def fetch_binary(
    dataset: BinaryDataset,
    *,
    data_home: Any,
    download_if_missing: bool,
    return_X_y: bool,
    as_frame: bool,
    n_retries: int,
    delay: float,
) -> Any:
    """Return what the public fetcher of `dataset` does."""
    check_flags(
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
    caller = f"fetch_{dataset.name}"
    if as_frame:
        import_pandas(caller)  # before anything is downloaded
    data, target = dataset.load(
        data_home,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        delay=delay,
    )
    names = [f"{dataset.feature}_{number}" for number in range(dataset.n_features)]
    X, y = data, target
    if as_frame:
        X, y = binary_frame(caller, data, target, names, _TARGET)
    return make_bunch(
        X,
        y,
        feature_names=names,
        target_name=_TARGET,
        descr=f"{dataset.name}.rst",
        as_frame=as_frame,
        return_X_y=return_X_y,
    )
