"""What belongs to rows goes with them into every shadow."""

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    StandardScaler,
)

from _helpers import noisy_rows
from skmia.shadows import ShadowModels, fit_shadows


def weighted_by_hand(estimator, X, y, weight, shadows, name):
    """Logits of each shadow, fitted with its part of the weights."""
    for k, rows in enumerate(shadows.member):
        model = clone(estimator).fit(X[rows], y[rows], **{name: weight[rows]})
        logit = model.decision_function(X) * np.where(y, 1, -1)
        assert_allclose(shadows.signals["logit"][k], logit, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("where", "wrap"),
    [
        ("sequential", list),
        ("threading", np.array),
        ("loky", np.array),
        ("loky", pd.Series),
    ],
)
def test_sample_weight_goes_to_every_shadow(where, wrap):
    X, y = noisy_rows()
    weight = np.random.RandomState(1).exponential(size=120)
    with joblib.parallel_config(backend=where):
        shadows = fit_shadows(
            LogisticRegression(),
            X,
            y,
            shadows=4,
            n_jobs=2,
            random_state=0,
            params={"sample_weight": wrap(weight)},
        )
    weighted_by_hand(LogisticRegression(), X, y, weight, shadows, "sample_weight")


def test_sample_weight_of_a_step_by_its_name():
    X, y = noisy_rows()
    weight = np.random.RandomState(1).exponential(size=120)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    name = "logisticregression__sample_weight"
    shadows = fit_shadows(model, X, y, shadows=4, random_state=0, params={name: weight})
    weighted_by_hand(model, X, y, weight, shadows, name)


@pytest.mark.parametrize("where", ["sequential", "loky"])
def test_sample_weight_through_metadata_routing(where):
    X, y = noisy_rows()
    weight = np.random.RandomState(1).exponential(size=120)
    with (
        config_context(enable_metadata_routing=True),
        joblib.parallel_config(backend=where),
    ):
        model = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            LogisticRegression().set_fit_request(sample_weight=True),
        )
        shadows = fit_shadows(
            model,
            X,
            y,
            shadows=4,
            n_jobs=2,
            random_state=0,
            params={"sample_weight": weight},
        )
        weighted_by_hand(model, X, y, weight, shadows, "sample_weight")


def test_metadata_that_belongs_to_no_row_is_passed_on_whole():
    X, y = noisy_rows(n_classes=3)

    class Picky(GaussianNB):
        def fit(self, X, y, sample_weight=None, order=None, callback=None):
            assert order == ["c", "b", "a"]
            callback(len(sample_weight))
            return super().fit(X, y, sample_weight)

    lengths = []
    fit_shadows(
        Picky(),
        X,
        y,
        shadows=2,
        random_state=0,
        params={
            "sample_weight": np.ones(120),
            "order": ["c", "b", "a"],
            "callback": lengths.append,
        },
    )
    assert lengths == [60, 60]


class Noting(ClassifierMixin, BaseEstimator):
    """Keeps what it is given, and knows how frequent the classes are."""

    def fit(self, X, y, notes=None):
        self.given_ = X, y, notes
        self.classes_, counts = np.unique(y, return_counts=True)
        self.share_ = counts / len(y)
        return self

    def predict_proba(self, X):
        return np.tile(self.share_, (len(X), 1))

    def predict(self, X):
        return np.full(len(X), self.classes_[self.share_.argmax()])


def test_rows_come_in_a_random_order_with_what_belongs_to_them():
    """Not in the pool's, which has the members first."""
    y = np.random.default_rng(0).integers(0, 2, 200)
    X = np.arange(200.0)[:, None]
    models = ShadowModels(4, keep_models=True)
    params = {"notes": [f"row {i}" for i in range(200)]}
    fits = [
        fit_shadows(Noting(), X, y, shadows=models, params=params, random_state=0)
        for _ in range(2)
    ]
    for k, member in enumerate(fits[0].member):
        rows, labels, notes = fits[0].models[k].given_
        order = rows[:, 0].astype(int)
        assert sorted(order) == np.flatnonzero(member).tolist()
        # By chance as many of either half come first, within four standard errors.
        assert abs((order[:50] < 100).sum() - 25) < 4 * np.sqrt(50 / 8)
        assert (labels == y[order]).all()
        assert notes == [params["notes"][i] for i in order]
        assert (fits[1].models[k].given_[0] == rows).all()
