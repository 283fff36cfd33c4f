"""What one row can move: all sums with noise, at either relation, with either noise."""

import numpy as np
import pytest
from scipy import stats

from skmia.defenses._private import _moments, _range_counts
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._moments import private_moments
from skmia.defenses._private._noisy_sums import (
    add_noise,
    noise_deviation,
    noise_quantile,
)
from skmia.defenses._private._range_counts import ranges_by_counts

PURE, GAUSSIAN = Budget(0.8), Budget(1.0, 1e-5, 0.3)
RELATIONS = ("add_remove", "replace")


def _settings(budget, neighbors="add_remove", seed=0, **given):
    source = np.random.RandomState(seed)
    return Settings(budget, neighbors, source=source, **given)


class _Recorded:
    """In place of `add_noise`: the exact sums, and how far they are said to move."""

    def __init__(self):
        self.calls = []

    def __call__(self, sums, l1, l2, settings):
        self.calls.append((np.array(sums, dtype=float).ravel(), l1, l2))
        return np.array(sums)


def _moved(ask, first, second):
    """By how much neighbours move each answer, beside what it has noise for."""
    one, two = ask(first), ask(second)
    for (a, l1, l2), (b, *_) in zip(one, two, strict=True):
        yield np.abs(a - b).sum() / l1, np.linalg.norm(a - b) / l2


def _neighbours(neighbors, rng, n_classes):
    """Pairs of data sets: rows at the corners, on the axes, and anywhere."""
    X, y = rng.uniform(-1, 1, size=(6, 2)), rng.randint(n_classes, size=6)
    choices = np.array([-2.0, -1.0, -0.125, 0.0, 0.1, 0.125, 1.0, 2.0])
    for _ in range(300):
        rows = rng.choice(choices, size=(2, 2))
        labels = rng.randint(n_classes, size=2)
        one = (np.vstack([X, rows[:1]]), np.append(y, labels[0]))
        two = (np.vstack([X, rows[1:]]), np.append(y, labels[1]))
        yield ((X, y), one) if neighbors == "add_remove" else (one, two)


@pytest.mark.parametrize("n_classes", [1, 3])
@pytest.mark.parametrize("neighbors", RELATIONS)
def test_no_row_moves_the_moments_further_than_said(neighbors, n_classes, monkeypatch):
    box = (np.full(2, -1.0), np.ones(2))

    def ask(rows):
        recorded = _Recorded()
        monkeypatch.setattr(_moments, "add_noise", recorded)
        settings = _settings(PURE, neighbors, scale=box)
        private_moments(*rows, n_classes, settings)
        return recorded.calls

    rng = np.random.RandomState(0)
    worst = np.max(
        [
            pair
            for first, second in _neighbours(neighbors, rng, n_classes)
            for pair in _moved(ask, first, second)
        ],
        axis=0,
    )
    assert (worst <= 1).all()
    assert (worst > 0.7).all()  # not far more noise than it takes


@pytest.mark.parametrize("neighbors", RELATIONS)
def test_no_row_moves_the_counts_further_than_said(neighbors, monkeypatch):
    def ask(rows):
        recorded = _Recorded()
        monkeypatch.setattr(_range_counts, "add_noise", recorded)
        ranges_by_counts(rows[0], _settings(GAUSSIAN, neighbors))
        return recorded.calls

    rng = np.random.RandomState(0)
    worst = np.max(
        [
            pair
            for first, second in _neighbours(neighbors, rng, 1)
            for pair in _moved(ask, first, second)
        ],
        axis=0,
    )
    assert worst == pytest.approx([1, 1])


@pytest.mark.parametrize("group_size", [1, 3])
def test_geometric_noise_has_the_closed_form(group_size):
    settings = _settings(PURE, group_size=group_size)
    draws = add_noise(np.zeros(100_000, dtype=np.int64), 2.0, 1.0, settings)
    scale = group_size * 2.0 / 0.8
    assert noise_deviation(2.0, 1.0, settings) == pytest.approx(np.sqrt(2) * scale)
    places = np.arange(-8, 9)
    chance = np.tanh(0.5 / scale) * np.exp(-np.abs(places) / scale)
    observed = [(draws == place).sum() for place in places]
    rest = len(draws) - sum(observed)
    expected = np.append(chance, 1 - chance.sum()) * len(draws)
    assert stats.chisquare([*observed, rest], expected).pvalue > 1e-3


def test_gaussian_noise_is_scaled_to_the_budget_and_the_group():
    settings = _settings(GAUSSIAN, group_size=2)
    sums = np.zeros(50_000, dtype=np.int64)
    draws = add_noise(sums, 1.0, 1000.0, settings)
    deviation = 2 * 1000.0 / 0.3
    assert noise_deviation(1.0, 1000.0, settings) == pytest.approx(deviation)
    assert stats.kstest(draws / deviation, "norm").pvalue > 1e-3


@pytest.mark.parametrize("budget", [PURE, GAUSSIAN])
def test_a_draw_exceeds_its_quantile_as_often_as_said(budget):
    settings = _settings(budget)
    draws = add_noise(np.zeros(200_000, dtype=np.int64), 1000.0, 1000.0, settings)
    above = (draws > noise_quantile(1000.0, 1000.0, settings, 0.01)).sum()
    assert stats.binomtest(int(above), len(draws), 0.01).pvalue > 1e-3


def test_a_variance_is_never_below_what_noise_makes_of_none():
    rng = np.random.RandomState(0)
    X = rng.normal(0, 1e-3, size=(500, 4))
    box = (np.full(4, -1.0), np.ones(4))
    for seed in range(20):
        settings = _settings(GAUSSIAN, seed=seed, scale=box)
        moments = private_moments(X, np.zeros(500, dtype=np.intp), 1, settings)
        noise = np.sqrt(1 + 2 * 4) / 0.3 / moments.counts[0]
        assert (moments.variances >= min(noise, 1) - 1e-9).all()
