"""Differences of shares: exact by enumeration, and by hand where that can be done."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from skmia.audit._subgroups._comparison import (
    Share,
    Term,
    compare,
    count_share,
    holm,
)
from skmia.metrics import Interval, clopper_pearson


def share(k, n):
    return Share(float(k), n, float(n))


def terms(*shares):
    signs = (1, -1, -1, 1)
    return [Term(sign, s.rate, s.ends) for sign, s in zip(signs, shares, strict=True)]


def test_a_share_has_the_exact_interval_of_its_count():
    for k, n in ((0, 9), (3, 9), (9, 9)):
        assert share(k, n).ends(0.1) == pytest.approx(clopper_pearson(k, n, 0.9))
    assert share(0, 0).ends(0.05) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n", "truth"), [(9, 10, 0.3), (0, 30, 0.2), (4, 9, 0.4)])
def test_against_a_known_share_it_is_the_binomial_test(k, n, truth):
    known = Term(-1, truth, lambda alpha: Interval(truth, truth))
    found = compare([Term(1, k / n, share(k, n).ends), known], 0.05)
    tails = binom.cdf(k, n, truth), binom.sf(k - 1, n, truth)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), rel=0.02)


@pytest.mark.parametrize("sizes", [(20, 20), (20, 60), (60, 20)])
@pytest.mark.parametrize("rates", [(0.1, 0.01), (0.2, 0.1), (0.6, 0.02), (0.95, 0.3)])
def test_the_error_is_kept_by_few_records_summed_over_all_outcomes(sizes, rates):
    """The rest is large and just as exposed; every outcome of the group is weighed."""
    n = 10_000
    rest = share(round(rates[0] * n), n), share(round(rates[1] * n), n)
    chance = [
        binom.pmf(np.arange(size + 1), size, rate)
        for size, rate in zip(sizes, rates, strict=True)
    ]
    errors = {0.05: 0.0, 0.01: 0.0}
    for k, m in product(*(range(size + 1) for size in sizes)):
        weight = chance[0][k] * chance[1][m]
        if weight < 1e-7:
            continue
        group = share(k, sizes[0]), share(m, sizes[1])
        p_value = compare(terms(*group, *rest), 0.05).p_value
        for level in errors:
            errors[level] += weight * (p_value < level)
    assert all(error <= level for level, error in errors.items()), errors


def test_rows_of_few_persons_are_taken_to_be_all_alike():
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(8), 5)
    assert count_share(np.zeros(40), persons) == Share(0.0, 40, 8.0)
    # Of many persons whose rows are not alike, each row counts.
    persons = np.repeat(np.arange(2000), 5)
    alone = count_share((rng.random(10_000) < 0.3).astype(float), persons)
    assert 9000 < alone.n_effective <= 10_000
    alike = count_share(np.repeat(rng.random(2000) < 0.3, 5).astype(float), persons)
    assert 1800 < alike.n_effective < 2200


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_nothing_on_either_side_is_no_difference():
    assert compare(terms(*[share(0, 30)] * 4), 0.05).p_value == 1.0
