"""Tables of ones and zeros: read from an archive, and cached in an eighth of a byte."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from skmia.utils import atomic_write

Table = NDArray[np.uint8]

_BLOCK_BYTES = 1 << 24
# Raised when the cached arrays change, so that older files are made anew.
_CACHE_FORMAT = "1-"


def read_archive(data: bytes, shapes: Mapping[str, tuple[int, int]]) -> list[Table]:
    """Return the tables in the members of a gzipped tar archive.

    Members are looked up by their exact name and read in memory; nothing is unpacked,
    so that a path inside the archive cannot point anywhere.

    Parameters
    ----------
    data : bytes
        The archive.
    shapes : mapping of str to tuple of int
        The rows and columns that each member must have.

    Returns
    -------
    tables : list of ndarray of uint8
        The tables, in the order of `shapes`.

    Raises
    ------
    ValueError
        If the archive is damaged or a member is not such a table.
    """
    tables: dict[str, Table] = {}
    try:
        with (
            gzip.GzipFile(fileobj=io.BytesIO(data)) as text,
            tarfile.open(fileobj=text, mode="r:") as archive,
        ):
            # In the archive's own order, so that it is inflated once.
            for member in archive:
                if member.name in shapes:
                    shape = shapes[member.name]
                    tables[member.name] = _read_member(archive, member, shape)
            # The checksum of gzip stands at the very end.
            while text.read(_BLOCK_BYTES):
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"the archive is damaged or cut short ({error})") from error
    for name in shapes:
        if name not in tables:
            raise ValueError(f"the archive has no member {name!r}")
    return [tables[name] for name in shapes]


def _read_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, shape: tuple[int, int]
) -> Table:
    # Links are files as well to `extractfile`, and would lead to another name.
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise ValueError(f"{member.name!r} in the archive is not a regular file")
    with file:
        try:
            return read_table(file, shape)
        except ValueError as error:
            raise ValueError(f"{member.name!r} in the archive: {error}") from None


def read_table(file: IO[bytes], shape: tuple[int, int]) -> Table:
    """Return a table of the given shape from lines of integers between commas."""
    table = np.loadtxt(
        file, dtype=np.uint8, comments=None, delimiter=",", quotechar='"', ndmin=2
    )
    if table.shape != shape:
        raise ValueError(
            "there are {} rows of {} fields where {} of {} were expected".format(
                *table.shape, *shape
            )
        )
    return table


def load_cache(
    path: Path, sha256: str, shape: tuple[int, int]
) -> tuple[Table, NDArray[np.int64]] | None:
    """Return data and target as cached for that very archive, or None.

    What cannot be read, or was made from another archive, is as good as missing: it is
    made anew. The npz format carries checksums of its own.
    """
    n_rows, n_columns = shape
    try:
        # Given a path, NumPy leaves the file open where it is not a zip file.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as cache:
            bits, target = cache["bits"], cache["target"]
            is_right = (
                str(cache["key"]) == _CACHE_FORMAT + sha256
                and bits.shape == (n_rows, -(-n_columns // 8))
                and target.shape == (n_rows,)
            )
    except Exception:  # a damaged file can raise nearly anything
        return None
    if not is_right:
        return None
    return np.unpackbits(bits, axis=1, count=n_columns), target.astype(np.int64)


def save_cache(path: Path, sha256: str, data: Table, target: NDArray[np.int64]) -> None:
    """Store data of zeros and ones, eight to the byte, with its target."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        np.savez(
            file,
            key=np.array(_CACHE_FORMAT + sha256),
            bits=np.packbits(data, axis=1),
            target=target.astype(np.uint8),
        )
