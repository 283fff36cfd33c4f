"""A defense that changes outputs only is asked for its labels, too (trap 22)."""

import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import CHEAP
from skmia.attacks import LabelOnlyAttack, LossThresholdAttack
from skmia.audit import audit_classifier, audit_cv
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    HighEntropyClassifier,
    LabelSmoothingClassifier,
)

X, Y = make_classification(
    400, 8, n_informative=6, n_classes=3, flip_y=0.2, random_state=0
)
TREE = DecisionTreeClassifier(random_state=0)
MASKED = ConfidenceMaskingClassifier(TREE, method="label")


def audit(model, **settings):
    settings = {
        "attacks": CHEAP,
        "shadows": 4,
        "max_fprs": (0.1,),
        "random_state": 0,
    } | settings
    return audit_classifier(
        model.fit(X[:200], Y[:200]), X[:200], Y[:200], X[200:], Y[200:], **settings
    )


@pytest.mark.parametrize(
    "model",
    [
        MASKED,
        make_pipeline(StandardScaler(), MASKED),
        HighEntropyClassifier(TREE, random_state=0),
    ],
)
def test_labels_are_asked_for_where_outputs_are_masked(model):
    report = audit(model)
    assert report.attacks == ("loss", "lira", "label_only")
    # A tree knows its training labels by heart, and a mask leaves them as they are.
    auc = report.to_frame().query("metric == 'auc'").set_index("attack")
    assert auc.loc["label_only", "low"] > 0.55


@pytest.mark.parametrize(
    "model",
    [
        TREE,
        LabelSmoothingClassifier(TREE, random_state=0),
        HighEntropyClassifier(TREE, output_modification=False, random_state=0),
    ],
)
def test_other_models_get_the_attacks_that_were_named(model):
    assert audit(model, attacks=["loss"]).attacks == ("loss",)


def test_a_label_only_attack_of_the_user_is_enough():
    own = {"mine": LabelOnlyAttack(None, n_queries=3)}
    assert "label_only" not in audit(MASKED, attacks=own).attacks


def test_the_name_label_only_of_another_attack_stays_its_own():
    report = audit(MASKED, attacks={"label_only": LossThresholdAttack(None)})
    assert report.attacks == ("label_only", "label_only_of_masked")


def test_audit_cv_asks_for_labels_as_well():
    results = cross_validate(
        MASKED,
        X,
        Y,
        cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    report = audit_cv(results, X, Y, attacks=["loss"], random_state=0)
    assert report.attacks == ("loss", "label_only")
    auc = report.to_frame().query("metric == 'auc'").set_index("attack")
    assert auc.loc["label_only", "low"] > 0.55
