"""Worst-case persons for noisy gradient descent, many of them in one run.

Every person is in or out by a coin and has a column of its own, where nobody else has
anything: what noise leaves of a person is in the answers on that column. Persons'
gradients are at the clip in every step, so that the noise of one run gives as many
samples as there are persons.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._gradient import _descent

# A penalty holds all weights near zero, so that nobody's loss gets small.
LINEAR = LogisticRegression(C=1e-9, fit_intercept=False)


@contextmanager
def every_answer() -> Iterator[list[np.ndarray]]:
    """The noisy sums of every step of the runs inside, in standard deviations."""
    answers: list[np.ndarray] = []
    noisy = _descent.add_gaussian

    def watched(sums, scale, source):
        answer = noisy(sums, scale, source)
        answers.append(answer / scale)
        return answer

    with patch.object(_descent, "add_gaussian", watched):
        yield answers


def sum_of_steps(answers: list[np.ndarray]) -> np.ndarray:
    """Of each column: its sum over all steps, with noise of deviation 1.

    Gradients are at the clip in each, so that no attack on them does better.
    """
    return np.sum(answers, axis=0)[:, 0] / np.sqrt(len(answers))


def last_weights(model):
    """What the published model tells: an average over the last steps."""
    return model.estimator_.coef_[0]


def persons(n, coins, neighbors, size, n_pairs, height):
    """Rows of the persons and of all others, labels, whose they are, and the signs.

    With a row more or less, the coin says who is there, and labels take turns; with
    one in place of another the coin turns the label.
    """
    if neighbors == "add_remove":
        here, labels = np.flatnonzero(coins), np.arange(n) % 2
    else:
        here, labels = np.arange(n), coins.astype(int)
    signs = 1 - 2 * (np.arange(n) % 2) if neighbors == "add_remove" else -np.ones(n)
    column = np.append(np.repeat(here, size), np.full(2 * n_pairs, n))
    value = np.append(np.ones(len(here) * size), np.tile([height, -height], n_pairs))
    X = sparse.csr_array(
        (value, (np.arange(len(value)), column)), shape=(len(value), n + 1)
    )
    # Those who are always there: two of each kind, one of either label.
    others = np.arange(2 * n_pairs) // 2 % 2 ^ np.arange(2 * n_pairs) % 2
    y = np.append(np.repeat(labels[here], size), others)
    whose = np.append(np.repeat(here, size), n + np.arange(2 * n_pairs))
    return X, y, whose, signs


def many(estimator, score, *, n=1000, pairs=(1000, 0.25), known=False, seen=True):
    """A canary of `n` persons in each run.

    Parameters
    ----------
    estimator : estimator
        The learner.
    score : callable
        Of the answers of all steps, or of the model where they are not `seen`.
    pairs : tuple
        How many pairs of other rows there are, and their length beside that of persons:
        they are what norms are scaled to.
    known : bool
        Whether the persons are told to the mechanism, by `groups`.
    """

    def play(given, seeds, neighbors, size):
        inside, outside = [], []
        for seed in seeds:
            # A generator of its own: the noise is drawn from that of the seed.
            coins = np.random.RandomState([seed, 1]).uniform(size=n) < 0.5
            X, y, whose, signs = persons(n, coins, neighbors, size, *pairs)
            model = DifferentialPrivacyClassifier(
                estimator,
                mechanism="gradient",
                bounds_fraction=0.02,
                random_state=int(seed),
                **given,
            )
            with every_answer() as answers:
                model.fit(X, y, groups=whose if known else None)
            found = score(answers)[:n] * signs if seen else score(model)[:n] * -signs
            if not seen:  # in the run's unit, which a noisy number of rows has moved
                found = found / np.std(found)
            inside.append(found[coins])
            outside.append(found[~coins])
        return np.concatenate(inside), np.concatenate(outside)

    return play
