"""Trap 45: a mask that is found on the template of a search, and not in what it fitted.

A mask hides confidences and keeps labels, so that an attack on labels has to be run.
Each test shows the attack on confidences first, which passes a limit of .6.
"""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from _helpers import confidence
from _helpers.traps import noisy
from skmia.attacks import LossThresholdAttack
from skmia.audit import audit_classifier, audit_cv
from skmia.defenses import ConfidenceMaskingClassifier, masks_outputs
from skmia.metrics import roc_auc
from skmia.model_selection import AuditableClassifier, leakage_scorer

X, Y = noisy(600)
MEMBER = np.arange(600) < 300
NEIGHBORS = KNeighborsClassifier(3)
MASKED = ConfidenceMaskingClassifier(NEIGHBORS, method="label")


def search(*candidates, chosen=0, kind=GridSearchCV):
    template = Pipeline([("clf", GaussianNB())])
    settings = {"min_resources": 300} if kind is HalvingGridSearchCV else {}
    if kind is GridSearchCV:
        settings = {"refit": lambda results: chosen}
    return kind(template, {"clf": list(candidates)}, cv=2, **settings)


AROUND = {
    "grid": search(MASKED),
    "halving": search(MASKED, kind=HalvingGridSearchCV),
    "pipeline": make_pipeline(StandardScaler(), search(MASKED)),
    "auditable": AuditableClassifier(search(MASKED)),
    "estimator": GridSearchCV(
        AuditableClassifier(GaussianNB()), {"estimator": [MASKED]}, cv=2
    ),
    "threshold": TunedThresholdClassifierCV(search(MASKED)),
    "calibrated": CalibratedClassifierCV(search(MASKED), cv=2),
    "voting": VotingClassifier([("a", search(MASKED))], voting="soft"),
    "stacking": StackingClassifier([("a", search(MASKED))], cv=2),
    "bagging": BaggingClassifier(search(MASKED), 2, random_state=0),
}


@pytest.mark.parametrize("where", AROUND)
def test_trap_45_a_mask_that_a_search_has_chosen_is_found(where):
    model = AROUND[where].fit(X[MEMBER], Y[MEMBER])
    assert masks_outputs(model)
    assert masks_outputs(FrozenEstimator(model))


@pytest.mark.parametrize("around", [lambda m: m, AuditableClassifier])
def test_trap_45_a_mask_that_a_search_has_not_chosen_is_no_mask(around):
    model = around(search(MASKED, NEIGHBORS, chosen=1)).fit(X[MEMBER], Y[MEMBER])
    assert not masks_outputs(model)
    # Before it is fitted, it may be.
    assert masks_outputs(around(search(MASKED, NEIGHBORS)))


def test_trap_45_labels_are_asked_for_in_audits_and_scorers():
    model = AuditableClassifier(search(MASKED)).fit(X[MEMBER], Y[MEMBER])
    assert roc_auc(MEMBER, confidence(model, X, Y)) < 0.59
    attack = LossThresholdAttack(None)
    assert -leakage_scorer(attack=attack)(model, X[~MEMBER], Y[~MEMBER]) > 0.6
    report = audit_classifier(
        model,
        *(X[MEMBER], Y[MEMBER], X[~MEMBER], Y[~MEMBER]),
        attacks=["loss"],
        random_state=0,
    )
    assert report.attacks == ("loss", "label_only")
    assert report.worst("auc")[1] > 0.6


def test_trap_45_a_mask_in_some_splits_of_a_cross_validation():
    """The attacks of the first model are not those of all."""
    results = cross_validate(
        NEIGHBORS, X, Y, cv=2, return_estimator=True, return_indices=True
    )
    rows = results["indices"]["train"][1]
    results["estimator"][1] = search(MASKED).fit(X[rows], Y[rows])
    assert [masks_outputs(model) for model in results["estimator"]] == [False, True]
    report = audit_cv(results, X, Y, attacks=["loss"], random_state=0)
    assert report.attacks == ("loss", "label_only")
    assert report.worst("auc")[1] > 0.6
