"""Steps that look at the batch void the guarantee, however they look at it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._row_by_row import fit_row_by_row


def _from_first(X):
    return X - X[:1]


def _by_largest(X):
    return X / np.abs(X).max(axis=0)


def _by_neighbour(X):
    return X - np.roll(X, 1, axis=0)


def _by_position(X):
    return X + np.arange(len(X))[:, None]


def _from_mean_of_many(X):
    return X - X.mean(axis=0) if len(X) > 1 else X


def _second_largest(X):
    return np.minimum(X, np.sort(X, axis=0)[-min(2, len(X))])


def _as_frame_of_ranks(X):
    return pd.DataFrame(X).rank()


LOOK_AT_THE_BATCH = [
    _from_first,
    _by_largest,
    _by_neighbour,
    _by_position,
    _from_mean_of_many,
    _second_largest,
    _as_frame_of_ranks,
]


def _passes(function, X):
    try:
        fit_row_by_row("step", FunctionTransformer(function), X)
    except ValueError:
        return False
    return True


def _passes_every_other_row(function, X):
    """The check as it was: one half of the rows, in their order, the first among it."""
    return np.allclose(function(X)[::2], function(X[::2]), equal_nan=True)


def test_what_one_half_of_the_rows_does_not_show():
    """Over 40 draws of 30 rows and one column."""
    draws = [np.random.RandomState(seed).randn(30, 1) for seed in range(40)]
    before = [
        sum(_passes_every_other_row(f, X) for X in draws)
        for f in (_from_first, _by_largest)
    ]
    assert before == [40, 15]
    assert [sum(_passes(f, X) for X in draws) for f in (_from_first, _by_largest)] == [
        0,
        0,
    ]


@pytest.mark.parametrize("function", LOOK_AT_THE_BATCH, ids=lambda f: f.__name__)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_step_that_looks_at_the_batch_is_refused(function, scale):
    X = scale * np.random.RandomState(0).randn(40, 3)
    assert not _passes(function, X)


class Learns(TransformerMixin, BaseEstimator):
    """Centres the rows, and has tags that say that it learns nothing."""

    def fit(self, X, y=None):
        self.mean_ = X.mean(axis=0)
        return self

    def transform(self, X):
        return X - self.mean_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def test_a_step_that_learns_in_spite_of_its_tags():
    X = np.random.RandomState(0).randn(40, 3)
    step = Learns().fit(X)
    np.testing.assert_array_equal(step.transform(X)[::2], step.transform(X[::2]))
    with pytest.raises(ValueError, match="when the rows around it are others"):
        fit_row_by_row("step", step, X)


def test_it_is_refused_by_fit():
    X, y = np.random.RandomState(0).randn(40, 3), np.arange(40) % 2
    inner = make_pipeline(FunctionTransformer(_from_first), LogisticRegression())
    clf = DifferentialPrivacyClassifier(inner, data_norm=1.0)
    with pytest.raises(ValueError, match=r"'functiontransformer'.* rows around it"):
        clf.fit(X, y)


def _product(X):
    """In single precision, where sums in another order differ in many digits."""
    weights = np.random.RandomState(0).randn(X.shape[1], 5).astype(np.float32)
    return X.astype(np.float32) @ weights


PUBLIC = np.random.RandomState(7).randn(200, 20)
ROW_BY_ROW = {
    "log": FunctionTransformer(lambda X: np.log1p(np.abs(X))),
    "norm": Normalizer(),
    "sign": Binarizer(),
    "squares": PolynomialFeatures(2),
    "sparse": FunctionTransformer(sparse.csr_array),
    "single": FunctionTransformer(_product),
    "single in a frame": FunctionTransformer(lambda X: pd.DataFrame(_product(X))),
    "polars": FunctionTransformer(lambda X: pl.DataFrame(np.round(X, 1))),
    "text": FunctionTransformer(lambda X: np.where(X > 0, "a", "b")),
    "missing": FunctionTransformer(lambda X: np.where(X > 0, np.nan, X)),
    "infinite": FunctionTransformer(lambda X: np.where(X > 0, np.inf, X)),
    "scaler": FrozenEstimator(StandardScaler().fit(PUBLIC)),
    "components": FrozenEstimator(PCA(5).fit(PUBLIC)),
    "bins": FrozenEstimator(KBinsDiscretizer(4, quantile_method="linear").fit(PUBLIC)),
    "one-hot": FrozenEstimator(
        make_pipeline(
            FunctionTransformer(np.round), OneHotEncoder(handle_unknown="ignore")
        ).fit(PUBLIC)
    ),
}


@pytest.mark.parametrize("name", ROW_BY_ROW)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("n", [1, 2, 3, 501])
def test_a_step_that_does_not_is_taken(name, scale, n):
    X = scale * (np.random.RandomState(1).randn(n, 20) + 3)
    fit_row_by_row(name, ROW_BY_ROW[name].fit(X, None), X)


def test_a_step_that_writes_in_its_rows_leaves_the_users():
    X, y = np.random.RandomState(0).randn(40, 3), np.arange(40) % 2
    kept = X.copy()
    step = FunctionTransformer(lambda X: np.abs(X, out=X))
    inner = make_pipeline(step, LogisticRegression())
    DifferentialPrivacyClassifier(inner, data_norm=1.0, random_state=0).fit(X, y)
    np.testing.assert_array_equal(X, kept)


class Center:
    """Centres by the mean of the first batch that it is given."""

    def __call__(self, X):
        if not hasattr(self, "mean"):
            self.mean = X.mean(axis=0)
        return X - self.mean


MEMORY = {}


def _in_a_module(X):
    return X - MEMORY.setdefault("mean", X.mean(axis=0))


def _in_a_default(X, memory={}):  # noqa: B006
    return X - memory.setdefault("mean", X.mean(axis=0))


def _in_an_attribute(X):
    if not hasattr(_in_an_attribute, "mean"):
        _in_an_attribute.mean = X.mean(axis=0)
    return X - _in_an_attribute.mean


def _in_a_closure():
    memory = []

    def center(X):
        memory.append(X.mean(axis=0))
        return X - memory[0]

    return center


class InAClass:
    memory = []  # noqa: RUF012

    def __call__(self, X):
        self.memory.append(X.mean(axis=0))
        return X - self.memory[0]


@pytest.mark.parametrize(
    "function",
    [
        Center(),
        _in_a_module,
        _in_a_default,
        _in_an_attribute,
        _in_a_closure(),
        InAClass(),
    ],
    ids=["object", "module", "default", "attribute", "closure", "class"],
)
def test_a_function_that_keeps_its_first_batch_is_refused(function):
    rng = np.random.RandomState(0)
    X, y = rng.randn(40, 3), np.arange(40) % 2
    step = FunctionTransformer(function)
    clf = DifferentialPrivacyClassifier(
        make_pipeline(step, LogisticRegression()), data_norm=1.0
    )
    with pytest.raises(ValueError, match=r"rows around it|keeps something"):
        clf.fit(X, y)
    # The check as it was, all rows first: batches agree on the mean of all rows.
    memory = Center()
    together = memory(X)
    np.testing.assert_array_equal(together[::-1], memory(X[::-1]))
    np.testing.assert_array_equal(memory.mean, X.mean(axis=0))


def test_what_a_refused_function_keeps_is_of_no_row():
    """So that it may be taken when it is tried again."""
    memory = {}
    step = FunctionTransformer(lambda X: X - memory.setdefault("mean", X.mean(axis=0)))
    X, y = np.random.RandomState(0).randn(40, 3), np.arange(40) % 2
    clf = DifferentialPrivacyClassifier(
        make_pipeline(step, LogisticRegression()), data_norm=1.0, random_state=0
    )
    with pytest.raises(ValueError, match="keeps something"):
        clf.fit(X, y)
    assert memory["mean"].tolist() == [1, 1, 1]


def test_the_step_in_the_model_has_seen_no_row():
    class Counts:
        """Does what it should, and keeps the rows."""

        def __call__(self, X):
            self.rows = X.copy()
            return X * 2

    X, y = np.random.RandomState(0).randn(40, 3), np.arange(40) % 2
    counts = Counts()
    step = FunctionTransformer(counts, inverse_func=lambda X: X / 2, check_inverse=True)
    inner = make_pipeline(step, LogisticRegression())
    clf = DifferentialPrivacyClassifier(inner, data_norm=1.0, random_state=0).fit(X, y)
    assert not hasattr(clf.estimator_[0].func, "rows")
    assert not hasattr(counts, "rows")
