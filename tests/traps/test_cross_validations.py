"""Traps of the models of a cross-validation: the wrong reading first.

The models ignore their data: an attack that tells members from non-members reads the
design in their place, on the safe side or on the other.
"""

import warnings

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedShuffleSplit,
)

from _helpers import confidence
from _helpers.audits import CHEAP
from _helpers.blind import cross_validated, records
from skmia.attacks import LiRAAttack
from skmia.audit import audit_cv
from skmia.metrics import roc_auc
from skmia.shadows import ShadowSignals


def pooled(results, X, y, rng):
    """LiRA, each record once as a member and once as a non-member of some model."""
    n, models = len(y), results["estimator"]
    member = np.stack([np.isin(np.arange(n), k) for k in results["indices"]["train"]])
    own = np.stack([confidence(model, X, y) for model in models])
    scores = np.empty(member.shape)
    for k, model in enumerate(models):
        others = np.delete(np.arange(len(models)), k)
        shadows = ShadowSignals(
            {"logit": np.log(own / (1 - own))[others]}, member[others]
        )
        attack = LiRAAttack(FrozenEstimator(model), shadows=shadows)
        attack.fit(X, y, membership=member[k])
        scores[k] = attack.score_samples(X, y)
    sides = []
    for side in (member, ~member):
        drawn = np.where(side, rng.uniform(size=side.shape), -1).argmax(axis=0)
        there = side.any(axis=0)
        sides.append(scores[drawn, np.arange(n)][there])
    return roc_auc(
        np.repeat([True, False], list(map(len, sides))), np.concatenate(sides)
    )


def area(results, X, y, attack):
    """The AUC, with an interval of four standard errors to either side."""
    settings = {"max_fprs": (0.1,), "confidence_level": 0.9999, "random_state": 0}
    report = audit_cv(results, X, y, attacks=[attack], **settings)
    (figure,) = (f for f in report.figures if f.metric == "auc" and f.attack == attack)
    return figure


@pytest.mark.parametrize("test_size", [0.2, 0.5])
def test_trap_41_the_count_of_the_others_tells_the_side(test_size):
    naive, found = [], []
    for seed in range(3):
        X, y = records(120, seed)
        cv = StratifiedShuffleSplit(10, test_size=test_size, random_state=seed)
        results = cross_validated(cv.split(X, y), X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            naive.append(pooled(results, X, y, np.random.RandomState(seed)))
        found.append(area(results, X, y, "lira"))
    # Nothing leaks. An attack that is this far from guessing was never safe.
    assert max(naive) < 0.42
    assert all(figure.low < 0.5 < figure.high for figure in found)


def test_trap_41_a_model_that_is_missing_from_a_repeat():
    naive, found = [], []
    for seed in range(3):
        X, y = records(120, seed)
        splits = list(
            RepeatedKFold(n_splits=2, n_repeats=6, random_state=seed).split(X)
        )
        results = cross_validated(splits[:-1], X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            naive.append(pooled(results, X, y, np.random.RandomState(seed)))
        found.append(area(results, X, y, "lira"))
    assert np.mean(naive) < 0.48
    assert all(figure.low < 0.5 < figure.high for figure in found)


def test_trap_43_copies_that_are_dropped_where_they_are_held_out():
    """Of frequent rows none is held out without a copy that was trained on."""
    naive, found = [], []
    for seed in range(3):
        rng = np.random.RandomState(seed)
        bits = rng.uniform(size=(600, 8)) < np.linspace(0.1, 0.5, 8)
        # The model knows frequent rows well, before any training: more zeros.
        X = np.c_[3.0 - bits.sum(axis=1), bits].astype(float)
        y = np.ones(600, dtype=int)
        y[:60] = 0
        results = cross_validated(
            KFold(2, shuffle=True, random_state=seed).split(X), X, y
        )
        code = bits @ (2 ** np.arange(8)) * 2 + y
        once = np.isin(
            code, np.unique(code)[np.unique(code, return_counts=True)[1] == 1]
        )
        own = confidence(results["estimator"][0], X, y)
        for train, test in zip(*results["indices"].values(), strict=True):
            new = test[~np.isin(code[test], code[train])]
            member = np.repeat([True, False], [len(train), len(new)])
            naive.append(roc_auc(member, own[np.r_[train, new]]))
        figure = area(results, X, y, "loss")
        found.append(figure)
        assert 20 < once.sum() < 200
    assert np.mean(naive) > 0.6
    assert all(figure.low < 0.5 < figure.high for figure in found)


def test_a_few_copies_do_not_make_splits_dependent():
    """What has a copy is trained on more often, in the target and in the others."""
    X, y = records(320, 0)
    twice = np.r_[np.arange(320), np.arange(80)]
    X, y = X[twice], y[twice]
    for seed in range(3):
        cv = ShuffleSplit(10, test_size=0.5, random_state=seed)
        results = cross_validated(cv.split(X), X, y)
        seen = np.stack(
            [np.isin(twice, twice[train]) for train in results["indices"]["train"]]
        )
        others = seen.sum(axis=0) - seen
        z = [
            np.corrcoef(a, b)[0, 1] * np.sqrt(400)
            for a, b in zip(seen, others, strict=True)
        ]
        assert max(z) > 4
        report = audit_cv(results, X, y, attacks=CHEAP, max_fprs=(0.1,), random_state=0)
        assert "lira" in report.attacks
        (guard,) = (g for g in report.guards if g.name == "duplicate_rows")
        assert guard.count == 160
