"""A fit of the user's own in place of the estimator's, for every shadow."""

import copy
import functools
import os

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from _helpers import LabelsOnly, halves, noisy_rows
from skmia.attacks import LiRAAttack
from skmia.exceptions import UninformativeShadowsWarning
from skmia.shadows import ShadowModels, fit_shadows

X, Y = noisy_rows(120)
WEIGHT = np.random.default_rng(1).integers(0, 3, 120).astype(float)
TREE = DecisionTreeClassifier(min_samples_leaf=2)


def fit(hook, estimator=TREE, X=X, **given):
    given = {"shadows": 4, "random_state": 0} | given
    return fit_shadows(estimator, X, Y, fit=hook, **given)


def as_it_is(estimator, X, y, rows, **params):
    estimator.fit(X, y, **params)


def logits(shadows):
    return shadows.signals["logit"]


def test_a_hook_that_does_what_fit_does_changes_nothing():
    params = {"sample_weight": WEIGHT}
    own = fit(None, params=params)
    assert_array_equal(logits(fit(as_it_is, params=params)), logits(own))
    returns = fit(lambda estimator, X, y, rows: estimator.fit(X, y))
    assert_array_equal(logits(returns), logits(fit(None)))


CONTAINERS = {
    "array": np.asarray,
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcdef"), index=range(7, 127)),
    "polars": lambda X: pl.DataFrame(X, schema=list("abcdef")),
    "sparse": sparse.csr_matrix,
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_what_a_hook_is_given(kind):
    pool = CONTAINERS[kind](X)
    calls = []

    def hook(estimator, X, y, rows, **params):
        assert type(X) is type(pool)
        values = X.toarray() if sparse.issparse(X) else np.asarray(X)
        all_values = pool.toarray() if sparse.issparse(pool) else np.asarray(pool)
        assert_array_equal(values, all_values[rows])
        assert_array_equal(y, Y[rows])
        assert_array_equal(params.pop("sample_weight"), WEIGHT[rows])
        assert params == {"check_input": True}
        assert not hasattr(estimator, "tree_")
        assert isinstance(estimator.random_state, int)
        calls.append((estimator.random_state, np.sort(rows)))
        return estimator.fit(X, y)

    params = {"sample_weight": WEIGHT, "check_input": True}
    shadows = fit(hook, X=pool, params=params)
    assert len({seed for seed, _ in calls}) == 4
    for (_, rows), plain in zip(calls, fit(None, X=pool).member, strict=True):
        # Rows of weight 0 are passed as to the target's fit, and are no members.
        assert_array_equal(rows, np.flatnonzero(plain))
    assert_array_equal(shadows.member, fit(None, X=pool).member & (WEIGHT > 0))


@pytest.mark.slow
def test_the_result_depends_neither_on_jobs_nor_on_the_backend():
    # Inside, so that it is sent by its content, as from a script or a notebook.
    def split_off(estimator, X, y, rows, share=4):
        """Fit on all but a part of the rows, drawn with the seed of the clone."""
        rng = np.random.default_rng(estimator.random_state)
        train = rng.permutation(len(rows))[len(rows) // share :]
        estimator.fit(X[train], y[train])

    shift = 3  # a closure, as a lambda has
    hooks = [split_off, lambda *given: split_off(*given, share=shift)]
    for hook in [*hooks, functools.partial(split_off, share=shift)]:
        one = logits(fit(hook))
        assert (one != logits(fit(None))).any()
        for backend in ("loky", "threading"):
            with joblib.parallel_config(backend=backend):
                assert_array_equal(logits(fit(hook, n_jobs=2)), one)


def test_a_returned_estimator_takes_the_place_of_the_clone():
    def hook(estimator, X, y, rows):
        return make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)

    learner = make_pipeline(StandardScaler(), GaussianNB())
    expected = fit(None, learner, shadows=ShadowModels(4, counterfactual=False))
    shadows = fit(hook, shadows=ShadowModels(4, keep_models=True))
    assert_array_equal(logits(shadows), logits(expected))
    assert isinstance(shadows.models[0][-1], GaussianNB)


WRONG = [
    (lambda e, X, y, rows: 3, TypeError, "returned 3 instead"),
    (lambda e, X, y, rows: GaussianNB, TypeError, "classifier, with predict_proba"),
    (lambda e, X, y, rows: SVR().fit(X, y), TypeError, r"returned SVR\(\) instead"),
    (lambda e, X, y, rows: LabelsOnly().fit(X, y), TypeError, "predict_proba or"),
    (lambda e, X, y, rows: None, ValueError, "returned None, and did not fit a Dec"),
    (lambda e, X, y, rows: GaussianNB(), ValueError, "a GaussianNB that is not fit"),
    (lambda e, X, y, rows: e.fit(X, y + 5), ValueError, r"classes \[5, 6\].*encode y"),
]


@pytest.mark.parametrize(("hook", "error", "message"), WRONG)
def test_what_a_hook_must_leave_behind(hook, error, message):
    with pytest.raises(error, match=message) as caught:
        fit(hook)
    assert "shadow model 0" in caught.value.__notes__[0]


@pytest.mark.parametrize("hook", [3, "fit", GaussianNB, GaussianNB()])
def test_what_is_no_hook(hook):
    with pytest.raises(TypeError, match="'fit' parameter must be a callable"):
        fit(hook)


def test_an_error_of_the_hook_is_its_own():
    def hook(estimator, X, y, rows):
        raise RuntimeError("no validation set")

    with pytest.raises(RuntimeError, match="no validation set"):
        fit(hook)


MEMBER = halves(120)
TARGET = RandomForestClassifier(10, random_state=0).fit(X[MEMBER], Y[MEMBER])
SHARED = RandomForestClassifier(10, random_state=1)


def test_the_target_or_one_model_for_all_shadows_is_refused():
    """Refitted, the target would be another than the one that is attacked."""
    before = TARGET.predict_proba(X)
    with pytest.raises(ValueError, match="returned the same RandomForestClassifier"):
        fit(lambda e, X, y, rows: TARGET, TARGET)
    with pytest.raises(ValueError, match="returned the same RandomForestClassifier"):
        fit(lambda e, X, y, rows: SHARED.fit(X, y), TARGET)
    assert_array_equal(TARGET.predict_proba(X), before)


@pytest.mark.parametrize(
    ("hook", "n_jobs"),
    [
        # A copy of the target, and the target itself where a process has a copy.
        (lambda e, X, y, rows: copy.deepcopy(TARGET), None),
        (lambda e, X, y, rows: TARGET, 2),
        # Fitted on the members, whatever the rows of the shadow.
        (lambda e, A, b, rows: e.fit(X[MEMBER], Y[MEMBER]), None),
    ],
)
def test_shadows_that_know_the_members_are_noticed(hook, n_jobs):
    shadows = fit(hook, TARGET, n_jobs=n_jobs)
    attack = LiRAAttack(FrozenEstimator(TARGET), shadows=shadows)
    with pytest.warns(UninformativeShadowsWarning):
        attack.fit(X, Y, membership=MEMBER)


def test_the_content_of_a_hook_is_in_the_key_of_the_cache(tmp_path, fits):
    def run(hook):
        fits.clear()
        return logits(fit(hook, shadows=ShadowModels(4, cache_dir=tmp_path)))

    def stop_at(depth):
        return lambda e, X, y, rows: e.set_params(max_depth=depth).fit(X, y)

    plain = run(None)
    assert len(fits) == 4
    two, three = run(stop_at(2)), run(stop_at(3))
    # By file and name the two hooks are one.
    assert stop_at(2).__qualname__ == stop_at(3).__qualname__
    assert (two != three).any()
    assert (two != plain).any()
    assert len(fits) == 4
    assert_array_equal(run(stop_at(2)), two)
    assert_array_equal(run(None), plain)
    assert not fits


def test_a_hook_without_content_is_refused_with_a_cache(tmp_path):
    def hook(estimator, X, y, rows):
        return estimator.set_params(max_depth=int(os.environ["DEPTH"])).fit(X, y)

    with pytest.raises(ValueError, match="'cache_dir' parameter cannot be used"):
        fit(hook, shadows=ShadowModels(4, cache_dir=tmp_path))


def test_a_callback_has_its_state_for_one_fit():
    """Shared by the fits of one process, it would tell one of the other."""

    class Counting:
        """A callback with a state, as LightGBM's for early stopping has."""

        def __init__(self):
            self.seen = 0

        def __call__(self):
            self.seen += 1
            return self.seen

    class Called(LogisticRegression):
        """Fits as often as its callback says, and so in other ways."""

        def fit(self, X, y, callbacks=()):
            self.C = callbacks[0]()
            return super().fit(X, y)

    counting = Counting()
    params = {"callbacks": [counting]}
    one = fit(None, Called(), params=params)
    # Fitted with the callback as it is, the second differs from the first.
    naive = [Called().fit(X, Y, callbacks=[counting]).C for _ in range(2)]
    assert naive == [1, 2]
    counting.seen = 0
    for backend in ("loky", "threading"):
        with joblib.parallel_config(backend=backend):
            two = fit(None, Called(), params=params, n_jobs=2)
        assert_array_equal(logits(one), logits(two))
    kept = fit(None, Called(), params=params, shadows=ShadowModels(4, keep_models=True))
    assert [model.C for model in kept.models] == [1, 1, 1, 1]


def test_the_target_is_not_touched():
    fit(as_it_is, TARGET)
    check_is_fitted(TARGET)
    assert TARGET.random_state == 0
