"""Persons with several rows each, whose rows resemble each other."""

import numpy as np


def persons_of(sizes, seed=0, n_features=20, within=0.5, by_row=True):
    """Rows of persons around a centre each, with labels drawn at random.

    Returns X, y and the number of each row's person. Labels are drawn `by_row`, or one
    for a person.
    """
    rng = np.random.RandomState(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), n_features))
    X = centres[groups] + within * rng.normal(size=(len(groups), n_features))
    labels = rng.randint(2, size=len(groups) if by_row else len(sizes))
    return X, labels if by_row else labels[groups], groups


def split(groups, seed=0, fraction=0.5):
    """Rows of a random part of the persons, whole."""
    names = np.random.RandomState(seed).permutation(np.unique(groups))
    return np.isin(groups, names[: round(fraction * len(names))])


def sides(X, y, groups, member):
    """What an audit is given, and its pair of groups."""
    return (X[member], y[member], X[~member], y[~member]), (
        groups[member],
        groups[~member],
    )
