"""Closed forms beside refits on real data: benchmarks/counterfactual_accuracy.py."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

pytestmark = pytest.mark.slow

_REFITS = Path(__file__).resolve().parents[3] / "benchmarks" / "_refits.py"


@pytest.fixture(scope="module")
def refits_of():
    spec = importlib.util.spec_from_file_location("skmia_benchmark_refits", _REFITS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Refits


def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(),
        GaussianNB(),
        MultinomialNB(),
        LinearDiscriminantAnalysis(),
        RidgeClassifier(),
    ],
    ids=str,
)
def test_exact_families_say_what_refits_say(refits_of, model):
    gaps = refits_of(*digits(), n_records=20).one_by_one(model)
    np.testing.assert_allclose(gaps.told, gaps.refit, rtol=0, atol=1e-6)
    assert np.abs(gaps.refit - gaps.now).max() > 0.1


def adult(shared_data):
    X, y = shared_data.load_adult(2000)
    numbers = X.select_dtypes("number")
    encode = OneHotEncoder(sparse_output=False)
    texts = encode.fit_transform(X.drop(columns=numbers.columns))
    return np.hstack([StandardScaler().fit_transform(numbers), texts]), np.asarray(y)


def test_logistic_regression_on_adult_is_within_two_percent(refits_of, shared_data):
    model = LogisticRegression(tol=1e-8, max_iter=5000)
    gaps = refits_of(*adult(shared_data), n_records=60).one_by_one(model)
    true = gaps.refit - gaps.now
    assert np.mean(np.abs(gaps.told - gaps.refit) <= 0.02 * np.abs(true)) >= 0.95


def test_gaps_of_trees_follow_those_of_refits(refits_of):
    tree = DecisionTreeClassifier(min_samples_leaf=3)
    gaps = refits_of(*digits(), n_records=100).in_the_mean(tree, 60)
    assert gaps.repeated > 0.5
    for predicted in (gaps.without, gaps.with_):
        assert np.corrcoef(predicted, gaps.observed)[0, 1] > 0.4


@pytest.mark.parametrize(
    ("model", "n_fits"),
    [
        (ExtraTreeClassifier(min_samples_leaf=3), 200),
        (ExtraTreesClassifier(10, min_samples_leaf=3), 60),
    ],
    ids=str,
)
def test_records_put_into_trees_of_drawn_splits_move_as_in_refits(
    refits_of, shared_data, model, n_fits
):
    """Most leaves of Adult hold both classes, and are not parted by one more row."""
    gaps = refits_of(*adult(shared_data), n_records=100).in_the_mean(model, n_fits)
    correlation = np.corrcoef(gaps.with_, gaps.observed)[0, 1]
    assert correlation > 0.4
    assert 0.25 < correlation * gaps.observed.std() / gaps.with_.std() < 2
