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
from unittest.mock import patch

import _dp_boosting
import _dp_networks
import numpy as np
from _dp_gradients import LINEAR, last_weights, many, sum_of_steps
from dp_accounting import get_sigma_gaussian
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private import _noisy_sums

DELTA = 1e-5
NORM = 1e4


@dataclass(frozen=True)
class Canary:
    """One mechanism and its worst case.

    Parameters
    ----------
    play : callable
        ``play(given, seeds, neighbors, size)`` returns two arrays of scores, with the
        rows and without; `given` are parameters of the private classifier.
    runs : int
        On either data set, for each seed.
    cells : tuple of str
        The neighbours that it is for.
    size : int
        Rows of the person that is in or out.
    """

    play: Callable[..., tuple[np.ndarray, np.ndarray]]
    runs: int = 50
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


def every_sum(estimator, rest, row, other, **more):
    """A canary of one difference in each run, to an attacker who sees all noisy sums.

    What the sums of both data sets are without noise is known to him: no sum depends on
    an earlier one.
    """

    def play(given, seeds, neighbors, size):
        sides = neighbours(rest, row, other, neighbors, size)
        (one, _), (two, _) = (run(given, 0, side) for side in sides)
        apart = [a - b for a, b in zip(one, two, strict=True)]
        half = len(seeds) // 2
        parts = zip(sides, (seeds[:half], seeds[half:]), strict=True)
        return tuple(
            np.array([along(apart, run(given, seed, side)[1]) for seed in part])
            for side, part in parts
        )

    def along(apart, answers):
        return sum(float(np.sum(a * b)) for a, b in zip(apart, answers, strict=True))

    def run(given, seed, side):
        exact, answers, noisy = [], [], _noisy_sums.add_gaussian

        def watched(sums, scale, source):
            answer = noisy(sums, scale, source)
            exact.append(sums / scale)
            answers.append(answer / scale)
            return answer

        with patch.object(_noisy_sums, "add_gaussian", watched):
            private(estimator, given, seed, *side, **more)
        return exact, answers

    return play


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


def at_zero(clf):
    return clf.predict_proba(np.zeros((1, 1)))[0, 1]


def reach(clf):
    return np.log(clf.bounds_[1][0] - clf.bounds_[0][0])


def share_of_ones(clf):
    return clf.predict(_PUBLIC).mean()


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


# None of them a row of the fit, which is refused.
_PUBLIC = np.arange(4.0)[:, None] + 0.25
_LEAF = (np.array([[0.0], [1.0]]), np.array([0, 1]))
_EVEN = (np.array([[1.0], [1.0], [1.0], [0.0], [0.0]]), np.array([0, 0, 1, 1, 0]))
_ENDS = (np.repeat([[1e-4], [1e4]], 30, axis=0), np.arange(60) % 2)

CANARIES: dict[str, Canary] = {
    "gradient, logistic": Canary(many(LINEAR, sum_of_steps), runs=2),
    "gradient, logistic, two rows each": Canary(
        many(LINEAR, sum_of_steps), runs=1, size=2
    ),
    "gradient, logistic, persons known": Canary(
        many(LINEAR, sum_of_steps, known=True), runs=1, size=2
    ),
    "gradient, logistic, model alone": Canary(
        many(LINEAR, last_weights, seen=False), runs=1
    ),
    "gradient, network": Canary(_dp_networks.play, runs=4),
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
        every_sum(
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
        runs=15,
    ),
    "boosting": Canary(_dp_boosting.play, runs=6),
    "scaler": Canary(
        every_sum(
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
        ),
        runs=25,
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
        runs=15,
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
        ),
        runs=25,
    ),
}
