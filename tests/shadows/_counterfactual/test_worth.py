"""Closed forms with which attacks find less than without them are left out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from skmia.attacks import LiRAAttack
from skmia.shadows import draw_design, fit_shadows
from skmia.shadows._counterfactual._worth import _Sides, finds_less


def _worlds(n_shadows, n=400, seed=0, told=1.0):
    """Values that are 1 higher inside, and what a closed form knows of it."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    member = draw_design(y, n_shadows, 0.5, np.random.RandomState(seed))
    level = rng.normal(size=n)
    own = level + member + 0.5 * rng.normal(size=member.shape)
    there = own + told * np.where(member, -1, 1)
    return there, own, member, np.arange(n)


@pytest.mark.parametrize("n_shadows", [6, 7, 8, 16, 64])
def test_a_form_that_knows_the_gap_is_kept(n_shadows):
    assert not finds_less(*_worlds(n_shadows))


@pytest.mark.parametrize("n_shadows", [8, 9, 16, 64])
@pytest.mark.parametrize("told", [0.0, -0.3])
def test_a_form_that_knows_nothing_of_it_is_found(n_shadows, told):
    assert finds_less(*_worlds(n_shadows, told=told))


def test_few_shadows_are_not_compared():
    assert not finds_less(*_worlds(4, told=-1.0))


def test_nothing_is_decided_where_nothing_leaks():
    """Shadows are judged by the same others, so that their errors are not the whole."""
    found = 0
    for seed in range(200):
        _, own, member, records = _worlds(8, n=100, seed=seed)
        own = own - member
        found += finds_less(own, own, member, records)
    assert found <= 4


def test_the_ratio_is_that_of_the_other_shadows():
    _, own, member, _ = _worlds(8, n=40)
    sides = _Sides((own, own), (member, ~member))
    told = sides.ratio(own[3], [2, 3])
    rest = np.delete(np.arange(8), [2, 3])
    for i in range(0, 40, 7):
        density = []
        for side in (member, ~member):
            values = [own[rest][side[rest, j], j] for j in range(40)]
            left = [((v - v.mean()) ** 2).sum() for v in values]
            free = [len(v) - 1 for v in values]
            typical = sum(left) / sum(free)
            variance = (left[i] + 4 * typical) / (free[i] + 4)
            away = own[3, i] - values[i].mean()
            density.append(-np.log(variance) / 2 - away**2 / (2 * variance))
        assert np.isclose(told[i], density[0] - density[1])
    assert not np.isclose(told, sides.ratio(own[3], [])).any()


@pytest.mark.parametrize("n_models", [8, 16])
def test_what_a_step_learns_of_a_record_is_not_lost(n_models):
    """An encoder that knows each row's own text, which the closed form leaves out."""
    rng = np.random.default_rng(0)
    n = 400
    number = rng.permutation(rng.choice(10**6, n, replace=False))
    y = rng.integers(0, 2, 12)[number * 12 // 10**6] ^ (rng.random(n) < 0.15)
    X = pd.DataFrame({"when": [f"{v:06d}" for v in number]})
    X = X.assign(x=rng.normal(size=n) * 0.01)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((encoder, ["when"]), remainder="passthrough")
    learner = make_pipeline(columns, GaussianNB())
    shadows = fit_shadows(learner, X, y, shadows=n_models, random_state=0)
    assert not shadows.counterfactual_.used
    assert "find less" in shadows.counterfactual_.why_not
    target = FrozenEstimator(learner.fit(X[:200], y[:200]))
    membership = np.arange(n) < 200
    attack = LiRAAttack(target, shadows=shadows, random_state=0)
    attack.fit(X, y, membership=membership)
    assert roc_auc_score(membership, attack.score_samples(X, y)) > 0.85
