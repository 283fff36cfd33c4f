"""A private StandardScaler."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import dense_rows, fit_library
from skmia.defenses._private._mechanism import Box, Settings

# A scale is at least this part of the range: a variance may be drawn near zero.
_LEAST_SCALE = 1e-3


def fit_private_scaler(
    scaler: StandardScaler, X: Any, settings: Settings
) -> StandardScaler:
    """Fit a StandardScaler with private means and variances; `scaler` is left alone."""
    model, rows = clone(scaler), dense_rows(X)
    validate_data(model, X, dtype=np.float64)
    private = fit_library(
        "StandardScaler",
        rows,
        None,
        source=settings.source,
        epsilon=settings.budget.pure_epsilon / settings.group_size,
        bounds=settings.scale,
        with_mean=model.with_mean,
        with_std=model.with_std,
    )
    model.mean_, model.var_, model.scale_ = private.mean_, private.var_, None
    model.n_samples_seen_ = len(rows)
    if model.with_std:
        least = _LEAST_SCALE * (settings.scale[1] - settings.scale[0])
        model.scale_ = np.maximum(np.sqrt(private.var_), least)
    return model


def scaled_box(scaler: StandardScaler, box: Box) -> Box:
    """Where a scaler with a positive scale puts the corners of a box."""
    mean = scaler.mean_ if scaler.with_mean else 0.0
    scale = scaler.scale_ if scaler.with_std else 1.0
    return tuple((side - mean) / scale for side in box)
