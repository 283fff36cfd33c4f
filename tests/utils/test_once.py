"""What figures of the same scores share is worked out once, and is the same."""

import numpy as np
import pytest

from skmia.metrics import get_metric, metrics_at
from skmia.utils import _once, computing_once, once

METRICS = [metric.name for metric in metrics_at([0.1, 0.01])]


@pytest.fixture
def asked(monkeypatch):
    """How often a marked function was really called."""
    calls = []

    @once
    def total(values, more=None):
        calls.append(values)
        return float(np.sum(values))

    return total, calls


def test_the_same_array_is_looked_at_once(asked):
    total, calls = asked
    values = np.arange(4.0)
    with computing_once():
        assert total(values) == total(values) == 6.0
        with computing_once():
            assert total(values) == 6.0
        assert len(calls) == 1
        # Equal, and another: what is known is not looked for by content.
        assert total(values.copy()) == 6.0
        assert total(values, None) == 6.0
    assert len(calls) == 3
    assert total(values) == 6.0
    assert len(calls) == 4


def test_an_identity_that_is_used_again_is_no_mistake(asked):
    total, calls = asked
    with computing_once():
        for number in range(50):
            assert total(np.full(8, float(number))) == 8.0 * number
    assert len(calls) == 50


def test_many_records_are_not_kept(asked, monkeypatch):
    total, calls = asked
    monkeypatch.setattr(_once, "_MOST", 10)
    one, other = np.ones(8), np.ones(8)
    with computing_once():
        for _ in range(2):
            total(one)
            total(other)
    assert len(calls) == 3


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("groups", [False, True])
def test_figures_are_the_same(name, groups):
    rng = np.random.default_rng(0)
    member = np.arange(300) < 150
    scores = rng.normal(size=300).round(1) + member
    persons = np.arange(300) // 3 if groups else None
    metric = get_metric(name)

    def read():
        return (
            metric.value(member, scores),
            *metric.interval(member, scores, groups=persons),
            *metric.influence(member, scores),
        )

    alone = read()
    with computing_once():
        for other in METRICS:
            get_metric(other).value(member, scores)
            get_metric(other).influence(member, scores)
        assert read() == alone
        assert read() == alone
