"""Made-up rows of the shapes that tables have, for rules that may look at no others."""

import numpy as np
from sklearn.datasets import make_classification


def images(n, seed):
    """8 x 8 pixels in [0, 1]: ten smooth templates, with variation of each its own."""
    rng = np.random.RandomState(seed)

    def fields(m):
        z = rng.normal(size=(m, 8, 8))
        for axis in (1, 2):
            z = (z + np.roll(z, 1, axis) + np.roll(z, -1, axis)) / 1.7
        return z.reshape(m, -1)

    templates = fields(1) + fields(10)
    variation = fields(60).reshape(10, 6, 64)
    y = rng.randint(10, size=n)
    x = templates[y] + 0.6 * np.einsum(
        "nk,nkd->nd", rng.normal(size=(n, 6)), variation[y]
    )
    x += 0.5 * rng.normal(size=(n, 64))
    return np.clip(0.25 + 0.3 * x, 0, 1).astype(np.float32), y


def survey(n, seed):
    """Standardised numbers, two with heavy tails, beside one-hot columns; two classes.

    A quarter of the rows is in the second class.
    """
    rng = np.random.RandomState(seed)
    hidden = rng.normal(size=(n, 3))
    numbers = 0.6 * hidden @ rng.normal(size=(3, 6)) + rng.normal(size=(n, 6))
    numbers[:, -2:] = np.exp(1.5 * numbers[:, -2:])
    numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    columns, logit = [numbers], 0.5 * np.tanh(numbers) @ rng.normal(size=6)
    for size in (8, 16, 7, 14, 6, 5, 2, 40):
        level = 1.5 * rng.normal(size=size)
        level = level + 0.7 * hidden @ rng.normal(size=(3, size))
        chosen = (level + rng.gumbel(size=(n, size))).argmax(axis=1)
        columns.append(np.eye(size)[chosen])
        logit += (0.8 * rng.normal(size=size))[chosen]
    logit = 1.1 * logit
    logit -= np.quantile(logit, 0.76)
    y = (logit + 0.8 * rng.logistic(size=n) > 0).astype(int)
    return np.hstack(columns).astype(np.float32), y


def visits(n, seed, n_classes=30, n_columns=446):
    """Sparse binary columns whose chances depend on the class; rows of all lengths."""
    rng = np.random.RandomState(seed)
    level = rng.normal(-2.9, 1.3, size=n_columns)
    common = rng.normal(size=(n_classes, 12)) @ rng.normal(size=(12, n_columns))
    own = rng.normal(size=(n_classes, n_columns))
    chance = rng.dirichlet(np.full(n_classes, 6.0))
    y = rng.choice(n_classes, n, p=chance)
    level = level + 0.5 * (common / 12**0.5 + 0.8 * own)[y]
    level = level + rng.normal(scale=0.45, size=(n, 1))
    noise = rng.normal(size=(n, 8)) @ rng.normal(size=(8, n_columns))
    level += 0.7 / 8**0.5 * noise
    return (rng.uniform(size=level.shape) < 1 / (1 + np.exp(-level))).astype(float), y


def points(n, seed, n_columns=20, n_classes=3):
    """scikit-learn's clusters, one for each class."""
    return make_classification(
        n,
        n_columns,
        n_informative=max(n_classes, n_columns // 3),
        n_redundant=n_columns // 4,
        n_classes=n_classes,
        n_clusters_per_class=1,
        class_sep=1.2,
        random_state=seed,
    )
