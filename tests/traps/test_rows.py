"""Traps of rows: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from _helpers import halves, noisy_rows
from _helpers.audits import CHEAP
from skmia._tables import hash_rows
from skmia.attacks import (
    LiRAAttack,
    LossThresholdAttack,
)
from skmia.audit import audit_classifier
from skmia.defenses import AdversarialTrainingClassifier


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


@pytest.fixture(scope="module")
def numbers():
    """Noisy rows far from 0, halves as members and others."""
    X, y = noisy_rows(400, seed=3)
    return 3 * X + 5, y, halves(len(y))


def test_rows_that_a_step_of_the_model_writes_in(numbers):
    """A scaler that works in place sees rows that it has scaled before."""
    X, y, member = numbers
    tree = RandomForestClassifier(10, random_state=0)
    model = make_pipeline(StandardScaler(copy=False), tree).fit(X[member], y[member])
    apart = make_pipeline(StandardScaler(), tree).fit(X[member], y[member])
    own = np.arange(len(y)), y
    right = roc_auc_score(member, apart.predict_proba(X)[own])
    scaled = X.copy()
    model.predict(scaled)
    assert right > 0.65
    assert abs(roc_auc_score(member, model.predict_proba(scaled)[own]) - 0.5) < 0.1

    rows = X.copy()
    attack = LossThresholdAttack(FrozenEstimator(model)).fit(rows, y, membership=member)
    assert roc_auc_score(member, attack.score_samples(rows, y)) == right
    np.testing.assert_array_equal(rows, X)
    sides = X[member], y[member], X[~member], y[~member]
    reports = [
        audit_classifier(
            m, *sides, attacks=CHEAP, shadows=4, max_fprs=[0.1], random_state=0
        )
        for m in (model, apart)
    ]
    assert reports[0].figures == reports[1].figures
    defended = AdversarialTrainingClassifier(model, random_state=0).fit(rows, y)
    np.testing.assert_array_equal(rows, X)
    assert defended.score(X.copy(), y) > 0.9


def test_a_side_whose_types_change_when_both_are_joined(numbers):
    """Integers become floats beside a missing value, and "1" becomes "1.0"."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 9, (300, 4)), rng.integers(0, 2, 300)
    member = halves(len(y))
    model = make_pipeline(
        FunctionTransformer(_as_text),
        OneHotEncoder(handle_unknown="ignore"),
        DecisionTreeClassifier(random_state=0),
    ).fit(X[member], y[member])
    others = X[~member].astype(float)
    others[0] = np.nan
    joined = np.concatenate([X[member], others])
    assert model.score(X[member], y[member]) > 0.95
    assert model.score(joined[: member.sum()], y[member]) < 0.7
    with pytest.raises(ValueError, match=r"'int64'.* in X_members"):
        audit_classifier(model, X[member], y[member], others, y[~member], shadows=4)
    # A model that takes numbers for numbers predicts the same, and is audited.
    tree = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    audit_classifier(
        tree, X[member], y[member], others, y[~member], attacks=CHEAP, shadows=4
    )


def _as_text(X):
    return np.asarray(X).astype(str)


@pytest.mark.parametrize("n_values", [0, 1])
@pytest.mark.parametrize("attack", ["loss", "quantile"])
def test_a_column_without_a_value(numbers, attack, n_values):
    """Some releases of scikit-learn cannot bin it; the figure is that without it."""
    X, y, member = numbers
    column = np.full((len(y), 1), np.nan)
    column[:n_values] = 1
    table = np.hstack([X, column])
    tree = RandomForestClassifier(10, random_state=0)
    imputer = SimpleImputer(keep_empty_features=True)
    settings = {"attacks": [attack], "max_fprs": [0.1], "random_state": 0}
    figures = []
    for rows in (table, X):
        model = make_pipeline(imputer, tree).fit(rows[member], y[member])
        sides = rows[member], y[member], rows[~member], y[~member]
        figures.append(audit_classifier(model, *sides, **settings).figures[0].value)
    assert min(figures) > 0.6
    # The forest draws other columns.
    assert figures[0] == pytest.approx(figures[1], abs=0.1)


def test_a_column_that_one_side_has_no_value_in(numbers):
    """It has one value at most, and tells the sides apart."""
    X, y, member = numbers
    table = np.c_[X, np.where(member, np.nan, 1)]
    model = make_pipeline(
        SimpleImputer(keep_empty_features=True), DecisionTreeClassifier(random_state=0)
    ).fit(table[member], y[member])
    sides = table[member], y[member], table[~member], y[~member]
    report = audit_classifier(model, *sides, attacks=["loss"], max_fprs=[0.1])
    assert "blind_classifier" in {guard.name for guard in report.guards}
