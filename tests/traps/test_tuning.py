"""Traps of tuning: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import importlib
import warnings

import numpy as np
import pytest
import sklearn
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import auc_between, confidence
from _helpers.traps import forest, noisy
from skmia.attacks import LabelOnlyAttack, LiRAAttack, LossThresholdAttack, RMIAAttack
from skmia.audit import audit_cv
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    DifferentialPrivacyClassifier,
    LabelSmoothingClassifier,
)
from skmia.metrics import roc_auc
from skmia.model_selection import (
    AuditableClassifier,
    attack_scorer,
    best_under_leakage,
    leakage_scorer,
)
from skmia.shadows import ShadowSignals, fit_shadows


def evaluate(estimator, X, y, cv, scorer):
    return cross_validate(
        estimator,
        X,
        y,
        cv=cv,
        scoring={"neg_leakage": scorer},
        error_score="raise",
    )["test_neg_leakage"]


@pytest.mark.parametrize("around", [FrozenEstimator, "masked"])
def test_trap_1_a_frozen_model_that_a_search_does_not_train(around):
    X, y = noisy(900)
    seen, rest = np.arange(300), np.arange(300, 900)
    target = forest(8, 2).fit(X[seen], y[seen])
    assert auc_between(target, X, y, seen, rest) > 0.7
    # The folds of other rows: "members" that the model has never seen.
    train, test = rest[:480], rest[480:]
    assert abs(auc_between(target, X, y, train, test) - 0.5) < 0.06

    inner = FrozenEstimator(target)
    if around == "masked":
        inner = ConfidenceMaskingClassifier(inner)
    with pytest.raises(ValueError, match="frozen RandomForestClassifier"):
        evaluate(
            AuditableClassifier(inner), X[rest], y[rest], KFold(2), leakage_scorer()
        )
    results = cross_validate(
        inner, X[rest], y[rest], cv=2, return_estimator=True, return_indices=True
    )
    with pytest.raises(ValueError, match=r"[Ff]rozen"):
        audit_cv(results, X[rest], y[rest])


def test_trap_1_membership_in_the_cross_validation_of_an_attack():
    """An unfrozen target is retrained on each fold's part: .50 for every candidate."""
    X, y = noisy(600)
    member = np.random.RandomState(0).uniform(size=len(y)) < 0.5
    target = forest(8, 2).fit(X[member], y[member])
    folds = list(StratifiedKFold(2, shuffle=True, random_state=0).split(X, member))
    naive = []
    for train, test in folds:
        mine = train[member[train]]
        again = clone(target).fit(X[mine], y[mine])
        naive.append(roc_auc_score(member[test], confidence(again, X[test], y[test])))
    assert max(naive) < 0.56

    def tune(estimator):
        with sklearn.config_context(enable_metadata_routing=True):
            return GridSearchCV(
                LossThresholdAttack(estimator, max_fpr=0.1),
                {"signal": ["loss", "correctness"]},
                cv=folds,
                scoring=attack_scorer(),
                error_score="raise",
            ).fit(X, y, membership=member)

    with pytest.raises(ValueError, match=r"FrozenEstimator\(model\)"):
        tune(target)
    assert tune(FrozenEstimator(target)).best_score_ > 0.68


class Noise(ClassifierMixin, BaseEstimator):
    """Answers that depend on the row and on chance, and not on the training rows."""

    def __init__(self, seeds=None):
        self.seeds = seeds

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seed_ = int(self.seeds.randint(2**31))
        return self

    def predict_proba(self, X):
        noise = np.random.RandomState(self.seed_).normal(size=1000)
        p = expit(X[:, 1] + noise[X[:, 0].astype(int)])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


