"""audit_learner: the membership game played with many models of one pool."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LiRAAttack
from skmia.audit import audit_learner
from skmia.defenses import ConfidenceMaskingClassifier
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows

X, y = make_classification(240, n_informative=6, flip_y=0.2, random_state=0)
TREE = DecisionTreeClassifier(max_depth=5)


def audit(estimator=TREE, X=X, y=y, **changes):
    settings = {
        "n_models": 8,
        "attacks": ["loss", "lira"],
        "max_fprs": (0.1,),
        "random_state": 0,
    }
    return audit_learner(estimator, X, y, **(settings | changes))


class Noise(ClassifierMixin, BaseEstimator):
    """Answers at random, whatever it was trained on."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seed_ = np.random.RandomState(self.random_state).randint(2**31 - 1)
        return self

    def predict_proba(self, X):
        drawn = np.random.RandomState(self.seed_).uniform(0.01, 0.99, size=len(X))
        return np.column_stack([1 - drawn, drawn])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Counting(GaussianNB):
    n_fits = 0
    n_asked = 0

    def fit(self, X, y):
        Counting.n_fits += 1
        return super().fit(X, y)

    def predict_proba(self, X):
        Counting.n_asked += 1
        return super().predict_proba(X)


def test_every_model_is_a_target_once():
    report = audit()
    records = report.records()
    assert report.n_models == 8
    assert_array_equal(records["split"].value_counts().to_numpy(), np.full(8, len(X)))
    member = records["membership"].to_numpy().reshape(8, -1)
    assert_array_equal(member[0::2], ~member[1::2])  # pairs
    assert report.shadows == {"n_shadows": 6, "train_size": 0.5}


def test_figures_are_means_over_models():
    report = audit()
    records = report.records()
    own = [roc_auc(r["membership"], r["lira"]) for _, r in records.groupby("split")]
    figure = next(f for f in report.figures if (f.attack, f.metric) == ("lira", "auc"))
    assert_allclose(figure.value, np.mean(own))
    assert figure.low < figure.value < figure.high


def test_loss_is_that_of_the_models_themselves():
    report = audit(LogisticRegression(), attacks="loss")
    shadows = fit_shadows(
        LogisticRegression(), X, y, shadows=ShadowModels(8), random_state=0
    )
    scores = report.records()["loss"].to_numpy().reshape(8, -1)
    assert_allclose(scores, -shadows.get("loss"))
    assert_array_equal(
        report.records()["membership"].to_numpy().reshape(8, -1), shadows.member
    )


def test_fits_no_more_models_than_asked_for_and_asks_each_once():
    Counting.n_fits = Counting.n_asked = 0
    audit(Counting(), attacks="default")
    assert Counting.n_fits == 8
    assert Counting.n_asked == 8


