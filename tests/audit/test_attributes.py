"""Which values of its training rows a model gives away, on cases of known truth."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import FunctionClassifier
from skmia.audit import (
    AttributeInference,
    audit_attributes,
)
from skmia.audit._attributes._interval import mean_difference
from skmia.audit._attributes._values import choose_values
from skmia.shadows import ShadowModels, fit_shadows

N = 400


def sides(X, y, n=N):
    take = X.iloc if hasattr(X, "iloc") else X
    return take[:n], y[:n], take[n:], y[n:]


def frame(seed=0, n=2 * N):
    """A job and an income without any meaning, and labels that are noise."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "job": rng.choice(["baker", "clerk", "smith", "vet"], n),
            "income": -1000 + 300 * rng.normal(size=n),
            "age": rng.integers(18, 90, size=n),
            "noise": rng.normal(size=n),
        }
    )
    return table, rng.choice(["no", "yes"], n)


class Memory(ClassifierMixin, BaseEstimator):
    """Says the label of each training row, for that very row, and else nothing."""

    def __init__(self, ignores=()):
        self.ignores = ignores

    def _keys(self, X):
        X = pd.DataFrame(X).drop(columns=list(self.ignores))
        return [tuple(row) for row in X.to_numpy(dtype=object).tolist()]

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.labels_ = dict(zip(self._keys(X), y, strict=True))
        return self

    def predict_proba(self, X):
        known = np.array([self.labels_.get(key, "") for key in self._keys(X)])
        first = np.where(known == self.classes_[0], 0.9, 0.1)
        proba = np.where(known == "", 0.5, first)
        return np.column_stack([proba, 1 - proba])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.mark.parametrize("shadows", [4, None])
def test_what_a_memory_gives_away_and_what_it_does_not_look_at(shadows):
    X, y = frame()
    model = Memory(ignores=["noise", "income", "age"]).fit(*sides(X, y)[:2])
    # Four jobs and two labels: all combinations occur, and nothing is remembered.
    none = audit_attributes(model, *sides(X, y), shadows=shadows, random_state=0)
    assert none.found == ()
    model = Memory(ignores=["noise"]).fit(*sides(X, y)[:2])
    inference = audit_attributes(model, *sides(X, y), shadows=shadows, random_state=0)
    by_name = {column.column: column for column in inference.columns}
    # All but one value of a record leads to the record.
    assert "job" in inference.found
    assert by_name["job"].members == 1.0
    assert by_name["job"].nonmembers == pytest.approx(0.25, abs=0.08)
    assert by_name["job"].advantage == pytest.approx(0.75, abs=0.08)
    assert by_name["job"].low <= by_name["job"].advantage <= by_name["job"].high
    assert "noise" not in inference.found
    assert by_name["noise"].advantage == pytest.approx(0, abs=0.05)
    if shadows:
        assert by_name["job"].unseen == pytest.approx(0.25, abs=0.08)


def test_a_good_guess_that_everybody_allows_is_no_leak():
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=2 * N)
    wrong = rng.random(2 * N) < 0.1
    y = np.where(wrong, (kind + 1) % 3, kind)
    X = np.c_[kind, rng.normal(size=(2 * N, 3))]
    model = LogisticRegression().fit(X[:N], y[:N])
    inference = audit_attributes(model, *sides(X, y), random_state=0)
    first = inference.columns[0]
    assert first.members > 0.85 > 0.5 > first.common
    assert first.outcome == "not_found"
    assert abs(first.advantage) < 0.03
    assert "no more was found" in first.message


@pytest.mark.parametrize(
    "model", [DecisionTreeClassifier(random_state=0), RandomForestClassifier(20)]
)
@pytest.mark.parametrize("kind", ["pandas", "polars", "numpy", "sparse"])
def test_containers(model, kind):
    X, y = frame()
    if kind in ("pandas", "polars"):
        steps = make_column_transformer(
            (OrdinalEncoder(), ["job"]), remainder="passthrough"
        )
        model = make_pipeline(steps, model)
        X = pl.from_pandas(X) if kind == "polars" else X
    else:
        X = X.drop(columns="job").to_numpy()
        X = sparse.csr_array(X) if kind == "sparse" else X
    model.fit(*sides(X, y)[:2])
    name = "income" if kind in ("pandas", "polars") else 0
    inference = audit_attributes(
        model, *sides(X, y), columns=[name], shadows=4, random_state=0
    )
    (column,) = inference.columns
    assert column.column == str(name)
    assert column.outcome == "found"
    # Incomes are negative: being right is a matter of ranks.
    assert column.ranges
    assert column.unseen < 0.13 < column.members


