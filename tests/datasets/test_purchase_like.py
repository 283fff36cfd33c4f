"""The made data set: its distribution, its best classifier, and over-fitting."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances_argmin
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skmia.datasets import make_purchase_like


def test_shapes_types_and_classes():
    X, y = make_purchase_like(1234, random_state=0)
    assert X.shape == (1234, 600)
    assert (X.dtype, y.dtype) == (np.uint8, np.int64)
    assert set(np.unique(X)) == {0, 1}
    counts = np.bincount(y)
    assert len(counts) == 100
    assert set(counts) == {12, 13}
    assert (np.diff(y) < 0).any()  # shuffled


def test_same_seed_same_data():
    first, second = (make_purchase_like(300, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    other, _ = make_purchase_like(300, random_state=6)
    assert (other != first[0]).any()
    generator = make_purchase_like(300, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(generator[0], first[0])


def test_without_a_seed_every_call_differs():
    first, second = (make_purchase_like(200)[0] for _ in range(2))
    assert (first != second).any()


def test_numpys_own_generator_is_not_touched():
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    make_purchase_like(200)
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


@pytest.mark.parametrize("noise", [0.05, 0.413, 0.5])
def test_every_feature_is_flipped_at_the_rate_of_the_noise(noise):
    """The same seed without noise gives the prototypes to compare with."""
    n_samples = 10_000  # more than one block
    settings = {"n_features": 50, "n_classes": 4, "random_state": 7}
    clean, labels = make_purchase_like(n_samples, noise=0, **settings)
    X, y = make_purchase_like(n_samples, noise=noise, **settings)
    np.testing.assert_array_equal(y, labels)
    assert len(np.unique(np.column_stack([clean, labels]), axis=0)) == 4
    flipped = clean != X
    # Five standard deviations: one in 1.7 million for each of the 50 features.
    margin = 5 * np.sqrt(noise * (1 - noise) / n_samples)
    assert np.abs(flipped.mean(axis=0) - noise).max() < margin
    # Flips are independent: the number in a record is binomial in spread as well.
    spread = flipped.sum(axis=1).var() / (50 * noise * (1 - noise))
    assert abs(spread - 1) < 5 * np.sqrt(2 / n_samples)


def test_the_best_classifier_has_the_accuracy_of_the_formula():
    """Nearest prototype, averaged over prototypes; 0.944 as the user guide says."""
    flips = np.arange(601)
    formula = binom.pmf(flips, 600, 0.413) @ binom.sf(flips, 600, 0.5) ** 99
    assert formula == pytest.approx(0.944, abs=5e-4)
    accuracies = []
    for seed in range(20):
        settings = {"random_state": seed}
        clean, y = make_purchase_like(2000, noise=0, **settings)
        X, _ = make_purchase_like(2000, **settings)
        _, first = np.unique(y, return_index=True)
        prototypes = clean[first].astype(np.float32)
        nearest = pairwise_distances_argmin(X.astype(np.float32), prototypes)
        accuracies.append((nearest == y).mean())
    # 40,000 records; ties, which the formula leaves aside, are worth half a percent.
    assert formula - 0.005 < np.mean(accuracies) < formula + 0.01


def test_a_perceptron_overfits_as_documented():
    """10,000 of 20,000 records: 1.00 in training and 0.69 on the others."""
    X, y = make_purchase_like(random_state=1)
    X = X.astype(np.float32)
    model = MLPClassifier((128,), max_iter=25, tol=0, n_iter_no_change=25)
    model.set_params(random_state=0)
    # One thread: on a busy machine BLAS would spend most of the time waiting.
    with (
        threadpool_limits(1),
        pytest.warns(ConvergenceWarning, match="Maximum iterations"),
    ):
        model.fit(X[:10_000], y[:10_000])
    assert model.score(X[:10_000], y[:10_000]) > 0.995
    assert 0.64 < model.score(X[10_000:], y[10_000:]) < 0.74


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"n_samples": 0}, ValueError),
        ({"n_samples": 10.0}, TypeError),
        ({"n_features": 0}, ValueError),
        ({"n_classes": 0}, ValueError),
        ({"noise": 0.6}, ValueError),
        ({"noise": -0.1}, ValueError),
        ({"noise": float("nan")}, ValueError),
        ({"noise": None}, TypeError),
    ],
)
def test_parameters_are_checked(setting, error):
    ((name, value),) = setting.items()
    message = rf"The '{name}' parameter must be .* Got {value!r} instead"
    with pytest.raises(error, match=message):
        make_purchase_like(**{"n_samples": 20} | setting)
