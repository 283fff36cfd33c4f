"""Quick fits run in threads where no backend was chosen, with the same results."""

import threading
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context, get_config
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skmia.shadows import ShadowModels, _threads, _workers, fit_shadows
from skmia.shadows import _run as run
from skmia.shadows._threads import run_in_threads

RNG = np.random.RandomState(0)
X = RNG.normal(size=(120, 5))
Y = (X[:, 0] + X[:, 1] + RNG.normal(size=120) > 0).astype(int) + (X[:, 2] > 0)
FITTED = ShadowModels(6, counterfactual=False)


def fit(estimator, shadows=6, X=X, y=Y, n_jobs=2, **kwargs):
    return fit_shadows(
        estimator, X, y, shadows=shadows, n_jobs=n_jobs, random_state=0, **kwargs
    )


@pytest.fixture
def in_threads(monkeypatch):
    """Where shadows were fitted since the list was cleared: whether in threads."""
    seen = []

    class Seen(run.Workers):
        def run(self, *args):
            seen.append(self._n_threads > 0)
            # A thread has nothing to import, which is all that is asked here.
            self._n_threads = self._n_threads or 1
            return super().run(*args)

    monkeypatch.setattr(run, "Workers", Seen)
    return seen


QUICK = {
    "tree": DecisionTreeClassifier(max_features=2),
    "extra tree": ExtraTreeClassifier(),
    "logistic": LogisticRegression(C=10),
    "saga": LogisticRegression(solver="saga", max_iter=500),
    "steps": make_pipeline(
        make_column_transformer((StandardScaler(), [0, 1]), remainder="passthrough"),
        LogisticRegression(),
    ),
    "frame": make_pipeline(
        make_column_transformer((StandardScaler(), make_column_selector("a|b"))),
        DecisionTreeClassifier(max_features=1),
    ),
    "bayes": BernoulliNB(),
    "lda": LinearDiscriminantAnalysis(),
    "qda": QuadraticDiscriminantAnalysis(),
    "ridge": RidgeClassifier(),
}


def rows_of(name):
    return pd.DataFrame(X, columns=list("abcde")) if name == "frame" else X


@pytest.mark.parametrize("name", QUICK)
def test_the_same_to_the_last_bit_as_in_processes(name):
    results = []
    for config in ({}, {"backend": "sequential"}, {"backend": "loky"}):
        with joblib.parallel_config(**config):
            kept = ShadowModels(6, keep_models=True)
            results += [fit(QUICK[name], s, rows_of(name)) for s in (FITTED, kept, 6)]
    for k, result in enumerate(results[3:]):
        expected = results[k % 3]
        for signal, values in expected.signals.items():
            assert result.signals[signal].tobytes() == values.tobytes()
        for signal, values in (expected.other or {}).items():
            assert result.other[signal].tobytes() == values.tobytes()
    assert results[0].signals["hinge"].std(axis=0).max() > 0


@pytest.mark.parametrize("name", QUICK)
def test_quick_fits_start_no_process(name, in_threads):
    fit(QUICK[name], FITTED, rows_of(name))
    assert in_threads == [True]


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(3), GaussianNB()])
def test_nor_do_shadows_that_cost_no_fit(estimator, monkeypatch):
    with joblib.parallel_config("loky"):
        expected = fit(estimator)
    monkeypatch.setattr(_workers, "Parallel", None)
    made = fit(estimator)
    assert made.counterfactual_.n_fits == 0
    for signal, values in expected.signals.items():
        assert made.signals[signal].tobytes() == values.tobytes()


class OwnTree(DecisionTreeClassifier):
    """Whose fit may do anything."""


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(3),
        BaggingClassifier(DecisionTreeClassifier(), 3),
        OwnTree(),
        # All threads draw from one generator there.
        LogisticRegression(solver="liblinear"),
        LinearSVC(),
        SVC(),
        make_pipeline(StandardScaler(), FunctionTransformer(np.abs), GaussianNB()),
        make_pipeline(FrozenEstimator(StandardScaler().fit(X)), GaussianNB()),
        make_pipeline(
            make_column_transformer((StandardScaler(), lambda X: [0])), GaussianNB()
        ),
    ],
)
def test_other_fits_have_processes(estimator, in_threads):
    fit(estimator, ShadowModels(2, counterfactual=False), y=Y > 0)
    assert in_threads == [False]


def test_so_have_other_data_and_fits_of_ones_own(in_threads, monkeypatch):
    tree = DecisionTreeClassifier()
    text = rows_of("frame").assign(text="a")
    drop = make_column_transformer((StandardScaler(), [0, 1]))
    fit(make_pipeline(drop, tree), X=text)
    fit(tree, X=sparse.csr_array(X))
    fit(tree, ShadowModels(2, n_queries=2))
    fit(tree, fit=lambda estimator, X, y, rows: estimator.fit(X, y))
    fit(tree)
    monkeypatch.setattr(_threads, "_MOST", 3 * X.size - 1)  # of three classes
    fit(tree)
    assert in_threads == [False] * 4 + [True, False]


def test_what_joblib_was_told_decides(in_threads):
    tree = DecisionTreeClassifier()
    for config in [
        {"backend": "loky"},
        {"backend": "threading"},
        {"backend": "sequential"},
        {"prefer": "processes"},
        {"n_jobs": 1},
    ]:
        with joblib.parallel_config(**config):
            fit(tree, n_jobs=None)
    fit(tree, n_jobs=1)
    fit(tree, n_jobs=100)
    assert in_threads == [False] * 7
    with joblib.parallel_config(n_jobs=2):
        fit(tree, n_jobs=None)
    assert in_threads.pop()


def test_every_warning_is_counted():
    model = LogisticRegression(max_iter=1)
    filters, shown = list(warnings.filters), warnings.showwarning
    with pytest.warns(ConvergenceWarning, match="^64 warnings .* lbfgs failed") as got:
        fit(model, 64, n_jobs=8)
    assert len(got) == 1
    assert (list(warnings.filters), warnings.showwarning) == (filters, shown)


def test_an_error_tells_of_its_shadow():
    holes = np.where(np.arange(120)[:, None] == 7, np.nan, X)
    with pytest.raises(ValueError, match="NaN") as caught:
        fit(LogisticRegression(), X=holes)
    (note,) = caught.value.__notes__
    assert note.startswith("Raised while shadow model ")


def test_the_configuration_of_the_caller_holds_in_threads():
    def config(n):
        return n, get_config()["assume_finite"], np.geterr()["over"]

    with config_context(assume_finite=True), np.errstate(over="raise"):
        got = sorted(run_in_threads(config, [(k,) for k in range(9)], 3))
    assert got == [(k, True, "raise") for k in range(9)]
    assert not get_config()["assume_finite"]


def test_closing_begins_no_more_and_leaves_no_thread():
    begun, go_on = [], threading.Event()

    def wait_once(k):
        begun.append(k)
        if k:
            assert go_on.wait(60)
        return k

    before = threading.active_count()
    results = run_in_threads(wait_once, [(k,) for k in range(100)], 2)
    assert next(results) == 0
    threading.Timer(0.2, go_on.set).start()
    results.close()
    assert len(begun) <= 5
    assert threading.active_count() <= before + 1  # the timer's, at its end


def test_results_come_as_they_are_finished():
    first = threading.Event()

    def last(k):
        if k == 0:
            assert first.wait(60)
        else:
            first.set()
        return k

    assert list(run_in_threads(last, [(0,), (1,)], 2)) in ([1, 0], [0, 1])
    assert_array_equal(
        sorted(run_in_threads(abs, [(-k,) for k in range(50)], 3)), range(50)
    )
