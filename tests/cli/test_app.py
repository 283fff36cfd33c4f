"""The command line from end to end: figures, exit status, one line for bad input."""

import importlib
import importlib.metadata
import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from typer.testing import CliRunner

import skmia
from skmia.audit import AuditReport, audit_classifier
from skmia.cli._app import main, make_app, parse_limits
from skmia.cli._demo import render_demo
from skmia.cli._messages import boundary

N_MEMBERS, N_NONMEMBERS = 150, 130


def make_table(n, seed):
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, n).round(1)
    signal = (age - 40) / 12 + rng.normal(size=n)
    return pd.DataFrame(
        {
            "id": np.arange(n) + 1000 * seed,
            "age": age,
            "hours": rng.integers(10, 60, n),
            "job": rng.choice(["clerk", "cook", "?"], n),
            "zip": rng.choice(["00700", "10117", "NA"], n),
            "income": np.where(signal > 0, ">50K", "<=50K"),
        }
    )


def make_model():
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["job", "zip"]),
            remainder=StandardScaler(),
        ),
        DecisionTreeClassifier(random_state=0),
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An over-fitted tree, its training rows and others, as files."""
    folder = tmp_path_factory.mktemp("cli")
    members, nonmembers = make_table(N_MEMBERS, 1), make_table(N_NONMEMBERS, 2)
    members.to_csv(folder / "train.csv", index=False)
    nonmembers[nonmembers.columns[::-1]].to_csv(folder / "test.csv", index=False)
    members.to_parquet(folder / "train.parquet")
    nonmembers.to_parquet(folder / "test.parquet")
    model = make_model().fit(members.drop(columns=["id", "income"]), members["income"])
    skops.io.dump(model, folder / "model.skops")
    joblib.dump(model, folder / "model.joblib")
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    return folder


@pytest.fixture
def work(files, tmp_path, monkeypatch):
    """A copy of the files, as the current folder."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


COLUMNS = ["--target", "income", "--drop", "id"]
TABLES = ["--members", "train.csv", "--nonmembers", "test.csv"]
READING = [*COLUMNS, "--text", "zip"]
FAST = ["--shadows", "4"]
AUDIT = ["audit", "model.skops", *TABLES, *READING, *FAST]


def expected_report(n_shadows=4, random_state=0, **params):
    """The same audit from Python, on the tables that the files were written from."""
    members, nonmembers = make_table(N_MEMBERS, 1), make_table(N_NONMEMBERS, 2)
    X = [table.drop(columns=["id", "income"]) for table in (members, nonmembers)]
    return audit_classifier(
        make_model().fit(X[0], members["income"]),
        X[0],
        members["income"],
        X[1],
        nonmembers["income"],
        n_shadows=n_shadows,
        random_state=random_state,
        **params,
    )


def one_error(capsys):
    """The single line on standard error."""
    captured = capsys.readouterr()
    assert captured.err.startswith("skmia: error: "), captured.err
    assert captured.err.count("\n") == 1, captured.err
    return captured.err


def test_the_summary_and_the_figures_are_those_of_the_library(work, capsys):
    assert main([*AUDIT, "--json", "out.json"]) == 0
    captured = capsys.readouterr()
    report = expected_report()
    assert captured.out == report.summary() + "\n"
    assert captured.err == ""

    report.to_json("expected.json")
    written, expected = (
        json.loads(Path(name).read_text()) for name in ("out.json", "expected.json")
    )
    assert written["figures"] == expected["figures"]
    assert max(figure["value"] or 0 for figure in written["figures"]) > 0.6


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("model.joblib", ["--trust-pickle"]),
        ("model.pkl", ["--trust-pickle"]),
    ],
)
def test_pickles_and_parquet_give_the_same_report(model, options, work, capsys):
    tables = ["--members", "train.parquet", "--nonmembers", "test.parquet"]
    assert main(["audit", model, *tables, *COLUMNS, *FAST, *options]) == 0
    assert capsys.readouterr().out == expected_report().summary() + "\n"


def test_seed_shadows_and_cache_reach_the_audit(work, capsys):
    options = ["--seed", "3", "--shadows", "6", "--cache-dir", "cache"]
    assert main([*AUDIT, *options]) == 0
    first = capsys.readouterr().out
    assert first == expected_report(6, 3).summary() + "\n"
    assert first != expected_report().summary() + "\n"
    entries = {path for path in Path("cache").rglob("*") if path.is_file()}
    assert len(entries) >= 6
    assert main([*AUDIT, *options]) == 0
    assert capsys.readouterr().out == first
    assert {path for path in Path("cache").rglob("*") if path.is_file()} == entries


