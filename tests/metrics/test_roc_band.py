"""The band of the ROC: the interval of the TPR, at many rates at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import betainc

from skmia.metrics import roc_band, tpr_at_fpr, tpr_at_fpr_interval
from skmia.metrics._tpr_interval import mixture_quantile

RATES = np.array([0.0, 1e-3, 0.004, 0.01, 0.02, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0])


def scored(kind, n=(180, 240)):
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], n)
    scores = rng.normal(size=sum(n)) + membership
    groups = None
    if kind == "ties":
        scores = np.round(scores)
    if kind == "persons":
        groups = np.arange(sum(n)) // 4
        scores += rng.normal(size=groups[-1] + 1)[groups]
    return membership, scores, groups


@pytest.mark.parametrize("kind", ["no ties", "ties", "persons"])
def test_it_is_the_interval_at_every_rate(kind):
    membership, scores, groups = scored(kind)
    band = roc_band(membership, scores, RATES, groups=groups)
    ends = [tpr_at_fpr_interval(membership, scores, f, groups=groups) for f in RATES]
    assert_allclose(np.stack(band[1:], axis=1), ends, atol=1e-7)
    assert band.tpr.tolist() == [tpr_at_fpr(membership, scores, f) for f in RATES]
    order = np.random.RandomState(1).permutation(len(RATES))
    shuffled = roc_band(membership, scores, RATES[order], groups=groups)
    assert_allclose(shuffled, [values[order] for values in band], atol=1e-7)


def test_a_higher_level_is_wider():
    membership, scores, _ = scored("no ties")
    wide, narrow = (
        roc_band(membership, scores, RATES[2:-1], confidence_level=level)
        for level in (0.99, 0.8)
    )
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()


def test_quantiles_of_mixtures_against_a_search_by_bisection():
    """Counts from none to many, some of them spread far, quantiles far out."""
    rng = np.random.RandomState(0)
    count = np.concatenate(
        [np.zeros((3, 8)), rng.uniform(0, 900, (3, 8)), rng.uniform(0, 2, (3, 8))]
    )
    a, b = count + 0.5, 900.5 - count
    for level in (0.0037, 0.025, 0.5, 0.975, 0.9963):
        found = mixture_quantile(a, b, np.full(9, level))
        for x, *of in zip(found, a, b, strict=True):

            def above(u, of=of, level=level):
                return betainc(*of, u).mean() - level

            assert_allclose(x, brentq(above, 0, 1, xtol=1e-14), rtol=1e-4)


@pytest.mark.parametrize("fprs", [[[0.1]], [0.1, 1.1], [-0.1], 0.5, [], [np.nan]])
def test_rates_that_are_refused(fprs):
    with pytest.raises(ValueError, match=r"'fprs' parameter must be a 1D .* Got"):
        roc_band([1, 0], [1, 0], fprs)
