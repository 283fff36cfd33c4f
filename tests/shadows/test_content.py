"""Other descriptions for other meanings; the same ones in every process."""

import functools
import itertools
import math
import os
import pickle
import random
import subprocess
import sys
import textwrap
import threading
import types
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmia._models import kept_generators
from skmia.shadows._content import describe

RNG = np.random.RandomState(0)
X = RNG.rand(60, 3)
Y = np.arange(60) % 2


def scaled(by):
    return lambda X: X * by


def frozen(classifier, seed=0):
    return FrozenEstimator(classifier.set_params(random_state=seed).fit(X, Y))


class Callable:
    def __init__(self, by):
        self.by = by

    def __call__(self, X):
        return X * self.by

    def times(self, X):
        return X * self.by


DIFFERENT = {
    "numbers": [0, 0.0, -0.0, False, None, ..., 1, True, "0", b"0", "", np.float32(0)],
    "floats": [0.1, np.nextafter(0.1, 1), np.float64(0.1), float("nan"), float("inf")],
    "nesting": [(), [], [()], ([],), [1, 2], [[1], 2], [[1, 2]], (1, 2), {1, 2}],
    "text": [["ab", "c"], ["a", "bc"], ["abc"], "abc", "a\ud800"],
    "dicts": [{"a": 1}, {"a": 2}, {"b": 1}, {"a": 1, "b": 1}, {}],
    "arrays": [
        np.arange(6),
        np.arange(6).reshape(2, 3),
        np.arange(6).reshape(3, 2),
        np.arange(6.0),
        np.arange(6, dtype=np.int32),
        np.arange(6, dtype=">i8"),
        np.arange(6).astype(str),
        np.arange(6).astype(object),
        np.array([0, 1, 2, 3, 4, "5"], dtype=object),
        np.ma.masked_array(np.arange(6), np.arange(6) == 2),
        np.array([(0, 1.0)], dtype=[("a", int), ("b", float)]),
        np.array([(0, 1.0)], dtype=[("a", int), ("c", float)]),
        sparse.csr_matrix(np.arange(6)),
        sparse.csr_array(np.arange(6).reshape(1, 6)),
        np.arange(6).astype("M8[D]"),
        pd.Series(np.arange(6)),
        pd.Series(np.arange(6), index=list("abcdef")),
    ],
    "dtypes": [
        pd.CategoricalDtype(["a", "b"]),
        pd.CategoricalDtype(["b", "a"]),
        pd.CategoricalDtype(["a", "b", "c"]),
        pd.CategoricalDtype(["a", "b"], ordered=True),
        np.dtype(float),
        np.dtype("f4"),
    ],
    "estimators": [
        LogisticRegression,
        LogisticRegression(),
        LogisticRegression(C=2),
        LogisticRegression().fit(X, Y),
        make_pipeline(LogisticRegression()),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), LogisticRegression(C=2)),
        make_pipeline(StandardScaler().set_output(transform="pandas"), GaussianNB()),
        make_pipeline(StandardScaler(), GaussianNB()),
        VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())]),
        VotingClassifier([("b", GaussianNB()), ("a", LogisticRegression())]),
        VotingClassifier([("a", GaussianNB()), ("b", "drop")]),
        VotingClassifier([("a", GaussianNB())]),
    ],
    "frozen": [
        frozen(RandomForestClassifier(3)),
        frozen(RandomForestClassifier(3), 1),
        frozen(HistGradientBoostingClassifier(max_iter=2)),
        FrozenEstimator(KNeighborsClassifier(3, algorithm="kd_tree").fit(X, Y)),
        FrozenEstimator(KNeighborsClassifier(3, algorithm="kd_tree").fit(X, 1 - Y)),
        FrozenEstimator(StandardScaler().fit(X)),
        FrozenEstimator(StandardScaler().fit(2 * X)),
    ],
    "generators": [
        np.random.default_rng(0),
        np.random.default_rng(1),
        np.random.RandomState(0),
        np.random.RandomState(1),
        ShuffleSplit(2, random_state=0),
        ShuffleSplit(2, random_state=1),
        ShuffleSplit(3, random_state=0),
        stats.uniform(0, 1),
        stats.uniform(0, 2),
        stats.norm(0, 1),
    ],
    "functions": [
        np.log1p,
        np.sqrt,
        np.nan_to_num,
        len,
        # The same bytecode and constants, but for the names.
        lambda X: np.log1p(X),
        lambda X: np.sqrt(X),
        lambda X: X + 1,
        lambda X: X + 2,
        lambda X: X - 1,
        lambda X, by=1: X + by,
        lambda X, by=2: X + by,
        lambda X, *, by=1: X + by,
        lambda X, *, by=2: X + by,
        lambda X, *by: X + by,
        # Constants and names of the code inside of the code.
        lambda X: [x + 1 for x in X],
        lambda X: [x + 2 for x in X],
        lambda X: [np.sqrt(x) for x in X],
        lambda X: [np.log1p(x) for x in X],
        scaled(2),
        scaled(3),
        scaled(np.ones(3)),
        functools.partial(np.clip, a_min=0),
        functools.partial(np.clip, a_min=1),
        functools.partial(np.clip, a_max=1),
        Callable(2),
        Callable(3),
        Callable(2).__call__,
        Callable(2).times,
        Callable(3).times,
        "a".upper,
        "b".upper,
        Callable,
        GaussianNB().fit,
        types.SimpleNamespace,
        functools.partial,
    ],
    "steps": [
        FunctionTransformer(),
        FunctionTransformer(np.log1p),
        FunctionTransformer(scaled(2)),
        FunctionTransformer(scaled(3)),
        FunctionTransformer(scaled(3), kw_args={"by": 1}),
        FunctionTransformer(scaled(3), kw_args={"by": 2}),
    ],
}


