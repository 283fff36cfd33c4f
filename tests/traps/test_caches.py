"""Traps 5 and 50: a cache that hands out the shadows of another model.

Each case is one model in two states: in the first it ignores its rows, so that its
shadows read 0.5; in the second it remembers them. A naive key that is the same for both
reads 0.5 in the second state as well.
"""

import functools
import os
import sys
import threading
from contextvars import ContextVar

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LiRAAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows

X, Y = make_classification(200, 5, flip_y=0.3, random_state=0)


def auc(estimator, X, folder=None):
    shadows = fit_shadows(
        estimator, X, Y, shadows=ShadowModels(8, cache_dir=folder), random_state=0
    )
    return roc_auc(shadows.member.ravel(), shadows.signals["logit"].ravel())


def tree_on(function):
    return make_pipeline(FunctionTransformer(function), DecisionTreeClassifier())


def naive_key(estimator, X):
    """A key of good libraries: joblib's of the estimator, the rows' values by NumPy.

    joblib takes a function for its name, and the values of rows are those that NumPy
    finds equal.
    """
    if sparse.issparse(X):
        X = X.toarray()
    values = np.asarray(X).reshape(len(X), -1) + 0.0  # -0.0 + 0.0 is 0.0
    return joblib.hash((estimator, values))


def assert_naive_cache_is_stale(make):
    """Show the wrong reading; return what is right in the second state."""
    stored = {}
    read = []
    for state in (0, 1):
        estimator, X = make(state)
        right = auc(estimator, X)
        read.append(stored.setdefault(naive_key(estimator, X), right))
    assert read[0] == read[1] == pytest.approx(0.5, abs=0.02)
    assert right > 0.6
    return right


# -- what is told apart ----------------------------------------------------------------

STATE = 0


def times_global(X):
    return X * STATE


def global_number(state, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "STATE", state)
    return tree_on(times_global), X


class Drops:
    """Leaves out of its pickle what it works with."""

    def __init__(self, state):
        self.state = state

    def __call__(self, X):
        return X * self.state

    def __getstate__(self):
        return {}

    def __deepcopy__(self, memo):
        return self


def state_that_pickle_does_not_see(state, _):
    return tree_on(Drops(state)), X


def where_index(X):
    return X.mul(X.index.to_numpy() != 0, axis=0)


def index_of_a_frame(state, _):
    index = np.arange(200) + 1 if state else np.zeros(200, int)
    return tree_on(where_index), pd.DataFrame(X, index=index)


def where_all_stored(X):
    return X.toarray() * (X.nnz == X.shape[0] * X.shape[1])


def explicit_zeros(state, _):
    values = np.c_[X, np.zeros((200, 2))]
    stored = sparse.csr_array(np.ones_like(values))
    stored.data[:] = values.ravel()
    return tree_on(where_all_stored), stored if state else sparse.csr_array(values)


def where_deep(X):
    return X.reshape(len(X), -1) * (X.ndim == 3)


def trailing_shape(state, _):
    return tree_on(where_deep), X[:, :4].reshape(200, 2, 2) if state else X[:, :4]


def where_negative(X):
    return X * np.signbit(X[:, -1:])


def negative_zero(state, _):
    return tree_on(where_negative), np.c_[X, np.full(200, -0.0 if state else 0.0)]


@pytest.mark.parametrize(
    "make",
    [
        global_number,
        state_that_pickle_does_not_see,
        index_of_a_frame,
        explicit_zeros,
        trailing_shape,
        negative_zero,
    ],
)
def test_trap_50_two_meanings_have_two_keys(make, tmp_path, monkeypatch):
    def made(state):
        return make(state, monkeypatch)

    right = assert_naive_cache_is_stale(made)
    assert auc(*made(0), tmp_path) == pytest.approx(0.5, abs=0.02)
    assert auc(*made(1), tmp_path) == right


