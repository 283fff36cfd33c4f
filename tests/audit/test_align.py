"""What is said of the rows afterwards goes to the records that it belongs to."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import N_IN, SETS, audit
from skmia.audit import AuditReport, audit_cv
from skmia.audit._report._align import align_rows
from skmia.exceptions import MisalignedRowsWarning

X_IN, Y_IN, X_OUT, Y_OUT = SETS


def aligned_values(values, evidence, name):
    """One value for each record."""
    return np.asarray(align_rows(values, evidence, name)[0])


def frames():
    frame = pd.DataFrame(np.concatenate([X_IN, X_OUT]))
    frame.index = [f"person {i}" for i in range(len(frame))]
    return frame.iloc[:N_IN], frame.iloc[N_IN:]


@pytest.fixture(scope="module")
def evidence():
    """Of an audit that leaves two rows out: one is on both sides."""
    X_out, y_out = X_OUT.copy(), Y_OUT.copy()
    X_out[7], y_out[7] = X_IN[3], Y_IN[3]
    report = audit(sets=(X_IN, Y_IN, X_out, y_out), attacks=["loss"])
    return report._evidence


def test_values_of_rows_that_were_left_out_are_left_out(evidence):
    number = np.arange(N_IN), np.arange(len(Y_OUT)) + 1000
    aligned = aligned_values(number, evidence, "numbers")
    assert aligned.tolist() == [
        *(i for i in number[0] if i != 3),
        *(i for i in number[1] if i != 1007),
    ]
    X, checked = align_rows((X_IN, X_OUT), evidence, "X")
    assert checked
    assert (np.delete(np.concatenate([X_IN, X_OUT]), [3, N_IN + 7], axis=0) == X).all()
    labels = aligned_values((Y_IN, list(Y_OUT)), evidence, "y")
    assert (labels == evidence.labels).all()


def test_frames_keep_their_container(evidence):
    aligned, _ = align_rows(frames(), evidence, "X")
    assert aligned.index[0] == "person 0"
    assert "person 3" not in aligned.index


@pytest.mark.parametrize("X", [(X_IN, X_OUT), (Y_IN, Y_OUT)], ids=["X", "y"])
def test_wrong_shapes_are_named(evidence, X):
    with pytest.raises(ValueError, match="'columns' parameter must be a pair"):
        align_rows(X[0], evidence, "columns")
    with pytest.raises(ValueError, match=r"180 and 120. Got 180 and 119 instead"):
        align_rows((X[0], X[1][1:]), evidence, "columns")


def test_one_value_for_each_row():
    report = audit(sets=SETS, attacks=["loss"])
    with pytest.raises(ValueError, match=r"one value per row. Got an array of shape"):
        report.subgroups({"column": (X_IN, X_OUT)})


def test_rows_in_another_order_are_refused():
    members, others = frames()
    sets = (members, Y_IN, others, Y_OUT)
    model = DecisionTreeClassifier(min_samples_leaf=2).fit(members, Y_IN)
    evidence = audit(model, sets, attacks=["loss"])._evidence
    ages = members[0], others[0]
    assert aligned_values(ages, evidence, "ages").tolist() == [*ages[0], *ages[1]]
    with pytest.raises(ValueError, match="in another order"):
        aligned_values((ages[0][::-1], ages[1]), evidence, "ages")
    with pytest.raises(ValueError, match="in another order"):
        align_rows((members[::-1], others), evidence, "X")
    with pytest.warns(MisalignedRowsWarning):
        aligned_values(
            (ages[0].reset_index(drop=True), ages[1].reset_index(drop=True)),
            evidence,
            "ages",
        )
    # By position, where the user says so.
    plain = aligned_values((ages[0].to_numpy(), ages[1].to_numpy()), evidence, "ages")
    assert plain.tolist() == [*ages[0], *ages[1]]


def test_of_a_cross_validation_it_is_one_table():
    results = cross_validate(
        DecisionTreeClassifier(min_samples_leaf=2, random_state=0),
        *SETS[:2],
        cv=ShuffleSplit(3, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    report = audit_cv(results, *SETS[:2], attacks=["loss"])
    aligned = aligned_values(np.arange(N_IN), report._evidence, "numbers")
    assert aligned.tolist() == report.records().index.tolist()
    rows, _ = align_rows(X_IN, report._evidence, "X")
    assert (rows == X_IN[aligned]).all()
    with pytest.raises(ValueError, match=r"180. Got 2 instead"):
        aligned_values((Y_IN, Y_OUT), report._evidence, "numbers")


def test_of_scores_it_is_one_table():
    report = AuditReport([1, 1, 0, 0], {"a": [3, 2, 1, 0]}, max_fprs=[0.5])
    assert aligned_values(list("abcd"), report._evidence, "x").tolist() == list("abcd")


@pytest.mark.parametrize(
    "index",
    [
        pd.MultiIndex.from_product([range(100), ["first", "second", "third"]]),
        pd.date_range("2020-01-01", periods=300, tz="Europe/Berlin"),
        pd.Index([0] * 300),
        pd.CategoricalIndex([f"p{i}" for i in range(300)]),
        pd.Index([None, *range(299)], dtype=object),
    ],
    ids=["levels", "times", "one name", "categories", "missing"],
)
def test_any_kind_of_index(index):
    frame = pd.DataFrame(np.concatenate([X_IN, X_OUT]), index=index)
    frame.columns = [f"x{i}" for i in range(frame.shape[1])]
    members, others = frame.iloc[:N_IN], frame.iloc[N_IN:]
    model = DecisionTreeClassifier(min_samples_leaf=2).fit(members, Y_IN)
    report = audit(model, (members, Y_IN, others, Y_OUT), attacks=["loss"])
    evidence = pickle.loads(pickle.dumps(report))._evidence
    column = members["x0"], others["x0"]
    assert aligned_values(column, evidence, "x0").tolist() == frame["x0"].tolist()
    assert align_rows((members, others), evidence, "X")[0].equals(frame)