@pytest.mark.parametrize("group", DIFFERENT)
def test_different_meanings_have_different_descriptions(group):
    values = DIFFERENT[group]
    described = [describe(value) for value in values]
    for (i, one), (j, other) in itertools.combinations(enumerate(described), 2):
        assert one != other, (values[i], values[j])


@pytest.mark.parametrize("group", DIFFERENT)
def test_what_is_described_twice_is_described_alike(group):
    for value in DIFFERENT[group]:
        assert describe(value) == describe(value)
        # Also beside itself: no value is taken for the one before it.
        pair = describe([value, [value]])
        assert pair == describe([value, [value]])


@pytest.mark.parametrize(
    "value",
    [
        *DIFFERENT["arrays"][:5],
        *DIFFERENT["arrays"][6:9],  # NumPy's pickles lose the order of bytes
        *DIFFERENT["dtypes"],
        *DIFFERENT["estimators"],
        *DIFFERENT["frozen"],
        *DIFFERENT["generators"][:7],
        pd.DataFrame({"a": ["x", None], "b": [1, 2]}),
    ],
)
def test_copies_are_described_alike(value):
    assert describe(pickle.loads(pickle.dumps(value))) == describe(value)


def test_clones_are_described_alike():
    search = RandomizedSearchCV(LogisticRegression(), {"C": stats.uniform()})
    for estimator in (search, *DIFFERENT["steps"], *DIFFERENT["frozen"]):
        first = describe(clone(estimator))
        np.random.RandomState.random_sample(np.random.mtrand._rand)
        assert describe(clone(estimator)) == first


def test_layout_in_memory_counts():
    """BLAS sums rows and columns in another order."""
    X = np.arange(12.0).reshape(3, 4)
    assert describe(X.copy()) == describe(X)
    strided = np.repeat(X, 2, axis=1)[:, ::2]
    assert len({describe(values) for values in (X, np.asfortranarray(X), strided)}) == 3


def test_order_counts_where_python_keeps_it_and_only_there():
    assert describe({"a": 1, "b": 2}) != describe({"b": 2, "a": 1})
    words = [f"word{i}" for i in range(50)]
    again = words[::-1]
    assert describe(set(words)) == describe(set(again))
    assert describe(frozenset(words)) == describe(frozenset(again))


def test_requests_of_metadata_are_part_of_an_estimator():
    """The parameters are the same, and the weights do not arrive."""
    with config_context(enable_metadata_routing=True):
        described = {
            describe(clone(LogisticRegression().set_fit_request(sample_weight=wanted)))
            for wanted in (True, False, None, "alias")
        }
    assert len(described) == 4


