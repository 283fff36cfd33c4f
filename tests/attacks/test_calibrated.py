"""CalibratedLossAttack against loops, given figures and the rate that it promises."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import CalibratedLossAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowSignals

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


def brute_score(x, said, held, reference):
    """One record against its shadows."""
    inside = [v for v, m in zip(said, held, strict=True) if m]
    outside = [v for v, m in zip(said, held, strict=True) if not m]
    if reference == "midpoint":
        inside, outside = inside or outside, outside or inside
        return x - (sum(inside) / len(inside) + sum(outside) / len(outside)) / 2
    outside = outside or inside
    mean = sum(outside) / len(outside)
    if reference == "mean_out":
        return x - mean
    deviation = sum((v - mean) ** 2 for v in outside) / len(outside)
    z = (x - mean) / (deviation + np.finfo(np.float32).eps) ** 0.5
    share = sum(v < x for v in outside) + sum(v == x for v in outside) / 2
    return (share + z / (1 + abs(z)) / 2) / len(outside)


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


def test_offsets_of_a_peer(attack_on):
    """TensorFlow Privacy's figures, advanced_mia_test.py, of mean centres.

    Three samples with IN values of one, three and no shadows; OUT = 10 - IN. A shadow
    holds one of a sample's values, so the other side of each is another shadow.
    """
    target = np.array([[-0.1, 0.1, 0], [0, 0, 27], [0, 0, 0]])
    inside = [[[1, 2, -3]], [[-2, 4, 6], [0, 0, 0], [5, -7, -9]], np.empty((0, 3))]
    out_mean = np.array([[9, 8, 13], [9, 11, 11]])
    # The third has no shadow at all, which ours refuse; its target stands.
    for x, given, mean_out in zip(target[:2], inside[:2], out_mean, strict=True):
        given = np.array(given, dtype=float)
        repeat = 3 // len(given)
        held = np.repeat(given, repeat, axis=0)
        values = np.concatenate([held, 10 - held])
        member = np.repeat([[True], [False]], 3, axis=0) & np.ones(3, dtype=bool)
        mean_in = held.mean(axis=0)
        assert_allclose(mean_out, 10 - mean_in)
        x = np.clip(x, -13, 13)  # all within the shadows' magnitude or its end
        for reference, centre in (("mean_out", mean_out), ("midpoint", 5.0)):
            attack, proba, y = attack_on(
                CalibratedLossAttack,
                values,
                member,
                x,
                reference=reference,
                signal="logit",
            )
            assert_allclose(attack.score_samples(proba, y), x - centre, atol=1e-5)
