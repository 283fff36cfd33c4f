"""Warnings of many fits become one for each category, as the user's filters say."""

import json
import subprocess
import sys
import textwrap
import threading
import warnings
from collections import Counter

import joblib
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skmia.shadows import fit_shadows
from skmia.shadows._warnings import emit, from_plain, gather, intercept, to_plain

X = np.random.RandomState(0).normal(size=(80, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def fit(estimator=None, n_jobs=2, **params):
    estimator = LogisticRegression(max_iter=1) if estimator is None else estimator
    return fit_shadows(
        estimator, X, Y, shadows=6, n_jobs=n_jobs, random_state=0, **params
    )


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_one_warning_with_a_count_per_category(backend):
    class Grumbles(GaussianNB):
        def fit(self, X, y):
            warnings.warn("old", FutureWarning, stacklevel=2)
            warnings.warn("odd", UserWarning, stacklevel=2)
            warnings.warn("odd again", UserWarning, stacklevel=2)
            return super().fit(X, y)

        def predict_proba(self, X):
            warnings.warn("old", FutureWarning, stacklevel=2)
            return super().predict_proba(X)

    with joblib.parallel_config(backend=backend), pytest.warns() as got:
        fit(Grumbles())
    messages = {w.category: str(w.message) for w in got}
    assert len(got) == len(messages) == 2
    text = "12 warnings of this kind from 6 shadow fits, the first: "
    assert messages == {FutureWarning: text + "old", UserWarning: text + "odd"}
    assert {w.filename for w in got} == {__file__}


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_a_model_that_does_not_converge(backend):
    with (
        joblib.parallel_config(backend=backend),
        pytest.warns(ConvergenceWarning, match=r"6 warnings .* lbfgs failed") as got,
    ):
        fit()
    assert len(got) == 1


@pytest.mark.parametrize("backend", ["sequential", "loky"])
def test_a_single_warning_is_in_the_singular(backend):
    class Once(GaussianNB):
        def fit(self, X, y):
            if 0 in X[:, 0]:
                warnings.warn("a zero", RuntimeWarning, stacklevel=2)
            return super().fit(X, y)

    zero = X.copy()
    zero[0, 0] = 0
    with (
        joblib.parallel_config(backend=backend),
        pytest.warns(RuntimeWarning, match=r"^1 warning of this kind from 2 .*a zero$"),
    ):
        fit_shadows(Once(), zero, Y, shadows=2, n_jobs=2, random_state=0)


@pytest.mark.parametrize(
    "chosen",
    [
        {"category": ConvergenceWarning},
        {"category": UserWarning},  # of which it is a subclass
        {"message": "lbfgs failed"},  # which our own text does not start with
    ],
)
@pytest.mark.parametrize("backend", ["sequential", "loky"])
def test_the_users_filters_are_respected(chosen, backend):
    with joblib.parallel_config(backend=backend), warnings.catch_warnings():
        warnings.filterwarnings("ignore", **chosen)  # all others are errors
        fit()
        warnings.filterwarnings("error", **chosen)
        with pytest.raises(ConvergenceWarning, match=r"6 warnings .* lbfgs failed"):
            fit()


def test_a_filter_on_one_message_leaves_the_others_of_its_category():
    with warnings.catch_warnings(record=True) as got:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="known")
        warned = Counter({(UserWarning, "known"): 7, (UserWarning, "new"): 2})
        emit(warned, 9)
    (only,) = got
    assert str(only.message) == (
        "2 warnings of this kind from 9 shadow fits, the first: new"
    )


def test_filters_and_their_state_are_as_before():
    before = list(warnings.filters), warnings.showwarning
    for backend in ("sequential", "threading"):
        with joblib.parallel_config(backend=backend), pytest.warns(ConvergenceWarning):
            fit(n_jobs=3)
    assert (list(warnings.filters), warnings.showwarning) == before


def test_a_category_that_takes_more_than_a_text():
    class Detailed(UserWarning):
        def __init__(self, text, detail):
            super().__init__(text, detail)

    class Grumbles(GaussianNB):
        def fit(self, X, y):
            warnings.warn(Detailed("odd", 3), stacklevel=2)
            return super().fit(X, y)

    with pytest.warns(UserWarning, match=r"^Detailed: 6 warnings .*\('odd', 3\)$"):
        fit(Grumbles(), n_jobs=1)


@pytest.mark.slow
def test_a_deprecation_inside_of_a_library_is_pythons_to_show():
    """By default Python shows it to the author of the code that raised it only."""
    code = """
        import warnings
        from collections import Counter
        from skmia.shadows._warnings import emit
        emit(Counter({(DeprecationWarning, "old"): 3, (FutureWarning, "late"): 2}), 4)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "FutureWarning: 2 warnings of this kind" in done.stderr
    assert "Deprecation" not in done.stderr


def test_threads_keep_their_warnings_apart():
    barrier = threading.Barrier(2)
    gathered = {}

    def work(name):
        with gather() as warned:
            barrier.wait()
            for _ in range(50):
                warnings.warn(name, UserWarning, stacklevel=1)
            barrier.wait()
        gathered[name] = warned

    with intercept() as elsewhere:
        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        warnings.warn("neither", UserWarning, stacklevel=1)
        for thread in threads:
            thread.join()
    assert elsewhere == {(UserWarning, "neither"): 1}
    assert gathered == {n: Counter({(UserWarning, n): 50}) for n in "ab"}


def test_warnings_of_fits_inside_of_a_fit_come_through():
    class Audited(GaussianNB):
        def fit(self, X, y):
            fit(n_jobs=1)
            return super().fit(X, y)

    with pytest.warns(ConvergenceWarning) as got:
        fit(Audited(), n_jobs=1)
    (only,) = got
    assert str(only.message).count("6 warnings of this kind") == 2


def test_warnings_go_through_a_file():
    warned = Counter(
        {
            (UserWarning, "plain"): 2,
            (ConvergenceWarning, "a\nsecond line, é"): 1,
            (DataConversionWarning, ""): 3,
        }
    )
    assert from_plain(json.loads(json.dumps(to_plain(warned)))) == warned


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("a_module_that_is_not_loaded", "Odd"),
        ("builtins", "NoSuchWarning"),
        ("builtins", "ValueError"),
        ("builtins", "print"),
        ("os", "path.join"),
    ],
)
def test_a_category_that_is_none_is_told_as_a_user_warning(module, name):
    assert from_plain([[module, name, "text", 2]]) == {
        (UserWarning, f"{name}: text"): 2
    }
    assert "a_module_that_is_not_loaded" not in sys.modules
