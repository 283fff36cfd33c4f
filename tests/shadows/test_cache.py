"""A finished shadow is found again by its content, and nothing else is ever found."""

import os
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, f_classif, mutual_info_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._task import ShadowTask

X, Y = make_classification(80, 5, flip_y=0.2, random_state=0)
FRAME = pd.DataFrame(X, columns=list("abcde"))


def fit(folder, estimator=None, X=X, y=Y, n_models=4, **given):
    how = {k: given.pop(k) for k in ("train_size", "keep_models") if k in given}
    return fit_shadows(
        DecisionTreeClassifier() if estimator is None else estimator,
        X,
        y,
        # What costs no fit is in no cache.
        shadows=ShadowModels(
            n_models,
            cache_dir=folder,
            counterfactual="auto" if estimator is None else False,
            **how,
        ),
        **{"random_state": 0} | given,
    )


def assert_same(one, other):
    assert_array_equal(one.member, other.member)
    assert list(one.signals) == list(other.signals)
    for name, values in one.signals.items():
        assert values.tobytes() == other.signals[name].tobytes()
        assert other.signals[name].dtype == np.float32
    assert one.n_missing_classes == other.n_missing_classes


def test_a_second_run_fits_nothing(tmp_path, fits):
    first = fit(tmp_path)
    assert len(fits) == 4
    assert (
        len(list(tmp_path.glob("shadow-*.bin"))) == len(list(tmp_path.iterdir())) == 4
    )
    again = fit(tmp_path)
    assert len(fits) == 4
    assert_same(first, again)
    assert_array_equal(first.fit_seconds, again.fit_seconds)
    assert_array_equal(first.predict_seconds, again.predict_seconds)
    assert_same(first, fit(None))


def test_what_does_not_change_a_shadow_does_not_change_its_key(tmp_path, fits):
    y = Y.copy()
    y[0] = 2
    forest = RandomForestClassifier(3, random_state=1)
    first = fit(tmp_path, forest, y=y)
    fits.clear()
    for other in (
        RandomForestClassifier(3, random_state=2),  # set anew in each shadow
        RandomForestClassifier(3).fit(X, Y),
        FrozenEstimator(RandomForestClassifier(3).fit(X, Y)),
    ):
        assert_same(first, fit(tmp_path, other, y=y))
    fit(tmp_path, forest, X.copy(), y.tolist(), n_jobs=1)
    fit(str(tmp_path), forest, y=y, random_state=np.random.RandomState(0))
    with config_context(display="text"):
        fit(tmp_path, forest, y=y)
    assert fits == []
    # One job or three are one and the same, once both are told to be one.
    fit(tmp_path, RandomForestClassifier(3, n_jobs=3), y=y)
    fits.clear()
    fit(tmp_path, RandomForestClassifier(3, n_jobs=2), y=y)
    assert fits == []


def frozen_scaler(X):
    return make_pipeline(FrozenEstimator(StandardScaler().fit(X)), GaussianNB())


def weighted(weight):
    return {"params": {"sample_weight": weight}}


def changed(X, by=1e-9):
    X = X.copy()
    X[7, 3] += by
    return X


def swapped(y):
    y = y.copy()
    y[:2] = 1 - y[:2]
    return y


