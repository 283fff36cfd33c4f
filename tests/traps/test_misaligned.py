"""Labels, weights or persons that belong to other rows than those beside them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.audit import Policy, audit_classifier, audit_cv
from skmia.exceptions import MisalignedRowsWarning
from skmia.shadows import fit_shadows

N = 200
OTHER_ORDER = "in another order, and rows are taken by position"


@pytest.fixture(scope="module")
def rows():
    X, y = make_classification(2 * N, flip_y=0.3, random_state=0)
    frame = pd.DataFrame(X).add_prefix("c")
    tree = DecisionTreeClassifier(max_depth=6, random_state=0)
    return frame, pd.Series(y, name="y"), tree.fit(frame[:N], y[:N])


def audit(rows, y_members, y_nonmembers=None, **settings):
    X, y, model = rows
    y_nonmembers = y[N:] if y_nonmembers is None else y_nonmembers
    sides = X[:N], y_members, X[N:], y_nonmembers
    return audit_classifier(model, *sides, attacks=["loss"], random_state=0, **settings)


def shuffled(values, seed=0):
    return values.sample(frac=1, random_state=seed)


def auc_of(report):
    return next(f.value for f in report.figures if f.metric == "auc")


def test_labels_in_another_order_read_as_safe(rows):
    """By position, as without an index, half of what leaks is not read."""
    _, y, _ = rows
    right = audit(rows, y[:N])
    assert auc_of(right) > 0.64
    assert "members_at_chance" not in {g.name for g in right.guards}
    wrong = audit(rows, shuffled(y[:N]).to_numpy(), shuffled(y[N:]).to_numpy())
    assert auc_of(wrong) < 0.57
    assert "members_at_chance" in {g.name for g in wrong.guards}
    # A gate that looks at the figure alone opens.
    assert all(f.high < 0.64 for f in wrong.figures if f.metric == "auc")
    decision = wrong.decide(Policy(max_auc=0.64))
    assert decision.outcome == "revise"
    assert "members_at_chance" in decision.reasons[0]
    with pytest.raises(ValueError, match=f"index of y_members .* {OTHER_ORDER}"):
        audit(rows, shuffled(y[:N]))
    with pytest.raises(ValueError, match=f"index of y_nonmembers .* {OTHER_ORDER}"):
        audit(rows, y[:N], shuffled(y[N:]))


def test_a_model_that_ranks_rare_patients_is_not_at_chance():
    """It answers almost always that they are well, and rightly so."""
    X, y = make_classification(
        2000, 20, n_informative=5, weights=[0.96], class_sep=1.0, random_state=1
    )
    model = LogisticRegression(C=0.1).fit(X[:1000], y[:1000])
    report = audit_classifier(
        model, X[:1000], y[:1000], X[1000:], y[1000:], attacks=["loss"]
    )
    assert 0 < model.predict(X[:1000]).sum() < 0.1 * y[:1000].sum()
    assert "members_at_chance" not in {g.name for g in report.guards}


def test_a_rare_class_hides_no_labels_in_another_order(rows):
    """It switched the guard off: half of what leaks was not read, in silence."""
    X, y, _ = rows
    y = y.to_numpy().copy()
    y[[*range(6), *range(N, N + 6)]] = y.max() + 1
    model = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
    model.fit(X[:N], y[:N])
    given = X, y, model
    order = np.random.default_rng(0).permutation(N)
    right = audit(given, y[:N], y[N:])
    wrong = audit(given, y[:N][order], y[N:][order])
    assert auc_of(wrong) < auc_of(right) - 0.05
    assert "members_at_chance" not in {g.name for g in right.guards}
    assert "members_at_chance" in {g.name for g in wrong.guards}


def test_labels_of_the_members_alone_in_another_order(rows):
    _, y, _ = rows
    found = {g.name for g in audit(rows, shuffled(y[:N]).to_numpy()).guards}
    assert {"members_at_chance", "members_less_accurate"} <= found


def test_an_index_of_other_labels_is_a_warning(rows):
    _, y, _ = rows
    right = audit(rows, y[:N])
    with pytest.warns(MisalignedRowsWarning, match="index of y_nonmembers") as caught:
        found = audit(rows, y[:N], y[N:].reset_index(drop=True))
    assert [w.filename for w in caught] == [__file__]
    assert "200 of its 200 labels are not there" in str(caught[0].message)
    assert auc_of(found) == auc_of(right)


def weighted(weights):
    return {
        "fit_params": {"sample_weight": (weights, weights.set_axis(range(N, 2 * N)))}
    }


def test_weights_and_persons_too(rows):
    _, y, _ = rows
    ones = pd.Series(np.ones(N))
    audit(rows, y[:N], **weighted(ones))
    with pytest.raises(
        ValueError, match=rf"fit_params\['sample_weight'\] .*{OTHER_ORDER}"
    ):
        audit(rows, y[:N], **weighted(shuffled(ones)))
    persons = pd.Series(np.arange(N))
    with pytest.raises(ValueError, match=f"index of groups .*{OTHER_ORDER}"):
        audit(rows, y[:N], groups=(shuffled(persons), np.arange(N, 2 * N)))


def run_cv(X, y):
    cv = RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
    tree = DecisionTreeClassifier(random_state=0)
    results = cross_validate(
        tree, X, y.loc[X.index], cv=cv, return_estimator=True, return_indices=True
    )
    audit_cv(results, X, y, attacks=["loss"], random_state=0)


def score(X, y, model):
    attack = LossThresholdAttack(FrozenEstimator(model)).fit(X, y.loc[X.index])
    attack.score_samples(X, y)


@pytest.mark.parametrize(
    "call",
    [
        lambda X, y, model: fit_shadows(model, X, y, shadows=4),
        lambda X, y, model: LiRAAttack(FrozenEstimator(model), shadows=4).fit(X, y),
        lambda X, y, model: run_cv(X, y),
        score,
    ],
    ids=["fit_shadows", "fit", "audit_cv", "score_samples"],
)
def test_every_entry_refuses_another_order(rows, call):
    X, y, model = rows
    with pytest.raises(ValueError, match=f"index of y .* {OTHER_ORDER}"):
        call(X, shuffled(y), model)


def test_what_has_no_index_goes_by_position(rows):
    X, y, model = rows
    given = y.to_numpy(), pl.Series(y.to_list()), y.tolist()
    attack = LossThresholdAttack(FrozenEstimator(model))
    offsets = {attack.fit(X, labels).offset_ for labels in given}
    assert len(offsets) == 1


MISSING = {
    "nan": np.array(["a", np.nan, "b"] * 20, dtype=object),
    "None": np.array(["a", None, "b"] * 20, dtype=object),
    "pandas": pd.Series(["a", None, "b"] * 20, dtype="string"),
    "category": pd.Series(["a", None, "b"] * 20, dtype="category"),
    "polars": pl.Series(["a", None, "b"] * 20),
}


@pytest.mark.parametrize("y", MISSING.values(), ids=MISSING)
def test_missing_labels_are_counted_by_name(y):
    """NumPy ends in "'<' not supported between float and str"."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    whole = ["a", "b", "b"] * 20
    tree = DecisionTreeClassifier(random_state=0).fit(X, whole)
    message = "'{}' parameter contains NaN: 20 of its 60 labels are missing"
    for name, labels in (("y_members", (y, whole)), ("y_nonmembers", (whole, y))):
        with pytest.raises(ValueError, match=message.format(name)):
            audit_classifier(tree, X, labels[0], X + 1, labels[1])
    for call in (
        lambda: LiRAAttack(FrozenEstimator(tree)).fit(X, y),
        lambda: fit_shadows(DecisionTreeClassifier(), X, y, shadows=4),
    ):
        with pytest.raises(ValueError, match=message.format("y")):
            call()


def test_rows_without_an_index_and_persons_in_another_order(rows):
    """The labels say the order of an array, as long as they have an index."""
    X, y, model = rows
    model = DecisionTreeClassifier(max_depth=6).fit(X[:N].to_numpy(), y[:N])
    persons = pd.Series(np.arange(2 * N) // 2, name="who")
    tables = X.to_numpy(), y, model
    pair = shuffled(persons[:N]), persons[N:]
    with pytest.raises(ValueError, match=f"index of groups .* y_members {OTHER_ORDER}"):
        audit(tables, y[:N], groups=pair)
    with pytest.raises(ValueError, match=f"index of groups .* of y {OTHER_ORDER}"):
        fit_shadows(model, X.to_numpy(), y, groups=shuffled(persons), shadows=2)
    with pytest.raises(ValueError, match=f"index of groups .* of y {OTHER_ORDER}"):
        LossThresholdAttack(model).fit(X.to_numpy(), y, groups=shuffled(persons))
    audit(tables, y[:N], groups=(persons[:N], persons[N:]))
