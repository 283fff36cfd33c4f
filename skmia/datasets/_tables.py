"""Tables of ones and zeros: read from an archive, and cached in an eighth of a byte.

The files are large (the text of Texas-100 is 830 MB) but of one form: an integer, then
single digits, with a comma between. So a row's last fields stand at known places from
its end, and whole blocks of rows are cut at once.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from skmia.utils import atomic_write

Table = NDArray[np.uint8]

_BLOCK_BYTES = 1 << 24
# Raised when the cached arrays change, so that older files are made anew.
_CACHE_FORMAT = "1-"
_MAX_DIGITS = 3  # of the first field; the classes go up to 100


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
    """Return a table of the given shape from lines ``<integer>,<0 or 1>,...``.

    Quotes are dropped. The first field has up to three digits and must fit a byte.
    """
    n_rows, n_columns = shape
    table = np.empty(shape, dtype=np.uint8)
    n_read = 0
    for text in _whole_lines(file, 2 * n_columns + _MAX_DIGITS):
        rows = _cut(text, n_columns, n_read)
        if n_read + len(rows) > n_rows:
            raise ValueError(f"there are more than the {n_rows} rows expected")
        table[n_read : n_read + len(rows)] = rows
        n_read += len(rows)
    if n_read != n_rows:
        raise ValueError(f"there are {n_read} rows where {n_rows} were expected")
    return table


def _whole_lines(file: IO[bytes], max_length: int) -> Iterator[bytes]:
    """Blocks of a file that end with a line, the last one too."""
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        lines, end, rest = (rest + block).rpartition(b"\n")
        if end:
            yield lines + end
        # A file without line ends must not pile up in memory.
        if len(rest) > max_length:
            raise ValueError(f"there is a row longer than {max_length} bytes")
    if rest:
        yield rest + b"\n"


def _cut(text: bytes, n_columns: int, n_before: int) -> Table:
    """Return the fields of whole lines; `n_before` is for the rows' numbers."""
    buffer = np.frombuffer(text, dtype=np.uint8)
    buffer = buffer[buffer != ord('"')]
    ends = np.flatnonzero(buffer == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    # Counted from the end, comma and digit alternate up to the first field.
    tails = ends - 2 * (n_columns - 1)
    lengths = tails - starts
    _check(
        (lengths >= 1) & (lengths <= _MAX_DIGITS),
        n_before,
        f"does not have {n_columns} fields of an integer and then of 0 or 1",
    )
    windows = sliding_window_view(buffer, 2 * (n_columns - 1))[tails]
    values = windows[:, 1::2] - ord("0")
    # Bytes wrap around, so that what is below "0" is above 1 as well.
    is_good = (values <= 1).all(axis=1) & (windows[:, ::2] == ord(",")).all(axis=1)
    _check(is_good, n_before, "has a field that is not 0 or 1")
    first = np.zeros(len(ends), dtype=np.intp)
    for place in range(_MAX_DIGITS):
        inside = place < lengths
        digits = buffer[np.where(inside, tails - 1 - place, 0)] - ord("0")
        _check(~inside | (digits <= 9), n_before, "does not start with an integer")
        first += np.where(inside, digits, 0).astype(np.intp) * 10**place
    _check(first <= 255, n_before, "starts with an integer above 255")
    return np.column_stack([first.astype(np.uint8), values])


def _check(is_good: NDArray[np.bool_], n_before: int, reason: str) -> None:
    if not is_good.all():
        raise ValueError(f"row {n_before + int(np.argmin(is_good)) + 1} {reason}")


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
    with atomic_write(path) as file:
        np.savez(
            file,
            key=np.array(_CACHE_FORMAT + sha256),
            bits=np.packbits(data, axis=1),
            target=target.astype(np.uint8),
        )
