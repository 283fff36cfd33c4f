"""How an audit was made, in its report: enough to repeat it, and no data."""

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import MODEL, SETS, audit
from skmia.audit import AuditReport, audit_cv, audit_learner
from skmia.audit._provenance import describe_parameters, describe_value

X_IN, Y_IN, X_OUT, Y_OUT = SETS


def provenance_of(report):
    return report.to_dict()["provenance"]


def data_of(*sets, model=MODEL):
    return provenance_of(audit(model, sets, attacks=["loss"]))["data"]


def test_an_audit_says_how_it_was_made():
    before = datetime.now(UTC) - timedelta(seconds=1)
    report = audit(attacks=["loss"], random_state=7)
    made = provenance_of(report)
    assert made["date"].endswith("Z")
    assert before <= datetime.fromisoformat(made["date"]) <= datetime.now(UTC)
    assert 0 < made["seconds"] < 600
    assert made["seed"] == 7
    assert made["parameters"] == MODEL.get_params()
    members, others = made["data"]["members"], made["data"]["nonmembers"]
    assert (members["rows"], members["columns"]) == X_IN.shape
    assert (others["rows"], others["columns"]) == X_OUT.shape
    for rows in (members, others):
        assert re.fullmatch("[0-9a-f]{64}", rows["sha256"])
    text = report.summary()
    assert f"180 x 6, sha256 {members['sha256'][:16]}..." in text
    assert re.search(r"\n  seed +7\n", text)
    # Equal audits have an equal text.
    assert made["date"][:10] not in text


@pytest.fixture(scope="module")
def plain():
    return data_of(*SETS)


@pytest.mark.parametrize(
    "container", [list, pd.DataFrame, pl.DataFrame, sparse.csr_array, np.asfortranarray]
)
def test_the_hash_is_of_the_content(plain, container):
    kind = (lambda X: X.tolist()) if container is list else container
    named = container in (pd.DataFrame, pl.DataFrame)
    model = MODEL
    if named:
        model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
        model = model.fit(_frame(container, X_IN), Y_IN)
        kind = lambda X: _frame(container, X)  # noqa: E731
    assert data_of(kind(X_IN), Y_IN, kind(X_OUT), Y_OUT, model=model) == plain


def _frame(container, X):
    return container({f"x{i}": X[:, i] for i in range(X.shape[1])})


def test_the_hash_knows_rows_and_labels_and_not_their_order(plain):
    order = np.random.default_rng(0).permutation(len(Y_IN))
    assert data_of(X_IN[order], Y_IN[order], X_OUT, Y_OUT) == plain
    X, y = X_IN.copy(), Y_IN.copy()
    X[5, 0] += 1e-9
    y[3] = 1 - y[3]
    for changed in ((X, Y_IN), (X_IN, y)):
        data = data_of(*changed, X_OUT, Y_OUT)
        assert data["members"]["sha256"] != plain["members"]["sha256"]
        assert data["nonmembers"] == plain["nonmembers"]


def test_a_cross_validation_has_one_table(plain):
    results = cross_validate(
        make_pipeline(StandardScaler(), LogisticRegression(C=3)),
        X_IN,
        Y_IN,
        cv=ShuffleSplit(2, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    made = provenance_of(audit_cv(results, X_IN, Y_IN, attacks=["loss"]))
    assert made["data"] == {"rows": plain["members"]}
    assert made["parameters"]["logisticregression__C"] == 3
    assert made["parameters"]["logisticregression"] == "LogisticRegression"
    assert made["seconds"] > 0


def test_scores_that_were_made_elsewhere():
    made = provenance_of(AuditReport([1, 0], {"a": [1, 0]}, max_fprs=[0.5]))
    assert made["date"]
    assert (made["seconds"], made["seed"]) == (None, None)
    assert made["data"] == made["parameters"] == {}


class Stored(ClassifierMixin, BaseEstimator):
    def __init__(self, anything=None):
        self.anything = anything


SECRET = "Jane Doe, born 1970"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        ("gini", "gini"),
        ("x" * 500, "x" * 77 + "..."),
        ((100, 50), "(100, 50)"),
        ({"a": 1.5}, "{'a': 1.5}"),
        ([1.0] * 11, "list of 11"),
        ([[1, 2], [3, 4]], "list of 2"),
        (X_IN, f"ndarray of shape {X_IN.shape}"),
        (pd.DataFrame({"name": [SECRET]}), "DataFrame of shape (1, 1)"),
        (pd.Series([SECRET]), "Series of shape (1,)"),
        (LogisticRegression(C=3), "LogisticRegression"),
        (LogisticRegression, "LogisticRegression"),
        (np.log1p, "log1p"),
        (_frame, "_frame"),
        (np.random.RandomState(0), "RandomState"),
    ],
)
def test_parameters_are_short_and_no_data(value, expected):
    assert describe_value(value) == expected
    assert describe_parameters(Stored(value)) == {"anything": expected} | (
        {f"anything__{k}": v for k, v in value.get_params().items()}
        if isinstance(value, BaseEstimator)
        else {}
    )


def test_no_row_and_no_name_in_the_file(tmp_path):
    names = [f"{SECRET} {i}" for i in range(len(Y_IN) + len(Y_OUT))]
    frame = pd.DataFrame(np.concatenate([X_IN, X_OUT]), index=names)
    frame.columns = [f"x{i}" for i in range(frame.shape[1])]
    members, others = frame.iloc[: len(Y_IN)], frame.iloc[len(Y_IN) :]
    table = members.iloc[:9]
    model = make_pipeline(
        FunctionTransformer(kw_args=None, inv_kw_args={"table": table}),
        DecisionTreeClassifier(min_samples_leaf=2, random_state=0),
    ).fit(members, Y_IN)
    report = audit(
        model,
        (members, Y_IN, others, Y_OUT),
        attacks=["loss"],
        groups=(list(members.index), list(others.index)),
    )
    report.to_json(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text() + report.summary()
    assert SECRET not in text
    assert not any(repr(float(x)) in text for x in X_IN[:, 0] if abs(x) > 1e-3)
    made = json.loads((tmp_path / "report.json").read_text())["provenance"]
    assert made["parameters"]["functiontransformer__inv_kw_args"] == "dict of 1"


def test_a_model_whose_parameters_raise():
    class Odd(Stored):
        def get_params(self, deep=True):
            raise RuntimeError("no")

    assert describe_parameters(Odd()) == {}


def test_an_audit_of_a_learner(plain):
    report = audit_learner(
        DecisionTreeClassifier(min_samples_leaf=2),
        X_IN,
        Y_IN,
        n_models=8,
        attacks=["loss"],
        random_state=3,
    )
    made = provenance_of(report)
    assert made["data"] == {"rows": plain["members"]}
    assert made["parameters"]["min_samples_leaf"] == 2
    assert made["seed"] == 3
    assert made["seconds"] > 0
