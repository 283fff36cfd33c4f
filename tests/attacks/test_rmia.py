"""RMIAAttack against sums over single records, and against the published count."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from skmia.attacks import RMIAAttack
from skmia.shadows import ShadowModels, ShadowSignals

both_modes = pytest.mark.parametrize("mode", ["online", "offline"])


@pytest.fixture(scope="module")
def case(simulated):
    """Eight complementary shadows of 40 records; seed 3."""
    return simulated(3, 8, 1.0, n=40)


def brute_average(logits, held, mode, a):
    """P(x) of one record, equations 2 and 10 of the paper, from its true sides."""
    p = [float(expit(float(v))) for v in logits]
    p_in = [v for v, m in zip(p, held, strict=True) if m]
    p_out = [v for v, m in zip(p, held, strict=True) if not m]
    mean_out = sum(p_out) / len(p_out)
    if mode == "online":
        return (sum(p_in) / len(p_in) + mean_out) / 2
    return ((1 + a) * mean_out + (1 - a)) / 2


def brute_ratio(x, values, member, mode, a):
    return np.array(
        [
            expit(float(x[i])) / brute_average(values[:, i], member[:, i], mode, a)
            for i in range(len(x))
        ]
    )


def brute_judged(values, member, mode, a):
    """Membership and ratios of each shadow, judged without it and its complement."""
    for k in range(len(member)):
        rest = [j for j in range(len(member)) if j not in (k, k ^ 1)]
        yield member[k], brute_ratio(values[k], values[rest], member[rest], mode, a)


def brute_population(values, member, mode, a):
    judged = brute_judged(values, member, mode, a)
    return np.concatenate([ratio[~held] for held, ratio in judged])


@both_modes
@pytest.mark.parametrize("a", [0, 0.3, 1.0])
def test_scores_are_the_log_of_the_published_ratio(case, attack_on, mode, a):
    values, member, target, _ = case
    attack, proba, y = attack_on(RMIAAttack, *case[:3], mode=mode, a=a)
    expected = np.log(brute_ratio(target, values, member, mode, a))
    assert_allclose(attack.score_samples(proba, y), expected, atol=1e-6)
    assert attack.a_ == a


@both_modes
@pytest.mark.parametrize("max_fpr", [0.01, 0.2])
def test_offset_is_a_quantile_of_the_non_members_of_shadows(
    case, attack_on, mode, max_fpr
):
    """Trap 18: not of all records."""
    values, member, *_ = case
    attack, *_ = attack_on(RMIAAttack, *case[:3], mode=mode, a=0.4, max_fpr=max_fpr)
    z = np.sort(np.log(brute_population(values, member, mode, 0.4)))
    place = int(np.ceil((len(z) - 1) * (1 - max_fpr) - 1e-9))
    assert len(z) == 8 * 20
    assert_allclose(attack.offset_, z[place], atol=1e-6)
    z = np.sort(np.log(brute_population(values, member, "offline", 0.4)))
    assert_allclose(attack.offline_offset_, z[place], atol=1e-6)


def test_members_of_shadows_enter_neither_offline_scores_nor_the_offset(
    case, attack_on
):
    values, member, target, _ = case
    params = {"mode": "offline", "a": 0.5, "max_fpr": 0.1}
    first, proba, y = attack_on(RMIAAttack, values, member, target, **params)
    # Still within the largest magnitude, so that no value is pulled in.
    surer = np.where(member, np.abs(values).max(), values)
    second, *_ = attack_on(RMIAAttack, surer, member, target, **params)
    assert first.offset_ == second.offset_
    assert_array_equal(first.score_samples(proba, y), second.score_samples(proba, y))
    # Everybody's quantile is another.
    judged = brute_judged(surer, member, "offline", 0.5)
    everybody = np.log(np.concatenate([ratio for _, ratio in judged]))
    assert np.quantile(everybody, 0.9, method="higher") > first.offset_ + 0.1


@both_modes
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_the_published_count_ranks_and_decides_alike(case, attack_on, mode, gamma):
    """Dense counting over 160 population records; trap 17: it ties, ours does not."""
    values, member, target, _ = case
    attack, proba, y = attack_on(
        RMIAAttack, *case[:3], mode=mode, a=0.3, gamma=gamma, max_fpr=0.5
    )
    ratio = brute_ratio(target, values, member, mode, 0.3)
    z = brute_population(values, member, mode, 0.3)
    counts = np.array([sum(r / s > gamma for s in z) for r in ratio])
    scores = attack.score_samples(proba, y)
    above = counts[:, None] > counts[None]
    assert above.any()
    assert (scores[:, None] > scores[None])[above].all()
    assert len(np.unique(scores)) == len(np.unique(target)) == 40
    assert len(np.unique(counts)) < 40
    least = int(np.ceil((len(z) - 1) * 0.5)) + 1
    assert_array_equal(attack.predict(proba, y), counts >= least)
    assert 0 < (counts >= least).sum() < 40


@both_modes
def test_gamma_moves_the_thresholds_only(case, attack_on, mode):
    one, proba, y = attack_on(RMIAAttack, *case[:3], mode=mode, a=0.3)
    two, *_ = attack_on(RMIAAttack, *case[:3], mode=mode, a=0.3, gamma=2.0)
    assert_array_equal(one.score_samples(proba, y), two.score_samples(proba, y))
    assert two.offset_ - one.offset_ == pytest.approx(np.log(2), abs=1e-12)
    moved = two.offline_offset_ - one.offline_offset_
    assert moved == pytest.approx(np.log(2), abs=1e-12)


# Ends of the scale


@both_modes
@pytest.mark.parametrize("a", [0, 0.5, 1, "auto"])
def test_probabilities_of_0_and_1(simulated, attack_on, mode, a):
    values, member, target, _ = simulated(0, 6, 0.5, n=60)
    values[:, :5], values[:, 5:10] = -np.inf, np.inf
    target[[0, 5, 10]], target[[1, 6, 11]] = 800.0, -800.0
    attack, proba, y = attack_on(RMIAAttack, values, member, target, mode=mode, a=a)
    assert set(proba[[0, 1], 1]) == {0.0, 1.0}
    scores = attack.score_samples(proba, y)
    assert np.isfinite(scores).all()
    assert np.isfinite([attack.offset_, attack.offline_offset_]).all()
    for one, zero in ((0, 1), (5, 6), (10, 11)):
        assert scores[one] > scores[zero]


@both_modes
@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_everything_at_the_ends(attack_on, mode):
    member = np.repeat([[True, False], [False, True]], 2, axis=0)[[0, 2, 1, 3]]
    values = np.full((4, 2), -np.inf)
    for target in (np.array([-800.0, 800.0]), np.array([800.0, 800.0])):
        attack, proba, y = attack_on(
            RMIAAttack, values, member, target, mode=mode, a=1.0
        )
        assert np.isfinite(attack.score_samples(proba, y)).all()
        assert np.isfinite(attack.offset_)


@both_modes
def test_tiny_probabilities_are_compared_in_double_precision(attack_on, mode, case):
    """In single precision exp(-200) is 0, and the ratio then exp(500) for anybody."""
    _, member, *_ = case
    assert expit(np.float32(-200)) == 0
    values = np.full(member.shape, -200.0) + member
    values[:, -1] = 250.0  # nothing is pulled in
    target = np.full(40, -200.0)
    attack, proba, y = attack_on(RMIAAttack, values, member, target, mode=mode, a=1.0)
    average = (1 + np.e) / 2 if mode == "online" else 1.0
    scores = attack.score_samples(proba, y)[:-1]
    assert_allclose(scores, -np.log(average), atol=1e-4)


@pytest.mark.parametrize("a", [0.0, 0.4, 1.0])
def test_records_on_one_side_only(simulated, attack_on, a):
    values, member, target, _ = simulated(5, 7, 1.0, n=30)
    member[:, 0], member[:, 1], member[:, 2] = True, False, np.arange(7) == 3
    attack, proba, y = attack_on(RMIAAttack, values, member, target, a=a)
    scores = attack.score_samples(proba, y)
    p = expit(values.astype(float))
    # Never out: p_out from p_in = a * p_out + 1 - a. Never in: p_in the same way.
    p_in, p_out = p[:, 0].mean(), p[:, 1].mean()
    guess = np.clip((p_in + a - 1) / a, 0, 1) if a else 0.0
    averages = [(p_in + guess) / 2, (p_out + a * p_out + 1 - a) / 2]
    averages.append((p[3, 2] + np.delete(p[:, 2], 3).mean()) / 2)
    expected = np.log(expit(target[:3]) / averages)
    assert_allclose(scores[:3], expected, rtol=1e-5)
    assert np.isfinite(scores).all()
    offline, *_ = attack_on(RMIAAttack, values, member, target, a=a, mode="offline")
    assert np.isfinite(offline.score_samples(proba, y)).all()


# The slope


def brute_slope(values, member):
    grid = [i / 10 for i in range(11)]
    areas = [
        np.mean(
            [roc_auc_score(m, r) for m, r in brute_judged(values, member, "offline", a)]
        )
        for a in grid
    ]
    return grid[int(np.argmax(areas))]


def test_the_slope_is_the_best_on_shadows(simulated, attack_on):
    """Seeds 0 to 2 and two gaps, against scikit-learn's area on each shadow."""
    chosen = []
    for seed in range(3):
        for gap in (0.5, 3.0):
            values, member, target, _ = simulated(seed, 6, gap, n=60)
            attack, *_ = attack_on(RMIAAttack, values, member, target, mode="offline")
            assert attack.a_ == brute_slope(values, member)
            chosen.append(attack.a_)
    assert len(set(chosen)) > 1


