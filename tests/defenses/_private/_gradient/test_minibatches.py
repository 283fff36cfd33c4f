import math

import pytest

from skmia.defenses._private._accounting import (
    compose_gaussian,
    epsilon_of_gaussian,
)
from skmia.defenses._private._gradient._minibatches import (
    noise_of_samples,
    sampled_epsilon,
)

dp_accounting = pytest.importorskip("dp_accounting")
from dp_accounting import pld, rdp  # noqa: E402

DELTA = 1e-5
Relation = dp_accounting.NeighboringRelation


def event(noise, rate, n_steps):
    step = dp_accounting.PoissonSampledDpEvent(
        rate, dp_accounting.GaussianDpEvent(noise)
    )
    return dp_accounting.SelfComposedDpEvent(step, n_steps)


@pytest.mark.parametrize(
    ("neighbors", "relation"),
    [
        ("add_remove", Relation.ADD_OR_REMOVE_ONE),
        ("replace", Relation.REPLACE_ONE),
    ],
)
def test_is_what_the_library_says_of_the_same_events(neighbors, relation):
    accountant = pld.PLDAccountant(relation).compose(event(2.0, 0.1, 100))
    ours = sampled_epsilon(2.0, 0.1, 100, DELTA, neighbors=neighbors)
    assert ours == pytest.approx(accountant.get_epsilon(DELTA), rel=0.01)


def test_is_below_the_bound_of_renyi_and_not_far():
    orders = [1 + x / 10 for x in range(1, 100)] + list(range(11, 64))
    accountant = rdp.RdpAccountant(orders).compose(event(2.0, 0.1, 100))
    ours = sampled_epsilon(2.0, 0.1, 100, DELTA)
    bound = accountant.get_epsilon(DELTA)
    assert 0.7 * bound < ours < bound


@pytest.mark.parametrize("neighbors", ["add_remove", "replace"])
def test_without_sampling_it_is_the_closed_form(neighbors):
    mu = math.sqrt(30) / 8 * (2 if neighbors == "replace" else 1)
    ours = sampled_epsilon(8.0, 1.0, 30, DELTA, other_mu=0.3, neighbors=neighbors)
    exact = epsilon_of_gaussian(compose_gaussian(mu, 0.3), DELTA)
    assert exact <= ours * (1 + 1e-6)
    assert ours == pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize("neighbors", ["add_remove", "replace"])
def test_noise_is_enough_and_no_more(neighbors):
    found, spent = noise_of_samples(
        0.2,
        50,
        1.0,
        DELTA,
        other_mu=0.1,
        neighbors=neighbors,
        least=1.0,
        greatest=100.0,
    )
    terms = {"delta": DELTA, "other_mu": 0.1, "neighbors": neighbors}
    assert spent <= 1.0
    assert sampled_epsilon(found, 0.2, 50, **terms) == spent
    assert sampled_epsilon(found * 0.98, 0.2, 50, **terms) > 1.0


def test_looks_beyond_noise_that_is_not_enough():
    found, spent = noise_of_samples(0.5, 50, 1.0, DELTA, least=10.0, greatest=12.5)
    assert spent <= 1.0
    assert found > 12.5
