"""Shadows are what a fit by hand would be, whatever runs them.

Estimators of our own are defined inside of functions, as they are in a notebook: the
module of a test cannot be imported in a worker.
"""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_info

from _helpers import mixed_frame, noisy_rows
from skmia._tables import hash_rows, take_rows
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._signals import STORED
from skmia.signals import SIGNALS


def encode_and(classifier, *columns):
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(
        make_column_transformer((encoder, list(columns)), remainder=StandardScaler()),
        classifier,
    )


def case(name):
    X, y = noisy_rows()
    text, _ = mixed_frame()
    positive = sparse.csr_matrix(np.where(X > 0.5, X, 0))
    return {
        "forest": (RandomForestClassifier(8), X, y),
        "strings": (encode_and(LogisticRegression(), "town", "size"), text, y),
        "sparse": (SGDClassifier(loss="log_loss"), positive, y),
        "polars": (
            make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
            pl.from_pandas(text[["town"]].assign(tens=np.arange(120) // 10)),
            y,
        ),
        "strided": (KNeighborsClassifier(3), np.repeat(X, 2, axis=1)[::-1, ::2], y),
    }[name]


@pytest.mark.parametrize("name", ["forest", "strings", "sparse", "polars", "strided"])
def test_the_same_to_the_last_bit_for_any_backend_and_n_jobs(name):
    estimator, X, y = case(name)
    results = []
    for where, n_jobs in [
        ("sequential", 1),
        ("loky", 2),
        ("threading", 2),
        ("threading", 3),
    ]:
        with joblib.parallel_config(backend=where):
            results.append(
                fit_shadows(estimator, X, y, shadows=6, n_jobs=n_jobs, random_state=4)
            )
    first = results[0]
    for other in results[1:]:
        assert_array_equal(other.member, first.member)
        assert_array_equal(other.record_hashes, first.record_hashes)
        assert list(other.signals) == list(first.signals)
        for signal, values in first.signals.items():
            assert other.signals[signal].tobytes() == values.tobytes()
    # And not because nothing was learned.
    assert first.signals["logit"].std(axis=0).max() > 0


def test_signals_are_those_of_models_fitted_by_hand():
    X, y = noisy_rows(n_classes=3)
    # Without a bootstrap the order of rows, which is the shadow's own, is all one.
    forest = RandomForestClassifier(5, bootstrap=False)
    shadows = fit_shadows(
        forest,
        X,
        y,
        shadows=ShadowModels(4, keep_models=True),
        random_state=0,
    )
    assert set(shadows.signals) == set(SIGNALS) - {"loss", "confidence"}
    seeds = [model.random_state for model in shadows.models]
    assert len(set(seeds)) == 4
    for k, seed in enumerate(seeds):
        rows = shadows.member[k]
        by_hand = clone(forest).set_params(random_state=seed).fit(X[rows], y[rows])
        proba = by_hand.predict_proba(X)
        for name, values in shadows.signals.items():
            assert_array_equal(values[k], SIGNALS[name](proba, y).astype(np.float32))
        assert_array_equal(shadows.models[k].predict_proba(X), proba)


def test_what_comes_back_is_small():
    X, y = noisy_rows()
    shadows = fit_shadows(RandomForestClassifier(3), X, y, shadows=4, random_state=0)
    assert shadows.models is None
    assert set(shadows.signals) == set(STORED)
    for values in shadows.signals.values():
        assert values.dtype == np.float32
        assert values.shape == (4, 120)
    assert_array_equal(shadows.record_hashes, hash_rows(X, y))
    assert (shadows.fit_seconds > 0).all()
    assert (shadows.predict_seconds > 0).all()
    assert shadows.n_missing_classes == 0


def test_one_set_has_every_signal():
    X, y = noisy_rows()
    shadows = fit_shadows(DecisionTreeClassifier(), X, y, shadows=2, random_state=0)
    for name in SIGNALS:
        assert shadows.get(name).shape == (2, 120)


@pytest.mark.parametrize("train_size", [0.5, 0.3, 0.8])
def test_the_design_is_balanced_and_copies_go_together(train_size):
    X, y = noisy_rows(n_classes=3, n=60)
    X, y = np.r_[X, X[:20], X[:5]], np.r_[y, y[:20], (y[:5] + 1) % 3]
    shadows = fit_shadows(
        DecisionTreeClassifier(),
        X,
        y,
        shadows=ShadowModels(10, train_size=train_size),
        random_state=1,
    )
    assert_array_equal(shadows.member.sum(axis=0), np.full(85, 10 * train_size))
    assert_array_equal(shadows.member[:, :20], shadows.member[:, 60:80])
    # The same features under another label are another record.
    assert (shadows.member[:, :5] != shadows.member[:, 80:]).any()
    assert_array_equal(
        shadows.complements,
        np.arange(10) ^ 1 if train_size == 0.5 else np.full(10, -1),
    )


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianNB(),
        KNeighborsClassifier(3),
        make_pipeline(StandardScaler(), RandomForestClassifier(3)),
        LinearSVC(),
        RidgeClassifier(),
        SVC(),
        DecisionTreeClassifier(),
    ],
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_classifiers_with_and_without_seeds_and_probabilities(estimator, n_classes):
    X, y = noisy_rows(200, n_classes=n_classes)
    first, again = (
        fit_shadows(estimator, X, y, shadows=4, random_state=3).signals["logit"]
        for _ in range(2)
    )
    assert_array_equal(first, again)
    assert np.isfinite(first).all()
    member = fit_shadows(estimator, X, y, shadows=4, random_state=3).member
    assert first[member].mean() > first[~member].mean()


def test_margins_of_two_classes_are_the_logits():
    X, y = noisy_rows()
    shadows = fit_shadows(
        LinearSVC(), X, y, shadows=ShadowModels(2, keep_models=True), random_state=0
    )
    for model, values in zip(shadows.models, shadows.signals["logit"], strict=True):
        assert_allclose(
            values, model.decision_function(X) * np.where(y, 1, -1), rtol=1e-5
        )


def test_float32_features_are_not_widened():
    def seen(X):
        assert X.dtype == np.float32
        return X

    X, y = noisy_rows()
    estimator = make_pipeline(FunctionTransformer(seen), GaussianNB())
    fit_shadows(estimator, X.astype(np.float32), y, shadows=2, random_state=0)


@pytest.mark.parametrize("estimator", [MaxAbsScaler(copy=False), "frame", "array"])
@pytest.mark.parametrize("where", ["sequential", "threading"])
def test_no_argument_is_modified(estimator, where):
    """Not even by steps that work in place, or that write into a frame."""
    X, y = noisy_rows()
    weight = np.random.RandomState(0).rand(120)
    if estimator == "frame":
        X = pd.DataFrame(X, columns=list("abcdef"))

        def add_column(frame):
            frame["ratio"] = frame["a"] * 2
            return frame

        steps = [FunctionTransformer(add_column), StandardScaler(copy=False)]
    elif estimator == "array":
        steps = [StandardScaler(copy=False)]
    else:
        X = sparse.csr_array(np.where(X > 0, X, 0))
        steps = [estimator]
    model = make_pipeline(*steps, LogisticRegression())
    params = {"logisticregression__sample_weight": weight}
    before = [joblib.hash(a.data if sparse.issparse(a) else a) for a in (X, y, weight)]
    with joblib.parallel_config(backend=where):
        shadows = fit_shadows(
            model, X, y, shadows=6, n_jobs=2, random_state=0, params=params
        )
    after = [joblib.hash(a.data if sparse.issparse(a) else a) for a in (X, y, weight)]
    assert before == after
    assert list(params) == ["logisticregression__sample_weight"]
    by_hand = clone(model).fit(
        take_rows(X, shadows.member[0]).copy(),
        y[shadows.member[0]],
        logisticregression__sample_weight=weight[shadows.member[0]],
    )
    logit = by_hand.decision_function(X.copy()) * np.where(y, 1, -1)
    assert_allclose(shadows.signals["logit"][0], logit, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_the_estimator_is_not_touched(fitted, frozen):
    X, y = noisy_rows()
    estimator = make_pipeline(StandardScaler(), RandomForestClassifier(3, n_jobs=2))
    if fitted:
        estimator.fit(X[:50], y[:50])
    before = joblib.hash(estimator)
    given = FrozenEstimator(estimator) if frozen else estimator
    shadows = fit_shadows(
        given, X, y, shadows=ShadowModels(2, keep_models=True), random_state=0
    )
    assert joblib.hash(estimator) == before
    for model in shadows.models:
        assert type(model) is type(estimator)
        assert model[0].n_samples_seen_ == 60


@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(0)])
def test_numpys_global_generator_is_not_touched(random_state):
    X, y = noisy_rows()
    before = joblib.hash(check_random_state(None))
    fit_shadows(RandomForestClassifier(3), X, y, shadows=2, random_state=random_state)
    assert joblib.hash(check_random_state(None)) == before


