"""The strongest of several attacks: brute force, validity, and what it costs."""

import numpy as np
import pytest
from scipy.stats import norm

from skmia.metrics import get_metric, joint_level, strongest
from skmia.metrics._strongest import _joint_quantile

N = 200
MEMBER = np.arange(2 * N) < N


def draw(rng, shifts, correlation=0.0):
    """Scores of attacks that see members so much higher, at a spread of one."""
    common = np.sqrt(correlation) * rng.normal(size=2 * N)
    own = np.sqrt(1 - correlation) * rng.normal(size=(len(shifts), 2 * N))
    rows = common + own + np.multiply.outer(shifts, MEMBER)
    return {f"attack {i}": row for i, row in enumerate(rows)}


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("n", [2, 4, 8])
def test_the_joint_quantile_by_brute_force(n, correlation):
    rng = np.random.default_rng(0)
    matrix = np.full((n, n), correlation)
    np.fill_diagonal(matrix, 1.0)
    behind = np.linspace(0, 1, n)
    drawn = np.sqrt(correlation) * rng.normal(size=(200_000, 1))
    drawn = drawn + np.sqrt(1 - correlation) * rng.normal(size=(200_000, n))
    c = _joint_quantile(matrix, behind, 0.025)
    # A standard error of 0.00035 at 2.5 %, and that of its own 2,000 draws.
    share = ((drawn - behind).max(axis=1) > c).mean()
    assert share == pytest.approx(0.025, abs=0.0015)


def test_one_attack_has_its_own_interval():
    scores = draw(np.random.default_rng(0), [0.5])
    for name in ("auc", "advantage", "tpr@0.1"):
        metric = get_metric(name)
        best = strongest(MEMBER, scores, name, confidence_level=0.9)
        (values,) = scores.values()
        assert best.value == metric.value(MEMBER, values)
        ends = metric.interval(MEMBER, values, confidence_level=0.9)
        assert best[2:] == tuple(ends)


@pytest.mark.parametrize("metric", ["auc", "advantage", "tpr@0.1"])
def test_between_the_attacks_own_ends_and_bonferronis(metric):
    scores = draw(np.random.default_rng(1), [0.4, 0.5, 0.5], 0.5)
    of = get_metric(metric)
    own = [of.interval(MEMBER, v) for v in scores.values()]
    # A tenth of the error is spent on who is behind.
    wide = [
        of.interval(MEMBER, v, confidence_level=1 - 0.9 * 0.05 / 3)
        for v in scores.values()
    ]
    best = strongest(MEMBER, scores, metric)
    assert best.value == max(of.value(MEMBER, v) for v in scores.values())
    assert best.high == max(high for _, high in own)
    assert max(low for low, _ in wide) <= best.low < max(low for low, _ in own)


def test_copies_of_an_attack_cost_next_to_nothing():
    """And an attack alone at the top next to nothing: a tenth of the error."""
    rng = np.random.default_rng(2)
    (one,) = draw(rng, [0.3]).values()
    copies = [{f"copy {i}": one for i in range(8)}]
    assert joint_level("auc", [MEMBER], copies) < 0.956
    ahead = [draw(rng, [2.0, 0, 0, 0, 0])]
    assert joint_level("auc", [MEMBER], ahead) < 0.956
    together = [draw(rng, [0.0] * 5)]
    assert joint_level("auc", [MEMBER], together) > 0.985


def test_the_order_of_the_rows_does_not_show():
    scores = draw(np.random.default_rng(3), [0.1, 0.2, 0.2])
    scores["tied"] = np.floor(scores["attack 0"])
    order = np.random.default_rng(0).permutation(2 * N)
    shuffled = {name: values[order] for name, values in scores.items()}
    for name in ("auc", "advantage", "tpr@0.01", "tpr@0.1"):
        found = strongest(MEMBER[order], shuffled, name)
        assert found == strongest(MEMBER, scores, name)


def test_perfect_and_constant_attacks():
    sure = MEMBER + np.linspace(0, 0.5, 2 * N)
    scores = {"constant": np.zeros(2 * N), "sure": sure, "again": sure}
    for name in ("auc", "advantage", "tpr@0.1"):
        best = strongest(MEMBER, scores, name)
        assert (best.attack, best.value, best.high) == ("sure", 1.0, 1.0)
        assert 0.7 < best.low < 1
    flat = {"a": np.zeros(2 * N), "b": np.ones(2 * N)}
    best = strongest(MEMBER, flat, "auc")
    assert (best.attack, best.value) == ("a", 0.5)
    assert best.low < 0.5 < best.high


