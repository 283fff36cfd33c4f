"""``skmia audit-scores``: probabilities with labels, and scores alone, from files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, audit_predictions
from skmia.cli import run

N = 200
MEMBER = np.arange(2 * N) < N


@pytest.fixture(scope="module")
def answers():
    """What a tree that is half grown says of its rows and of others."""
    X, y = make_classification(
        2 * N, n_classes=3, n_informative=6, flip_y=0.3, random_state=0
    )
    model = DecisionTreeClassifier(max_depth=7, random_state=0).fit(X[:N], y[:N])
    names = np.array(["10", "a b", "ü"])
    proba = pd.DataFrame(model.predict_proba(X), columns=names).round(6)
    return proba.assign(label=names[y], sex=np.where(np.arange(2 * N) % 3, "f", "m"))


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Write two tables and run the command on them."""
    monkeypatch.chdir(tmp_path)

    def call(table, *options, suffix="csv", **writing):
        paths = [f"in.{suffix}", f"out.{suffix}"]
        for part, path in zip((table[:N], table[N:]), paths, strict=True):
            if suffix == "parquet":
                part.to_parquet(path)
            else:
                part.to_csv(path, index=False, **writing)
        status = run(["audit-scores", *paths, *options])
        return status, *capsys.readouterr()

    return call


def test_probabilities_with_labels(answers, call):
    options = ("--target", "label", "--drop", "sex", "--json", "report.json")
    status, out, err = call(answers, *options)
    assert (status, err) == (0, "")
    proba = answers[["10", "a b", "ü"]]
    sides = proba[:N], answers["label"][:N], proba[N:], answers["label"][N:]
    expected = audit_predictions(*sides)
    assert out == expected.summary() + "\n"
    # Independently: the loss ranks by the probability of the true class.
    own = np.array([row[row["label"]] for _, row in answers.iterrows()], dtype=float)
    (auc,) = (
        f.value
        for f in AuditReport.from_json("report.json").figures
        if (f.attack, f.metric) == ("loss", "auc")
    )
    assert auc == pytest.approx(roc_auc_score(MEMBER, own))
    assert auc > 0.6
    assert "They mostly find much more" in " ".join(out.split())


@pytest.mark.parametrize(
    ("suffix", "options", "writing"),
    [
        ("csv.gz", [], {}),
        ("csv", ["--sep", ";"], {"sep": ";"}),
        ("csv", ["--sep", "tab"], {"sep": "\t"}),
        ("csv", ["--encoding", "latin-1"], {"encoding": "latin-1"}),
        (
            "csv.gz",
            ["--encoding", "utf-16", "--sep", "|"],
            {"encoding": "utf-16", "sep": "|"},
        ),
        ("parquet", [], {}),
    ],
)
def test_tables_that_are_written_otherwise(suffix, options, writing, answers, call):
    common = ("--target", "label", "--drop", "sex")
    expected = call(answers, *common)
    assert call(answers, *common, *options, suffix=suffix, **writing) == expected


def test_scores_alone(call):
    rng = np.random.RandomState(0)
    table = pd.DataFrame({"mine": rng.normal(size=2 * N) + MEMBER, "flat": 0.5})
    table["person"] = np.arange(2 * N) // 2
    status, out, err = call(
        table, "--group-column", "person", "--max-fpr", "0.1", "--records", "r.csv"
    )
    assert (status, err) == (0, "")
    scores = {name: table[name] for name in ("mine", "flat")}
    report = AuditReport(
        MEMBER,
        scores,
        groups=table["person"].astype(str),
        max_fprs=(0.1,),
        estimator="scores",
    )
    assert out == report.summary() + "\n"
    written = pd.read_csv("r.csv")
    assert_array_equal(written["membership"], MEMBER)
    np.testing.assert_allclose(written["mine"], table["mine"])
    # Who was in the training set is for the one who asked alone.
    assert Path("r.csv").stat().st_mode & 0o077 == 0


def test_groups_of_records(answers, call):
    status, out, _ = call(answers, "--target", "label", "--by", "sex")
    assert status == 0
    proba = answers[["10", "a b", "ü"]]
    report = audit_predictions(
        proba[:N], answers["label"][:N], proba[N:], answers["label"][N:]
    )
    groups = report.subgroups("sex", (answers[["sex"]][:N], answers[["sex"]][N:]))
    assert groups.summary() in out
    scores = answers[["10", "sex"]]
    status, out, _ = call(scores, "--by", "sex")
    assert status == 0
    assert "sex" in out