def test_random_state():
    X, y = noisy_rows()

    def members(random_state):
        return fit_shadows(
            GaussianNB(), X, y, shadows=4, random_state=random_state
        ).member

    assert_array_equal(members(0), members(np.random.RandomState(0)))
    assert (members(0) != members(1)).any()
    assert (members(None) != members(None)).any()
    generator = np.random.RandomState(0)
    assert (members(generator) != members(generator)).any()


@pytest.mark.parametrize(
    ("where", "n_jobs"), [("sequential", 1), ("threading", 2), ("loky", 2)]
)
def test_a_shadow_runs_in_a_single_thread(where, n_jobs):
    info = threadpool_info

    class Counts(GaussianNB):
        def fit(self, X, y):
            self.threads_ = max(pool["num_threads"] for pool in info())
            return super().fit(X, y)

    X, y = noisy_rows()
    model = BaggingClassifier(Counts(), n_estimators=2, n_jobs=2)
    before = [pool["num_threads"] for pool in threadpool_info()]
    with joblib.parallel_config(backend=where):
        shadows = fit_shadows(
            model,
            X,
            y,
            shadows=ShadowModels(3, keep_models=True),
            n_jobs=n_jobs,
            random_state=0,
        )
    for model in shadows.models:
        assert model.n_jobs == 1
        assert [inner.threads_ for inner in model.estimators_] == [1, 1]
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_a_progress_bar_on_request(terminal):
    X, y = noisy_rows()
    fit_shadows(DecisionTreeClassifier(), X, y, shadows=4, random_state=0)
    assert terminal.readouterr() == ("", "")
    fit_shadows(DecisionTreeClassifier(), X, y, shadows=4, random_state=0, verbose=1)
    out, err = terminal.readouterr()
    assert out == ""
    assert "shadows: 100%" in err
    assert "4/4" in err
