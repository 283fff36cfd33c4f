"""What every fetcher does: find or download its files, check them, make a Bunch."""

import hashlib
import http.client
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import fetch_file, get_data_home
from sklearn.utils import Bunch

from skmia.utils import atomic_write, check_integer, check_real, import_optional

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class RemoteFile:
    """Where a file comes from; `sha256` is None where none could be verified."""

    filename: str
    url: str
    sha256: str | None


@dataclass(frozen=True)
class Source:
    """The folder of a data set, and how to get the files that are not in it."""

    folder: Path
    download_if_missing: bool
    n_retries: int
    delay: float

    def read(self, remote: RemoteFile, parse: Callable[[bytes, str], Parsed]) -> Parsed:
        """Return what `parse` makes of a file's content and its SHA-256 checksum.

        `parse` raises a ValueError for content of another form. What was downloaded is
        stored after that, whole or not at all.

        Raises
        ------
        OSError
            If the file is missing and must not be downloaded, the download fails, or
            the content is not the one expected.
        """
        path = self.folder / remote.filename
        is_missing = not path.exists()
        data = self._download(remote, path) if is_missing else path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        try:
            if remote.sha256 not in (None, digest):
                raise ValueError(
                    f"its SHA-256 checksum is {digest} where {remote.sha256} was "
                    "expected"
                )
            parsed = parse(data, digest)
        except ValueError as error:
            if is_missing:
                raise OSError(
                    f"What was downloaded from {remote.url} is not the file expected: "
                    f"{error}. Nothing was stored; try again later, or put the "
                    f"original file at {path} by hand."
                ) from error
            raise OSError(
                f"{path} is not the file expected: {error}. Delete it and fetch "
                f"again, or put the original file from {remote.url} there by hand."
            ) from error
        if is_missing:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                file.write(data)
        return parsed

    def _download(self, remote: RemoteFile, path: Path) -> bytes:
        if not self.download_if_missing:
            raise OSError(
                "Data not found and `download_if_missing` is False: put the file from "
                f"{remote.url} at {path}, or pass download_if_missing=True."
            )
        # Not into the data home, where `fetch_file` would store what is not checked.
        with tempfile.TemporaryDirectory() as scratch:
            try:
                file = fetch_file(
                    remote.url, scratch, n_retries=self.n_retries, delay=self.delay
                )
            except (OSError, http.client.HTTPException) as error:
                raise OSError(
                    f"Could not download {remote.url} ({error!r}). Download it in "
                    f"another way and put it at {path}."
                ) from error
            return Path(file).read_bytes()


def fetch(
    name: str,
    load: Callable[[Source], tuple[NDArray, NDArray]],
    feature_names: list[str],
    target_name: str,
    *,
    data_home: Any,
    download_if_missing: bool,
    return_X_y: bool,
    as_frame: bool,
    n_retries: int,
    delay: float,
) -> Bunch | tuple[Any, Any]:
    """Check what the public fetcher was given, and return what it returns.

    `load` takes the source of the files and returns data and target.
    """
    flags = {
        "download_if_missing": download_if_missing,
        "return_X_y": return_X_y,
        "as_frame": as_frame,
    }
    for flag, value in flags.items():
        # The text "False" would pass for true.
        if not isinstance(value, bool | np.bool_):
            raise TypeError(
                f"The '{flag}' parameter must be a bool. Got {value!r} instead."
            )
    check_integer(n_retries, "n_retries", 1)
    check_real(delay, "delay", 0, float("inf"), closed="neither")
    if as_frame:  # before anything is downloaded
        pd = import_optional(
            "pandas", f"fetch_{name} with as_frame=True", "pass as_frame=False"
        )
    folder = Path(get_data_home(data_home)) / name
    X: Any
    y: Any
    X, y = load(Source(folder, download_if_missing, n_retries, delay))
    frame = None
    if as_frame:
        # Without a copy, which would double Texas-100's 415 MB.
        holds_objects = X.dtype == object
        X = pd.DataFrame(X, columns=feature_names, copy=False)
        if holds_objects:
            X = X.infer_objects()
        y = pd.Series(y, name=target_name, copy=False)
        frame = X.assign(**{target_name: y})
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        target=y,
        frame=frame,
        feature_names=feature_names,
        target_names=[target_name],
        DESCR=resources.files(__package__)
        .joinpath("descr", f"{name}.rst")
        .read_text("utf-8"),
    )
