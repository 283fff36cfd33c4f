"""Pools judged in blocks, and thresholds that rest on a part of the scores."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmia.attacks import CalibratedLossAttack, LiRAAttack, RMIAAttack
from skmia.shadows import ShadowSignals, draw_design, outside_means, shadows_move

N_RECORDS = 20_000
ATTACKS = {
    "lira": LiRAAttack,
    "rmia": RMIAAttack,
    "calibrated": CalibratedLossAttack,
}


def pool(n_records=N_RECORDS, n_shadows=8, both=False, seed=0):
    rng = np.random.RandomState(seed)
    y = rng.randint(2, size=n_records)
    member = draw_design(y, n_shadows, 0.5, rng)
    place = rng.normal(size=n_records)
    noise = rng.normal(size=member.shape)
    logits = (place + noise + 0.5 * member).astype(np.float32)
    other = {"logit": logits + np.where(member, -0.5, 0.5)} if both else None
    truth = rng.uniform(size=n_records) < 0.5
    p = 1 / (1 + np.exp(-(place + rng.normal(size=n_records) + 0.5 * truth)))
    proba = np.empty((n_records, 2))
    proba[np.arange(n_records), y], proba[np.arange(n_records), 1 - y] = p, 1 - p
    return ShadowSignals({"logit": logits}, member, other=other), proba, y, truth


def fitted(name, shadows, proba, y, truth, **params):
    attack = ATTACKS[name]("precomputed", shadows=shadows, **params)
    return attack.fit(proba, y, membership=truth)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_blocks_change_no_bit(name, both, monkeypatch):
    data = pool(both=both)
    in_blocks = fitted(name, *data)
    monkeypatch.setattr("skmia.attacks._shadow_targets.BLOCK", 10**9)
    monkeypatch.setattr("skmia.attacks._shadow_base.BLOCK", 10**9)
    at_once = fitted(name, *data)
    assert in_blocks.offset_ == at_once.offset_
    assert in_blocks.offline_offset_ == at_once.offline_offset_
    for one, other in zip(
        in_blocks.score_shadows(every=True),
        at_once.score_shadows(every=True),
        strict=True,
    ):
        for a, b in zip(one, other, strict=True):
            assert_array_equal(a, b)
    _, proba, y, _ = data
    assert_array_equal(
        in_blocks.score_samples(proba, y), at_once.score_samples(proba, y)
    )


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_part_of_the_scores_keeps_the_promise(name, both, monkeypatch):
    data = pool(both=both)
    _, proba, y, truth = data
    everything = fitted(name, *data, max_fpr=0.05)
    monkeypatch.setattr("skmia.attacks._scores._sample._ENOUGH_SCORES", 25_000)
    part = fitted(name, *data, max_fpr=0.05)
    assert part.offset_ != everything.offset_
    assert_array_equal(part.score_samples(proba, y), everything.score_samples(proba, y))
    # Above 5 % are 625 of 12,500 non-members or more, and of 10,000 of the target's
    # 500: five standard errors of both together are 1.5 %.
    for attack in (part, everything):
        assert abs(attack.predict(proba, y)[~truth].mean() - 0.05) < 0.015


@pytest.mark.parametrize("name", ["lira", "rmia"])
def test_memory_beside_the_signals(name, monkeypatch):
    # A part of the scores, as of a million records.
    monkeypatch.setattr("skmia.attacks._scores._sample._ENOUGH_SCORES", 100_000)
    data = pool(n_records=50_000, n_shadows=64)
    size = data[0].signals["logit"].nbytes
    fitted(name, *pool(n_records=100))  # what is imported and made once
    tracemalloc.start()
    try:
        _, proba, y, _ = data
        fitted(name, *data).score_samples(proba, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * size


def test_sums_of_blocks():
    rng = np.random.RandomState(0)
    values = rng.normal(size=(6, N_RECORDS)).astype(np.float32)
    member = rng.uniform(size=values.shape) < 0.5
    outside = ~member
    total = np.where(outside, values, 0).sum(axis=0, dtype=np.float64)
    expected = total / np.maximum(outside.sum(axis=0), 1)
    assert_array_equal(outside_means(values, member), expected)
    assert shadows_move(values)
    assert not shadows_move(np.tile(values[:1], (6, 1)))
