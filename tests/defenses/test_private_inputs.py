"""What a private fit refuses, since its noise would hide nothing behind it."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    return X, (X[:, 0] > 0).astype(int)


def _with(value, place=7):
    weights = np.ones(60)
    weights[place] = value
    return weights


WEIGHTS = [
    (_with(np.nan), "sample_weight contains NaN"),
    (_with(np.inf), "sample_weight contains infinity"),
    (_with(-1.0), "Negative values in data passed to `sample_weight`"),
    ([None, *np.ones(59)], "sample_weight contains NaN"),
    (["one", *np.ones(59)], "could not convert string to float"),
    (0.5, r"sample_weight.shape == \(\), expected \(60,\)"),
    (np.ones(59), "length 59, but X has 60 rows"),
    (np.ones((60, 1)), "must be 1D"),
]


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        MLPClassifier((3,)),
        HistGradientBoostingClassifier(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize(("weights", "message"), WEIGHTS)
def test_weights_that_are_no_weights_are_refused_before_anything_is_spent(
    weights, message, estimator, rows
):
    accountant = PrivacyAccountant()
    clf = DifferentialPrivacyClassifier(estimator, accountant=accountant)
    with pytest.raises(ValueError, match=message):
        clf.fit(*rows, sample_weight=weights)
    assert accountant.spent == ()


def test_weights_of_any_kind_are_bounded(rows):
    def coefficients(weights):
        clf = DifferentialPrivacyClassifier(epsilon=8.0, random_state=0)
        return clf.fit(*rows, sample_weight=weights).estimator_.coef_

    expected = coefficients(None)
    for weights in (np.ones(60), [1] * 60, np.ones(60, np.float32), _with(5.0)):
        np.testing.assert_array_equal(coefficients(weights), expected)


@pytest.mark.parametrize(
    "weights",
    [{0: -1.0, 1: -2.0}, {0: np.nan}, {1: np.inf}, {0: 0, 1: 0}, [1.0, 2.0]],
)
@pytest.mark.parametrize(
    "estimator", [LogisticRegression, HistGradientBoostingClassifier]
)
def test_class_weights_that_are_no_weights_are_refused(estimator, weights, rows):
    clf = DifferentialPrivacyClassifier(estimator(class_weight=weights))
    with pytest.raises(ValueError, match="'class_weight' parameter"):
        clf.fit(*rows)


def test_a_class_may_count_for_nothing(rows):
    X, y = rows
    inner = LogisticRegression(class_weight={0: 0.0})
    clf = DifferentialPrivacyClassifier(inner, epsilon=1e4, random_state=0).fit(X, y)
    assert (clf.predict(X) == 1).all()


@pytest.mark.parametrize("delta", [1e-300, 1e-60, 1e-11])
def test_a_delta_that_draws_cannot_prove_is_refused(delta, rows):
    accountant = PrivacyAccountant()
    for epsilon in (1e-12, 1.0, 100.0):
        clf = DifferentialPrivacyClassifier(
            epsilon=epsilon, delta=delta, accountant=accountant
        )
        with pytest.raises(ValueError, match=r"'delta' parameter must be 1e-10 or mo"):
            clf.fit(*rows)
    assert accountant.spent == ()
    # One that has no Gaussian noise spends none of it.
    clf = DifferentialPrivacyClassifier(mechanism="objective", delta=delta)
    assert clf.fit(*rows).spent_delta_ == 0.0


@pytest.mark.parametrize("epsilon", [1e-3, 1e6, 1e12])
@pytest.mark.parametrize("delta", [1e-10, 0.9999])
def test_budgets_at_both_ends(epsilon, delta, rows):
    clf = DifferentialPrivacyClassifier(epsilon=epsilon, delta=delta).fit(*rows)
    assert np.isfinite(clf.estimator_.coef_).all()


def test_a_budget_of_nothing_says_what_to_pass(rows):
    clf = DifferentialPrivacyClassifier(epsilon=1e-12, delta=1e-10)
    with pytest.raises(ValueError, match="pass a larger 'epsilon'"):
        clf.fit(*rows)


@pytest.mark.parametrize("name", ["data_norm", "max_sample_weight"])
def test_scales_beyond_floating_point_are_refused(name, rows):
    for value in (1e-310, 1e-200, 1e308, np.inf):
        clf = DifferentialPrivacyClassifier(**{name: value})
        with pytest.raises(ValueError, match=rf"'{name}' parameter must be a float in"):
            clf.fit(*rows)
    for value in (1e-100, 1e100):
        clf = DifferentialPrivacyClassifier(**{name: value})
        clf.fit(*rows, sample_weight=np.ones(60))
        assert np.isfinite(clf.estimator_.coef_).all()
