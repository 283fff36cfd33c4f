"""Tables of many columns: those that are looked at, by the half that is searched."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skmia._tables import split_columns, take_rows
from skmia.audit._subgroups._columns import (
    BoolArray,
    Column,
    FloatArray,
    IndexArray,
    column_names,
    column_title,
    read_columns,
)
from skmia.audit._subgroups._rare import too_rare
from skmia.audit._subgroups._rules import conditions_of
from skmia.audit._subgroups._sample import Sample
from skmia.audit._subgroups._search import surely_exposed

# Pairs of conditions are tried: of more columns than this their number is too large.
_MOST_COLUMNS = 300


def choose_columns(
    X: Any,
    names: Sequence[str] | None,
    sample: Sample,
    searched: BoolArray,
    min_size: int,
) -> tuple[list[Column], list[str]]:
    """The columns of X; of very many, those of the most exposed single conditions.

    And a note where some are left out. Only the searched half has a say in it.
    """
    n_columns = X.shape[1] if len(X.shape) > 1 else 1
    titles = [column_title(name) for name in column_names(X)]
    titles = titles if names is None else [str(name) for name in names]
    if n_columns <= _MOST_COLUMNS:
        return read_columns(X, titles), []
    if sparse.issparse(X):
        scores = _of_entries(X, sample, searched, min_size)
    else:
        scores = _of_conditions(X, titles, sample, searched, min_size)
    chosen = np.sort(np.argsort(-scores, kind="stable")[:_MOST_COLUMNS])
    note = (
        f"Of {n_columns:,} columns, the {_MOST_COLUMNS} that tell most by themselves, "
        "in the half that was searched, were looked at."
    )
    return read_columns(_pick(X, chosen), [titles[j] for j in chosen]), [note]


def _pick(X: Any, columns: IndexArray) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[:, columns]
    if hasattr(X, "get_columns"):  # polars
        return X[:, columns.tolist()]
    return X[:, columns]


def _of_entries(
    X: Any, sample: Sample, searched: BoolArray, min_size: int
) -> FloatArray:
    """By whether a column has an entry, for each column of a sparse matrix."""
    there = sparse.csr_array(take_rows(X, searched) != 0).astype(np.float64)
    sums = sample.sums
    counts, total = there.T @ sums, sums.sum(axis=0)
    sides = [surely_exposed(of, total, min_size) for of in (counts, total - counts)]
    return np.maximum(*sides)


def _of_conditions(
    X: Any, titles: Sequence[str], sample: Sample, searched: BoolArray, min_size: int
) -> FloatArray:
    """By the best condition on each column."""
    sums = sample.sums
    total = sums.sum(axis=0)
    scores = []
    split = split_columns(take_rows(X, searched))
    for title, values in zip(titles, split, strict=True):
        column = [Column.of(title, values)]
        rare = too_rare(column[0], sample, min_size)
        asked = conditions_of(0, column[0], rare)
        masks = [condition.holds(column) for condition in asked]
        counts = np.array([sums[mask].sum(axis=0) for mask in masks]).reshape(-1, 4)
        best = surely_exposed(counts, total, min_size)
        scores.append(float(best.max(initial=-np.inf)))
    return np.array(scores)
