"""Traps of the target: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from _helpers import confidence, halves
from _helpers.traps import audit, forest, noisy
from skmia.attacks import (
    LiRAAttack,
    LossThresholdAttack,
)
from skmia.metrics import (
    roc_auc,
)
from skmia.shadows import fit_shadows


def test_trap_1_membership_of_a_model_that_is_fitted_again():
    X, y = noisy()
    member = halves(len(y))
    target = forest().fit(X[member], y[member])
    assert roc_auc(member, confidence(target, X, y)) > 0.65
    # A clone fitted on other rows has not seen those "members": it reads as safe.
    other = halves(len(y), seed=1)
    again = clone(target).fit(X[other], y[other])
    assert abs(roc_auc(member, confidence(again, X, y)) - 0.5) < 0.05

    for attack in (LossThresholdAttack(target), LiRAAttack(target, shadows=4)):
        with pytest.raises(ValueError, match=r"FrozenEstimator\(model\)"):
            attack.fit(X, y, membership=member)


def test_trap_18_members_among_the_non_members():
    X, y = noisy()
    member = halves(len(y))
    target = FrozenEstimator(forest().fit(X[member], y[member]))
    fresh_X, fresh_y = noisy(4000, seed=0)
    # All rows taken for non-members: the members' losses push the threshold up.
    shifted = LossThresholdAttack(target, max_fpr=0.1).fit(X, y)
    right = LossThresholdAttack(target, max_fpr=0.1).fit(X, y, membership=member)
    only = LossThresholdAttack(target, max_fpr=0.1).fit(X[~member], y[~member])
    assert right.offset_ == only.offset_
    assert shifted.offset_ > right.offset_
    assert shifted.predict(X, y)[member].mean() < right.predict(X, y)[member].mean()
    assert len(fresh_X) == len(fresh_y)


def test_trap_32_a_search_that_every_shadow_repeats():
    X, y = noisy(800, seed=1, flip_y=0.5)
    member = np.arange(len(y)) < 400
    # Fully grown trees or stumps: about as good, and one of them remembers its rows.
    search = GridSearchCV(forest(10), {"min_samples_leaf": [1, 30]}, cv=3)
    search.fit(X[member], y[member])
    assert search.best_params_ == {"min_samples_leaf": 1}

    def read(shadows):
        attack = LiRAAttack(FrozenEstimator(search), shadows=shadows, random_state=0)
        return roc_auc(member, attack.fit(X, y, membership=member).score_samples(X, y))

    # Clones of the search choose for themselves: other models are compared with.
    naive = read(fit_shadows(clone(search), X, y, shadows=8, random_state=0))
    best = search.best_estimator_
    right = read(fit_shadows(best, X, y, shadows=8, random_state=0))
    assert right > naive + 0.1
    assert read(8) == right

    report = audit(search, X, y, member, attacks=["lira"], shadows=8)
    assert report.worst("auc")[1] == pytest.approx(right, abs=1e-3)
    (note,) = [g for g in report.guards if g.name == "audited_inside"]
    assert "audited as its best_estimator_, RandomForestClassifier" in note.message


def test_trap_32_labels_at_a_threshold_beside_confidences_inside():
    X, y = noisy(600)
    member = halves(600)
    inner = forest().fit(X[member], y[member])
    model = FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.8)
    model.fit(X[member], y[member])
    # A clone of the wrapper holds the frozen forest: all shadows have its rows.
    again = clone(model).fit(X[~member], y[~member])
    assert np.array_equal(again.predict_proba(X), inner.predict_proba(X))
    right = model.predict(X) == y
    assert abs(right.mean() - (inner.predict(X) == y).mean()) > 0.05

    reports = [
        audit(target, X, y, member, attacks=["loss", "lira"], shadows=4)
        for target in (model, inner)
    ]
    outer, plain = (report.records()[["loss", "lira"]] for report in reports)
    assert outer.equals(plain)
    assert reports[0].accuracy == (right[member].mean(), right[~member].mean())


def test_margins_of_pairs_of_classes_are_refused_from_a_frozen_target_too():
    X, y = noisy(400, n_classes=3, n_informative=8, flip_y=0.1)
    member = halves(400)
    model = SVC(decision_function_shape="ovo", C=100, gamma=0.5)
    model.fit(X[member], y[member])
    # Three classes have three pairs: the columns fit, and mean something else.
    naive = model.decision_function(X)[np.arange(400), y]
    assert roc_auc(member, naive) < 0.6
    with pytest.raises(ValueError, match="one margin for each of 3 classes"):
        LossThresholdAttack(FrozenEstimator(model)).fit(X, y, membership=member)


def test_a_frozen_classifier_inside_makes_all_shadows_alike():
    X, y = noisy(400)
    member = halves(400)
    inner = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    model = CalibratedClassifierCV(FrozenEstimator(inner), cv=2)
    model.fit(X[member], y[member])
    assert roc_auc(member, confidence(model, X, y)) > 0.6
    attack = LiRAAttack(FrozenEstimator(model), shadows=4)
    with pytest.raises(ValueError, match="the frozen DecisionTreeClassifier in"):
        attack.fit(X, y, membership=member)


def test_an_interrupted_second_fit_answers_nothing():
    class Interrupted(DecisionTreeClassifier):
        """Fits the target, and stops at the first shadow."""

        fits = 0

        def fit(self, X, y):
            Interrupted.fits += 1
            if Interrupted.fits > 1:
                raise KeyboardInterrupt
            return super().fit(X, y)

    X, y = noisy(200)
    attack = LiRAAttack(DecisionTreeClassifier(), shadows=4, random_state=0).fit(X, y)
    with pytest.raises(KeyboardInterrupt):
        attack.set_params(estimator=Interrupted()).fit(X, y)
    # The old shadows with the new target would underestimate leakage.
    with pytest.raises(NotFittedError):
        attack.score_samples(X, y)
