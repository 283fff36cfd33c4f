"""The leakage scorer against readings that are made by hand."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from _helpers import LabelsOnly, MaskedProba, noisy_rows
from skmia.attacks import LabelOnlyAttack, LiRAAttack, LossThresholdAttack
from skmia.defenses import ConfidenceMaskingClassifier, LabelSmoothingClassifier
from skmia.exceptions import OverlapWarning
from skmia.metrics import roc_auc
from skmia.model_selection import AuditableClassifier, leakage_scorer


@pytest.fixture(scope="module")
def data():
    return noisy_rows(300, 8)


@pytest.fixture(scope="module")
def split(data):
    X, y = data
    return X[:200], y[:200], X[200:], y[200:]


def tree(**settings):
    return DecisionTreeClassifier(max_depth=5, random_state=0, **settings)


def readings(model, X_in, y_in, X_out, y_out):
    """AUC of the true class's probability and of being right, by scikit-learn."""
    member = np.r_[np.ones(len(y_in)), np.zeros(len(y_out))]
    X, y = np.vstack([X_in, X_out]), np.r_[y_in, y_out]
    own = model.predict_proba(X)[np.arange(len(y)), y]
    return roc_auc_score(member, own), roc_auc_score(member, model.predict(X) == y)


def test_auc_by_hand(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    expected = readings(clf, *split)
    value = leakage_scorer(members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-max(expected), abs=1e-12)
    assert -0.9 < value < -0.55


def test_advantage_and_tpr_by_hand(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(LogisticRegression(C=100)).fit(X_in, y_in)

    def own(X, y):
        return clf.predict_proba(X)[np.arange(len(y)), y]

    inside, outside = own(X_in, y_in), own(X_out, y_out)
    # The largest gap of two distribution functions, members above; and being right.
    gap = ks_2samp(inside, outside, alternative="less").statistic
    gap = max(gap, clf.score(X_in, y_in) - clf.score(X_out, y_out))
    value = leakage_scorer("advantage", members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-gap)

    # The threshold that accuses 10 of 100 non-members at most.
    threshold = np.sort(outside)[-11]
    value = leakage_scorer("tpr@0.1", members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-(inside > threshold).mean())


def test_a_balanced_draw_is_seeded_and_reads_about_the_same(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    drawn = [
        leakage_scorer(random_state=seed)(clf, X_out[:50], y_out[:50])
        for seed in (0, 0, *range(1, 30))
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 5
    everything = leakage_scorer(members="all")(clf, X_out[:50], y_out[:50])
    # The stronger of two readings counts, a hair above the one over all members.
    assert np.mean(drawn) == pytest.approx(everything, abs=0.01)


def test_does_not_touch_numpys_generator(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    leakage_scorer()(clf, X_out, y_out)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_margins_serve_where_there_are_no_probabilities(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(SVC(C=100)).fit(X_in, y_in)
    member = np.r_[np.ones(200), np.zeros(100)]
    X, y = np.vstack([X_in, X_out]), np.r_[y_in, y_out]
    margin = clf.decision_function(X) * (2 * y - 1)
    expected = max(
        roc_auc_score(member, margin), roc_auc_score(member, clf.predict(X) == y)
    )
    value = leakage_scorer(members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-expected)


def test_copies_of_members_are_left_out_and_counted(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    scorer = leakage_scorer(members="all")
    X, y = np.vstack([X_out, X_in[:40]]), np.r_[y_out, y_in[:40]]
    text = "40 of 200 training rows and 40 of 140 held-out rows .* 80 equal a row of"
    with pytest.warns(OverlapWarning, match=text):
        value = scorer(clf, X, y)
    apart = readings(clf, X_in[40:], y_in[40:], X_out, y_out)
    assert value == pytest.approx(-max(apart), abs=1e-12)
    # The same features under another label are another record.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scorer(clf, X, np.r_[y_out, 1 - y_in[:40]])


def test_a_class_that_the_classifier_has_not_seen(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    y = y_out.copy()
    y[:7] = 2
    scorer = leakage_scorer(members="all")
    with pytest.warns(UserWarning, match="7 of 100 held-out rows have a label that"):
        assert scorer(clf, X_out, y) == scorer(clf, X_out[7:], y_out[7:])


def test_training_rows_are_no_held_out_rows(split):
    X_in, y_in, *_ = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    with pytest.raises(ValueError, match="return_train_score=False"):
        leakage_scorer()(clf, X_in, y_in)


def test_an_fpr_that_the_fold_cannot_resolve(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    with pytest.raises(ValueError, match=r"needs 1,000 held-out rows, .* are 100"):
        leakage_scorer("tpr@0.001")(clf, X_out, y_out)


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda clf: clf.estimator_, "which does not remember"),
        (lambda clf: make_pipeline(StandardScaler(), clf), "Turn it inside out"),
        (lambda clf: FrozenEstimator(clf.estimator_), r"AuditableClassifier\(Decision"),
        (
            lambda clf: GridSearchCV(clf, {"estimator__max_depth": [1]}, refit=False),
            "Turn it inside out",
        ),
    ],
    ids=["bare", "pipeline", "frozen", "unfitted search"],
)
def test_what_does_not_remember_is_refused(split, wrap, message):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    with pytest.raises(TypeError, match=message):
        leakage_scorer()(wrap(clf), X_out, y_out)


def test_a_frozen_wrapper_still_remembers(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    scorer = leakage_scorer()
    assert scorer(FrozenEstimator(clf), X_out, y_out) == scorer(clf, X_out, y_out)


def test_classifiers_that_give_labels_only(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(LabelsOnly()).fit(X_in, y_in)
    with pytest.raises(TypeError, match="predict_proba or decision_function"):
        leakage_scorer()(clf, X_out, y_out)
    gap = LabelOnlyAttack(None, n_queries=0, max_fpr=0.5)
    value = leakage_scorer(attack=gap, members="all")(clf, X_out, y_out)
    # Right on all members, so that the AUC is half of what it gets wrong elsewhere.
    assert value == pytest.approx(-(0.5 + 0.5 * (1 - clf.score(X_out, y_out))))


def test_an_attack_of_the_users(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    attack = LossThresholdAttack(None, signal="correctness", max_fpr=0.1)
    value = leakage_scorer(attack=attack, members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-readings(clf, *split)[1])
    assert attack.estimator is None


def test_an_attack_with_shadows_gets_all_members(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    scorer = leakage_scorer(attack=LiRAAttack(None, shadows=4))
    value = scorer(clf, X_out, y_out)
    assert value == scorer(clf, X_out, y_out)

    X, y = np.vstack([X_in, X_out]), np.r_[y_in, y_out]
    member = np.arange(300) < 200
    by_hand = LiRAAttack(FrozenEstimator(clf.estimator_), shadows=4, random_state=0)
    by_hand.fit(X, y, membership=member)
    assert value == -roc_auc(member, by_hand.score_samples(X, y))


def test_shadows_are_not_fitted_without_the_weights_of_the_target(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in, sample_weight=np.ones(200))
    assert leakage_scorer()(clf, X_out, y_out) < 0
    with pytest.raises(ValueError, match="sample_weight"):
        leakage_scorer(attack=LiRAAttack(None))(clf, X_out, y_out)


def test_labels_count_where_confidences_say_nothing(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(MaskedProba()).fit(X_in, y_in)
    loss, right = readings(clf, *split)
    assert loss == 0.5
    assert right > 0.6
    value = leakage_scorer(members="all")(clf, X_out, y_out)
    assert value == pytest.approx(-right)


def test_the_label_only_attack_is_run_on_masked_outputs_only(split, monkeypatch):
    X_in, y_in, X_out, y_out = split
    run = []
    fit = LabelOnlyAttack.fit
    monkeypatch.setattr(
        LabelOnlyAttack,
        "fit",
        lambda self, *a, **k: run.append(1) or fit(self, *a, **k),
    )
    masked = ConfidenceMaskingClassifier(tree(), method="label")
    for inner, expected in (
        (tree(), 0),
        (LabelSmoothingClassifier(tree()), 0),
        (masked, 1),
        (make_pipeline(StandardScaler(), masked), 1),
    ):
        run.clear()
        leakage_scorer()(AuditableClassifier(inner).fit(X_in, y_in), X_out, y_out)
        assert len(run) == expected, inner


def test_survives_pickling_and_cloning(split):
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(tree()).fit(X_in, y_in)
    scorer = leakage_scorer("advantage", attack=LossThresholdAttack(None, max_fpr=0.1))
    search = clone(GridSearchCV(clf, {}, scoring={"neg_leakage": scorer}, refit=False))
    for other in (pickle.loads(pickle.dumps(scorer)), search.scoring["neg_leakage"]):
        assert other(clf, X_out, y_out) == scorer(clf, X_out, y_out)
    assert repr(scorer).startswith("LeakageScorer(metric='advantage', attack=LossThr")
    assert repr(leakage_scorer("tpr@.10")).startswith("LeakageScorer(metric='tpr@0.1'")


def test_a_leakier_model_scores_lower(data):
    X, y = data
    means = [
        cross_validate(
            AuditableClassifier(model),
            X,
            y,
            cv=3,
            scoring={"neg_leakage": leakage_scorer()},
            error_score="raise",
        )["test_neg_leakage"].mean()
        for model in (
            LogisticRegression(C=0.01),
            DecisionTreeClassifier(max_depth=4, random_state=0),
            DecisionTreeClassifier(random_state=0),
        )
    ]
    assert means[0] > means[1] > means[2]
    assert means[0] > -0.56


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"metric": "loss"}, ValueError, "'metric' parameter"),
        ({"members": 5}, ValueError, "'members' parameter"),
        ({"metric": "tpr@0"}, ValueError, r"FPR as a fraction .* Got 'tpr@0'"),
        ({"random_state": None}, TypeError, "'random_state' parameter"),
        ({"attack": "lira"}, TypeError, "'attack' parameter"),
        ({"attack": RidgeClassifier()}, TypeError, "'attack' parameter"),
    ],
)
def test_parameters(settings, error, message):
    with pytest.raises(error, match=message):
        leakage_scorer(**settings)


def test_given_shadows_are_refused():
    X, y = make_classification(60, random_state=0)
    attack = LiRAAttack(tree(), shadows=4, random_state=0).fit(X, y)
    given = LiRAAttack(None, shadows=attack.shadows_)
    with pytest.raises(ValueError, match="number or a ShadowModels"):
        leakage_scorer(attack=given)


def test_linear_margins(split):
    """LinearSVC has margins and no probabilities; its readings are finite."""
    X_in, y_in, X_out, y_out = split
    clf = AuditableClassifier(LinearSVC(random_state=0)).fit(X_in, y_in)
    assert -1 <= leakage_scorer()(clf, X_out, y_out) <= 0
