"""Whether values of rows belong to the rows beside them, by the index of pandas."""

from collections.abc import Mapping
from typing import Any

from skmia._tables._containers import is_pandas
from skmia.exceptions import MisalignedRowsWarning
from skmia.utils import warn


def check_alignment(X: Any, values: Mapping[str, Any], table: str = "X") -> None:
    """Compare the index of `X` with those of what belongs to its rows, by name.

    Where `X` has none, as an array, the others are compared with one another.

    Everything here goes by position. Labels that are assigned to other rows make
    members look like non-members, and an audit reads that nothing leaks.

    Raises
    ------
    ValueError
        Where both have the same labels in another order: positions and labels
        disagree.

    Warns
    -----
    MisalignedRowsWarning
        Where they have other labels.
    """
    if is_pandas(X):
        for name, of_rows in values.items():
            if is_pandas(of_rows) and len(of_rows) == len(X):
                _compare(X.index, of_rows.index, table, name)
        return
    # Rows without an index have the order of whatever comes first.
    labelled = [(name, v) for name, v in values.items() if is_pandas(v)]
    for name, of_rows in labelled[1:]:
        first, reference = labelled[0]
        if len(of_rows) == len(reference):
            _compare(reference.index, of_rows.index, first, name)


def _compare(ours: Any, theirs: Any, x: str, y: str) -> None:
    if ours.equals(theirs):
        return
    known = theirs.isin(ours)
    if known.all() and ours.isin(theirs).all():
        raise ValueError(
            f"The index of {y} holds the labels of {x} in another order, and rows are "
            f"taken by position: they would get the values of other rows. Pass "
            f"{y}.loc[{x}.index]; or {y}.to_numpy() where the positions are right."
        )
    warn(
        f"The index of {y} is not that of {x}: {int((~known).sum())} of its "
        f"{len(theirs)} labels are not there. Rows are taken by position. Check that "
        f"they are in the same order, and pass {y}.to_numpy() where they are.",
        MisalignedRowsWarning,
    )
