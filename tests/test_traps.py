"""Ways a leakage figure comes out wrong without an error.

Every test shows the wrong reading first, then that skmia gives the right one, an
error or a warning. The numbers are those of the list of traps in the design.
"""

import warnings

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from skmia._tables import hash_rows
from skmia.attacks import (
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
    RMIAAttack,
)
from skmia.attacks._quantile import margin
from skmia.attacks._threshold import best_balanced_accuracy
from skmia.audit import audit_classifier
from skmia.metrics import (
    is_resolvable,
    membership_advantage,
    roc_auc,
    roc_vertices,
    tpr_at_fpr,
)
from skmia.shadows import ShadowSignals, fit_shadows
from skmia.signals import logit


def noisy(n=1200, seed=0, **settings):
    """Records whose labels a flexible model can only memorise in part."""
    settings = {"n_features": 12, "n_informative": 6, "flip_y": 0.25} | settings
    return make_classification(n, random_state=seed, **settings)


def halves(n, seed=0):
    member = np.zeros(n, dtype=bool)
    member[np.random.RandomState(seed).permutation(n)[: n // 2]] = True
    return member


def forest():
    return RandomForestClassifier(15, min_samples_leaf=3, random_state=0)


def confidence(model, X, y):
    return model.predict_proba(X)[np.arange(len(y)), y]


def tree_task():
    """The decision tree on which peers' offline LiRA falls below chance."""
    X, y = make_classification(1000, 10, n_informative=5, flip_y=0.1, random_state=0)
    return X, y, halves(1000)


@pytest.fixture(scope="module")
def tree_shadows():
    X, y, member = tree_task()
    target = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    shadows = fit_shadows(DecisionTreeClassifier(), X, y, n_shadows=50, random_state=0)
    return X, y, member, target, shadows


def test_trap_1_membership_of_a_model_that_is_fitted_again():
    X, y = noisy()
    member = halves(len(y))
    target = forest().fit(X[member], y[member])
    assert roc_auc(member, confidence(target, X, y)) > 0.65
    # A clone fitted on other rows has not seen those "members": it reads as safe.
    other = halves(len(y), seed=1)
    again = clone(target).fit(X[other], y[other])
    assert abs(roc_auc(member, confidence(again, X, y)) - 0.5) < 0.05

    for attack in (LossThresholdAttack(target), LiRAAttack(target, n_shadows=4)):
        with pytest.raises(ValueError, match=r"FrozenEstimator\(model\)"):
            attack.fit(X, y, membership=member)


def test_trap_2_the_others_in_count_gives_the_membership_away():
    X, y = noisy(200)
    shadows = fit_shadows(DecisionTreeClassifier(), X, y, n_shadows=8, random_state=0)
    target = 3
    others = np.delete(np.arange(8), target)
    # Exactly balanced: whoever is IN fewer of the others is IN here. A perfect read,
    # of nothing but the design.
    count = shadows.member[others].sum(axis=0)
    assert roc_auc(shadows.member[target], -count) == 1.0
    # Without its twin, every record is IN equally many of the rest.
    rest = others[others != shadows.partners[target]]
    assert np.unique(shadows.member[rest].sum(axis=0)).tolist() == [3]


def test_trap_2_the_threshold_is_made_without_the_twin():
    """The offset equals the one computed by hand with both left out."""
    X, y = noisy(300)
    attack = LiRAAttack(
        LogisticRegression(), n_shadows=6, random_state=0, variance="pooled"
    ).fit(X, y)
    shadows = attack.shadows_
    values, member = shadows.signals["logit"].astype(float), shadows.member

    def stats(rows, inside):
        kept = member[rows] if inside else ~member[rows]
        return (values[rows] * kept).sum(axis=0) / kept.sum(axis=0)

    everything = np.arange(6)
    mean_in, mean_out = stats(everything, True), stats(everything, False)
    spread_in = np.sqrt(((values - mean_in) ** 2)[member].mean())
    spread_out = np.sqrt(((values - mean_out) ** 2)[~member].mean())
    scores = []
    for k in range(6):
        rest = everything[(everything != k) & (everything != shadows.partners[k])]
        ratio = norm.logpdf(values[k], stats(rest, True), spread_in) - norm.logpdf(
            values[k], stats(rest, False), spread_out
        )
        scores.append(ratio[~member[k]])
    expected = np.quantile(np.concatenate(scores), 0.99, method="higher")
    assert attack.offset_ == pytest.approx(expected, rel=1e-4)


def test_trap_4_shadows_of_another_training_share():
    """A target on four fifths of the pool, judged by shadows of halves.

    A logistic regression with more features than it can bear: its logits depend on
    how many records it saw. Six targets, sixteen shadows each.
    """
    X, y = make_classification(
        500, 100, n_informative=20, flip_y=0.2, class_sep=0.5, random_state=0
    )
    model = LogisticRegression(C=10, max_iter=300)
    rng = np.random.RandomState(0)
    readings = {0.5: [], "auto": []}
    common = {
        share: fit_shadows(model, X, y, n_shadows=16, train_size=share, random_state=0)
        for share in (0.5, 0.8)
    }
    for _ in range(6):
        member = np.zeros(500, dtype=bool)
        member[rng.permutation(500)[:400]] = True
        target = clone(model).fit(X[member], y[member])
        frozen = FrozenEstimator(target)
        for share, readings_of in readings.items():
            attack = LiRAAttack(frozen, shadows=common[0.8 if share == "auto" else 0.5])
            attack.fit(X, y, membership=member)
            readings_of.append(roc_auc(member, attack.score_samples(X, y)))
    assert np.mean(readings["auto"]) > np.mean(readings[0.5]) + 0.01

    # And "auto" is the target's own share.
    fitted = LiRAAttack(frozen, n_shadows=10, random_state=0).fit(
        X, y, membership=member
    )
    shares = fitted.shadows_.member.mean(axis=1)
    np.testing.assert_allclose(shares, 0.8, atol=0.01)
    counts = fitted.shadows_.member.sum(axis=0)
    assert counts.max() <= 8
    assert counts.min() >= 2


def test_trap_5_a_cache_that_is_found_by_its_folder(tmp_path):
    X, y = noisy(400, seed=1)
    X_other, y_other = noisy(400, seed=2)
    member = halves(400)
    target = FrozenEstimator(
        DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    )

    def reading(shadows):
        attack = LiRAAttack(target, shadows=shadows).fit(X, y, membership=member)
        return roc_auc(member, attack.score_samples(X, y))

    make = {"n_shadows": 16, "random_state": 0}
    fresh = fit_shadows(DecisionTreeClassifier(), X, y, **make)
    stale = fit_shadows(DecisionTreeClassifier(), X_other, y_other, **make)
    # Sixteen shadows for 400 rows, found where they were expected: a false all-clear.
    wrong = ShadowSignals(stale.signals, stale.member)
    assert reading(wrong) < reading(fresh) - 0.04

    # Given as they are, they are refused; in one cache folder, they do not mix.
    with pytest.raises(ValueError, match="made from other records"):
        reading(stale)
    fit_shadows(DecisionTreeClassifier(), X_other, y_other, cache_dir=tmp_path, **make)
    cached = fit_shadows(DecisionTreeClassifier(), X, y, cache_dir=tmp_path, **make)
    assert reading(cached) == reading(fresh)


def test_trap_8_the_same_row_on_both_sides():
    X, y = noisy()
    member = halves(len(y))
    X_in, y_in, X_out, y_out = X[member], y[member], X[~member], y[~member]
    model = forest().fit(X_in, y_in)
    # A quarter of the held-out rows are copies of members.
    X_mixed = np.vstack([X_out, X_in[:200]])
    y_mixed = np.r_[y_out, y_in[:200]]
    truth = np.r_[np.ones(len(y_in)), np.zeros(len(y_mixed))]
    naive = roc_auc(
        truth,
        np.r_[confidence(model, X_in, y_in), confidence(model, X_mixed, y_mixed)],
    )
    right = roc_auc(
        np.r_[np.ones(len(y_in) - 200), np.zeros(len(y_out))],
        np.r_[
            confidence(model, X_in[200:], y_in[200:]), confidence(model, X_out, y_out)
        ],
    )
    assert naive < right - 0.05

    report = audit_classifier(
        model, X_in, y_in, X_mixed, y_mixed, attacks=["loss"], random_state=0
    )
    table = report.to_frame().set_index("metric")
    assert table.loc["auc", "value"] == pytest.approx(right)
    assert len(report.records()) == len(y_in) - 200 + len(y_out)
    assert "200" in report.summary()


def test_trap_10_folds_of_members_only():
    scores = np.linspace(0, 1, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # scikit-learn: nan and a warning; a mean over folds then drops it in silence.
        assert np.isnan(roc_auc_score(np.ones(10), scores))
    for metric in (roc_auc, membership_advantage):
        with pytest.raises(ValueError, match="one member and one non-member"):
            metric(np.ones(10, dtype=bool), scores)
    with pytest.raises(ValueError, match="one member and one non-member"):
        tpr_at_fpr(np.zeros(10, dtype=bool), scores, 0.1)


def test_trap_11_ties_broken_by_row_order():
    """A tree that is sure of its members and unsure of the rest: two values."""
    truth = np.r_[np.ones(500, dtype=bool), np.zeros(500, dtype=bool)]
    scores = np.where(truth, 1.0, 0.5)
    # A ROC with one vertex at the first element of each block of ties.
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(-scores[order], return_index=True)
    tpr = np.cumsum(truth[order])[first] / 500
    fpr = np.cumsum(~truth[order])[first] / 500
    assert np.trapezoid(tpr, fpr) < 0.01

    assert roc_auc(truth, scores) == 1.0
    fpr, tpr, _ = roc_vertices(truth, scores)
    assert fpr.tolist() == [0, 0, 1]
    assert tpr.tolist() == [0, 1, 1]
    # Stored members first, a constant score looks perfect or useless by row order.
    shuffle = np.random.RandomState(0).permutation(1000)
    constant = np.zeros(1000)
    assert tpr_at_fpr(truth, constant, 0.01) == 0.0
    assert tpr_at_fpr(truth[shuffle], constant, 0.01) == 0.0


def test_trap_12_offline_with_a_two_sided_density(tree_shadows):
    X, y, member, target, shadows = tree_shadows
    values, out = shadows.signals["logit"].astype(float), ~shadows.member
    said = logit(target.predict_proba(X), y)
    count = out.sum(axis=0)
    mean = (values * out).sum(axis=0) / count
    spread = np.sqrt((((values - mean) ** 2) * out).sum(axis=0) / count)
    # Far from the OUT mean on either side: a record that the model gets wrong more
    # surely than expected is called a member.
    two_sided = -norm.logpdf(said, mean, spread + 1e-16)
    assert roc_auc(member, np.clip(two_sided, None, 1e300)) < 0.55

    attack = LiRAAttack(FrozenEstimator(target), mode="offline", shadows=shadows)
    scores = attack.fit(X, y, membership=member).score_samples(X, y)
    assert roc_auc(member, scores) > 0.60


@pytest.mark.parametrize("variance", ["shrunk", "per_record", "pooled", "global"])
def test_trap_13_spreads_of_zero(tree_shadows, variance):
    X, y, member, target, shadows = tree_shadows
    values, out = shadows.signals["logit"].astype(float), ~shadows.member
    mean = (values * out).sum(axis=0) / out.sum(axis=0)
    spread = np.sqrt((((values - mean) ** 2) * out).sum(axis=0) / out.sum(axis=0))
    said = logit(target.predict_proba(X), y)
    assert (spread == 0).mean() > 0.3
    # The few records with a spread of zero decide the ranking.
    naive = (said - mean) ** 2 / (2 * (spread + 1e-16) ** 2)
    assert naive.max() > 1e30

    for mode in ("online", "offline"):
        attack = LiRAAttack(
            FrozenEstimator(target), mode=mode, variance=variance, shadows=shadows
        )
        scores = attack.fit(X, y, membership=member).score_samples(X, y)
        assert np.isfinite(scores).all()
        assert np.abs(scores).max() < 1e6
        assert roc_auc(member, scores) > 0.58


def test_trap_14_probabilities_of_exactly_one_in_float32():
    proba = np.array([[1, 0], [0, 1], [1 - 1e-9, 1e-9]], dtype=np.float32)
    y = np.array([0, 0, 0])
    with np.errstate(all="ignore"):
        naive = np.log(proba[:, 0]) - np.log1p(-proba[:, 0])
        assert np.isinf(naive).all()
        assert np.isnan(naive - naive).all()
    kept = logit(proba, y)
    assert np.isfinite(kept).all()
    assert kept[0] == -kept[1]
    # 1 - 1e-9 is 1 in float32; the other column still knows better.
    assert kept[2] == pytest.approx(np.log(1e9), rel=1e-6)
    assert kept[1] < kept[2] < kept[0]


def test_trap_14_saturated_logits_do_not_drown_the_others():
    """One shadow in sixteen that says exactly 1 must not decide a record's spread."""
    rng = np.random.RandomState(0)
    n = 2000
    member = fit_shadows(
        DecisionTreeClassifier(max_depth=1),
        rng.normal(size=(n, 2)),
        np.arange(n) % 2,
        n_shadows=18,
        random_state=0,
    ).member
    values = rng.normal(size=(18, n)) + 2.0 * member
    values[(rng.uniform(size=values.shape) < 0.05) & (values > 1)] = 708.3964185
    shadows = ShadowSignals({"logit": values[2:]}, member[2:])
    proba = np.column_stack([expit(-values[0]), expit(values[0])])
    column = np.ones(n, dtype=int)

    def reading(given):
        attack = LiRAAttack("precomputed", shadows=given, variance="pooled")
        scores = attack.fit(proba, column).score_samples(proba, column)
        return roc_auc(member[0], scores)

    # A saturated value that looks like an ordinary one is taken at its word.
    drowned = ShadowSignals({"logit": values[2:].clip(None, 600)}, member[2:])
    assert reading(drowned) < reading(shadows) - 0.05
    assert reading(shadows) > 0.85


def test_trap_15_a_quantile_regressor_on_rows_that_it_was_fitted_on():
    """No leak: a model of other rows, 300 non-members, 1,000 fresh ones; 24 seeds."""
    ours, peers = [], []
    for seed in range(24):
        X, y = make_classification(
            1600, 8, n_informative=5, flip_y=0.2, random_state=seed
        )
        other, fresh, rest = np.split(np.arange(1600), [300, 1300])
        model = RandomForestClassifier(10, min_samples_leaf=3, random_state=seed)
        model.fit(X[other], y[other])
        regressor = HistGradientBoostingRegressor(
            loss="quantile", max_iter=40, random_state=0
        )
        attack = QuantileAttack(
            FrozenEstimator(model), regressor=regressor, random_state=seed
        ).fit(X[rest], y[rest])
        ours.append(attack.predict(X[fresh], y[fresh]).mean())
        scores = margin(model.predict_proba(X), y)
        features = np.column_stack([X, y])
        alone = clone(regressor).set_params(max_iter=100, quantile=0.99)
        with threadpool_limits(1, user_api="openmp"):
            alone.fit(features[rest], scores[rest])
            peers.append((scores > alone.predict(features))[fresh].mean())
    # The wrong reading: several times the 1 % that is claimed.
    assert np.mean(peers) > 0.025
    # The third largest of 300 scores is the threshold, and the share of further
    # non-members above it has a Beta(3, 298) distribution: mean 0.00997, standard
    # deviation 0.0057, and 0.0032 on top for the 1,000 of them that are counted.
    # Four standard errors of a mean of 24: 6 in 100,000 outside.
    error = np.hypot(0.0057, 0.0032) / np.sqrt(24)
    assert abs(np.mean(ours) - 3 / 301) < 4 * error


def test_trap_16_a_threshold_tuned_on_the_rows_that_are_reported():
    """Nothing leaks, 60 records a side, 200 draws: the tuned figure is optimistic."""
    rng = np.random.RandomState(0)
    tuned = []
    for _ in range(200):
        members, others = rng.normal(size=60), rng.normal(size=60)
        t = best_balanced_accuracy(members, others)
        tuned.append((members >= t).mean() - (others >= t).mean())
    # Truth 0; the standard error of the mean is below 0.005.
    assert np.mean(tuned) > 0.1

    # LiRA's threshold comes from the shadows, whatever rows the target was fitted on.
    X, y = noisy(300)
    shadows = fit_shadows(LogisticRegression(), X, y, n_shadows=8, random_state=0)
    offsets = set()
    for seed in (0, 1):
        member = halves(300, seed)
        target = FrozenEstimator(LogisticRegression().fit(X[member], y[member]))
        attack = LiRAAttack(target, shadows=shadows).fit(X, y, membership=member)
        offsets.add(attack.offset_)
    assert len(offsets) == 1


def test_trap_17_counting_over_a_small_population():
    """RMIA's published score counts the population records with a lower ratio."""
    X, y = noisy()
    member = halves(len(y))
    target = FrozenEstimator(forest().fit(X[member], y[member]))
    shadows = fit_shadows(forest(), X, y, n_shadows=8, random_state=0)
    attack = RMIAAttack(target, shadows=shadows).fit(X, y, membership=member)
    ratio = attack.score_samples(X, y)
    rng = np.random.RandomState(0)
    area, low, tied = [], [], []
    for _ in range(100):
        population = rng.permutation(np.flatnonzero(~member))[:50]
        rest = np.setdiff1d(np.arange(len(y)), population)
        counts = np.searchsorted(np.sort(ratio[population]), ratio[rest])
        held, scores = member[rest], ratio[rest]
        area.append([roc_auc(held, counts), roc_auc(held, scores)])
        low.append([tpr_at_fpr(held, counts, 0.01), tpr_at_fpr(held, scores, 0.01)])
        tied.append((counts[~held] == 50).mean())
    # One ranking but for ties, and so nearly one area.
    assert np.ptp(np.mean(area, axis=0)) < 0.01
    # But all above the population tie: one of 51 non-members is, on average, and more
    # than 1 % of them in most draws, where the figure at 1 % is then 0.
    assert np.mean(tied) == pytest.approx(1 / 51, abs=0.006)
    counted, ours = np.transpose(low)
    assert np.median(counted) == 0.0
    assert np.mean(counted) < 0.6 * np.mean(ours)
    assert min(ours) > 0.1


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


def test_trap_19_a_false_positive_rate_below_one_non_member():
    rng = np.random.RandomState(0)
    readings = [
        tpr_at_fpr(
            np.r_[np.ones(250, dtype=bool), np.zeros(250, dtype=bool)],
            rng.normal(size=500),
            0.001,
        )
        for _ in range(200)
    ]
    # No leak at all, and yet up to ten times the rate: the figure has no meaning.
    assert max(readings) > 0.01
    assert not is_resolvable(250, 0.001)
    assert is_resolvable(1000, 0.001)

    X, y = noisy(500)
    X_in, X_out, y_in, y_out = train_test_split(X, y, test_size=0.5, random_state=0)
    report = audit_classifier(
        forest().fit(X_in, y_in),
        X_in,
        y_in,
        X_out,
        y_out,
        attacks=["loss"],
        random_state=0,
    )
    table = report.to_frame().set_index("metric")
    assert not table.loc["tpr@0.001", "resolvable"]
    assert np.isnan(table.loc["tpr@0.001", "value"])
    assert table.loc["tpr@0.01", "resolvable"]
    with pytest.raises(ValueError, match="not resolvable"):
        report.worst("tpr@0.001")


class Masked(ClassifierMixin, BaseEstimator):
    """A forest that keeps its labels and gives every class the same probability."""

    def fit(self, X, y):
        self.inner_ = RandomForestClassifier(20, random_state=0).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X):
        return self.inner_.predict(X)

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_trap_22_masked_confidences():
    X, y = make_classification(
        700, 12, n_informative=10, n_classes=5, flip_y=0, random_state=0
    )
    member = halves(700)
    report = audit_classifier(
        Masked().fit(X[member], y[member]),
        X[member],
        y[member],
        X[~member],
        y[~member],
        n_shadows=4,
        attacks={
            "loss": LossThresholdAttack(None),
            "lira": LiRAAttack(None),
            "label_only": LabelOnlyAttack(None, n_queries=24),
        },
        random_state=0,
    )
    auc = report.to_frame().query("metric == 'auc'").set_index("attack")
    # Every attack that reads confidences calls the model safe.
    assert auc.loc["loss", "value"] == auc.loc["lira", "value"] == 0.5
    # Its labels give its members away.
    assert auc.loc["label_only", "low"] > 0.6


def test_trap_24_a_class_that_a_shadow_has_not_seen():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(121, 4))
    y = np.array(["a", "b"] * 60 + ["aa"])
    member = np.ones(121, dtype=bool)
    member[-1] = False
    model = LogisticRegression().fit(X[member], y[member])
    # Columns taken by position: "aa" sits between "a" and "b", so that the column
    # of "b" is read as that of "aa".
    position = np.unique(y).searchsorted("b")
    assert model.predict_proba(X).shape[1] == position

    shadows = fit_shadows(LogisticRegression(), X, y, n_shadows=8, random_state=0)
    assert shadows.n_missing_classes == 4
    lacking = ~shadows.member[:, -1]
    rare = shadows.signals["logit"][:, -1]
    # Probability 0 for the class that is not known, and no shift for those that are.
    assert (rare[lacking] < -700).all()
    assert (rare[~lacking] > -700).all()
    common = shadows.signals["logit"][:, :-1]
    assert np.abs(common).max() < 20


@pytest.fixture(scope="module")
def mixed_lists():
    """Rows of a text and numbers as lists, and a model that was fitted on half."""
    rng = np.random.RandomState(0)
    town, age = rng.choice(list("abcdefgh"), 400), rng.randint(20, 60, 400)
    score = rng.randint(0, 5, 400)
    rows = [list(row) for row in zip(town, age.tolist(), score.tolist(), strict=True)]
    y = ((score > 2) ^ (rng.rand(400) < 0.3)).astype(int)
    encoder = OneHotEncoder(handle_unknown="ignore")
    recipe = make_pipeline(encoder, DecisionTreeClassifier(random_state=0))
    # Content that is on both sides would be left out of an audit.
    _, first = np.unique(hash_rows(rows, y), return_index=True)
    rows, y = [rows[i] for i in first], y[first]
    member = halves(len(rows))
    model = recipe.fit([rows[i] for i in np.flatnonzero(member)], y[member])
    return rows, y, member, FrozenEstimator(model)


@pytest.mark.parametrize("attack_class", [LossThresholdAttack, LiRAAttack])
def test_trap_27_rows_of_mixed_lists_as_text(mixed_lists, attack_class):
    rows, y, member, frozen = mixed_lists

    def auc(X):
        attack = attack_class(frozen)
        if "random_state" in attack.get_params():
            attack.set_params(random_state=0)
        scores = attack.fit(X, y, membership=member).score_samples(X, y)
        return roc_auc_score(member, scores)

    # The model has seen numbers, and knows none of the texts "20" to "59".
    assert auc(np.asarray(rows)) == pytest.approx(0.5, abs=0.05)
    assert auc(rows) > 0.65
    assert auc(rows) == pytest.approx(auc(np.array(rows, dtype=object)), abs=1e-12)


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
    attack = LiRAAttack(FrozenEstimator(model), n_shadows=4)
    with pytest.raises(ValueError, match="the frozen DecisionTreeClassifier in"):
        attack.fit(X, y, membership=member)


def test_a_frozen_step_that_knows_the_labels_is_announced():
    X, y = noisy(200)
    selector = SelectKBest(k=3).fit(X, y)
    model = make_pipeline(FrozenEstimator(selector), LogisticRegression())
    with pytest.warns(UserWarning, match="is fitted with labels"):
        fit_shadows(model, X, y, n_shadows=4, random_state=0)


def test_an_interrupted_second_fit_answers_nothing(monkeypatch):
    X, y = noisy(200)
    attack = LiRAAttack(DecisionTreeClassifier(), n_shadows=4, random_state=0).fit(X, y)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmia.attacks._shadow_base.fit_shadows", interrupt)
    with pytest.raises(KeyboardInterrupt):
        attack.set_params(random_state=1).fit(X, y)
    # The old shadows with the new target would read as safe.
    with pytest.raises(NotFittedError):
        attack.score_samples(X, y)
