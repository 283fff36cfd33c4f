"""Data that crosses to workers once."""

import pickle
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

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


class InRay:
    """A value in Ray's store of objects: each machine is sent it once."""

    def __init__(self, value: Any) -> None:
        import ray

        self._reference = ray.put(value)

    @property
    def value(self) -> Any:
        import ray

        return ray.get(self._reference)

    def close(self) -> None:
        """Let Ray forget the value."""
        self._reference = None


class Carried:
    """A value that is sent with every task, and unpickled once in each worker.

    For backends that are not known here, whose workers may be anywhere.
    """

    def __init__(self, value: Any) -> None:
        self._pickled = pickle.dumps(value, protocol=5)
        self._name = uuid4().hex

    @property
    def value(self) -> Any:
        return _unpickled(self._name, _Bytes(self._pickled))

    def close(self) -> None:
        """Forget the value."""
        self._pickled = b""


class _Bytes:
    """Equal to all of its kind, so that a cache asks for the name only."""

    def __init__(self, pickled: bytes) -> None:
        self.pickled = pickled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1)
def _unpickled(name: str, pickled: _Bytes) -> Any:
    return pickle.loads(pickled.pickled)


def share(value: Any, backend: Any, on_this_machine: bool) -> Any:
    """Return what stands for the value in the tasks of a backend of joblib.

    Its `value` is the value, in a worker as well; it is to be closed.
    """
    if on_this_machine:
        return Shared(value)
    if type(backend).__module__.partition(".")[0] == "ray":
        return InRay(value)
    return Carried(value)