def test_missing_values_and_text_are_values():
    X, y = frame()
    rng = np.random.default_rng(1)
    X["job"] = X["job"].where(rng.random(2 * N) > 0.3, None)
    X["income"] = X["income"].where(rng.random(2 * N) > 0.3)
    steps = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    model = make_pipeline(steps, DecisionTreeClassifier(random_state=0))
    model.fit(*sides(X, y)[:2])
    inference = audit_attributes(
        model, *sides(X, y), columns=["job", "income"], shadows=4, random_state=0
    )
    assert [c.outcome for c in inference.columns] == ["found", "found"]
    assert inference.columns[0].n_values == 5
    assert inference.columns[1].n_values == 21


def test_columns_that_cannot_be_judged_say_why():
    X, y = frame()
    X["name"] = [f"person {i}" for i in range(2 * N)]
    X["same"] = 1
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["income", "age"])),
        LogisticRegression(),
    ).fit(*sides(X, y)[:2])
    inference = audit_attributes(model, *sides(X, y), shadows=4, random_state=0)
    by_name = {column.column: column for column in inference.columns}
    for name, reason in (("name", "800 different values"), ("same", "one value")):
        assert by_name[name].outcome == "not_judged"
        assert by_name[name].advantage is None
        assert reason in by_name[name].message
        assert reason in " ".join(inference.summary().split())
    assert by_name["age"].outcome == "not_found"
    # The model does not look at it, and answers alike.
    assert by_name["job"].advantage == pytest.approx(0, abs=0.1)


def test_many_columns_are_judged_where_they_are_named():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 60)), np.arange(200) % 2
    model = LogisticRegression().fit(X[:100], y[:100])
    given = {"shadows": None, "n_records": 30, "random_state": 0}
    inference = audit_attributes(model, *sides(X, y, 100), **given)
    assert len(inference.columns) == 60
    assert "columns=" in inference.columns[59].message
    named = audit_attributes(model, *sides(X, y, 100), columns=[59], **given)
    assert named.columns[0].outcome == "not_found"


def test_too_few_records_give_no_interval():
    X, y = frame(n=30)
    model = Memory().fit(X[:15], y[:15])
    inference = audit_attributes(model, *sides(X, y, 15), shadows=None)
    assert {c.outcome for c in inference.columns} == {"not_judged"}
    assert "15 records among the members" in inference.columns[0].message


def test_rows_of_one_person_are_one_draw():
    X, y = frame()
    model = Memory(ignores=["noise"]).fit(*sides(X, y)[:2])
    persons = np.arange(N) // 4
    given = {"columns": ["income"], "shadows": None, "random_state": 0}
    by_row = audit_attributes(model, *sides(X, y), **given)
    by_person = audit_attributes(
        model, *sides(X, y), groups=(persons, persons + N), **given
    )
    assert by_person.columns[0].advantage == by_row.columns[0].advantage
    few = audit_attributes(
        model, *sides(X, y), groups=(persons // 10, persons // 10 + N), **given
    )
    assert few.columns[0].outcome == "not_judged"
    assert "10 persons" in few.columns[0].message


def test_shadows_that_are_there_have_to_keep_their_models():
    X, y = frame()
    numbers = X[["income", "age", "noise"]]
    model = DecisionTreeClassifier(random_state=0).fit(*sides(numbers, y)[:2])
    given = {"columns": ["income"], "random_state": 0}
    kept = fit_shadows(
        model, numbers, y, shadows=ShadowModels(4, keep_models=True), random_state=0
    )
    inference = audit_attributes(model, *sides(numbers, y), shadows=kept, **given)
    assert inference.n_models == 4
    assert inference.found == ("income",)
    bare = fit_shadows(model, numbers, y, shadows=4, random_state=0)
    with pytest.raises(ValueError, match="kept its models"):
        audit_attributes(model, *sides(numbers, y), shadows=bare, **given)


def test_a_function_is_compared_with_non_members_alone():
    X, y = frame()
    model = Memory(ignores=["noise"]).fit(*sides(X, y)[:2])
    service = FunctionClassifier(model.predict_proba, classes=model.classes_)
    with pytest.raises(TypeError):
        audit_attributes(service, *sides(X, y))
    inference = audit_attributes(service, *sides(X, y), shadows=None, columns=["job"])
    assert inference.found == ("job",)
    assert inference.columns[0].unseen is None


def test_the_section_is_plain_and_comes_back():
    X, y = frame()
    X["same"] = 1
    model = Memory(ignores=["noise"]).fit(*sides(X, y)[:2])
    inference = audit_attributes(model, *sides(X, y), shadows=None, random_state=0)
    plain = json.loads(json.dumps(inference.to_dict()))
    assert AttributeInference.from_dict(plain) == inference
    assert max(map(len, inference.summary().splitlines())) <= 88
    table = inference.to_frame()
    assert list(table["column"]) == list(X.columns)
    assert table["advantage"].isna().tolist() == [False] * 4 + [True]
    again = audit_attributes(model, *sides(X, y), shadows=None, random_state=0)
    assert again == inference


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "'columns' parameter must hold names", {"columns": ["town"]}),
        (TypeError, "'columns' parameter must be a sequence", {"columns": "job"}),
        (ValueError, "'columns' parameter must name one", {"columns": []}),
        (ValueError, "'n_records' parameter", {"n_records": 5}),
        (ValueError, "'n_values' parameter", {"n_values": 1}),
        (ValueError, "'tolerance' parameter", {"tolerance": 0.7}),
        (ValueError, "'confidence_level' parameter", {"confidence_level": 1.0}),
        (ValueError, "'shadows'|n_models", {"shadows": 1}),
    ],
)
def test_wrong_arguments(error, message, arguments):
    X, y = frame()
    model = Memory().fit(*sides(X, y)[:2])
    with pytest.raises(error, match=message):
        audit_attributes(model, *sides(X, y), **arguments)


