"""Several rows per person: trap 35, and what goes wrong beside it.

Each test shows the wrong reading first, as one has it without `groups`.
"""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_score

from _helpers.persons import IgnoresItsData, persons_of, sides, split
from skmia.attacks import (
    CalibratedLossAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
    RMIAAttack,
    StackedAttack,
)
from skmia.audit import audit_classifier
from skmia.exceptions import OverlapWarning
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.model_selection import AuditableClassifier, leakage_scorer
from skmia.shadows import ShadowModels, fit_shadows


def person_auc(member, scores, groups):
    """AUC of the persons' mean scores."""
    first = np.unique(groups, return_index=True)[1]
    means = np.bincount(groups, scores) / np.bincount(groups)
    return roc_auc(member[first], means)


def aucs(report):
    """Of the one attack, beside which the labels may read more."""
    figures = [f for f in report.figures if f.metric == "auc" and f.attack != "gap"]
    return {f.unit: f.value for f in figures}


@pytest.mark.slow
def test_shadows_drawn_row_by_row_read_too_little():
    """35: 200 persons of six rows, random labels, 60 columns."""
    found = []
    for seed in (0, 1):
        X, y, groups = persons_of(np.full(200, 6), seed, n_features=60, by_row=False)
        sets, pair = sides(X, y, groups, split(groups, seed))
        model = LogisticRegression(C=10, max_iter=300).fit(*sets[:2])
        settings = {"attacks": ["lira"], "random_state": 0, "max_fprs": (0.1,)}
        settings["shadows"] = ShadowModels(16, counterfactual=False)
        naive = audit_classifier(model, *sets, **settings)
        report = audit_classifier(model, *sets, groups=pair, **settings)
        found.append([aucs(naive)["row"], *aucs(report).values()])
    by_row, row, person = np.mean(found, axis=0)
    assert by_row < 0.65
    assert row > by_row + 0.03
    assert person > row + 0.02


def by_hand(X, y, groups, member, rng, n_shadows=24):
    """AUC per person of a likelihood ratio, with shadows that are drawn here."""

    def logits(rows):
        model = LogisticRegression(C=10, max_iter=300).fit(X[rows], y[rows])
        return model.decision_function(X) * (2 * y - 1)

    names = np.unique(groups)
    inside = np.stack(
        [
            np.isin(groups, rng.permutation(names)[: len(names) // 2])
            for _ in range(n_shadows)
        ]
    )
    values = np.stack([logits(rows) for rows in inside])
    x, score = logits(member), 0.0
    for sign, side in ((1, inside), (-1, ~inside)):
        n = np.maximum(side.sum(axis=0), 1)
        mean = (values * side).sum(axis=0) / n
        spread = np.sqrt(((values - mean) ** 2 * side).sum() / (side.sum() - len(x)))
        score -= sign * ((x - mean) ** 2 / (2 * spread**2) + np.log(spread))
    return person_auc(member, score, groups)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "n"), [(2, 160), (6, 120), (20, 60)])
def test_figures_of_persons_are_those_of_refits(rows, n):
    """Eight fresh targets on random persons, each with fresh shadows."""
    X, y, groups = persons_of(np.full(n, rows), n_features=30, by_row=False)
    found, low, high, expected = [], [], [], []
    for k in range(8):
        rng = np.random.RandomState(1000 + k)
        member = split(groups, k)
        sets, pair = sides(X, y, groups, member)
        model = LogisticRegression(C=10, max_iter=300).fit(*sets[:2])
        report = audit_classifier(
            model,
            *sets,
            groups=pair,
            attacks={"lira": LiRAAttack(None, variance="pooled")},
            # Of one side, as those by hand.
            shadows=ShadowModels(16, counterfactual=False),
            random_state=k,
        )
        figure = next(
            f for f in report.figures if (f.metric, f.unit) == ("auc", "person")
        )
        found.append(figure.value)
        low.append(figure.low)
        high.append(figure.high)
        expected.append(by_hand(X, y, groups, member, rng))
    difference = np.subtract(found, expected)
    # Two kinds of shadows, 16 and 24 of them: the paired error of the mean, and .01.
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert abs(difference.mean()) < 3 * error + 0.01
    truth = np.mean(expected)
    assert np.mean((np.array(low) <= truth) & (truth <= np.array(high))) >= 0.75


