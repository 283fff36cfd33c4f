"""Leave one out: closed forms on the model itself against fits without the row."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmia.audit import (
    AuditReport,
    LeaveOneOutRisk,
    audit_classifier,
    leave_one_out_risk,
)
from skmia.shadows import (
    Counterfactual,
    ShadowSignals,
    fit_shadows,
    register_counterfactual,
)
from skmia.signals import logit


class Means(ClassifierMixin, BaseEstimator):
    """Weighted class shares and means: what a row adds is known."""

    def fit(self, X, y, sample_weight=None):
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        self.classes_, codes = np.unique(y, return_inverse=True)
        each = np.eye(len(self.classes_))[codes] * weight[:, None]
        self.weights_, self.sums_ = each.sum(axis=0), each.T @ np.asarray(X)
        return self

    def answers(self, X, weights, sums):
        means = sums / weights[..., None]
        far = ((np.asarray(X)[:, None] - means) ** 2).sum(axis=2)
        proba = weights * np.exp(-far)
        return proba / proba.sum(axis=1, keepdims=True)

    def predict_proba(self, X):
        return self.answers(X, self.weights_, self.sums_)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def means_left_out(model, rows):
    def ask(records):
        X = np.asarray(records.X)
        side = np.where(records.inside, -records.weight, records.weight)
        change = np.eye(len(model.classes_))[records.y] * side[:, None]
        weights = model.weights_ + change
        return model.answers(X, weights, model.sums_ + change[:, :, None] * X[:, None])

    return ask


@pytest.fixture(autouse=True)
def _registered():
    register_counterfactual(Means, means_left_out, exact=True)
    yield
    register_counterfactual(Means, None)


def data(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, np.where(X[:, 0] + rng.normal(size=n) > 0, "yes", "no")


def gaps_of_refits(model, X, y, **params):
    gaps = np.empty(len(y))
    take = X.to_numpy() if hasattr(X, "to_numpy") else X
    for i in range(len(y)):
        same = (take == take[i]).all(axis=1) & (y == y[i])
        own = {name: value[~same] for name, value in params.items()}
        without = type(model)(**model.get_params()).fit(take[~same], y[~same], **own)
        code = [list(without.classes_).index(y[i])]
        there = logit(without.predict_proba(take[[i]]), code)
        gaps[i] = (logit(model.predict_proba(take[[i]]), code) - there)[0]
    return gaps


def test_exact_gaps_are_those_of_refits():
    X, y = data()
    X, y = np.vstack([X, X[:5], X[:2]]), np.r_[y, y[:5], y[:2]]
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    model = Means().fit(X, y, sample_weight=weight)
    risk = leave_one_out_risk(model, X, y, fit_params={"sample_weight": weight})
    frame = risk.to_frame()
    expected = gaps_of_refits(model, X, y, sample_weight=weight)
    np.testing.assert_allclose(frame["gap"], expected, atol=1e-5)
    own = model.predict_proba(X)[np.arange(len(y)), (y == "yes").astype(int)]
    np.testing.assert_allclose(frame["confidence"], own, rtol=1e-5)
    there = logit(np.column_stack([1 - own, own]), np.ones(len(y), int)) - expected
    np.testing.assert_allclose(
        frame["confidence_without"], 1 / (1 + np.exp(-there)), rtol=1e-5
    )
    assert risk.exact
    assert frame["exact"].all()
    assert risk.gaps["1.0"] == pytest.approx(expected.max(), abs=1e-5)
    assert risk.n_doubled == (expected >= np.log(2)).sum()


@pytest.mark.parametrize(
    ("model", "tolerance"),
    [
        (GaussianNB(), 1e-5),
        (make_pipeline("passthrough", GaussianNB()), 1e-5),
        (LogisticRegression(C=0.5, tol=1e-8, max_iter=1000), 0.02),
    ],
    ids=["naive Bayes", "pipeline", "logistic"],
)
def test_learners_of_scikit_learn(model, tolerance):
    X, y = data(200)
    model = clone(model).fit(X, y)
    risk = leave_one_out_risk(model, X, y)
    expected = np.empty(len(y))
    code = (y == "yes").astype(int)
    for i in range(len(y)):
        rows = np.arange(len(y)) != i
        without = clone(model).fit(X[rows], y[rows]).predict_proba(X[[i]])
        here = logit(model.predict_proba(X[[i]]), code[[i]])
        expected[i] = (here - logit(without, code[[i]]))[0]
    off = np.abs(risk.to_frame()["gap"] - expected) / np.abs(expected).clip(0.1)
    assert np.quantile(off, 0.95) < tolerance


def test_rows_without_weight_are_in_no_figure():
    X, y = data()
    weight = np.ones(len(y))
    weight[:10] = 0
    model = Means().fit(X, y, sample_weight=weight)
    risk = leave_one_out_risk(model, X, y, fit_params={"sample_weight": weight})
    assert risk.n_rows == 50
    assert (risk.to_frame()["gap"][:10] == 0).all()
    np.testing.assert_allclose(
        risk.to_frame()["gap"][10:],
        leave_one_out_risk(model, X[10:], y[10:]).to_frame()["gap"],
        atol=1e-6,
    )


@pytest.mark.slow
def test_first_order_gaps_go_with_those_of_refits():
    X, y = make_classification(120, 8, n_informative=4, flip_y=0.1, random_state=0)
    # All rows in one batch and one start: a refit differs by its row alone.
    settings = {"shuffle": False, "max_iter": 150, "random_state": 0}
    model = MLPClassifier((16,), batch_size=1000, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the batch is clipped
        model.fit(X, y)
        risk = leave_one_out_risk(model, X, y)
        expected = gaps_of_refits(model, X, y)
    gap = risk.to_frame()["gap"]
    assert not risk.exact
    assert np.corrcoef(gap, expected)[0, 1] > 0.8
    assert np.corrcoef(gap.rank(), pd.Series(expected).rank())[0, 1] > 0.7


def test_models_around_and_containers():
    X, y = data()
    model = make_pipeline(StandardScaler(), Means()).fit(X, y)
    expected = leave_one_out_risk(model, X, y).to_frame()["gap"].to_numpy()
    frozen = leave_one_out_risk(FrozenEstimator(model), X, y)
    np.testing.assert_array_equal(frozen.to_frame()["gap"], expected)
    assert not frozen.exact  # the scaler learnt of the row as well
    table = pd.DataFrame(X, columns=list("abc"), index=[f"r{i}" for i in range(60)])
    own = make_pipeline(StandardScaler(), Means()).fit(table, y)
    found = leave_one_out_risk(own, table, y).to_frame()
    assert list(found.index) == list(table.index)
    np.testing.assert_allclose(found["gap"], expected, atol=1e-6)
    search = GridSearchCV(model, {"standardscaler__with_mean": [True]}, cv=2).fit(X, y)
    inside = leave_one_out_risk(search, X, y)
    np.testing.assert_allclose(inside.to_frame()["gap"], expected, atol=1e-6)


def test_sparse_rows():
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0)
    dense = leave_one_out_risk(model.fit(X, y), X, y).to_frame()["gap"]
    thin = leave_one_out_risk(model, sparse.csr_array(X), y).to_frame()["gap"]
    np.testing.assert_allclose(thin, dense, atol=1e-5)
    assert (dense >= 0).all()


def test_nonmembers_choose_the_damping_of_a_network():
    X, y = make_classification(200, 8, n_informative=4, flip_y=0.1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MLPClassifier((32,), max_iter=100, random_state=0).fit(X[:80], y[:80])
    alone = leave_one_out_risk(model, X[:80], y[:80])
    others = {"X_nonmembers": X[80:], "y_nonmembers": y[80:]}
    both = leave_one_out_risk(model, X[:80], y[:80], **others)
    assert len(both.to_frame()) == 80
    assert both.gaps != alone.gaps


def test_shadows_scale_what_is_not_exact():
    X, y = data(200)
    model = make_pipeline(StandardScaler(), Means())
    shadows = fit_shadows(model, X, y, shadows=8, random_state=0)
    model.fit(X[:100], y[:100])
    plain = leave_one_out_risk(model, X[:100], y[:100])
    scaled = leave_one_out_risk(model, X[:100], y[:100], shadows=shadows)
    slope = 1.0 if scaled.slope is None else scaled.slope
    np.testing.assert_allclose(
        scaled.to_frame()["gap"], slope * plain.to_frame()["gap"], atol=1e-6
    )


def test_slopes_of_shadows():
    X, y = data()
    model = make_pipeline(StandardScaler(), Means()).fit(X, y)
    plain = leave_one_out_risk(model, X, y)

    def shadows(slope):
        about = Counterfactual(
            "Means",
            used=True,
            slope={"logit": (slope, 1.0)},
            offset={"logit": (0.0, 0.0)},
            correlation={"logit": (0.6, 0.7)},
        )
        values = {"logit": np.zeros((2, 60))}
        member = np.arange(120).reshape(2, 60) % 2 == 0
        return ShadowSignals(values, member, other=values, counterfactual=about)

    risk = leave_one_out_risk(model, X, y, shadows=shadows(2.5))
    np.testing.assert_allclose(risk.to_frame()["gap"], 2.5 * plain.to_frame()["gap"])
    text = " ".join(risk.summary().split())
    assert "gaps were 2.50 times as large as predicted" in text
    assert "a correlation of 0.60" in text
    with pytest.raises(ValueError, match="tells nothing about this learner"):
        leave_one_out_risk(model, X, y, shadows=shadows(-0.5))


def test_in_every_form_of_a_report(tmp_path):
    X, y = data(160)
    sides = X[:80], y[:80], X[80:], y[80:]
    model = Means().fit(X[:80], y[:80])
    audit = audit_classifier(model, *sides, attacks=["loss"], random_state=0)
    risk = leave_one_out_risk(model, X[:80], y[:80])
    report = audit.including(risk)
    assert "Leave one out" in report.summary()
    assert "It is not an attack" in " ".join(report.summary().split())
    records = report.records()
    members = records["membership"].to_numpy()
    np.testing.assert_array_equal(
        records["leave_one_out_gap"][members], risk.to_frame()["gap"]
    )
    assert records["leave_one_out_gap"][~members].isna().all()
    assert "leave_one_out_gap" not in audit.records()
    report.to_json(tmp_path / "r.json")
    again = AuditReport.from_json(tmp_path / "r.json")
    assert again.sections == report.sections
    with pytest.raises(ValueError, match="read from a file"):
        again.sections[-1].to_frame()
    report.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "How far answers hang on single training rows" in page
    assert "not mean that a row is safe" in page
    with pytest.raises(ValueError, match="of the members of this report"):
        audit.including(leave_one_out_risk(model, X[:79], y[:79]))


def test_text_does_not_call_it_safe():
    gaps = {"0.5": 0.0, "0.9": 0.001, "0.99": 0.01, "1.0": 20.0}
    risk = LeaveOneOutRisk("M", "M", False, 10, 2, gaps, 1)
    text = " ".join(risk.summary().split())
    assert "may understate" in text
    assert "was not compared" in text
    assert "> 1,000,000 x" in text
    assert "Of 2 rows" in text
    assert all(len(line) <= 88 for line in risk.summary().splitlines())


def test_errors_say_what_to_do():
    X, y = data()
    dummy = DummyClassifier().fit(X, y)
    with pytest.raises(ValueError, match="Fit it again without the rows"):
        leave_one_out_risk(dummy, X, y)
    with pytest.raises(NotFittedError):
        leave_one_out_risk(Means(), X, y)
    model = Means().fit(X, y)
    with pytest.raises(ValueError, match="given together"):
        leave_one_out_risk(model, X, y, X_nonmembers=X)
    with pytest.raises(TypeError, match="ShadowSignals of the same learner"):
        leave_one_out_risk(model, X, y, shadows=8)
    with pytest.raises(ValueError, match=r"inconsistent|same number|60"):
        leave_one_out_risk(model, X, y[:10])
    shadows = fit_shadows(DummyClassifier(), X, y, shadows=4, random_state=0)
    with pytest.raises(ValueError, match="told the other side"):
        leave_one_out_risk(model, X, y, shadows=shadows)
