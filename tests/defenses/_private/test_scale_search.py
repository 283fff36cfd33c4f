"""The private search for scales: its guarantee, counted and computed; its answers."""

import numpy as np
import pytest
from scipy import stats

from _helpers import global_state
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._grid import MAGNITUDES, SIGNED
from skmia.defenses._private._library import import_diffprivlib
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._scale_search import (
    above_threshold,
    private_norm,
    private_ranges,
)
from skmia.metrics import clopper_pearson

RELATIONS = ("add_remove", "replace")


def _settings(epsilon, rng, neighbors="replace", **given):
    return Settings(Budget(epsilon), neighbors, source=rng, **given)


def _pmf(epsilon):
    """Two-sided geometric noise in closed form."""
    return lambda k: np.tanh(epsilon / 2) * np.exp(-epsilon * np.abs(k))


def _survival(epsilon):
    """P(noise >= k) in closed form."""
    a = np.exp(-epsilon)
    return lambda k: (
        np.where(k > 0, a ** np.abs(k), 1 + a - a ** (1 + np.abs(k))) / (1 + a)
    )


def _exact_distribution(counts, threshold, epsilon):
    """Probability of every answer, summed over the noise on the threshold."""
    half = epsilon / 2
    rho = np.arange(-400, 401)
    at_least = _survival(half)(threshold + rho[:, None] - np.asarray(counts))
    before = np.cumprod(np.hstack([np.ones((len(rho), 1)), 1 - at_least]), axis=1)
    stops = before[:, :-1] * at_least
    stops[:, -1] += before[:, -1]
    return _pmf(half)(rho) @ stops


def _violations(search, first, second, *, epsilon, n_runs, confidence_level):
    """Answers whose chances on two data sets differ by more than exp(epsilon).

    A ratio counts where its lower bound does: both chances are bounded by
    Clopper-Pearson, at a level shared out over all answers and directions.
    """
    rng = np.random.RandomState(0)
    one, two = (
        np.array([search(X, rng) for _ in range(n_runs)]) for X in (first, second)
    )
    answers = np.unique(np.concatenate([one, two]))
    level = 1 - (1 - confidence_level) / (2 * len(answers))
    found = []
    for answer in answers:
        a, b = int((one == answer).sum()), int((two == answer).sum())
        for more, fewer in ((a, b), (b, a)):
            low = clopper_pearson(more, n_runs, level).low
            high = clopper_pearson(fewer, n_runs, level).high
            if low > np.exp(epsilon) * high:
                found.append(float(answer))
    return found


def _neighbours(neighbors="replace", n_rows=12):
    rng = np.random.RandomState(0)
    first = rng.uniform(-1, 1, size=(n_rows, 2))
    far = np.full((1, 2), 1e6)
    if neighbors == "add_remove":
        return first, np.vstack([far, first])
    return first, np.vstack([far, first[1:]])


