"""Columns and labels as a model knows them, and what it would silently not know."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.cli._model_inputs import check_known_categories, match_labels, take_features


def labels(values):
    return pd.Series(values, name="y")


@pytest.mark.parametrize(
    ("read", "classes"),
    [
        (["0", "1", "0"], np.array([0, 1])),
        (["0.0", "1.0", "0"], np.array([0, 1])),
        (["0", "1", "0.0"], np.array([0.0, 1.0])),
        (["False", "TRUE", "false"], np.array([False, True])),
        (["0", "1", "0"], np.array([False, True])),
        (["False", "True", "False"], np.array([0, 1])),
        (["0", "1", "0"], np.array(["0", "1"])),
        (["0", "1", "0"], np.array(["0", "1"], dtype=object)),
        (["007", "1e3", "7"], np.array([7, 1000])),
        (["-1", "+1", "-1"], np.array([-1, 1])),
        ([0, 1, 0], np.array(["0", "1"])),
        ([0.0, 1.0, 0.0], np.array(["0", "1"])),
        ([0.0, 1.0, 0.0], np.array([0, 1])),
        ([False, True, False], np.array(["False", "True"])),
        ([False, True, False], np.array([0, 1])),
        (["NA", "None", "NA"], np.array(["NA", "None"])),
        ([str(2**60), str(2**60 + 1), str(2**60)], np.array([2**60, 2**60 + 1])),
    ],
)
def test_labels_become_the_models_own(read, classes):
    matched = match_labels(labels(read), classes, "train.csv")
    assert matched.dtype == classes.dtype
    assert matched.tolist() == classes[[0, 1, 0]].tolist()


def test_text_is_matched_as_it_is_written():
    classes = np.array(["007", "07", "7"])
    matched = match_labels(labels(["7", "007", "07"]), classes, "train.csv")
    assert matched.tolist() == ["7", "007", "07"]


def test_categorical_labels():
    read = pd.Series(pd.Categorical(["no", "yes", "no"]), name="y")
    matched = match_labels(read, np.array(["no", "yes"]), "train.parquet")
    assert matched.tolist() == ["no", "yes", "no"]


@pytest.mark.parametrize(
    ("read", "classes", "named"),
    [
        ([">50K.", "<=50K"], np.array(["<=50K", ">50K"]), r"\['>50K\.'\]"),
        (["yes", "no"], np.array([0, 1]), r"\['yes', 'no'\]"),
        (["1.0", "0.0"], np.array(["0", "1"]), r"\['1\.0', '0\.0'\]"),
        ([" 1", "0"], np.array(["0", "1"]), r"\[' 1'\]"),
        (["1_0", "10"], np.array([1, 10]), r"\['1_0'\]"),
        (["nan", "1"], np.array([0.0, 1.0]), r"\['nan'\]"),
        ([0.5, 1.0], np.array([0, 1]), r"\[0\.5\]"),
        ([2, 1], np.array([0, 1]), r"\[2\]"),
        ([str(i) for i in range(20)], np.array([0, 1]), "and 10 more"),
    ],
)
def test_unknown_labels_are_named(read, classes, named):
    with pytest.raises(ValueError, match=named) as caught:
        match_labels(labels(read), classes, "test.csv")
    assert "test.csv has labels in column 'y'" in str(caught.value)


def test_missing_labels_are_counted():
    with pytest.raises(ValueError, match="2 rows without a label in column 'y'"):
        match_labels(labels(["1", None, np.nan]), np.array([0, 1]), "test.csv")


FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "b": [0.5, 1.5, 2.5, 3.5],
        "a": [4, 3, 2, 1],
        "y": ["u", "v", "u", "v"],
    }
)


def test_the_models_columns_in_its_order():
    model = LogisticRegression().fit(FRAME[["a", "b"]], FRAME["y"])
    X = take_features(model, FRAME.drop(columns="id"), "y", "train.csv")
    pd.testing.assert_frame_equal(X, FRAME[["a", "b"]])


def test_columns_that_do_not_fit_the_model_are_named():
    model = LogisticRegression().fit(FRAME[["a", "b"]], FRAME["y"])
    with pytest.raises(ValueError, match=r"lacks columns .*: \['b'\]"):
        take_features(model, FRAME[["a", "y"]], "y", "train.csv")
    with pytest.raises(ValueError, match=r"\['id'\]; leave them out with --drop 'id'"):
        take_features(model, FRAME, "y", "train.csv")


def test_a_model_of_arrays_gets_an_array():
    model = LogisticRegression().fit(FRAME[["a", "b"]].to_numpy(), FRAME["y"])
    X = take_features(model, FRAME[["a", "b", "y"]], "y", "train.csv")
    assert isinstance(X, np.ndarray)
    assert X.dtype == np.float64
    np.testing.assert_array_equal(X, FRAME[["a", "b"]].to_numpy())
    with pytest.raises(ValueError, match=r"has 3 columns beside 'y'.*fitted on 2"):
        take_features(model, FRAME, "y", "train.csv")


def test_text_in_an_array_stays_beside_numbers():
    frame = pd.DataFrame({"job": ["cook", "clerk"], "n": [1, 2], "y": [0, 1]})
    model = OrdinalEncoder().fit(frame[["job", "n"]].to_numpy())
    X = take_features(model, frame, "y", "train.csv")
    assert X.dtype == object
    assert X.tolist() == [["cook", 1], ["clerk", 2]]


def test_a_model_that_names_nothing_gets_the_table():
    X = take_features(object(), FRAME, "y", "train.csv")
    assert list(X.columns) == ["id", "b", "a"]


ZIPS = pd.DataFrame({"zip": ["007", "10117", "NA"] * 4, "x": np.arange(12.0)})
LABELS = np.arange(12) % 2


def encoded(encoder, imputer=None):
    part = encoder if imputer is None else make_pipeline(imputer, encoder)
    return make_pipeline(
        make_column_transformer((part, ["zip"]), remainder=StandardScaler()),
        LogisticRegression(),
    )


IGNORING = OneHotEncoder(handle_unknown="ignore")
ENCODERS = [
    encoded(IGNORING),
    encoded(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    encoded(IGNORING, SimpleImputer(strategy="most_frequent")),
    make_pipeline(IGNORING, DecisionTreeClassifier()),
    make_pipeline(encoded(IGNORING)),
]


@pytest.mark.parametrize("model", ENCODERS)
def test_members_read_otherwise_than_in_training_are_refused(model):
    # The model takes these rows without a word, all of them as the same unknown value.
    model.fit(ZIPS, LABELS)
    check_known_categories(model, ZIPS)
    misread = ZIPS.assign(zip=[7, 10117, np.nan] * 4)
    model.predict_proba(misread.astype({"zip": object}))

    with pytest.raises(ValueError, match=r"column 'zip' .*has never seen: \[7"):
        check_known_categories(model, misread)


def test_a_search_is_looked_into():
    grid = {"logisticregression__C": [0.1, 1]}
    model = GridSearchCV(encoded(IGNORING), grid, cv=2).fit(ZIPS, LABELS)
    check_known_categories(model, ZIPS)
    with pytest.raises(ValueError, match="has never seen"):
        check_known_categories(model, ZIPS.assign(zip="?"))


def test_a_missing_value_that_was_text_in_training():
    model = encoded(IGNORING).fit(ZIPS, LABELS)
    with pytest.raises(ValueError, match=r"missing values in column 'zip'"):
        check_known_categories(model, ZIPS.replace({"zip": {"NA": np.nan}}))


def test_missing_values_that_the_model_knows_pass():
    missing = ZIPS.replace({"zip": {"NA": np.nan}})
    for model in (
        encoded(IGNORING),
        encoded(IGNORING, SimpleImputer(strategy="most_frequent")),
    ):
        check_known_categories(model.fit(missing, LABELS), missing)
    marked = ZIPS.replace({"zip": {"NA": "?"}})
    imputer = SimpleImputer(missing_values="?", strategy="most_frequent")
    check_known_categories(encoded(IGNORING, imputer).fit(marked, LABELS), marked)


def test_categories_that_the_user_listed_are_not_held_against_the_members():
    listed = OneHotEncoder(categories=[["007"]], handle_unknown="ignore")
    check_known_categories(encoded(listed).fit(ZIPS, LABELS), ZIPS)


def test_numbers_as_categories_match_by_value():
    ints = ZIPS.assign(zip=np.arange(12) % 3)
    model = encoded(IGNORING).fit(ints, LABELS)
    check_known_categories(model, ints.astype({"zip": float}))


def test_models_without_encoders_pass():
    model = LogisticRegression().fit(ZIPS[["x"]], LABELS)
    check_known_categories(model, ZIPS[["x"]])
    check_known_categories(model, ZIPS[["x"]].to_numpy())
