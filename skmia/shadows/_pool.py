"""The records that shadows are drawn from and asked about."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import (
    Copies,
    as_rows,
    check_alignment,
    check_metadata,
    check_no_rows_of,
    content_groups,
    hash_rows,
    is_per_row,
    n_rows,
)
from skmia.shadows._content import describe
from skmia.utils import (
    check_has_features,
    check_labels,
    check_two_classes,
    encode_labels,
)


@dataclass
class Pool:
    """All that has one value per record; it crosses to each worker once.

    And what makes the records' perturbed copies, where these are asked about.
    """

    X: Any
    y: NDArray
    columns: NDArray[np.intp]
    metadata: dict[str, Any]
    # Number of each record's content: that of its copies.
    records: NDArray[np.intp]
    copies: Copies | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Copies are not pickled with values of rows; a worker makes them of its X.
        queries = None if self.copies is None else self.copies.queries
        return vars(self) | {"copies": queries}

    def __setstate__(self, state: dict[str, Any]) -> None:
        queries = state["copies"]
        copies = None if queries is None else Copies(queries, state["X"])
        vars(self).update(state | {"copies": copies})

    def key(self) -> str:
        """Describe all of it, in the form in which a model sees it."""
        queries = None if self.copies is None else astuple(self.copies.queries)
        return describe((self.X, self.y, self.metadata, queries))


def make_pool(
    X: Any, y: Any, params: Mapping[str, Any] | None, owner: str
) -> tuple[Pool, NDArray, dict[str, Any], NDArray[np.uint64]]:
    """Check the data of a fit.

    Returns
    -------
    pool : Pool
        The rows, with the metadata that has one value for each.
    classes : ndarray
        The sorted classes.
    params : dict
        The rest of the metadata.
    hashes : ndarray of uint64
        Content of each record.
    """
    X = as_rows(X)
    check_has_features(X, owner)
    n = n_rows(X)
    labels = check_labels(y, n, owner)
    classes = np.unique(labels)
    check_two_classes(classes, owner)
    params = check_metadata(params, n)
    check_alignment(X, {"y": y} | params)
    metadata = {name: value for name, value in params.items() if is_per_row(value, n)}
    rest = {name: value for name, value in params.items() if name not in metadata}
    check_no_rows_of(rest, X, "params")
    hashes = hash_rows(X, labels)
    columns = encode_labels(labels, classes)
    pool = Pool(X, labels, columns, metadata, content_groups(hashes))
    return pool, classes, rest, hashes
