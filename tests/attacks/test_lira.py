"""LiRAAttack against sums and SciPy, record by record, and at the edges."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.special import expit

from skmia.attacks import LiRAAttack
from skmia.attacks._scores._gaussian import VARIANCES, Moments, prior_strength
from skmia.shadows import ShadowModels, ShadowSignals

# A few shadows, of which variance="per_record" warns.
pytestmark = pytest.mark.filterwarnings("ignore::skmia.exceptions.ResolutionWarning")

every_variance = pytest.mark.parametrize("variance", VARIANCES)
both_modes = pytest.mark.parametrize("mode", ["online", "offline"])


def matrix(design, seed=1, n_records=30):
    """Logits of shadows and of a target, and who was in which shadow."""
    rng = np.random.RandomState(seed)
    n_shadows = {"pairs": 12, "odd": 9, "unbalanced": 9}[design]
    member = rng.uniform(size=(n_shadows, n_records)) < 0.5
    if design == "unbalanced":
        member[:, 0], member[:, 1] = True, False  # never out, never in
        member[:, 2] = np.arange(n_shadows) == 3  # in once
    else:
        paired = n_shadows - n_shadows % 2
        member[1:paired:2] = ~member[0:paired:2]
    scale = np.sqrt(4 / rng.chisquare(4, n_records))
    values = rng.normal(size=member.shape) * scale + rng.normal(size=n_records)
    values += 1.5 * member
    target = rng.normal(size=n_records) * 2 + 0.5
    return values.astype(np.float32), member, target


def attack_matrix(values, member, target, **params):
    """A fitted attack on the target whose logits are given, and its rows."""
    proba = np.column_stack([expit(-target), expit(target)])
    y = np.ones(len(target), dtype=int)
    shadows = ShadowSignals({"logit": values}, member)
    attack = LiRAAttack("precomputed", shadows=shadows, **params).fit(proba, y)
    return attack, proba, y


class Side:
    """Distributions of the IN or OUT values of each record, one at a time."""

    def __init__(self, values, mask, variance):
        self.variance = variance
        columns = [values[:, i].astype(float) for i in range(mask.shape[1])]
        pairs = [(v[m], v[~m]) for v, m in zip(columns, mask.T, strict=True)]
        samples = [v for v, _ in pairs if len(v)]
        means = np.array([v.mean() for v in samples])
        self.center, self.between = means.mean(), means.var()
        squares = sum(((v - v.mean()) ** 2).sum() for v in samples)
        if variance == "shrunk":
            self.pooled = squares / sum(len(v) - 1 for v in samples)
            self.strength = prior_strength(Moments.of(values, mask), self.pooled)
            assert np.isfinite(self.strength)
        elif variance == "global":
            self.pooled = np.concatenate(samples).var()
        else:
            self.pooled = squares / sum(len(v) for v in samples)
        self.typical = np.mean([self.deviation(v, w) for v, w in pairs if len(v)])

    def deviation(self, sample, other, counts=None):
        """Too few values borrow the spread of the other side, then the pooled one."""
        counts = counts or (len(sample), len(other))
        for v, count in zip((sample, other), counts, strict=True):
            if len(v) > 1 and count >= 5:
                return np.std(v, ddof=1) * np.sqrt((count - 1) / count)
        return np.sqrt(self.pooled)

    def of(self, sample, other, counts=None):
        """SciPy's distribution, as if the samples had as many values as `counts`."""
        n, sample = len(sample), np.asarray(sample, dtype=float)
        if not n and self.variance == "shrunk":
            spread = np.sqrt(self.pooled + self.between)
            return stats.t(self.strength, self.center, spread)
        if not n:
            own = self.variance == "per_record"
            return stats.norm(self.center, self.typical if own else self.pooled**0.5)
        if self.variance == "per_record":
            return stats.norm(sample.mean(), self.deviation(sample, other, counts))
        if self.variance != "shrunk":
            return stats.norm(sample.mean(), np.sqrt(self.pooled))
        count = counts[0] if counts else n
        squares = sample.var(ddof=1) * (count - 1) if n > 1 else 0.0
        freedom = self.strength + count - 1
        square = (self.strength * self.pooled + squares) / freedom
        return stats.t(freedom, sample.mean(), np.sqrt(square * (1 + 1 / count)))


def brute_score(sides, samples, x, mode, counts=None):
    """Log density ratio, or minus the log of the OUT survival function."""
    held, left_out = samples
    if mode == "offline":
        # Offline, nothing is known of the values of those that held the record.
        return -sides[1].of(left_out, [], counts and (counts[1], 0)).logsf(x)
    return sides[0].of(held, left_out, counts).logpdf(x) - sides[1].of(
        left_out, held, counts and counts[::-1]
    ).logpdf(x)


