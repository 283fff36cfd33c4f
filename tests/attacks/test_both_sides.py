"""Attacks on shadows that tell both sides of every record."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from scipy.stats import norm
from sklearn.frozen import FrozenEstimator

from _helpers import noisy_rows
from _helpers.both_sides import two_sided_world
from _helpers.two_sided import ClassMeans, right
from skmia.attacks import (
    CalibratedLossAttack,
    LiRAAttack,
    RMIAAttack,
    ShadowAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.exceptions import UnknownRowsWarning
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import (
    ShadowModels,
    ShadowSignals,
    fit_shadows,
    register_counterfactual,
)

FORMULAS = {
    "lira": LiRAAttack,
    "lira, pooled": lambda e, **k: LiRAAttack(e, variance="pooled", **k),
    "lira, offline": lambda e, **k: LiRAAttack(e, mode="offline", **k),
    "rmia": RMIAAttack,
    "rmia, offline": lambda e, **k: RMIAAttack(e, mode="offline", **k),
    "mean_out": CalibratedLossAttack,
    "midpoint": lambda e, **k: CalibratedLossAttack(e, reference="midpoint", **k),
    "percentile": lambda e, **k: CalibratedLossAttack(e, reference="percentile", **k),
}


def fitted(make, world, **params):
    shadows, proba, y, _ = world
    return make("precomputed", shadows=shadows, **params).fit(proba, y)


def target_logit(proba, y):
    p = proba[np.arange(len(y)), y]
    return (np.log(p) - np.log1p(-p)).astype(np.float32).astype(float)


# What a formula is given


class CountingAttack(ShadowAttack):
    def __init__(
        self, estimator, *, shadows=16, max_fpr=0.01, random_state=None, online=False
    ):
        self.estimator = estimator
        self.shadows = shadows
        self.max_fpr = max_fpr
        self.random_state = random_state
        self.online = online

    def _is_online(self):
        return self.online

    def _online(self, x, values, member):
        self.calls.append((values.copy(), member.copy()))
        return x - np.where(member, values, 0).sum(axis=0)

    def _offline(self, x, values, out):
        return x - np.nanmedian(np.where(out, values, np.nan), axis=0)

    def fit(self, *args, **params):
        self.calls = []
        return super().fit(*args, **params)


@pytest.mark.parametrize("n_shadows", [2, 3, 4, 8])
def test_a_users_formula_gets_both_sides_with_equal_counts(n_shadows):
    world = two_sided_world(0, n_shadows, 1.0, n=60)
    shadows, proba, y, _ = world
    attack = fitted(CountingAttack, world, online=True)
    attack.score_samples(proba, y)
    values, member = attack.calls[-1]
    assert_array_equal(member.sum(axis=0), n_shadows)
    assert_array_equal((~member).sum(axis=0), n_shadows)
    assert_array_equal(values[member].reshape(-1, 60), shadows.inside["logit"])
    assert_array_equal(values[~member].reshape(-1, 60), shadows.outside["logit"])
    for _, member in attack.calls:  # of shadows as targets too
        assert len(np.unique(member.sum(axis=0))) == 1


def test_a_formula_without_members_reads_every_shadow_as_out():
    world = two_sided_world(1, 4, 1.0, n=50)
    shadows, proba, y, _ = world
    scores = fitted(CountingAttack, world).score_samples(proba, y)
    median = np.median(shadows.outside["logit"], axis=0)
    assert_allclose(scores, target_logit(proba, y) - median, atol=1e-5)


def test_lira_by_hand():
    """A normal distribution for each side, with its own spread, from all shadows."""
    world = two_sided_world(2, 6, 1.0, n=80)
    shadows, proba, y, _ = world
    attack = fitted(LiRAAttack, world, variance="per_record")
    x = target_logit(proba, y)
    held, left_out = (
        norm(side["logit"].mean(axis=0), side["logit"].std(axis=0))
        for side in (shadows.inside, shadows.outside)
    )
    assert_allclose(
        attack.score_samples(proba, y), held.logpdf(x) - left_out.logpdf(x), rtol=1e-3
    )


def test_rmia_and_midpoint_by_hand():
    world = two_sided_world(3, 2, 1.0, n=80)
    shadows, proba, y, _ = world
    x = target_logit(proba, y)
    held, left_out = shadows.inside["logit"], shadows.outside["logit"]
    average = (expit(held).mean(axis=0) + expit(left_out).mean(axis=0)) / 2
    scores = fitted(RMIAAttack, world).score_samples(proba, y)
    assert_allclose(scores, np.log(expit(x) / average), atol=1e-5)
    attack = fitted(CalibratedLossAttack, world, reference="midpoint", signal="logit")
    middle = (held.mean(axis=0) + left_out.mean(axis=0)) / 2
    assert_allclose(attack.score_samples(proba, y), x - middle, atol=1e-5)


@pytest.mark.parametrize(
    "make", [FORMULAS[name] for name in FORMULAS if name != "percentile"]
)
def test_two_shadows_find_what_one_sided_ones_do_not(make):
    """AUC of two with both sides above that of four with one, over five seeds."""
    gains = []
    for seed in range(5):
        world = two_sided_world(seed, 4, 1.0, alike=0.8)
        shadows, proba, y, member = world
        plain = ShadowSignals(shadows.signals, shadows.member)
        two = ShadowSignals(
            {s: v[:2] for s, v in shadows.signals.items()},
            shadows.member[:2],
            other={s: v[:2] for s, v in shadows.other.items()},
        )
        areas = [
            roc_auc(
                member, fitted(make, (given, proba, y, member)).score_samples(proba, y)
            )
            for given in (two, plain)
        ]
        gains.append(areas[0] - areas[1])
    assert np.mean(gains) > 0


# Too few


def without_other(shadows):
    return ShadowSignals(shadows.signals, shadows.member)


@pytest.mark.parametrize("n_shadows", [2, 3])
def test_few_shadows_need_both_sides(n_shadows):
    shadows, *rest = two_sided_world(0, n_shadows, 1.0, n=40)
    with pytest.raises(ValueError, match=rf"at least 4 .*Got {n_shadows} instead"):
        fitted(LiRAAttack, (without_other(shadows), *rest))


def test_few_shadows_need_both_sides_of_the_signals_that_are_used():
    shadows, *rest = two_sided_world(0, 2, 1.0, n=40)
    half = ShadowSignals(
        shadows.signals, shadows.member, other={"logit": shadows.other["logit"]}
    )
    fitted(LiRAAttack, (half, *rest))
    with pytest.raises(ValueError, match=r"at least 4 shadow models\. Got 2 instead"):
        fitted(lambda e, **k: LiRAAttack(e, signal="entropy", **k), (half, *rest))
    signals = shadows.signals | {
        f"top_{k}": shadows.signals["logit"] for k in (1, 2, 3)
    }
    told = ShadowSignals(signals, shadows.member, other=shadows.other)
    with pytest.raises(ValueError, match=r"at least 4 shadow models\. Got 2 instead"):
        fitted(ShadowClassifierAttack, (told, *rest))


# Shadows as targets


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("n_shadows", [2, 3, 4, 8])
def test_no_feature_tells_who_was_in_a_shadow_of_a_target_that_ignores_its_data(
    n_shadows, noise
):
    """Each of the columns that are learnt from; right in 999 of 1,000 each."""
    world = two_sided_world(5, n_shadows, 0.0, n=800, noise=noise)
    attack = fitted(StackedAttack, world, random_state=0)
    rows, member = np.arange(800), world[0].member
    for apart in (False, True):
        columns = np.concatenate(
            [
                attack._features.of_shadow(k, np.full(800, other), rows, apart=apart)
                for k, other in enumerate(world[0].complements)
            ]
        ).T
        names = attack._features.directions
        for name, column in zip(names, columns, strict=True):
            low, high = roc_auc_interval(
                member.ravel(), column, confidence_level=0.999
            )[:2]
            # What is made of a noisy closed form may say the opposite of what it says
            # of a target, and never the same.
            assert low < 0.5 < high or (noise and high < 0.5), name


def test_scores_of_few_shadows_as_targets_are_of_all_records_and_held_out():
    world = two_sided_world(6, 2, 1.5)
    attack = fitted(StackedAttack, world, random_state=0)
    plays = list(attack.score_shadows(every=True))
    assert len(plays) == 2
    for k, (rows, member, scores) in enumerate(plays):
        assert_array_equal(rows, np.arange(1000))
        assert_array_equal(member, world[0].member[k])
        assert roc_auc(member, scores) > 0.6
    for (_, truth, kept), (_, _, scores) in zip(attack._judged, plays, strict=True):
        assert_allclose(kept, scores[attack._judged[0][0]], atol=1e-4)
        assert_array_equal(truth, truth)


# Rows outside of the pool


@pytest.fixture
def class_means():
    register_counterfactual(ClassMeans, right, exact=True)
    yield ClassMeans
    register_counterfactual(ClassMeans, None)


EXACT = {
    "rmia": RMIAAttack,
    "midpoint": FORMULAS["midpoint"],
    "lira, per record": lambda e, **k: LiRAAttack(e, variance="per_record", **k),
}


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT)
def test_unknown_rows_score_as_records_that_were_never_drawn(make, class_means):
    """And on the scale and threshold of the pool, without a warning."""
    X, y = noisy_rows(160, n_classes=3, seed=3)
    pool, new = slice(0, 120), slice(120, 160)
    member = np.arange(120) < 60
    target = FrozenEstimator(class_means().fit(X[pool][member], y[pool][member]))
    shadows = fit_shadows(
        class_means(),
        X[pool],
        y[pool],
        shadows=ShadowModels(6, keep_models=True),
        random_state=0,
    )
    attack = make(target, shadows=shadows).fit(X[pool], y[pool], membership=member)
    alone = attack.score_samples(X[new], y[new])

    classes, columns = np.unique(y, return_inverse=True)
    models = shadows.models
    told = {
        "logit": np.stack(
            [
                shadows.signal_of("logit", m.predict_proba(X[new]), columns[new])
                for m in models
            ]
        )
    }
    refitted = {"logit": np.empty_like(told["logit"])}
    for k, drawn in enumerate(shadows.member):
        for i in range(40):
            at = 120 + i
            rows = np.append(np.flatnonzero(drawn), at)
            again = class_means().fit(X[rows], y[rows])
            proba = again.predict_proba(X[at : at + 1])
            refitted["logit"][k, i] = shadows.signal_of("logit", proba, columns[[at]])[
                0
            ]
    never = np.zeros((6, 40), dtype=bool)
    whole = ShadowSignals(
        {"logit": np.hstack([shadows.signals["logit"], told["logit"]])},
        np.hstack([shadows.member, never]),
        other={"logit": np.hstack([shadows.other["logit"], refitted["logit"]])},
    )
    joint = make(target, shadows=whole).fit(X, y)
    assert_allclose(alone, joint.score_samples(X, y)[new], rtol=1e-3, atol=1e-3)
    mixed = attack.score_samples(X[100:], y[100:])
    assert_allclose(mixed[20:], alone, rtol=1e-6)
    expected = attack.score_samples(X[pool], y[pool])[100:]
    assert_allclose(mixed[:20], expected, rtol=1e-6)
    assert attack._score(X[new], y[new])[1] == attack.offset_
    assert classes.size == 3


def test_rows_of_the_pool_under_another_label_are_scored_offline(class_means):
    """The models may have seen them, so the side that they are on is not known."""
    X, y = noisy_rows(160, n_classes=3, seed=3)
    model = class_means().fit(X[:60], y[:60])
    attack = StackedAttack(FrozenEstimator(model), shadows=4, random_state=0)
    attack.fit(X[:120], y[:120], membership=np.arange(120) < 60)
    labels = y[:130].copy()
    labels[0] = (labels[0] + 1) % 3
    with pytest.warns(UnknownRowsWarning, match="scored offline"):
        offset = attack._score(X[:130], labels)[1]
    assert offset == attack.offline_offset_
    attack.score_samples(X[100:], y[100:])  # warns of nothing


# How often non-members are accused

PROMISED, SEEDS = 0.05, range(6)
DESIGNS = [(2, 0.5), (3, 0.5), (8, 0.75)]


@pytest.mark.parametrize("alike", [0.0, 0.9])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(
    "name", [*FORMULAS, pytest.param("stacked", marks=pytest.mark.slow)]
)
def test_the_promised_rate_is_kept(name, design, alike):
    """Within the promise and four standard errors of the mean over six seeds."""
    make = FORMULAS.get(name) or (lambda e, **k: StackedAttack(e, random_state=0, **k))
    rates = []
    for seed in SEEDS:
        n_shadows, train_size = design
        world = two_sided_world(
            seed, n_shadows, 1.0, train_size=train_size, alike=alike
        )
        _, proba, y, member = world
        attack = fitted(make, world, max_fpr=PROMISED)
        rates.append(attack.predict(proba, y)[~member].mean())
    rates = np.array(rates)
    n_each = 1000 * (1 - train_size)
    error = max(rates.std(ddof=1), np.sqrt(PROMISED * (1 - PROMISED) / n_each))
    assert rates.mean() < PROMISED + 4 * error / np.sqrt(len(rates))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("design", [*DESIGNS, (4, 0.5), (4, 0.3)])
def test_a_target_that_ignores_its_data_reads_one_half_under_the_stacked_attack(
    design, noise
):
    """Within three standard errors of the mean over six seeds."""
    areas = []
    for seed in SEEDS:
        n_shadows, train_size = design
        world = two_sided_world(
            seed, n_shadows, 0.0, train_size=train_size, noise=noise, n=800
        )
        _, proba, y, member = world
        attack = fitted(StackedAttack, world, random_state=0)
        areas.append(roc_auc(member, attack.score_samples(proba, y)))
    n_in = 800 * design[1]
    error = np.sqrt(801 / (12 * n_in * (800 - n_in)) / len(areas))
    assert abs(np.mean(areas) - 0.5) < 3 * error
