"""Rows and labels in every form, and classes that a shadow never saw."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
)
from sklearn.tree import DecisionTreeClassifier

from _helpers import ReversedClasses, mixed_frame, noisy_rows
from skmia.shadows import ShadowModels, fit_shadows
from skmia.signals import SIGNALS


@pytest.mark.parametrize("labels", [[2, 5, 9], ["a", "bb", "ccccc"], "objects"])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_class_missing_from_a_shadow_has_probability_zero(labels, ordered):
    X, y = noisy_rows(n=100)
    y[0] = 2  # the only record of its class
    given = ["a", "bb", "ccccc"] if labels == "objects" else labels
    names = np.array(given, dtype=object if labels == "objects" else None)[y]

    tree = DecisionTreeClassifier(max_depth=3)
    estimator = tree if ordered else ReversedClasses(tree)
    shadows = fit_shadows(
        estimator, X, names, shadows=ShadowModels(8, keep_models=True), random_state=0
    )
    lacking = ~shadows.member[:, 0]
    assert lacking.sum() == 4
    assert shadows.n_missing_classes == 4
    assert (shadows.signals["logit"][lacking, 0] < -700).all()
    for k, model in enumerate(shadows.models):
        assert len(model.classes_) == (2 if lacking[k] else 3)
        # The columns of the others have not moved.
        column = dict(zip(model.classes_, model.predict_proba(X).T, strict=True))
        p = np.array(
            [column.get(name, np.zeros(100))[i] for i, name in enumerate(names)]
        )
        expected = SIGNALS["logit"](np.column_stack([1 - p, p]), np.ones(100, int))
        assert_allclose(shadows.signals["logit"][k], expected, rtol=1e-4)


@pytest.mark.parametrize(
    "encode",
    [
        lambda y: y.astype(bool),
        lambda y: y.astype(float),
        lambda y: np.array(["no", "yes"])[y],
        lambda y: pd.Series(np.array(["no", "yes"])[y], index=np.arange(120)[::-1]),
        lambda y: pl.Series(np.array(["no", "yes"])[y]),
        lambda y: y.tolist(),
        lambda y: pd.Categorical(np.array(["no", "yes"])[y]),
    ],
)
def test_labels_of_every_kind(encode):
    X, y = noisy_rows()
    expected = fit_shadows(GaussianNB(), X, y, shadows=2, random_state=0)
    shadows = fit_shadows(GaussianNB(), X, encode(y), shadows=2, random_state=0)
    assert_array_equal(shadows.member, expected.member)
    assert_array_equal(shadows.signals["logit"], expected.signals["logit"])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda X: X.tolist(),
        lambda X: tuple(map(tuple, X)),
        pd.DataFrame,
        lambda X: pl.DataFrame(X, schema=list("abcdef")),
    ],
)
def test_rows_in_every_container(wrap):
    X, y = noisy_rows()
    expected = fit_shadows(GaussianNB(), X, y, shadows=2, random_state=0)
    shadows = fit_shadows(GaussianNB(), wrap(X), y, shadows=2, random_state=0)
    assert_array_equal(shadows.signals["logit"], expected.signals["logit"])


def test_lists_of_text_and_numbers_keep_their_types():
    """NumPy alone would make text of the numbers: '10' < '9'."""
    frame, y = mixed_frame()
    rows = [[town, int(i)] for i, town in enumerate(frame["town"])]

    def check(X):
        assert {type(v) for v in np.asarray(X)[:, 1]} == {int}
        return X

    model = make_pipeline(
        FunctionTransformer(check),
        OneHotEncoder(handle_unknown="ignore"),
        LogisticRegression(),
    )
    fit_shadows(model, rows, y, shadows=2, random_state=0)


@pytest.mark.parametrize("form", ["coo_matrix", "csc_array", "csr_matrix"])
def test_sparse_rows_are_put_in_order_in_a_copy(form):
    X, y = noisy_rows()
    X = np.where(X > 0.5, X, 0)
    expected = fit_shadows(
        LogisticRegression(), sparse.csr_matrix(X), y, shadows=2, random_state=0
    )
    messy = sparse.csr_matrix(X)
    # Every value in two halves, the columns of a row backwards.
    data, columns, start = [], [], [0]
    for i in range(120):
        row = messy[[i]]
        data += [*(row.data[::-1] / 2), *(row.data[::-1] / 2)]
        columns += [*row.indices[::-1], *row.indices[::-1]]
        start.append(len(data))
    messy = sparse.csr_matrix((data, columns, start), shape=X.shape)
    given = messy if form == "csr_matrix" else getattr(sparse, form)(X)
    before = given.data.copy()
    shadows = fit_shadows(LogisticRegression(), given, y, shadows=2, random_state=0)
    assert_array_equal(given.data, before)
    assert_array_equal(shadows.signals["logit"], expected.signals["logit"])
