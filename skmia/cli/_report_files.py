"""Reports from files, which may be somebody else's."""

from pathlib import Path
from typing import TYPE_CHECKING

from skmia.cli._messages import one_line
from skmia.cli._model_files import check_is_file

if TYPE_CHECKING:
    from skmia.audit import AuditReport

# A report of all attacks with groups and pictures has a few hundred kilobytes.
_MOST_BYTES = 64 * 2**20


def read_report(path: Path) -> "AuditReport":
    """Read a report.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    ValueError
        If it is too large for one, no report, or one of another version.
    """
    from skmia.audit import AuditReport

    check_is_file(path)
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(
            f"{path} is no report: it has more than {_MOST_BYTES // 2**20} MiB"
        )
    try:
        return AuditReport.from_json(path)
    # Nested too deeply, or with parts that are missing or of another kind.
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        message = one_line(error)
        raise ValueError(
            message if str(path) in message else f"{path} is no report: {message}"
        ) from error