def test_a_limit_that_is_kept_and_one_that_is_not(work, capsys):
    attack, value = expected_report().worst("auc")
    assert main([*AUDIT, "--fail-above", f"auc={value + 0.001}"]) == 0
    assert "limit" not in capsys.readouterr().err

    limits = ["--fail-above", "advantage=0.999", "--fail-above", f"auc={value - 0.001}"]
    assert main([*AUDIT, *limits, "--json", "out.json"]) == 1
    captured = capsys.readouterr()
    assert f"skmia: limit exceeded: auc is {value:.4g} ({attack}), over" in captured.err
    assert "limit exceeded: advantage" not in captured.err
    assert captured.out == expected_report().summary() + "\n"
    # What broke the limit is there to be looked at.
    assert json.loads(Path("out.json").read_text())["figures"]


def test_a_limit_at_any_false_positive_rate(work, capsys):
    _, value = expected_report(max_fprs=(0.2,)).worst("tpr@0.2")
    assert main([*AUDIT, "--fail-above", f"tpr@0.20={value - 0.001}"]) == 1
    captured = capsys.readouterr()
    assert "limit exceeded: tpr@0.2 is" in captured.err
    assert "TPR at 20 % FPR" in captured.out


def test_what_undermines_a_gate_is_said_beside_it(work, capsys):
    # The two sets swapped: the attacks find less than nothing, and a gate would pass.
    tables = ["--members", "test.csv", "--nonmembers", "train.csv"]
    gate = ["--fail-above", "auc=0.9"]
    assert main(["audit", "model.skops", *tables, *READING, *FAST, *gate]) == 0
    err = capsys.readouterr().err
    assert "skmia: warning: The model is right on" in err
    assert "not swapped" in err


class Called(Exception):
    pass


@pytest.fixture
def no_audit(monkeypatch):
    def fail(*args, **kwargs):
        raise Called

    monkeypatch.setattr("skmia.audit.audit_classifier", fail)


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("auc", "must be METRIC=LIMIT"),
        ("auc=", "must be METRIC=LIMIT"),
        ("auc=high", "must be METRIC=LIMIT"),
        ("auc=nan", "must be METRIC=LIMIT"),
        ("auc=1", "must be METRIC=LIMIT with a limit in [0, 1)"),
        ("auc=-0.1", "must be METRIC=LIMIT"),
        ("accuracy=0.5", "Got 'accuracy' instead"),
        ("AUC=0.5", "Got 'AUC' instead"),
        ("tpr=0.5", "Got 'tpr' instead"),
        ("tpr@1%=0.5", "Got 'tpr@1%' instead"),
        ("tpr@1=0.5", "Got 'tpr@1' instead"),
        ("tpr@0=0.5", "Got 'tpr@0' instead"),
        ("tpr@0.001=0.5", "'tpr@0.001' is not resolvable: it needs 1,000"),
        ("tpr@0.007=0.5", "'tpr@0.007' is not resolvable"),
    ],
)
def test_a_gate_without_a_meaning_never_passes(gate, message, work, no_audit, capsys):
    assert main([*AUDIT, "--fail-above", gate]) == 2
    assert message in one_error(capsys)


def test_a_gate_that_loses_its_meaning_on_the_way_fails(work, capsys):
    # 100 rows would do for tpr@0.01, but one of them is a member as well.
    members, nonmembers = make_table(N_MEMBERS, 1), make_table(N_NONMEMBERS, 2)
    pd.concat([nonmembers[:99], members[:1]]).to_csv("test.csv", index=False)
    gates = ["--fail-above", "auc=0.1", "--fail-above", "tpr@0.01=0.9"]
    assert main([*AUDIT, *gates, "--json", "out.json"]) == 2
    captured = capsys.readouterr()
    assert "tpr@0.01" in captured.err.splitlines()[-1]
    assert "Traceback" not in captured.err
    # Minutes of work are not lost with it.
    assert "Membership inference audit" in captured.out
    assert Path("out.json").exists()


