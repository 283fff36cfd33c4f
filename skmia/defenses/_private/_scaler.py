"""A private StandardScaler."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from skmia.defenses._private._counterparts import dense_rows
from skmia.defenses._private._mechanism import Box, Settings
from skmia.defenses._private._moments import private_moments


def fit_private_scaler(
    scaler: StandardScaler, X: Any, settings: Settings
) -> StandardScaler:
    """Fit a StandardScaler with private means and variances; `scaler` is left alone."""
    model, rows = clone(scaler), dense_rows(X)
    validate_data(model, X, dtype=np.float64)
    one_class = np.zeros(len(rows), dtype=np.intp)
    moments = private_moments(rows, one_class, 1, settings)
    model.mean_, model.var_ = moments.means[0], moments.variances[0]
    model.scale_ = np.sqrt(model.var_) if model.with_std else None
    model.n_samples_seen_ = int(moments.counts[0])
    return model


def scaled_box(scaler: StandardScaler, box: Box) -> Box:
    """Where a scaler with a positive scale puts the corners of a box."""
    mean = scaler.mean_ if scaler.with_mean else 0.0
    scale = scaler.scale_ if scaler.with_std else 1.0
    return tuple((side - mean) / scale for side in box)
