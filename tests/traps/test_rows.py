"""Traps of rows: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from _helpers import halves
from skmia._tables import hash_rows
from skmia.attacks import (
    LiRAAttack,
    LossThresholdAttack,
)


@pytest.fixture(scope="module")
def mixed_lists():
    """Rows of a text and numbers as lists, and a model that was fitted on half."""
    rng = np.random.RandomState(0)
    town, age = rng.choice(list("abcdefgh"), 400), rng.randint(20, 60, 400)
    score = rng.randint(0, 5, 400)
    rows = [list(row) for row in zip(town, age.tolist(), score.tolist(), strict=True)]
    y = ((score > 2) ^ (rng.rand(400) < 0.3)).astype(int)
    encoder = OneHotEncoder(handle_unknown="ignore")
    recipe = make_pipeline(encoder, DecisionTreeClassifier(random_state=0))
    # Content that is on both sides would be left out of an audit.
    _, first = np.unique(hash_rows(rows, y), return_index=True)
    rows, y = [rows[i] for i in first], y[first]
    member = halves(len(rows))
    model = recipe.fit([rows[i] for i in np.flatnonzero(member)], y[member])
    return rows, y, member, FrozenEstimator(model)


@pytest.mark.parametrize("attack_class", [LossThresholdAttack, LiRAAttack])
def test_trap_27_rows_of_mixed_lists_as_text(mixed_lists, attack_class):
    rows, y, member, frozen = mixed_lists

    def auc(X):
        attack = attack_class(frozen)
        if "random_state" in attack.get_params():
            attack.set_params(random_state=0)
        scores = attack.fit(X, y, membership=member).score_samples(X, y)
        return roc_auc_score(member, scores)

    # The model has seen numbers, and knows none of the texts "20" to "59".
    assert auc(np.asarray(rows)) == pytest.approx(0.5, abs=0.05)
    assert auc(rows) > 0.65
    assert auc(rows) == pytest.approx(auc(np.array(rows, dtype=object)), abs=1e-12)
