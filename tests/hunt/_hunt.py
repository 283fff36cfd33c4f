"""Draw scenarios and check each: a few, the same at each run, or many, ever others."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hunt._verdict import check

_FEW = 10


def lengths(few, many):
    """Parametrize a test by how many scenarios it plays; `make hunt` plays the many."""
    whole = pytest.param(many, id="whole", marks=pytest.mark.hunt)
    some = pytest.param(few, id="few")
    return pytest.mark.parametrize("n_scenarios", [some, whole])


def hunt(play, scenarios, n_scenarios):
    """Check so many scenarios; fails on the first that reads wrong, with its repr.

    A few are the same at each run. Of many, a third is read at least: a refusal shows
    little.
    """
    counts = Counter()
    few = n_scenarios <= _FEW

    @settings(
        max_examples=n_scenarios,
        derandomize=few,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios)
    def run(scenario):
        outcome = check(play, scenario)
        counts["refused" if outcome.refused else "read"] += 1

    run()
    assert few or 3 * counts["read"] > n_scenarios, counts
