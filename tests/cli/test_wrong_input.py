"""Wrong input: one line on standard error that names it, and status 2."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.cli import main


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing command"),
        (["nothing"], "No such command"),
        (["audit"], "Missing"),
    ],
)
def test_no_audit_at_all(args, message, capsys):
    assert main(args) == 2
    err = capsys.readouterr().err
    assert err.startswith("skmia: error: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shadows", "many"], "--shadows"),
        (["--quick"], "--quick"),
        (["--shadows", "0"], "n_models"),
        (["--max-shadows", "16"], "--max-shadows goes with --shadows auto"),
        (["--shadow-precision", "0.1"], "--shadow-precision goes with --shadows auto"),
        (["--shadows", "auto", "--max-shadows", "6"], "max_models"),
        (["--shadows", "auto", "--shadow-precision", "2"], "precision"),
        (["--seed", "-1"], "random_state"),
        (["--jobs", "0"], "n_jobs"),
        (["--members", "none.csv"], "none.csv does not exist"),
        (["--members", "model.skops"], "must be a table"),
        (["--members", "train.parquet"], "must both be"),
        (["--target", "wages"], "no column 'wages'"),
        (["--drop", "wages"], "--drop names a column 'wages'"),
        (["--drop", "age"], "lacks columns that the model was fitted on: ['age']"),
        (["--target", "job"], "none of the model's classes"),
        (["--nonmembers", "train.csv"], "train.csv and train.csv are one file"),
        (["--json", "none/out.json"], "there is no folder none"),
        (["--json", "."], "is not a regular file"),
        (["--json", "/dev/null"], "is not a regular file"),
        (["--json", "train.csv"], "would overwrite an input file"),
        (["--json", "train.csv/out.json"], "there is no folder"),
        (["--cache-dir", "train.csv"], "train.csv"),
        (["--cache-dir", "nosuch://bucket"], "Got 'nosuch://bucket' instead"),
    ],
)
def test_wrong_options(options, message, refused):
    assert message in refused(*options)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"columns": []}, "--target"),
        ({"columns": ["--target", "income", "--text", "zip"]}, "with --drop 'id'"),
        ({"model": "none.skops"}, "none.skops does not exist"),
        ({"model": "."}, "must be a model file"),
        ({"model": "train.csv"}, "must be a model file"),
        ({"model": "model.pkl"}, "add --trust-pickle"),
    ],
)
def test_wrong_files_and_columns(parts, message, no_audit, refused):
    assert message in refused(**parts)


def test_files_that_cannot_be_written_are_found_first(no_audit, refused):
    assert "cannot be written" in refused("--json", "/proc/out.json")


@pytest.mark.parametrize("name", ["model.skops", "model.pkl", "train.csv", "test.csv"])
@pytest.mark.parametrize("size", [0, 20])
def test_damaged_files_are_one_line(name, size, work, refused):
    path = work / name
    path.write_bytes(path.read_bytes()[:size])
    model = name if name == "model.pkl" else "model.skops"
    assert name in refused("--trust-pickle", model=model)


def test_an_unfitted_step_is_one_line(work, refused):
    """The tree is fitted, and it alone of a Pipeline's steps is what is checked."""
    columns = make_column_transformer((OneHotEncoder(), ["job"]))
    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], ["<=50K", ">50K"])
    skops.io.dump(make_pipeline(columns, tree), "half.skops")
    assert "ColumnTransformer instance is not fitted yet" in refused(model="half.skops")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (DecisionTreeClassifier(), "not fitted"),
        (StandardScaler(), "classifier"),
        (LinearRegression().fit([[0.0], [1.0]], [0, 1]), "classifier"),
        ({"a": 1}, "classifier"),
    ],
    ids=["unfitted", "transformer", "regressor", "dict"],
)
def test_what_is_no_fitted_classifier_is_refused(model, message, work, refused):
    table = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9) % 2})
    table[:5].to_csv("one.csv", index=False)
    table[5:].to_csv("other.csv", index=False)
    skops.io.dump(model, "other.skops")
    line = refused(
        model="other.skops",
        members="one.csv",
        nonmembers="other.csv",
        columns=["--target", "y"],
    )
    assert message in line
