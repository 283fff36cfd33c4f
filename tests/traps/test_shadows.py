"""Traps of the shadows: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from _helpers import halves
from _helpers.traps import noisy
from skmia.attacks import LiRAAttack, RMIAAttack
from skmia.metrics import (
    roc_auc,
)
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows
from skmia.signals import logit


def test_trap_2_the_others_in_count_gives_the_membership_away():
    X, y = noisy(200)
    shadows = fit_shadows(DecisionTreeClassifier(), X, y, shadows=8, random_state=0)
    target = 3
    others = np.delete(np.arange(8), target)
    # Exactly balanced: whoever is IN fewer of the others is IN here. A perfect read,
    # of nothing but the design.
    count = shadows.member[others].sum(axis=0)
    assert roc_auc(shadows.member[target], -count) == 1.0
    # Without its twin, every record is IN equally many of the rest.
    rest = others[others != shadows.complements[target]]
    assert np.unique(shadows.member[rest].sum(axis=0)).tolist() == [3]


def test_trap_2_the_threshold_is_made_without_the_twin():
    """The offset equals the one computed by hand with both left out."""
    X, y = noisy(300)
    given = {"variance": "pooled", "random_state": 0}
    models = ShadowModels(6, counterfactual=False)
    attack = LiRAAttack(LogisticRegression(), shadows=models, **given).fit(X, y)
    shadows = attack.shadows_
    values, member = shadows.signals["logit"].astype(float), shadows.member

    def stats(rows, inside):
        kept = member[rows] if inside else ~member[rows]
        return (values[rows] * kept).sum(axis=0) / kept.sum(axis=0)

    everything = np.arange(6)
    mean_in, mean_out = stats(everything, True), stats(everything, False)
    spread_in = np.sqrt(((values - mean_in) ** 2)[member].mean())
    spread_out = np.sqrt(((values - mean_out) ** 2)[~member].mean())
    scores = []
    for k in range(6):
        rest = everything[(everything != k) & (everything != shadows.complements[k])]
        ratio = norm.logpdf(values[k], stats(rest, True), spread_in) - norm.logpdf(
            values[k], stats(rest, False), spread_out
        )
        scores.append(ratio[~member[k]])
    expected = np.quantile(np.concatenate(scores), 0.99, method="higher")
    assert attack.offset_ == pytest.approx(expected, rel=1e-4)


def test_trap_4_shadows_of_another_training_share():
    """A target on four fifths of the pool, judged by shadows of halves.

    A logistic regression with more features than it can bear: its logits depend on
    how many records it saw. Six targets, sixteen shadows each.
    """
    X, y = make_classification(
        500, 100, n_informative=20, flip_y=0.2, class_sep=0.5, random_state=0
    )
    model = LogisticRegression(C=10, max_iter=300)
    rng = np.random.RandomState(0)
    readings = {0.5: [], "auto": []}
    common = {
        share: fit_shadows(
            model, X, y, shadows=ShadowModels(16, train_size=share), random_state=0
        )
        for share in (0.5, 0.8)
    }
    for _ in range(6):
        member = np.zeros(500, dtype=bool)
        member[rng.permutation(500)[:400]] = True
        target = clone(model).fit(X[member], y[member])
        frozen = FrozenEstimator(target)
        for share, readings_of in readings.items():
            attack = LiRAAttack(frozen, shadows=common[0.8 if share == "auto" else 0.5])
            attack.fit(X, y, membership=member)
            readings_of.append(roc_auc(member, attack.score_samples(X, y)))
    assert np.mean(readings["auto"]) > np.mean(readings[0.5]) + 0.01

    # And "auto" is the target's own share.
    fitted = LiRAAttack(frozen, shadows=10, random_state=0).fit(X, y, membership=member)
    shares = fitted.shadows_.member.mean(axis=1)
    np.testing.assert_allclose(shares, 0.8, atol=0.01)
    counts = fitted.shadows_.member.sum(axis=0)
    assert counts.max() <= 8
    assert counts.min() >= 2


def test_trap_5_a_cache_that_is_found_by_its_folder(tmp_path):
    X, y = noisy(400, seed=1)
    X_other, y_other = noisy(400, seed=2)
    member = halves(400)
    target = FrozenEstimator(
        DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    )

    def reading(shadows):
        attack = LiRAAttack(target, shadows=shadows).fit(X, y, membership=member)
        return roc_auc(member, attack.score_samples(X, y))

    tree = DecisionTreeClassifier()
    fresh = fit_shadows(tree, X, y, random_state=0)
    stale = fit_shadows(tree, X_other, y_other, random_state=0)
    # Sixteen shadows for 400 rows, found where they were expected: a false all-clear.
    wrong = ShadowSignals(stale.signals, stale.member)
    assert reading(wrong) < reading(fresh) - 0.04

    # Given as they are, they are refused; in one cache folder, they do not mix.
    with pytest.raises(ValueError, match="made from other records"):
        reading(stale)
    stored = {"shadows": ShadowModels(cache_dir=tmp_path), "random_state": 0}
    fit_shadows(tree, X_other, y_other, **stored)
    cached = fit_shadows(tree, X, y, **stored)
    assert reading(cached) == reading(fresh)


def test_trap_24_a_class_that_a_shadow_has_not_seen():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(121, 4))
    y = np.array(["a", "b"] * 60 + ["aa"])
    member = np.ones(121, dtype=bool)
    member[-1] = False
    model = LogisticRegression().fit(X[member], y[member])
    # Columns taken by position: "aa" sits between "a" and "b", so that the column
    # of "b" is read as that of "aa".
    position = np.unique(y).searchsorted("b")
    assert model.predict_proba(X).shape[1] == position

    shadows = fit_shadows(LogisticRegression(), X, y, shadows=8, random_state=0)
    assert shadows.n_missing_classes == 4
    lacking = ~shadows.member[:, -1]
    rare = shadows.signals["logit"][:, -1]
    # Probability 0 for the class that is not known, and no shift for those that are.
    assert (rare[lacking] < -700).all()
    assert (rare[~lacking] > -700).all()
    common = shadows.signals["logit"][:, :-1]
    assert np.abs(common).max() < 20


def test_a_frozen_step_that_knows_the_labels_is_announced():
    X, y = noisy(200)
    selector = SelectKBest(k=3).fit(X, y)
    model = make_pipeline(FrozenEstimator(selector), LogisticRegression())
    with pytest.warns(UserWarning, match="is fitted with labels"):
        fit_shadows(model, X, y, shadows=4, random_state=0)


class LearnsFromTheFirst(ClassifierMixin, BaseEstimator):
    """A forest on the first rows: a cap, or a validation set taken from the end."""

    def __init__(self, n_rows=None, fraction=1.0):
        self.n_rows = n_rows
        self.fraction = fraction

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        n = int(self.n_rows or self.fraction * len(y))
        self.forest_ = RandomForestClassifier(15, random_state=0).fit(X[:n], y[:n])
        return self

    def predict_proba(self, X):
        return self.forest_.predict_proba(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.mark.parametrize("settings", [{"n_rows": 150}, {"fraction": 0.6}])
@pytest.mark.parametrize("attack_class", [LiRAAttack, RMIAAttack])
def test_learners_that_heed_the_order_of_rows(attack_class, settings):
    """In the pool's order what comes last, and is not learned from, is non-members."""
    X, y = noisy(600)
    member = np.arange(600) < 300
    learner = LearnsFromTheFirst(**settings)
    target = FrozenEstimator(clone(learner).fit(X[member], y[member]))
    shadows = fit_shadows(learner, X, y, shadows=16, random_state=0)
    in_order = [
        logit(clone(learner).fit(X[rows], y[rows]).predict_proba(X), y)
        for rows in shadows.member
    ]
    made = ShadowSignals({"logit": np.array(in_order)}, shadows.member)

    def auc(shadows):
        attack = attack_class(target, shadows=shadows).fit(X, y, membership=member)
        return roc_auc(member, attack.score_samples(X, y))

    if "n_rows" in settings:
        assert auc(made) < 0.58
    assert auc(shadows) > max(0.62, auc(made) + 0.04)