def test_a_target_is_judged_by_all_others_but_its_partner():
    """The answers of the target and its partner do not enter its shadows."""
    bayes = GaussianNB(var_smoothing=0.1)
    models = ShadowModels(8, counterfactual=False)
    shadows = fit_shadows(bayes, X, y, shadows=models, random_state=0)
    own = audit(bayes, attacks="rmia").records()["rmia"].to_numpy().reshape(8, -1)
    p = shadows.get("confidence").astype(np.float64)
    rest = np.arange(8) > 1
    inside, outside = (
        (p[rest] * side).sum(axis=0) / side.sum(axis=0)
        for side in (shadows.member[rest], ~shadows.member[rest])
    )
    expected = np.log(p[0]) - np.log((inside + outside) / 2)
    assert_allclose(own[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_no_attack_finds_what_is_not_there():
    report = audit(
        Noise(), n_models=16, attacks=["loss", "lira", "rmia", "calibrated", "stacked"]
    )
    for figure in report.figures:
        assert figure.low <= figure.chance, figure
        if figure.metric == "auc":
            assert abs(figure.value - 0.5) < 0.05, figure


def test_strongest_knows_of_the_choice():
    report = audit(Noise(), attacks=["loss", "lira", "rmia", "calibrated"])
    best = report.strongest("auc")
    own = next(
        f for f in report.figures if (f.attack, f.metric) == (best.attack, "auc")
    )
    assert best.low < own.low
    assert best.high >= own.high


@pytest.mark.slow
def test_the_same_for_any_number_of_jobs():
    frames = [audit(n_jobs=n).to_frame() for n in (None, 2)]
    assert frames[0].equals(frames[1])


def test_persons_stay_whole():
    persons = np.repeat(np.arange(60), 4)
    report = audit(groups=persons, attacks=["lira"])
    records = report.records()
    sides = records.groupby(["split", "person"])["membership"].nunique()
    assert sides.max() == 1
    assert report.n_member_persons == 30
    assert {figure.unit for figure in report.figures} == {"row", "person"}


def test_rows_of_weight_zero_are_left_out():
    weight = np.ones(len(X))
    weight[:40] = 0
    report = audit(fit_params={"sample_weight": weight})
    assert report.records().index.min() == 40
    assert report.n_members + report.n_nonmembers == 200
    assert "weightless_rows" in {guard.name for guard in report.guards}


def test_copies_count_once():
    doubled = np.concatenate([X, X[:30]]), np.concatenate([y, y[:30]])
    report = audit(X=doubled[0], y=doubled[1])
    assert report.records().index.max() == len(X) - 1
    assert "duplicate_rows" in {guard.name for guard in report.guards}


def test_fit_hook_is_told_positions_as_passed():
    seen = []

    def fit(estimator, X_rows, y_rows, rows):
        seen.append(np.abs(X[rows] - X_rows).max())
        return estimator.fit(X_rows, y_rows)

    audit(fit=fit, attacks="loss")
    assert len(seen) == 8
    assert max(seen) == 0


def test_labels_only():
    report = audit(LinearSVC(), attacks="lira")
    assert report.n_models == 8

    class Labels(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.tree_ = DecisionTreeClassifier(max_depth=5, random_state=0).fit(X, y)
            self.classes_ = self.tree_.classes_
            return self

        def predict(self, X):
            return self.tree_.predict(X)

    report = audit(Labels(), attacks="lira")
    assert "attacks_not_run" in {guard.name for guard in report.guards}
    with pytest.raises(TypeError, match="labels only"):
        audit(Labels(), attacks="loss")


def test_masked_outputs_are_attacked_by_their_labels():
    report = audit(ConfidenceMaskingClassifier(TREE), attacks="loss")
    assert report.attacks[:2] == ("loss", "label_only")


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"n_models": 9}, ValueError, "must be even"),
        ({"n_models": 6}, ValueError, "n_models"),
        ({"n_models": ShadowModels(8, train_size=0.7)}, ValueError, "0.5"),
        ({"attacks": LiRAAttack(None, shadows=4)}, ValueError, "shadows"),
        ({"estimator": FrozenEstimator(TREE)}, ValueError, "FrozenEstimator"),
        ({"estimator": "tree"}, TypeError, "estimator"),
    ],
)
def test_refusals(changes, error, match):
    with pytest.raises(error, match=match):
        audit(**changes)


@pytest.mark.slow
def test_intervals_hold_the_mean_of_further_models():
    """12 audits of one pool: of 95 % intervals 9 or more hold it, but for 1 in 10^3.

    A small version of benchmarks/learner_coverage.py.
    """
    reports = [
        audit(X=X[:120], y=y[:120], attacks="lira", random_state=seed)
        for seed in range(12)
    ]
    figures = [report.figures[0] for report in reports]
    mean = np.mean([figure.value for figure in figures])
    assert sum(f.low <= mean <= f.high for f in figures) >= 9


def test_the_verdict_says_what_intervals_are_about():
    text = " ".join(audit().summary().split())
    assert "Intervals are about further such models, and not about other rows." in text