def test_persons_are_the_units():
    """Every person eight times with the same score says no more than once."""
    scores = draw(np.random.default_rng(4), [0.2, 0.3, 0.3], 0.3)
    once = {name: joint_level("auc", [MEMBER], [scores]) for name in ("auc",)}
    often = {name: np.repeat(v, 8) for name, v in scores.items()}
    groups = np.repeat(np.arange(2 * N), 8)
    member = np.repeat(MEMBER, 8)
    by_person = joint_level("auc", [member], [often], units=[groups])
    assert by_person == pytest.approx(once["auc"], abs=1e-3)
    best = strongest(member, often, "auc", groups=groups)
    rows = strongest(member, often, "auc")
    assert best.value == rows.value
    assert best.low < rows.low


@pytest.mark.parametrize("metric", ["auc", "advantage", "tpr@0.1"])
def test_influences_add_up_to_the_spread(metric):
    """Their squares sum to the variance of the figure over draws of the records."""
    rng = np.random.default_rng(5)
    of, values, variances = get_metric(metric), [], []
    for _ in range(400):
        (scores,) = draw(rng, [1.0]).values()
        values.append(of.value(MEMBER, scores))
        variances.append((of.influence(MEMBER, scores) ** 2).sum())
    # A standard error of 3.5 % of the deviation, and the bias of a small sample.
    assert np.sqrt(np.mean(variances)) == pytest.approx(np.std(values), rel=0.17)


@pytest.mark.slow
@pytest.mark.parametrize("n_attacks", [4, 8])
@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_trap_36_where_nothing_leaks(n_attacks, correlation):
    """600 draws: the strongest's own interval is above .5 too often, ours is not."""
    rng = np.random.default_rng(n_attacks)
    above, naive = 0, 0
    auc = get_metric("auc")
    for _ in range(600):
        scores = draw(rng, [0.0] * n_attacks, correlation)
        best = strongest(MEMBER, scores, "auc")
        above += best.low > 0.5
        naive += auc.interval(MEMBER, scores[best.attack]).low > 0.5
    # The wrong reading.
    assert naive / 600 > 0.045
    # Three standard errors above the promised 2.5 %.
    assert above / 600 < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 600)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shifts", [(0.5, 0.5, 0.5, 0.5), (0.1, 0.2, 0.3, 0.8), (0.3, 0.4, 0.45, 0.5)]
)
def test_the_interval_covers_the_largest_truth(shifts):
    rng = np.random.default_rng(0)
    truths = {
        "auc": norm.cdf(max(shifts) / np.sqrt(2)),
        "tpr@0.1": norm.sf(norm.isf(0.1) - max(shifts)),
    }
    for metric, truth in truths.items():
        covered = 0
        for _ in range(300):
            best = strongest(MEMBER, draw(rng, shifts, 0.6), metric)
            covered += best.low <= truth <= best.high
        # Of 95 %, less three standard errors.
        assert covered / 300 > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.parametrize(
    ("scores", "metric", "error", "message"),
    [
        ([1.0], "auc", TypeError, "'scores' parameter must be a dict"),
        ({}, "auc", ValueError, "'scores' parameter must have one attack"),
        ({"a": np.zeros(2 * N)}, "AUC", ValueError, "Got 'AUC' instead"),
        ({"a": np.zeros(2 * N)}, "tpr@0.001", ValueError, "is not resolvable"),
        ({"a": np.zeros(3), "b": np.zeros(3)}, "auc", ValueError, "one entry per"),
        ({"a": np.full(2 * N, np.nan)}, "auc", ValueError, "NaN"),
    ],
)
def test_what_has_no_strongest(scores, metric, error, message):
    with pytest.raises(error, match=message):
        strongest(MEMBER, scores, metric)
    with pytest.raises(ValueError, match="'confidence_level' parameter"):
        strongest(MEMBER, {"a": MEMBER * 1.0}, "auc", confidence_level=1)
