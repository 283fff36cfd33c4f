"""audit_cv against readings that are made by hand from the folds."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from _helpers.audits import CHEAP
from _helpers.blind import Blind, records
from skmia.attacks import LabelOnlyAttack, LiRAAttack
from skmia.audit import audit_cv
from skmia.defenses import LabelSmoothingClassifier
from skmia.metrics import get_metric
from skmia.model_selection import AuditableClassifier
from skmia.shadows import ShadowModels, ShadowSignals
from skmia.signals import logit

N = 200


@pytest.fixture(scope="module")
def data():
    return noisy_rows(N, 8)


def tree():
    return DecisionTreeClassifier(max_depth=5, random_state=0)


def run(estimator, X, y, cv, **settings):
    return cross_validate(
        estimator,
        X,
        y,
        cv=cv,
        return_estimator=True,
        return_indices=True,
        error_score="raise",
        **settings,
    )


def repeated(n_splits=2, n_repeats=4):
    return RepeatedStratifiedKFold(
        n_splits=n_splits, n_repeats=n_repeats, random_state=0
    )


def auc(report, attack):
    (figure,) = (f for f in report.figures if f.attack == attack and f.metric == "auc")
    return figure


def guards(report):
    return {guard.name for guard in report.guards}


def said_by_hand(results, X, y):
    """The logarithm of the true class's probability."""
    rows = np.arange(len(y))
    return np.log([model.predict_proba(X)[rows, y] for model in results["estimator"]])


def membership_by_hand(results):
    member = np.zeros((len(results["estimator"]), N), dtype=bool)
    for k, rows in enumerate(results["indices"]["train"]):
        member[k, rows] = True
    return member


def test_a_single_k_fold_by_hand(data):
    X, y = data
    results = run(LogisticRegression(C=100), X, y, KFold(2))
    report = audit_cv(results, X, y, random_state=0)
    assert report.attacks == ("loss",)
    assert report.shadows is None
    assert "dependent_splits" in guards(report)
    assert (report.n_models, report.n_members, report.n_nonmembers) == (2, 100, 100)
    # A row for every model and record.
    said, member = said_by_hand(results, X, y), membership_by_hand(results)
    table = report.records()
    np.testing.assert_array_equal(table["split"], np.repeat([0, 1], N))
    np.testing.assert_array_equal(table.index, np.r_[np.arange(N), np.arange(N)])
    np.testing.assert_array_equal(table["membership"], member.ravel())
    np.testing.assert_array_equal(table["label"], np.r_[y, y])
    np.testing.assert_allclose(table["loss"], said.ravel(), rtol=1e-6, atol=1e-6)
    # Figures are read within each model, and averaged.
    expected = np.mean(
        [roc_auc_score(*pair) for pair in zip(member, said, strict=True)]
    )
    assert auc(report, "loss").value == pytest.approx(expected)
    right = said > np.log(0.5)
    expected = right[member].mean(), right[~member].mean()
    assert report.accuracy == pytest.approx(expected)
    assert "members      100 rows or more of each of 2 models" in report.summary()
    assert report.to_dict()["counts"] == {
        "members": 100,
        "nonmembers": 100,
        "member_persons": None,
        "nonmember_persons": None,
        "models": 2,
    }


