"""Data that crosses to workers once."""

import pickle
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import joblib
import numpy as np
from numpy.typing import NDArray


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
        self._packed = pack(value)

    @property
    def value(self) -> Any:
        return unpack(self._packed)

    def close(self) -> None:
        """Forget the value."""
        self._packed = "", b"", []


# A name, a pickle, and the arrays that it refers to, of types that need no import.
Packed: TypeAlias = tuple[str, bytes, list[NDArray[np.uint8]]]


def pack(value: Any) -> Packed:
    """Pickle the value; its arrays are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return uuid4().hex, pickled, [np.frombuffer(b.raw(), np.uint8) for b in buffers]


_lock = threading.Lock()
_last: tuple[str, Any] = "", None


def unpack(packed: Packed) -> Any:
    """Return the value, one for all calls in a row; its arrays cannot be written to."""
    global _last
    name, pickled, arrays = packed
    with _lock:
        if _last[0] != name:
            _last = "", None  # first, so that there are not two at a time
            buffers = [array.data.toreadonly() for array in arrays]
            _last = name, pickle.loads(pickled, buffers=buffers)
        return _last[1]


def share(value: Any, backend: Any, on_this_machine: bool) -> Any:
    """Return what stands for the value in the tasks of a backend of joblib.

    Its `value` is the value, in a worker as well; it is to be closed.
    """
    if on_this_machine:
        return Shared(value)
    if type(backend).__module__.partition(".")[0] == "ray":
        return InRay(value)
    return Carried(value)
