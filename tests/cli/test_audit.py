"""``skmia audit`` from end to end: the figures are those of the library."""

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

import skmia
from _helpers.audits import CHEAP
from skmia.audit import Policy, audit_classifier
from skmia.cli import main
from skmia.cli._messages import boundary
from skmia.shadows import ShadowModels

PARQUET = {
    "members": "train.parquet",
    "nonmembers": "test.parquet",
    "columns": ["--target", "income", "--drop", "id"],
}


def test_the_summary_and_the_figures_are_those_of_the_library(audit, expected_report):
    status, out, err = audit("--json", "out.json")
    report = expected_report()
    assert (status, out, err) == (0, report.summary() + "\n", "")

    report.to_json("expected.json")
    written, expected = (
        json.loads(Path(name).read_text()) for name in ("out.json", "expected.json")
    )
    assert written["figures"] == expected["figures"]
    assert max(figure["value"] or 0 for figure in written["figures"]) > 0.6


@pytest.mark.parametrize("model", ["model.joblib", "model.pkl"])
def test_pickles_and_parquet_give_the_same_report(model, audit, expected_report):
    status, out, _ = audit("--trust-pickle", model=model, **PARQUET)
    assert (status, out) == (0, expected_report().summary() + "\n")


def test_seed_shadows_and_cache_reach_the_audit(audit, expected_report):
    options = ["--seed", "3", "--shadows", "6", "--cache-dir", "cache"]
    status, first, _ = audit(*options)
    assert (status, first) == (0, expected_report(6, 3).summary() + "\n")
    assert first != expected_report().summary() + "\n"
    entries = {path for path in Path("cache").rglob("*") if path.is_file()}
    assert len(entries) >= 6
    assert audit(*options)[:2] == (0, first)
    assert {path for path in Path("cache").rglob("*") if path.is_file()} == entries


@pytest.mark.parametrize("precision", [0.9, 1e-6])
def test_when_to_add_no_more_shadows_reaches_the_audit(
    audit, expected_report, precision
):
    options = ["--max-shadows", "16", "--shadow-precision", str(precision)]
    status, out, _ = audit("--shadows", "auto", *options)
    models = ShadowModels("auto", max_models=16, precision=precision)
    report = expected_report(models)
    assert report.shadows["n_shadows"] == (8 if precision == 0.9 else 16)
    assert (status, out) == (0, report.summary() + "\n")


def test_attacks_and_rates_reach_the_audit(audit, expected_report):
    options = ["--attacks", "loss, rmia", "--attacks", "loss"]
    options += ["--max-fpr", "0.05, 0.2", "--max-fpr", "0.05"]
    status, out, _ = audit(*options)
    expected = expected_report(attacks=("loss", "rmia"), max_fprs=(0.2, 0.05))
    assert (status, out) == (0, expected.summary() + "\n")
    # A limit at another rate has its figure, too.
    _, out, _ = audit(*options, "--fail-above", "tpr@0.1=0.99")
    assert out.count("\n  TPR at 10 % FPR") == out.count("\n  TPR at 5 % FPR") > 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--attacks", "lirra", "--attacks must be names out of default, all, gap"),
        ("--attacks", "loss,", "Got '' instead"),
        ("--max-fpr", "1", "--max-fpr must be a fraction in (0, 1), such as 0.01"),
        ("--max-fpr", "nan", "--max-fpr must be a fraction in (0, 1)"),
        ("--max-fpr", "0.1,1%", "commas between. Got '1%' instead"),
    ],
)
def test_attacks_and_rates_that_are_none(option, value, message, no_audit, refused):
    assert message in refused(option, value)


def test_a_column_read_otherwise_than_in_training_is_refused(audit, no_audit):
    # Left to itself pandas makes numbers and missing values of these codes, and the
    # encoder, told to ignore what it does not know, would raise no error.
    numbers = pd.read_csv("train.csv", dtype=str, keep_default_na=False)
    numbers["zip"] = numbers["zip"].replace("NA", "20095")
    numbers.to_csv("train.csv", index=False)
    status, _, err = audit(columns=["--target", "income", "--drop", "id"])
    assert status == 2
    lines = err.splitlines()
    assert "leading zeros" in lines[0]
    assert "pass --text 'zip'" in lines[0]
    assert "values in column 'zip' that the model's OneHotEncoder has never" in lines[1]