@pytest.mark.parametrize("kind", [list, pd.Series, pl.Series])
def test_right_is_near_in_rank_whatever_the_sign_and_scale(kind):
    numbers = np.arange(-500.0, 500.0)
    for values in (numbers, -numbers, np.sinh(numbers / 50), numbers * 1e-9):
        column = values if kind is list else kind(values)
        found = choose_values(column, 20, 0.05)
        assert found.ranges
        ranks = np.argsort(np.argsort(values)) / 1000
        tried = np.searchsorted(np.sort(values), np.asarray(found.values)) / 1000
        expected = np.abs(ranks[:, None] - tried) <= 0.05
        assert (found.right != expected).mean() < 0.005  # by rounding, at the ends
        assert found.covered == 1.0
        assert np.allclose(found.prior, 0.05, atol=0.002)


def test_one_value_of_many_records_is_far_from_all_others():
    values = np.r_[np.zeros(900), np.arange(1, 101)].astype(float)
    found = choose_values(values, 20, 0.05)
    zero = np.flatnonzero(np.asarray(found.values) == 0)
    assert found.right[:900, zero].all()
    assert not found.right[900:, zero].any()


@pytest.mark.slow
@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.03, 0.01), (0.0, 0.0), (0.9, 0.6)])
@pytest.mark.parametrize("n", [(60, 60), (400, 80)])
def test_intervals_cover(rates, n):
    """At least 93.5 % of 1,500 draws, where 95 % are promised."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(1500):
        ours, theirs = (
            # Right or wrong, less the mean of four models that did not see it.
            (rng.random(size) < rate) - rng.binomial(4, 0.1, size) / 4
            for size, rate in zip(n, rates, strict=True)
        )
        found = mean_difference(ours, theirs, 0.95)
        covered += found.low <= rates[0] - rates[1] <= found.high
    assert covered / 1500 >= 0.935


@pytest.mark.slow
def test_nothing_is_found_in_models_of_other_people():
    """No column in 95 of 100 audits: with 40, at most 5 that find any (99 %)."""
    wrong = 0
    for seed in range(40):
        X, y = frame(seed, n=500)
        X = X[["income", "age", "noise"]]
        model = DecisionTreeClassifier(random_state=0).fit(X[:200], y[:200])
        others = sides(X[200:], y[200:], 150)
        inference = audit_attributes(model, *others, shadows=4, random_state=seed)
        wrong += bool(inference.found)
    assert wrong <= 5


def hospital(rng, key, n=400):
    """Whose label tells one job of the hospital, up to a tenth of noise."""
    job = rng.choice(["baker", "clerk", "smith"], n)
    noise = rng.random(n) < 0.1
    y = np.where(noise, rng.integers(0, 2, n), job == key).astype(int)
    return pd.DataFrame({"job": job, "age": rng.normal(size=n)}), y


def test_sets_that_differ_accuse_no_model():
    """Four numbers were said to give jobs away, where the sets came from two places."""
    steps = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    rng = np.random.default_rng(3)
    members, others = hospital(rng, "smith"), hospital(rng, "baker")
    same = hospital(rng, "smith")
    model = make_pipeline(steps, LogisticRegression()).fit(*members)
    settings = {"columns": ["job"], "shadows": 4, "random_state": 0}
    inference = audit_attributes(model, *members, *others, **settings)
    (job,) = inference.columns
    assert job.low > 0.3  # what once was "found"
    assert (job.outcome, inference.found) == ("unclear", ())
    assert "may come from the sets" in job.message
    lines = inference.summary().splitlines()
    assert "What is seen here may come from the sets." in lines[1]
    again = AttributeInference.from_dict(json.loads(json.dumps(inference.to_dict())))
    assert again == inference
    calm = audit_attributes(model, *members, *same, **settings)
    assert (calm.found, calm.sets_differ) == ((), "")


def test_what_a_memory_gives_away_is_found_where_the_sets_are_alike():
    X, y = frame()
    model = Memory(ignores=("noise",)).fit(X[:N], y[:N])
    inference = audit_attributes(model, *sides(X, y), columns=["job"], shadows=4)
    assert (inference.found, inference.sets_differ) == (("job",), "")
