"""One file of a data set: found in the data home or downloaded, and checked."""

import hashlib
import http.client
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from skmia.utils import atomic_write, check_integer, check_real, warn

# Without one, a server that stops answering would hang the call for good.
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class RemoteFile:
    """Where a file comes from; `sha256` is None where none could be verified."""

    filename: str
    url: str
    sha256: str | None


@dataclass(frozen=True)
class Content:
    """The bytes of a file, and where they are kept, or are to be."""

    data: bytes
    sha256: str
    path: Path
    url: str
    is_downloaded: bool

    def refused(self, reason: str) -> OSError:
        """Return the error for content that is not what it should be."""
        if self.is_downloaded:
            return OSError(
                f"What was downloaded from {self.url} is not the file expected: "
                f"{reason}. Nothing was stored; try again later, or put the original "
                f"file at {self.path} by hand."
            )
        return OSError(
            f"{self.path} is not the file expected: {reason}. Delete it and fetch "
            f"again, or put the original file from {self.url} there by hand."
        )

    def store(self) -> None:
        """Write what was downloaded into the data home, whole or not at all."""
        if self.is_downloaded:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self.path) as file:
                file.write(self.data)


def get_content(
    remote: RemoteFile,
    folder: Path,
    *,
    download_if_missing: bool,
    n_retries: int,
    delay: float,
) -> Content:
    """Return a file's checked content, read from `folder` or else downloaded.

    A download is stored only by `Content.store`, so that the caller can look into it
    first where there is no checksum to go by.

    Raises
    ------
    OSError
        If the file is missing and must not be downloaded, the download fails, or the
        checksum differs.
    """
    n_retries = check_integer(n_retries, "n_retries", 1)
    delay = check_real(delay, "delay", 0, float("inf"), closed="neither")
    path = folder / remote.filename
    is_missing = not path.exists()
    if not is_missing:
        data = path.read_bytes()
    elif download_if_missing:
        try:
            data = _download(remote.url, n_retries, delay)
        except (OSError, http.client.HTTPException) as error:
            raise OSError(
                f"Could not download {remote.url} ({error!r}). Download it in another "
                f"way and put it at {path}."
            ) from error
    else:
        raise OSError(
            "Data not found and `download_if_missing` is False: put the file from "
            f"{remote.url} at {path}, or pass download_if_missing=True."
        )
    digest = hashlib.sha256(data).hexdigest()
    content = Content(data, digest, path, remote.url, is_missing)
    if remote.sha256 not in (None, digest):
        raise content.refused(
            f"its SHA-256 checksum is {digest} where {remote.sha256} was expected"
        )
    return content


def _download(url: str, n_retries: int, delay: float) -> bytes:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                return response.read()
        except (OSError, http.client.HTTPException):
            if n_retries == 0:
                raise
        warn(f"Retry downloading from url: {url}", UserWarning)
        n_retries -= 1
        time.sleep(delay)
