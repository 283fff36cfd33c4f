"""Weights of rows, checked before a private fit starts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array


def check_weights(weights: Any, n_rows: int) -> NDArray[np.float64]:
    """`sample_weight` as finite numbers of 0 and more, one for each row.

    A weight that is no number would stay one through all that bounds it, and void the
    noise for every row.

    Raises
    ------
    ValueError
        If it is anything else. Nothing was charged or drawn by then.
    """
    if np.ndim(weights) != 1 or len(weights) != n_rows:
        raise ValueError(
            f"sample_weight.shape == {np.shape(weights)}, expected {(n_rows,)}! Pass "
            "one weight per row of X."
        )
    checked: NDArray[np.float64] = check_array(
        weights, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if (checked < 0).any():
        raise ValueError(
            "Negative values in data passed to `sample_weight`. Got "
            f"{int((checked < 0).sum())} weights below 0; pass 0 for rows that are to "
            "be left out."
        )
    return checked
