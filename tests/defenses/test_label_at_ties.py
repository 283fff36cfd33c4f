"""Masking keeps the label, which floating point makes hard where values nearly tie."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from skmia.defenses import ConfidenceMaskingClassifier, HighEntropyClassifier
from skmia.defenses._minimal_distortion import _mix, ranked

N_EACH = 3000
MASKS = [
    {"method": "round"},
    {"method": "round", "decimals": 3},
    {"method": "round", "decimals": 12},
    {"method": "top_k"},
    {"method": "top_k", "k": 2},
    {"method": "temperature", "temperature": 1.0},
    {"method": "temperature", "temperature": 10.0},
    {"method": "temperature", "temperature": 1e6},
    {"method": "label"},
    {"method": "minimal_distortion"},
]
every_kind = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_number = pytest.mark.parametrize("n_classes", [2, 3, 4, 7, 30])


class Says(ClassifierMixin, BaseEstimator):
    """Answers with the rows themselves."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        sums = X.sum(axis=1, keepdims=True)
        # Other inputs than ours, which HAMP draws, are no probabilities.
        return np.where(np.abs(sums - 1) < 1e-3, X, X / sums)


def answers(dtype, n_classes, seed=0):
    """Values that tie, or differ by a few units in their last place."""
    rng = np.random.RandomState(seed)
    even = np.full((N_EACH, n_classes), 1 / n_classes, dtype)
    even += rng.randint(-3, 4, even.shape).astype(dtype) * np.spacing(even)
    drawn = rng.dirichlet(np.ones(n_classes), N_EACH).astype(dtype)
    rows, label = np.arange(N_EACH), drawn.argmax(axis=1)
    step = rng.randint(-2, 3, N_EACH).astype(dtype) * np.spacing(drawn[rows, label])
    drawn[rows, rng.randint(n_classes, size=N_EACH)] = drawn[rows, label] + step
    drawn /= drawn.sum(axis=1, keepdims=True)
    shares = [
        rng.multinomial(n, np.ones(n_classes) / n_classes, N_EACH) / dtype(n)
        for n in (7, 10)
    ]
    return np.concatenate([even, drawn, *shares]).astype(dtype)


def told(X, n_classes):
    return Says().fit(X, np.arange(n_classes)), np.arange(len(X)) % n_classes


def flips(masked, X):
    return int((masked.argmax(axis=1) != X.argmax(axis=1)).sum())


def test_a_power_a_mean_and_a_mixture_flip_labels():
    """What the arithmetic alone does, of 12,000 rows."""
    X = answers(np.float64, 3)
    assert flips(softmax(np.log(X + 1e-300) / 10, axis=1), X) > 1000
    assert flips(_mix(X, 0.99), X) > 100
    top = X.argmax(axis=1)[:, None]
    rest = (X.sum(axis=1, keepdims=True) - np.take_along_axis(X, top, 1)) / 2
    shown = np.broadcast_to(rest, X.shape).copy()
    np.put_along_axis(shown, top, np.take_along_axis(X, top, 1), axis=1)
    assert flips(shown, X) > 10


@every_kind
@every_number
@pytest.mark.parametrize("mask", MASKS, ids=lambda m: "-".join(map(str, m.values())))
@pytest.mark.filterwarnings("ignore::skmia.exceptions.WeakDefenseWarning")
def test_the_label_stays(mask, n_classes, dtype):
    X = answers(dtype, n_classes)
    model, y = told(X, n_classes)
    # Undecided only at the uniform distribution: mixtures are as long as they get.
    ends = np.r_[np.eye(n_classes), np.full((n_classes, n_classes), 1 / n_classes)]
    attack = LogisticRegression().fit(
        ranked(ends), np.arange(2 * n_classes) < n_classes
    )
    attack.intercept_ += 10
    clf = ConfidenceMaskingClassifier(
        FrozenEstimator(model), attack_estimator=FrozenEstimator(attack), **mask
    ).fit(X, y)
    masked = clf.predict_proba(X)
    assert flips(masked, X) == 0
    np.testing.assert_array_equal(clf.predict(X), X.argmax(axis=1))
    assert (masked >= 0).all()
    assert (masked <= 1).all()
    np.testing.assert_allclose(masked.sum(axis=1), 1, rtol=1e-5)


@every_kind
@every_number
@pytest.mark.parametrize("gamma", [0, 0.5])
def test_the_label_stays_where_confidences_are_drawn(gamma, n_classes, dtype):
    X = answers(dtype, n_classes)
    clf = HighEntropyClassifier(Says(), gamma=gamma, random_state=0)
    clf.fit(X, np.arange(len(X)) % n_classes)
    assert flips(clf.predict_proba(X), X) == 0