@pytest.mark.parametrize("rows", [1, 6, 20])
def test_a_model_that_ignores_its_data(rows):
    X, y, groups = persons_of(np.full(800 // rows, rows), by_row=False)
    sets, pair = sides(X, y, groups, split(groups))
    model = IgnoresItsData(0).fit(*sets[:2])
    report = audit_classifier(
        model, *sets, groups=pair, attacks=["loss", "lira", "rmia"], random_state=0
    )
    for figure in report.figures:
        if figure.metric == "auc":
            assert figure.low < 0.5 < figure.high


@pytest.mark.slow
def test_the_quantile_attack_knows_nonmembers_by_their_other_rows():
    """35: a model of other persons, so that nothing is there to be found."""
    found = {False: [], True: []}
    for seed in range(2):
        settings = {"n_features": 6, "within": 0.05, "by_row": False}
        X, y, groups = persons_of(np.full(200, 10), seed, **settings)
        others = persons_of(np.full(300, 2), 100 + seed, n_features=6, within=0.05)
        forest = RandomForestClassifier(20, min_samples_leaf=2, random_state=0)
        target = FrozenEstimator(forest.fit(*others[:2]))
        member = split(groups, seed)
        for use in found:
            attack = QuantileAttack(target, random_state=0)
            attack.fit(X, y, membership=member, groups=groups if use else None)
            scores = attack.score_samples(X, y)
            found[use].append(tpr_at_fpr(member, scores, 0.01))
    assert np.mean(found[False]) > 0.04
    # 100 persons a side, twice: an error of about .007.
    assert np.mean(found[True]) < 0.025


def test_a_person_of_both_sides_is_no_nonmember():
    X, y, groups = persons_of(np.full(160, 4), by_row=False)
    member = split(groups)
    known = ~member & (np.arange(len(y)) % 4 == 0)
    # A row of each non-member person was trained on, too.
    trained = member | (known & (groups % 2 == 0))
    model = RandomForestClassifier(20, random_state=0).fit(X[trained], y[trained])
    sets, pair = sides(X, y, groups, trained)
    settings = {"attacks": ["lira"], "random_state": 0, "max_fprs": (0.1,)}
    naive = aucs(audit_classifier(model, *sets, **settings))["row"]
    report = audit_classifier(model, *sets, groups=pair, **settings)
    assert naive < aucs(report)["row"]
    n_shared = len(np.unique(groups[~trained & np.isin(groups, groups[trained])]))
    assert [g.count for g in report.guards if g.name == "shared_persons"] == [n_shared]
    attack = QuantileAttack(FrozenEstimator(model), max_fpr=0.1, random_state=0)
    with pytest.warns(OverlapWarning, match=f"{n_shared} persons given to QuantileA"):
        attack.fit(X, y, membership=trained, groups=groups)


@pytest.mark.parametrize(
    "kind",
    [
        LossThresholdAttack,
        QuantileAttack,
        LiRAAttack,
        RMIAAttack,
        CalibratedLossAttack,
        StackedAttack,
    ],
)
def test_every_attack_warns_of_persons_on_both_sides(kind):
    X, y, groups = persons_of(np.full(100, 4), by_row=False)
    trained = split(groups)
    trained[:12] = np.arange(12) % 4 == 0  # three persons
    target = FrozenEstimator(LogisticRegression().fit(X[trained], y[trained]))
    attack = kind(target, max_fpr=0.1, random_state=0)
    if "shadows" in attack.get_params():
        attack.set_params(shadows=8)
    match = f"3 persons given to {kind.__name__} have rows .* and others, 9 rows"
    with pytest.warns(OverlapWarning, match=match):
        attack.fit(X, y, membership=trained, groups=groups)


def test_attacks_draw_persons_whole_in_the_game():
    X, y, groups = persons_of(np.full(60, 4), by_row=False)
    attack = LiRAAttack(LogisticRegression(C=10), shadows=8, random_state=0)
    attack.fit(X, y, groups=groups)
    drawn = np.vstack([attack.membership_, attack.shadows_.member])
    assert (drawn[:, ::4] == drawn[:, 3::4]).all()
    attack.fit(X, y)
    assert (attack.shadows_.member[:, ::4] != attack.shadows_.member[:, 3::4]).any()


@pytest.mark.parametrize(
    ("cv", "reads_less"), [(KFold(4), True), (GroupKFold(4), False)]
)
def test_a_search_that_splits_persons_reads_too_little(cv, reads_less):
    """A scorer cannot see whose the rows are: the guide says to split by persons."""
    X, y, groups = persons_of(np.full(120, 6), n_features=40, by_row=False)
    order = np.random.RandomState(0).permutation(len(y))
    X, y, groups = X[order], y[order], groups[order]
    model = AuditableClassifier(LogisticRegression(C=10, max_iter=300))
    by_person = groups if isinstance(cv, GroupKFold) else None
    scores = cross_val_score(
        model,
        X,
        y,
        cv=cv,
        groups=by_person,
        scoring=leakage_scorer(),
    )
    assert (-scores.mean() < 0.57) == reads_less


def test_rows_of_a_person_that_are_nearly_equal_are_no_near_copies():
    X, y, groups = persons_of(np.full(160, 4), within=1e-9, by_row=False)
    member = split(groups)
    sets, pair = sides(X, y, groups, member)
    model = RandomForestClassifier(20, random_state=0).fit(*sets[:2])
    report = audit_classifier(
        model, *sets, groups=pair, attacks=["loss"], random_state=0, max_fprs=(0.1,)
    )
    assert (report.n_members, report.n_nonmembers) == (320, 320)
    assert "near_copies" not in [guard.name for guard in report.guards]
    # Thirty members stand among the non-members once more, as other persons.
    known, strays = (np.flatnonzero(of)[: 4 * 30] for of in (member, ~member))
    X[strays], y[strays] = X[known] + 1e-9, y[known]
    sets, pair = sides(X, y, groups, member)
    report = audit_classifier(
        model, *sets, groups=pair, attacks=["loss"], random_state=0, max_fprs=(0.1,)
    )
    assert "near_copies" in [guard.name for guard in report.guards]


def test_numbers_of_rows_are_read_as_a_leak():
    """The highest of many scores is higher than the highest of few."""
    sizes = np.where(split(np.arange(300)), 8, 1)
    X, y, groups = persons_of(sizes)
    member = split(np.arange(300))[groups]
    sets, pair = sides(X, y, groups, member)
    model = IgnoresItsData(0).fit(*sets[:2])
    scores = model.predict_proba(X)[np.arange(len(y)), y]
    first = np.unique(groups, return_index=True)[1]
    highest = [scores[groups == person].max() for person in range(300)]
    assert roc_auc(member[first], highest) > 0.8
    report = audit_classifier(
        model, *sets, groups=pair, attacks=["loss"], random_state=0
    )
    assert "rows_per_person" in [guard.name for guard in report.guards]


@pytest.mark.slow
def test_a_sum_from_the_centre_of_another_scale_counts_rows():
    """The shadows' logits are about 3 in the mean, and likelihood ratios about 0."""
    naive, means, found = [], [], []
    for seed in range(3):
        rng = np.random.RandomState(700 + seed)
        sizes = np.minimum(rng.geometric(0.1, size=120), 50)
        X, _, groups = persons_of(sizes, seed, n_features=30)
        y = (rng.random_sample(120) < 0.2).astype(int)[groups]
        member = split(groups, seed)
        model = LogisticRegression(max_iter=300).fit(X[member], y[member])
        sets, pair = sides(X, y, groups, member)
        report = audit_classifier(
            model,
            *sets,
            groups=pair,
            attacks=["lira"],
            random_state=seed,
            max_fprs=(0.1,),
        )
        rows = report.records()
        truth, whose = rows["membership"].to_numpy(bool), rows["person"].to_numpy()
        scores = rows["lira"].to_numpy()
        first = np.unique(whose, return_index=True)[1]
        naive.append(roc_auc(truth[first], np.bincount(whose, scores - 3)))
        means.append(person_auc(truth, scores, whose))
        found.append(aucs(report)["person"])
    assert np.mean(naive) < np.mean(means) - 0.03
    assert np.mean(found) > np.mean(means) - 0.01


@pytest.mark.slow
def test_one_huge_person_lets_an_empty_row_join_all_others():
    """Up to three times the largest person, persons were one unit by an equal row."""
    naive, found = [], []
    for seed in range(2):
        X, y, groups = persons_of(
            np.append(np.full(120, 5), 200), seed, n_features=30, by_row=False
        )
        y[np.random.RandomState(seed).random_sample(len(y)) < 0.1] ^= 1
        shared = np.searchsorted(groups, np.arange(110))
        X[shared], y[shared] = 0, 0
        inside = np.append(split(np.arange(120), seed), True)
        sets, pair = sides(X, y, groups, inside[groups])
        model = LogisticRegression().fit(*sets[:2])
        settings = {"attacks": ["lira"], "random_state": seed, "max_fprs": (0.1,)}
        pool = [np.concatenate(of) for of in (sets[::2], sets[1::2])]
        whose = np.concatenate(pair)
        joined = fit_shadows(
            model,
            *pool,
            groups=np.where(whose < 110, 0, whose),
            shadows=ShadowModels(16, train_size=0.7),
            random_state=seed,
        )
        one_unit = audit_classifier(
            model, *sets, groups=pair, shadows=joined, **settings
        )
        naive.append(aucs(one_unit)["row"])
        report = audit_classifier(model, *sets, groups=pair, **settings)
        found.append(aucs(report)["row"])
    assert np.mean(naive) < np.mean(found) - 0.03
