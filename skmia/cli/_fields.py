"""The text of a ``.csv`` or ``.csv.gz``, and how its fields are told apart."""

import codecs
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a file of somebody else's may unpack to. Tables of names and numbers compress by
# ten, columns of nothing but zeros by a thousand.
_MOST_BYTES, _MOST_TIMES = 100 * 2**20, 200
_CHUNK = 2**20
_NAMED = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class Dialect:
    """How the fields of a table are written.

    Parameters
    ----------
    sep : str, default=","
        The character between fields; ``"tab"`` for tabs.
    encoding : str, default="utf-8"
        The encoding of the text, as Python knows it.
    """

    sep: str = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        sep = _NAMED.get(self.sep, self.sep)
        if len(sep) != 1 or sep in '"\r\n' or ord(sep) > 127:
            raise ValueError(
                "--sep must be one character, such as ';', or tab. "
                f"Got {self.sep!r} instead."
            )
        object.__setattr__(self, "sep", sep)
        try:
            known = codecs.lookup(self.encoding)
            "".encode(self.encoding)
        except (LookupError, ValueError) as error:
            raise ValueError(
                "--encoding must be an encoding of text that Python knows, such as "
                f"utf-8 or latin-1. Got {self.encoding!r} instead."
            ) from error
        # A mark at its beginning is no part of the first name.
        name = "utf-8-sig" if known.name == "utf-8" else self.encoding
        object.__setattr__(self, "encoding", name)


#: Commas and UTF-8.
PLAIN = Dialect()


def read_text(path: Path, dialect: Dialect) -> str:
    """Read a file, unpacked where its name ends in ``.gz``.

    Raises
    ------
    ValueError
        If it is damaged, holds a zero byte, is no text of this encoding, or unpacks to
        a multiple of its size that no table has.
    """
    data = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        data = _unpack(data)
    try:
        text = data.decode(dialect.encoding)
    except UnicodeError as error:
        raise ValueError(
            f"it is no text in the encoding {dialect.encoding!r} "
            f"(byte {getattr(error, 'start', 0):,}); pass --encoding, such as latin-1"
        ) from error
    # Releases of pandas before 3 end a field there.
    if "\0" in text:
        raise ValueError(
            "it has a zero byte, and is no text, or text of another --encoding"
        )
    return text


def _unpack(data: bytes) -> bytes:
    """Read by parts, whatever size the file declares."""
    most = _MOST_BYTES + _MOST_TIMES * len(data)
    parts, size = [], 0
    try:
        with gzip.open(io.BytesIO(data)) as file:
            while part := file.read(_CHUNK):
                size += len(part)
                if size > most:
                    raise ValueError(
                        f"its {len(data):,} bytes unpack to more than {_MOST_TIMES} "
                        "times as much, which is made to fill the memory; if it is a "
                        "table after all, pass it without compression"
                    )
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it is no gzip file, or a damaged one: {error}") from error
    return b"".join(parts)


def count_rows(text: str, dialect: Dialect) -> int:
    """Count the rows below the header, each of which must have all of its fields.

    pandas fills a row up that has too few. Such are the two parts of a row that a line
    break without quotes has cut, and the second part may begin with some label.
    """
    # Fields of any length, as pandas has them.
    longest = csv.field_size_limit(2**31 - 1)
    try:
        return _count_whole(csv.reader(io.StringIO(text, ""), delimiter=dialect.sep))
    finally:
        csv.field_size_limit(longest)


def _count_whole(reader: Any) -> int:
    n_names, n_rows, line = None, 0, 1
    for row in reader:
        if len(row) != n_names:
            # pandas leaves out lines of nothing but blanks.
            if len(row) < 2 and not "".join(row).strip(" \t"):
                line = reader.line_num + 1
                continue
            if n_names is not None:
                most = "more" if len(row) > n_names else "fewer"
                raise ValueError(
                    f"line {line} has {most} fields than its header has names "
                    f"({len(row)}, not {n_names}). A line break or a comma in a field "
                    "needs quotes, and an empty field its comma"
                )
            n_names, n_rows = len(row), -1
        n_rows += 1
        line = reader.line_num + 1
    return n_rows
