"""What worst-case rows prove about the noise: less than is promised, and not far less.

A hundred canaries at a time, each with a column of its own, which nothing but noise
hides: all other rows have zeros there and another label, so that a canary's gradient is
long in every step, and clipped. The attacker knows all of that, and sees the
coefficients. Canaries do not disturb each other: their columns have noise of their own.
"""

import numpy as np
import pytest
from scipy.stats import norm

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._accounting import epsilon_of_gaussian, mu_of_budget

DELTA = 1e-5
N_CANARIES, N_OTHERS = 100, 1500


def score_canaries(epsilon, seed, *, present, absent, rows_each=1, **params):
    """Which canaries were there, and what their coefficients are.

    `present` and `absent` are the values of a canary's column, 0 for no row at all.
    """
    rng = np.random.RandomState(seed)
    there = rng.uniform(size=N_CANARIES) < 0.5
    others = np.zeros((N_OTHERS, N_CANARIES + 1))
    others[:, -1] = np.arange(N_OTHERS) % 2 * 2 - 1  # so that the median norm is 1
    canaries = np.zeros((N_CANARIES, N_CANARIES + 1))
    np.fill_diagonal(canaries, np.where(there, present, absent))
    canaries = canaries[canaries.any(axis=1)]
    X = np.vstack([others, np.repeat(canaries, rows_each, axis=0)])
    y = np.repeat([0, 1], [N_OTHERS, len(X) - N_OTHERS])
    if params.pop("with_groups", False):
        own = np.repeat(np.arange(len(canaries)), rows_each)
        # The others come in persons of this size, too.
        params["groups"] = np.r_[-1 - np.arange(N_OTHERS) // rows_each, own]
    groups = params.pop("groups", None)
    clf = DifferentialPrivacyClassifier(
        epsilon=epsilon, delta=DELTA, data_norm=1.0, random_state=seed, **params
    ).fit(X, y, groups=groups)
    return there, clf.estimator_.coef_[0, :N_CANARIES] * np.sign(present)


def lower_bound(epsilon, n_fits=60, **settings):
    """Of mu, with a confidence of 99.9 %: normal scores, apart by mu deviations."""
    drawn = [score_canaries(epsilon, seed, **settings) for seed in range(n_fits)]
    # Each fit has a scale of its own, since its number of rows is noisy.
    scores = np.concatenate([s / s.std() for _, s in drawn])
    there = np.concatenate([there for there, _ in drawn])
    inside, outside = scores[there], scores[~there]
    deviation = np.sqrt((inside.var() + outside.var()) / 2)
    error = np.sqrt(1 / len(inside) + 1 / len(outside))
    return (inside.mean() - outside.mean()) / deviation - norm.isf(1e-3) * error


CASES = {
    "a row more": {"present": 1.0, "absent": 0.0},
    "another row": {"present": 1.0, "absent": -1.0, "neighbors": "replace"},
    "a person's rows": {
        "present": 1.0,
        "absent": 0.0,
        "rows_each": 3,
        "group_size": 3,
    },
    "a person's rows, clipped together": {
        "present": 1.0,
        "absent": 0.0,
        "rows_each": 3,
        "group_size": 3,
        "with_groups": True,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("epsilon", [1.0, 4.0])
def test_no_bound_is_above_the_promise_and_none_far_below(case, epsilon):
    mu = lower_bound(epsilon, **CASES[case])
    promised = mu_of_budget(epsilon, DELTA)
    assert mu <= promised
    found = epsilon_of_gaussian(mu, DELTA)
    # With a third of the weight each, three rows are fewer in what keeps the gradients
    # of canaries long, and noise is larger beside it: it shows less of the truth.
    within = 3 if "clipped together" in case else 2
    assert epsilon / within < found <= epsilon


@pytest.mark.slow
def test_a_promise_that_is_broken_is_found():
    # As if a replaced row cost as much as one that is added.
    mu = lower_bound(4.0, present=1.0, absent=-1.0)
    assert mu > 1.2 * mu_of_budget(4.0, DELTA)