def test_trap_50_an_audit_end_to_end(tmp_path, monkeypatch):
    """An attack on a model that leaks, beside the shadows of one that does not."""
    read = []
    for state in (0, 1, 1):
        monkeypatch.setattr(sys.modules[__name__], "STATE", state)
        shadows = ShadowModels(8, cache_dir=tmp_path if len(read) < 2 else None)
        attack = LiRAAttack(tree_on(times_global), shadows=shadows, random_state=0)
        attack.fit(X, Y)
        read.append(roc_auc(attack.membership_, attack.score_samples(X, Y)))
    assert read[0] == pytest.approx(0.5, abs=0.05)
    assert read[1] == read[2] > 0.6


# -- what is refused -------------------------------------------------------------------


UFUNC = np.frompyfunc(lambda value: value * STATE, 1, 1)
LOCAL = threading.local()
VARIABLE = ContextVar("VARIABLE")
HERE = sys.modules[__name__]


class Named:
    """Says of itself that it is a name."""

    def __reduce__(self):
        return "NAMED"


class Locked:
    def __init__(self):
        self.lock = LOCK


NAMED, LOCK = Named(), threading.Lock()
LOCKED = Locked()


@functools.lru_cache
def remembered():
    return STATE


def times_ufunc(X):
    return UFUNC(X).astype(float)


def times_thread_local(X):
    return X * LOCAL.state


def times_variable(X):
    return X * VARIABLE.get()


def times_named(X):
    return X * NAMED.state


def times_locked(X):
    return X * LOCKED.state


def times_globals(X):
    return X * globals()["STATE"]


def times_globals_of_a_function(X):
    return X * times_globals.__globals__["STATE"]


def times_attribute_by_name(X):
    return X * getattr(HERE, "STA" + "TE")


def times_loaded_module(X):
    return X * sys.modules[__name__].STATE


def times_evaluated(X):
    return X * eval("STATE")


def times_text_of_a_function(X):
    return X * getattr(times_globals, "__globals__")["STATE"]  # noqa: B009


def times_query(X):
    return pd.DataFrame({"a": X[:, 0]}).eval("a * @STATE").to_numpy().reshape(-1, 1)


def times_imported(X):
    from tests.traps.test_caches import STATE

    return X * STATE


def times_remembered(X):
    return X * remembered()


def times_environment(X):
    return X * int(os.environ["SKMIA_TEST_STATE"])


def times_getenv(X):
    return X * int(os.getenv("SKMIA_TEST_STATE"))


def times_file(X):
    with open(os.environ["SKMIA_TEST_FILE"]) as file:
        return X * int(file.read())


def times_loaded(X):
    return X * np.loadtxt(os.environ["SKMIA_TEST_FILE"])


REFUSED = {
    times_ufunc: "<ufunc",
    times_thread_local: "_local object",
    times_variable: "<ContextVar",
    times_named: "Named object",
    times_locked: "_thread.lock",
    times_globals: "builtins.globals",
    times_globals_of_a_function: "'__globals__'",
    times_attribute_by_name: "the module '.*test_caches' as a whole",
    times_loaded_module: "the module 'sys' as a whole|test_caches' as a whole",
    times_evaluated: "builtins.eval",
    times_text_of_a_function: "'__globals__'",
    times_query: "the attribute 'eval'",
    times_imported: "import of 'tests.traps.test_caches' inside a function",
    times_remembered: "_lru_cache_wrapper",
    times_environment: "os._Environ",
    times_getenv: "os.getenv",
    times_file: "os._Environ|io.open",
    times_loaded: "os._Environ|loadtxt",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_trap_50_what_no_content_tells_is_refused(function, tmp_path, monkeypatch):
    file = tmp_path / "state"
    monkeypatch.setenv("SKMIA_TEST_FILE", str(file))

    def made(state):
        monkeypatch.setattr(HERE, "STATE", state)
        monkeypatch.setenv("SKMIA_TEST_STATE", str(state))
        file.write_text(str(state))
        for holder in (LOCAL, NAMED, LOCKED):
            holder.state = state
        VARIABLE.set(state)
        remembered.cache_clear()
        return tree_on(function), X

    assert_naive_cache_is_stale(made)
    with pytest.raises(ValueError, match=r"'cache_dir'.*no key can be made") as error:
        auc(*made(0), tmp_path / "cache")
    error.match(REFUSED[function])
    error.match(r"which tests\.traps\.test_caches\.\w+.* refers to.* cache_dir=None")
