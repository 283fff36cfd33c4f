"""Data that crosses to worker processes once."""

import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import joblib


class Shared:
    """A value that is pickled as the name of a file that holds it.

    Threads use the value itself. The first time that one is sent to a process it is
    written to a temporary folder; each worker maps the file into memory once, and
    all tasks there share it. joblib by itself does so for plain arrays only, and
    would send a frame with text columns anew with every task.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        with self._lock:
            if self._folder is None:
                folder = tempfile.TemporaryDirectory(
                    prefix="skmia-", ignore_cleanup_errors=True
                )
                try:
                    joblib.dump(self.value, _file(folder))
                except BaseException:
                    folder.cleanup()
                    raise
                # Not earlier: half a file must not be sent to anyone.
                self._folder = folder
            return _Loaded, (_file(self._folder),)

    def close(self) -> None:
        """Delete the file, if there is one."""
        with self._lock:
            if self._folder is not None:
                self._folder.cleanup()


def _file(folder: tempfile.TemporaryDirectory[str]) -> str:
    return str(Path(folder.name) / "shared.joblib")


class _Loaded:
    """The same value in a worker."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def value(self) -> Any:
        return _load(self._path)


@lru_cache(maxsize=1)
def _load(path: str) -> Any:
    return joblib.load(path, mmap_mode="r")
