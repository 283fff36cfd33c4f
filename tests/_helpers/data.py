"""Rows and labels."""

import numpy as np
from sklearn.datasets import make_classification


def noisy_rows(n=120, n_features=6, *, flip_y=0.2, seed=0, **settings):
    """X and y of which a flexible model can only memorise a part.

    A little more than half of the features are informative where `settings`, which go
    to `make_classification`, say nothing else.
    """
    settings = {"n_informative": n_features // 2 + 1} | settings
    return make_classification(
        n, n_features, flip_y=flip_y, random_state=seed, **settings
    )


def small_integers(n=40, n_columns=5, seed=0):
    """Rows of which every value stands many times, negative ones among them."""
    return np.random.default_rng(seed).integers(-2, 4, size=(n, n_columns))


def coarse_rows(n, n_columns=12, seed=0):
    """Rows of 0 and 1, some contents frequent and some rare, and noisy labels."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, n_columns)) < np.linspace(0.05, 0.5, n_columns)).astype(float)
    return X, (rng.random(n) < coarse_chance(X)).astype(int)


def coarse_chance(X):
    """The chance of label 1 for the rows of `coarse_rows`."""
    weights = np.linspace(-1.5, 1.5, X.shape[1])
    return 1 / (1 + np.exp(-(X - 0.2) @ weights))


def halves(n, seed=0):
    """A random half of `n` rows, as a mask."""
    member = np.zeros(n, dtype=bool)
    member[np.random.RandomState(seed).permutation(n)[: n // 2]] = True
    return member


def balanced_design(n, n_shadows, train_size, rng):
    """Which of `n` records are in which shadow; pairs are complementary at a half."""
    if train_size == 0.5:
        member = np.zeros((n_shadows, n), dtype=bool)
        for k in range(0, n_shadows, 2):
            order = rng.permutation(n)
            member[k, order] = (np.arange(n) + rng.randint(2)) % 2 == 1
            member[k + 1 : k + 2] = ~member[k]
        return member
    count = np.floor(train_size * n_shadows + rng.uniform(size=n))
    return rng.uniform(size=(n_shadows, n)).argsort(axis=0) < count


def corners(y, n_features, distance):
    """One normal cloud for each class, centred `distance` along an axis of its own."""
    rng = np.random.RandomState(0)
    centers = distance * np.eye(np.max(y) + 1, n_features)
    return rng.randn(len(y), n_features) + centers[y]


def fruit(sizes=(10, 20, 30)):
    """Three classes far apart, labelled with text, in no order: apple, pear and fig."""
    y = np.repeat([2, 0, 1], sizes)
    return corners(y, 4, 4), np.array(["pear", "fig", "apple"])[y]


def mixed_frame(n=120):
    """A pandas frame of numbers, text and a categorical column, and its labels."""
    import pandas as pd

    X, y = noisy_rows(n)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(6)])
    frame["town"] = np.array(["Rome", "Oslo", "Lima"])[np.arange(n) % 3]
    frame["size"] = pd.Categorical(np.array(["s", "m", "l"])[np.arange(n) // 7 % 3])
    return frame, y


class ArrayInterface:
    """Has `__array__` and nothing else, as in scikit-learn's estimator checks."""

    def __init__(self, data):
        self.data = np.asarray(data)

    def __array__(self, dtype=None, copy=None):
        return self.data if dtype is None else self.data.astype(dtype)