def test_parse_limits_names_metrics_as_the_report_does():
    parsed = parse_limits(["auc=0.6", "tpr@1e-2=0.05", "tpr@.10=0", "advantage=.2"])
    assert parsed == [
        ("auc", 0.6),
        ("tpr@0.01", 0.05),
        ("tpr@0.1", 0),
        ("advantage", 0.2),
    ]
    assert {name for name, _ in parsed} <= set(expected_report().metrics)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing command"),
        (["nothing"], "No such command"),
        (["audit"], "Missing"),
        (["audit", "model.skops", *TABLES], "--target"),
        ([*AUDIT, "--shadows", "many"], "--shadows"),
        ([*AUDIT, "--quick"], "--quick"),
        ([*AUDIT, "--shadows", "0"], "n_shadows"),
        ([*AUDIT, "--seed", "-1"], "random_state"),
        ([*AUDIT, "--jobs", "0"], "n_jobs"),
        (["audit", "none.skops", *TABLES, *READING], "none.skops does not exist"),
        (["audit", ".", *TABLES, *READING], "must be a model file"),
        (["audit", "train.csv", *TABLES, *READING], "must be a model file"),
        (["audit", "model.pkl", *TABLES, *READING], "add --trust-pickle"),
        ([*AUDIT, "--members", "none.csv"], "none.csv does not exist"),
        ([*AUDIT, "--members", "model.skops"], "must be a table"),
        ([*AUDIT, "--members", "train.parquet"], "must both be"),
        ([*AUDIT, "--target", "wages"], "no column 'wages'"),
        ([*AUDIT, "--drop", "wages"], "--drop names a column 'wages'"),
        (
            [*AUDIT, "--drop", "age"],
            "lacks columns that the model was fitted on: ['age']",
        ),
        ([*AUDIT, "--target", "job"], "none of the model's classes"),
        (
            ["audit", "model.skops", *TABLES, "--target", "income", "--text", "zip"],
            "leave them out with --drop 'id'",
        ),
        ([*AUDIT, "--nonmembers", "train.csv"], "in the other set as well"),
        ([*AUDIT, "--json", "none/out.json"], "there is no folder none"),
        ([*AUDIT, "--json", "."], "is not a regular file"),
        ([*AUDIT, "--json", "/dev/null"], "is not a regular file"),
        ([*AUDIT, "--json", "train.csv"], "would overwrite an input file"),
        ([*AUDIT, "--json", "train.csv/out.json"], "there is no folder"),
        ([*AUDIT, "--cache-dir", "train.csv"], "train.csv"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(args, message, work, capsys):
    assert main(args) == 2
    assert message in one_error(capsys)


def test_files_that_cannot_be_written_are_found_first(work, no_audit, capsys):
    assert main([*AUDIT, "--json", "/proc/out.json"]) == 2
    assert "cannot be written" in one_error(capsys)


@pytest.mark.parametrize("name", ["model.skops", "model.pkl", "train.csv", "test.csv"])
@pytest.mark.parametrize("size", [0, 20])
def test_damaged_files_are_one_line(name, size, work, capsys):
    path = work / name
    path.write_bytes(path.read_bytes()[:size])
    if name == "model.pkl":
        args = ["audit", name, *TABLES, *READING, "--trust-pickle"]
    else:
        args = AUDIT
    assert main(args) == 2
    assert name in one_error(capsys)


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
def test_what_is_no_fitted_classifier_is_refused(model, message, work, capsys):
    pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9) % 2}).to_csv(
        "one.csv", index=False
    )
    skops.io.dump(model, "other.skops")
    tables = ["--members", "one.csv", "--nonmembers", "one.csv", "--target", "y"]
    assert main(["audit", "other.skops", *tables]) == 2
    assert message in one_error(capsys)


def test_a_column_read_otherwise_than_in_training_is_refused(work, no_audit, capsys):
    # Left to itself pandas makes numbers and missing values of these codes, and the
    # encoder, told to ignore what it does not know, would not say a word.
    args = ["audit", "model.skops", *TABLES, *COLUMNS]
    numbers = pd.read_csv("train.csv", dtype=str, keep_default_na=False)
    numbers["zip"] = numbers["zip"].replace("NA", "20095")
    numbers.to_csv("train.csv", index=False)
    assert main(args) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "leading zeros" in lines[0]
    assert "pass --text 'zip'" in lines[0]
    assert (
        "values in column 'zip' that the model's OneHotEncoder has never" in lines[-1]
    )


def test_labels_of_another_type_and_models_of_arrays(work, capsys):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), np.arange(120) % 2
    model = LogisticRegression().fit(X[:60], y[:60].astype(str))
    skops.io.dump(model, "array.skops")
    for rows, name in ((slice(60), "a.csv"), (slice(60, None), "b.csv")):
        pd.DataFrame(X[rows], columns=list("uvw")).assign(y=y[rows]).to_csv(
            name, index=False
        )
    tables = ["--members", "a.csv", "--nonmembers", "b.csv", "--target", "y"]
    assert main(["audit", "array.skops", *tables, *FAST]) == 0
    expected = audit_classifier(
        model,
        X[:60],
        y[:60].astype(str),
        X[60:],
        y[60:].astype(str),
        n_shadows=4,
        random_state=0,
    )
    assert capsys.readouterr().out == expected.summary() + "\n"

    assert main(["audit", "array.skops", *tables, "--drop", "u"]) == 2
    assert "has 2 columns beside 'y', and the model was fitted on 3" in one_error(
        capsys
    )


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


