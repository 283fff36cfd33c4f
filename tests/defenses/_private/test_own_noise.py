"""Each part of a private fit has noise of its own, wherever it would run (trap 51)."""

import warnings

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._library import import_diffprivlib
from skmia.defenses._private._objective import private_logistic_class

BACKENDS = ("sequential", "threading", "loky", "multiprocessing")
N_FEATURES = 200
# Correlations of independent noise, of 200 features: beyond it in one case of 100,000.
FAR = 4.4 / np.sqrt(N_FEATURES)
COUNTERPARTS = {
    "logistic": LogisticRegression(C=1e-3, n_jobs=2),
    "naive Bayes": GaussianNB(),
    "tree": DecisionTreeClassifier(max_depth=3),
    "forest": RandomForestClassifier(6, max_depth=3, n_jobs=2),
    "scaled": make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, n_jobs=-1)),
    "teachers": GaussianNB(),
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.RandomState(0)
    return rng.uniform(-1, 1, size=(90, N_FEATURES)), np.arange(90) % 3


def _private(name, epsilon=1.0, seed=0, **given):
    if name == "teachers":
        public = np.random.RandomState(1).uniform(-1, 1, size=(40, 10))
        given = {"X_public": public, "n_teachers": 9, "delta": 0} | given
    elif name in ("logistic", "scaled"):
        given = {"mechanism": "objective"} | given
    return DifferentialPrivacyClassifier(
        COUNTERPARTS[name], epsilon=epsilon, random_state=seed, **given
    )


def _largest_correlation(noise):
    """Between the noise of any two classes."""
    between = np.corrcoef(noise)
    return np.abs(between[np.triu_indices(len(noise), 1)]).max()


def test_one_generator_for_all_workers_is_the_same_noise_for_all_classes(rows):
    """What diffprivlib's loop does in processes, and what becomes of it here."""
    X, y = rows
    with joblib.parallel_config("multiprocessing", n_jobs=2), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        naive = private_logistic_class()(
            epsilon=1e-3,
            data_norm=20.0,
            C=1e-3,
            tol=1e-10,
            max_iter=10_000,
            random_state=np.random.RandomState(0),
            accountant=import_diffprivlib().BudgetAccountant(),
        ).fit(X, y)
    assert _largest_correlation(naive.coef_) > 0.999
    for backend in BACKENDS:
        with joblib.parallel_config(backend, n_jobs=2):
            mine = _private("logistic", 1e-3, data_norm=20.0).fit(X, y).estimator_
        assert _largest_correlation(mine.coef_) < FAR


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_no_backend_changes_the_noise(name, rows):
    X, y = rows[0][:, :10], rows[1]
    expected = _private(name).fit(X, y).predict_proba(X)
    for backend in BACKENDS:
        with joblib.parallel_config(backend, n_jobs=2):
            clf = _private(name).fit(X, y)
        np.testing.assert_array_equal(clf.predict_proba(X), expected)


@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize(
    ("name", "epsilon", "given"),
    [
        ("logistic", 1e-3, {"data_norm": 20.0}),
        ("naive Bayes", 20.0, {"bounds": (-1.0, 1.0)}),
    ],
)
def test_the_noise_of_classes_is_uncorrelated(name, epsilon, given, seed, rows):
    """All but noise is the same in both fits, and goes out of their difference."""
    X, y = rows
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        one, two = (
            _private(name, epsilon, s, **given).fit(X, y).estimator_
            for s in (seed, None if seed is None else seed + 1)
        )
    learnt = "coef_" if name == "logistic" else "theta_"
    noise = getattr(one, learnt) - getattr(two, learnt)
    assert noise.shape == (3, N_FEATURES)
    assert _largest_correlation(noise) < FAR
    # Nor is it that of the other fit. Coefficients are all noise; means are not.
    exact = np.array([X[y == k].mean(axis=0) for k in range(3)])
    exact = exact if name == "naive Bayes" else np.zeros_like(exact)
    same_class = [
        abs(np.corrcoef(a - mean, b - mean)[0, 1])
        for a, b, mean in zip(
            getattr(one, learnt), getattr(two, learnt), exact, strict=True
        )
    ]
    assert max(same_class) < FAR


def test_trees_and_features_have_noise_of_their_own(rows):
    X, y = rows
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        forest = _private("forest").fit(X, y).estimator_
        scaled = _private("scaled", 50.0, bounds=(-1.0, 1.0)).fit(X, y).estimator_
    splits = {tuple(tree.tree_.threshold) for tree in forest.estimators_}
    assert len(splits) == len(forest.estimators_)
    assert len(np.unique(scaled[0].mean_)) > N_FEATURES / 2
