"""What a search found of utility and leakage, read from its ``cv_results_``."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

FloatArray = NDArray[np.float64]


def read_candidates(
    cv_results: Mapping[str, Any], metric: str, utility: str
) -> tuple[FloatArray, FloatArray]:
    """Mean leakage and mean utility of every candidate.

    Raises
    ------
    ValueError
        If a scorer of these names is missing, or the leakage has the wrong sign.
    """
    negative, value = (
        read_column(cv_results, "mean", name) for name in (metric, utility)
    )
    if (negative > 0).any():
        raise ValueError(
            f"The scorer {metric!r} is positive for some candidates, up to "
            f"{np.nanmax(negative):.4g}; it must be negative leakage, as "
            "leakage_scorer() returns. With the other sign the leakiest candidate "
            "would pass for the safest."
        )
    return 0.0 - negative, value


def read_column(cv_results: Mapping[str, Any], statistic: str, name: str) -> FloatArray:
    """Mean or standard deviation over the folds of the scorer `name`."""
    key = f"{statistic}_test_{name}"
    if key not in cv_results:
        start = f"{statistic}_test_"
        known = [k.removeprefix(start) for k in cv_results if k.startswith(start)]
        raise ValueError(
            f"The search has no scorer named {name!r}; it has {known}. Pass "
            "scoring={'accuracy': 'accuracy', 'neg_leakage': leakage_scorer()} to it, "
            "or the names that yours have to this function."
        )
    return np.asarray(cv_results[key], dtype=np.float64)


def n_splits_of(cv_results: Mapping[str, Any], metric: str) -> int:
    """Count the splits that there are values of."""
    names = (f"split{k}_test_{metric}" for k in range(len(cv_results) + 1))
    return sum(1 for _ in takewhile(cv_results.__contains__, names))


def upper_ends(cv_results: Mapping[str, Any], metric: str) -> FloatArray:
    """Upper end of the mean leakage of every candidate, one-sided at 97.5 %.

    From the spread over the folds. They share rows, which Nadeau and Bengio's term
    makes up for: the variance of the mean is that of a fold times 1 / K and the number
    of held-out rows over that of training rows. That is 1 / (K - 1) for K folds and at
    least 1 / 4 here, since many splits are repeated folds or drawn, and share more.

    Raises
    ------
    ValueError
        If there is one split only, or the values of the splits are missing.
    """
    n_splits = n_splits_of(cv_results, metric)
    if n_splits < 2:
        raise ValueError(
            f"The search has {n_splits} values of {metric!r} for each candidate, and "
            "one split shows no spread to take the upper end of a mean from. Pass a "
            "cv with more splits to the search, or compare='value' to compare the "
            "mean itself, which falls below a limit by luck."
        )
    values = -np.array(
        [cv_results[f"split{k}_test_{metric}"] for k in range(n_splits)], dtype=float
    )
    reach = t.isf(0.025, n_splits - 1) * np.sqrt(
        1 / n_splits + max(1 / (n_splits - 1), 1 / 4)
    )
    return np.minimum(values.mean(axis=0) + reach * values.std(axis=0, ddof=1), 1.0)


def comparable(cv_results: Mapping[str, Any]) -> NDArray[np.intp]:
    """Candidates that can be compared: in a halving search those of the last rung."""
    rung = np.asarray(cv_results.get("iter", np.zeros(len(cv_results["params"]))))
    return np.flatnonzero(rung == rung.max())
