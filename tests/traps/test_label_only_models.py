"""Models that give labels only, and models that are no scikit-learn estimators."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier

from _helpers.traps import audit, noisy
from skmia.attacks import FunctionClassifier, LiRAAttack
from skmia.metrics import roc_auc, tpr_at_fpr


def half(n, seed=0):
    member = np.zeros(n, dtype=bool)
    member[np.random.default_rng(seed).permutation(n)[: n // 2]] = True
    return member


class Predicts:
    def __init__(self, func):
        self.predict = func


def test_labels_alone_are_no_protection():
    """By what the target alone says little is found; beside shadows a multiple."""
    X, y = noisy(1600)
    member = half(len(y))
    trees = [
        (str(k), DecisionTreeClassifier(max_features="sqrt", random_state=k))
        for k in range(3)
    ]
    model = VotingClassifier(trees).fit(X[member], y[member])
    right = model.predict(X) == y
    naive = tpr_at_fpr(member, right.astype(float), max_fpr=0.01)
    assert naive < 0.02
    report = audit(
        model, X, y, member, attacks=["gap", "lira", "rmia"], max_fprs=[0.01]
    )
    value = {f.attack: f.value for f in report.figures if f.metric == "tpr@0.01"}
    assert value["gap"] == pytest.approx(naive, abs=0.002)
    # The standard error is .007 at most.
    assert value["lira"] > 3 * naive
    assert value["rmia"] > 3 * naive


def test_labels_spelled_otherwise_than_in_y():
    """Of a model that returns positions nothing is right: it would read as safe."""
    X, y = noisy(600)
    member, spelled = half(len(y)), np.array(["no", "yes"])
    tree = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    right = roc_auc(member, tree.predict(X) == y)
    assert right > 0.6
    assert roc_auc(member, tree.predict(X).astype(object) == spelled[y]) == 0.5
    with pytest.raises(ValueError, match=r"none of the classes \['no', 'yes'\]"):
        audit(Predicts(tree.predict), X, spelled[y], member, attacks=["gap"])
    named = Predicts(lambda rows: spelled[tree.predict(rows)])
    report = audit(named, X, spelled[y], member, attacks=["gap"])
    assert report.worst("auc")[1] == pytest.approx(right, abs=0.02)


def test_classes_in_another_order_than_the_columns():
    X, y = noisy(600)
    member, spelled = half(len(y)), np.array(["yes", "no"])
    forest = RandomForestClassifier(20, random_state=0).fit(X[member], y[member])
    proba = forest.predict_proba(X)
    # The columns of sorted labels are those of the other class.
    column = np.unique(spelled[y], return_inverse=True)[1]
    swapped = roc_auc(member, proba[np.arange(len(y)), column])
    assert swapped < 0.3
    model = FunctionClassifier(forest.predict_proba, classes=spelled)
    report = audit(model, X, spelled[y], member)
    assert report.worst("auc")[1] == pytest.approx(1 - swapped)


def test_a_part_of_the_probabilities_is_not_taken_for_the_whole():
    """Probabilities of the second class as those of the true class read as nothing."""
    X, y = noisy(600)
    member = half(len(y))
    forest = RandomForestClassifier(20, random_state=0).fit(X[member], y[member])
    proba = forest.predict_proba(X)
    second, own = proba[:, 1], proba[np.arange(len(y)), y]
    assert abs(roc_auc(member, second) - 0.5) < 0.06
    model = FunctionClassifier(
        lambda rows: forest.predict_proba(rows)[:, 1], classes=[0, 1]
    )
    report = audit(model, X, y, member)
    assert report.worst("auc")[1] == pytest.approx(roc_auc(member, own))
    assert report.worst("auc")[1] > 0.7


def test_margins_are_not_taken_for_probabilities():
    X, y = noisy(600)
    member = half(len(y))
    forest = RandomForestClassifier(20, random_state=0).fit(X[member], y[member])

    def margins(rows):
        return logit(forest.predict_proba(rows).clip(1e-6, 1 - 1e-6))

    own = margins(X)[np.arange(len(y)), y]
    # Bounded to what probabilities may be, a part of what tells members is gone.
    assert roc_auc(member, own.clip(0, 1)) < roc_auc(member, own) - 0.05
    with pytest.raises(ValueError, match="must return probabilities in"):
        audit(FunctionClassifier(margins, classes=[0, 1]), X, y, member)
    model = FunctionClassifier(
        margins, classes=[0, 1], response_method="decision_function"
    )
    report = audit(model, X, y, member)
    assert report.worst("auc")[1] == pytest.approx(roc_auc(member, own))


def test_a_function_is_in_no_shadow():
    """Shadows that answer by the function have all seen what the target has."""
    X, y = noisy(400)
    member = half(len(y))
    learner = RandomForestClassifier(15, min_samples_leaf=2, random_state=0)
    forest = clone(learner).fit(X[member], y[member])
    own = forest.predict_proba(X)[np.arange(len(y)), y]
    # The target against itself, in place of shadows.
    assert roc_auc(member, own - own) == 0.5
    kwargs = {"shadows": 8, "random_state": 0}
    bare = FrozenEstimator(FunctionClassifier(forest.predict_proba, classes=[0, 1]))
    with pytest.raises(TypeError, match="a FunctionClassifier cannot be"):
        LiRAAttack(bare, **kwargs).fit(X, y, member)
    model = FunctionClassifier(forest.predict_proba, classes=[0, 1], estimator=learner)
    attack = LiRAAttack(FrozenEstimator(model), **kwargs).fit(X, y, member)
    assert roc_auc(member, attack.score_samples(X, y)) > 0.8
