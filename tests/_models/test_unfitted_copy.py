"""Copies where ``clone`` refuses: of constructors that copy their parameters."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from skmia._models import bare_clone, seeded_clone, unfitted_copy

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)


class Copies(ClassifierMixin, BaseEstimator):
    """Its constructor copies what it is given, and `change` is done to it."""

    change = staticmethod(copy.deepcopy)

    def __init__(self, names=None, inner=None):
        self.names = self.change(names)
        self.inner = inner

    def fit(self, X, y):
        self.inner_ = clone(self.inner or LogisticRegression()).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


VALUES = {
    "a list": ["a", "b"],
    "a dict of lists": {"a": [1, np.nan]},
    "an array": np.array([1.0, np.nan]),
    "a tuple with an array": ([np.arange(3)], "b"),
    "a slice": [slice(0, 3), 2.5],
    "an estimator": [LogisticRegression(C=3)],
    "an object": [FunctionTransformer(kw_args={"a": [1]}), object],
}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: Pipeline([("clf", e)])])
def test_a_copy_has_equal_parameters_and_no_fit(kind, wrap):
    model = wrap(Copies(VALUES[kind])).fit(X, Y)
    with pytest.raises(RuntimeError, match="Cannot clone object"):
        clone(model)
    # A copy of the whole, which would do for `clone`, has seen the rows.
    assert copy.deepcopy(model).predict_proba(X).shape == (40, 2)
    made = unfitted_copy(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(made)
    assert repr(made) == repr(model)
    last, own = (m[-1] if hasattr(m, "steps") else m for m in (made, model))
    assert not [name for name in vars(last) if name.endswith("_")]
    assert last.names is not own.names
    for same in (bare_clone(model), seeded_clone(model, 0)):
        assert type(same) is type(model)
        with pytest.raises(NotFittedError):
            check_is_fitted(same)


class Cuts(Copies):
    change = staticmethod(lambda names: names[:1])


class Fits(Copies):
    def __init__(self, names=None, inner=None):
        super().__init__(names, inner)
        self.fit(X, Y)


class Adds(Copies):
    change = staticmethod(lambda names: [*names, "c"])


class Refuses(Copies):
    def __sklearn_clone__(self):
        raise RuntimeError("one of a kind")


@pytest.mark.parametrize("cls", [Fits, Adds, Refuses])
def test_what_would_not_be_the_same_is_refused(cls):
    for model in (cls(["a", "b"]), make_pipeline(StandardScaler(), cls(["a", "b"]))):
        with pytest.raises(RuntimeError, match=r"Cannot clone object|one of a kind"):
            unfitted_copy(model)


def test_a_constructor_that_changes_its_parameters_once():
    """What it has made of them, it leaves as it is."""
    assert unfitted_copy(Cuts(["a", "b"])).names == ["a"]


def test_where_clone_can_it_is_what_clone_makes():
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2))
    assert repr(unfitted_copy(model)) == repr(clone(model))
    frozen = FrozenEstimator(LogisticRegression().fit(X, Y))
    assert unfitted_copy(frozen) is frozen
    kept = Pipeline([("scale", FrozenEstimator(StandardScaler().fit(X)))])
    kept.steps.append(("clf", Copies(["a"])))
    assert unfitted_copy(kept)[0] is kept[0]
    with pytest.raises(TypeError, match="Cannot clone object"):
        unfitted_copy(object())


def test_requests_and_output_go_with_the_copy():
    class Asks(Copies):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X, y)

    with config_context(enable_metadata_routing=True):
        model = Asks(["a"]).set_fit_request(sample_weight=True)
        made = unfitted_copy(model)
        requests = made.get_metadata_routing().fit.requests
    assert requests == {"sample_weight": True}
    steps = [StandardScaler().set_output(transform="pandas"), Copies(["a"])]
    made = unfitted_copy(make_pipeline(*steps))
    assert isinstance(made[0].fit_transform(pd.DataFrame(X)), pd.DataFrame)
