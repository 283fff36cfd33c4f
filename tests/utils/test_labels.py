"""Labels of every kind that scikit-learn takes, and the errors for the rest."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import DataConversionWarning

from skmia.utils import check_labels, check_two_classes, encode_labels


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([1, 0, 1], [0, 1]),
        ([2.0, 0.0, 5.0], [0, 2, 5]),
        (["b", "a", "b"], ["a", "b"]),
        ([True, False, True], [False, True]),
        (np.array(["bb", "a", "bb"], dtype=object), ["a", "bb"]),
        (pd.Series(["b", "a", "b"]), ["a", "b"]),
        (pd.Series(["b", "a", "b"], dtype="category"), ["a", "b"]),
        (pd.Series([1, 2, 1], dtype="Int64"), [1, 2]),
        (pd.Series([True, False, True], dtype="boolean"), [0, 1]),
        (pl.Series(["b", "a", "b"]), ["a", "b"]),
        (np.array(["a", np.str_("b"), "a"], dtype=object), ["a", "b"]),
    ],
)
def test_labels_in_every_form(y, classes):
    labels = check_labels(y, 3, "fit")
    assert labels.shape == (3,)
    assert_array_equal(np.unique(labels), classes)
    assert_array_equal(
        encode_labels(labels, np.unique(labels)),
        [classes.index(label) for label in labels.tolist()],
    )


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (None, "fit requires y to be passed, but the target y is None"),
        ([0, 1], "inconsistent numbers of samples: X has 3, y has 2"),
        ([0.1, 0.2, 0.3], "Unknown label type: continuous"),
        ([0.0, np.nan, 1.0], "contains NaN"),
        ([0.0, np.inf, 1.0], "contains infinity"),
        (pd.Series([1, None, 2], dtype="Int64"), "contains NaN"),
        (["a", None, "b"], r"contains NaN: 1 of its 3 labels are missing"),
        ([None, "a", None], r"contains NaN: 2 of its 3 labels are missing"),
        (np.array(["a", 1, "b"], dtype=object), r"Got \['int', 'str'\] instead"),
        (pd.Series(["a", np.nan, "b"]), r"contains NaN: 1 of its 3 labels are missing"),
        (np.array([1, 2, 3], dtype=object), "Unknown label type"),
        ([[1, 0], [0, 1], [1, 1]], "y should be a 1d array"),
        (7, "y should be a 1d array"),
    ],
)
def test_labels_that_are_refused(y, match):
    with pytest.raises(ValueError, match=match):
        check_labels(y, 3, "fit")


def test_a_target_that_classifiers_take_but_one_label_per_record_is_not(monkeypatch):
    """No 1-D array is of such a type today; the check does not rely on that."""
    monkeypatch.setattr(
        "skmia.utils._validation.type_of_target", lambda y, input_name: "multilabel-x"
    )
    with pytest.raises(ValueError, match="Got a target of type 'multilabel-x'"):
        check_labels([0, 1, 1], 3, "fit")


def test_a_column_is_taken_with_scikit_learns_warning():
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        labels = check_labels(np.array([[1], [0], [1]]), 3, "fit")
    assert_array_equal(labels, [1, 0, 1])


def test_labels_are_not_modified():
    y = np.array(["b", "a", "b"], dtype=object)
    before = y.copy()
    encode_labels(check_labels(y, 3, "fit"), np.array(["a", "b"]))
    assert_array_equal(y, before)


def test_check_two_classes():
    check_two_classes(np.array([0, 1]), "fit")
    with pytest.raises(ValueError, match=r"two classes in y. Got 1 class instead: \[3"):
        check_two_classes(np.array([3]), "fit")
    with pytest.raises(ValueError, match=r"Got 1 class instead: \['a'\]"):
        check_two_classes(np.array(["a"]), "fit")
    with pytest.raises(ValueError, match=r"Got 0 class instead: \[\]"):
        check_two_classes(np.array([]), "fit")


@pytest.mark.parametrize(
    ("y", "classes", "columns"),
    [
        (["bbb", "a"], ["a", "bb", "bbb"], [2, 0]),  # '<U3' among '<U3'
        (["a", "a"], ["a", "bbbbb"], [0, 0]),  # '<U1' among '<U5'
        (np.array(["bbbbb"], dtype=object), ["a", "bbbbb"], [1]),
        ([2.0, 0.0], [0, 2], [1, 0]),
        ([True, False], [0, 1], [1, 0]),
        ([5, 3, 9, 3], [9, 3, 5], [2, 1, 0, 1]),  # classes in no order
        (["c", "a"], ["c", "b", "a"], [0, 2]),
        ([], [0, 1], []),
    ],
)
def test_encode_labels(y, classes, columns):
    encoded = encode_labels(np.asarray(y), np.asarray(classes))
    assert encoded.dtype == np.intp
    assert_array_equal(encoded, columns)


@pytest.mark.parametrize(
    ("y", "classes", "unknown"),
    [
        ([0, 4, 7, 4], [0, 1], r"\[4, 7\]"),
        ([0.5, 1.0], [0, 1], r"\[0.5\]"),
        (["a", "z"], ["a", "b"], r"\['z'\]"),
        (["bb"], ["a", "b"], r"\['bb'\]"),  # of which '<U1' would keep 'b'
        (["1"], [1, 2], r"\['1'\]"),
        ([1, 2], ["1", "2"], r"\[1, 2\]"),
        (np.array([1, 2], dtype=object), np.array(["1"], dtype=object), r"\[1, 2\]"),
        (range(20), [50, 51], r"\[0, 1, 2, 3, 4, 5, 6, 7, and 12 more\]"),
    ],
)
def test_labels_that_the_classifier_does_not_know(y, classes, unknown):
    with pytest.raises(ValueError, match=f"'y_test' .* does not know: {unknown}"):
        encode_labels(np.asarray(y), np.asarray(classes), "y_test")
