"""Traps of rows that the model was not trained on, or not on all of: numbers 30, 48.

The wrong reading first, then what skmia gives.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _helpers import confidence
from _helpers.traps import audit, noisy
from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.exceptions import OneSidedRecordsWarning, OverlapWarning
from skmia.model_selection import AuditableClassifier, leakage_scorer
from skmia.shadows import ShadowModels, fit_shadows

N = 400
NAME = "randomforestclassifier__sample_weight"


@pytest.fixture(scope="module")
def case():
    """Members of whom half have a weight of 0, a model, and what it leaks of others."""
    X, y = noisy(2 * N)
    weight = np.random.default_rng(0).integers(0, 2, 2 * N).astype(float)
    # Without bootstrap: how it goes with weights depends on the release.
    forest = RandomForestClassifier(
        30, min_samples_leaf=2, bootstrap=False, random_state=0
    )
    model = make_pipeline(StandardScaler(), forest)
    model.fit(X[:N], y[:N], **{NAME: weight[:N]})
    member = np.arange(2 * N) < N
    own, seen = confidence(model, X, y), weight > 0
    naive, right = roc_auc_score(member, own), roc_auc_score(member[seen], own[seen])
    assert right > 0.85
    assert naive < right - 0.1
    return X, y, member, weight, model, right


def test_trap_48_members_of_weight_0_in_an_audit(case):
    X, y, member, weight, model, right = case
    pair = weight[member], weight[~member]
    settings = {"attacks": ["loss", "lira"], "shadows": 4, "fit_params": {NAME: pair}}
    report = audit(model, X, y, member, **settings)
    value = {f.attack: f.value for f in report.figures if f.metric == "auc"}
    assert value["loss"] == pytest.approx(right, abs=1e-12)
    assert value["lira"] > 0.9
    (guard,) = (g for g in report.guards if g.name == "weightless_rows")
    assert guard.count == (weight == 0).sum()
    assert report.n_members == (weight[member] > 0).sum()
    # Shadows that are there already are of the rows that have a weight.
    seen = weight > 0
    shadows = fit_shadows(
        model, X[seen], y[seen], shadows=4, random_state=0, params={NAME: weight[seen]}
    )
    given = audit(model, X, y, member, **(settings | {"shadows": shadows}))
    assert given.figures == report.figures
    for side, name in enumerate(("members", "nonmembers")):
        nothing = tuple(w * 0 if side == k else w for k, w in enumerate(pair))
        with pytest.raises(ValueError, match=f"row of X_{name} .* sample_weight of 0"):
            audit(model, X, y, member, **(settings | {"fit_params": {NAME: nothing}}))


def test_trap_48_members_of_weight_0_in_an_attack(case):
    X, y, member, weight, model, _ = case
    frozen = FrozenEstimator(model)
    loss = LossThresholdAttack(frozen)
    with pytest.warns(OverlapWarning, match="members given to .* sample_weight of 0"):
        loss.fit(X, y, membership=member, **{NAME: weight})
    # Of both sides there is no record that no shadow speaks for.
    shadows = ShadowModels(4, counterfactual=False)
    lira = LiRAAttack(frozen, shadows=shadows, random_state=0)
    with (
        pytest.warns(OverlapWarning, match="sample_weight of 0"),
        pytest.warns(OneSidedRecordsWarning, match="in no shadow"),
    ):
        lira.fit(X, y, membership=member, **{NAME: weight})
    for attack in (loss, lira):
        np.testing.assert_array_equal(attack.membership_, member & (weight > 0))
        scores = attack.score_samples(X, y)
        right = roc_auc_score(attack.membership_, scores)
        assert right > 0.85
        assert roc_auc_score(member, scores) < right - 0.1
    # In the game, too: what is drawn with a weight of 0 is no member.
    game = LossThresholdAttack(clone(model), random_state=0)
    with pytest.warns(OverlapWarning, match="sample_weight of 0"):
        game.fit(X, y, **{NAME: weight})
    assert not game.membership_[weight == 0].any()


def test_trap_48_shadows_do_not_hold_records_of_weight_0(case):
    X, y, _, weight, model, _ = case
    shadows = fit_shadows(model, X, y, shadows=4, random_state=0, params={NAME: weight})
    assert not shadows.member[:, weight == 0].any()
    # Pairs are told by the records that were drawn.
    np.testing.assert_array_equal(shadows.complements, [1, 0, 3, 2])


def test_trap_48_members_of_weight_0_in_a_scorer(case):
    X, y, member, weight, model, _ = case
    clf = AuditableClassifier(model).fit(X[member], y[member], **{NAME: weight[member]})
    own, seen = confidence(clf, X, y), (weight > 0) | ~member
    scorer = leakage_scorer(
        attack=LossThresholdAttack(None, max_fpr=0.5), members="all"
    )
    assert -scorer(clf, X[~member], y[~member]) == pytest.approx(
        roc_auc_score(member[seen], own[seen]), abs=1e-12
    )
    # A held-out row that equals one of weight 0 equals no member.
    spare = np.flatnonzero(member & (weight == 0))[:5]
    X_out, y_out = np.r_[X[~member], X[spare]], np.r_[y[~member], y[spare]]
    scores = np.r_[own[seen], own[spare]]
    expected = roc_auc_score(np.r_[member[seen], np.zeros(5, bool)], scores)
    assert -scorer(clf, X_out, y_out) == pytest.approx(expected, abs=1e-12)
    # An audit knows what the classifier remembers.
    report = audit(clf, X, y, member)
    assert report.n_members == (member & (weight > 0)).sum()
    assert report.n_nonmembers == N


@pytest.mark.parametrize("wrap", ["itself", "frozen", "search"])
def test_trap_30_members_that_the_classifier_was_not_trained_on(wrap):
    X, y = noisy(900)
    forest = RandomForestClassifier(20, random_state=0)
    clf = AuditableClassifier(forest).fit(X[:300], y[:300])
    if wrap == "frozen":
        clf = FrozenEstimator(clf)
    if wrap == "search":
        grid = {"estimator__min_samples_leaf": [1]}
        clf = GridSearchCV(AuditableClassifier(forest), grid, cv=2)
        clf.fit(X[:300], y[:300])
    member = np.arange(900) < 300
    others = np.roll(member, 300)
    naive = roc_auc_score(others[300:], confidence(clf, X[300:], y[300:]))
    right = roc_auc_score(member, confidence(clf, X, y))
    assert abs(naive - 0.5) < 0.06
    assert right > 0.8
    with pytest.raises(
        ValueError, match="300 of the 300 rows of X_members are not amon"
    ):
        audit(clf, X[300:], y[300:], others[300:])
    report = audit(clf, X, y, member)
    assert report.figures[0].value == pytest.approx(right, abs=1e-12)
    assert not {g.name for g in report.guards} & {"partial_members", "shared_rows"}
    # A part of them, and the rest as non-members or nowhere.
    part = np.arange(900) < 200
    with pytest.raises(
        ValueError, match="100 of the 700 rows of X_nonmembers are train"
    ):
        audit(clf, X, y, part)
    rest = part | (np.arange(900) >= 300)
    (guard,) = (
        g
        for g in audit(clf, X[rest], y[rest], part[rest]).guards
        if g.name == "partial_members"
    )
    assert guard.count == 100
    # What it has forgotten it cannot compare.
    audit(pickle.loads(pickle.dumps(clf)), X[300:], y[300:], others[300:])