def test_trap_3_folds_of_one_k_fold_as_each_others_shadows():
    rng = np.random.RandomState(0)
    X = np.c_[np.arange(300), rng.normal(size=300)]
    y = rng.randint(2, size=300)

    def models(cv):
        # One generator for all fits, so that no two models are alike.
        seeds = np.random.RandomState(1)
        results = {"estimator": [], "indices": {"train": [], "test": []}}
        for train, test in cv.split(X):
            results["estimator"].append(Noise(seeds).fit(X[train], y[train]))
            results["indices"]["train"].append(train)
            results["indices"]["test"].append(test)
        return results

    single = models(KFold(5, shuffle=True, random_state=0))
    member = np.stack([np.isin(np.arange(300), k) for k in single["indices"]["train"]])
    odds = np.log(
        [confidence(m, X, y) / (1 - confidence(m, X, y)) for m in single["estimator"]]
    )
    naive = []
    for k, model in enumerate(single["estimator"]):
        others = np.delete(np.arange(5), k)
        # Held out nowhere else: held out here.
        assert roc_auc(member[k], -member[others].sum(axis=0)) == 1.0
        shadows = ShadowSignals({"logit": odds[others]}, member[others])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            attack = RMIAAttack(FrozenEstimator(model), shadows=shadows)
            attack.fit(X, y, membership=member[k])
        naive.append(roc_auc(member[k], attack.score_samples(X, y)))
    # Nothing leaks, and yet the attack is far from guessing, on the safe side.
    assert max(naive) < 0.35

    report = audit_cv(single, X, y, random_state=0)
    assert report.attacks == ("loss",)
    assert "dependent_splits" in {guard.name for guard in report.guards}
    with pytest.raises(ValueError, match="tells who is in one"):
        audit_cv(single, X, y, attacks=["rmia"])
    repeated = models(RepeatedKFold(n_splits=5, n_repeats=4, random_state=0))
    report = audit_cv(repeated, X, y, attacks=["lira", "rmia"], random_state=0)
    for figure in report.figures:
        if figure.metric == "auc":
            assert figure.low < 0.5 < figure.high


@pytest.mark.parametrize(
    "cv",
    [
        ShuffleSplit(3, train_size=0.25, test_size=0.25, random_state=0),
        TimeSeriesSplit(3),
    ],
    ids=["shuffled", "time series"],
)
def test_trap_6_all_rows_but_this_fold_taken_for_members(cv):
    X, y = noisy(600)
    naive, truth = [], []
    for train, test in cv.split(X):
        model = forest(8, 2).fit(X[train], y[train])
        rest = np.setdiff1d(np.arange(len(y)), test)
        naive.append(auc_between(model, X, y, rest, test))
        truth.append(auc_between(model, X, y, train, test))
    assert np.mean(naive) < np.mean(truth) - 0.05

    scorer = leakage_scorer(members="all")
    values = evaluate(AuditableClassifier(forest(8, 2)), X, y, cv, scorer)
    np.testing.assert_allclose(-values, truth)


def test_trap_7_the_wrapper_inside_of_a_pipeline():
    X, y = noisy(600)
    X = X * 5 + 20
    inside_out = make_pipeline(StandardScaler(), AuditableClassifier(forest(8, 2)))
    naive, truth = [], []
    for train, test in KFold(3).split(X):
        model = clone(inside_out).fit(X[train], y[train])
        # The rows that the last step remembers are scaled; they are scaled again.
        remembered = model[:-1].transform(X[train])
        member = np.r_[np.ones(len(train)), np.zeros(len(test))]
        scores = np.r_[
            confidence(model, remembered, y[train]), confidence(model, X[test], y[test])
        ]
        naive.append(roc_auc_score(member, scores))
        truth.append(auc_between(model, X, y, train, test))
    assert np.mean(naive) < np.mean(truth) - 0.1

    with pytest.raises(TypeError, match="Turn it inside out"):
        evaluate(inside_out, X, y, KFold(3), leakage_scorer())
    right = AuditableClassifier(make_pipeline(StandardScaler(), forest(8, 2)))
    values = evaluate(right, X, y, KFold(3), leakage_scorer(members="all"))
    np.testing.assert_allclose(-values, truth)


def test_trap_8_copies_of_training_rows_in_the_held_out_fold():
    X, y = noisy(600)
    copies = np.r_[np.arange(len(y)), np.arange(150)]
    X, y = X[copies], y[copies]
    cv = KFold(3, shuffle=True, random_state=0)
    naive, truth, counts = [], [], []
    for train, test in cv.split(X):
        model = forest(8, 2).fit(X[train], y[train])
        # Which of two copies is held out is chance: neither side is read of them.
        once = [rows[copies[rows] >= 150] for rows in (train, test)]
        naive.append(auc_between(model, X, y, train, test))
        truth.append(auc_between(model, X, y, *once))
        counts.append(len(test) - len(once[1]))
    assert np.mean(naive) < np.mean(truth) - 0.02

    scorer = leakage_scorer(members="all")
    with pytest.warns(UserWarning, match="tell nothing about membership") as caught:
        values = evaluate(AuditableClassifier(forest(8, 2)), X, y, cv, scorer)
    np.testing.assert_allclose(-values, truth)
    for count, warning in zip(counts, caught, strict=True):
        assert f"{count} of 250 held-out rows" in str(warning.message)


