"""Audits of models that give labels only."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import LabelsOnly, noisy_rows
from _helpers.audits import MODEL, SETS, audit
from skmia.attacks import ATTACKS, LabelOnlyAttack, LiRAAttack, QuantileAttack
from skmia.audit import audit_classifier
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels

LABEL_ATTACKS = ("gap", "label_only", "lira", "rmia", "stacked")
FEW = LabelOnlyAttack(MODEL, n_queries=8)


def votes():
    trees = [(str(k), DecisionTreeClassifier(random_state=k)) for k in range(3)]
    return VotingClassifier(trees, voting="hard")


class Predicts:
    """Something with `predict` and nothing else."""

    def __init__(self, model):
        self.model = model

    def predict(self, X):
        return self.model.predict(X)


def guard(report, name="attacks_not_run"):
    return [g for g in report.guards if g.name == name]


@pytest.mark.parametrize(
    "model", [votes(), NearestCentroid(metric="manhattan"), LabelsOnly()]
)
def test_the_default_attacks_are_those_that_labels_suffice_for(model):
    report = audit(model.fit(*SETS[:2]), attacks="default")
    assert report.attacks == LABEL_ATTACKS
    (found,) = guard(report)
    assert found.severity == "note"
    assert "'loss', 'shadow_classifier' and 'quantile' read confidences" in (
        found.message
    )
    # What needs confidences is not looked for.
    assert not guard(report, "saturated_probabilities")
    assert not guard(report, "unsteady_answers")
    assert "gives labels only" in report.summary().replace("\n    ", " ")


def test_all_attacks_are_all_that_apply():
    report = audit(votes().fit(*SETS[:2]), attacks="all")
    assert set(report.attacks) == {*LABEL_ATTACKS, "calibrated"}


def test_gap_is_whether_the_label_is_right():
    model = votes().fit(*SETS[:2])
    report = audit(model, attacks=["gap"])
    accuracy = [model.score(SETS[0], SETS[1]), model.score(SETS[2], SETS[3])]
    expected = 0.5 + (accuracy[0] - accuracy[1]) / 2
    assert report.worst("auc") == ("gap", pytest.approx(expected, abs=0.02))


@pytest.mark.parametrize("model", [RidgeClassifierCV(), Perceptron()])
def test_margins_are_confidences(model):
    report = audit(model.fit(*SETS[:2]), attacks="default")
    assert report.attacks == ("loss", "lira", "rmia", "stacked")
    assert not guard(report)


@pytest.mark.parametrize(
    ("attacks", "named"),
    [
        ("loss", "['loss']"),
        (["lira", "quantile"], "['quantile']"),
        ({"mine": QuantileAttack(MODEL)}, "['mine']"),
    ],
)
def test_attacks_on_confidences_are_refused_by_name(attacks, named):
    model = votes().fit(*SETS[:2])
    with pytest.raises(TypeError, match="gives labels only") as caught:
        audit(model, attacks=attacks)
    message = str(caught.value)
    assert message.startswith(f"The attacks {named} need confidences")
    assert "'gap', 'lira', 'rmia', 'calibrated', 'stacked', 'label_only'" in message
    # Not: audit another model.
    assert "CalibratedClassifierCV" not in message


def test_an_object_with_predict_alone():
    report = audit(Predicts(MODEL), attacks=["gap", FEW])
    same = audit(LabelsOnly(MODEL).fit(*SETS[:2]), attacks=["gap", FEW])
    assert report.attacks == ("gap", "label_only")
    np.testing.assert_array_equal(
        report.records()["label_only"], same.records()["label_only"]
    )
    severities = {g.severity: g.message for g in guard(report)}
    assert "'lira', 'rmia', 'calibrated' and 'stacked'" in severities["warning"]
    assert "Predicts.predict" in report.summary()
    with pytest.raises(TypeError, match=r"\['lira'\] need models that are fitted like"):
        audit(Predicts(MODEL), attacks="lira")


def strings(y):
    return np.array(["no", "maybe", "yes"])[y]


@pytest.mark.parametrize(
    "container",
    [
        np.asarray,
        lambda X: pd.DataFrame(X, columns=list("abcdef")),
        lambda X: pl.DataFrame(X, schema=list("abcdef")),
        sparse.csr_array,
        np.ndarray.tolist,
    ],
    ids=["array", "pandas", "polars", "sparse", "list"],
)
def test_containers_strings_and_three_classes(container):
    X_in, y_in, X_out, y_out = SETS
    y_in, y_out = strings(y_in + (X_in[:, 0] > 1)), strings(y_out + (X_out[:, 0] > 1))
    X_in, X_out = container(X_in), container(X_out)
    pipeline = make_pipeline(MaxAbsScaler(), LogisticRegression())
    model = VotingClassifier(
        [("a", pipeline), ("b", DecisionTreeClassifier(random_state=0))]
    )
    model.fit(X_in, y_in)
    report = audit_classifier(
        model, X_in, y_in, X_out, y_out, attacks=["gap", "lira", FEW], shadows=4
    )
    assert report.attacks == ("gap", "lira", "label_only")


def test_a_label_that_varies_is_told_as_such():
    class Moody(LabelsOnly):
        def predict(self, X):
            answer = super().predict(X)
            self.n_ = getattr(self, "n_", 0) + 1
            return 1 - answer if self.n_ % 2 else answer

    report = audit(Moody().fit(*SETS[:2]), attacks=["gap"])
    (found,) = guard(report, "unsteady_answers")
    assert "rows other labels. Its" in found.message


def test_shadows_that_answer_about_copies_as_well():
    model = votes().fit(*SETS[:2])
    shadows = ShadowModels(4, n_queries=6)
    report = audit(model, attacks=["lira"], shadows=shadows)
    assert not guard(report, "shadows_unlike_target")
    n_scores = len(np.unique(report.records()["lira"]))
    plain = audit(model, attacks=["lira"])
    advice = "shadows=ShadowModels(n_queries=24)"
    assert advice in guard(plain)[0].message
    assert advice not in guard(report)[0].message
    assert n_scores > 2 * len(np.unique(plain.records()["lira"]))


def test_a_model_unlike_its_shadows_is_found_by_its_accuracy():
    model = LabelsOnly(DecisionTreeClassifier(max_depth=1)).fit(*SETS[:2])
    model.classifier = DecisionTreeClassifier(random_state=0)
    assert guard(audit(model, attacks=["lira"]), "shadows_unlike_target")


def test_attacks_with_shadows_read_labels_without_an_audit():
    X, y = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])
    attack = LiRAAttack(votes(), shadows=4, random_state=0).fit(X, y)
    scores = attack.score_samples(X, y)
    # Of rows outside of the pool the shadows are asked for labels, too.
    outside = attack.score_samples(X[:5] + 1, y[:5])
    assert np.isfinite(scores).all()
    assert np.isfinite(outside).all()


@pytest.mark.parametrize("n_queries", [0, 8])
@pytest.mark.parametrize("labels_only", [True, False])
def test_copies_make_no_model_unlike_its_shadows(labels_only, n_queries):
    """The target is asked about the same copies before it is compared."""
    forest = RandomForestClassifier(15, random_state=0)
    model = LabelsOnly(forest) if labels_only else forest
    report = audit(
        model.fit(*SETS[:2]),
        attacks=["lira"],
        shadows=ShadowModels(8, n_queries=n_queries),
    )
    assert not guard(report, "shadows_unlike_target")


def test_a_search_among_votes():
    search = GridSearchCV(votes(), {"weights": [None, [2, 1, 1]]}, cv=2)
    report = audit(search.fit(*SETS[:2]), attacks=["gap", "lira"])
    assert report.attacks == ("gap", "lira")
    assert guard(report)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lira", "rmia", "stacked", "calibrated"])
def test_labels_tell_nothing_of_records_that_the_model_never_saw(name):
    """Members at random, of a model that was fitted on other rows: 12 models."""
    aucs = []
    for seed in range(12):
        X, y = noisy_rows(900, seed=seed, flip_y=0.3)
        rng = np.random.default_rng(seed)
        pool = rng.permutation(900)[300:]
        trained = np.setdiff1d(np.arange(900), pool)
        member = rng.permuted(np.repeat([True, False], 300))
        model = LabelsOnly().fit(X[trained], y[trained])
        attack = ATTACKS[name](FrozenEstimator(model), shadows=6, random_state=seed)
        attack.fit(X[pool], y[pool], membership=member)
        aucs.append(roc_auc(member, attack.score_samples(X[pool], y[pool])))
    # Of 12 AUCs of 300 against 300, at a standard error of .0236 each; 4 of them.
    assert np.mean(aucs) == pytest.approx(0.5, abs=4 * 0.0236 / np.sqrt(12))
