"""Models that say another thing of a row when they are asked again: wrong figure first.

Every attack asks once. What the mean of many answers tells, or other batches, is not in
its figures, and the audit has to say so.
"""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from _helpers import halves
from _helpers.traps import audit, forest, noisy
from skmia.audit import Policy, audit_cv
from skmia.exceptions import UnsteadyAnswersWarning
from skmia.metrics import roc_auc
from skmia.model_selection import AuditableClassifier, leakage_scorer

X, Y = noisy(400)
MEMBER = halves(400)


class Unsteady(ClassifierMixin, BaseEstimator):
    """A forest that hides its confidences from whoever asks once."""

    def __init__(self, how="noise"):
        self.how = how

    def fit(self, X, y):
        self.forest_ = forest(10, 1).fit(X, y)
        self.classes_ = self.forest_.classes_
        self.random_ = np.random.RandomState(0)
        return self

    def predict(self, X):
        return self.forest_.predict(X)

    def predict_proba(self, X):
        proba = self.forest_.predict_proba(X)
        if self.how == "noise":
            noise = self.random_.normal(scale=1.5, size=(len(X), 1))
            return np.clip(proba + noise * [1, -1], 0.01, 0.99)
        few = {"batch": 50, "alone": 2, "never": np.inf}[self.how]
        return proba if len(X) < few else np.full_like(proba, 0.5)


def asked_by_an_attacker(model):
    """AUC of the true class's probability, over many answers or row by row."""
    if model.how == "noise":
        proba = np.mean([model.predict_proba(X) for _ in range(100)], axis=0)
    else:
        size = 1 if model.how == "alone" else 49
        parts = np.split(X, range(size, len(X), size))
        proba = np.concatenate([model.predict_proba(part) for part in parts])
    return roc_auc(MEMBER, proba[np.arange(len(X)), Y])


@pytest.mark.parametrize("how", ["noise", "batch", "alone"])
def test_trap_answers_that_differ_when_asked_again(how):
    model = Unsteady(how).fit(X[MEMBER], Y[MEMBER])
    report = audit(model, X, Y, MEMBER)
    (read,) = (
        f.value for f in report.figures if (f.attack, f.metric) == ("loss", "auc")
    )
    assert read < 0.6
    assert asked_by_an_attacker(model) > 0.75
    found = {guard.name: guard for guard in report.guards}["unsteady_answers"]
    assert found.severity == "warning"
    assert found.value > 0.1
    assert report.decide(Policy(max_auc=0.99)).outcome == "revise"


@pytest.mark.parametrize("how", ["noise", "batch"])
def test_trap_unsteady_candidates_of_a_search(how):
    model = AuditableClassifier(Unsteady(how)).fit(X[MEMBER], Y[MEMBER])
    scorer = leakage_scorer(random_state=0)
    with pytest.warns(UnsteadyAnswersWarning, match="asked a second time"):
        scorer(model, X[~MEMBER], Y[~MEMBER])


def test_trap_unsteady_models_of_a_cross_validation():
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    for how, unsteady in [("noise", True), ("alone", True), ("never", False)]:
        options = {"return_estimator": True, "return_indices": True, "cv": cv}
        results = cross_validate(Unsteady(how), X, Y, **options)
        report = audit_cv(results, X, Y, attacks=["loss"], random_state=0)
        assert ("unsteady_answers" in {g.name for g in report.guards}) == unsteady


STEADY = [
    LogisticRegression(),
    RandomForestClassifier(10, n_jobs=2),
    HistGradientBoostingClassifier(max_iter=10),
    MLPClassifier((16,), max_iter=20, random_state=0),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="brute", weights="distance"),
    SVC(),
    make_pipeline(StandardScaler(), PCA(5), RandomForestClassifier(5)),
]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(("dtype", "decimals"), [(np.float32, 0), (np.float64, 16)])
@pytest.mark.parametrize("model", STEADY, ids=lambda model: str(model)[:30])
def test_steady_models_are_taken_for_such(model, decimals, dtype):
    """Also where neighbours are tied, and where sums are rounded by batches."""
    rows = X.round(decimals).astype(dtype) / dtype(3)
    fitted = AuditableClassifier(model).fit(rows[MEMBER], Y[MEMBER])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnsteadyAnswersWarning)
        leakage_scorer(random_state=0)(fitted, rows[~MEMBER], Y[~MEMBER])
    report = audit(fitted.estimator_, rows, Y, MEMBER)
    assert not [
        guard
        for guard in report.guards
        if (guard.name, guard.severity) == ("unsteady_answers", "warning")
    ]
