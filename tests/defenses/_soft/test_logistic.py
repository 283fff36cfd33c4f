"""Logistic regression on soft labels: the answer that copies of rows would give."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.neural_network import MLPClassifier
from sklearn.utils.fixes import parse_version

from skmia.defenses import _soft
from skmia.defenses._soft._logistic import solves_directly
from skmia.defenses._training import TrainingData
from skmia.utils import own_random_state

CLASSES = np.array(["fig", "kiwi", "lime", "plum"])
TIGHT = {"tol": 1e-9, "max_iter": 5000}


def fit_soft(model, X, q, classes, *, params=None, random_state=None, **settings):
    y, source = np.zeros(X.shape[0], int), own_random_state(random_state)
    data = TrainingData(X, y, np.asarray(classes), params or {}, source)
    return _soft.fit_soft(model, data, q, **settings)


@pytest.fixture
def soft():
    """80 rows of 5 features, and soft labels of 4 classes that follow them."""
    rng = np.random.RandomState(0)
    X = rng.randn(80, 5)
    return X, np.array([rng.dirichlet(0.3 + np.exp(x[:4])) for x in X])


def on_copies(model, X, q, weight=1.0):
    """What scikit-learn makes of four copies of each row."""
    n = len(X)
    weight = (np.broadcast_to(weight, n)[:, None] * q).ravel()
    return model.fit(np.repeat(X, 4, axis=0), np.tile(CLASSES, n), sample_weight=weight)


@pytest.mark.parametrize(
    "settings",
    [
        {"C": 0.01},
        {"C": 30.0},
        {"fit_intercept": False},
        {"class_weight": {"fig": 3.0, "plum": 0.2}},
    ],
)
def test_coefficients_are_those_of_copies(settings, soft):
    X, q = soft
    inner = LogisticRegression(**settings, **TIGHT)
    model = fit_soft(inner, X, q, CLASSES, tol=0)
    reference = on_copies(LogisticRegression(**settings, **TIGHT), X, q)
    np.testing.assert_allclose(model.coef_, reference.coef_, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, reference.intercept_, atol=1e-5)
    assert model.max_iter == TIGHT["max_iter"]
    assert not hasattr(inner, "coef_")


def test_weights_of_rows_count(soft):
    X, q = soft
    weight = np.random.RandomState(1).uniform(0.1, 3, len(X))
    inner = LogisticRegression(**TIGHT)
    model = fit_soft(inner, X, q, CLASSES, sample_weight=weight, tol=0)
    reference = on_copies(LogisticRegression(**TIGHT), X, q, weight)
    np.testing.assert_allclose(model.coef_, reference.coef_, atol=1e-5)


# scikit-learn 1.8 warns of its own C=np.inf.
@pytest.mark.filterwarnings("ignore:Setting penalty=None will ignore")
def test_without_a_penalty_the_gradient_vanishes(soft):
    X, q = soft
    model = fit_soft(LogisticRegression(C=np.inf, **TIGHT), X, q, CLASSES, tol=0)
    slope = (model.predict_proba(X) - q).T @ np.column_stack([X, np.ones(len(X))])
    assert np.abs(slope).max() < 1e-4


def test_it_stops_where_scikit_learn_does(soft):
    X, q = soft
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        reference = on_copies(LogisticRegression(max_iter=5), X, q)
        model = fit_soft(LogisticRegression(max_iter=5), X, q, CLASSES, tol=0)
    assert model.n_iter_.tolist() == reference.n_iter_.tolist() == [5]
    np.testing.assert_allclose(model.coef_, reference.coef_, atol=1e-5)
    with pytest.warns(ConvergenceWarning, match="did not converge in 5 steps"):
        fit_soft(LogisticRegression(max_iter=5), X, q, CLASSES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_and_precision(dtype, soft):
    X, q = soft
    X = np.where(np.abs(X) > 0.5, X, 0).astype(dtype)
    inner = LogisticRegression(max_iter=1000)
    dense = fit_soft(inner, X, q, CLASSES, tol=0)
    thin = fit_soft(inner, sparse.csr_array(X), q, CLASSES, tol=0)
    assert dense.coef_.dtype == thin.coef_.dtype == dtype
    np.testing.assert_allclose(dense.coef_, thin.coef_, atol=2e-3)
    reference = on_copies(LogisticRegression(max_iter=1000), X, q)
    np.testing.assert_allclose(dense.coef_, reference.coef_, atol=5e-3)


def test_columns_are_known_by_name(soft):
    X, q = soft
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = fit_soft(LogisticRegression(), frame, q, CLASSES)
    assert model.feature_names_in_.tolist() == list("abcde")
    assert model.classes_.tolist() == CLASSES.tolist()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("edcba")])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(wrong, soft):
    """They gave every class the same probability, which reads as safe."""
    X, q = soft
    weight = np.where(np.arange(len(X)) == 3, wrong, 1.0)
    for inner in (LogisticRegression(), Fruit()):
        with pytest.raises(ValueError, match="Input sample_weight contains"):
            fit_soft(inner, X, q, CLASSES, params={"sample_weight": weight})


def test_no_weights_and_equal_weights(soft):
    X, q = soft
    plain = fit_soft(LogisticRegression(), X, q, CLASSES)
    for weight in (None, 1.0, np.ones(len(X))):
        model = fit_soft(
            LogisticRegression(), X, q, CLASSES, params={"sample_weight": weight}
        )
        np.testing.assert_array_equal(model.coef_, plain.coef_)


def test_many_classes_are_no_reason_to_warn():
    rng = np.random.RandomState(0)
    X, q = rng.randn(120, 3), rng.dirichlet(np.ones(30), size=120)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit_soft(LogisticRegression(), X, q, np.arange(30))
    assert model.coef_.shape == (30, 3)


def test_bad_rows_and_parameters_are_refused(soft):
    X, q = soft
    with pytest.raises(ValueError, match="Input X contains NaN"):
        fit_soft(LogisticRegression(), np.where(X > 2, np.nan, X), q, CLASSES)
    with pytest.raises(ValueError, match="'C' parameter of LogisticRegression"):
        fit_soft(LogisticRegression(C=-1.0), X, q, CLASSES)


class Fruit(LogisticRegression):
    """May do anything in fit."""


OLD = parse_version(sklearn.__version__) < parse_version("1.8")


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(solver="newton-cg"),
        LogisticRegression(warm_start=True),
        LogisticRegressionCV(),
        Fruit(),
        MLPClassifier(),
        pytest.param(
            LogisticRegression(multi_class="ovr") if OLD else None,
            marks=pytest.mark.skipif(not OLD, reason="multi_class is gone from 1.8"),
        ),
    ],
)
def test_what_is_another_problem_is_left_to_copies(model):
    assert not solves_directly(model, 4)


def test_two_classes_are_left_to_copies():
    assert not solves_directly(LogisticRegression(), 2)
    assert solves_directly(LogisticRegression(), 3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_draw_labels_anew_where_there_are_many_classes():
    # Four groups of equal rows, each as likely of any of its own six classes of 24.
    # Thinned to two copies, a row would know two of the six for good.
    rng = np.random.RandomState(0)
    group = np.repeat(np.arange(4), 20)
    X = 3 * np.eye(4)[group] + 0.1 * rng.randn(80, 4)
    q = np.repeat(np.eye(4), 6, axis=1)[group] / 6
    model = fit_soft(
        MLPClassifier(
            (20,),
            learning_rate_init=0.01,
            max_iter=300,
            tol=0.0,
            n_iter_no_change=1000,
        ),
        X,
        q,
        np.arange(24),
        max_copies=2,
        random_state=0,
    )
    proba = model.predict_proba(X)
    own = proba[q > 0].reshape(80, 6)
    assert own.sum(axis=1).min() > 0.95
    assert np.abs(own - 1 / 6).max() < 0.12
