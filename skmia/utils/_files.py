"""Files that are written whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends well.

    It is written beside `path` under a name of its own, so that a reader, or a run
    that was killed, never sees half of it. A link is followed.
    """
    folder, name = os.path.split(os.path.realpath(os.fspath(path)))
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}")
    # Opened here rather than by tempfile, so that the user's umask decides on access.
    file = open(temporary, "xb")  # noqa: SIM115
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
