"""Whole tables in a model, in forms that are found and in forms that are not."""

import io
import pickle
from collections import deque

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, Policy, audit_structure

N = 300


def make_table(seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({f"f{j}": rng.integers(0, 50, N) for j in range(8)})
    return table, (table["f0"] + rng.integers(0, 50, N) > 50).to_numpy().astype(int)


X, y = make_table()


def as_parquet(X):
    file = io.BytesIO()
    X.to_parquet(file)
    return file.getvalue()


def kept_by_a_function(X):
    return lambda: X


# What is stored, of rows X and labels y.
FOUND = {
    "ids and labels": lambda X, y: X.assign(patient=np.arange(N) + 10**5, label=y),
    "ids first": lambda X, y: np.c_[np.arange(N), y, X],
    "other order": lambda X, y: np.c_[y, X.to_numpy()[:, ::-1], y],
    "deque": lambda X, y: deque(map(tuple, X.to_numpy())),
    "records": lambda X, y: X.to_dict("records"),
    "recarray": lambda X, y: X.to_records(index=False),
    "chunks": lambda X, y: X.to_numpy().reshape(-1, 10, 8),
    "series": lambda X, y: dict(X.iterrows()),
    "columns": lambda X, y: {name: X[name].to_numpy() for name in X},
    "numbers as text": lambda X, y: X.astype(str),
    "lines": lambda X, y: [",".join(map(str, row)) for row in X.to_numpy()],
    "csv": lambda X, y: X.to_csv(),
    "csv bytes": lambda X, y: X.to_csv().encode(),
    "raw bytes": lambda X, y: X.to_numpy(dtype=float).tobytes(),
    "flat": lambda X, y: X.to_numpy().ravel().tolist(),
}
NOT_READ = {
    "parquet": lambda X, y: as_parquet(X),
    "pickle": lambda X, y: pickle.dumps(X),
    "scaled": lambda X, y: X.to_numpy() * 2.5 + 0.1,
    "complex": lambda X, y: X.to_numpy() * 1j,
    "closure": lambda X, y: kept_by_a_function(X),
}


class Keeps(ClassifierMixin, BaseEstimator):
    """Answers by a linear model, and keeps its rows in some form."""

    def __init__(self, form=""):
        self.form = form

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LogisticRegression(max_iter=500).fit(X, y)
        if self.form:
            self.kept_ = (FOUND | NOT_READ)[self.form](X, y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def predict(self, X):
        return self.model_.predict(X)


def decide(structure, *checks):
    """What a policy says of scores that tell nothing, with the structure."""
    scores = [*reversed(range(200)), *range(200)]
    report = AuditReport([True] * 200 + [False] * 200, {"flat": scores})
    policy = Policy(max_auc=0.9, structure=checks)
    return report.including(structure).decide(policy).outcome


@pytest.mark.parametrize("form", FOUND)
def test_a_whole_table_is_found_in_any_form(form):
    """Once "nothing found", so that the model could be released."""
    structure = audit_structure(Keeps(form).fit(X, y), X, y)
    found = structure.found("carried_rows")
    assert (found.outcome, found.count, found.of) == ("risk", N, N)
    assert "kept_" in found.message
    assert decide(structure, "carried_rows") == "refuse"


@pytest.mark.parametrize("form", NOT_READ)
def test_what_has_room_for_rows_and_is_not_read_is_not_measured(form):
    """Once "nothing found", too."""
    structure = audit_structure(Keeps(form).fit(X, y), X, y)
    found = structure.found("carried_rows")
    assert found.outcome == "not_measured"
    assert "kept_" in found.message
    assert decide(structure, "carried_rows") == "revise"


@pytest.mark.parametrize("form", ["csv", "ids and labels", "parquet"])
def test_what_was_put_into_a_model_of_a_library(form):
    model = LogisticRegression(max_iter=500).fit(X, y)
    model.kept_ = (FOUND | NOT_READ)[form](X, y)
    found = audit_structure(model, X, y).found("carried_rows")
    assert found.outcome == ("risk" if form in FOUND else "not_measured")


@pytest.mark.parametrize("form", ["ids and labels", "deque", "csv", "columns"])
def test_other_rows_of_the_same_source_are_no_training_rows(form):
    """Room for rows, and none of them: columns have the same values by chance."""
    found = audit_structure(Keeps(form).fit(*make_table(1)), X, y).found("carried_rows")
    assert (found.outcome, found.count) == ("not_measured", None)


def test_rows_in_as_many_attributes():
    model = Keeps().fit(X, y)
    for i in range(100):
        setattr(model, f"row_{i}", X.iloc[i].tolist())
    found = audit_structure(model, X, y).found("carried_rows")
    assert (found.outcome, found.count) == ("risk", 100)
    assert "row_0 to row_99" in found.message


def test_a_model_around_another_that_keeps_nothing():
    structure = audit_structure(Keeps().fit(X, y), X, y)
    assert structure.found("carried_rows").outcome == "nothing_found"
    assert structure.found("small_leaves").outcome == "not_applicable"
    assert decide(structure, "carried_rows", "rows_per_parameter") == "release"


class Decoy(ClassifierMixin, BaseEstimator):
    """Answers by a grown tree of its own, and holds a linear model for show."""

    def __init__(self, form="dict"):
        self.form = form

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.shown_ = LogisticRegression(max_iter=20).fit(X, y)
        grown = DecisionTreeClassifier(random_state=0).fit(X, y)
        tree = grown.tree_
        self.tree_ = {
            "dict": lambda: self._node(tree, 0),
            "arrays": lambda: {
                "left": tree.children_left.copy(),
                "right": tree.children_right.copy(),
                "column": tree.feature.copy(),
                "at": tree.threshold.copy(),
                "value": tree.value[:, 0].copy(),
            },
            "pickle": lambda: pickle.dumps(grown),
            "tree": lambda: [tree],
        }[self.form]()
        return self

    def _node(self, tree, i):
        if tree.children_left[i] < 0:
            return {"shares": tree.value[i, 0].tolist()}
        return {
            "column": int(tree.feature[i]),
            "at": float(tree.threshold[i]),
            "left": self._node(tree, tree.children_left[i]),
            "right": self._node(tree, tree.children_right[i]),
        }

    def predict(self, X):
        return self.shown_.predict(X)


@pytest.mark.parametrize("form", ["dict", "arrays", "pickle", "tree"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_linear_model_for_show_does_not_stand_for_a_tree(form):
    """Once "not applicable" and "nothing found", which were of the linear model."""
    rows, labels = load_breast_cancer(return_X_y=True)
    structure = audit_structure(Decoy(form).fit(rows, labels), rows, labels)
    for check in ("small_leaves", "rows_per_parameter"):
        found = structure.found(check)
        assert (found.outcome, found.model) == ("not_measured", "Decoy")
        assert decide(structure, check) == "revise"


class Grown(RandomForestClassifier):
    """A forest that keeps a grown tree beside its own."""

    def fit(self, X, y):
        super().fit(X, y)
        self.beside_ = Decoy("arrays").fit(X, y).tree_
        return self


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_class_of_a_library_with_more_in_it():
    forest = Grown(5, min_samples_leaf=40, bootstrap=False, random_state=0).fit(X, y)
    assert audit_structure(forest, X, y).found("small_leaves").outcome == "not_measured"
    plain = RandomForestClassifier(5, min_samples_leaf=40, bootstrap=False).fit(X, y)
    assert audit_structure(plain, X, y).found("small_leaves").outcome == "nothing_found"


def ordinary():
    """Models whose state is all of a known library, by name."""
    encode = make_column_transformer(
        (OneHotEncoder(), ["town"]), (StandardScaler(), ["a"]), remainder="passthrough"
    )
    target = make_column_transformer((TargetEncoder(), ["town"]), remainder="drop")
    ordinal = make_column_transformer(
        (OrdinalEncoder(), ["town"]), remainder="passthrough"
    )
    few = {"n_estimators": 10, "random_state": 0}
    forest = RandomForestClassifier(**few)
    alone = [
        LogisticRegression(max_iter=500),
        SGDClassifier(random_state=np.random.RandomState(0)),
        GaussianNB(),
        forest,
        ExtraTreesClassifier(**few),
        GradientBoostingClassifier(**few),
        AdaBoostClassifier(**few),
        HistGradientBoostingClassifier(max_iter=10),
        MLPClassifier((100, 100), max_iter=400, random_state=0, tol=0.1),
        CalibratedClassifierCV(forest, cv=3),
        CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3),
        GridSearchCV(forest, {"max_depth": [2, 3]}, cv=2),
        make_pipeline(QuantileTransformer(n_quantiles=100), LogisticRegression()),
        make_pipeline(KBinsDiscretizer(strategy="uniform"), LogisticRegression()),
    ]
    found = [make_pipeline(ordinal, model) for model in alone]
    found += [
        make_pipeline(encode, model)
        for model in (LogisticRegression(), forest, HistGradientBoostingClassifier())
    ]
    return [*found, make_pipeline(target, LogisticRegression())]


def check_ordinary(model):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.integers(0, 50, N),
            "town": rng.choice(list("wxyz"), N),
        }
    )
    labels = (rows["a"] + rng.normal(size=N) > 0).to_numpy().astype(int)
    structure = audit_structure(model.fit(rows, labels), rows, labels)
    carried = structure.found("carried_rows")
    assert (carried.outcome, carried.count) == ("nothing_found", 0)
    for finding in structure.findings:
        # Trees are read, and what is no tree is known to be none.
        known = "are private" in finding.message or "Its trees" in finding.message
        if finding.check == "small_leaves" and not known:
            assert finding.outcome != "not_measured"


@pytest.mark.parametrize("model", ordinary(), ids=lambda m: type(m[-1]).__name__)
def test_no_false_alarm_of_an_ordinary_model(model):
    check_ordinary(model)


@pytest.mark.parametrize(
    ("library", "name", "settings"),
    [
        ("xgboost", "XGBClassifier", {}),
        ("xgboost", "XGBRFClassifier", {}),
        ("lightgbm", "LGBMClassifier", {"verbose": -1}),
        (
            "catboost",
            "CatBoostClassifier",
            {"verbose": 0, "allow_writing_files": False},
        ),
    ],
)
def test_no_false_alarm_of_a_booster(library, name, settings):
    kind = getattr(pytest.importorskip(library), name)
    ordinal = make_column_transformer(
        (OrdinalEncoder(), ["town"]), remainder="passthrough"
    )
    check_ordinary(make_pipeline(ordinal, kind(n_estimators=10, **settings)))
