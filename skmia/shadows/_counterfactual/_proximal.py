"""Answers of logistic models with a further row: implicit steps in its own answer.

A row of weight a joins a fit whose other rows are described by their curvature. Then
its new answer u solves ``u + Q (mean(u) - target) = z``, with z its answer without it
and Q its leverage times a. One Newton step from z is far off where the loss of the row
bends on the way; this is not.
"""

import numpy as np
from scipy.special import expit, softmax

from skmia.signals import BoolArray, FloatArray

_MAX_ITER = 60
# Largest step in a logit: beyond it, the curvature at its start tells nothing.
_MAX_STEP = 2.0
_TOLERANCE = 1e-8


def binary_step(z: FloatArray, leverage: FloatArray, target: FloatArray) -> FloatArray:
    """Solve ``u + leverage (expit(u) - target) = z`` for each record."""
    # The left side grows with u, and these two lie on either side of the solution.
    low, high = z - leverage * (1 - target), z + leverage * target
    u = z - leverage * (expit(z) - target) / (1 + leverage * expit(z) * expit(-z))
    for _ in range(_MAX_ITER):
        p = expit(u)
        value = u + leverage * (p - target) - z
        low = np.where(value < 0, u, low)
        high = np.where(value > 0, u, high)
        new = u - value / (1 + leverage * p * (1 - p))
        new = np.where((new < low) | (new > high), (low + high) / 2, new)
        moved = np.abs(new - u).max(initial=0.0)
        u = new
        if moved < _TOLERANCE:
            break
    return u


def softmax_step(
    z: FloatArray, leverage: FloatArray, target: FloatArray, *, where: BoolArray
) -> FloatArray:
    """Solve ``u + leverage (softmax(u) - target) = z`` for each record of `where`.

    Parameters
    ----------
    z, target : ndarray of shape (n_records, n_classes)
    leverage : ndarray of shape (n_records, n_classes, n_classes)
        Or (n_records, n_classes), where classes do not move each other.

    Returns
    -------
    u : ndarray of shape (n_records, n_classes)
        NaN where no solution was found, and outside of `where`.
    """
    u = np.where(where[:, None], z, np.nan)
    left = np.flatnonzero(where)
    apart = leverage.ndim == 2
    for _ in range(_MAX_ITER):
        p, q = softmax(u[left], axis=1), leverage[left]
        pull = p - target[left]
        value = u[left] - z[left]
        value += q * pull if apart else np.einsum("nkl,nl->nk", q, pull)
        step = _apart(q, p, value) if apart else _together(q, p, value)
        largest = np.abs(step).max(axis=1)
        step *= np.minimum(1, _MAX_STEP / np.maximum(largest, _MAX_STEP))[:, None]
        u[left] -= step
        left = left[~(largest < _TOLERANCE**0.5)]  # Newton: what is left is squared
        if not len(left):
            break
    u[left] = np.nan
    return u


def _together(q: FloatArray, p: FloatArray, value: FloatArray) -> FloatArray:
    # (I + Q S)^-1 value with S = diag(p) - p p'
    jacobian = (q - np.einsum("nkl,nl->nk", q, p)[:, :, None]) * p[:, None, :]
    jacobian[:, np.arange(p.shape[1]), np.arange(p.shape[1])] += 1
    return np.linalg.solve(jacobian, value[:, :, None])[:, :, 0]


def _apart(q: FloatArray, p: FloatArray, value: FloatArray) -> FloatArray:
    # The same for Q = diag(q): a diagonal less a matrix of rank one, after Sherman and
    # Morrison. The denominator is at least the sum of p / (1 + q p), hence above 0.
    scaled = value / (1 + q * p)
    column = q * p / (1 + q * p)
    factor = (p * scaled).sum(axis=1) / (p / (1 + q * p)).sum(axis=1)
    return scaled + column * factor[:, None]
