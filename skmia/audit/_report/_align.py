"""What a user says of the rows afterwards, put in the order of a report's records."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import as_rows, check_alignment, concat_rows, n_rows, take_rows
from skmia.audit._evidence import Evidence


def align_rows(table: Any, evidence: Evidence, name: str) -> tuple[Any, bool]:
    """Take the row of every record out of tables with the rows as passed to the audit.

    Parameters
    ----------
    table : table, or pair of tables
        Of an audit of members and non-members a pair, of both; of others one table.
    evidence : Evidence
        What the audit measured.
    name : str
        What the parameter is called, for errors.

    Returns
    -------
    rows : frame, ndarray or sparse matrix with as many rows as there are records
        One for each entry of the evidence, in its order.
    checked : bool
        Whether their contents or their index show that they are in this order.
    """
    sides = [as_rows(side) for side in _sides(table, evidence, name)]
    _check_sides(sides, evidence, name, n_rows)
    names = (f"{name} of the members", f"{name} of the non-members")
    rows = sides[0] if len(sides) == 1 else concat_rows(sides[0], sides[1], names)
    found = take_rows(rows, _positions(evidence))
    content = "unknown" if evidence.order is None else evidence.order.compare(found)
    if content == "same":
        return found, True
    if content == "moved":
        raise ValueError(
            f"The '{name}' parameter must have its rows in the order of the audit. Got "
            "the audited rows in another order instead: they would get the results of "
            "other rows. Pass them in the order in which the audit was given them. "
            "Columns whose values were changed since need other names."
        )
    if hasattr(evidence.index, "equals"):
        check_alignment(found, {"the audited rows": _labelled(evidence.index)}, name)
    by_index = hasattr(found, "iloc") and hasattr(evidence.index, "equals")
    if not by_index or not found.index.equals(evidence.index):
        return found, False
    return found, all(_tells_rows_apart(side.index) for side in sides)


def _tells_rows_apart(index: Any) -> bool:
    """Whether labels are of the rows: numbers in a row are there after any sorting."""
    if index.nunique() < len(index):
        return False
    if index.dtype.kind not in "iu":
        return True
    return bool((np.diff(index.to_numpy()) != 1).any())


def _positions(evidence: Evidence) -> NDArray[np.intp]:
    assert evidence.positions is not None
    return evidence.positions


def _sides(given: Any, evidence: Evidence, name: str) -> Sequence[Any]:
    if len(evidence.lengths) == 1:
        if isinstance(given, (tuple, list)):
            # A pair where one table is asked for, before it is taken for two rows.
            _check_sides([given], evidence, name, len)
        return [given]
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError(
            f"The '{name}' parameter must be a pair, of the members and of the "
            "non-members, each as long as what the audit was given. Got "
            f"{type(given).__name__} instead."
        )
    return given


def _check_sides(sides: Sequence[Any], evidence: Evidence, name: str, n: Any) -> None:
    lengths = tuple(int(n(side)) for side in sides)
    if lengths != evidence.lengths:
        wanted, got = (" and ".join(map(str, ns)) for ns in (evidence.lengths, lengths))
        raise ValueError(
            f"The '{name}' parameter must have one entry for each row that the audit "
            f"was given, {wanted}. Got {got} instead. Pass those of all rows, of the "
            "ones that were left out too."
        )


def _labelled(index: Any) -> Any:
    import pandas as pd

    return pd.Series(np.zeros(len(index)), index=index)
