"""Fitted steps are shared by shadows without a fit only if no record shows in them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from skmia.attacks import LiRAAttack
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._shared_steps import _largest_shares, can_be_shared


@pytest.mark.parametrize(
    "step",
    [
        StandardScaler(),
        "passthrough",
        OneHotEncoder(),
        OrdinalEncoder(),
        OneHotEncoder(categories=[["a", "b"]], handle_unknown="ignore"),
        make_pipeline(MinMaxScaler(), Normalizer()),
        make_column_transformer((OneHotEncoder(), ["a"]), remainder=StandardScaler()),
    ],
    ids=repr,
)
def test_steps_that_hardly_see_a_row_can_be_shared(step):
    assert can_be_shared(step)


@pytest.mark.parametrize(
    "step",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OneHotEncoder(min_frequency=3),
        OneHotEncoder(max_categories=3),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        TargetEncoder(),
        make_pipeline(StandardScaler(), OneHotEncoder(handle_unknown="ignore")),
        make_column_transformer((TargetEncoder(), ["a"])),
        make_column_transformer((StandardScaler(), ["a"]), remainder=TargetEncoder()),
        type("StandardScaler", (StandardScaler,), {}),
    ],
    ids=repr,
)
def test_steps_that_learn_rows_cannot(step):
    assert not can_be_shared(step)


def _shares(X, units):
    """By the definition, one column and one unit after the other."""
    shares = []
    for column in X.T:
        square = (column - column.mean()) ** 2
        own = [square[units == u].sum() for u in np.unique(units)]
        shares.append(max(own) / square.sum() if square.sum() else 0.0)
    return np.array(shares)


def test_shares_of_the_variance():
    rng = np.random.default_rng(0)
    X = rng.poisson(0.2, size=(60, 8)).astype(float)
    X[:, 6], X[:, 7] = 0, 1
    X[3, 7] = 0
    X[10:13] = X[20]
    units = np.arange(60)
    units[10:13] = 20
    expected = _shares(X, units)
    assert expected[6] == 0
    assert_allclose(expected[7], 59 / 60)
    # Beside the values, which of them are missing.
    assert_allclose(_largest_shares(X, units)[::2], expected)
    of_sparse = _largest_shares(sparse.csr_array(X), units)
    assert_allclose(of_sparse[:7], expected[:7])
    # Zeros that are not stored are taken for those of the most copies.
    assert of_sparse[7] >= expected[7]
    names = list("abcdefgh")
    for frame in pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names):
        assert_allclose(_largest_shares(frame, units)[::2], expected)


def test_the_only_missing_value_is_one_record():
    X = np.random.default_rng(0).normal(size=(50, 2))
    assert _largest_shares(X, np.arange(50)).max() < 0.5
    X[7, 1] = np.nan
    assert_allclose(_largest_shares(X, np.arange(50)).max(), 49 / 50)


X, y = load_wine(return_X_y=True)
stands_out = (np.abs(StandardScaler().fit_transform(X)) > 4).any(axis=1)
X, y = X[~stands_out], y[~stands_out]


@pytest.mark.parametrize(
    ("steps", "shared"),
    [
        (StandardScaler(), True),
        (FunctionTransformer(np.tanh), True),
        (MinMaxScaler(), True),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), False),
    ],
)
def test_whether_fits_are_needed(steps, shared):
    learner = make_pipeline(steps, KNeighborsClassifier())
    rows = X if shared else np.round(X)
    shadows = fit_shadows(learner, rows, y, shadows=2, random_state=0)
    assert shadows.n_shadows == (64 if shared else 2)


@pytest.mark.parametrize("change", ["outlier", "rare"])
def test_a_record_that_stands_out_is_fitted(change):
    rows = np.column_stack([X, np.zeros(len(X))])
    rows[5, -1 if change == "rare" else 0] = 1000
    learner = make_pipeline(StandardScaler(), KNeighborsClassifier())
    shadows = fit_shadows(learner, rows, y, shadows=4, random_state=0)
    assert shadows.n_shadows == 4
    # Where nothing is learnt of rows, it does not matter.
    learner = make_pipeline(Normalizer(), KNeighborsClassifier())
    assert fit_shadows(learner, rows, y, shadows=4, random_state=0).n_shadows == 64


def _identified(n=400, seed=0):
    """Rows with a text of their own each, which tells the label to who knows it."""
    rng = np.random.default_rng(seed)
    number = rng.permutation(rng.choice(10**6, n, replace=False))
    y = rng.integers(0, 2, 12)[number * 12 // 10**6] ^ (rng.random(n) < 0.15)
    frame = pd.DataFrame({"when": [f"{v:06d}" for v in number]})
    return frame.assign(x=rng.normal(size=n) * 0.01), y


@pytest.mark.parametrize(
    ("encoder", "classifier"),
    [
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            KNeighborsClassifier(25),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            RidgeClassifier(),
        ),
        (QuantileTransformer(n_quantiles=200), KNeighborsClassifier(3)),
    ],
    ids=["ordinal and neighbours", "one-hot", "quantiles"],
)
def test_what_steps_give_away_is_found(encoder, classifier):
    frame, y = _identified()
    if isinstance(encoder, QuantileTransformer):
        frame["when"] = frame["when"].astype(float)
    columns = make_column_transformer((encoder, ["when"]), remainder="passthrough")
    learner = make_pipeline(columns, classifier)
    half = len(y) // 2
    target = learner.fit(frame[:half], y[:half])
    membership = np.arange(len(y)) < half

    def auc(shadows):
        attack = LiRAAttack(FrozenEstimator(target), shadows=shadows, random_state=0)
        attack.fit(frame, y, membership=membership)
        return roc_auc_score(membership, attack.score_samples(frame, y))

    fitted = auc(ShadowModels(64, counterfactual=False))
    assert fitted > 0.6
    # The default; its standard error is at most that of independent areas, .03.
    assert auc(ShadowModels(64)) > fitted - 0.06