def test_a_type_of_ones_own_is_named_and_admitted(own_module, work, capsys):
    members = pd.read_csv("train.csv", keep_default_na=False)
    X = members[["age", "hours"]]
    skops.io.dump(own_module.OwnTree().fit(X, members["income"]), "own.skops")
    args = ["audit", "own.skops", *TABLES, *COLUMNS, *FAST]
    args += ["--drop", "job", "--drop", "zip"]

    assert main(args) == 2
    line = one_error(capsys)
    assert line.rstrip().endswith("add --trust own_tree.OwnTree")
    assert main([*args, "--trust", "own_tree.OwnTree"]) == 0
    assert "OwnTree" in capsys.readouterr().out


def test_a_model_of_another_release_is_one_warning(work, monkeypatch, capsys):
    members = pd.read_csv("train.csv", keep_default_na=False)
    X = members.drop(columns=["id", "income"])
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.0.2")
        skops.io.dump(make_model().fit(X, members["income"]), "model.skops")
    assert main(AUDIT) == 0
    err = capsys.readouterr().err
    assert err.startswith("skmia: warning: the model was saved with scikit-learn 1.0.2")
    assert err.count("\n") == 1


def test_warnings_are_one_line_each_and_said_once(capsys):
    import warnings

    with boundary():
        for _ in range(2):
            warnings.warn("two\nlines", UserWarning, stacklevel=1)
        warnings.warn("nobody's business", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "skmia: warning: two lines\n"


@pytest.mark.parametrize(
    ("error", "status", "said"),
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
def test_what_may_come_out_of_an_audit(error, status, said, work, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("skmia.audit.audit_classifier", fail)
    assert main(AUDIT) == status
    err = capsys.readouterr().err
    assert err.endswith(said)
    assert ("Traceback" in err) == (status == 3)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_shown_on_terminals_only(is_terminal, work, monkeypatch):
    def check(*args, verbose, **kwargs):
        raise Called(verbose)

    monkeypatch.setattr("skmia.audit.audit_classifier", check)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    shown = []
    monkeypatch.setattr("traceback.print_exc", lambda: shown.append(sys.exception()))
    assert main(AUDIT) == 3
    assert shown[0].args == (int(is_terminal),)


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skmia {skmia.__version__}\n"
    assert main(["audit", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--members", "--fail-above", "--trust-pickle", "--text"):
        assert option in shown


def test_the_application_exits_as_main_does(work):
    run = CliRunner().invoke
    app = make_app()
    result = run(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"skmia {skmia.__version__}\n")
    result = run(app, AUDIT)
    assert result.exit_code == 0
    assert result.stdout == expected_report().summary() + "\n"
    assert run(app, [*AUDIT, "--fail-above", "auc=0.1"]).exit_code == 1
    result = run(app, ["audit", "none.skops", *TABLES, *READING])
    assert result.exit_code == 2
    assert "skmia: error: none.skops does not exist\n" in result.output


def run_process(*command, **options):
    root = Path(skmia.__file__).parents[1]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        timeout=600,
        **options,
    )


def test_a_process_of_its_own(work):
    command = [sys.executable, "-m", "skmia.cli", *AUDIT]
    done = run_process(*command, "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected_report().summary() + "\n"

    done = run_process(*command, "--fail-above", "auc=0.1")
    assert done.returncode == 1
    assert "limit exceeded" in done.stderr

    done = run_process(*command, "--members", "none.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "skmia: error: none.csv does not exist\n"


def test_the_entry_point_is_main():
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="skmia")
    assert entry.load() is main


@pytest.mark.parametrize("package", ["typer", "pandas", "pyarrow", "skops"])
def test_missing_packages_are_one_line(package):
    code = f"import sys; sys.modules[{package!r}] = None; "
    code += "from skmia.cli import main; sys.exit(main(['--version']))"
    done = run_process(sys.executable, "-c", code)
    assert done.returncode == 2
    needs = f"the command line needs {package}: pip install 'skmia[cli]'"
    assert done.stderr == f"skmia: error: {needs}\n"


def make_report(shift, accuracy):
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(shift, 1, 200), rng.normal(0, 1, 200)])
    return AuditReport(
        [True] * 200 + [False] * 200,
        {"loss": scores / 2, "lira": scores},
        accuracy=accuracy,
    )


def test_the_demo_says_what_the_figures_say():
    grown, kept = make_report(2.0, (1.0, 0.9)), make_report(0.5, (0.95, 0.93))
    text = render_demo(grown, kept)
    for report in (grown, kept):
        for figure in report.figures:
            if figure.resolvable:
                cell = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
                assert cell in text
    assert "gains 3.0 points of accuracy" in text
    assert "still leaks" in text
    assert text.count("too few non-members") == 4
    assert max(map(len, text.splitlines())) <= 88

    text = render_demo(grown, make_report(0.0, (0.9, 0.85)))
    assert "costs 5.0 points of accuracy" in text
    assert "cannot be told from guessing" in text


@pytest.mark.slow
def test_demo():
    done = run_process(sys.executable, "-m", "skmia.cli", "demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "lira    auc" in done.stdout
    assert "still leaks" in done.stdout
