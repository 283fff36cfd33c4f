"""No figure depends on the order of the rows, or changes what it was given."""

import inspect

import numpy as np
import pytest

from skmia import metrics

ARGUMENTS = {
    "epsilon_lower_bound": [{"random_state": 0}, {"random_state": 1, "delta": 0.01}],
    "membership_advantage": [{}],
    "membership_advantage_interval": [{}],
    "mu_lower_bound": [{"random_state": 0}, {"random_state": 1, "n_splits": 4}],
    "ppv_at_prior": [{"prior": 0.1}, {"prior": 0.1, "max_fpr": 0.05}],
    "roc_auc": [{}],
    "roc_auc_interval": [
        {"method": "delong"},
        {"method": "bootstrap", "n_resamples": 100, "random_state": 0},
    ],
    "roc_band": [{"fprs": [0.0, 0.01, 0.1, 0.5, 1.0]}],
    "roc_vertices": [{}],
    "tpr_at_fpr": [{"max_fpr": f} for f in (0.0, 0.01, 0.1, 1.0)],
    "tpr_at_fpr_interval": [{"max_fpr": 0.1}],
}
# Of these a value for each record, which moves with it.
OF_EACH_RECORD = {
    "exposed_members": [{}, {"fdr": 0.3}],
    "flagged_at_fpr": [{"max_fpr": 0.1}],
    "least_false_discovery_rates": [{}],
    "membership_p_values": [{}],
}
CASES_OF_EACH_RECORD = [
    (name, kwargs) for name, some in OF_EACH_RECORD.items() for kwargs in some
]
CASES = [(name, kwargs) for name, some in ARGUMENTS.items() for kwargs in some]


def of_records(name):
    value = getattr(metrics, name)
    # That of several attacks takes a dict, and is tested with its own.
    return (
        inspect.isfunction(value)
        and "membership" in inspect.signature(value).parameters
        and name != "strongest"
    )


def test_every_function_of_records_is_here():
    known = sorted([*ARGUMENTS, *OF_EACH_RECORD])
    assert known == [name for name in metrics.__all__ if of_records(name)]


def data(kind):
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [180, 240])
    noise = rng.normal(size=420) + membership
    if kind == "ties":
        return membership, np.floor(noise)
    if kind == "constant":
        return membership, np.zeros(420)
    if kind == "perfect":
        return membership, membership + 0.1 * np.round(rng.uniform(size=420), 1)
    return membership, noise


@pytest.mark.parametrize("kind", ["ties", "constant", "perfect", "no ties"])
@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_shuffled_rows_give_the_very_same_figures(name, kwargs, kind):
    membership, scores = data(kind)
    function = getattr(metrics, name)
    expected = function(membership, scores, **kwargs)
    orders = [np.arange(420)[::-1]]
    orders += [np.random.RandomState(seed).permutation(420) for seed in range(5)]
    for order in orders:
        found = function(membership[order], scores[order], **kwargs)
        # Exactly, not nearly: a rounding that moves with the rows is a tie broken.
        np.testing.assert_equal(found, expected)


@pytest.mark.parametrize("kind", ["ties", "constant", "perfect", "no ties"])
@pytest.mark.parametrize(("name", "kwargs"), CASES_OF_EACH_RECORD)
def test_what_is_said_of_a_record_moves_with_it(name, kwargs, kind):
    membership, scores = data(kind)
    function = getattr(metrics, name)
    expected = function(membership, scores, **kwargs)
    for seed in range(5):
        order = np.random.RandomState(seed).permutation(420)
        found = function(membership[order], scores[order], **kwargs)
        np.testing.assert_array_equal(found, expected[order])


@pytest.mark.parametrize(("name", "kwargs"), [*CASES, *CASES_OF_EACH_RECORD])
def test_arguments_are_left_alone(name, kwargs):
    membership, scores = data("ties")
    membership, scores = membership[::-1].copy(), scores[::-1].copy()
    membership.flags.writeable = scores.flags.writeable = False
    before = membership.copy(), scores.copy()
    getattr(metrics, name)(membership, scores, **kwargs)
    np.testing.assert_equal((membership, scores), before)
