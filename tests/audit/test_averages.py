"""Figures averaged over the models of a cross-validation: their intervals."""

import numpy as np
import pytest
from sklearn.model_selection import KFold, LeaveOneOut, RepeatedKFold, ShuffleSplit

from skmia.audit._averages import read
from skmia.audit._evidence import Evidence
from skmia.metrics import get_metric, roc_auc, roc_auc_interval


def evidence(splits, scores):
    """Evidence of the scores of all records under the model of every split."""
    entries = [
        (k, record, inside, said[record])
        for k, (sides, said) in enumerate(zip(splits, scores, strict=True))
        for inside, rows in zip((True, False), sides, strict=True)
        for record in rows
    ]
    target, record, membership, values = map(np.array, zip(*entries, strict=True))
    made = Evidence(
        membership=membership,
        scores={"a": values},
        max_fprs=(0.1,),
        confidence_level=0.95,
        target=target,
        record=record,
    )
    return made, values


def auc(splits, scores):
    made, _ = evidence(splits, scores)
    return read(made, get_metric("auc"), "a")


def test_of_two_folds_each_record_counts_once_on_either_side():
    rng = np.random.RandomState(0)
    fixed, splits = rng.normal(size=200), list(KFold(2).split(np.zeros(200)))
    value, (low, high) = auc(splits, [fixed, fixed])
    assert value == pytest.approx(0.5)
    once = np.repeat([True, False], 200)
    expected = roc_auc_interval(once, np.r_[fixed, fixed])
    assert (low, high) == pytest.approx(expected, abs=0.003)
    # Twenty more models of the same records are no more records.
    splits = list(RepeatedKFold(n_splits=2, n_repeats=11, random_state=0).split(fixed))
    value, more = auc(splits, [fixed] * 22)
    assert value == pytest.approx(0.5)
    assert more == pytest.approx(expected, abs=0.003)


def test_the_mean_of_the_models():
    rng = np.random.RandomState(0)
    splits = list(ShuffleSplit(3, test_size=0.3, random_state=0).split(np.zeros(60)))
    scores = rng.normal(size=(3, 60))
    expected = [
        roc_auc(np.isin(rows := np.r_[train, test], train), said[rows])
        for (train, test), said in zip(splits, scores, strict=True)
    ]
    assert auc(splits, scores)[0] == pytest.approx(np.mean(expected))


def test_extremes_are_not_certain():
    splits = list(KFold(2).split(np.zeros(40)))
    member = np.stack([np.isin(np.arange(40), train) for train, _ in splits])
    # As for one model with twenty independent pairs.
    for sign, value in ((1, 1.0), (-1, 0.0)):
        got, interval = auc(splits, sign * member)
        once = np.repeat([True, False], 20)
        assert got == value
        assert interval == pytest.approx(roc_auc_interval(once, sign * once))
    got, (low, high) = auc(splits, np.zeros((2, 40)))
    assert got == 0.5
    assert low < 0.48 < 0.52 < high


SPLITTERS = {
    "folds": lambda seed: KFold(5, shuffle=True, random_state=seed),
    "repeats": lambda seed: RepeatedKFold(n_splits=2, n_repeats=5, random_state=seed),
    "shuffled": lambda seed: ShuffleSplit(10, test_size=0.2, random_state=seed),
    "one out": lambda _: LeaveOneOut(),
}


@pytest.mark.slow
@pytest.mark.parametrize("cv", SPLITTERS)
@pytest.mark.parametrize(
    ("own", "leak", "noise"), [(1, 0, 0), (1, 0, 1), (0, 0, 1), (1, 0.3, 1)]
)
def test_the_interval_covers(cv, own, leak, noise):
    """What a record is like, what it gains as a member, and noise of each model."""
    n = 40 if cv == "one out" else 120
    found = []
    for seed in range(100):
        rng = np.random.RandomState(seed)
        like, gain = own * rng.normal(size=n), leak * rng.exponential(size=n)
        splits = list(SPLITTERS[cv](seed).split(like))
        scores = like + noise * rng.normal(size=(len(splits), n))
        for (train, _), said in zip(splits, scores, strict=True):
            said[train] += gain[train]
        value, (low, high) = auc(splits, scores)
        found.append((value, low, high))
    value, low, high = np.array(found).T
    truth = value.mean() if leak else 0.5
    # Of 100 at 95 %, four standard deviations.
    assert np.mean((low <= truth) & (truth <= high)) >= 0.87
    assert abs(value.mean() - truth) <= 4 * max(value.std() / 10, 1e-12)


def test_no_advantage_in_any_of_ten_models():
    """Scores without a leak, 30 cross-validations: the interval holds 0.

    The naive reading, the mean of the lower ends, is above 0 in a quarter of them or
    more, as soon as one model of ten is above 0 by chance.
    """
    metric, naive, above = get_metric("advantage"), 0, 0
    for seed in range(30):
        rng = np.random.RandomState(seed)
        like = rng.normal(size=150)
        cv = RepeatedKFold(n_splits=2, n_repeats=5, random_state=seed)
        scores = like + rng.normal(size=(10, 150))
        made, values = evidence(list(cv.split(like)), scores)
        ends = [
            metric.interval(made.membership[of], values[of]).low for of in made.targets
        ]
        naive += np.mean(ends) > 0
        above += read(made, metric, "a")[1].low > 0
    assert naive > 30 * 0.12
    # At most 5 % of 30, and three standard errors.
    assert above <= 5
