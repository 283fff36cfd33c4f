"""Two tables read as one: types by what both hold, and nothing guessed in silence."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skmia.cli._csv import read_tables


def write(folder, members, nonmembers, suffix=".csv"):
    paths = folder / f"train{suffix}", folder / f"test{suffix}"
    for path, content in zip(paths, (members, nonmembers), strict=True):
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
    return paths


def test_types_follow_from_both_files(tmp_path):
    # By itself the first file holds ints, the second floats and a missing value.
    paths = write(
        tmp_path,
        "a,flag,job,y\n1,True,cook,0\n2,False,clerk,1\n",
        "a,flag,job,y\n1.5,True,cook,1\n,True,,0\n",
    )
    members, nonmembers = read_tables(*paths, target="y")
    assert members["a"].dtype == nonmembers["a"].dtype == np.float64
    assert members["flag"].dtype == nonmembers["flag"].dtype == bool
    assert members["a"].tolist() == [1.0, 2.0]
    assert np.isnan(nonmembers["a"][1])
    assert pd.isna(nonmembers["job"][1])
    assert members["y"].tolist() == ["0", "1"]
    assert list(nonmembers.index) == [0, 1]


def test_types_are_those_of_pandas_where_one_file_would_do(tmp_path):
    rng = np.random.default_rng(0)
    whole = pd.DataFrame(
        {
            "i": rng.integers(-5, 5, 40),
            "f": rng.normal(size=40),
            "e": rng.normal(size=40) * 1e-300,
            "s": rng.choice(["a,b", 'q"uote', "two\nlines", "plain"], 40),
            "b": rng.choice([True, False], 40),
            "y": rng.integers(0, 2, 40),
        }
    )
    paths = tmp_path / "train.csv", tmp_path / "test.csv"
    whole[:25].to_csv(paths[0], index=False)
    whole[25:].to_csv(paths[1], index=False)
    members, nonmembers = read_tables(*paths, target="y")

    expected = pd.read_csv(paths[0]).drop(columns="y")
    pd.testing.assert_frame_equal(members.drop(columns="y"), expected)
    expected = pd.read_csv(paths[1]).drop(columns="y")
    pd.testing.assert_frame_equal(nonmembers.drop(columns="y"), expected)


def test_order_of_columns_is_the_members(tmp_path):
    paths = write(tmp_path, "a,b,y\n1,2,u\n", "y,b,a\nv,20,10\n")
    members, nonmembers = read_tables(*paths, target="y")
    assert list(members.columns) == list(nonmembers.columns) == ["a", "b", "y"]
    assert nonmembers.loc[0].tolist() == [10, 20, "v"]


@pytest.mark.parametrize("token", ["NA", "None", "null", "n/a"])
def test_text_that_pandas_takes_for_missing_is_said(token, tmp_path):
    content = f"land,n,y\nDE,{token},0\n{token},2,1\n"
    paths = write(tmp_path, content, content)
    with pytest.warns(UserWarning, match=f"'land' has 2 fields such as '{token}'") as w:
        members, _ = read_tables(*paths, target="y")
    # In a column of numbers nobody could mean it as a value.
    assert len(w) == 1
    assert pd.isna(members["land"][1])
    assert np.isnan(members["n"][0])

    members, nonmembers = read_tables(*paths, target="y", text=["land"])
    assert members["land"].tolist() == nonmembers["land"].tolist() == ["DE", token]


def test_leading_zeros_are_said_and_kept_as_text(tmp_path):
    paths = write(tmp_path, "zip,x,y\n00700,0.5,0\n", "zip,x,y\n10117,-0.25,1\n")
    with pytest.warns(UserWarning, match="'zip' has numbers with leading zeros") as w:
        members, _ = read_tables(*paths, target="y")
    assert len(w) == 1
    assert members["zip"][0] == 700

    members, nonmembers = read_tables(*paths, target="y", text=["zip"])
    assert members["zip"].tolist() == ["00700"]
    assert nonmembers["zip"].tolist() == ["10117"]


def test_only_the_empty_field_is_missing_in_text(tmp_path):
    paths = write(tmp_path, "zip,x,y\n007,1,0\n,1,1\n", "zip,x,y\nNA,1,0\n?,2,0\n")
    members, nonmembers = read_tables(*paths, target="y", text=["zip"], missing=["?"])
    assert members["zip"][0] == "007"
    assert pd.isna(members["zip"][1])
    assert nonmembers["zip"][0] == "NA"
    assert pd.isna(nonmembers["zip"][1])


def test_further_missing_fields(tmp_path):
    paths = write(tmp_path, "job,n,y\n?,?,0\ncook,3,1\n", "job,n,y\ncook,4,1\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        members, _ = read_tables(*paths, target="y", missing=["?"])
    assert members["n"].dtype == np.float64
    assert members.isna().sum().tolist() == [1, 1, 0]


@pytest.mark.parametrize("swap", [False, True])
def test_numbers_in_one_file_and_text_in_the_other(swap, tmp_path):
    contents = ["zip,y\n10117,0\n20095,1\n", "zip,y\n10117,0\nK1A,1\n"]
    paths = write(tmp_path, *(contents[::-1] if swap else contents))
    with pytest.raises(ValueError, match=r"'zip' holds numbers in .*such as 'K1A'"):
        read_tables(*paths, target="y")
    members, nonmembers = read_tables(*paths, target="y", text=["zip"])
    both = [members["zip"].tolist(), nonmembers["zip"].tolist()]
    assert (both[::-1] if swap else both) == [["10117", "20095"], ["10117", "K1A"]]


def test_numbers_and_text_in_parquet(tmp_path):
    numbers = pd.DataFrame({"zip": [1, 2], "y": ["a", "b"]})
    text = pd.DataFrame({"zip": ["x", "y"], "y": ["a", "b"]})
    paths = write(tmp_path, numbers, text, ".parquet")
    with pytest.raises(ValueError, match=r"'zip' holds numbers in .*train.parquet"):
        read_tables(*paths, target="y")
    # Text that looks like a number is text there.
    digits = numbers.assign(zip=["10117", "20095"])
    members, _ = read_tables(*write(tmp_path, digits, text, ".parquet"), target="y")
    assert members["zip"].tolist() == ["10117", "20095"]


def test_parquet_keeps_its_types(tmp_path):
    frame = pd.DataFrame(
        {
            "x": np.array([1.5, 2.5], dtype=np.float32),
            "job": pd.Categorical(["cook", "clerk"]),
            "zip": ["007", "NA"],
            "y": [True, False],
        },
        index=[7, 3],
    )
    paths = write(tmp_path, frame, frame[["y", "x", "zip", "job"]], ".parquet")
    members, nonmembers = read_tables(*paths, target="y")
    expected = frame.reset_index(drop=True)
    pd.testing.assert_frame_equal(members, expected)
    pd.testing.assert_frame_equal(nonmembers, expected)
    for option in ({"text": ["zip"]}, {"missing": ["?"]}):
        with pytest.raises(ValueError, match=r"--text and --missing say how"):
            read_tables(*paths, target="y", **option)


def test_columns_that_differ_are_named(tmp_path):
    paths = write(tmp_path, "a,b,y\n1,2,u\n", "a,c,y\n1,2,u\n")
    with pytest.raises(ValueError, match=r"train.csv: \['b'\]; .*test.csv: \['c'\]"):
        read_tables(*paths, target="y")
    members, nonmembers = read_tables(*paths, target="y", drop=["b", "c"])
    assert list(members.columns) == list(nonmembers.columns) == ["a", "y"]


def test_names_that_are_not_there(tmp_path):
    paths = write(tmp_path, "a,y\n1,u\n", "a,y\n1,u\n")
    with pytest.raises(ValueError, match=r"no column 'label'.*\['a', 'y'\]"):
        read_tables(*paths, target="label")
    with pytest.raises(ValueError, match=r"--drop names a column 'id'"):
        read_tables(*paths, target="y", drop=["id"])
    with pytest.raises(ValueError, match=r"--text names a column 'zip'"):
        read_tables(*paths, target="y", text=["zip"])
    with pytest.raises(ValueError, match=r"--drop cannot take the target"):
        read_tables(*paths, target="y", drop=["y"])


GOOD = "a,y\n1,u\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n", "could not be read as a .csv table"),
        ("a,y\n", "has no rows"),
        ("a,y\n1,u,9\n2,v,9\n", "more fields than its header has names"),
        ("a,y\n1,u\n1,2,3\n", "could not be read as a .csv table"),
        ('a,y\n"1,u\n', "could not be read as a .csv table"),
        (b"a,y\n\xff\xfe,u\n", "could not be read as a .csv table"),
        (b"PK\x03\x04\x00\x00", "has no rows|could not be read"),
    ],
)
def test_a_damaged_csv_is_one_line(content, message, tmp_path):
    paths = write(tmp_path, GOOD, content)
    with pytest.raises(ValueError, match=message) as caught:
        read_tables(*paths, target="y")
    assert "\n" not in str(caught.value)
    assert "test.csv" in str(caught.value)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_truncated_parquet_is_one_line(share, tmp_path):
    frame = pd.DataFrame({"a": np.arange(1000.0), "y": ["u", "v"] * 500})
    paths = write(tmp_path, frame, frame, ".parquet")
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"test\.parquet (is empty|could not be read)"):
        read_tables(*paths, target="y")


def test_files_that_are_not_tables(tmp_path):
    good, _ = write(tmp_path, GOOD, GOOD)
    with pytest.raises(FileNotFoundError, match=r"none\.csv does not exist"):
        read_tables(good, tmp_path / "none.csv", target="y")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_tables(good, tmp_path / "folder.csv", target="y")
    with pytest.raises(ValueError, match=r"Got '\.xlsx' instead"):
        read_tables(good, tmp_path / "table.xlsx", target="y")
    pd.DataFrame({"a": [1], "y": ["u"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"must both be \.csv or both be \.parquet"):
        read_tables(good, tmp_path / "other.parquet", target="y")


def test_an_index_column_is_an_ordinary_column(tmp_path):
    paths = write(tmp_path, ",a,y\n0,1,u\n1,2,v\n", ",a,y\n0,1,u\n1,2,v\n")
    members, _ = read_tables(*paths, target="y")
    assert list(members.columns) == ["Unnamed: 0", "a", "y"]
    members, _ = read_tables(*paths, target="y", drop=["Unnamed: 0"])
    assert list(members.columns) == ["a", "y"]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    content = "\ufeffa,y\n1,u\n".encode()
    members, _ = read_tables(*write(tmp_path, content, content), target="y")
    assert list(members.columns) == ["a", "y"]
