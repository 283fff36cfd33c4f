"""What several fits spend together, against dp-accounting and against brute force."""

import itertools
import math

import numpy as np
import pytest

from skmia.defenses import PrivacyLoss, compose_privacy
from skmia.defenses._private._accounting import gaussian_of_pure, mu_of_budget

dp_accounting = pytest.importorskip("dp_accounting")
common = pytest.importorskip("dp_accounting.pld.common")
distributions = pytest.importorskip(
    "dp_accounting.pld.privacy_loss_distribution",
)


def reference(losses, delta):
    """The optimal composition by dp-accounting, of (epsilon, delta) alone."""
    total = distributions.identity()
    for epsilon, own in losses:
        parameters = common.DifferentialPrivacyParameters(epsilon, own)
        total = total.compose(distributions.from_privacy_parameters(parameters))
    return total.get_epsilon_for_delta(delta)


@pytest.mark.parametrize(
    "losses",
    [
        [(0.1, 0.0)] * 100,
        [(1.0, 0.0)] * 16,
        [(0.5, 1e-7)] * 20,
        [(0.3, 0.0)] * 12 + [(0.7, 0.0)] * 12 + [(1.1, 1e-8)] * 5,
        [(2.0, 0.0)],
    ],
)
@pytest.mark.parametrize("delta", [1e-5, 0.01])
def test_planned_fits_are_composed_optimally(losses, delta):
    found = compose_privacy(losses, delta=delta, planned=True)
    assert found.epsilon == pytest.approx(reference(losses, delta), rel=1e-3)
    assert found.delta == delta


def test_different_losses_are_rounded_to_the_safe_side():
    """So many different ones that their sums do not fit into the table."""
    losses = [(0.1 + 0.013 * i, 0.0) for i in range(40)]
    found = compose_privacy(losses, delta=1e-4, planned=True).epsilon
    expected = reference(losses, 1e-4)
    assert expected * (1 - 1e-4) <= found <= expected * 1.03


def test_planned_by_brute_force():
    """Every combination of truthful answers and lies of a few questions."""
    epsilons = [0.2, 0.5, 0.5, 1.0, 1.3]
    epsilon = compose_privacy([(e,) for e in epsilons], delta=0.02, planned=True)[0]
    delta = 0.0
    for truths in itertools.product([True, False], repeat=len(epsilons)):
        p = math.prod(
            1 / (1 + math.exp(-e if t else e))
            for e, t in zip(epsilons, truths, strict=True)
        )
        q = math.prod(
            1 / (1 + math.exp(e if t else -e))
            for e, t in zip(epsilons, truths, strict=True)
        )
        delta += max(p - math.exp(epsilon) * q, 0)
    assert delta == pytest.approx(0.02, rel=1e-6)


def test_gaussian_fits_are_composed_exactly():
    one = PrivacyLoss(1.0, 1e-5, mu_of_budget(1.0, 1e-5))
    found = compose_privacy([one] * 16)
    assert found.mu == pytest.approx(4 * one.mu)
    assert found.delta == 1e-5
    exact = distributions.from_gaussian_mechanism(1 / one.mu).self_compose(16)
    assert found.epsilon == pytest.approx(exact.get_epsilon_for_delta(1e-5), rel=1e-4)
    # Far less than the sum, and planned or not.
    assert found.epsilon < 5
    assert compose_privacy([one] * 16, planned=True) == found
    assert compose_privacy([one]).epsilon == pytest.approx(1.0)


def test_what_holds_for_budgets_that_are_decided_on_the_way():
    pure = [(0.1, 0.0)] * 200
    found = compose_privacy(pure, delta=1e-5)
    mu = gaussian_of_pure(0.1) * math.sqrt(200)
    exact = distributions.from_gaussian_mechanism(1 / mu)
    assert found.mu == pytest.approx(mu)
    assert found.epsilon == pytest.approx(exact.get_epsilon_for_delta(1e-5), rel=1e-4)
    # Never below the optimal one for planned fits, nor above the sum.
    assert reference(pure, 1e-5) < found.epsilon < 20
    assert compose_privacy(pure, delta=0.0).epsilon == pytest.approx(20)


def test_kinds_together():
    gaussian = (1.0, 1e-5, mu_of_budget(1.0, 1e-5))
    one = compose_privacy([gaussian, (0.5, 0.0)], delta=1e-5)
    assert one.epsilon <= 1.5 + 1e-8
    assert one.mu == pytest.approx(math.hypot(gaussian[2], gaussian_of_pure(0.5)))
    # A delta without mu is a chance that all is lost, and is added up.
    both = compose_privacy([gaussian, (0.5, 1e-6)])
    assert both.mu is None
    assert both.delta == pytest.approx(1.1e-5)
    assert compose_privacy([(0.5, 1e-6)] * 3, delta=2e-6).epsilon == math.inf
    assert compose_privacy([(0.5, 1e-6)] * 3).epsilon == pytest.approx(1.5)
    assert compose_privacy([]) == (0.0, 0.0, 0.0)
    assert compose_privacy([(math.inf,), (1.0,)]).epsilon == math.inf


@pytest.mark.parametrize("loss", [(-1.0,), (1.0, 1.0), (1.0, 0.0, -1.0), (np.nan,)])
def test_what_is_no_loss(loss):
    with pytest.raises(ValueError, match="must be a float in"):
        compose_privacy([loss])
