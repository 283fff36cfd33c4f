"""Whether rows are those of a linear fit: at its optimum their pulls add up to 0."""

from typing import Any

import numpy as np

from skmia.shadows._counterfactual._family import OtherRowsError
from skmia.shadows._counterfactual._linear_rows import dense_blocks
from skmia.signals import FloatArray

# The sum of what rows pull at a coefficient, beside what it would be in the mean were
# their signs drawn: up to the first it is an optimum, and above the second it is none.
_AT_REST = 0.05
_MOVES = 0.3
# Solvers leave so many times what they may.
_LEFT = 3.0


def check_at_rest(
    X: Any,
    slope: FloatArray,
    penalty: FloatArray,
    constant: float | None,
    left: float,
    stopped: bool,
) -> bool:
    """Whether the rows are at the optimum, which tells that they are those of the fit.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_rows, n_columns)
    slope : ndarray of shape (n_rows, n_problems)
        Of the loss of each row, with its weight.
    penalty : ndarray of shape (n_problems, n_terms)
        Of the penalty, at the coefficients.
    constant : float or None
        Value of the last term in all rows, where there is one more than columns.
    left : float
        What the solver may leave of the sum, where columns are of size 1: its tolerance
        times the weight of all rows.
    stopped : bool
        Whether the solver stopped before its optimum, which nothing tells of then.

    Raises
    ------
    OtherRowsError
        Where the sum is far from that of an optimum.
    """
    pull, squares = penalty.astype(np.float64), np.zeros(penalty.shape)
    columns = np.zeros(penalty.shape[1])
    for block, values in dense_blocks(X, constant):
        pull += slope[block].T @ values
        columns += (values**2).sum(axis=0)
        squares += (slope[block] ** 2).T @ values**2
    # In the worst column of each problem; of those without values there is nothing.
    size = np.sqrt(squares)
    share = np.abs(pull) / np.where(size > 0, size, np.inf)
    if share.max(initial=0) <= _AT_REST:
        return True
    typical = np.sqrt(columns / max(len(slope), 1)).max(initial=1.0)
    more = np.abs(pull) > _LEFT * left * typical
    if not stopped and (more & (share > _MOVES)).any():
        raise OtherRowsError
    return False