def brute_scores(values, member, target, variance, mode):
    sides = Side(values, member, variance), Side(values, ~member, variance)
    scores = []
    for i, x in enumerate(target):
        samples = values[member[:, i], i], values[~member[:, i], i]
        scores.append(brute_score(sides, samples, x, mode))
    return np.array(scores)


@functools.cache
def brute_nonmember_scores(design, variance, mode):
    """Sorted; each shadow as the target of the others, without its complement."""
    values, member, _ = matrix(design)
    sides = Side(values, member, variance), Side(values, ~member, variance)
    scores = []
    for k in range(len(member)):
        neighbour = k + 1 if k % 2 == 0 else k - 1
        others = set(range(len(member))) - {k}
        if neighbour in others and (member[neighbour] != member[k]).all():
            others -= {neighbour}
        for i in np.flatnonzero(~member[k]):
            samples = [
                [values[j, i] for j in sorted(others) if member[j, i] == held]
                for held in (True, False)
            ]
            counts = member[:, i].sum(), (~member[:, i]).sum()
            scores.append(brute_score(sides, samples, values[k, i], mode, counts))
    return np.sort(scores)


def brute_offset(design, variance, mode, max_fpr):
    """At most a fraction of max_fpr lies above it, by NumPy's "higher"."""
    scores = brute_nonmember_scores(design, variance, mode)
    return scores[int(np.ceil((len(scores) - 1) * (1 - max_fpr) - 1e-9))]


# Against brute force


@both_modes
@every_variance
@pytest.mark.parametrize("design", ["pairs", "odd", "unbalanced"])
def test_scores_against_brute_force(design, variance, mode):
    values, member, target = matrix(design)
    attack, proba, y = attack_matrix(
        values, member, target, variance=variance, mode=mode
    )
    expected = brute_scores(values, member, target, variance, mode)
    # The Student-t survival goes through its normal equivalent, good to some percent.
    rtol = 0.05 if (mode, variance) == ("offline", "shrunk") else 1e-6
    assert_allclose(attack.score_samples(proba, y), expected, rtol=rtol, atol=1e-6)


