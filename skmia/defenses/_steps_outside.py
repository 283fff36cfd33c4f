"""Steps of a Pipeline before a private classifier, which it cannot see itself."""

import copy
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    Normalizer,
    PolynomialFeatures,
)
from sklearn.utils import get_tags

from skmia._tables import copy_rows, n_rows, take_rows
from skmia.defenses._private import fit_row_by_row

# By the very class: they treat each row by itself, whatever their parameters.
_ROW_BY_ROW = (Binarizer, Normalizer, PolynomialFeatures)
_MOST_ROWS = 1000


def look_at_steps(
    steps: list[tuple[str, Any]], X: Any
) -> tuple[list[str], list[str], Any]:
    """Say what steps do with the rows before a private classifier is given them.

    Parameters
    ----------
    steps : list of tuple (str, transformer)
        Without the last one of the Pipeline.
    X : array-like, frame or None
        Rows that the first of them is given, to try them out on; None without.

    Returns
    -------
    voided, unchecked : list of str
        What voids the promise, and what could not be checked, a sentence each.
    X : array-like, frame or None
        What the last of them makes of some of the rows; None where that is not known.
    """
    if X is not None and n_rows(X) > _MOST_ROWS:
        chosen = np.random.RandomState(0).permutation(n_rows(X))[:_MOST_ROWS]
        X = take_rows(X, np.sort(chosen))
    voided, unchecked = [], []
    for name, step in steps:
        if step is None or isinstance(step, str):
            continue
        what = f"The step {name!r} ({type(step).__name__}) of the Pipeline"
        frozen = isinstance(step, FrozenEstimator)
        if not frozen and (
            not hasattr(step, "__sklearn_tags__") or get_tags(step).requires_fit
        ):
            X = None
            voided.append(
                f"{what} learns from the rows without noise, before the private "
                "classifier is given them. Put it inside: "
                "DifferentialPrivacyClassifier(make_pipeline(...)), which takes "
                "private scalers and refuses what cannot be private."
            )
            continue
        if frozen:
            unchecked.append(
                f"{what} was fitted before, and on which rows cannot be seen. The "
                "promise is void if they were those of the private classifier."
            )
        known = type(step) in _ROW_BY_ROW or (
            type(step) is FunctionTransformer and step.func is None
        )
        if X is None:
            if not known and not frozen:
                unchecked.append(
                    f"{what}, outside of the private classifier, was not checked to "
                    "treat each row by itself. Pass rows, or put it inside: "
                    "DifferentialPrivacyClassifier(make_pipeline(...)) checks it."
                )
            continue
        try:
            X = _try_out(name, step, X, known)
        except ValueError as error:
            X = None
            voided.append(f"{what} is outside of the private classifier. {error}")
        except Exception as error:
            X = None
            unchecked.append(
                f"{what}, outside of the private classifier, could not be checked to "
                f"treat each row by itself: {error}"
            )
    return voided, unchecked, X


def _try_out(name: str, step: Any, X: Any, known: bool) -> Any:
    """What a step makes of rows that it treats one by one; ValueError where not."""
    with warnings.catch_warnings():
        # Of batches of one row, where a function is of the batch.
        warnings.simplefilter("ignore")
        fitted = clone(step).fit(X) if known else fit_row_by_row(name, step, X)
        rows = copy_rows(X, np.arange(n_rows(X)))
        return copy.deepcopy(fitted).transform(rows)
