"""Tables whose owner wants them misread, or the reader to hang or to be misled."""

import os
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skmia.cli._contained import run_contained
from skmia.cli._csv import read_tables
from skmia.cli._messages import one_line

TEXT = "note,x,y\nfine,1,a\nbad,2,b\nfine,3,a\nbad,4,b\n"


def write(folder, members, nonmembers=TEXT):
    paths = folder / "train.csv", folder / "test.csv"
    for path, content in zip(paths, (members, nonmembers), strict=True):
        path.write_bytes(content.encode())
    return paths


@pytest.mark.parametrize("breaks", ["\r", "\r\n", "\n", "\r\r", "\n\r"])
def test_a_line_break_in_a_field_moves_no_row_from_its_label(breaks, tmp_path):
    members = TEXT.replace("fine,1", f'"fi{breaks}ne",1')
    paths = write(tmp_path, members)
    if breaks == "\r":
        # Written again with quotes where they seem needed, one row becomes two.
        raw = pd.read_csv(paths[0], dtype=str)
        raw.drop(columns="y").to_csv(tmp_path / "again.csv", index=False)
        again = pd.read_csv(tmp_path / "again.csv")
        assert again["x"][1:4].tolist() == [1, 2, 3]

    frame, _ = read_tables(*paths, target="y")
    assert frame["x"].tolist() == [1, 2, 3, 4]
    assert frame["y"].tolist() == list("abab")
    assert frame["note"].tolist() == [f"fi{breaks}ne", "bad", "fine", "bad"]


def test_a_line_break_without_quotes_makes_no_row_of_its_own(tmp_path):
    """pandas itself writes a lone carriage return so."""
    table = pd.DataFrame({"y": [0, 0], "note": ["fine", "see\r1"], "x": [3, 4]})
    lines = table.to_csv(index=False, lineterminator="\n")
    if '"' in lines:  # in some releases of Python it has quotes
        lines = lines.replace('"', "")
    paths = write(tmp_path, lines, "y,note,x\n1,bad,5\n")
    read = pd.read_csv(paths[0])
    assert read["y"].tolist() == [0, 0, 1]
    assert read["note"].tolist() == ["fine", "see", "4"]

    with pytest.raises(
        ValueError, match=r"train\.csv .*line 3 has fewer fields"
    ) as caught:
        read_tables(*paths, target="y")
    assert "\n" not in str(caught.value)
    # With quotes it is a field like any other.
    paths = write(tmp_path, lines.replace("see\r1", '"see\r1"'), "y,note,x\n1,bad,5\n")
    assert read_tables(*paths, target="y")[0]["y"].tolist() == ["0", "0"]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("1,a\n0,b,5\n", "line 2 has fewer fields than its header has names (2,"),
        ("1,a,4\n0\n", "line 3 has fewer fields than its header has names (1,"),
        (
            '1,"a\n\nb",4\n\n\n0,b\n',
            "line 7 has fewer fields than its header has names (2,",
        ),
        ('1,a,4\n""\n', "pandas makes 2"),
        ("1,a,4\n0,b,5,6\n", "line 3 has more fields than its header has names (4,"),
        ("1,a,4,\n0,b,5,\n", "line 2 has more fields than its header has names (4,"),
    ],
)
def test_rows_of_other_lengths_are_refused(rows, line, tmp_path):
    paths = write(tmp_path, f"y,note,x\n{rows}", "y,note,x\n1,bad,5\n")
    if "fewer" in line:
        assert pd.read_csv(paths[0]).isna().sum().sum() > 0
    with pytest.raises(ValueError, match=rf"train\.csv .*{re.escape(line)}") as caught:
        read_tables(*paths, target="y")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "y,a,b\n1,,\n0,x,2\n",
        "y,a,b\r\n1,,\r\n0,x,2",
        "y,a,b\r1,,\r0,x,2\r",
        "\n \ny,a,b\n\n1,,\n \t\n0,x,2\n\n  \n\n",
        '\ufeff"y",a,b\n1,"",\n0,x,2\n',
    ],
)
def test_empty_fields_and_blank_lines_are_no_short_rows(content, tmp_path):
    frame, _ = read_tables(*write(tmp_path, content, content), target="y")
    assert frame["y"].tolist() == ["1", "0"]
    assert frame["a"].isna().tolist() == [True, False]
    assert frame["b"].tolist()[1] == 2


def test_a_field_may_be_long(tmp_path):
    text = "x" * 300_000
    paths = write(tmp_path, TEXT.replace("fine", text, 1))
    assert read_tables(*paths, target="y")[0]["note"][0] == text


