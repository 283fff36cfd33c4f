"""Entries of a cache that only this user can have written.

Whoever can write to a cache folder could plant arrays that make a model read as safe,
or a pickled model that runs code. So each entry is signed, together with its name,
under a key of the user's that lies elsewhere.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import struct
from pathlib import Path
from typing import IO

from skmia.utils import atomic_write, open_unlinked, others_access

_KEY_BYTES = 32
# The length of what follows, its digest, and a signature of both and the name.
_HEAD = struct.Struct("<Q32s32s")


class Unsigned(Exception):
    """The entry is not what was stored under its name."""


def head_of(name: str, data: bytes, key: bytes) -> bytes:
    """Return what is written before the data of an entry."""
    digest = hashlib.sha256(data).digest()
    return _HEAD.pack(len(data), digest, _sign(key, name, len(data), digest))


def read_signed(file: IO[bytes], name: str, key: bytes) -> bytes:
    """Return the data of an entry that was written under this name.

    Raises
    ------
    Unsigned
        If it is another's, damaged, or of another name.
    """
    try:
        length, digest, signature = _HEAD.unpack(file.read(_HEAD.size))
    except struct.error as error:
        raise Unsigned from error
    if not hmac.compare_digest(signature, _sign(key, name, length, digest)):
        raise Unsigned
    # No further: the length of a planted file is anything.
    data = file.read(length + 1)
    if len(data) != length:
        raise Unsigned
    if not hmac.compare_digest(hashlib.sha256(data).digest(), digest):
        raise Unsigned
    return data


def _sign(key: bytes, name: str, length: int, digest: bytes) -> bytes:
    return hmac.digest(
        key, struct.pack("<Q", length) + digest + name.encode(), "sha256"
    )


def signing_key(folder: Path | None) -> bytes:
    """Return the user's key for entries, made when first asked for.

    They lie in `folder`, or where it is None, on no disk of this machine.

    Raises
    ------
    ValueError
        If there is no place for a key outside of `folder`, or it is damaged or open
        to others.
    """
    path = _state_folder() / "skmia" / "cache.key"
    if folder is not None and path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"The 'cache_dir' parameter must not be a folder around {str(path)!r}, the "
            f"key that its entries are signed with. Got {str(folder)!r} instead."
        )
    try:
        if not os.path.lexists(path):
            _make_key(path)
        with open_unlinked(path) as file:
            access = others_access(os.fstat(file.fileno()), 0o077)
            access = access or others_access(path.parent.stat(), 0o022)
            key = file.read(_KEY_BYTES + 1)
    except OSError as error:
        raise ValueError(
            "The 'cache_dir' parameter needs a place for the key that entries are "
            f"signed with, and {str(path)!r} cannot be used ({error}). Set "
            "XDG_STATE_HOME to a folder of your own, or pass cache_dir=None."
        ) from error
    if access or len(key) != _KEY_BYTES:
        raise ValueError(
            f"The key {str(path)!r}, which the entries of 'cache_dir' are signed with, "
            f"{access or 'is damaged'}. Delete it: a new one is made, and the shadows "
            "of former runs are fitted again."
        )
    return key


def _make_key(path: Path) -> None:
    """Make a key that is there as a whole; of two runs that do, the first one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with atomic_write(mine, private=True) as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)
    finally:
        os.unlink(mine)


def _state_folder() -> Path:
    given = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(given):  # others are to be ignored
        return Path(given)
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    return Path(os.path.expanduser("~")) / ".local" / "state"
