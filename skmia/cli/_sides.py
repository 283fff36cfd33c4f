"""The two tables of a command, and what is asked about their rows beside the model."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmia.cli._csv import read_tables
from skmia.utils import listed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sides:
    """Members and non-members, with the columns that are no features taken out.

    Attributes
    ----------
    tables : pair of DataFrame
        The features and the target.
    groups : pair of Series or None
        Whose the rows are.
    by : pair of DataFrame or None
        The columns that groups of records are made by, features among them or not.
    """

    tables: "tuple[pd.DataFrame, pd.DataFrame]"
    groups: "tuple[pd.Series, pd.Series] | None" = None
    by: "tuple[pd.DataFrame, pd.DataFrame] | None" = None

    @property
    def n_nonmembers(self) -> dict[str, int]:
        """Before rows are left out, by the unit of a figure."""
        counts = {"non-members": len(self.tables[1])}
        if self.groups is not None:
            counts["non-member persons"] = int(self.groups[1].nunique())
        return counts


def read_sides(
    members: Path,
    nonmembers: Path,
    *,
    target: str | None,
    group_column: str | None = None,
    by: Collection[str] = (),
    drop: Collection[str] = (),
    **reading: Any,
) -> Sides:
    """Read two tables; ``by`` may name columns that are left out as features.

    Raises
    ------
    ValueError
        As :func:`read_tables` does, where a column of `by` is not there, and where
        both are the same file.
    """
    if members.exists() and nonmembers.exists() and members.samefile(nonmembers):
        raise ValueError(
            f"{members} and {nonmembers} are one file: an audit compares the rows that "
            "the model was trained on with rows that it was not trained on"
        )
    tables = read_tables(
        members,
        nonmembers,
        target=target,
        group=group_column,
        drop=[name for name in drop if name not in by],
        **reading,
    )
    columns = None
    if by:
        names = list(dict.fromkeys(by))
        _check_groups_of(tables, names)
        columns = tables[0][names], tables[1][names]
        left_out = [name for name in names if name in drop]
        tables = tables[0].drop(columns=left_out), tables[1].drop(columns=left_out)
    groups = None
    if group_column is not None:
        groups = tables[0][group_column], tables[1][group_column]
        tables = (
            tables[0].drop(columns=group_column),
            tables[1].drop(columns=group_column),
        )
    return Sides(tables, groups, columns)


def _check_groups_of(
    tables: "tuple[pd.DataFrame, pd.DataFrame]", names: Collection[str]
) -> None:
    """Raise where a column is not there, or makes one group of all rows."""
    import pandas as pd

    for name in names:
        if name not in tables[0].columns:
            raise ValueError(
                f"--by names a column {name!r} that is not there. The columns are "
                f"{listed(list(tables[0].columns), most=20)}"
            )
        whole = pd.concat([table[name] for table in tables])
        if whole.nunique(dropna=False) < 2:
            raise ValueError(
                f"--by names the column {name!r}, which is the same in all rows and "
                "makes no groups"
            )
