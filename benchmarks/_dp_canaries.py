"""Worst-case rows for every private mechanism, and what an attacker looks at.

A canary runs a mechanism on two neighbouring data sets, made so that its noise is all
that hides the difference: few other rows or rows that cancel out, and a row at the edge
of what is allowed. The attacker knows all of that and sees the published model.

A canary is called with the parameters of the private classifier, how neighbours differ
and how many rows of the person differ, and returns the scores of the runs with the rows
and of those without, or with others in their place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from dp_accounting import get_sigma_gaussian
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import DifferentialPrivacyClassifier

DELTA = 1e-5
NORM = 1e4
# Of the budget, what the searches of noisy gradient descent leave to the gradients.
_LITTLE = 0.02


@dataclass(frozen=True)
class Canary:
    """One mechanism and its worst case.

    Parameters
    ----------
    play : callable
        ``play(given, seeds, neighbors, size)`` returns two arrays of scores, with the
        rows and without; `given` are parameters of the private classifier.
    cost : int
        By how much fewer runs there are than of others, for the time they take.
    cells : tuple of str
        The neighbours that it is for.
    size : int
        Rows of the person that is in or out.
    """

    play: Callable[..., tuple[np.ndarray, np.ndarray]]
    cost: int = 1
    cells: tuple[str, ...] = ("add_remove", "replace")
    size: int = 1


def private(estimator: Any, given: dict[str, Any], seed, X, y, groups=None, **more):
    """The fitted private classifier."""
    model = DifferentialPrivacyClassifier(
        estimator, random_state=int(seed), **(given | more)
    )
    return model.fit(X, y, groups=groups)


def neighbours(rest, row, other, neighbors, size):
    """The rest with `size` times a row, and without or with another in its place."""

    def joined(some):
        rows = np.repeat([some[0]], size, axis=0)
        return np.vstack([rest[0], rows]), np.append(rest[1], np.repeat(some[1], size))

    return joined(row), (rest if neighbors == "add_remove" else joined(other))


def one_at_a_time(score, estimator, rest, row, other, **more):
    """A canary of one difference in each run; `score` is asked of the model.

    The rest may depend on epsilon and on how neighbours differ.
    """

    def play(given, seeds, neighbors, size):
        others = rest(given["epsilon"], neighbors) if callable(rest) else rest
        sides = neighbours(others, row, other, neighbors, size)
        half = len(seeds) // 2
        parts = zip(sides, (seeds[:half], seeds[half:]), strict=True)
        return tuple(
            np.array([run(given, seed, side) for seed in part]) for side, part in parts
        )

    def run(given, seed, side):
        try:
            return float(score(private(estimator, given, seed, *side, **more)))
        except ValueError as error:  # of teachers' votes, which the message names
            if "noisy votes" not in str(error):
                raise
            return 0.5

    return play


# ---- noisy gradient descent: many canaries in one run

N_CANARIES = 100


def many(estimator, weights, *, pairs=(1000, 1.0), known=False, **more):
    """A canary of a hundred persons in each run, each in or out by a coin.

    Every one has a column of its own; all other rows are pairs that cancel out. A
    penalty holds the weights of the columns so near zero that a person's gradient is
    at the clip in every step: its weight is then a sum of that and of noise alone.
    `pairs` are their number, and how long their rows are beside those of the persons.
    With neighbours replaced, the coin turns the label. `weights` are asked of the
    model.
    """

    def play(given, seeds, neighbors, size):
        scores, inside = [], []
        for seed in seeds:
            coins = np.random.RandomState(seed).uniform(size=N_CANARIES) < 0.5
            X, y, persons = crowd(coins, neighbors, size, *pairs)
            groups = persons if known else None
            fit = private(estimator, given, seed, X, y, groups=groups, **more)
            found = weights(fit.estimator_)[:N_CANARIES]
            # In the run's own unit, which a noisy number of rows has moved for all.
            scores.append(found / np.std(found))
            inside.append(coins)
        every, of_in = np.concatenate(scores), np.concatenate(inside)
        return every[of_in], every[~of_in]

    return play


def own_weights(model):
    return model.coef_[0]


def towards_output(model):
    """Weights of the columns, along what the units say to the output."""
    return model.coefs_[0] @ model.coefs_[1][:, 0]


def crowd(coins, neighbors, size, n_pairs, height):
    """Rows of the persons and of the pairs that cancel out, labels and persons."""
    n = len(coins)
    here = np.flatnonzero(coins) if neighbors == "add_remove" else np.arange(n)
    rows = np.repeat(np.eye(n + 1)[here], size, axis=0)
    pairs = np.zeros((2 * n_pairs, n + 1))
    pairs[:, -1] = height * np.where(np.arange(2 * n_pairs) // 2 % 2, 1, -1)
    y = np.append(np.repeat(coins[here], size).astype(int), np.arange(2 * n_pairs) % 2)
    persons = np.append(np.repeat(here, size), n + np.arange(2 * n_pairs))
    return np.vstack([rows, pairs]), y, persons


# ---- all others: one difference in each run

_ROW, _ORIGIN = np.array([NORM]), np.zeros(1)
_ZEROS = (np.zeros((3, 1)), np.array([0, 1, 0]))
_TINY = np.array([1e-6])
# So little curvature beside the penalty that all of epsilon goes into the gradient's
# noise, and so much that the penalty has to be raised for it.
STIFF = LogisticRegression(fit_intercept=False, C=1e-3 / NORM**2)
SOFT = LogisticRegression(fit_intercept=False, C=0.1 / NORM)


def weight(clf):
    return clf.estimator_.coef_[0, 0]


def between_classes(clf):
    """Where classes have the same noise, there is none in their difference."""
    weights = clf.estimator_.coef_
    return weights[0, 0] - weights[1, 0]


def curvature(clf):
    return -abs(weight(clf))


def class_sums(clf):
    """The sum over classes of noisy sums, and the counts of classes."""
    model = clf.estimator_
    sums = model.class_count_ * model.theta_[:, 0]
    return sums.sum() + model.class_count_[1] - model.class_count_[0]


def at_zero(clf):
    return clf.predict_proba(np.zeros((1, 1)))[0, 1]


def moments(clf):
    """Mean and number of rows by a private scaler."""
    scaler = clf.estimator_[0]
    return scaler.mean_[0] * scaler.n_samples_seen_


def reach(clf):
    return np.log(clf.bounds_[1][0] - clf.bounds_[0][0])


def share_of_ones(clf):
    return clf.predict(_PUBLIC).mean()


def bins(clf):
    """What the bins of the row's own category add, over all columns."""
    model = clf.estimator_
    return sum(term[0, 1] for term in model.term_scores_)


