"""The columns that a question about groups names, or brings along."""

from collections.abc import Mapping
from typing import Any

from skmia.audit._evidence import Evidence
from skmia.audit._report._align import align_rows
from skmia.audit._subgroups import Column, pick_column, read_columns

#: What the class of each record is called among the columns.
LABEL = "label"

_UNCHECKED = (
    "That the rows are in the order of the audit could not be checked. In another "
    "order, groups that are exposed look like all others."
)


def asked_columns(
    by: Any, X: Any, evidence: Evidence
) -> tuple[list[Column], list[str]]:
    """Columns by name, from X or from the report; or those that `by` itself holds.

    And a note where it is not known that they are in the order of the audit.
    """
    names = _names(by, X)
    if names is None:
        return _given(by, evidence)
    rows, checked = (None, True) if X is None else align_rows(X, evidence, "X")
    columns = []
    for name in names:
        known = [] if rows is None else getattr(rows, "columns", [])
        if name == LABEL and name not in list(known):
            columns.append(label_column(evidence))
        elif rows is None:
            raise ValueError(
                f"The 'by' parameter must be 'label' or values where X is None. Got "
                f"{by!r} instead; pass the columns as X, a pair of those of the "
                "members and of the non-members."
            )
        else:
            columns.append(pick_column(rows, name, "by"))
    only_label = all(column.name == LABEL for column in columns)
    return columns, _notes(checked or only_label)


def _notes(checked: bool) -> list[str]:
    return [] if checked else [_UNCHECKED]


def searched_rows(X: Any, names: Any, evidence: Evidence) -> tuple[Any, list[str]]:
    """The row of each record, with as many names of columns as it has.

    And a note where it is not known that they are in the order of the audit.
    """
    rows, checked = align_rows(X, evidence, "X")
    n_columns = rows.shape[1] if len(rows.shape) > 1 else 1
    if names is not None and len(names) != n_columns:
        raise ValueError(
            "The 'feature_names' parameter must have one name for each column of X, "
            f"{n_columns}. Got {len(names)} instead."
        )
    return rows, _notes(checked)


def label_column(evidence: Evidence) -> Column:
    """The true class of each record."""
    if evidence.labels is None:
        raise ValueError(
            "The 'by' parameter must not be 'label': this report was made without "
            "labels. Pass labels to AuditReport, or values."
        )
    return Column.of_categories(LABEL, evidence.labels)


def _names(by: Any, X: Any) -> list[Any] | None:
    """The names of columns; None where `by` holds values."""
    if isinstance(by, (str, int)) and not isinstance(by, bool):
        return [by]
    if isinstance(by, (list, tuple)):
        if not by:
            raise ValueError("The 'by' parameter must name a column. Got none instead.")
        if X is not None or all(isinstance(n, str) and n == LABEL for n in by):
            return list(dict.fromkeys(by))
    return None


def _given(by: Any, evidence: Evidence) -> tuple[list[Column], list[str]]:
    if isinstance(by, Mapping):
        if not by:
            raise ValueError("The 'by' parameter must hold a column. Got {} instead.")
        columns, all_checked = [], True
        for name, values in by.items():
            rows, checked = align_rows(values, evidence, f"by[{name!r}]")
            all_checked &= checked
            if len(rows.shape) != 1:
                raise ValueError(
                    f"The 'by[{name!r}]' parameter must hold one value per row. Got an "
                    f"array of shape {rows.shape} instead."
                )
            columns += read_columns(rows, [str(name)])
        return columns, _notes(all_checked)
    rows, checked = align_rows(by, evidence, "by")
    if len(rows.shape) == 1:
        title = str(getattr(rows, "name", None) or "group")
        return read_columns(rows, [title]), _notes(checked)
    return read_columns(rows), _notes(checked)
