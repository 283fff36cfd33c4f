"""Files that are written whole or not at all, and those that are the user's alone."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], *, private: bool = False
) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends well.

    It is written beside `path` under a name of its own, so that a reader, or a run
    that was killed, never sees half of it. A link is followed, or with `private`
    replaced: then the file is for the user alone, and no other file is touched.
    """
    path = os.fspath(path) if private else os.path.realpath(os.fspath(path))
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}")
    # Opened here rather than by tempfile, so that the user's umask decides on access.
    mode = 0o600 if private else 0o666
    file = open(temporary, "xb", opener=lambda p, flags: os.open(p, flags, mode))  # noqa: SIM115
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def open_unlinked(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to read it; a link, or a pipe, is an OSError."""
    if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):
        raise OSError(f"{os.fspath(path)!r} is a link.")
    # A pipe would be waited for until somebody writes to it.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = open(path, "rb", opener=lambda p, given: os.open(p, given | flags))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{os.fspath(path)!r} is no regular file.")
    return file


def others_access(about: os.stat_result, bits: int) -> str:
    """Say in what way a file or folder is not the user's alone; "" if it is.

    `bits` are those of its mode that must not be set. Where users are not known by
    number, as on Windows, nothing is found.
    """
    if not hasattr(os, "geteuid"):
        return ""
    if about.st_uid != os.geteuid():
        return f"belongs to another user (number {about.st_uid})"
    if about.st_mode & bits:
        return f"is open to others (mode {stat.S_IMODE(about.st_mode):o})"
    return ""