def test_trap_9_leakage_that_a_search_maximises():
    X, y = noisy(600)
    grid = {"estimator__min_samples_leaf": [1, 5, 40]}
    wrapped = AuditableClassifier(RandomForestClassifier(8, random_state=0))
    negative = leakage_scorer()

    def leakage(*args):
        return -negative(*args)

    def tune(scorer, refit):
        scoring = {"accuracy": "accuracy", "leakage": scorer}
        return GridSearchCV(
            wrapped, grid, cv=2, scoring=scoring, refit=refit, error_score="raise"
        ).fit(X, y)

    # Greater is better, to a search: the leakiest forest.
    assert tune(leakage, "leakage").best_params_ == {"estimator__min_samples_leaf": 1}
    found = tune(negative, "leakage").best_params_
    assert found == {"estimator__min_samples_leaf": 40}
    # Under any limit, all of them would pass.
    with pytest.raises(ValueError, match="must be negative leakage"):
        tune(leakage, best_under_leakage(max_leakage=0.6, metric="leakage"))


def test_trap_10_folds_without_members_or_non_members():
    """nan for a candidate, dropped in silence: what is not measured reads as safe."""
    X, y = noisy(200)
    twice = np.r_[np.arange(200), np.arange(200)]
    X, y = X[twice], y[twice]
    folds = [(np.arange(200), np.arange(200, 400))] * 2  # copies, all of them
    search = GridSearchCV(
        AuditableClassifier(DecisionTreeClassifier(random_state=0)),
        {"estimator__max_depth": [2, None]},
        cv=folds,
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit="accuracy",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
        assert np.isnan(search.cv_results_["mean_test_neg_leakage"]).all()
        with pytest.raises(ValueError, match="have no 'neg_leakage'"):
            search.set_params(refit=best_under_leakage(max_leakage=0.9)).fit(X, y)
    with pytest.raises(ValueError, match="Every training row equals another one"):
        search.set_params(error_score="raise").fit(X, y)

    # The folds of an attack: members first, and the default splitter does not mix.
    X, y = noisy(300)
    member = np.arange(300) < 150
    target = FrozenEstimator(DecisionTreeClassifier().fit(X[member], y[member]))
    with sklearn.config_context(enable_metadata_routing=True):
        settings = {
            "params": {"membership": member},
            "scoring": attack_scorer(),
            "error_score": "raise",
        }
        attack = LossThresholdAttack(target, max_fpr=0.1)
        with pytest.raises(ValueError, match="one member and one non-member"):
            cross_validate(attack, X, y, cv=3, **settings)
        folds = list(StratifiedKFold(3, shuffle=True).split(X, member))
        scores = cross_validate(attack, X, y, cv=folds, **settings)["test_score"]
    assert (scores > 0.5).all()


def test_trap_21_shadows_without_the_defense():
    X, y = noisy(400, n_features=20)
    train, test = np.arange(200), np.arange(200, 400)
    defended = LabelSmoothingClassifier(
        DecisionTreeClassifier(min_samples_leaf=4, random_state=0), smoothing=0.6
    )
    clf = AuditableClassifier(defended).fit(X[train], y[train])
    member = np.arange(400) < 200

    def reading(recipe):
        shadows = fit_shadows(recipe, X, y, shadows=8, random_state=0)
        attack = LiRAAttack(FrozenEstimator(clf.estimator_), shadows=shadows)
        attack.fit(X, y, membership=member)
        return roc_auc(member, attack.score_samples(X, y))

    adaptive = reading(defended)
    assert reading(defended.estimator) < adaptive - 0.02
    scorer = leakage_scorer(attack=LiRAAttack(None, shadows=8))
    assert -scorer(clf, X[test], y[test]) == pytest.approx(adaptive, abs=0.03)


def test_trap_22_masked_confidences_in_a_grid():
    X, y = make_classification(
        400, 10, n_informative=8, n_classes=4, flip_y=0, class_sep=0.7, random_state=0
    )
    trees = ExtraTreesClassifier(10, random_state=0)
    masked = ConfidenceMaskingClassifier(trees, method="label")
    cv = KFold(2, shuffle=True, random_state=0)
    loss = leakage_scorer(attack=LossThresholdAttack(None, max_fpr=0.1), members="all")
    naive, labels = [], []
    for train, test in cv.split(X):
        model = clone(masked).fit(X[train], y[train])
        naive.append(auc_between(model, X, y, train, test))
        attack = LabelOnlyAttack(
            FrozenEstimator(model), n_queries=32, max_fpr=0.5, random_state=0
        )
        rows, member = np.r_[train, test], np.repeat([True, False], 200)
        attack.fit(X[rows], y[rows], membership=member)
        labels.append(roc_auc(member, attack.score_samples(X[rows], y[rows])))
    # The mask costs no accuracy, and to an attack on confidences it leaks less.
    assert np.mean(naive) < np.mean(labels) - 0.05

    values = evaluate(
        AuditableClassifier(masked),
        X,
        y,
        cv,
        leakage_scorer(members="all"),
    )
    assert (-values >= np.array(labels) - 1e-9).all()
    # It is run beside an attack that the user has chosen, too.
    values = evaluate(AuditableClassifier(masked), X, y, cv, loss)
    np.testing.assert_allclose(-values, labels)


def test_trap_25_an_attack_is_tuned_without_metadata_routing():
    X, y = noisy(200)
    member = np.arange(200) % 2 == 0
    target = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    attack = LossThresholdAttack(FrozenEstimator(target), max_fpr=0.1)

    def naive(attack, X, y, membership):
        return roc_auc(membership, attack.score_samples(X, y))

    settings = {"cv": 2, "error_score": "raise"}
    # What goes wrong by itself, deep inside and without a remedy.
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        GridSearchCV(attack, {"signal": ["loss"]}, scoring=naive, **settings).fit(X, y)
    search = GridSearchCV(
        attack, {"signal": ["loss"]}, scoring=attack_scorer(), **settings
    )
    with pytest.raises(TypeError, match="enable_metadata_routing=True"):
        search.fit(X, y)
    # Tuning a classifier takes none: the scorer finds the members by itself.
    wrapped = AuditableClassifier(DecisionTreeClassifier(random_state=0))
    assert (evaluate(wrapped, X, y, KFold(2), leakage_scorer()) < -0.5).all()


@pytest.mark.filterwarnings("ignore::skmia.exceptions.RepeatedPrivateFitWarning")
def test_trap_26_bounds_read_from_the_data_of_a_search():
    X, y = noisy(300)
    X[:, 0] += 1000
    private = DifferentialPrivacyClassifier(GaussianNB(), delta=0, random_state=0)
    # Imports diffprivlib on releases that it does not know, too.
    DifferentialPrivacyClassifier(mechanism="objective").fit(X, y)
    package = importlib.import_module("diffprivlib")
    with pytest.warns(package.utils.PrivacyLeakWarning):
        theirs = package.models.GaussianNB(epsilon=1.0).fit(X, y)
    # The range of the rows is a parameter now, and goes with every clone.
    assert np.max(clone(theirs).bounds[1]) > 900

    grid = {"estimator__epsilon": [0.5, 2.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("error", package.utils.PrivacyLeakWarning)
        search = GridSearchCV(
            AuditableClassifier(private),
            grid,
            cv=2,
            scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
            refit=best_under_leakage(max_leakage=1),
            error_score="raise",
        ).fit(X, y)
    best = search.best_estimator_
    assert best.get_params()["estimator__bounds"] == "private"
    assert clone(best).estimator.bounds == "private"
    # The search for the bounds is paid out of the candidate's epsilon.
    epsilon = search.best_params_["estimator__epsilon"]
    assert best.estimator_.budget_["searches"] == pytest.approx(0.2 * epsilon)
    assert best.estimator_.spent_epsilon_ == pytest.approx(epsilon)


def test_a_frozen_target_is_not_searched():
    X, y = noisy(100)
    attack = LossThresholdAttack(
        FrozenEstimator(DecisionTreeClassifier().fit(X, y)), max_fpr=0.1
    )
    grid = {"estimator__max_depth": [1, 2]}
    with pytest.raises(ValueError, match="inner estimator in a frozen estimator"):
        GridSearchCV(attack, grid, scoring=lambda *_: 0.0, error_score="raise").fit(
            X, y
        )