def edge_of_noise(epsilon, neighbors):
    """As many rows far out as noise alone would make of none: one more decides."""
    # Of the search for one range, which has half of mu.
    mu = 0.5 / get_sigma_gaussian(epsilon, DELTA)
    n_far = round(3.5 * np.sqrt(2 if neighbors == "replace" else 1) / mu)
    return _some_far(1e9, n_far)


def edge_of_slack(epsilon, neighbors):
    """A little more rows far out than a search leaves out: it goes on for a while."""
    return _some_far(1e9, round((8 + 2) / epsilon) + 1)


def _some_far(value, n_far):
    n = 200
    return np.repeat([[1e-6], [value]], [n, n_far], axis=0), np.arange(n + n_far) % 2


_PUBLIC = np.arange(4.0)[:, None]
_N_COLUMNS = 5
_A, _B = np.array(["a"] * _N_COLUMNS, object), np.array(["b"] * _N_COLUMNS, object)
_LEAF = (np.array([[0.0], [1.0]]), np.array([0, 1]))
_EVEN = (np.array([[1.0], [1.0], [1.0], [0.0], [0.0]]), np.array([0, 0, 1, 1, 0]))
_ENDS = (np.repeat([[1e-4], [1e4]], 30, axis=0), np.arange(60) % 2)

_LINEAR = LogisticRegression(C=1e-9, fit_intercept=False)
_LOGISTIC = {"mechanism": "gradient", "bounds_fraction": _LITTLE}
_NETWORK = MLPClassifier((2,), alpha=4.0, activation="identity")