def test_a_gate(answers, call):
    common = ("--target", "label", "--drop", "sex", "--fail-above")
    assert call(answers, *common, "auc=0.999")[0] == 0
    status, _, err = call(answers, *common, "auc=0.55")
    assert status == 1
    assert "skmia: decision: refuse. " in err


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, ["--target", "wages"], "no column 'wages'"),
        (
            {},
            ["--drop", "sex", "--drop", "label", "--by", "age"],
            "names a column 'age'",
        ),
        ({}, [], "column 'label' must hold numbers, scores of an attack"),
        ({}, ["--target", "label"], "column 'sex' must hold numbers, a probability"),
        (
            {"10": 2.0},
            ["--target", "label", "--drop", "sex"],
            "probabilities in [0, 1]",
        ),
        ({"ü": 0.9}, ["--target", "label", "--drop", "sex"], "add up to 1 in each row"),
        ({"10": np.nan}, ["--target", "label", "--drop", "sex"], "probabilities"),
        ({"label": "b"}, ["--target", "label", "--drop", "sex"], "labels in column"),
        (
            {},
            [
                "--drop",
                "10",
                "--drop",
                "a b",
                "--drop",
                "ü",
                "--drop",
                "label",
                "--drop",
                "sex",
            ],
            "no column of answers",
        ),
        ({}, ["--target", "label", "--sep", ";"], "is --sep right?"),
        ({}, ["--sep", ";;"], "--sep must be one character"),
        ({}, ["--encoding", "rot13"], "--encoding must be an encoding of text"),
        ({}, ["--encoding", "utf-99"], "--encoding must be an encoding of text"),
        ({}, ["--encoding", "ascii"], "pass --encoding"),
        ({}, ["--by", "sex", "--records", "r.xlsx"], "must end in .csv or .parquet"),
        ({}, ["--json", "x.json", "--html", "x.json"], "name the same file"),
        ({"sex": "f"}, ["--target", "label", "--by", "sex"], "the same in all rows"),
    ],
)
def test_wrong_input_is_one_line(change, options, message, answers, call):
    status, out, err = call(answers.assign(**change), *options)
    assert (status, out) == (2, "")
    assert err.startswith("skmia: error: ")
    assert err.count("\n") == 1
    assert message in err


def test_scores_that_are_not_finite_are_one_line(call):
    table = pd.DataFrame({"mine": [np.nan] + [0.5] * (2 * N - 1)})
    status, _, err = call(table)
    assert status == 2
    assert "a score that is not finite" in err


@pytest.mark.parametrize("options", [(), ("--target", "label", "--drop", "sex")])
def test_the_same_file_twice_is_no_audit(answers, options, tmp_path, monkeypatch):
    """An AUC of .5 and "nothing found" were read of a file and itself."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.RandomState(0).normal(size=2 * N)
    table = answers if options else pd.DataFrame({"loss": noise})
    if options:
        table["10"] += 1e-3 * noise.clip(0)  # a tree says the same of many
        table["a b"] -= 1e-3 * noise.clip(0)
        table[["10", "a b"]] = table[["10", "a b"]].clip(0, 1)
    table[:N].to_csv("in.csv", index=False)
    table[:N].to_csv("copy.csv", index=False)
    table[:N][::-1].to_csv("turned.csv", index=False)
    table.sample(frac=1, random_state=0).to_csv("more.csv", index=False)
    for other in ("in.csv", "copy.csv", "turned.csv", "more.csv"):
        for pair in (("in.csv", other), (other, "in.csv")):
            assert run(["audit-scores", *pair, *options]) == 2


def test_the_words_for_equal_sides(answers, call, capsys, tmp_path):
    call(answers)
    Path("copy.csv").write_bytes(Path("in.csv").read_bytes())
    options = ("--target", "label", "--drop", "sex")
    assert run(["audit-scores", "in.csv", "in.csv", *options]) == 2
    assert "in.csv and in.csv are one file" in capsys.readouterr().err
    assert run(["audit-scores", "in.csv", "copy.csv", *options]) == 2
    assert "200 rows of the members are among" in capsys.readouterr().err


def test_answers_of_few_values_may_be_the_same():
    """Whether a label is right has two values, which both sides have by chance."""
    proba = np.tile([[0.9, 0.1], [0.2, 0.8]], (50, 1))
    y = np.tile([0, 1], 50)
    report = audit_predictions(
        proba[:40], y[:40], proba, y, classes=[0, 1], max_fprs=(0.1,)
    )
    assert report.worst("auc")[1] == 0.5
