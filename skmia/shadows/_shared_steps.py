"""Fitted steps of Pipelines that shadow models without a fit share.

What a shared step has learnt does not depend on who is a member of a shadow, where a
fit would have learnt from its own members. So a step is shared only if it learns next
to nothing of a single record: figures of each column by itself, and no record may stand
out in a column; or the set of a column's categories, which is the same in all fits.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from skmia._tables import is_pandas, is_polars, split_columns
from skmia.shadows._counterfactual import NotCoveredError
from skmia.signals import FloatArray, IndexArray

_LEARN_NOTHING = {
    "Binarizer",
    "FeatureHasher",
    "FunctionTransformer",
    "HashingVectorizer",
    "Normalizer",
    "PolynomialFeatures",
}
_LEARN_FIGURES = {
    "KBinsDiscretizer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "MissingIndicator",
    "PowerTransformer",
    "QuantileTransformer",
    "RobustScaler",
    "SimpleImputer",
    "SplineTransformer",
    "StandardScaler",
    "VarianceThreshold",
}
_LEARN_CATEGORIES = {"OneHotEncoder", "OrdinalEncoder"}
# The largest share of a column's variance that is one record's. Without the record
# the scale of that column is then about 5 % smaller.
_SHARE = 0.1


def can_be_shared(step: Any) -> bool:
    """Whether a step learns by column, as it is set."""
    if step is None or isinstance(step, str):
        return True
    kind = type(step)
    if kind in (Pipeline, FeatureUnion, ColumnTransformer):
        return all(map(can_be_shared, _parts(step)))
    if not kind.__module__.startswith("sklearn."):
        return False
    if kind.__qualname__ in _LEARN_CATEGORIES:
        # Fits that meet a category that they have not learnt end with an error, so
        # that all have learnt the same. Where it is not one, whether a rare category
        # is known tells who was there.
        is_given = not isinstance(step.categories, str)
        counts = step.min_frequency is not None or step.max_categories is not None
        return not counts and (is_given or step.handle_unknown == "error")
    return kind.__qualname__ in _LEARN_NOTHING | _LEARN_FIGURES


def check_rows_are_hardly_seen(
    steps: Any, tables: Iterable[Any], units: IndexArray
) -> None:
    """Raise where a record stands out in what steps learn from, or make of it.

    Parameters
    ----------
    steps : Pipeline
        The steps that are shared.
    tables : iterable of rows
        The pool before the steps and after them. Columns that are no numbers are
        passed over: of those, categories are learnt.
    units : ndarray of int of shape (n_records,)
        Number of what comes and goes with each record.

    Raises
    ------
    NotCoveredError
        Then the steps are fitted for each shadow.
    """
    if not _learns_figures(steps):
        return
    for X in tables:
        if _largest_shares(X, units).max(initial=0) > _SHARE:
            raise NotCoveredError(
                f"a record has more than {_SHARE:.0%} of the variance of a column, "
                "which a step before the classifier learns from"
            )


def _parts(step: Any) -> list[Any]:
    if type(step) is Pipeline:
        return [part for _, part in step.steps]
    if type(step) is FeatureUnion:
        return [part for _, part in step.transformer_list]
    return [*(part for _, part, _ in step.transformers), step.remainder]


def _learns_figures(step: Any) -> bool:
    if type(step) in (Pipeline, FeatureUnion, ColumnTransformer):
        return any(map(_learns_figures, _parts(step)))
    return type(step).__qualname__ in _LEARN_FIGURES


def _largest_shares(X: Any, units: IndexArray) -> FloatArray:
    """Of each column of numbers, the largest share of its variance in one unit."""
    if sparse.issparse(X):
        return _largest_shares_of_sparse(X, units)
    is_frame = is_pandas(X) or is_polars(X)
    shares = []
    for column in split_columns(X) if is_frame else np.asarray(X).T:
        values = np.asarray(column)
        if values.dtype.kind not in "fiub":
            continue
        values = values.astype(np.float64)
        missing = np.isnan(values)
        # Which values are missing is learnt as well.
        for part in (values[~missing], missing.astype(np.float64)):
            of = units[~missing] if len(part) < len(units) else units
            shares.append(_largest_share(part, of))
    return np.array(shares)


def _largest_share(values: FloatArray, units: IndexArray) -> float:
    if not len(values) or values.min() == values.max():
        return 0.0
    own = np.bincount(units, np.square(values - values.mean()))
    return float(own.max() / own.sum())


def _largest_shares_of_sparse(X: Any, units: IndexArray) -> FloatArray:
    X = sparse.csc_array(X, dtype=np.float64)
    n, n_columns = X.shape
    count = np.bincount(units)[units]
    mean = X.sum(axis=0) / n
    stored = np.diff(X.indptr)
    column = np.repeat(np.arange(n_columns), stored)
    square = np.square(X.data - mean[column])
    total = np.bincount(column, square, minlength=n_columns)
    total += (n - stored) * mean**2
    # Of the zeros that are not stored, as if they were those of the most copies.
    largest = np.where(stored < n, mean**2 * count.max(), 0.0)
    # A record and its copies are the same row.
    np.maximum.at(largest, column, square * count[X.indices])
    varies = total > 0
    return np.divide(largest, total, out=np.zeros(n_columns), where=varies)
