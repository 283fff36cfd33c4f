"""What ``skmia audit`` writes beside its summary, and what it reads in other forms."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skmia.audit import AuditReport
from skmia.cli._csv import read_tables
from skmia.cli._fields import Dialect


def test_html_json_and_records_of_one_audit(audit, expected_report):
    options = ["--html", "r.html", "--json", "r.json", "--records", "r.parquet"]
    status, out, _ = audit(*options)
    report = expected_report()
    assert (status, out) == (0, report.summary() + "\n")
    page = Path("r.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "DecisionTreeClassifier" in page
    assert AuditReport.from_json("r.json").summary() == report.summary()
    frame = pd.read_parquet("r.parquet")
    expected = report.records()
    assert list(frame.columns[1:]) == list(expected.columns)
    np.testing.assert_allclose(frame["lira"], expected["lira"])
    # The report has no record in it, and the list is for the user alone.
    assert "membership" not in json.loads(Path("r.json").read_text())
    assert Path("r.parquet").stat().st_mode & 0o077 == 0


def test_groups_by_a_column_that_the_model_does_not_see(audit, expected_report):
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(name, dtype=str, keep_default_na=False)
        table["sex"] = np.where(np.arange(len(table)) % 3, "f", "m")
        table.to_csv(name, index=False)
    columns = ["--target", "income", "--drop", "id", "--text", "zip", "--drop", "sex"]
    status, out, _ = audit(
        "--by", "sex", "--by", "job", "--json", "r.json", columns=columns
    )
    assert status == 0
    found = [
        section
        for section in json.loads(Path("r.json").read_text())["sections"]
        if section["section"] == "subgroups"
    ]
    assert len(found) == 2
    report = expected_report()
    tables = [pd.read_csv(n, dtype=str)[["sex"]] for n in ("train.csv", "test.csv")]
    groups = report.subgroups("sex", tuple(tables))
    assert groups.summary() in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--html", "none/r.html"], "--html none/r.html: there is no folder none"),
        (["--html", "train.csv"], "--html train.csv would overwrite an input file"),
        (["--records", "test.csv"], "--records test.csv would overwrite an input file"),
        (["--records", "r.txt"], "must end in .csv or .parquet"),
        (["--records", "r.csv", "--json", "r.csv"], "name the same file"),
        (["--html", "/proc/r.html"], "cannot be written"),
        (["--by", "wages"], "--by names a column 'wages' that is not there"),
        (["--sep", ""], "--sep must be one character"),
        (["--sep", "\n"], "--sep must be one character"),
        (["--sep", ";"], "is --sep right?"),
        (["--encoding", "utf-16"], "pass --encoding"),
    ],
)
def test_what_would_fail_in_the_end_is_found_first(options, message, no_audit, refused):
    assert message in refused(*options)


def test_other_separators_encodings_and_gzip(audit, expected_report):
    for name in ("train", "test"):
        table = pd.read_csv(f"{name}.csv", dtype=str, keep_default_na=False)
        table.to_csv(f"{name}.csv.gz", index=False, sep=";", encoding="utf-16")
    parts = {"members": "train.csv.gz", "nonmembers": "test.csv.gz"}
    status, out, _ = audit("--sep", ";", "--encoding", "utf-16", **parts)
    assert (status, out) == (0, expected_report().summary() + "\n")


def write_gz(folder, *contents):
    paths = folder / "a.csv.gz", folder / "b.csv.gz"
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


GOOD = gzip.compress(b"a,y\n1,u\n", mtime=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a,y\n1,u\n", "is no gzip file, or a damaged one"),
        (GOOD[:-9], "is no gzip file, or a damaged one"),
        (GOOD[:4], "is no gzip file, or a damaged one"),
        (GOOD + b"more", "is no gzip file, or a damaged one"),
        (gzip.compress(b"a,y\n\xff,u\n", mtime=0), "pass --encoding"),
        (gzip.compress(b"a,y\n1\0,u\n", mtime=0), "zero byte"),
        (gzip.compress(b"", mtime=0), "could not be read as a .csv table"),
    ],
)
def test_damaged_gzip_is_one_line(data, message, tmp_path):
    paths = write_gz(tmp_path, GOOD, data)
    with pytest.raises(ValueError, match=r"b\.csv\.gz") as caught:
        read_tables(*paths, target="y")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_several_gzip_members_is_one_table(tmp_path):
    paths = write_gz(tmp_path, GOOD + gzip.compress(b"2,v\n"), GOOD)
    assert read_tables(*paths, target="y")[0]["a"].tolist() == [1, 2]


def test_a_gzip_bomb_is_refused_before_the_memory_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr("skmia.cli._fields._MOST_BYTES", 2**20)
    rows = b"0,u\n" * 2**20  # a thousand to one
    paths = write_gz(tmp_path, GOOD, gzip.compress(b"a,y\n" + rows))
    read = []

    def count(file, size):
        part = reading(file, size)
        read.append(len(part))
        return part

    reading = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", count)
    with pytest.raises(ValueError, match="unpack to more than 200 times as much"):
        read_tables(*paths, target="y")
    assert sum(read) < 2**20 + 200 * paths[1].stat().st_size + 2**21


def test_a_byte_order_mark_of_another_encoding(tmp_path):
    paths = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in paths:
        path.write_bytes("a;y\n1;ü\n".encode("utf-16"))
    dialect = Dialect(";", "utf-16")
    members, _ = read_tables(*paths, target="y", dialect=dialect)
    assert (list(members.columns), members["y"].tolist()) == (["a", "y"], ["ü"])


def test_separators_belong_to_csv(tmp_path):
    for name in ("a.parquet", "b.parquet"):
        pd.DataFrame({"a": [1], "y": ["u"]}).to_parquet(tmp_path / name)
    with pytest.raises(ValueError, match="--sep and --encoding do"):
        read_tables(
            *(tmp_path / name for name in ("a.parquet", "b.parquet")),
            target="y",
            dialect=Dialect(";"),
        )
