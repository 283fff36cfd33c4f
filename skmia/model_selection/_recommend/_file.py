"""What the file of a recommended model gives away beside its answers.

Answers are what a search measures. Whoever is given the file has more.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline

from skmia._models import walk
from skmia._tables import as_rows, hash_rows, n_rows
from skmia.defenses import masks_outputs


def carried_rows(model: Any, X: Any) -> int:
    """Count the training rows that a fitted model holds, as passed or as transformed.

    Parameters
    ----------
    model : fitted classifier
        What would be released.
    X : array-like of shape (n_samples, n_features)
        Its training rows.

    Returns
    -------
    int
        How many; rows that are stored in another form are not found.
    """
    tables = [part for _, part in walk(model) if _is_table(part)]
    most = 0
    for rows in _forms(model, X):
        with suppress(Exception):  # of values that cannot be hashed
            most = max(most, _held(as_rows(rows), tables))
    return most


def said_of_file(model: Any, X: Any) -> tuple[tuple[str, ...], bool]:
    """Sentences on what the file of a model tells, and whether it holds rows."""
    said = []
    held = carried_rows(model, X)
    if held:
        said.append(
            f"The model's file holds {held:,} of its {n_rows(as_rows(X)):,} training "
            "rows: whoever has the file reads them in it. Leakage was measured by the "
            "model's answers alone. Give answers and not the file, or take a "
            "classifier that keeps no rows."
        )
    if masks_outputs(model):
        said.append(
            "What is hidden is hidden in the answers alone: the file holds the model "
            "without the mask, and whoever has the file asks that one, which leaks "
            "more. Give answers and not the file."
        )
    return tuple(said), bool(held)


def _is_table(part: Any) -> bool:
    shape = getattr(part, "shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2 or not shape[0]:
        return False
    return isinstance(part, np.ndarray) or sparse.issparse(part) or _is_frame(part)


def _is_frame(part: Any) -> bool:
    return hasattr(part, "columns") and not isinstance(part, type)


def _forms(model: Any, X: Any) -> Iterator[Any]:
    """The rows as passed, and as they are after each step of Pipelines inside."""
    yield X
    pipelines = [part for _, part in walk(model) if isinstance(part, Pipeline)]
    for pipeline in pipelines:
        rows = X
        with suppress(Exception):  # of what is not fitted, or takes other rows
            for _, step in pipeline.steps[:-1]:
                if step is not None and not isinstance(step, str):
                    rows = step.transform(rows)
                yield rows


def _held(rows: Any, tables: list[Any]) -> int:
    """How many of some rows are rows of any of the tables."""
    width = rows.shape[1]
    if width < 2:
        return 0  # a value alone is in many a table by chance
    found = np.zeros(n_rows(rows), dtype=bool)
    for table in tables:
        if table.shape[1] != width:
            continue
        with suppress(Exception):  # of values that cannot be hashed
            stored = hash_rows(as_rows(table))
            found |= np.isin(hash_rows(rows), stored)
            if str(getattr(table, "dtype", "")) == "float32":
                found |= np.isin(hash_rows(np.asarray(rows, np.float32)), stored)
    return int(found.sum())