@pytest.mark.parametrize("field", ["\x1a", '""', "'", "\\", "\ufeff", "é\u2028"])
def test_odd_fields_are_read_as_they_are(field, tmp_path):
    paths = write(tmp_path, TEXT.replace("fine,1", f'"{field}",1'))
    frame, _ = read_tables(*paths, target="y")
    assert frame["note"][0] == field.replace('""', '"')
    assert frame["x"].tolist() == [1, 2, 3, 4]


def test_a_zero_byte_is_refused(tmp_path):
    # Fields end there in some releases of pandas: "a" for both of these.
    paths = write(
        tmp_path, TEXT.replace("fine,1", "a\0b,1").replace("fine,3", "a\0c,3")
    )
    with pytest.raises(ValueError, match=r"train\.csv .*zero byte"):
        read_tables(*paths, target="y")


@pytest.mark.parametrize("header", ["y,x,y", "x,x,y", "x,y,y"])
def test_a_name_twice_is_refused(header, tmp_path):
    # By itself pandas makes a feature of the second label.
    again = TEXT.replace("note,x,y", header)
    paths = write(tmp_path, again, again)
    assert [n for n in pd.read_csv(paths[0]).columns if "." in n] in (["y.1"], ["x.1"])
    with pytest.raises(ValueError, match=r"train\.csv .*more than one column"):
        read_tables(*paths, target="y")


def test_parquet_names_twice_are_refused(tmp_path):
    paths = tmp_path / "train.parquet", tmp_path / "test.parquet"
    for path in paths:
        table = pa.table([[1, 2], [3, 4], [0, 1]], names=["x", "x", "y"])
        pq.write_table(table, path)
    with pytest.raises(
        ValueError, match=r"train\.parquet .*(Multiple matches|more than one)"
    ):
        read_tables(*paths, target="y")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
@pytest.mark.parametrize("name", ["train.csv", "test.csv", "model.skops"])
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_what_is_no_file_is_refused(name, kind, work, no_audit, refused):
    path = work / name
    path.unlink()
    if kind == "pipe":
        # Whoever opens it waits until somebody writes.
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    line = refused()
    assert name in line
    assert ("not a regular file" in line) or ("is a folder" in line)


def test_nothing_in_a_table_speaks_to_the_terminal(work, no_audit, refused):
    wipe = "\x1b[2K\rskmia: all is well\x07\u202e"
    table = pd.read_csv("train.csv")
    table.rename(columns={"age": f"age{wipe}"}).to_csv("train.csv", index=False)
    assert refused()[:-1].isprintable()
    table["income"] = f"{wipe}"
    table.to_csv("train.csv", index=False)
    assert refused()[:-1].isprintable()


def test_a_message_has_an_end():
    assert len(one_line("x" * 10**6)) < 10**4
    assert one_line("x\ny") == "x y"
    assert one_line(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    "harm",
    [
        lambda model: vars(model).pop("intercept_"),
        lambda model: vars(model).update(classes_={"a": 1}),
        lambda model: vars(model).update(coef_=np.ones((1, 2, 3, 4))),
        lambda model: vars(model).update(coef_="text"),
        lambda model: vars(model).update(intercept_=[{}]),
        lambda model: vars(model).update(n_features_in_="three"),
    ],
)
def test_a_model_whose_parts_do_not_fit_is_one_line(harm, work, no_audit, refused):
    table = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9) % 2})
    table.to_csv("one.csv", index=False)
    model = LogisticRegression().fit(table[["x"]].to_numpy(), table["y"])
    harm(model)
    skops.io.dump(model, "other.skops")
    refused(
        model="other.skops",
        members="one.csv",
        nonmembers="one.csv",
        columns=["--target", "y"],
    )


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_table_that_fills_the_memory_is_one_line(suffix, tmp_path, capfd):
    train, test = tmp_path / f"train{suffix}", tmp_path / f"test{suffix}"
    if suffix == ".parquet":
        # A few bytes stand for a million equal rows.
        part = pa.table({"x": np.zeros(10**6), "y": np.zeros(10**6, dtype=np.int64)})
        with pq.ParquetWriter(train, part.schema) as writer:
            for _ in range(200):
                writer.write_table(part)
        assert train.stat().st_size < 2 * 10**6
        pq.write_table(part[:10], test)
    else:
        train.write_text("x,y\n" + "0,1\n" * 5 * 10**6)
        test.write_text("x,y\n0,1\n")
    model = DecisionTreeClassifier().fit(np.zeros((4, 1)), [0, 1, 0, 1])
    skops.io.dump(model, tmp_path / "model.skops")
    arguments = ["audit", str(tmp_path / "model.skops"), "--members", str(train)]
    arguments += ["--nonmembers", str(test), "--target", "y", "--memory-limit", "0.5"]

    assert run_contained("skmia.cli.run_child()", arguments, 300.0) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("skmia: error: ")
    assert err.count("\n") == 1