# Two calls each, which must not find each other's shadows.
CALLS = {
    "value": ({}, {"X": changed(X)}),
    "label": ({}, {"y": swapped(Y)}),
    "names of labels": ({}, {"y": np.array(["n", "y"])[Y]}),
    "labels as floats": ({}, {"y": Y.astype(float)}),
    "order of rows": ({}, {"X": X[::-1], "y": Y[::-1]}),
    "dtype": ({"X": X.round()}, {"X": X.round().astype(np.float32)}),
    "integers": ({"X": X.round()}, {"X": X.round().astype(int)}),
    "container": ({"X": FRAME}, {"X": FRAME.to_numpy()}),
    "library": ({"X": FRAME}, {"X": pl.from_pandas(FRAME)}),
    "sparse": ({"X": sparse.csr_matrix(X)}, {"X": sparse.csr_array(X)}),
    "names": ({"X": FRAME}, {"X": FRAME.rename(columns={"a": "z"})}),
    "kind of names": (
        {"X": pd.DataFrame(X, columns=range(5))},
        {"X": pd.DataFrame(X, columns=list("01234"))},
    ),
    "dtype of a column": (
        {"X": FRAME.round().astype({"a": "int64"})},
        {"X": FRAME.round()},
    ),
    "categories": (
        {"X": FRAME.assign(a=pd.Categorical(Y, categories=[0, 1]))},
        {"X": FRAME.assign(a=pd.Categorical(Y, categories=[1, 0]))},
    ),
    "kind of missing": (
        {"X": FRAME.assign(a=pd.Series([None, *X[1:, 0]], dtype=object))},
        {"X": FRAME.assign(a=pd.Series([np.nan, *X[1:, 0]], dtype=object))},
    ),
    "objects": (
        {"X": np.where(X > 0, 1, 0).astype(object)},
        {"X": np.where(X > 0, True, False).astype(object)},
    ),
    "layout": ({}, {"X": np.asfortranarray(X)}),
    "class": ({}, {"estimator": GaussianNB()}),
    "parameter": ({}, {"estimator": DecisionTreeClassifier(max_depth=2)}),
    "nested parameter": (
        {"estimator": make_pipeline(StandardScaler(), KNeighborsClassifier(3))},
        {"estimator": make_pipeline(StandardScaler(), KNeighborsClassifier(5))},
    ),
    "function": (
        {"estimator": make_pipeline(FunctionTransformer(np.abs), GaussianNB())},
        {"estimator": make_pipeline(FunctionTransformer(np.sign), GaussianNB())},
    ),
    "lambda": (
        {
            "estimator": make_pipeline(
                FunctionTransformer(lambda X: X + 1), GaussianNB()
            )
        },
        {"estimator": make_pipeline(FunctionTransformer(lambda X: -X), GaussianNB())},
    ),
    "function of a step": (
        {"estimator": make_pipeline(SelectKBest(f_classif, k=2), GaussianNB())},
        {
            "estimator": make_pipeline(
                SelectKBest(mutual_info_classif, k=2), GaussianNB()
            )
        },
    ),
    "frozen step": (
        {"estimator": frozen_scaler(X)},
        {"estimator": frozen_scaler(2 * X)},
    ),
    "weights": (weighted(np.ones(80)), weighted(np.arange(80.0))),
    "one weight": (weighted(np.ones(80)), weighted(np.r_[np.ones(79), 2])),
    "no weights": ({}, weighted(np.ones(80))),
    "other metadata": ({}, {"params": {"check_input": True}}),
    "seed": ({}, {"random_state": 1}),
    "train_size": ({}, {"train_size": 0.25}),
}


@pytest.mark.parametrize("name", CALLS)
def test_another_call_never_hits(tmp_path, fits, name):
    """Every row trains some shadow, but one is out of all that the change spares."""
    first, second = CALLS[name]
    for call in (first, second):
        with warnings.catch_warnings():
            # Object columns and unordered names are fitted with a grumble or two.
            warnings.simplefilter("ignore")
            expected = fit(None, **call)
            fits.clear()
            shadows = fit(tmp_path, **call)
            assert len(fits) == 4
            assert_same(expected, shadows)
            fits.clear()
            assert_same(expected, fit(tmp_path, **call))
            assert fits == []


def test_another_request_of_metadata_never_hits(tmp_path):
    """The parameters of both are equal; one of them never sees the weights."""
    weight = np.where(Y, 100.0, 1.0)
    with config_context(enable_metadata_routing=True):
        logits = [
            fit(
                tmp_path,
                make_pipeline(
                    StandardScaler().set_fit_request(sample_weight=not wanted),
                    LogisticRegression().set_fit_request(sample_weight=wanted),
                ),
                params={"sample_weight": weight},
            ).signals["logit"]
            for wanted in (True, False)
        ]
    assert np.abs(logits[0] - logits[1]).mean() > 1


def test_another_configuration_never_hits(tmp_path, fits):
    fit(tmp_path, X=FRAME)
    with config_context(transform_output="pandas"):
        fit(tmp_path, X=FRAME)
    assert len(fits) == 8