CANARIES: dict[str, Canary] = {
    "gradient, logistic": Canary(many(_LINEAR, own_weights, **_LOGISTIC), cost=4),
    "gradient, logistic, persons known": Canary(
        many(_LINEAR, own_weights, known=True, **_LOGISTIC), cost=4, size=2
    ),
    "gradient, network": Canary(
        many(_NETWORK, towards_output, pairs=(1000, 0.1), data_norm=1.0), cost=8
    ),
    "objective": Canary(
        one_at_a_time(
            weight,
            STIFF,
            _ZEROS,
            (_ROW, 1),
            (_ROW, 0),
            data_norm=NORM,
            mechanism="objective",
        )
    ),
    "objective, three classes": Canary(
        one_at_a_time(
            between_classes,
            STIFF,
            (np.zeros((4, 1)), np.array([0, 1, 2, 2])),
            (_ROW, 0),
            (_ROW, 1),
            data_norm=NORM,
            mechanism="objective",
        )
    ),
    "objective, curvature": Canary(
        one_at_a_time(
            curvature,
            SOFT,
            _ZEROS,
            (_ORIGIN, 1),
            (_ROW, 1),
            data_norm=NORM,
            mechanism="objective",
        ),
        cells=("replace",),
    ),
    "naive Bayes": Canary(
        one_at_a_time(
            class_sums,
            GaussianNB(),
            (np.zeros((2, 1)), np.array([0, 1])),
            (np.ones(1), 1),
            (-np.ones(1), 0),
            bounds=(-1, 1),
        )
    ),
    "tree": Canary(
        one_at_a_time(
            at_zero,
            DecisionTreeClassifier(max_depth=1),
            _LEAF,
            (_ORIGIN, 1),
            (_ORIGIN, 0),
            bounds=(0, 1),
        )
    ),
    "forest": Canary(
        one_at_a_time(
            at_zero,
            RandomForestClassifier(2, max_depth=1),
            _LEAF,
            (_ORIGIN, 1),
            (_ORIGIN, 0),
            bounds=(0, 1),
        )
    ),
    "teachers": Canary(
        one_at_a_time(
            share_of_ones,
            DecisionTreeClassifier(),
            (np.zeros((2, 1)), np.array([0, 1])),
            (_ORIGIN, 1),
            (_ORIGIN, 0),
            X_public=_PUBLIC,
            n_teachers=3,
        ),
        cost=2,
    ),
    "boosting": Canary(
        one_at_a_time(
            bins,
            HistGradientBoostingClassifier(),
            (np.array([_A] * 200), np.arange(200) % 2),
            (_B, 1),
            (_B, 0),
            feature_types=[("a", "b")] * _N_COLUMNS,
        ),
        cost=2,
    ),
    "scaler": Canary(
        one_at_a_time(
            moments,
            make_pipeline(StandardScaler(), GaussianNB()),
            (np.zeros((4, 1)), np.array([0, 1, 0, 1])),
            (np.ones(1), 1),
            (-np.ones(1), 1),
            bounds=(-1, 1),
            scaler_fraction=0.98,
        )
    ),
    "range search": Canary(
        one_at_a_time(
            reach,
            GaussianNB(),
            edge_of_noise,
            (np.array([1e9]), 0),
            (_TINY, 0),
            bounds_fraction=0.98,
        )
    ),
    "norm search": Canary(
        one_at_a_time(
            lambda clf: np.log(clf.data_norm_),
            LogisticRegression(),
            _ENDS,
            (np.array([1e4]), 0),
            (np.array([1e-4]), 0),
            mechanism="gradient",
            bounds_fraction=0.98,
        ),
        cost=8,
    ),
    "norm search, objective": Canary(
        one_at_a_time(
            lambda clf: np.log(clf.data_norm_),
            LogisticRegression(fit_intercept=False, C=1e-20),  # solved at any norm
            edge_of_slack,
            (np.array([1e9]), 0),
            (_TINY, 0),
            mechanism="objective",
            bounds_fraction=0.98,
        )
    ),
}
