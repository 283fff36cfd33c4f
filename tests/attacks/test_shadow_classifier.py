"""ShadowClassifierAttack: trained on shadows alone, judging any row."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmia.attacks import ShadowClassifierAttack
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import ShadowSignals, fit_shadows
from skmia.signals import MEMBER_SIGN, SIGNALS

SORTED = ("top_1", "top_2", "top_3")
LABELLED = ("logit", "entropy", "modified_entropy", *SORTED)
both_features = pytest.mark.parametrize("features", ["labelled", "sorted"])


@pytest.fixture(scope="module")
def shadows(pool):
    tree = DecisionTreeClassifier(min_samples_leaf=3)
    return fit_shadows(tree, pool.X, pool.y, shadows=6, random_state=0)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def odds(p):
    return np.log(p) - np.log1p(-p)


@both_features
@pytest.mark.parametrize("per_class", [True, False])
def test_scores_and_offset_by_hand(pool, shadows, features, per_class):
    """Pairs 0 and 2 of the three in one half, pair 1 in the other."""
    attack = ShadowClassifierAttack(
        pool.frozen,
        features=features,
        per_class=per_class,
        attack_estimator=logistic(),
        shadows=shadows,
        max_fpr=0.1,
    ).fit(pool.X, pool.y, membership=pool.member)
    names = LABELLED if features == "labelled" else SORTED
    theirs = {s: MEMBER_SIGN[s] * shadows.get(s).astype(float) for s in names}
    proba = pool.model.predict_proba(pool.X)
    mine = {s: MEMBER_SIGN[s] * SIGNALS[s](proba, pool.y) for s in names}
    # What is saturated counts as log 2 more than the largest that is not.
    for s in theirs:
        size = np.abs(theirs[s])
        end = size[size < 707].max() + np.log(2)
        for values in (theirs[s], mine[s]):
            values[np.abs(values) >= 707] *= end / np.abs(values[np.abs(values) >= 707])
    expected, held_out = np.zeros(240), []
    for fold in ([0, 1, 4, 5], [2, 3]):
        other = [k for k in range(6) if k not in fold]
        for c in range(3) if per_class else [None]:
            rows = pool.y == c if per_class else np.ones(240, dtype=bool)
            X = np.concatenate(
                [np.column_stack([theirs[s][k, rows] for s in names]) for k in fold]
            )
            model = logistic().fit(
                X, np.concatenate([shadows.member[k, rows] for k in fold])
            )
            x = np.column_stack([mine[s][rows] for s in names])
            expected[rows] += odds(model.predict_proba(x)[:, 1]) / 2
            for k in other:
                out = rows & ~shadows.member[k]
                x = np.column_stack([theirs[s][k, out] for s in names])
                held_out.extend(odds(model.predict_proba(x)[:, 1]))
    assert_allclose(attack.score_samples(pool.X, pool.y), expected, atol=2e-3)
    place = int(np.ceil((len(held_out) - 1) * 0.9 - 1e-9))
    assert attack.offset_ == pytest.approx(sorted(held_out)[place], abs=2e-3)
    assert attack.offline_offset_ == attack.offset_


@both_features
def test_members_are_found_and_the_rate_is_kept(features):
    """Small forests, seeds 0 to 11, 200 non-members each, a tenth promised."""
    rates, areas = [], []
    for seed in range(12):
        X, y = make_classification(400, 8, flip_y=0.3, random_state=seed)
        attack = ShadowClassifierAttack(
            RandomForestClassifier(8),
            features=features,
            shadows=6,
            max_fpr=0.1,
            random_state=seed,
        ).fit(X, y)
        rates.append(attack.predict(X, y)[~attack.membership_].mean())
        areas.append(roc_auc(attack.membership_, attack.score_samples(X, y)))
    # Three standard errors between seeds, each of which has a threshold of its own from
    # few shadows. A forest's answers tie, and of a tie nobody is accused: the rate may
    # be low.
    assert np.mean(rates) < 0.1 + 3 * np.std(rates, ddof=1) / np.sqrt(len(rates))
    assert np.mean(areas) > (0.7 if features == "labelled" else 0.6)


def test_nothing_is_found_where_nothing_was_learnt():
    """A target of other rows, seed 0: the interval of the area covers a half."""
    X, y = make_classification(600, 8, flip_y=0.3, random_state=0)
    tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    frozen = FrozenEstimator(tree.fit(X[400:], y[400:]))
    member = np.random.RandomState(0).permutation(400) < 200
    attack = ShadowClassifierAttack(frozen, shadows=6, random_state=0, max_fpr=0.1)
    attack.fit(X[:400], y[:400], membership=member)
    low, high = roc_auc_interval(member, attack.score_samples(X[:400], y[:400]))[:2]
    assert low < 0.5 < high


def test_the_targets_answers_change_no_model(pool, shadows):
    """Two targets, one set of shadows: the same judgement of the same answers."""
    X, y = pool.X, pool.y
    other = DecisionTreeClassifier(max_depth=2, random_state=1).fit(X[60:], y[60:])
    proba = pool.model.predict_proba(X)
    fits = []
    for answers in (proba, other.predict_proba(X)):
        attack = ShadowClassifierAttack(
            "precomputed", shadows=shadows, random_state=0
        ).fit(answers, y, membership=pool.member)
        fits.append((attack.offset_, attack.score_samples(proba, y).tobytes()))
    assert fits[0] == fits[1]
    again = ShadowClassifierAttack(pool.frozen, shadows=shadows, random_state=0)
    again.fit(X, y, membership=~pool.member)
    assert (again.offset_, again.score_samples(X, y).tobytes()) == fits[0]


def test_rows_outside_of_the_pool_need_no_kept_models(pool):
    attack = ShadowClassifierAttack(pool.frozen, shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, membership=pool.member)
    assert attack.shadows_.models is None
    # One scale: a row is judged by its answers, not by where it stands.
    scores = attack.score_samples(pool.X, pool.y)
    rows = np.r_[0:10]
    X = np.concatenate([pool.X[rows], pool.X[rows] + 10])
    mixed = attack.score_samples(X, pool.y[np.r_[rows, rows]])
    assert_array_equal(mixed[:10], scores[:10])
    assert np.isfinite(mixed).all()
    unlabelled = attack.score_samples(pool.X)
    right = pool.model.predict(pool.X) == pool.y
    assert_array_equal(unlabelled[right], scores[right])
    assert not np.array_equal(unlabelled, scores)


def test_a_class_with_few_records_gets_the_common_model(pool):
    """Three records of class 2: they are judged as they are without per_class."""
    keep = np.r_[np.flatnonzero(pool.y != 2), np.flatnonzero(pool.y == 2)[:3]]
    X, y, member = pool.X[keep], pool.y[keep], pool.member[keep]
    scores = []
    for per_class in (True, False):
        attack = ShadowClassifierAttack(
            pool.frozen,
            per_class=per_class,
            attack_estimator=logistic(),
            shadows=4,
            random_state=0,
        ).fit(X, y, membership=member)
        scores.append(attack.score_samples(X, y))
    assert_array_equal(scores[0][-3:], scores[1][-3:])
    assert not np.array_equal(scores[0][:-3], scores[1][:-3])


def test_a_class_that_is_on_one_side_only(pool, shadows):
    member = shadows.member.copy()
    member[:, pool.y == 1] = True
    given = ShadowSignals(shadows.signals, member)
    attack = ShadowClassifierAttack(pool.frozen, shadows=given)
    scores = attack.fit(pool.X, pool.y).score_samples(pool.X, pool.y)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores[pool.y == 1])) > 1


def test_shadows_that_hold_nothing_teach_nothing(pool, shadows):
    given = ShadowSignals(shadows.signals, np.zeros_like(shadows.member))
    with pytest.raises(ValueError, match=r"two halves of the shadows.* one of the two"):
        ShadowClassifierAttack(pool.frozen, shadows=given).fit(pool.X, pool.y)


def test_seeds(pool, shadows):
    """Deterministic for a seed, and the attack models get it."""
    scores = []
    for seed in (0, 0, 1):
        attack = ShadowClassifierAttack(
            pool.frozen,
            attack_estimator=DecisionTreeClassifier(max_features=1, max_depth=4),
            shadows=shadows,
            random_state=seed,
        ).fit(pool.X, pool.y)
        scores.append(attack.score_samples(pool.X, pool.y))
    assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
    assert np.isfinite(scores).all()  # probabilities of 0 and 1


@pytest.mark.parametrize(
    ("lacks", "features"), [("top_2", "sorted"), ("modified_entropy", "labelled")]
)
def test_signals_that_given_shadows_lack(pool, shadows, lacks, features):
    kept = {s: v for s, v in shadows.signals.items() if s != lacks}
    given = ShadowSignals(kept, shadows.member)
    attack = ShadowClassifierAttack(pool.frozen, features=features, shadows=given)
    with pytest.raises(ValueError, match=f"signal '{lacks}' was not stored"):
        attack.fit(pool.X, pool.y)


def test_sorted_features_need_no_entropies(pool, shadows):
    kept = {s: shadows.get(s) for s in ("logit", *SORTED)}
    given = ShadowSignals(kept, shadows.member)
    attack = ShadowClassifierAttack(pool.frozen, features="sorted", shadows=given)
    assert np.isfinite(attack.fit(pool.X, pool.y).score_samples(pool.X)).all()


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"features": "all"}, ValueError, r"'features' .* Got 'all' instead"),
        ({"attack_estimator": 3}, TypeError, r"'attack_estimator' .* Got 3 instead"),
        ({"attack_estimator": LogisticRegression}, TypeError, r"Got <class .* instead"),
        (
            {"attack_estimator": RidgeClassifier()},
            TypeError,
            r"with predict_proba, or None. Got RidgeClassifier\(\) instead",
        ),
        (
            {"attack_estimator": DecisionTreeRegressor()},
            TypeError,
            r"must be a classifier .* Got DecisionTreeRegressor\(\) instead",
        ),
    ],
)
def test_parameters_out_of_range(pool, shadows, params, error, match):
    with pytest.raises(error, match=match):
        ShadowClassifierAttack(pool.frozen, shadows=shadows, **params).fit(
            pool.X, pool.y
        )
