"""StackedAttack: no worse than the likelihood ratio, and blind to the design."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from skmia.attacks import LiRAAttack, StackedAttack
from skmia.attacks._scores import EXTRA_SIGNALS, Ranker
from skmia.attacks._scores._comparison import Comparison
from skmia.attacks._scores._features import FEATURES, StackedFeatures
from skmia.attacks._stacked import _judge, _opposite
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import ShadowModels, ShadowSignals

FAST = {"max_fpr": 0.05, "random_state": 0}


@pytest.fixture(scope="module")
def learnt(simulated, attack_on):
    """1500 records, eight shadows, seed 0."""
    case = simulated(0, 8, 1.0)
    return *attack_on(StackedAttack, *case[:3], **FAST), case


# What it finds


@pytest.mark.slow
@pytest.mark.parametrize(("n_shadows", "train_size"), [(8, 0.5), (12, 0.75)])
def test_no_worse_than_the_likelihood_ratio(
    simulated, attack_on, n_shadows, train_size
):
    """Seeds 1 and 2; the area's standard error is 1.3 % at 750 against 750.

    And 5 % of 1500 non-members are accused, with a binomial error of 0.56 %.
    """
    rates = []
    for seed in (1, 2):
        *case, truth = simulated(seed, n_shadows, 1.0, train_size)
        attack, proba, y = attack_on(StackedAttack, *case, **FAST)
        ratio, *_ = attack_on(LiRAAttack, *case)
        ours = roc_auc(truth, attack.score_samples(proba, y))
        theirs = roc_auc(truth, ratio.score_samples(proba, y))
        assert ours > theirs - 0.01
        assert attack.learnt_
        rates.append(attack.predict(proba, y)[~truth].mean())
    assert abs(np.mean(rates) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 1500)


# Nothing in the design may be learnt (trap 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_shadows", "train_size"), [(8, 0.5), (8, 0.75), (9, 0.5), (8, None)]
)
def test_membership_is_not_learnt_from_the_design(
    simulated, attack_on, n_shadows, train_size
):
    """The null: the target's answers do not depend on membership; seeds 7 and 8.

    Pairs, equal counts without pairs, pairs and a single, and independent draws: each
    tells a shadow's membership by the number of the others in another way. With a
    count left in, decisions at 5 % were 100 % for equal counts without pairs, and 17 %
    for independent draws.
    """
    rates, areas = [], []
    for seed in (7, 8):
        values, member, target, truth = simulated(
            seed, n_shadows, 0.0, train_size or 0.5
        )
        if train_size is None:
            member = np.random.RandomState(seed).uniform(size=member.shape) < 0.5
        attack, proba, y = attack_on(StackedAttack, values, member, target, **FAST)
        areas.append(roc_auc(truth, attack.score_samples(proba, y)))
        rates.append(attack.predict(proba, y)[~truth].mean())
    # The standard error of an area of 750 against 750 is 1.5 %.
    assert abs(np.mean(areas) - 0.5) < 3 * 0.015 / np.sqrt(2)
    # Below is no failure: where there is nothing to find, the mean of two models lies
    # closer to the middle than each one, whose quantile the threshold is.
    assert np.mean(rates) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1500)


@pytest.mark.parametrize("train_size", [0.5, 0.75])
def test_features_tell_a_shadows_membership_only_when_read_naively(
    simulated, attack_on, train_size
):
    """Weak models on the null's features; naively the others' count reads all of it."""
    values, member, target, _ = simulated(9, 8, 0.0, train_size, n=800)
    others = np.delete(np.arange(8), 3)
    assert roc_auc(member[3], -member[others].sum(axis=0)) == 1.0
    attack, *_ = attack_on(StackedAttack, values, member, target, **FAST)
    draw, rows = np.random.RandomState(0), np.arange(800)
    found = [
        attack._features.of_shadow(
            k,
            np.full(800, other) if other >= 0 else _opposite(k, member, draw),
            rows,
            apart=True,
        )
        for k, other in enumerate(attack.shadows_.complements)
    ]
    truth = member.ravel()
    for name, column in zip(FEATURES, np.concatenate(found).T, strict=True):
        low, high = roc_auc_interval(truth, column, confidence_level=0.999)[:2]
        assert low < 0.5 < high, name


# When the trees are not used


def assert_is_lira(attack, proba, y, case):
    ratio = LiRAAttack("precomputed", shadows=attack.shadows_, max_fpr=attack.max_fpr)
    ratio.fit(proba, y)
    assert not attack.learnt_
    assert_array_equal(attack.score_samples(proba, y), ratio.score_samples(proba, y))
    assert attack.offset_ == ratio.offset_
    assert attack.offline_offset_ == ratio.offline_offset_


def test_few_rows_teach_nothing(simulated, attack_on):
    *case, _ = simulated(0, 8, 1.0, n=120)
    assert_is_lira(*attack_on(StackedAttack, *case, **FAST), case)


@pytest.mark.parametrize("worse_in", ["roc_auc", "tpr_at_fpr"])
def test_trees_that_are_behind_are_not_used(
    simulated, attack_on, monkeypatch, worse_in
):
    """Behind in one of the two figures, as they would be on a misfit."""
    calls = []

    def figure(name):
        def judge(member, scores, *args):
            # The trees are judged first, then the ratio.
            calls.append(name)
            ours = calls.count(name) <= 8
            return 0.4 if ours and name == worse_in else 0.5

        return judge

    for name in ("roc_auc", "tpr_at_fpr"):
        monkeypatch.setattr(f"skmia.attacks._stacked.{name}", figure(name))
    *case, _ = simulated(0, 8, 1.0, n=200)
    assert_is_lira(*attack_on(StackedAttack, *case, **FAST), case)
    assert calls.count(worse_in) == 16


def test_pseudo_targets_that_are_one_sided_teach_nothing(simulated, attack_on):
    values, member, target, _ = simulated(0, 8, 1.0, n=200)
    member[7] = False
    attack, proba, y = attack_on(StackedAttack, values, member, target, **FAST)
    assert not attack.learnt_
    ratio, *_ = attack_on(LiRAAttack, values, member, target)
    assert_array_equal(attack.score_samples(proba, y), ratio.score_samples(proba, y))


def test_shadows_without_members(simulated, attack_on):
    values, member, target, _ = simulated(0, 4, 1.0, n=50)
    with pytest.raises(ValueError, match=r"hold none of the records; take LiRAAttack"):
        attack_on(StackedAttack, values, np.zeros_like(member), target)


def test_records_on_one_side_only(simulated, attack_on):
    """They have no weight in the trees, and a finite score."""
    values, member, target, _ = simulated(0, 8, 1.0, n=300)
    member[:, 0], member[:, 1] = True, False
    attack, proba, y = attack_on(StackedAttack, values, member, target, **FAST)
    assert np.isfinite(attack.score_samples(proba, y)).all()
    assert np.isfinite(attack.decision_function(proba, y)).all()


# The score


@pytest.mark.parametrize("column", range(5))
def test_monotone_in_the_forced_features(learnt, column):
    """Every other feature as it is, one of the five scores raised step by step."""
    attack, *_ = learnt
    target = learnt[3][2]
    rows = np.arange(200)
    features = attack._features.of_target({"logit": target[rows]}, rows)
    assert list(FEATURES.values())[column] == 1
    low, high = features[:, column].min() - 1, features[:, column].max() + 1
    raised = np.tile(features, (25, 1, 1))
    raised[:, :, column] = np.linspace(low, high, 25)[:, None]
    judged = _judge(attack._rankers, raised.reshape(-1, features.shape[1]))
    judged = judged.reshape(25, -1)
    assert (np.diff(judged, axis=0) >= 0).all()
    assert np.ptp(judged, axis=0).max() > 0


def test_features_of_the_pool_by_hand(learnt):
    attack, proba, y, (values, member, target, _) = learnt
    rows = np.arange(50)
    target = target.astype(np.float32).astype(float)  # as the shadows' are kept
    found = attack._features.of_target({"logit": target[rows]}, rows)
    found = dict(zip(FEATURES, found.T, strict=True))
    ratio = LiRAAttack("precomputed", shadows=attack.shadows_).fit(proba, y)
    expected = ratio.score_samples(proba, y)[rows]
    assert_allclose(found["likelihood_ratio"], expected, atol=1e-9)
    ratio.set_params(mode="offline").fit(proba, y)
    expected = ratio.score_samples(proba, y)[rows]
    assert_allclose(found["offline_surprise"], expected, atol=1e-9)
    for i in rows:
        logit = values[:, i].astype(float)
        high, low = logit[member[:, i]].mean(), logit[~member[:, i]].mean()
        p = 1 / (1 + np.exp(-logit))
        average = (p[member[:, i]].mean() + p[~member[:, i]].mean()) / 2
        x = target[i]
        for name, expected in {
            "log_ratio_to_average_model": -np.log1p(np.exp(-x)) - np.log(average),
            "logit_above_out_mean": x - low,
            "logit_above_midpoint": x - (low + high) / 2,
            "logit": x,
            "in_location": high,
            "out_location": low,
            "in_minus_out": high - low,
        }.items():
            assert_allclose(found[name][i], expected, atol=1e-5)


def test_features_of_the_other_signals_by_hand():
    """Under a target, and under a shadow without itself and its complement."""
    rng = np.random.RandomState(3)
    member = np.repeat(rng.uniform(size=(3, 40)) < 0.5, 2, axis=0)
    member[1::2] = ~member[1::2]
    names = ("logit", "hinge", "entropy")
    values = {name: rng.normal(size=(6, 40)).astype(np.float32) for name in names}
    features = StackedFeatures(Comparison(values, member))
    assert list(features.directions)[11:16] == [
        "hinge_above_out_mean",
        "hinge_above_midpoint",
        "hinge_value",
        "hinge_in_mean",
        "hinge_out_mean",
    ]
    assert len(features.directions) == 21
    target = {name: rng.normal(size=40) for name in names}
    of_target = features.of_target(target, np.arange(40))
    of_shadow = features.of_shadow(2, np.full(40, 3), np.arange(40), apart=True)
    for found, own, others in (
        (of_target, target, np.arange(6)),
        (of_shadow, {s: v[2] for s, v in values.items()}, np.array([0, 1, 4, 5])),
    ):
        named = dict(zip(features.directions, found.T, strict=True))
        for signal in ("hinge", "entropy"):
            for i in range(40):
                held, theirs = (
                    member[others, i],
                    values[signal][others, i].astype(float),
                )
                high, low = theirs[held].mean(), theirs[~held].mean()
                x = own[signal][i]
                for name, expected in {
                    "above_out_mean": x - low,
                    "above_midpoint": x - (low + high) / 2,
                    "value": x,
                    "in_mean": high,
                    "out_mean": low,
                }.items():
                    assert_allclose(named[f"{signal}_{name}"][i], expected, atol=1e-6)


@pytest.mark.parametrize("two_sided", [False, True])
def test_averages_without_a_shadow_where_little_is_left(two_sided):
    """Probabilities from 1e-40 to 1: what is left of a sum is no rounding error."""
    rng = np.random.RandomState(5)
    values = rng.uniform(-90, 60, size=(6, 300))
    member = np.repeat(rng.uniform(size=(3, 300)) < 0.5, 2, axis=0)
    member[1::2] = ~member[1::2]
    member[2:4, 0] = True  # no other shadow is without it
    member[[0, 1, 4, 5], 0] = True, True, False, False
    other = {"logit": values[::-1].copy()} if two_sided else {}
    compared = Comparison({"logit": values}, member, other)
    features = StackedFeatures(compared)
    places, complement = np.arange(300), rng.randint(-1, 6, size=300)
    complement[complement == 4] = -1
    complement[0] = 5
    (found,) = features._averages_without((4, complement), places).values()
    told, inside = compared.rows("logit")
    for i in places:
        kept = ~np.isin(compared.shadow, [4, complement[i]])
        sides = [kept & inside[:, i], kept & ~inside[:, i]]
        if not all(side.any() for side in sides):
            sides = 2 * [kept]
        for got, side in zip(found, sides, strict=True):
            assert_allclose(got[i], expit(told[side, i]).mean(), rtol=1e-6)


@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_records_of_equal_logits_are_told_apart_by_another_signal():
    """All logits are 0; the hinge alone knows the members. Seed 4."""
    rng = np.random.RandomState(4)
    member = np.repeat(rng.uniform(size=(4, 600)) < 0.5, 2, axis=0)
    member[1::2] = ~member[1::2]
    truth = rng.uniform(size=600) < 0.5
    hinge = 0.3 + 0.05 * rng.normal(size=(8, 600)) + 0.1 * member
    shadows = ShadowSignals({"logit": np.zeros((8, 600)), "hinge": hinge}, member)
    # Logit 0 means p = 1/2; what the likeliest other class gets sets the hinge.
    answer = np.clip(0.3 + 0.05 * rng.normal(size=600) + 0.1 * truth, 0.01, 0.69)
    other = 0.5 * np.exp(-answer)
    proba = np.column_stack([np.full(600, 0.5), other, 0.5 - other])
    y = np.zeros(600, dtype=int)
    attack = StackedAttack("precomputed", shadows=shadows, random_state=0)
    scores = attack.fit(proba, y).score_samples(proba, y)
    assert roc_auc_interval(truth, scores)[0] > 0.6
    blind = ShadowSignals({"logit": np.zeros((8, 600))}, member)
    attack.set_params(shadows=blind).fit(proba, y)
    assert roc_auc(truth, attack.score_samples(proba, y)) == 0.5


def test_ties_are_broken_by_the_likelihood_ratio(learnt):
    attack, proba, y, _ = learnt
    scores = attack.score_samples(proba, y)
    assert len(np.unique(scores)) == len(scores)


def test_one_seed_one_result(learnt, simulated, attack_on):
    """Whatever the target answers in `fit` (trap 16)."""
    attack, proba, y, (values, member, target, _) = learnt
    other, *_ = attack_on(StackedAttack, values, member, -target, **FAST)
    assert (other.offset_, other.learnt_) == (attack.offset_, attack.learnt_)
    assert_array_equal(other.score_samples(proba, y), attack.score_samples(proba, y))


# What it costs


def few_rows(monkeypatch, enough=4_000):
    """As a pool that is large for the samples; returns how many rows were seen."""
    fitted, judged = [], []
    monkeypatch.setattr("skmia.attacks._stacked._ENOUGH_ROWS", enough)
    monkeypatch.setattr("skmia.attacks._stacked.enough_nonmembers", lambda _: 1_000)

    def watched(method, seen):
        def call(self, X, *args):
            seen.append(len(X))
            return method(self, X, *args)

        return call

    monkeypatch.setattr(Ranker, "fit", watched(Ranker.fit, fitted))
    monkeypatch.setattr(Ranker, "log_odds", watched(Ranker.log_odds, judged))
    return fitted, judged


def test_trees_learn_from_few_rows_without_a_shift_of_the_odds(monkeypatch):
    """Half of them the likeliest members, of whom more are members than of all."""
    monkeypatch.setattr(Ranker, "enough", 4_000)
    rng = np.random.RandomState(6)
    X = rng.normal(size=(30_000, 3)).astype(np.float32)
    y = rng.uniform(size=len(X)) < expit(X[:, 0] - 1)
    ranker = Ranker([1, 0, 0], 0).fit(X, y)
    rows = ranker._telling(X)
    assert 3_900 < len(rows) <= 4_000
    assert np.isin(np.argsort(ranker._linear.log_odds(X))[-2_000:], rows).all()
    assert y[rows].mean() > y.mean() + 0.1
    # The standard error is that of what 4,000 rows teach: 0.7 %.
    assert abs(expit(ranker.log_odds(X)).mean() - y.mean()) < 0.03
    monkeypatch.setattr(Ranker, "enough", len(X))
    assert_array_equal(ranker._telling(X), np.arange(len(X)))


def test_what_is_learnt_from_does_not_grow(simulated, attack_on, monkeypatch):
    fitted, judged = few_rows(monkeypatch)
    for n in (1_500, 3_000):
        fitted.clear(), judged.clear()
        *case, truth = simulated(0, 8, 1.0, n=n)
        attack, proba, y = attack_on(StackedAttack, *case, **FAST)
        # Two models, each fitted on one half; twice 1,000 rows judged.
        assert abs(sum(fitted) - 4_000) < 400
        assert abs(sum(judged) - 2_000) < 300
        assert attack.learnt_
        assert roc_auc(truth, attack.score_samples(proba, y)) > 0.6


@pytest.mark.slow
def test_a_sample_keeps_the_promised_rate(simulated, attack_on, monkeypatch):
    """5 % of 2,000 non-members, by a threshold from 1,000 others; seeds 0 to 5.

    The standard error of each is 0.49 % of the one and 0.69 % of the other.
    """
    few_rows(monkeypatch, 12_000)
    rates = []
    for seed in range(6):
        *case, truth = simulated(seed, 8, 1.0, n=4_000)
        attack, proba, y = attack_on(StackedAttack, *case, **FAST)
        rates.append(attack.predict(proba, y)[~truth].mean())
    assert abs(np.mean(rates) - 0.05) < 4 * 0.0085 / np.sqrt(6)


def test_memory_is_less_than_twice_the_signals(simulated, attack_on, monkeypatch):
    """Of 40,000 records and 16 shadows, with rows to learn from to their scale."""
    few_rows(monkeypatch, 20_000)
    values, member, target, _ = simulated(0, 16, 1.0, n=40_000)
    given = dict.fromkeys(("logit", *EXTRA_SIGNALS), values)
    shadows = ShadowSignals(given, member)
    proba = np.column_stack([expit(-target), expit(target)])
    y = np.ones(len(target), dtype=int)
    attack = StackedAttack("precomputed", shadows=shadows, random_state=0)
    tracemalloc.start()
    try:
        attack.fit(proba, y).score_samples(proba, y)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(given) * values.nbytes


# Rows that are not in the pool


def test_rows_outside_of_the_pool_are_scored_as_lira_does(pool):
    shadows = ShadowModels(6, counterfactual=False)
    attack = StackedAttack(pool.frozen, shadows=shadows, max_fpr=0.1, random_state=0)
    attack.fit(pool.X, pool.y, membership=pool.member)
    ratio = LiRAAttack(pool.frozen, shadows=attack.shadows_, max_fpr=0.1)
    ratio.fit(pool.X, pool.y, membership=pool.member)
    X, y = pool.X + 0.05, pool.y
    assert_array_equal(attack.decision_function(X, y), ratio.decision_function(X, y))
    mixed = np.r_[pool.X[:5], X[:5]], np.r_[y[:5], y[:5]]
    with pytest.warns(UserWarning, match="5 of 10 rows are not in the pool") as got:
        scores = attack.score_samples(*mixed)
    assert [w.filename for w in got] == [__file__]
    assert_allclose(scores[5:], attack.score_samples(X, y)[:5])


def test_given_shadows_are_enough(pool):
    shadows = ShadowSignals(
        {"logit": np.random.RandomState(0).normal(size=(6, 240))},
        np.arange(6)[:, None] % 2 == np.arange(240) % 2,
    )
    attack = StackedAttack(pool.frozen, shadows=shadows, random_state=0)
    attack.fit(pool.X, pool.y)
    assert np.isfinite(attack.score_samples(pool.X, pool.y)).all()
    with pytest.raises(ValueError, match="models were not kept"):
        attack.score_samples(pool.X + 1, pool.y)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"max_fpr": 0}, r"'max_fpr' .* Got 0 instead"),
        ({"shadows": 1}, r"'shadows' .* Got 1 instead"),
    ],
)
def test_parameters_out_of_range(pool, params, match):
    with pytest.raises(ValueError, match=match):
        StackedAttack(pool.frozen, **params).fit(pool.X, pool.y)
