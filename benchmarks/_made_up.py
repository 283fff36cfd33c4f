"""Made-up data, for rules that must not be tuned on anybody's rows."""

import numpy as np


def clusters(n, d, n_classes, seed, rank=12, noise=1.0):
    """Amounts: two clusters for each class, in few directions, that are not centred."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(2 * n_classes, rank)) * 1.6
    directions = rng.normal(size=(rank, d)) / np.sqrt(rank)
    shift = 2 * np.abs(rng.normal(size=d))
    y = rng.integers(n_classes, size=n)
    hidden = centres[2 * y + rng.integers(2, size=n)]
    hidden = hidden + noise * rng.normal(size=(n, rank))
    X = hidden @ directions + 0.3 * rng.normal(size=(n, d)) + shift
    return np.maximum(X, 0), y


def bits(n, d, n_classes, seed, sharp=1.0):
    """Rare attributes, whose chances depend on the class; classes differ in size."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-2.5, 1, size=d) + sharp * rng.normal(size=(n_classes, d))
    y = rng.choice(n_classes, p=rng.dirichlet(np.full(n_classes, 3.0)), size=n)
    return (rng.random((n, d)) < 1 / (1 + np.exp(-logits[y]))).astype(float), y


def mixed(n, d, n_classes, seed):
    """Amounts, some of them with long tails, and categories as columns of 0 and 1."""
    rng = np.random.default_rng(seed)
    amounts = rng.normal(size=(n, 6))
    tails = rng.exponential(4, size=(n, 2))
    amounts[:, 4:] = np.where(rng.random((n, 2)) < 0.1, tails, -0.2)
    blocks, left = [amounts], d - 6
    while left > 0:
        k = min(left, int(rng.integers(4, 17)))
        chances = rng.dirichlet(np.full(k, 0.7))
        blocks.append(np.eye(k)[rng.choice(k, p=chances, size=n)])
        left -= k
    X = np.hstack(blocks)
    scores = np.tanh(0.7 * X @ rng.normal(size=(d, 24))) @ rng.normal(
        size=(24, n_classes)
    )
    scores = 0.8 * scores + 0.6 * X @ rng.normal(size=(d, n_classes))
    scores -= scores.mean(axis=0)
    scores[:, 0] += 1
    return X, (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)


KINDS = {"clusters": clusters, "bits": bits, "mixed": mixed}