def test_labels_of_another_type_and_models_of_arrays(audit, refused):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), np.arange(120) % 2
    model = LogisticRegression().fit(X[:60], y[:60].astype(str))
    skops.io.dump(model, "array.skops")
    for rows, name in ((slice(60), "a.csv"), (slice(60, None), "b.csv")):
        pd.DataFrame(X[rows], columns=list("uvw")).assign(y=y[rows]).to_csv(
            name, index=False
        )
    parts = {"model": "array.skops", "members": "a.csv", "nonmembers": "b.csv"}
    parts["columns"] = ["--target", "y"]
    status, out, _ = audit(**parts)
    expected = audit_classifier(
        model,
        X[:60],
        y[:60].astype(str),
        X[60:],
        y[60:].astype(str),
        attacks=CHEAP,
        shadows=4,
        random_state=0,
    )
    assert (status, out) == (0, expected.summary() + "\n")

    line = refused("--drop", "u", **parts)
    assert "has 2 columns beside 'y', and the model was fitted on 3" in line


@pytest.fixture
def own_module(work, monkeypatch):
    source = """
    from sklearn.tree import DecisionTreeClassifier
    class OwnTree(DecisionTreeClassifier):
        pass
    """
    Path("own_tree.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(work)
    yield importlib.import_module("own_tree")
    sys.modules.pop("own_tree", None)


def test_a_type_of_ones_own_is_named_and_admitted(own_module, audit, refused):
    members = pd.read_csv("train.csv", keep_default_na=False)
    X = members[["age", "hours"]]
    skops.io.dump(own_module.OwnTree().fit(X, members["income"]), "own.skops")
    columns = ["--target", "income"]
    for name in ("id", "job", "zip"):
        columns += ["--drop", name]
    parts = {"model": "own.skops", "columns": columns}

    assert refused(**parts).rstrip().endswith("add --trust own_tree.OwnTree")
    status, out, _ = audit("--trust", "own_tree.OwnTree", **parts)
    assert status == 0
    assert "OwnTree" in out


def test_a_model_of_another_release_is_one_warning(audit, monkeypatch):
    types = skops.io.get_untrusted_types(file="model.skops")
    model = skops.io.load("model.skops", trusted=types)
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.0.2")
        skops.io.dump(model, "model.skops")
    status, _, err = audit()
    assert status == 0
    assert err.startswith("skmia: warning: the model was saved with scikit-learn 1.0.2")
    assert err.count("\n") == 1


def test_warnings_are_one_line_each_and_said_once(capsys):
    with boundary():
        for _ in range(2):
            warnings.warn("two\nlines", UserWarning, stacklevel=1)
        warnings.warn("nobody's business", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "skmia: warning: two lines\n"


@pytest.mark.parametrize(
    ("error", "expected", "end"),
    [
        (KeyboardInterrupt(), 130, "skmia: error: interrupted\n"),
        (ValueError("bad\nrows"), 2, "skmia: error: bad rows\n"),
        (OSError(28, "No space left on device"), 2, "No space left on device\n"),
        (ImportError("Unable to find pyarrow"), 2, "pip install 'skmia[cli]')\n"),
        (RuntimeError("a bug"), 3, "RuntimeError: a bug\n"),
        (ImportError("a bug"), 3, "ImportError: a bug\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_come_out_of_an_audit(error, expected, end, audit, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("skmia.audit.audit_classifier", fail)
    status, _, err = audit()
    assert status == expected
    assert err.endswith(end)
    assert ("Traceback" in err) == (status == 3)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_shown_on_terminals_only(is_terminal, audit, monkeypatch):
    shown = []

    def check(*args, verbose, **kwargs):
        shown.append(verbose)
        raise ValueError

    monkeypatch.setattr("skmia.audit.audit_classifier", check)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    audit()
    assert shown == [int(is_terminal)]


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skmia {skmia.__version__}\n"
    assert main(["audit", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (
        "--members",
        "--fail-above",
        "--attacks",
        "--max-fpr",
        "--trust-pickle",
    ):
        assert option in shown


def test_a_process_of_its_own(work, arguments, expected_report):
    command = arguments("--jobs", "2", "--fail-above", "auc=0.1")
    done = subprocess.run(
        [sys.executable, "-m", "skmia.cli", *command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(skmia.__file__).parents[1])},
        check=False,
        timeout=600,
    )
    report = expected_report()
    decision = report.decide(Policy(max_auc=0.1))
    assert decision.outcome == "refuse"
    expected = report.including(decision).summary() + "\n"
    assert (done.returncode, done.stdout) == (1, expected)
    assert done.stderr.endswith(f"skmia: reason: {decision.reasons[-1]}\n")
    assert "Traceback" not in done.stderr


def test_the_entry_point_is_main():
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="skmia")
    assert entry.load() is main


@pytest.mark.parametrize("package", ["typer", "pandas", "pyarrow", "skops"])
def test_missing_packages_are_one_line(package, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["--version"]) == 2
    needs = f"the command line needs {package}: pip install 'skmia[cli]'"
    assert capsys.readouterr().err == f"skmia: error: {needs}\n"
