"""Probabilities of 0 and 1: a part of the way to them is no answer in the hundreds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skmia._models import Saturation
from skmia.attacks import LiRAAttack
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._counterfactual._scaling import settle
from skmia.signals import SATURATED_LOGIT

END = np.float32(SATURATED_LOGIT)
NONE = np.zeros((1, 5), dtype=bool)


def _row(*values):
    return np.array([values], dtype=np.float32)


def test_the_ends_of_a_scale():
    ends = Saturation.of(_row(1, -3, END, np.nan, 2))
    limit = 3 + np.log(2)
    softened = ends.soften(_row(1, -END, END, np.nan, 2))
    assert_allclose(softened, _row(1, -limit, limit, np.nan, 2), rtol=1e-6)
    hardened = ends.harden(_row(1, -limit, 3.1, np.nan, 3.5))
    assert_array_equal(hardened, _row(1, -END, 3, np.nan, END))
    # Where no model was at an end, none is put there.
    ends = Saturation.of(_row(1, -3, 2, 0, 0))
    values = ends.harden(ends.soften(_row(9, -9, END, np.nan, 0)))
    assert_allclose(values, _row(9, -9, limit, np.nan, 0), rtol=1e-6)


def test_an_end_that_only_the_closed_form_tells():
    observed, other = _row(1, -2, 2, 2.9, 3), _row(END, -1, 2, -END, 3)
    told = settle(other, observed, NONE, (0.5, 0.5), 10.0)
    # Half of the way from 1 to 3.69, and from 2.9 to -3.69.
    limit = 3 + np.log(2)
    assert_allclose(told[0, [0, 3]], [(1 + limit) / 2, (2.9 - limit) / 2], rtol=1e-6)


@pytest.mark.parametrize("factor", [0.5, 0.9, None])
def test_a_part_of_the_way_to_the_end(factor):
    observed = _row(1, -2, END, 2.9, 3)
    other = _row(END, -1, 2, END, 3)
    told = settle(other, observed, NONE, (factor, factor), 10.0)
    # The most that a model has said, or an end.
    assert (np.abs(told[told < END]) <= 3).all()
    assert not np.isnan(told).any()
    if factor == 0.5:
        # Half of the way from 1 to 3.69, and from 3.69 to 2.
        assert_allclose(told[0, 0], 1 + (2 + np.log(2)) / 2, rtol=1e-6)
        assert_allclose(told[0, 2], 2 + (1 + np.log(2)) / 2, rtol=1e-6)


def test_what_is_trusted_is_left_as_it_is():
    observed, other = _row(1, -2, END, 2, 3), _row(END, 40, 2, -END, 3)
    assert settle(other, observed, NONE, (1.0, 1.0), 10.0) is other


def _game(seed, n=600, n_columns=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_columns))
    return X, (X[:, 0] + rng.normal(size=n) > 0).astype(int)


@pytest.mark.parametrize("n_models", [4, 8, 16])
@pytest.mark.parametrize(
    ("learner", "n_columns"),
    [
        (RandomForestClassifier(20, random_state=0), 4),
        (RandomForestClassifier(20, random_state=0), 64),
        (DecisionTreeClassifier(random_state=0), 64),
    ],
    ids=["forest", "forest and noise", "tree and noise"],
)
def test_both_sides_find_what_one_side_finds(learner, n_columns, n_models):
    """Where most answers are 0 or 1. The areas of one target have errors of .02, and
    in pairs less; three targets."""
    areas = []
    for seed in range(3):
        X, y = _game(seed, n_columns=n_columns)
        half = len(y) // 2
        target = FrozenEstimator(learner.fit(X[:half], y[:half]))
        membership = np.arange(len(y)) < half
        for counterfactual in ("auto", False):
            models = ShadowModels(n_models, counterfactual=counterfactual)
            attack = LiRAAttack(target, shadows=models, random_state=seed)
            attack.fit(X, y, membership=membership)
            areas.append(roc_auc_score(membership, attack.score_samples(X, y)))
    two_sided, one_sided = np.mean(np.reshape(areas, (3, 2)), axis=0)
    assert one_sided > 0.6
    assert two_sided > one_sided - 0.02


def test_rows_outside_of_the_pool_end_where_those_inside_do():
    X, y = _game(0)
    learner = ExtraTreesClassifier(20, random_state=0)
    models = ShadowModels(8, keep_models=True)
    shadows = fit_shadows(learner, X, y, shadows=models, random_state=1)
    assert shadows.counterfactual_.factor["logit"] != (1.0, 1.0)
    for k in range(8):
        rows = np.flatnonzero(~shadows.member[k])
        inside = shadows.other_side_of(k, X[rows], y[rows])["logit"]
        assert_allclose(inside, shadows.other["logit"][k, rows], rtol=1e-4, atol=1e-4)
