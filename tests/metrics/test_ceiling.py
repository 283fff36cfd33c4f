"""The most that differential privacy allows, against mechanisms whose ROC is known."""

import math

import numpy as np
import pytest
from scipy.stats import laplace, norm

from skmia.metrics import tpr_ceiling

RATES = np.array([0.0, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.9, 1.0])


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0, 4.0])
def test_randomised_response_reaches_the_ceiling(epsilon):
    """It says the truth with chance e^eps / (1 + e^eps): the corner of the curve."""
    truth = math.exp(epsilon) / (1 + math.exp(epsilon))
    (top,) = tpr_ceiling([1 - truth], epsilon=epsilon)
    assert top == pytest.approx(truth)


def test_a_laplace_mechanism_stays_below_and_touches():
    """Noise of scale 1/epsilon on a sum that one record changes by 1."""
    epsilon = 1.5
    threshold = np.linspace(-20, 20, 4001)
    fpr = laplace.sf(threshold, scale=1 / epsilon)
    tpr = laplace.sf(threshold, 1, scale=1 / epsilon)
    tops = tpr_ceiling(fpr, epsilon=epsilon)
    assert (tpr <= tops + 1e-12).all()
    assert np.isclose(tpr, tops).sum() > 1000


@pytest.mark.parametrize("mu", [0.0, 0.5, 2.0])
def test_gaussian_noise_is_the_ceiling_of_mu(mu):
    threshold = np.linspace(-4, 4, 101)
    tops = tpr_ceiling(norm.sf(threshold), mu=mu)
    assert tops == pytest.approx(norm.sf(threshold, mu), abs=1e-12)


def test_gaussian_noise_under_epsilon_and_delta():
    """The delta of an epsilon in closed form: Balle and Wang, ICML 2018."""
    mu, epsilon = 1.0, 0.8
    delta = norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(
        -mu / 2 - epsilon / mu
    )
    fpr = norm.sf(np.linspace(-5, 5, 2001))
    gap = tpr_ceiling(fpr, epsilon=epsilon, delta=delta) - norm.sf(norm.isf(fpr), mu)
    assert gap.min() == pytest.approx(0, abs=1e-6)
    assert gap.max() > 0.01


@pytest.mark.parametrize(
    "promise",
    [{"epsilon": 0.0}, {"epsilon": 2.0, "delta": 1e-3}, {"mu": 1.0}, {"mu": 0.0}],
)
def test_it_is_a_roc(promise):
    tops = tpr_ceiling(RATES, **promise)
    assert (np.diff(tops) >= 0).all()
    assert (tops >= RATES - 1e-12).all()
    assert tops[-1] == 1
    assert tops[0] == promise.get("delta", 0.0)
    assert tpr_ceiling(0.3, **promise).shape == ()


def test_guessing_where_nothing_is_allowed():
    assert tpr_ceiling(RATES, epsilon=0) == pytest.approx(RATES)
    assert tpr_ceiling(RATES, mu=0) == pytest.approx(RATES)


def test_no_promise_in_practice():
    assert tpr_ceiling([0.0, 1e-9, 1.0], epsilon=1e6).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ({}, ValueError, "One of the parameters 'epsilon' and 'mu'"),
        ({"epsilon": 1, "mu": 1}, ValueError, "One of the parameters"),
        ({"epsilon": -1}, ValueError, r"'epsilon' parameter must be a float in \[0"),
        ({"epsilon": math.nan}, ValueError, "'epsilon' parameter"),
        ({"epsilon": "1"}, TypeError, "'epsilon' parameter"),
        ({"epsilon": 1, "delta": 1}, ValueError, "'delta' parameter"),
        ({"mu": -0.1}, ValueError, "'mu' parameter"),
        ({"fpr": [1.1], "mu": 1}, ValueError, "'fpr' parameter"),
    ],
)
def test_what_is_refused(args, error, message):
    with pytest.raises(error, match=message):
        tpr_ceiling(**({"fpr": [0.1]} | args))
