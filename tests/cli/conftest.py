"""A model and its tables as files, and the command that audits them."""

import functools
import pickle
import shutil

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import CHEAP
from skmia.audit import audit_classifier
from skmia.cli import run as run_here

SEEDS = {"train": 1, "test": 2}
SIZES = {"train": 150, "test": 130}


def make_table(name):
    seed, n = SEEDS[name], SIZES[name]
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


def fit_model():
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["job", "zip"]),
            remainder=StandardScaler(),
        ),
        DecisionTreeClassifier(random_state=0),
    )
    members = make_table("train")
    return model.fit(members.drop(columns=["id", "income"]), members["income"])


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """An over-fitted tree, its training rows and others, as files."""
    folder = tmp_path_factory.mktemp("cli")
    members, nonmembers = make_table("train"), make_table("test")
    members.to_csv(folder / "train.csv", index=False)
    nonmembers[nonmembers.columns[::-1]].to_csv(folder / "test.csv", index=False)
    members.to_parquet(folder / "train.parquet")
    nonmembers.to_parquet(folder / "test.parquet")
    model = fit_model()
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


@pytest.fixture(scope="session")
def arguments():
    """Write the arguments of an audit, with other parts where they are given."""

    def write(
        *options,
        model="model.skops",
        members="train.csv",
        nonmembers="test.csv",
        columns=("--target", "income", "--drop", "id", "--text", "zip"),
    ):
        tables = ["--members", members, "--nonmembers", nonmembers]
        attacks = [] if "--attacks" in options else ["--attacks", ",".join(CHEAP)]
        settings = [*attacks, "--shadows", "4"]
        return ["audit", model, *tables, *columns, *settings, *options]

    return write


@pytest.fixture
def audit(work, arguments, capsys):
    """Audit the files; return exit status, output and errors."""

    def run(*options, **parts):
        capsys.readouterr()
        status = run_here(arguments(*options, **parts))
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def refused(audit):
    """Audit the files, which must fail with one line; return that line."""

    def run(*options, **parts):
        status, _, err = audit(*options, **parts)
        assert status == 2, err
        assert err.startswith("skmia: error: "), err
        assert err.count("\n") == 1, err
        return err

    return run


class Called(Exception):
    """What is raised in place of an audit."""


@pytest.fixture
def no_audit(monkeypatch):
    """Fail where an audit is started: what is wrong must be found before."""

    def fail(*args, **kwargs):
        raise Called

    monkeypatch.setattr("skmia.audit.audit_classifier", fail)


@pytest.fixture(scope="session")
def expected_report():
    """The same audit from Python, on the tables that the files were written from."""

    @functools.cache
    def report(
        shadows=4,
        random_state=0,
        max_fprs=(0.1, 0.01, 0.001),
        attacks=tuple(CHEAP),
        groups=None,
    ):
        sides = []
        for name in SEEDS:
            table = make_table(name)
            sides += [table.drop(columns=["id", "income"]), table["income"]]
        return audit_classifier(
            fit_model(),
            *sides,
            attacks=attacks,
            shadows=shadows,
            groups=groups,
            random_state=random_state,
            max_fprs=max_fprs,
        )

    return report