@both_modes
@every_variance
@pytest.mark.parametrize("max_fpr", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("design", ["pairs", "odd", "unbalanced"])
def test_offset_against_brute_force(design, max_fpr, variance, mode):
    attack, *_ = attack_matrix(
        *matrix(design), variance=variance, mode=mode, max_fpr=max_fpr
    )
    expected = brute_offset(design, variance, mode, max_fpr)
    rtol = 0.05 if (mode, variance) == ("offline", "shrunk") else 1e-5
    assert_allclose(attack.offset_, expected, rtol=rtol, atol=1e-5)
    offline = brute_offset(design, variance, "offline", max_fpr)
    rtol = 0.05 if variance == "shrunk" else 1e-5
    assert_allclose(attack.offline_offset_, offline, rtol=rtol, atol=1e-5)


def test_decisions_are_scores_above_the_offset():
    values, member, target = matrix("pairs", seed=2)
    attack, proba, y = attack_matrix(values, member, target, max_fpr=0.2)
    scores = attack.score_samples(proba, y)
    assert_array_equal(attack.decision_function(proba, y), scores - attack.offset_)
    assert_array_equal(attack.predict(proba, y), scores > attack.offset_)
    assert 0 < attack.predict(proba, y).sum() < len(y)


@both_modes
def test_offset_knows_nothing_of_the_target(mode):
    values, member, target = matrix("pairs", seed=3)
    first, *_ = attack_matrix(values, member, target, mode=mode)
    second, *_ = attack_matrix(values, member, target[::-1] + 5, mode=mode)
    assert first.offset_ == second.offset_
    assert first.offline_offset_ == second.offline_offset_


@both_modes
def test_a_record_far_below_its_out_mean_scores_lowest_offline(mode):
    """One-sided: a two-sided density calls the worst surprise a member."""
    values, member, target = matrix("pairs", seed=4)
    target[7], target[8] = -40.0, 40.0
    attack, proba, y = attack_matrix(values, member, target, mode=mode)
    scores = attack.score_samples(proba, y)
    if mode == "offline":
        assert scores.argmin() == 7
        assert scores.argmax() == 8
    assert np.isfinite(scores).all()


# Saturation and missing spread


def test_saturated_values_are_pulled_in_to_just_beyond_the_rest():
    values, member, target = matrix("pairs", seed=5)
    values[:, 3] = [np.inf if m else -np.inf for m in member[:, 3]]
    limit = np.abs(values[np.isfinite(values)]).max() + np.log(2)
    target[3], target[4], target[5] = 800.0, limit - 0.1, limit + 0.1
    attack, proba, y = attack_matrix(values, member, target, variance="pooled")
    soft = np.clip(values, -limit, limit)
    expected = brute_scores(
        soft, member, np.clip(target, -limit, limit), "pooled", "online"
    )
    assert_allclose(attack.score_samples(proba, y), expected, rtol=1e-5)


@both_modes
@every_variance
def test_a_target_that_alone_saturates(mode, variance):
    """A rounded output against shadows that are not: finite, modest, still on top."""
    values, member, target = matrix("pairs", seed=6)
    target[2] = 800.0
    attack, proba, y = attack_matrix(
        values, member, target, mode=mode, variance=variance
    )
    limit = np.abs(values).max() + np.log(2)
    target[2] = limit
    expected = brute_scores(values, member, target, variance, mode)
    assert_allclose(attack.score_samples(proba, y), expected, rtol=0.05, atol=1e-6)
    assert np.abs(attack.score_samples(proba, y)).max() < 1e4


@both_modes
@every_variance
@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
def test_shadows_that_all_agree(mode, variance):
    """No spread at all: scores are finite and follow the target's surprise."""
    _, member, target = matrix("pairs", seed=7)
    values = np.repeat(np.linspace(-1, 1, 30)[None], len(member), axis=0)
    attack, proba, y = attack_matrix(
        values, member, target, mode=mode, variance=variance
    )
    scores = attack.score_samples(proba, y)
    assert np.isfinite(scores).all()
    if mode == "offline":
        order = np.argsort(target - values[0])
        assert (np.diff(scores[order]) >= 0).all()


def test_shadows_without_members_are_for_the_offline_mode():
    values, member, target = matrix("pairs", seed=8)
    nobody = np.zeros_like(member)
    with pytest.raises(ValueError, match=r"hold none of the records; pass mode='offl"):
        attack_matrix(values, nobody, target)
    attack, proba, y = attack_matrix(
        values, nobody, target, mode="offline", variance="pooled"
    )
    residual = np.sqrt(values.astype(float).var(axis=0).mean())
    expected = -stats.norm.logsf(target, values.mean(axis=0), residual)
    assert_allclose(attack.score_samples(proba, y), expected, rtol=1e-5)


# Signals and parameters


def test_the_side_of_a_signal_counts():
    """Low losses are a member's: the offline score falls with the loss."""
    values, member, target = matrix("pairs", seed=9)
    attack, proba, y = attack_matrix(
        values, member, target, signal="loss", mode="offline", variance="pooled"
    )
    losses = np.logaddexp(0, -values.astype(float))
    soft = -np.logaddexp(0, -target)
    expected = brute_scores(-losses, member, soft, "pooled", "offline")
    assert_allclose(attack.score_samples(proba, y), expected, rtol=1e-4)


def test_signal_that_the_given_shadows_lack():
    values, member, target = matrix("pairs")
    with pytest.raises(ValueError, match="'entropy' was not stored with these shadows"):
        attack_matrix(values, member, target, signal="entropy")


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"mode": "both"}, ValueError, r"'mode' .* Got 'both' instead"),
        ({"variance": "own"}, ValueError, r"'variance' .* Got 'own' instead"),
        ({"signal": "gap"}, ValueError, r"'signal' .* Got 'gap' instead"),
        ({"shadows": 0}, ValueError, r"'shadows' .* Got 0 instead"),
        ({"shadows": 8.0}, TypeError, r"'shadows' .* Got 8.0 instead"),
        ({"shadows": None}, TypeError, r"'shadows' .* Got None instead; make one"),
        (
            {"shadows": ShadowModels(3, counterfactual=False)},
            ValueError,
            r"'n_models' .* at least 4 .* off .*counterfactual=False\). Got 3 instead",
        ),
        ({"max_fpr": 0.0}, ValueError, r"'max_fpr' .* Got 0.0 instead"),
        ({"shadows": "many"}, TypeError, r"'shadows' .* Got 'many' instead; make"),
    ],
)
def test_parameters_out_of_range(pool, params, error, match):
    with pytest.raises(error, match=match):
        LiRAAttack(pool.frozen, **params).fit(pool.X, pool.y)


def test_too_few_given_shadows():
    values, member, target = matrix("pairs")
    with pytest.raises(ValueError, match=r"at least 4 shadow models. Got 3 instead"):
        attack_matrix(values[:3], member[:3], target)


def test_precomputed_needs_shadows(pool):
    proba = pool.model.predict_proba(pool.X)
    with pytest.raises(
        ValueError, match=r"nothing to fit shadow models with. Pass sha"
    ):
        LiRAAttack("precomputed").fit(proba, pool.y)
