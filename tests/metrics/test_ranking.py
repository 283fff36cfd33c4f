"""The ROC and what is read off it, against scikit-learn, figures of peers and sums."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score, roc_curve

from skmia.metrics import (
    membership_advantage,
    ppv_at_prior,
    roc_auc,
    roc_vertices,
    tpr_at_fpr,
)
from skmia.metrics._precision import precision_at_prior

# SACRO-ML's test_metrics.py.
SACRO_MEMBERSHIP = [0, 0, 0, 1, 1, 1]
SACRO_SCORES = [0.1, 0.6, 0.2, 0.45, 0.9, 0.99]


def tied_data(seed, n=300, n_levels=12):
    rng = np.random.RandomState(seed)
    membership = rng.uniform(size=n) < 0.4
    scores = rng.randint(n_levels, size=n) + 2.0 * membership * rng.randint(2, size=n)
    return membership, scores


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_levels", [1, 2, 12, 10**6])
def test_curve_and_area_equal_scikit_learn(seed, n_levels):
    membership, scores = tied_data(seed, n_levels=n_levels)
    expected = roc_curve(membership, scores, drop_intermediate=False)
    for ours, theirs in zip(roc_vertices(membership, scores), expected, strict=True):
        assert_array_equal(ours, theirs)
    assert_allclose(
        roc_auc(membership, scores), roc_auc_score(membership, scores), rtol=1e-12
    )


@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_a_scan_over_thresholds(seed):
    membership, scores = tied_data(seed)
    rules = [scores >= t for t in [np.inf, *np.unique(scores)]]
    points = [(r[membership].mean(), r[~membership].mean()) for r in rules]
    assert_allclose(
        membership_advantage(membership, scores), max(t - f for t, f in points)
    )
    for max_fpr in (0.0, 0.05, 0.3, 1.0):
        best = max(t for t, f in points if f <= max_fpr)
        below = tpr_at_fpr(membership, scores, max_fpr, ties="below")
        assert_allclose(below, best)
        # Two neighbouring thresholds, one of them taken with a certain chance.
        mixed = [
            t0 + (t1 - t0) * np.clip((max_fpr - f0) / max(f1 - f0, 1e-12), 0, 1)
            for (t1, f1), (t0, f0) in pairwise([points[0], *points[:0:-1]][::-1])
            if f0 <= max_fpr
        ]
        assert_allclose(tpr_at_fpr(membership, scores, max_fpr), max(mixed))
    for prior in (0.01, 0.5):
        precisions = [
            prior * t / (prior * t + (1 - prior) * f) if t + f else prior
            for t, f in points
        ]
        assert_allclose(ppv_at_prior(membership, scores, prior), max(precisions))


def test_threshold_attack_area_of_tf_privacy():
    """C8: loss is low for members, so the score is its negative."""
    members = [0.1, 0.2, 1.3, 0.4, 0.5, 0.6]
    nonmembers = [1.1, 1.2, 1.3, 0.4, 1.5, 1.6]
    membership = [1] * 6 + [0] * 6
    scores = -np.array(members + nonmembers)
    assert_allclose(roc_auc(membership, scores), 0.8333333, atol=1e-7)


def test_every_vertex_is_a_rule_of_tf_privacy():
    """C8: the identity that TF-privacy tests on losses."""
    rng = np.random.RandomState(27)
    members = rng.rand(100)
    nonmembers = rng.rand(50) + 0.1
    membership = np.repeat([1, 0], [100, 50])
    fpr, tpr, thresholds = roc_vertices(
        membership, -np.concatenate([members, nonmembers])
    )
    assert len(fpr) == 151
    assert_allclose(tpr, [(members <= -t).mean() for t in thresholds])
    assert_allclose(fpr, [(nonmembers <= -t).mean() for t in thresholds])


def test_tie_blocks_are_one_vertex():
    """C9 and trap 11: LeakPro read fpr [0, .5] and an area of .375 here."""
    fpr, tpr, thresholds = roc_vertices([1, 0, 1, 0], [9, 9, 5, 5])
    assert fpr.tolist() == tpr.tolist() == [0, 0.5, 1]
    assert thresholds.tolist() == [np.inf, 9, 5]
    assert roc_auc([1, 0, 1, 0], [9, 9, 5, 5]) == 0.5


def test_constant_scores_say_nothing_whatever_the_order():
    """C9 and trap 11: read in the order of the rows, they separate perfectly."""
    membership = np.repeat([True, False], [40, 60])
    scores = np.full(100, 3.0)
    in_row_order = membership[np.argsort(-scores, kind="stable")]
    assert in_row_order[:40].all()  # a TPR of 1 at an FPR of 0, from nothing
    for rows in (slice(None), slice(None, None, -1)):
        assert roc_auc(membership[rows], scores) == 0.5
        # An attacker who draws records at random finds as many of either side.
        assert tpr_at_fpr(membership[rows], scores, 0.99) == pytest.approx(0.99)
        assert tpr_at_fpr(membership[rows], scores, 0.99, ties="below") == 0.0
        assert membership_advantage(membership[rows], scores) == 0.0
        assert ppv_at_prior(membership[rows], scores, 0.1) == pytest.approx(0.1)


def test_ties_are_broken_at_random():
    """The mean over attackers who flag part of a block at random, FPR .1; 400 draws."""
    membership, scores = tied_data(0, n=500, n_levels=4)
    rng = np.random.RandomState(0)
    found = []
    for _ in range(400):
        # An order within the blocks that is drawn anew.
        order = np.lexsort((rng.uniform(size=500), -scores))
        flagged = np.cumsum(~membership[order]) <= 0.1 * (~membership).sum()
        found.append((flagged & membership[order]).sum() / membership.sum())
    error = np.std(found) / np.sqrt(400)
    # Those flagged before the first non-member too many are half a gap more.
    gap = np.diff(np.flatnonzero(~membership[order])).mean() / membership.sum()
    read = tpr_at_fpr(membership, scores, 0.1)
    assert read - 4 * error < np.mean(found) < read + gap + 4 * error
    assert tpr_at_fpr(membership, scores, 0.1, ties="below") < read - 0.1


def test_precision_inside_a_block_of_ties():
    """All members and half of the others tie at the top: twice the prior odds."""
    membership, scores = [1] * 4 + [0] * 4, [9, 9, 9, 9, 9, 9, 0, 0]
    assert_allclose(ppv_at_prior(membership, scores, 0.5, max_fpr=0.25), 2 / 3)
    assert_allclose(ppv_at_prior(membership, scores, 0.5), 2 / 3)


def test_what_ties_may_be():
    with pytest.raises(ValueError, match="'ties' parameter must be a str among"):
        tpr_at_fpr([1, 0], [1, 0], 0.1, ties="above")


def test_perfect_split_of_two_levels():
    """C9 and trap 11: without the vertex (0, 1) a line from (0, 0) reads .001."""
    membership, scores = [1] * 50 + [0] * 50, [1] * 50 + [0] * 50
    assert np.interp(0.001, [0, 1], [0, 1]) == 0.001
    assert roc_auc(membership, scores) == 1.0
    assert tpr_at_fpr(membership, scores, 0.001) == 1.0
    assert tpr_at_fpr(membership, scores, 0.0) == 1.0
    assert membership_advantage(membership, scores) == 1.0
    assert ppv_at_prior(membership, scores, 0.001, max_fpr=0.0) == 1.0


@pytest.mark.parametrize(
    ("membership", "scores", "max_fpr", "point"),
    [
        ([1, 0, 1, 1], [0.35, 0.3, 0.33, 0.6], 0.001, (0.0, 1.0, 0.33)),
        ([1, 0, 1, 1, 1, 0], [0.35, 0.33, 0.32, 0.6, 0.6, 0.2], 0.5, (0.5, 1.0, 0.32)),
        ([1, 0, 1, 1, 1, 0], [0.35, 0.33, 0.32, 0.6, 0.6, 0.2], 0.0, (0.0, 0.75, 0.35)),
    ],
)
def test_tpr_at_fpr_of_art(membership, scores, max_fpr, point):
    """C10: the point is a vertex, and the best one within the limit."""
    vertices = list(zip(*roc_vertices(membership, scores), strict=True))
    assert point in vertices
    assert tpr_at_fpr(membership, scores, max_fpr) == point[1]


@pytest.mark.parametrize(
    ("max_fpr", "expected"),
    [(0, 2 / 3), (0.001, 2 / 3), (0.1, 2 / 3), (0.4, 1.0), (1.0, 1.0)],
)
def test_tpr_at_fpr_of_sacro(max_fpr, expected):
    """C10."""
    assert_allclose(tpr_at_fpr(SACRO_MEMBERSHIP, SACRO_SCORES, max_fpr), expected)


def test_area_and_hard_labels_of_sacro():
    """C10: hard labels have one rule between none and all."""
    assert_allclose(roc_auc(SACRO_MEMBERSHIP, SACRO_SCORES), 8 / 9)
    labels = np.array(SACRO_SCORES) > 0.5
    fpr, tpr, _ = roc_vertices(SACRO_MEMBERSHIP, labels)
    assert_allclose(tpr, [0, 2 / 3, 1])
    assert_allclose(fpr, [0, 1 / 3, 1])
    advantage = membership_advantage(SACRO_MEMBERSHIP, labels)
    assert_allclose(advantage, 1 / 3)
    assert_allclose((1 + advantage) / 2, 2 / 3)  # the accuracy


@pytest.mark.parametrize("n", [10, 30, 70, 300])
def test_limit_that_is_a_whole_number_of_records(n):
    """All of 1 / n, ..., n / n allow for that many, however they are rounded."""
    membership = np.repeat([1, 0], n)
    scores = np.concatenate([np.arange(n) - 0.5, np.arange(n)])
    # The k highest non-members let k members in between.
    expected = np.arange(n) / n
    found = [tpr_at_fpr(membership, scores, k * (1 / n)) for k in range(n)]
    assert_allclose(found, expected, rtol=1e-12)


def test_precision_of_tf_privacy():
    """C12: their figure is that of no flag at all, by a tolerance; ours by (0, 0)."""
    tpr = np.array([0.1, 1e-4, 2e-4])
    fpr = np.array([0.2, 0.04, 3e-4])
    expected = [0.1 / 0.3, 1e-4 / 0.0401, 0.4]
    assert_allclose(precision_at_prior(tpr, fpr, 0.5), expected)
    with_origin = precision_at_prior(np.r_[0, tpr], np.r_[0, fpr], 0.5)
    assert_allclose(with_origin.max(), 0.5)


@pytest.mark.parametrize("ratio", [0.25, 1.0, 9.0])
def test_precision_when_none_is_flagged_is_the_prior(ratio):
    """C12: both rates 0 give 1 / (1 + r), with r = (1 - prior) / prior."""
    prior = 1 / (1 + ratio)
    # The one non-member that is allowed for stands on top of all.
    membership, scores = [0, 1, 1, 0], [9, 2, 1, 0]
    assert_allclose(ppv_at_prior(membership, scores, prior, max_fpr=0.0), prior)
    # tpr 1 at fpr 1/2.
    expected = 1 / (1 + ratio / 2)
    assert_allclose(ppv_at_prior(membership, scores, prior, max_fpr=0.5), expected)
    assert_allclose(ppv_at_prior(membership, scores, prior), expected)


def test_precision_is_read_at_the_fewest_false_positives():
    """Of two rules with the same TPR within the limit the cheaper one counts."""
    membership, scores = [1, 0, 0, 0, 1], [5, 4, 3, 2, 1]
    assert ppv_at_prior(membership, scores, 0.5, max_fpr=0.7) == 1.0


def test_maximal_precision_is_optimistic():
    """Scores without any information: the very top still reads as certain."""
    rng = np.random.RandomState(0)
    membership = rng.permutation(np.repeat([True, False], 1000))
    scores = rng.normal(size=2000)
    scores[np.flatnonzero(membership)[0]] = 9.0
    assert ppv_at_prior(membership, scores, 0.01) == 1.0
    assert ppv_at_prior(membership, scores, 0.01, max_fpr=0.1) < 0.02


def test_counts_of_tf_privacy():
    """C15: all ten scores as thresholds, after the one at infinity."""
    members, nonmembers = [9, 4, 5, 0], [3, 8, 6, 1, 2, 7]
    fpr, tpr, thresholds = roc_vertices([1] * 4 + [0] * 6, members + nonmembers)
    assert_allclose(tpr * 4, [0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4])
    assert_allclose(fpr * 6, [0, 0, 1, 2, 3, 3, 3, 4, 5, 6, 6])
    assert thresholds.tolist() == [np.inf, *range(9, -1, -1)]


def test_counts_do_not_overflow_where_pairs_do():
    n = 70_000  # n * n is above the largest 32-bit integer
    membership = np.repeat([1, 0], n)
    scores = np.repeat([1.0, 0.0], n)
    assert roc_auc(membership, scores) == 1.0
    assert roc_auc(membership, -scores) == 0.0