def test_search_follows_the_exact_distribution():
    counts, threshold, epsilon = [0, 1, 4, 6, 10], 8, 1.0
    exact = _exact_distribution(counts, threshold, epsilon)
    assert exact.sum() == pytest.approx(1, abs=1e-12)
    rng = np.random.RandomState(1)
    n_runs = 20_000
    answers = [above_threshold(counts, threshold, epsilon, rng) for _ in range(n_runs)]
    observed = np.bincount(answers, minlength=len(counts))
    assert stats.chisquare(observed, exact * n_runs).pvalue > 1e-3


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("n_rows", [3, 12, 50])
def test_search_is_private_in_the_exact_distribution(epsilon, n_rows):
    # A row moves from below all candidates but `start` to above all but `stop`: every
    # count in between falls by one.
    rng = np.random.RandomState(n_rows)
    for _ in range(20):
        counts = np.sort(rng.randint(0, n_rows + 1, size=8))
        start, stop = np.sort(rng.choice(9, size=2, replace=False))
        fewer = counts - ((np.arange(8) >= start) & (np.arange(8) < stop))
        threshold = rng.randint(n_rows // 2, n_rows + 1)
        one = _exact_distribution(counts, threshold, epsilon)
        two = _exact_distribution(fewer, threshold, epsilon)
        assert np.abs(np.log(one / two)).max() <= epsilon + 1e-9


def test_the_exact_test_sees_half_of_the_noise():
    # The same computation for a search with counts as noisy as twice the budget buys.
    more = np.full(41, 6)
    fewer = more - (np.arange(41) < 40)
    exceeded = [
        np.abs(
            np.log(
                _exact_distribution(more, threshold, 2.0)
                / _exact_distribution(fewer, threshold, 2.0)
            )
        ).max()
        for threshold in range(5, 13)
    ]
    assert 1.0 < max(exceeded) <= 2.0


@pytest.mark.parametrize("neighbors", RELATIONS)
@pytest.mark.parametrize("epsilon", [0.5, pytest.param(2.0, marks=pytest.mark.slow)])
def test_norm_search_on_neighbours_with_one_extreme_row(epsilon, neighbors):
    first, second = _neighbours(neighbors)
    # 3,000 runs on each, seed 0; a sound search fails this in one case of 1000.
    assert not _violations(
        lambda X, rng: private_norm(X, _settings(epsilon, rng, neighbors)),
        first,
        second,
        epsilon=epsilon,
        n_runs=3_000,
        confidence_level=0.999,
    )


@pytest.mark.slow
def test_range_search_on_neighbours_with_one_extreme_row():
    first, second = _neighbours()
    assert not _violations(
        lambda X, rng: (
            hash(tuple(map(tuple, private_ranges(X, _settings(1.0, rng))))) % 2**52
        ),
        first,
        second,
        epsilon=1.0,
        n_runs=2_000,
        confidence_level=0.999,
    )


def _reads_the_data(X, rng):
    norm = np.linalg.norm(X, axis=1).max()
    return MAGNITUDES[np.searchsorted(MAGNITUDES, norm)]


def _forgets_the_threshold(X, rng):
    """Noise on the counts only, of the scale that the whole budget would need."""
    norms = np.sort(np.linalg.norm(X, axis=1))
    counts = np.searchsorted(norms, MAGNITUDES, side="right")
    noise = import_diffprivlib().mechanisms.Geometric(epsilon=8.0, random_state=rng)
    above = [noise.randomise(int(count)) >= len(X) for count in counts]
    return MAGNITUDES[above.index(True) if any(above) else -1]


@pytest.mark.parametrize(
    "broken",
    [_reads_the_data, pytest.param(_forgets_the_threshold, marks=pytest.mark.slow)],
)
def test_the_counting_test_catches_a_broken_search(broken):
    first, second = _neighbours()
    assert _violations(
        broken, first, second, epsilon=0.5, n_runs=2_000, confidence_level=0.999
    )


def test_norm_is_the_next_power_of_two_where_rows_are_many():
    X = np.random.RandomState(0).uniform(-1, 1, size=(5000, 3))
    norms = np.linalg.norm(X, axis=1)
    found = [
        private_norm(X, _settings(1.0, np.random.RandomState(s))) for s in range(200)
    ]
    true = 2.0 ** np.ceil(np.log2(norms.max()))
    assert np.mean(np.equal(found, true)) > 0.9
    assert np.isin(found, MAGNITUDES).all()


def test_one_row_far_out_does_not_move_the_norm():
    X = np.random.RandomState(0).uniform(-1, 1, size=(5000, 3))
    X[0] = 1e8
    found = [
        private_norm(X, _settings(1.0, np.random.RandomState(s))) for s in range(50)
    ]
    assert np.median(found) == 2.0


def test_ranges_hold_nearly_all_values_of_each_feature():
    rng = np.random.RandomState(0)
    X = np.column_stack(
        [
            rng.uniform(0, 100, 20_000),
            rng.uniform(-3, -1, 20_000),
            rng.randint(0, 2, 20_000),
            np.zeros(20_000),
        ]
    )
    lower, upper = private_ranges(X, _settings(2.0, np.random.RandomState(0)))
    np.testing.assert_array_equal(lower[1:], [-4, 0, 0])
    assert 0 <= lower[0] <= 0.5  # a few of 20,000 values may lie outside
    np.testing.assert_array_equal(upper[:3], [128, -1, 1])
    assert upper[3] > 0  # a range of no width would have no scale


@pytest.mark.parametrize("mu", [None, 0.5])
@pytest.mark.parametrize("neighbors", RELATIONS)
def test_every_kind_of_search_finds_the_ranges(mu, neighbors):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(20_000, 3)) * [100, 3, 1] + [0, 0, 1]
    budget = Budget(2.0) if mu is None else Budget(2.0, 1e-5, mu)
    settings = Settings(budget, neighbors, source=rng)
    lower, upper = private_ranges(X, settings)
    np.testing.assert_array_equal(upper, [128, 4, 2])
    np.testing.assert_array_equal(lower[:2], [-128, -4])
    assert 0 <= lower[2] <= 0.125


def test_few_rows_share_one_range():
    X = np.random.RandomState(0).uniform(-1, 7, size=(300, 50))
    lower, upper = private_ranges(X, _settings(2.0, np.random.RandomState(0)))
    np.testing.assert_array_equal(lower, np.full(50, -1.0))
    np.testing.assert_array_equal(upper, np.full(50, 8.0))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("value", [0.0, -1e30, 1e30, 1e-30])
def test_ranges_always_have_a_width(value, seed):
    X = np.full((5, 2), value)
    lower, upper = private_ranges(X, _settings(0.01, np.random.RandomState(seed)))
    assert lower.shape == upper.shape == (2,)
    assert (lower < upper).all()
    assert np.isin(lower, SIGNED).all()
    assert np.isin(upper, SIGNED).all()


def test_search_leaves_the_rows_and_the_global_generator_alone():
    X = np.random.RandomState(0).uniform(size=(20, 2))
    X.flags.writeable = False
    before = global_state()
    private_norm(X, _settings(1.0, np.random.RandomState(0)))
    private_ranges(X, _settings(1.0, np.random.RandomState(0)))
    np.testing.assert_array_equal(before, global_state())
