"""A ``.skops`` file unpacked within bounds, before anything in it is taken at its word.

It is a zip archive with a tree of JSON and arrays. What it says of itself is the
sender's: a few bytes can stand for gigabytes, by compression, by naming one entry a
thousand times, or by a tree whose branches share their twigs over and over.
"""

import io
import json
import zipfile
from typing import Any

# Arrays of equal numbers compress by up to a thousand; those of a model rarely by
# twenty. A small file may hold a few megabytes in any case.
_MOST_BYTES, _MOST_TIMES = 20 * 2**20, 100
# skops follows every reference anew. Files that it wrote hold what they refer to in
# full, so that references are no more than the places in the file.
_MOST_VISITS, _MOST_VISITS_A_NODE = 10**6, 10
_CHUNK = 2**16


def unpack(data: bytes) -> bytes:
    """Return a ``.skops`` archive without compression.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    bytes
        An archive of the same entries, none of them compressed: no size that the file
        declares is left in it.

    Raises
    ------
    ValueError
        If it unpacks to a multiple of its size that no model has, holds a name twice
        or is compressed by another method than zip's usual one.
    zipfile.BadZipFile, KeyError
        If it is damaged.
    """
    left = _Allowance(len(data))
    plain = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(plain, "w") as copy,
    ):
        _check_directory(archive, left)
        for entry in archive.infolist():
            content = b"".join(_chunks(archive, entry, left))
            if content.startswith(b"PK"):
                _check_inner(content, left)
            copy.writestr(entry.filename, content)
        sizes = {entry.filename: entry.file_size for entry in copy.infolist()}
        schema = json.loads(copy.read("schema.json"))
    _check_schema(schema, sizes, _Allowance(len(data)))
    return plain.getvalue()


class _Allowance:
    """How many bytes a file may still unpack to."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = _MOST_BYTES + _MOST_TIMES * size

    def take(self, n_bytes: int) -> None:
        self.check(n_bytes)
        self.left -= n_bytes

    def check(self, n_bytes: int) -> None:
        if n_bytes > self.left:
            raise ValueError(
                f"its {self.size} bytes unpack to more than {_MOST_TIMES} times as "
                "much, which is made to fill the memory; if it is a model after all, "
                "save it without compression"
            )


def _check_directory(archive: zipfile.ZipFile, left: _Allowance) -> None:
    entries = archive.infolist()
    left.check(sum(entry.file_size for entry in entries))
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError("it holds two entries of the same name")
    # The others unpack megabytes from a handful of bytes, at one stroke.
    if any(
        entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        for entry in entries
    ):
        raise ValueError(
            "it must be compressed by deflate or not at all; save it again so"
        )


def _chunks(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: _Allowance
) -> list[bytes]:
    """Read an entry by parts, whatever size it declares."""
    chunks = []
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            left.take(len(chunk))
            chunks.append(chunk)
    return chunks


def _check_inner(content: bytes, left: _Allowance) -> None:
    """Check an archive in the archive: sparse matrices, which are read by parts."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _check_directory(archive, left)
        left.take(sum(entry.file_size for entry in archive.infolist()))


def _check_schema(schema: Any, sizes: dict[str, int], left: _Allowance) -> None:
    """Count what skops reads and visits when it follows the tree.

    A node whose `__id__` came before is the one that had it, whatever else it holds.
    """
    visits: dict[Any, int] = {}
    n_nodes = 0

    def visit(value: Any) -> int:
        nonlocal n_nodes
        if isinstance(value, list):
            return sum(map(visit, value))
        if not isinstance(value, dict):
            return 0
        n_nodes += 1
        name = value.get("__id__")
        if name and name in visits:
            return visits[name]
        if name:
            # A node inside itself is not followed.
            visits[name] = 1
        if isinstance(value.get("file"), str):
            left.take(sizes.get(value["file"], 0))
        n_visits = 1 + sum(map(visit, value.values()))
        if name:
            visits[name] = n_visits
        return n_visits

    if visit(schema) > _MOST_VISITS + _MOST_VISITS_A_NODE * n_nodes:
        raise ValueError(
            "its parts refer to each other more often than those of any model: it is "
            "made to take for ever"
        )
