"""``--group-column``: whose the rows are."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def add_persons(name, first, kind="csv", column="person", **changed):
    """Two rows a person; the column is nothing that the model knows."""
    read, path = getattr(pd, f"read_{kind}"), Path(f"{name}.{kind}")
    as_written = {"dtype": str, "keep_default_na": False} if kind == "csv" else {}
    table = read(path, **as_written)
    numbers = first + np.arange(len(table)) // 2
    table[column] = [f"{number:04d}" for number in numbers]
    for row, value in changed.items():
        table.loc[int(row[1:]), column] = value
    getattr(table, f"to_{kind}")(path, index=False)


GROUPED = ["--group-column", "person"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_persons_reach_the_audit(kind, audit, expected_report):
    add_persons("train", 0, kind)
    add_persons("test", 500, kind)
    tables = {"members": f"train.{kind}", "nonmembers": f"test.{kind}"}
    if kind == "parquet":
        tables["columns"] = ["--target", "income", "--drop", "id"]
    status, out, err = audit(*GROUPED, "--json", "out.json", **tables)
    assert (status, err) == (0, "")
    pair = tuple(i // 2 for i in range(150)), tuple(500 + i // 2 for i in range(130))
    assert out == expected_report(groups=pair).summary() + "\n"
    assert "150 rows of 75 persons" in out
    assert json.loads(Path("out.json").read_text())["counts"]["member_persons"] == 75


def test_names_are_told_as_they_are_written(audit):
    """As numbers, the two persons 0007 and 7 would be one, on both sides."""
    add_persons("train", 0)
    add_persons("test", 500, r0="0007", r1="0007")
    assert "1 person has rows in both sets, 2 rows of the" in audit(*GROUPED)[1]
    # Here 7 is somebody else.
    add_persons("test", 500, r0="0007", r1="7")
    assert "1 person has rows in both sets" in audit(*GROUPED)[1]


@pytest.mark.parametrize("name", ["7", "7.0", "0007 "])
def test_names_that_the_tables_spell_otherwise(name, audit):
    add_persons("train", 0)
    add_persons("test", 500, r0=name, r1=name)
    status, out, err = audit(*GROUPED)
    assert (status, out) == (2, "")
    assert f"Got '0007' among the members and {name!r} among the non-members" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--group-column", "who"], "--group-column names a column 'who' that is not"),
        (["--group-column", "income"], "--group-column cannot be the target column"),
        ([*GROUPED, "--drop", "person"], "--group-column names a column 'person' that"),
        (
            [*GROUPED, "--fail-above", "tpr@0.01=0.5"],
            "'tpr@0.01' is not resolvable: it needs 100 non-member persons, and there",
        ),
    ],
)
def test_what_is_refused(options, message, audit):
    add_persons("train", 0)
    add_persons("test", 500)
    status, out, err = audit(*options)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["", "nan", "None"])
def test_a_row_without_a_name(name, audit):
    add_persons("train", 0, r3=name)
    add_persons("test", 500)
    status, out, err = audit(*GROUPED)
    assert (status, out) == (2, "")
    assert "Got 1 of 150 rows without one" in err


def test_a_limit_on_persons(audit):
    add_persons("train", 0)
    add_persons("test", 500)
    status, _, err = audit(*GROUPED, "--fail-above", "auc=0.1")
    assert status == 1
    assert "skmia: reason: max_auc: The AUC is at least" in err