def test_lira_with_the_models_of_the_other_repeats(data):
    X, y = data
    results = run(tree(), X, y, repeated())
    report = audit_cv(results, X, y, attacks=CHEAP, random_state=0)
    assert report.attacks == ("loss", "lira")
    assert report.shadows == {"n_shadows": 6, "train_size": 0.5}
    member = membership_by_hand(results)
    odds = np.stack(
        [logit(model.predict_proba(X), y) for model in results["estimator"]]
    )
    by_hand = np.empty((8, N))
    for k, model in enumerate(results["estimator"]):
        others = np.flatnonzero(np.arange(8) // 2 != k // 2)
        shadows = ShadowSignals({"logit": odds[others]}, member[others])
        attack = LiRAAttack(FrozenEstimator(model), shadows=shadows)
        attack.fit(X, y, membership=member[k])
        by_hand[k] = attack.score_samples(X, y)
    np.testing.assert_allclose(report.records()["lira"], by_hand.ravel())
    found = {figure.metric: figure for figure in report.figures[5:]}
    expected = np.mean([roc_auc_score(*p) for p in zip(member, by_hand, strict=True)])
    assert found["auc"].value == pytest.approx(expected)
    # The spread of a mean is at most the mean of the spreads.
    for name in ("advantage", "tpr@0.1"):
        metric = get_metric(name)
        parts = list(zip(member, by_hand, strict=True))
        expected = np.mean([metric.value(*part) for part in parts])
        ends = np.mean([metric.interval(*part) for part in parts], axis=0)
        assert found[name].value == pytest.approx(expected)
        assert (found[name].low, found[name].high) == pytest.approx(tuple(ends))
    # What a figure takes, each model has to have: 100 non-members.
    assert not found["tpr@0.001"].resolvable
    assert found["tpr@0.01"].resolvable


def test_lira_finds_more_than_the_loss():
    X, y = make_classification(N, 40, n_informative=10, flip_y=0.2, random_state=0)
    results = run(LogisticRegression(C=10), X, y, repeated(n_repeats=6))
    report = audit_cv(results, X, y, attacks=CHEAP, random_state=0)
    assert auc(report, "lira").value > auc(report, "loss").value + 0.02 > 0.6


def test_one_seed_one_report(data):
    X, y = data
    results = run(tree(), X, y, KFold(3))
    drawing = {"labels": LabelOnlyAttack(None, n_queries=8, max_fpr=0.1)}
    first, second, other = (
        audit_cv(results, X, y, attacks=drawing, random_state=seed).records()
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)
    drawn = audit_cv(results, X, y)
    again = audit_cv(results, X, y, random_state=drawn.settings["random_state"])
    pd.testing.assert_frame_equal(drawn.records(), again.records())


def test_shuffled_splits_leave_records_on_one_side(data):
    X, y = data
    cv = ShuffleSplit(6, test_size=0.3, train_size=0.4, random_state=0)
    results = run(tree(), X, y, cv)
    report = audit_cv(results, X, y, attacks=CHEAP, random_state=0)
    # A row that a split leaves out is on neither side of it.
    assert (report.n_members, report.n_nonmembers) == (80, 60)
    table = report.records()
    for k, of in table.groupby("split"):
        for side, rows in (("train", of["membership"]), ("test", ~of["membership"])):
            expected = np.sort(results["indices"][side][k])
            np.testing.assert_array_equal(of.index[rows], expected)
    assert "lira" in report.attacks
    # With five shadows, some records are in all of them.
    assert "one_sided_records" in guards(report)


def test_a_drift_between_training_and_test_rows_is_announced():
    rng = np.random.RandomState(0)
    X = np.c_[np.linspace(0, 5, 400), rng.normal(size=400)]
    y = (rng.uniform(size=400) < 0.5).astype(int)
    results = run(LogisticRegression(), X, y, TimeSeriesSplit(3))
    report = audit_cv(results, X, y, random_state=0)
    assert "blind_classifier" in guards(report)
    # Sides that are the same records need no such check.
    results = run(LogisticRegression(), X, y, KFold(2))
    assert "blind_classifier" not in guards(audit_cv(results, X, y, random_state=0))


def test_rows_of_weight_0_are_no_members(data):
    X, y = data
    weight = np.ones(N)
    weight[::4] = 0
    settings = {"params": {"sample_weight": weight}}
    plain = run(LogisticRegression(C=100), X, y, KFold(2), **settings)
    naive = auc(audit_cv(plain, X, y, random_state=0), "loss").value
    wrapped = AuditableClassifier(LogisticRegression(C=100))
    results = run(wrapped, X, y, KFold(2), **settings)
    report = audit_cv(results, X, y, random_state=0)
    assert set(report.records().index) == set(np.flatnonzero(weight))
    said, member = said_by_hand(results, X, y), membership_by_hand(results)
    truth = np.mean(
        [
            roc_auc_score(held[weight > 0], one[weight > 0])
            for held, one in zip(member, said, strict=True)
        ]
    )
    assert naive < truth - 0.003
    assert auc(report, "loss").value == pytest.approx(truth)
    (guard,) = (g for g in report.guards if g.name == "weightless_rows")
    assert guard.count == 50


def test_rows_of_weight_0_are_no_non_members():
    """In no model at all, they made independent splits look dependent on each other."""
    X, y = records(400, 0)
    weight = np.random.RandomState(0).randint(2, size=400).astype(float)
    splits = list(RepeatedKFold(n_splits=2, n_repeats=6, random_state=0).split(X))
    models = [
        AuditableClassifier(Blind(1.0, k)).fit(
            X[rows], y[rows], sample_weight=weight[rows]
        )
        for k, (rows, _) in enumerate(splits)
    ]
    train, test = map(list, zip(*splits, strict=True))
    results = {"estimator": models, "indices": {"train": train, "test": test}}
    # Of the rows that a model was not trained on, no other holds those of weight 0.
    held = np.stack([np.isin(np.arange(400), rows) for rows in train]) & (weight > 0)
    assert (held.any(axis=0) == (weight > 0)).all()
    report = audit_cv(results, X, y, max_fprs=(0.1,), attacks=CHEAP, random_state=0)
    assert report.attacks == ("loss", "lira")
    for attack in report.attacks:
        # Four standard errors of 200 records that are on both sides.
        assert auc(report, attack).value == pytest.approx(0.5, abs=4 * 0.029)
    said = {guard.name for guard in report.guards}
    # It answers at random, of its training rows as of others.
    assert said == {"weightless_rows", "few_false_positives", "members_at_chance"}


def test_copies_are_left_out_on_both_sides(data):
    X, y = data
    twice = np.r_[np.arange(N), np.arange(60)]
    results = run(tree(), X[twice], y[twice], KFold(2, shuffle=True, random_state=1))
    report = audit_cv(results, X[twice], y[twice], random_state=0)
    (found,) = (guard for guard in report.guards if guard.name == "duplicate_rows")
    assert found.count == 120
    table = report.records()
    assert set(table.index) == set(range(60, N))
    assert len(table) == 2 * (N - 60)


def test_copies_that_stay_together_are_one_record(data):
    X, y = data
    twice = np.r_[np.arange(N), np.arange(60)]
    folds = list(GroupKFold(3).split(X[twice], y[twice], twice))
    results = run(tree(), X[twice], y[twice], folds)
    report = audit_cv(results, X[twice], y[twice], random_state=0)
    assert set(report.records().index) == set(range(N))
    (found,) = (guard for guard in report.guards if guard.name == "duplicate_rows")
    assert found.count == 60


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_class_that_a_split_has_not_seen(data):
    X, _ = data
    y = np.array(["common", "other"])[np.arange(N) % 2].astype(object)
    y[-1] = "rare"
    results = run(LogisticRegression(), X, y, repeated(n_splits=2, n_repeats=3))
    assert (
        len(results["estimator"][0].classes_) + len(results["estimator"][1].classes_)
        == 5
    )
    report = audit_cv(results, X, y, attacks=CHEAP, random_state=0)
    # Nobody was trained without it and held it out with a label that it knows.
    table = report.records()
    assert (table.groupby("membership").size() == [3 * N - 3, 3 * N]).all()
    assert "missing_classes" in guards(report)
    assert np.isfinite(report.records()["lira"]).all()


def test_the_defense_is_in_the_shadows(data):
    X, y = data
    defended = LabelSmoothingClassifier(tree(), smoothing=0.4)
    results = run(make_pipeline(StandardScaler(), defended), X, y, repeated())
    report = audit_cv(results, X, y, attacks=CHEAP, random_state=0)
    assert report.estimator == "Pipeline(StandardScaler, LabelSmoothingClassifier)"
    # The smoothed labels bound the logit, in the targets and in the shadows.
    said = said_by_hand(results, X, y)
    assert said.max() == pytest.approx(np.log(0.8))
    assert said.min() == pytest.approx(np.log(0.2))
    assert auc(report, "lira").value > 0.55


def test_tuned_models_and_models_with_margins(data):
    X, y = data
    tuned = GridSearchCV(tree(), {"max_depth": [2, 4]}, cv=2)
    for estimator in (tuned, LinearSVC(random_state=0), AuditableClassifier(tree())):
        report = audit_cv(run(estimator, X, y, KFold(2)), X, y, random_state=0)
        assert 0.4 < auc(report, "loss").value < 1


def test_attacks_of_the_users(data):
    X, y = data
    results = run(tree(), X, y, repeated())
    report = audit_cv(
        results,
        X,
        y,
        attacks={
            "offline": LiRAAttack(None, mode="offline"),
            "gap": LabelOnlyAttack(None, n_queries=0, max_fpr=0.1),
        },
        random_state=0,
    )
    assert report.attacks == ("offline", "gap")
    assert set(report.records()["gap"]) <= {0.0, 1.0}
    gap = 0.5 + (report.accuracy[0] - report.accuracy[1]) / 2
    assert auc(report, "gap").value == pytest.approx(gap)
    assert report.settings["n_splits"] == 8


def test_an_attack_that_fails_is_named(data):
    X, y = data
    results = run(tree(), X, y, repeated())

    class Broken(LiRAAttack):
        def score_samples(self, X, y=None):
            raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer") as caught:
        audit_cv(results, X, y, attacks={"mine": Broken(None)})
    assert "'mine' on split 0" in caught.value.__notes__[0]
    # The models were asked about the records only, and not about copies of them.
    asks = {"asks": LiRAAttack(None, shadows=ShadowModels(n_queries=4))}
    with pytest.raises(ValueError, match=r"'asks'\] has shadows=ShadowModels"):
        audit_cv(results, X, y, attacks=asks)


def test_attacks_with_shadows_need_independent_splits(data):
    X, y = data
    results = run(tree(), X, y, KFold(5))
    with pytest.raises(ValueError, match=r"\['lira'\] .*RepeatedStratifiedKFold"):
        audit_cv(results, X, y, attacks=["loss", "lira"])


@pytest.mark.parametrize("container", ["frame", "list", "sparse"])
def test_containers(data, container):
    X, y = data
    expected = audit_cv(run(tree(), X, y, KFold(2)), X, y, random_state=0)
    if container == "frame":
        X = pd.DataFrame(X, columns=list("abcdefgh"), index=[f"r{i}" for i in range(N)])
    elif container == "list":
        X, y = X.tolist(), y.tolist()
    else:
        X = sparse.csr_array(X)
    report = audit_cv(run(tree(), X, y, KFold(2)), X, y, random_state=0)
    assert report.figures == expected.figures
    if container == "frame":
        assert report.records().index[0] == "r0"


def test_arguments_are_left_alone(data):
    X, y = data
    results = run(tree(), X, y, repeated(n_repeats=3))
    before = (
        X.copy(),
        y.copy(),
        {k: [a.copy() for a in v] for k, v in results["indices"].items()},
    )
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audit_cv(results, X, y)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    for side, arrays in before[2].items():
        for now, then in zip(results["indices"][side], arrays, strict=True):
            np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_what_cross_validate_must_return(data):
    X, y = data
    full = run(tree(), X, y, KFold(2))
    for key, option in (("estimator", "estimator"), ("indices", "indices")):
        part = {name: value for name, value in full.items() if name != key}
        with pytest.raises(ValueError, match=f"return_{option}=True"):
            audit_cv(part, X, y)
    with pytest.raises(TypeError, match="what cross_validate returned"):
        audit_cv([full], X, y)
    with pytest.raises(ValueError, match="one estimator and one pair"):
        audit_cv(full | {"estimator": full["estimator"][:1]}, X, y)
    with pytest.raises(NotFittedError):
        audit_cv(full | {"estimator": [tree(), tree()]}, X, y)


def test_rows_that_are_not_those_of_the_cross_validation(data):
    X, y = data
    results = run(tree(), X, y, KFold(2))
    with pytest.raises(ValueError, match=f"indices up to 199, but X has {N - 5} rows"):
        audit_cv(results, X[:-5], y[:-5])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        audit_cv(results, X, y[:-1])
    # The wrapper knows what it was fitted on.
    results = run(AuditableClassifier(tree()), X, y, KFold(2))
    audit_cv(results, X, y, random_state=0)
    with pytest.raises(ValueError, match="fitted on other rows"):
        audit_cv(results, X[::-1], y[::-1])


def test_rows_on_both_sides_of_a_split(data):
    X, y = data
    everything = np.arange(N)
    results = run(tree(), X, y, [(everything, everything[:50])] * 2)
    with pytest.raises(ValueError, match="in the training and in the test set"):
        audit_cv(results, X, y)


def test_nothing_is_left_to_compare():
    X, y = np.zeros((20, 1)), np.arange(20) % 2
    results = run(LogisticRegression(), X, y, KFold(2))
    with pytest.raises(ValueError, match="20 of 20 rows are left out as their"):
        audit_cv(results, X, y)


def test_one_and_the_same_estimator_for_all_splits(data):
    X, y = data
    results = run(tree(), X, y, repeated())
    last = results["estimator"][-1]
    same = results | {"estimator": [last] * len(results["estimator"])}
    with pytest.raises(ValueError, match="an estimator of its own for every split"):
        audit_cv(same, X, y)