def test_a_value_that_refers_to_itself():
    one, other = [Callable(1) for _ in range(2)]
    one.by, other.by = one, [other]
    assert describe(one) == describe(one)
    assert describe(one) != describe(other)

    def countdown(n):
        return countdown(n - 1) if n else 0

    assert describe(countdown) == describe(countdown)


def test_the_state_of_global_generators_is_no_content():
    """Each shadow seeds them."""
    draws = [random.random, np.random.random_sample]
    functions = [lambda X: X * draws[0](), lambda X: X * draws[1]()]
    described = [describe(function) for function in functions]
    with kept_generators():
        for draw in draws:
            draw()
        assert [describe(function) for function in functions] == described
    for own in (random.Random, np.random.RandomState):
        assert describe(own(0)) == describe(own(0)) != describe(own(1))
        assert describe(own(0).random) != describe(own(1).random)


CACHED = functools.lru_cache(math.sqrt)


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        (i for i in range(3)),
        Callable(threading.Lock()),
        threading.local(),
        ContextVar("variable"),
        np.frompyfunc(abs, 1, 1),
        CACHED,
        os.environ,
        os.getenv,
        open,
        eval,
        np.load,
        pd.read_csv,
        Path(),
        sys,
        sys.modules[__name__],
    ],
)
def test_what_has_no_content_is_refused(value):
    with pytest.raises(ValueError, match=r"'cache_dir' .* be made of .*None\."):
        describe(FunctionTransformer(kw_args={"value": [value]}))


def test_the_code_that_names_what_has_no_content_is_named():
    """A lock may guard a value that the code returns: it is told by no content."""

    def make(factor):
        namespace = {"__name__": "__main__", "lock": threading.Lock()}
        exec(f"def scale(X):\n    with lock:\n        return X * {factor}", namespace)
        return namespace["scale"]

    with pytest.raises(
        ValueError, match=r"_thread\.lock'.*, which \w+\.scale refers to"
    ):
        describe(make(2))


def test_names_of_attributes_are_not_taken_for_globals():
    def make(value):
        namespace = {"__name__": "__main__", "fit": value}
        exec("def call(model, X):\n    return model.fit(X)", namespace)
        return namespace["call"]

    assert describe(make(1)) == describe(make(2))


def test_methods_that_find_variables_in_a_text_are_refused():
    """Others of their name, as networks have, are given none."""
    described = [
        describe(lambda net: net.eval()),
        describe(lambda net, X: net.eval()(X)),
        describe(lambda net: net.train()),
    ]
    assert len(set(described)) == 3
    for function in (
        lambda X: X.eval("a * @state"),
        lambda X, text: X.query(text),
        lambda X, text: X.eval(expr=text),
        lambda X, text: map(X.eval, text),
    ):
        with pytest.raises(ValueError, match=r"attribute '(eval|query)', which l"):
            describe(function)


def test_a_variable_that_has_no_value_yet():
    def outer():
        def inner():
            return later

        described = describe(inner)
        later = 1
        return described, describe(inner), later

    before, after, _ = outer()
    assert before == outer()[0] != after


@pytest.mark.slow
def test_descriptions_are_the_same_in_every_process():
    code = """
        import sys, functools
        import numpy as np
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.frozen import FrozenEstimator
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        from skmia.shadows._content import describe

        class Base:
            words = {f"word{i}" for i in range(20)}
            @property
            def size(self): return helper(3)
            @staticmethod
            def twice(x): return {"a", "b", x}
            @classmethod
            def thrice(cls): return cls
            @functools.cached_property
            def cached(self): return self.words
        class Callable(Base):
            __slots__ = ("x",)
            def __call__(self, X): return helper(X) in {"a", "b"}
        def helper(X): return np.log1p(X) if X else helper(X)

        X = np.random.RandomState(0).rand(50, 3)
        forest = RandomForestClassifier(3, random_state=0).fit(X, np.arange(50) % 2)
        step = FunctionTransformer(Callable(), kw_args={"mixed": {"x", 1, None}})
        print(describe(make_pipeline(step, FrozenEstimator(forest))))
    """
    described = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(described) == 1
