"""Where the entries of a cache lie: a folder of this machine, or what fsspec reaches.

Both hand out what `_signing` has checked and nothing else. On other machines, who may
write to a place is not known here; a signature that is not ours says that they did.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias
from urllib.request import url2pathname

from skmia.shadows._signing import Unsigned, head_of, read_signed
from skmia.utils import atomic_write, import_optional, open_unlinked, others_access

# A drive, as in C:\, has one letter. Protocols of fsspec may stand before others.
_URL = re.compile(r"(?:[a-z][\w+.-]+::)*([a-z][\w+.-]+)://", re.IGNORECASE)
# Protocols of object stores. What is put there is there as a whole or not at all, and
# there are no folders: one that is missing is a bucket, which is not ours to make.
_OBJECT_STORES = {"abfs", "abfss", "az", "gcs", "gs", "hf", "memory", "oci", "oss"}
_OBJECT_STORES |= {"s3", "s3a"}


class LocalFolder:
    """A folder that only the user can write to; workers that see it write as well."""

    is_local = True

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = _own_folder(folder)
        self.shown = str(self.path)

    def read(self, name: str, key: bytes) -> bytes:
        """Return an entry; FileNotFoundError or Unsigned where there is none."""
        try:
            with open_unlinked(self.path / name) as file:
                return read_signed(file, name, key)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unsigned from error

    def write(self, name: str, data: bytes, key: bytes) -> None:
        """Write an entry, whole or not at all."""
        try:
            with atomic_write(self.path / name, private=True) as file:
                file.write(head_of(name, data, key))
                file.write(data)
        except OSError as error:
            raise _not_stored(self.shown, error) from error


class RemoteFolder:
    """What a URL names, written and read by the process that asks, by fsspec."""

    is_local = False
    path = None

    def __init__(self, url: str) -> None:
        self.shown = _without_secrets(url)
        core = import_optional(
            "fsspec.core", "A URL as the 'cache_dir' parameter", "pass a local folder"
        )
        if "::" in url:
            raise ValueError(
                "The 'cache_dir' parameter must be a URL of one protocol. Got "
                f"{self.shown!r} instead; pass the place itself, without '::'."
            )
        try:
            self._fs, root = core.url_to_fs(url)
        except ImportError as error:
            raise ImportError(
                f"The 'cache_dir' parameter is {self.shown!r}, which fsspec cannot "
                f"reach by itself ({error}). Install what it asks for, or pass a local "
                "folder."
            ) from error
        except ValueError as error:
            raise ValueError(
                "The 'cache_dir' parameter must be a folder, or a URL of a protocol "
                f"that fsspec knows, such as 's3://bucket/folder'. Got {self.shown!r} "
                f"instead ({error})."
            ) from error
        self._root = root.rstrip("/")
        protocols = self._fs.protocol
        protocols = {protocols} if isinstance(protocols, str) else set(protocols)
        self._puts_whole = bool(protocols & _OBJECT_STORES)
        with self._told():
            # Another call of this process may have listed what has changed since.
            self._fs.invalidate_cache()
            if not self._puts_whole:
                self._fs.makedirs(self._root, exist_ok=True)

    def read(self, name: str, key: bytes) -> bytes:
        """Return an entry; FileNotFoundError or Unsigned where there is none."""
        with (
            self._told(FileNotFoundError, Unsigned),
            self._fs.open(self._at(name), "rb") as file,
        ):
            return read_signed(file, name, key)

    def write(self, name: str, data: bytes, key: bytes) -> None:
        """Write an entry; half of one is never under its name."""
        path, content = self._at(name), head_of(name, data, key) + data
        try:
            if self._puts_whole:
                self._fs.pipe_file(path, content)
            else:
                self._move_in(path, content)
        except Exception as error:
            raise _not_stored(self.shown, error) from error

    def _move_in(self, path: str, content: bytes) -> None:
        folder, _, name = path.rpartition("/")
        temporary = f"{folder}/.{name}.{secrets.token_hex(8)}"
        try:
            self._fs.pipe_file(temporary, content)
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)  # not every server replaces a file by a move
            self._fs.mv(temporary, path)
        except BaseException:
            with suppress(Exception):  # it may not be there, nor the server
                self._fs.rm_file(temporary)
            raise

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _told(self, *kinds: type[Exception]) -> Iterator[None]:
        """Say which parameter an error is about, but for these kinds.

        A network that fails is no damaged entry: fits in its place would not be stored.
        """
        try:
            yield
        except kinds:
            raise
        except Exception as error:
            raise OSError(
                f"The 'cache_dir' parameter is {self.shown!r}, which cannot be reached "
                f"({_why(error)}). See to the connection and the access, and repeat "
                "the call; or pass another place, or cache_dir=None."
            ) from error


Place: TypeAlias = LocalFolder | RemoteFolder


def place_of(cache_dir: str | os.PathLike[str]) -> Place:
    """Return the place that a path or a URL names; a folder is made if need be."""
    found = _URL.match(cache_dir) if isinstance(cache_dir, str) else None
    if found is None:
        return LocalFolder(cache_dir)
    url = str(cache_dir)
    if found.group().lower() in ("file://", "local://"):
        return LocalFolder(_path_of(url))
    return RemoteFolder(url)


def _path_of(url: str) -> str:
    host, _, path = url.partition("://")[2].partition("/")
    if host not in ("", "localhost"):
        raise ValueError(
            "The 'cache_dir' parameter must name a folder of this machine after "
            f"'file://', as in 'file:///home/me/shadows'. Got {url!r} instead; pass "
            "the folder itself."
        )
    return url2pathname(f"/{path}")


def _without_secrets(url: str) -> str:
    """Without a name and password, and without what follows a question mark."""
    return re.sub(r"//[^/]*@", "//***@", url.partition("?")[0])


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _not_stored(shown: str, error: Exception) -> OSError:
    message = (
        f"A finished shadow model cannot be stored in 'cache_dir', {shown!r} "
        f"({_why(error)}). Make room there, or see to the access, and repeat the call: "
        "those that were stored are not fitted again. Or pass another place, or "
        "cache_dir=None."
    )
    number = getattr(error, "errno", None)
    return OSError(message) if number is None else OSError(number, message)


def _own_folder(folder: str | os.PathLike[str]) -> Path:
    """Make a folder for the user alone, or check one that is there."""
    path = Path(folder)
    wanted = "The 'cache_dir' parameter must be a folder that only you can write to."
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ValueError(f"{wanted} Got {str(path)!r} instead, a file.") from None
    access = others_access(path.stat(), 0o022)
    if access:
        raise ValueError(
            f"{wanted} Got {str(path)!r} instead, which {access}. Pass a new folder, "
            "which is made for you alone, or change the access with chmod go-w."
        )
    return path
