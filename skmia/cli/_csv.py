"""Members and non-members from two files, read as one table and cut in two.

The rows must reach the model as they did in training. pandas types each file by what it
holds, so that two halves of one table can come out different; here the types follow
from both files together, by pandas' own rules, which is how most training code reads.
"""

import csv
import io
import os
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import DataConversionWarning

from skmia.cli._fields import PLAIN, Dialect, count_rows, read_text
from skmia.cli._messages import check_release, one_line
from skmia.cli._model_files import check_is_file
from skmia.utils import listed, warn

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = (".csv", ".csv.gz", ".parquet")


def read_tables(
    members: str | os.PathLike[str],
    nonmembers: str | os.PathLike[str],
    *,
    target: str | None,
    group: str | None = None,
    drop: Collection[str] = (),
    text: Collection[str] = (),
    missing: Collection[str] = (),
    dialect: Dialect = PLAIN,
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Read two tables of the same columns.

    A column of a CSV holds numbers if every field of it in both files is a number, and
    text otherwise. Fields that pandas takes for missing ("", "NA", "None", ...) are
    missing, with a warning where the column is text and the field may be a value.
    The target column is always text.

    Parameters
    ----------
    members, nonmembers : path-like
        Two ``.csv`` files, each of which may be a ``.csv.gz``, or two ``.parquet``.
    target : str or None
        The column of labels, which both must have; None where there are none.
    group : str, default=None
        The column that names the person of each row, which both must have. As text in a
        CSV, as it is written.
    drop : collection of str, default=()
        Columns to leave out.
    text : collection of str, default=()
        Columns of a CSV to keep as they are written: "007" stays "007", and only the
        empty field is missing.
    missing : collection of str, default=()
        Further fields of a CSV that stand for a missing value, such as "?".
    dialect : Dialect, default=PLAIN
        The separator and the encoding of a CSV.

    Returns
    -------
    members, nonmembers : DataFrame
        The two tables, with the members' order of columns.

    Raises
    ------
    ValueError
        If a file is of another kind, empty or damaged, or the columns do not match.
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    """
    paths = Path(members), Path(nonmembers)
    are_csv = {_is_csv(path) for path in paths}
    if len(are_csv) > 1:
        raise ValueError(
            f"{paths[0]} and {paths[1]} must both be .csv or both be .parquet: the "
            "types of their columns are compared"
        )
    (is_csv,) = are_csv
    if not is_csv and (text or missing or dialect != PLAIN):
        raise ValueError(
            "--text and --missing say how the fields of a .csv are read, as --sep and "
            "--encoding do; the columns of a .parquet have types of their own"
        )
    read = partial(_read_raw_csv, dialect=dialect) if is_csv else _read_parquet
    frames = [_read(path, read) for path in paths]
    frames = _align(frames, paths, target, drop)
    if group is not None:
        _check_group(group, target, frames)
    for name in text:
        if name not in frames[0].columns:
            raise ValueError(_no_column(name, "--text", frames[0]))
    if is_csv:
        # Names of persons as they are written: "07" is not "7".
        text = {*text, *([] if group is None else [group])}
    text = {*text, *([] if target is None else [target])}
    if is_csv:
        frames = _infer_types(frames, text, missing)
    _check_same_types(frames, paths, text, is_csv)
    return frames[0], frames[1]


def _is_csv(path: Path) -> bool:
    """Whether a table is a CSV; an error where it is none, or is not there."""
    if not path.name.lower().endswith(_SUFFIXES):
        raise ValueError(
            f"{path} must be a table that ends in .csv, .csv.gz or .parquet. "
            f"Got {path.suffix or 'no ending'!r} instead."
        )
    check_is_file(path)
    return path.suffix.lower() != ".parquet"


def _read(path: Path, read: Callable[[Path], "pd.DataFrame"]) -> "pd.DataFrame":
    try:
        frame = read(path)
    except (ImportError, MemoryError):
        raise
    # The parsers of pandas and pyarrow raise errors of many kinds, all about the file.
    except Exception as error:
        raise ValueError(
            f"{path} could not be read as a {'.csv' if _is_csv(path) else '.parquet'} "
            f"table: "
            f"{one_line(error)}"
        ) from error
    if not len(frame):
        raise ValueError(f"{path} has no rows")
    return frame


def _read_raw_csv(path: Path, dialect: Dialect) -> "pd.DataFrame":
    """Every field as it is written."""
    import pandas as pd

    text = read_text(path, dialect)
    n_rows = count_rows(text, dialect)
    as_written: Any = {"dtype": str, "keep_default_na": False, "na_filter": False}
    as_written["sep"] = dialect.sep
    # pandas gives the second of two columns another name, and the model takes it for
    # a feature: the label, where that is written twice.
    rows = io.StringIO(text, "")
    header = pd.read_csv(rows, header=None, nrows=1, **as_written).iloc[0]
    _check_names(header)
    frame = pd.read_csv(io.StringIO(text, ""), **as_written)
    if not isinstance(frame.index, pd.RangeIndex):
        # pandas takes the surplus for an index and shifts the names.
        raise ValueError("its rows have more fields than its header has names")
    if len(frame) != n_rows:
        raise ValueError(
            f"it has {n_rows} rows, of which pandas makes {len(frame)}; write it with "
            "all fields in quotes"
        )
    return frame


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow

    check_release("pyarrow", pyarrow.__version__)
    frame = pd.read_parquet(path, engine="pyarrow")
    frame.columns = frame.columns.map(str)
    _check_names(frame.columns.to_series())
    return frame.reset_index(drop=True)


def _check_names(names: "pd.Series") -> None:
    twice = names[names.duplicated() & (names != "")].unique().tolist()
    if twice:
        raise ValueError(f"it has more than one column of the name {listed(twice)}")


def _align(
    frames: list["pd.DataFrame"],
    paths: tuple[Path, Path],
    target: str | None,
    drop: Collection[str],
) -> list["pd.DataFrame"]:
    for name in drop:
        if name == target:
            raise ValueError(f"--drop cannot take the target column {target!r}")
        if not any(name in frame.columns for frame in frames):
            raise ValueError(_no_column(name, "--drop", frames[0]))
    frames = [frame.drop(columns=list(drop), errors="ignore") for frame in frames]
    for frame, path in zip(frames, paths, strict=True):
        if target is not None and target not in frame.columns:
            raise ValueError(
                f"{path} has no column {target!r} to take the labels from. "
                f"Its columns are {_named(frame)}"
            )
    first, second = (list(frame.columns) for frame in frames)
    names = set(first), set(second)
    only = [name for name in first if name not in names[1]]
    extra = [name for name in second if name not in names[0]]
    if only or extra:
        raise ValueError(
            "the two tables must have the same columns. "
            f"Only in {paths[0]}: {listed(only)}; only in {paths[1]}: {listed(extra)}"
        )
    return [frames[0], frames[1][first]]


def _check_group(group: str, target: str | None, frames: list["pd.DataFrame"]) -> None:
    if group == target:
        raise ValueError(f"--group-column cannot be the target column {target!r}")
    if group not in frames[0].columns:
        raise ValueError(_no_column(group, "--group-column", frames[0]))


def _no_column(name: str, option: str, frame: "pd.DataFrame") -> str:
    return (
        f"{option} names a column {name!r} that is not there. "
        f"The columns are {_named(frame)}"
    )


def _named(frame: "pd.DataFrame") -> str:
    columns = list(frame.columns)
    # Of a table whose fields are told apart otherwise.
    hint = "; is --sep right?" if len(columns) == 1 else ""
    return f"{listed(columns, most=20)}{hint}"


def _infer_types(
    raw: list["pd.DataFrame"], text: set[str], missing: Collection[str]
) -> list["pd.DataFrame"]:
    """Type the fields of both files by what pandas makes of them together."""
    import pandas as pd

    whole = pd.concat(raw, ignore_index=True)
    written = [name for name in whole.columns if name not in text]
    # Only the empty field is missing where text is kept as it is written.
    typed = whole.mask(whole.isin(["", *missing]))
    if written:
        # All fields in quotes: pandas puts none round a lone carriage return, and then
        # takes it for the end of the row, so that rows and labels part.
        fields = whole[written].to_csv(index=False, quoting=csv.QUOTE_ALL)
        read = pd.read_csv(
            io.StringIO(fields), low_memory=False, na_values=list(missing)
        )
        if len(read) != len(whole):
            raise ValueError(
                f"the tables have {len(whole)} rows, of which pandas makes {len(read)} "
                "when it looks for numbers; read them by yourself and pass .parquet"
            )
        for name in written:
            _warn_of_guesses(name, whole[name], read[name], missing)
            typed[name] = read[name]
    n = len(raw[0])
    return [typed.iloc[:n], typed.iloc[n:].reset_index(drop=True)]


def _warn_of_guesses(
    name: str, fields: "pd.Series", read: "pd.Series", missing: Collection[str]
) -> None:
    """Warn where pandas took a field for something that it may not have been."""
    keep = f"pass --text {name!r} if training kept them as they are written"
    if read.dtype.kind in "iuf":
        padded = fields[fields.str.match(r"[+-]?0[0-9]")]
        if len(padded):
            warn(
                f"column {name!r} has numbers with leading zeros, such as "
                f"{padded.iloc[0]!r}, which are read as numbers; {keep}",
                DataConversionWarning,
            )
    elif read.dtype.kind != "b":
        guessed = fields[read.isna() & ~fields.isin(["", *missing])]
        if len(guessed):
            warn(
                f"column {name!r} has {len(guessed)} fields such as "
                f"{guessed.iloc[0]!r} among its text, which are read as missing; "
                f"{keep}",
                DataConversionWarning,
            )


def _check_same_types(
    frames: list["pd.DataFrame"],
    paths: tuple[Path, Path],
    text: set[str],
    is_csv: bool,
) -> None:
    """Refuse a column of numbers in one file that has text in the other.

    Read as text it is not what a model of numbers knows, and an encoder that ignores
    unknown values would take every row of it for the same.
    """
    for name in frames[0].columns:
        if name in text:
            continue
        present = [frame[name].dropna() for frame in frames]
        stray = [_not_numbers(values, is_csv) for values in present]
        for one, other in ((0, 1), (1, 0)):
            if len(present[one]) and not len(stray[one]) and len(stray[other]):
                raise ValueError(
                    f"column {name!r} holds numbers in {paths[one]} and text in "
                    f"{paths[other]}, such as {stray[other].iloc[0]!r}"
                    + (f"; pass --text {name!r} if all of it is text" * is_csv)
                )


def _not_numbers(values: "pd.Series", is_csv: bool) -> "pd.Series":
    """Return the values that are no numbers, nor in a CSV the text of one."""
    import pandas as pd

    if values.dtype.kind in "biufmM":
        return values[:0]
    distinct = values.astype(object).drop_duplicates()
    if not is_csv:
        return distinct[[isinstance(value, str) for value in distinct]]
    return distinct[pd.to_numeric(distinct, errors="coerce").isna()]