@both_modes
def test_nothing_is_chosen_on_the_target(case, attack_on, mode):
    """Trap 16: the slope and the offsets are the same whatever the target says."""
    values, member, target, _ = case
    seen = set()
    for answers in (target, -target, np.full(40, 9.0)):
        attack, *_ = attack_on(RMIAAttack, values, member, answers, mode=mode)
        seen.add((attack.a_, attack.offset_, attack.offline_offset_))
    assert len(seen) == 1


def test_no_slope_without_members(case, attack_on):
    values, member, target, _ = case
    nobody = np.zeros_like(member)
    with pytest.raises(ValueError, match=r"a='auto' is chosen on shadows.*pass a numb"):
        attack_on(RMIAAttack, values, nobody, target)
    attack, proba, y = attack_on(RMIAAttack, values, nobody, target, a=0.5)
    mean = expit(values.astype(float)).mean(axis=0)
    expected = np.log(expit(target) / ((1.5 * mean + 0.5) / 2))
    assert_allclose(attack.score_samples(proba, y), expected, atol=1e-6)
    some = nobody.copy()
    some[0] = member[0]
    attack, *_ = attack_on(RMIAAttack, values, some, target, max_fpr=0.1)
    assert 0 <= attack.a_ <= 1


# Life


def test_rows_outside_of_the_pool(pool):
    shadows = ShadowModels(4, counterfactual=False)
    attack = RMIAAttack(pool.frozen, shadows=shadows, a=0.5, random_state=0)
    attack.fit(pool.X, pool.y, membership=pool.member)
    rows = np.r_[0:5, 0:5]
    X = pool.X[rows] + np.repeat([0.0, 0.05], 5)[:, None]
    with pytest.warns(UserWarning, match="5 of 10 rows are not in the pool"):
        mixed = attack.decision_function(X, pool.y[rows])
    attack.set_params(mode="offline", shadows=attack.shadows_)
    attack.fit(pool.X, pool.y, membership=pool.member)
    scores = attack.decision_function(X, pool.y[rows])  # one scale: no warning
    assert_allclose(scores, mixed, atol=1e-6)
    inside = attack.decision_function(pool.X[:5], pool.y[:5])
    assert_allclose(scores[:5], inside, atol=1e-5)


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"mode": "both"}, ValueError, r"'mode' .* Got 'both' instead"),
        ({"a": 1.5}, ValueError, r"'a' .* \[0, 1\]. Got 1.5 instead"),
        ({"a": "best"}, ValueError, r"'a' .* Got 'best' instead"),
        ({"a": None}, TypeError, r"'a' .* Got None instead"),
        ({"gamma": 0}, ValueError, r"'gamma' .* \(0, inf\). Got 0 instead"),
        ({"gamma": np.inf}, ValueError, r"'gamma' .* Got inf instead"),
        ({"gamma": "1"}, TypeError, r"'gamma' .* Got '1' instead"),
    ],
)
def test_parameters_out_of_range(pool, params, error, match):
    shadows = ShadowSignals({"logit": np.zeros((4, 240))}, np.zeros((4, 240), bool))
    with pytest.raises(error, match=match):
        RMIAAttack(pool.frozen, shadows=shadows, **params).fit(pool.X, pool.y)
