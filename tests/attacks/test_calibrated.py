"""CalibratedLossAttack against loops, given figures and the rate that it promises."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import CalibratedLossAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, ShadowSignals

REFERENCES = ("mean_out", "midpoint", "percentile")
every_reference = pytest.mark.parametrize("reference", REFERENCES)
both_signals = pytest.mark.parametrize("signal", ["logit", "loss"])


@pytest.fixture(scope="module")
def case(simulated):
    """Six complementary shadows of 40 records; seed 2."""
    return simulated(2, 6, 1.0, n=40)


def oriented(values, signal):
    """High for a member: the logit, or minus the loss."""
    values = np.asarray(values, dtype=float)
    return values if signal == "logit" else -np.log1p(np.exp(-values))


def brute_score(x, values, held, reference):
    """One record against its shadows."""
    inside = [v for v, m in zip(values, held, strict=True) if m]
    outside = [v for v, m in zip(values, held, strict=True) if not m]
    if reference == "midpoint":
        inside, outside = inside or outside, outside or inside
        return x - (sum(inside) / len(inside) + sum(outside) / len(outside)) / 2
    outside = outside or inside
    mean = sum(outside) / len(outside)
    if reference == "mean_out":
        return x - mean
    deviation = sum((v - mean) ** 2 for v in outside) / len(outside)
    z = (x - mean) / (deviation + np.finfo(np.float32).eps) ** 0.5
    fraction = sum(v < x for v in outside) + sum(v == x for v in outside) / 2
    return fraction / len(outside) + z / (1 + abs(z)) / 24  # 4 * 6 shadows


def brute_scores(x, values, member, reference):
    return np.array(
        [
            brute_score(x[i], values[:, i], member[:, i], reference)
            for i in range(len(x))
        ]
    )


@both_signals
@every_reference
@pytest.mark.parametrize("one_sided", [False, True])
def test_scores_against_loops(case, attack_on, reference, signal, one_sided):
    values, member, target, _ = case
    member = member.copy()
    if one_sided:
        member[:, 0], member[:, 1] = True, False
    attack, proba, y = attack_on(
        CalibratedLossAttack,
        values,
        member,
        target,
        reference=reference,
        signal=signal,
    )
    expected = brute_scores(
        oriented(target, signal), oriented(values, signal), member, reference
    )
    assert_allclose(attack.score_samples(proba, y), expected, rtol=1e-4, atol=2e-5)


@every_reference
@pytest.mark.parametrize("max_fpr", [0.01, 0.2])
def test_offset_is_made_of_shadows_without_their_twins(
    case, attack_on, reference, max_fpr
):
    values, member, *_ = case
    attack, *_ = attack_on(
        CalibratedLossAttack,
        *case[:3],
        reference=reference,
        signal="logit",
        max_fpr=max_fpr,
    )
    offline = "mean_out" if reference == "midpoint" else reference
    expected = {}
    for name in (reference, offline):
        z = []
        for k in range(6):
            rest = [j for j in range(6) if j not in (k, k ^ 1)]
            scores = brute_scores(
                oriented(values[k], "logit"),
                oriented(values[rest], "logit"),
                member[rest],
                name,
            )
            z.extend(scores[~member[k]])
        place = int(np.ceil((len(z) - 1) * (1 - max_fpr) - 1e-9))
        expected[name] = sorted(z)[place]
    assert attack.offset_ == pytest.approx(expected[reference], abs=1e-5)
    assert attack.offline_offset_ == pytest.approx(expected[offline], abs=1e-5)


@pytest.mark.parametrize(
    ("reference", "expected"), [("mean_out", [-10, -4 / 3]), ("midpoint", [-5, 4])]
)
def test_figures_of_a_peer(attack_on, reference, expected):
    """TensorFlow Privacy's compute_score_offset with mean centres, OUT = 10 - IN.

    Its queries of one record are shadows here. Its third record has no shadow on
    either side, which no ShadowSignals can hold.
    """
    target = np.array([[-0.1, 0.1, 0], [0, 0, 27]]).mean(axis=1)
    first, second = [1, 2, -3], [-2, 4, 6, 0, 0, 0, 5, -7, -9]
    inside = np.column_stack([np.tile(first, 3), second])
    values = np.concatenate([inside, 10 - inside])
    member = np.repeat([[True, True], [False, False]], 9, axis=0)
    attack, proba, y = attack_on(
        CalibratedLossAttack,
        values,
        member,
        target,
        reference=reference,
        signal="logit",
    )
    assert_allclose(attack.score_samples(proba, y), expected, atol=1e-9)


# Percentile


def test_percentile_rises_with_the_target(simulated, attack_on):
    """Through ties and beyond the ends: strictly, and by its steps of the fraction."""
    values, member, *_ = simulated(0, 8, 0.0, n=61)
    values[:] = np.repeat([-1.0, 0.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0], 1)[:, None]
    member[:] = (np.arange(8) % 2 == 0)[:, None]  # OUT: 0, 2, 2, 3
    target = np.linspace(-3, 3.4, 61)
    target[np.abs(target - 2).argmin()] = 2.0
    attack, proba, y = attack_on(
        CalibratedLossAttack,
        values,
        member,
        target,
        reference="percentile",
        signal="logit",
    )
    scores = attack.score_samples(proba, y)
    assert (np.diff(scores) > 0).all()
    fraction = (target[:, None] > [0, 2, 2, 3]).mean(axis=1)
    plain = ~np.isin(target, [0, 2, 3])
    assert (np.abs(scores - fraction)[plain] < 1 / 32).all()
    # Halfway up its step, by the two that say the same, give or take half a step.
    at = np.flatnonzero(target == 2.0)
    assert (np.abs(scores[at] - 0.5) < 1 / 32).all()


@both_signals
@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_a_tie_is_one_in_single_precision_too(case, attack_on, signal):
    """Trees say the same number often; shadows hold it with fewer digits.

    A step apart, the target would lie on either side of all that agree with it.
    """
    _, member, *_ = case
    p = np.linspace(0.55, 0.95, 40)
    same = np.log(p / (1 - p))
    assert (same.astype(np.float32) != same).any()
    values = np.tile(same, (6, 1))
    attack, proba, y = attack_on(
        CalibratedLossAttack,
        values,
        member,
        same,
        reference="percentile",
        signal=signal,
    )
    scores = attack.score_samples(proba, y)
    assert_allclose(scores, 0.5, atol=1e-2)
    # All of the shadows' records are tied as well, and so is the threshold.
    assert attack.offset_ == pytest.approx(0.5, abs=1e-2)


# The promise


@every_reference
def test_false_positive_rate_is_kept(simulated, attack_on, reference):
    """Seeds 0 to 5, 750 non-members each, 5 % promised: a binomial error of 0.33 %.

    Six errors are allowed below: the threshold is made by fewer shadows.
    """
    rates, areas = [], []
    for seed in range(6):
        values, member, target, truth = simulated(seed, 10, 1.0)
        attack, proba, y = attack_on(
            CalibratedLossAttack,
            values,
            member,
            target,
            reference=reference,
            signal="logit",
            max_fpr=0.05,
        )
        rates.append(attack.predict(proba, y)[~truth].mean())
        areas.append(roc_auc(truth, attack.score_samples(proba, y)))
    error = np.sqrt(0.05 * 0.95 / 4500)
    assert 0.05 - 6 * error < np.mean(rates) < 0.05 + 3 * error
    assert min(areas) > 0.6


@every_reference
def test_rows_outside_of_the_pool(reference):
    """200 fresh rows of seed 0 and a tenth promised; midpoint falls back to OUT."""
    X, y = make_classification(440, 8, n_informative=4, random_state=0)
    attack = CalibratedLossAttack(
        DecisionTreeClassifier(min_samples_leaf=3),
        reference=reference,
        shadows=ShadowModels(6, counterfactual=False),
        max_fpr=0.1,
        random_state=0,
    ).fit(X[:240], y[:240])
    fresh = attack.predict(X[240:], y[240:]).mean()
    assert fresh < 0.1 + 3 * np.sqrt(0.1 * 0.9 / 200)
    mixed = slice(230, 250)
    if reference == "midpoint":
        with pytest.warns(UserWarning, match="10 of 20 rows are not in the pool"):
            attack.predict(X[mixed], y[mixed])
    else:
        both = attack.decision_function(X[mixed], y[mixed])
        inside = attack.decision_function(X[230:240], y[230:240])
        assert_allclose(both[:10], inside, atol=1e-5)


def test_nothing_is_learnt_from_the_target(case, attack_on):
    values, member, target, _ = case
    first, *_ = attack_on(CalibratedLossAttack, values, member, target)
    second, *_ = attack_on(CalibratedLossAttack, values, member, -target)
    assert first.offset_ == second.offset_


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"reference": "mean"}, r"'reference' .* Got 'mean' instead"),
        ({"reference": None}, r"'reference' .* Got None instead"),
        ({"signal": "gap"}, r"'signal' .* Got 'gap' instead"),
        ({"max_fpr": 1.0}, r"'max_fpr' .* Got 1.0 instead"),
    ],
)
def test_parameters_out_of_range(pool, params, match):
    shadows = ShadowSignals({"logit": np.zeros((4, 240))}, np.zeros((4, 240), bool))
    with pytest.raises(ValueError, match=match):
        CalibratedLossAttack(pool.frozen, shadows=shadows, **params).fit(pool.X, pool.y)
