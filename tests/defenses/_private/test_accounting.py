import math

import dp_accounting
import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from skmia.defenses._private._accounting import (
    budget_of_one_row,
    compose_gaussian,
    delta_of_gaussian,
    epsilon_of_gaussian,
    gaussian_of_pure,
    mu_of_budget,
    pure_of_gaussian,
    remaining_mu,
    rows_between,
)
from skmia.metrics import tpr_ceiling

EPSILONS = (1e-3, 0.1, 1.0, 4.0, 10.0, 100.0, 1e3)
DELTAS = (1e-12, 1e-5, 1e-2, 0.3)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("delta", DELTAS)
def test_the_mu_of_a_budget_is_that_of_another_library(epsilon, delta):
    sigma = dp_accounting.get_sigma_gaussian(epsilon, delta)
    assert mu_of_budget(epsilon, delta) * sigma == pytest.approx(1, rel=2e-7)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("delta", DELTAS)
def test_a_budget_is_never_exceeded_and_hardly_left(epsilon, delta):
    mu = mu_of_budget(epsilon, delta)
    assert delta * (1 - 1e-5) < delta_of_gaussian(mu, epsilon) <= delta
    assert epsilon * (1 - 1e-6) < epsilon_of_gaussian(mu, delta) <= epsilon


@pytest.mark.parametrize("mu", [1e-3, 0.3, 1.0, 5.0, 40.0])
def test_delta_is_the_integral_over_the_loss(mu):
    # delta = E[max(0, 1 - exp(epsilon - L))] with L normal, of mean mu^2 / 2.
    for epsilon in (0.0, mu**2 / 2, mu**2 / 2 + 2 * mu):
        start = (epsilon - mu**2 / 2) / mu
        z = np.linspace(start, start + 40, 400_001)
        loss = mu**2 / 2 + mu * z
        values = norm.pdf(z) * -np.expm1(epsilon - loss)
        expected = trapezoid(values, z)
        assert delta_of_gaussian(mu, epsilon) == pytest.approx(expected, rel=1e-6)


def test_delta_at_both_ends():
    assert delta_of_gaussian(0, 1) == 0
    assert delta_of_gaussian(1.0, 1e4) == 0
    assert delta_of_gaussian(1e3, 1.0) == 1
    assert delta_of_gaussian(1.0, 0.0) == pytest.approx(2 * norm.cdf(0.5) - 1)
    assert epsilon_of_gaussian(1.0, 0.0) == math.inf
    assert epsilon_of_gaussian(0.0, 0.0) == 0
    assert epsilon_of_gaussian(1e-9, 1e-5) == 0
    assert mu_of_budget(1e9, 0.5) > 1e4


def test_gaussian_mechanisms_compose_as_another_library_composes_them():
    mus = [0.1, 0.5, 0.3, 0.7]
    accountant = dp_accounting.pld.PLDAccountant()
    for mu in mus:
        accountant.compose(dp_accounting.GaussianDpEvent(1 / mu))
    expected = accountant.get_epsilon(1e-5)
    found = epsilon_of_gaussian(compose_gaussian(*mus), 1e-5)
    assert found == pytest.approx(expected, rel=1e-3)


def test_what_is_left_and_what_is_spent_are_the_total():
    left = remaining_mu(1.0, 0.3, 0.2)
    assert compose_gaussian(left, 0.3, 0.2) == pytest.approx(1, abs=1e-14)
    assert compose_gaussian(left, 0.3, 0.2) <= 1
    with pytest.raises(ValueError, match="Nothing is left"):
        remaining_mu(1.0, 0.8, 0.7)


@pytest.mark.parametrize("epsilon", [1e-6, 1e-3, 0.5, 4.0, 50.0, 700.0])
def test_a_pure_epsilon_as_a_mu(epsilon):
    mu = gaussian_of_pure(epsilon)
    assert pure_of_gaussian(mu) == pytest.approx(epsilon, rel=1e-9)
    # Any attack that the pure promise allows, the Gaussian one allows, too.
    fpr = np.linspace(0, 1, 1001)
    pure, gaussian = tpr_ceiling(fpr, epsilon=epsilon), tpr_ceiling(fpr, mu=mu)
    assert (pure <= gaussian + 1e-12).all()
    # And no smaller mu would do: the curves touch.
    touch = 1 / (1 + math.exp(min(epsilon, 700)))
    assert tpr_ceiling([touch], mu=mu) == pytest.approx(1 - touch, rel=1e-6)


def test_neighbours_in_rows():
    assert rows_between("add_remove") == 1
    assert rows_between("replace") == 2
    assert rows_between("replace", group_size=5) == 10


@pytest.mark.parametrize("n_rows", [1, 2, 7])
@pytest.mark.parametrize("epsilon", [1e-3, 1.0, 500.0])
def test_the_budget_of_a_row_adds_up_to_that_of_its_group(epsilon, n_rows):
    each, delta = budget_of_one_row(epsilon, 1e-5, n_rows)
    assert each * n_rows == pytest.approx(epsilon)
    total = 0.0  # one row after the other
    for row in range(n_rows):
        total += delta * math.exp(row * each)
    assert total == pytest.approx(1e-5)