def test_two_estimators_share_a_folder_and_keep_their_own_figures(tmp_path):
    """A folder found by name handed the first one's shadows to the second."""

    def auc(shadows):
        return roc_auc(shadows.member.ravel(), shadows.signals["logit"].ravel())

    leaky, smooth = DecisionTreeClassifier(), DecisionTreeClassifier(max_depth=1)
    fresh = auc(fit(None, leaky)), auc(fit(None, smooth))
    assert (auc(fit(tmp_path, leaky)), auc(fit(tmp_path, smooth))) == fresh
    assert fresh[0] > fresh[1] + 0.1


def test_more_shadows_of_the_same_seed_are_other_shadows(tmp_path, fits):
    fit(tmp_path)
    fits.clear()
    shadows = fit(tmp_path, n_models=6)
    assert_same(shadows, fit(None, n_models=6))
    assert fits


def test_models_are_stored_only_where_they_are_kept(tmp_path, fits):
    fit(tmp_path)
    size = next(tmp_path.iterdir()).stat().st_size
    fits.clear()
    first = fit(tmp_path, keep_models=True)
    assert len(fits) == 4  # the models were not there
    assert next(tmp_path.iterdir()).stat().st_size > size + 1000
    fits.clear()
    again = fit(tmp_path, keep_models=True)
    assert fit(tmp_path).models is None
    assert fits == []
    for one, other in zip(first.models, again.models, strict=True):
        assert joblib.hash(one.predict_proba(X)) == joblib.hash(other.predict_proba(X))


def test_a_model_that_cannot_be_pickled_is_not_kept_in_a_folder(tmp_path):
    model = make_pipeline(FunctionTransformer(lambda X: X + 1), GaussianNB())
    assert fit(tmp_path, model).models is None
    with pytest.raises(ValueError, match=r"'cache_dir' .* keep_models=True here: a f"):
        fit(tmp_path, model, keep_models=True)
    assert len(fit(None, model, keep_models=True).models) == 4


def test_warnings_and_missing_classes_come_back_from_the_cache(tmp_path, fits):
    """Silence would say that all went well."""
    y = Y.copy()
    y[0] = 2
    for _ in range(2):
        with pytest.warns(ConvergenceWarning, match=r"^4 warnings of this kind from 4"):
            shadows = fit(tmp_path, LogisticRegression(max_iter=1), y=y)
        assert shadows.n_missing_classes == 2
    assert len(fits) == 4


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_write_what_the_parent_reads(tmp_path, fits, backend):
    expected = fit(None)
    fits.clear()
    with joblib.parallel_config(backend=backend):
        assert_same(expected, fit(tmp_path, n_jobs=2))
    assert len(fits) == (4 if backend == "threading" else 0)
    fits.clear()
    assert_same(expected, fit(tmp_path, n_jobs=2))
    assert fits == []


def test_a_parameter_without_content_is_refused_before_anything_is_fitted(tmp_path):
    step = FunctionTransformer(kw_args={"log": open(os.devnull)})  # noqa: SIM115
    with (
        step.kw_args["log"],
        pytest.raises(ValueError, match=r"be made of <_io\.Text"),
    ):
        fit(tmp_path, _clonable(step))
    assert list(tmp_path.iterdir()) == []


def _clonable(step):
    """A pipeline that hands its step to clones as it is: a file cannot be copied."""

    class Shares(GaussianNB):
        def __init__(self, step=None):
            self.step = step

        def __sklearn_clone__(self):
            return Shares(self.step)

    return Shares(step)


def test_a_shadow_that_failed_leaves_no_entry(tmp_path, monkeypatch):
    run = ShadowTask.run

    def fail(self, *args):
        if len(list(tmp_path.glob("*.bin"))) == 2:
            raise RuntimeError("enough")
        return run(self, *args)

    monkeypatch.setattr(ShadowTask, "run", fail)
    with pytest.raises(RuntimeError, match="enough"):
        fit(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_series_of_texts(tmp_path, fits):
    texts = pd.Series([f"{'good' if i % 3 else 'bad'} word{i % 7}" for i in range(60)])
    model = make_pipeline(CountVectorizer(), MultinomialNB())
    for _ in range(2):
        fit(tmp_path, model, texts, np.arange(60) % 2)
    assert len(fits) == 4
