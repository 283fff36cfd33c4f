"""What one neighbour can change of a fit: every noisy answer, replayed.

A fit on one data set is recorded: the exact sums that it asked for, the noise, and the
answers. Then its neighbour is fitted, and given the recorded answers. If the two models
are the same, everything that was learnt of the rows went through the answers; and the
exact sums of the two, apart by so many standard deviations of the noise, are what the
neighbour has cost: mu is the root of the sum of their squares.
"""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private import _whole_fit
from skmia.defenses._private._boosting import _queries

TYPES = {"color": ["red", "green", "blue"]}


def _table(n, seed, n_classes=2):
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": random.lognormal(0, 2, n),
            "weight": np.where(random.random(n) < 0.1, np.nan, random.normal(9, 1, n)),
            "color": random.choice(["red", "green"], n),
            "town": random.choice(list("abcdefgh"), n),
        }
    )
    y = (X["size"].to_numpy() * n_classes / 3 + random.random(n)).astype(int)
    return X, np.minimum(y, n_classes - 1)


def _canary(**values):
    row = {"size": 1e6, "weight": np.nan, "color": "blue", "town": "nowhere"}
    return pd.DataFrame([row | values])


def _cost(monkeypatch, first, second, **params):
    """The mu that the pair of data sets has cost, and the two models."""
    sums, scales, answers = [], [], []
    add = _queries.Noise.add

    def record(noise, exact):
        sums.append(exact / _queries.UNIT)
        scales.append(noise.scale)
        answers.append(add(noise, exact))
        return answers[-1]

    again = []

    def replay(noise, exact):
        place = len(again)
        assert noise.scale == scales[place]
        again.append(exact / _queries.UNIT)
        add(noise, exact)  # splits are drawn from the same generator
        return answers[place]

    def fit(data):
        X, y, *groups = data
        clf = DifferentialPrivacyClassifier(
            HistGradientBoostingClassifier(),
            random_state=0,
            feature_types=TYPES,
            **params,
        )
        return clf.fit(X, y, groups=groups[0] if groups else None)

    monkeypatch.setattr(_queries.Noise, "add", record)
    one = fit(first)
    monkeypatch.setattr(_queries.Noise, "add", replay)
    other = fit(second)
    assert len(again) == len(sums)
    parts = [
        np.linalg.norm(a - b) / scale
        for a, b, scale in zip(sums, again, scales, strict=True)
    ]
    return math.hypot(*parts), one, other


def _assert_same_tables(one, other):
    ours, theirs = one.estimator_, other.estimator_
    np.testing.assert_array_equal(ours.intercept_, theirs.intercept_)
    for a, b in zip(ours.term_scores_, theirs.term_scores_, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(ours.bins_, theirs.bins_, strict=True):
        for name, value in vars(a).items():
            np.testing.assert_array_equal(value, vars(b)[name])


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n", [40, 900])
@pytest.mark.parametrize("bounds", ["private", (0, 20)])
def test_a_row_more_costs_no_more_than_mu(monkeypatch, n, bounds, n_classes):
    X, y = _table(n, seed=n, n_classes=n_classes)
    more = pd.concat([X, _canary()], ignore_index=True), np.r_[y, 0]
    cost, one, other = _cost(monkeypatch, (X, y), more, bounds=bounds)
    assert cost <= one.mu_ * (1 + 1e-12)
    _assert_same_tables(one, other)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n", [40, 900])
def test_a_replaced_row_costs_no_more_than_mu(monkeypatch, n, n_classes):
    X, y = _table(n, seed=n, n_classes=n_classes)
    rest = (X.iloc[1:], X.iloc[:1])
    sets = [
        (pd.concat([rest[0], row], ignore_index=True), np.r_[y[1:], label])
        for row, label in ((_canary(), 0), (_canary(color="red", size=-1), 1))
    ]
    cost, one, other = _cost(monkeypatch, *sets, neighbors="replace")
    assert cost <= one.mu_ * (1 + 1e-12)
    _assert_same_tables(one, other)


def test_a_row_against_its_class_costs_nearly_mu(monkeypatch):
    """The worst row: its residual is clipped from the first to the last round."""
    X, y = _table(300, seed=0)
    more = pd.concat([X, _canary(size=X["size"].max())]), np.r_[y, 0]
    cost, one, _ = _cost(monkeypatch, (X, y), more, epsilon=4.0)
    assert 0.7 * one.mu_ < cost <= one.mu_


def test_rows_that_trade_places_cost_nearly_mu(monkeypatch):
    """The worst replacement: the same values with the other label."""
    X, y = _table(300, seed=0)
    sets = [(pd.concat([X, _canary()]), np.r_[y, label]) for label in (0, 1)]
    cost, one, _ = _cost(monkeypatch, *sets, neighbors="replace", epsilon=4.0)
    assert 0.5 * one.mu_ < cost <= one.mu_


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("neighbors", ["add_remove", "replace"])
def test_all_rows_of_a_person_cost_no_more_than_mu(monkeypatch, known, neighbors):
    X, y = _table(200, seed=3)
    persons = np.arange(len(X)) // 2
    own = pd.concat([_canary(), _canary(town="elsewhere"), _canary(size=-9)])
    first, second = (X, y), (pd.concat([X, own]), np.r_[y, 0, 0, 0])
    groups = [persons, np.r_[persons, [999] * 3]]
    if neighbors == "replace":
        first = pd.concat([X, own.iloc[[0, 0, 0]]]), np.r_[y, 1, 1, 1]
        groups[0] = groups[1]
    if known:
        first, second = (*first, groups[0]), (*second, groups[1])
        # Nobody has rows to be left out, and the draws of which would shift the splits.
        monkeypatch.setattr(_whole_fit, "keep_some_rows", lambda data, _: data)
    cost, one, other = _cost(
        monkeypatch, first, second, group_size=3, neighbors=neighbors
    )
    assert cost <= one.mu_ * (1 + 1e-12)
    _assert_same_tables(one, other)


def test_known_persons_are_cheaper():
    """Their rows share one weight, instead of three times the noise for everybody."""
    X, y = _table(6000, seed=5)
    persons = np.arange(len(X)) // 3

    def accuracy(groups):
        clf = DifferentialPrivacyClassifier(
            HistGradientBoostingClassifier(), random_state=0, group_size=30, epsilon=0.5
        )
        return clf.fit(X, y, groups=groups).score(*_table(2000, seed=6))

    assert accuracy(persons) > accuracy(None) + 0.02
