"""The records that shadows are drawn from and asked about."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import Copies, as_rows, check_metadata, hash_rows, is_per_row, n_rows
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
    copies: Copies | None = None

    def key(self, hashes: NDArray[np.uint64]) -> str:
        """Describe the pool, whose rows and labels have these `hashes`.

        They leave out what a model may see beside the values: names, types, layout.
        """
        seen_as = (type(self.X), list(getattr(self.X, "columns", ())), _types(self.X))
        content: tuple[Any, ...] = (hashes, seen_as, self.y.dtype.str, self.metadata)
        if self.copies is not None:
            content = (*content, astuple(self.copies.queries))
        return describe(content)


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
    metadata = {name: value for name, value in params.items() if is_per_row(value, n)}
    rest = {name: value for name, value in params.items() if name not in metadata}
    pool = Pool(X, labels, encode_labels(labels, classes), metadata)
    return pool, classes, rest, hash_rows(X, labels)


def _types(X: Any) -> Any:
    """Types of the columns, and of each value where a column holds objects."""
    if isinstance(X, np.ndarray):
        return X.dtype.str, X.flags.f_contiguous, _value_types(X)
    if hasattr(X, "to_frame"):  # of a Series
        X = X.to_frame()
    if hasattr(X, "dtypes"):
        values = [
            _value_types(X.iloc[:, j].to_numpy())
            for j, dtype in enumerate(X.dtypes)
            if isinstance(dtype, np.dtype) and dtype.kind == "O"
        ]
        return list(X.dtypes), values
    return str(getattr(X, "dtype", None))


def _value_types(values: NDArray) -> str:
    if values.dtype != object:
        return ""
    return " ".join(type(value).__name__ for value in values.ravel().tolist())
