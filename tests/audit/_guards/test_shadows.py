"""Shadows that are no comparison for the audited model."""

import numpy as np
import pytest

from skmia.audit._guards._shadows import (
    informed_shadows,
    other_train_size,
    unmoved_shadows,
)

MEMBER = np.arange(400) < 200


def test_unmoved_shadows(evidence):
    assert not list(unmoved_shadows(evidence(MEMBER)))
    (guard,) = unmoved_shadows(evidence(MEMBER, shadows_move=False, n_models=8))
    assert (guard.name, guard.severity, guard.count) == (
        "unmoved_shadows",
        "warning",
        8,
    )


def test_informed_shadows(evidence):
    assert not list(informed_shadows(evidence(MEMBER)))
    noise = np.random.default_rng(0).normal(size=400)
    known = evidence(MEMBER, outside_means=noise + 1.5 * MEMBER)
    (guard,) = informed_shadows(known)
    assert (guard.name, guard.severity) == ("informed_shadows", "warning")
    # Normals at a distance of 1.5: AUC = Phi(1.5 / sqrt(2)) = 0.856.
    assert guard.value == pytest.approx(0.856, abs=0.05)


def test_informed_shadows_is_silent_on_one_source(evidence):
    """The level is one in 2,000; of 400 draws none is expected to fire."""
    rng = np.random.default_rng(0)
    for n in (40, 400):
        member = np.arange(n) < n // 2
        for _ in range(200):
            means = rng.normal(size=n)
            assert not list(informed_shadows(evidence(member, outside_means=means)))


def test_other_train_size(evidence):
    member = np.arange(400) < 360
    for train_size, fires in ((0.9, False), (0.82, False), (0.75, True), (0.5, True)):
        made = {"n_shadows": 8, "train_size": train_size}
        found = list(other_train_size(evidence(member, shadows=made)))
        assert bool(found) == fires
    assert (found[0].name, found[0].severity) == ("other_train_size", "warning")
