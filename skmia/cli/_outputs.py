"""Files that a command writes: checked before the work, whole or not at all."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmia.utils import atomic_write, import_optional

if TYPE_CHECKING:
    from skmia.audit import AuditReport

_RECORDS = (".csv", ".parquet")


@dataclass(frozen=True)
class Outputs:
    """Where a report goes, by the option that names the file.

    The files are checked here, so that hours of fitting end in no error that could
    have been known before.
    """

    inputs: Sequence[Path]
    html: Path | None = None
    json: Path | None = None
    records: Path | None = None

    def __post_init__(self) -> None:
        named: dict[Path, str] = {}
        for option, path in self._given().items():
            check_output(option, path, self.inputs)
            other = named.setdefault(path.resolve(), option)
            if other != option:
                raise ValueError(f"{other} and {option} name the same file {path}")
        if self.html is not None:
            import_optional("jinja2", "--html")
        if self.records is not None and self.records.suffix.lower() not in _RECORDS:
            raise ValueError(
                f"--records {self.records} must end in .csv or .parquet, which says "
                "how it is written"
            )

    def _given(self) -> dict[str, Path]:
        given = {"--html": self.html, "--json": self.json, "--records": self.records}
        return {option: path for option, path in given.items() if path is not None}

    def write(self, report: "AuditReport") -> list[Exception]:
        """Write all of them, and return what failed of it."""
        failed: list[Exception] = []
        for option, path in self._given().items():
            try:
                getattr(self, f"_write_{option[2:]}")(report, path)
            except Exception as error:
                failed.append(error)
        return failed

    @staticmethod
    def _write_html(report: "AuditReport", path: Path) -> None:
        report.to_html(path)

    @staticmethod
    def _write_json(report: "AuditReport", path: Path) -> None:
        report.to_json(path)

    @staticmethod
    def _write_records(report: "AuditReport", path: Path) -> None:
        write_table(report.records(), path)


def write_table(frame: Any, path: Path) -> None:
    """Write a table of persons, for the user alone: who is on it is personal data."""
    frame = frame.rename_axis(index=frame.index.name or "record")
    with atomic_write(path, private=True) as file:
        if path.suffix.lower() == ".csv":
            file.write(frame.to_csv().encode())
        else:
            frame.reset_index().to_parquet(file, index=False)


def check_output(option: str, path: Path, inputs: Sequence[Path]) -> None:
    """Raise now if a file could not be written at the end."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{option} {path} is not a regular file")
    if any(path.exists() and i.exists() and path.samefile(i) for i in inputs):
        raise ValueError(f"{option} {path} would overwrite an input file")
    if not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {path.parent}")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".skmia."):
            pass
    except OSError as error:
        raise ValueError(
            f"{option} {path} cannot be written: {error.strerror}"
        ) from error
