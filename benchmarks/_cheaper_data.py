"""Rows for `cheaper_fits`."""

from functools import cache

import numpy as np
from _data import load_adult
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler


@cache
def adult_numbers(n):
    """Adult as numbers: scaled, and one-hot for what is text."""
    X, y = load_adult(n)
    numbers = X.select_dtypes("number").columns
    words = [name for name in X if name not in numbers]
    encode = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(sparse_output=False), words)
    )
    return encode.fit_transform(X), np.asarray(y)


def texts(n=2000, length=60):
    """Made-up texts of two classes, which differ in how common their words are."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    ranks = rng.pareto(1, (n, length)) * 20 + 40 * y[:, None] * rng.random((n, length))
    ranks = np.minimum(ranks, 2999).astype(int)
    rows = [" ".join(f"w{rank}" for rank in row) for row in ranks]
    return np.array(rows, dtype=object), y
