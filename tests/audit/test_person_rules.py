"""How the scores of a person's rows are put together, and who chooses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from _helpers.persons import persons_of, split
from skmia.attacks import (
    CalibratedLossAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.audit._persons import Rule, choose_rules
from skmia.shadows import ShadowSignals

PERSONS = np.array([1, 0, 1, 1, 2, 2])
SCORES = np.array([4.0, 7.0, 1.0, 3.0, -1.0, 5.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [7, 8 / 3, 2]),
        ("sum", [5, 2, 0]),  # above a centre of 2
        ("half", [7, 3.5, 5]),
        ("top_2", [7, 3.5, 2]),
        ("max", [7, 4, 5]),
    ],
)
def test_rules_by_hand(name, expected):
    assert_allclose(Rule(name, 2.0).scores(SCORES, PERSONS), expected)


class Played:
    """An attack with given scores of shadows."""

    def __init__(self, plays):
        self.plays = plays

    def score_shadows(self):
        yield from self.plays


def plays_of(leak, sizes=6, n_persons=200, n_plays=8, seed=0):
    """Scores of rows, higher for members as `leak` has it by person and row."""
    rng = np.random.RandomState(seed)
    persons = np.repeat(np.arange(n_persons), sizes)
    number = np.arange(len(persons)) - np.searchsorted(persons, persons)
    plays = []
    for _ in range(n_plays):
        member = (rng.permutation(n_persons) < n_persons / 2)[persons]
        scores = rng.normal(size=len(persons)) + leak(number) * member
        plays.append((np.arange(len(persons)), member, scores))
    return persons, plays


def chosen(persons, plays):
    kept = np.arange(len(persons))
    return choose_rules({"one": Played(plays)}, None, persons, kept)["one"].name


def test_the_mean_stands_where_all_rows_leak_alike():
    assert chosen(*plays_of(lambda number: 0.3)) == "mean"


def test_the_highest_rows_where_one_row_leaks():
    assert chosen(*plays_of(lambda number: 5.0 * (number == 0))) in ("max", "top_2")


def test_the_sum_where_persons_have_very_different_numbers_of_rows():
    sizes = np.random.RandomState(1).choice([1, 40], size=200)
    assert chosen(*plays_of(lambda number: 0.5, sizes)) == "sum"


@pytest.mark.parametrize("seed", range(5))
def test_chance_chooses_no_rule_that_is_better_by_far(seed):
    """Of a null, whatever is chosen reads nothing on rows that did not choose it."""
    persons, plays = plays_of(lambda number: 0.0, seed=seed)
    rule = Rule(chosen(persons, plays))
    _, fresh = plays_of(lambda number: 0.0, seed=100 + seed, n_plays=20)
    first = np.unique(persons, return_index=True)[1]
    gaps = [
        rule.scores(s, persons)[m[first]].mean()
        - rule.scores(s, persons)[~m[first]].mean()
        for _, m, s in fresh
    ]
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / np.sqrt(20)


def test_without_shadows_it_is_the_mean():
    persons = np.repeat(np.arange(20), 3)
    rules = choose_rules({"loss": object()}, None, persons, np.arange(60))
    assert rules["loss"].name == "mean"


def test_rows_that_are_sampled_and_rows_that_are_left_out():
    """An attack may judge a sample, and figures are not about all of the pool."""
    persons, plays = plays_of(lambda number: 5.0 * (number == 0))
    some = np.arange(len(persons)) % 7 > 0
    plays = [(rows[some], member[some], scores[some]) for rows, member, scores in plays]
    kept = np.flatnonzero(persons < 150)
    rules = choose_rules({"one": Played(plays)}, None, persons, kept)
    assert rules["one"].name in ("max", "top_2")


def test_the_threshold_on_a_signal_has_the_rule_of_the_shadows_signal():
    persons, plays = plays_of(lambda number: 5.0 * (number == 0))
    logit = np.stack([scores for _, _, scores in plays])
    member = np.stack([m for _, m, _ in plays])
    shadows = ShadowSignals({"logit": logit}, member)
    attacks = {
        "loss": LossThresholdAttack(None),
        "unknown": LossThresholdAttack(None, signal="entropy"),
        "quantile": QuantileAttack(None),
        "other": object(),
    }
    rules = choose_rules(attacks, shadows, persons, np.arange(len(persons)))
    assert rules["loss"].name in ("max", "top_2")
    # The shadows hold no entropy, and say nothing on the scale of the others.
    assert {rules[name].name for name in ("unknown", "quantile", "other")} == {"mean"}


ATTACKS_WITH_SHADOWS = [
    LiRAAttack(None),
    LiRAAttack(None, mode="offline"),
    LiRAAttack(None, signal="loss"),
    RMIAAttack(None),
    CalibratedLossAttack(None),
    StackedAttack(None),
    ShadowClassifierAttack(None),
]


@pytest.mark.parametrize("attack", ATTACKS_WITH_SHADOWS, ids=repr)
def test_attacks_judge_shadows_on_the_scale_of_the_target(attack):
    X, y, groups = persons_of(np.full(120, 4), by_row=False)
    member = split(groups)
    model = LogisticRegression(C=10, max_iter=300).fit(X[member], y[member])
    attack = clone(attack).set_params(
        estimator=FrozenEstimator(model), shadows=16, random_state=0, max_fpr=0.1
    )
    attack.fit(X, y, membership=member, groups=groups)
    scores = attack.score_samples(X, y)
    own = [scores[~member].mean(), scores[member].mean()]
    plays = np.array(
        [[s[~m].mean(), s[m].mean()] for _, m, s in attack.score_shadows()]
    )
    assert len(plays) >= 8
    # Within the spread over the shadows, of which the target is another one.
    assert (np.abs(own - plays.mean(axis=0)) < 4 * plays.std(axis=0)).all()
