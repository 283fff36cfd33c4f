"""Reports from files, which may be somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from skmia.cli._messages import one_line
from skmia.cli._model_files import check_is_file

if TYPE_CHECKING:
    from skmia.audit import AuditReport

# A report of all attacks with groups and pictures has a few hundred kilobytes.
_MOST_BYTES = 16 * 2**20


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
    with report_at_fault(path):
        report = AuditReport.from_json(path)
        # What is missing in it, or of another kind, is found where it is shown.
        report.summary()
        report.to_frame()
    return report


@contextmanager
def report_at_fault(*paths: Path) -> Iterator[None]:
    """Turn whatever the contents of a file lead to into one line.

    What is wrong with a file that is to be written passes, and so does a lack of memory
    or of a package.
    """
    try:
        yield
    except (OSError, MemoryError, ImportError):
        raise
    except Exception as error:
        which = " or ".join(map(str, paths))
        if isinstance(error, ValueError) and any(str(p) in str(error) for p in paths):
            raise
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise ValueError(
            f"{which} is no report that can be shown ({kind}{one_line(error)})"
        ) from error
