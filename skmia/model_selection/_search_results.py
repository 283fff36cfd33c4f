"""What a search found of utility and leakage, read from its ``cv_results_``."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def comparable(cv_results: Mapping[str, Any]) -> NDArray[np.intp]:
    """Candidates that can be compared: in a halving search those of the last rung."""
    rung = np.asarray(cv_results.get("iter", np.zeros(len(cv_results["params"]))))
    return np.flatnonzero(rung == rung.max())
