"""What belongs to rows is sliced, in its container; what does not is passed on."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skmia._tables import (
    check_metadata,
    has_no_weight,
    is_per_row,
    slice_metadata,
)

ROWS = np.array([3, 0, 2])
VALUES = np.array([10, 11, 12, 13])


@pytest.mark.parametrize(
    "wrap",
    [
        np.array,
        list,
        tuple,
        pd.Series,
        pl.Series,
        lambda v: pd.Series(v, index=[9, 9, 0, 1]),
        lambda v: np.column_stack([v, v]),
        lambda v: pd.DataFrame({"a": v}),
        lambda v: sparse.csr_matrix(v[:, None]),
        lambda v: sparse.csr_array(v[:, None]),
        lambda v: sparse.coo_array(v[:, None]),
    ],
)
def test_one_value_per_row_is_sliced(wrap):
    value = wrap(VALUES)
    assert is_per_row(value, 4)
    (sliced,) = slice_metadata({"w": value}, ROWS, 4).values()
    dense = sliced.toarray() if sparse.issparse(sliced) else np.asarray(sliced)
    assert_array_equal(dense.reshape(3, -1)[:, 0], [13, 10, 12])
    if hasattr(value, "iloc"):
        assert type(sliced) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        2.5,
        "four",
        b"four",
        {1: 0, 2: 0, 3: 0, 4: 0},
        {1, 2, 3, 4},
        np.array(1.0),
        np.float64(1.0),
        np.zeros(5),
        np.zeros((2, 4)),
        [0, 1, 2],
        len,
    ],
)
def test_other_values_are_passed_on(value):
    assert not is_per_row(value, 4)
    assert slice_metadata({"v": value}, ROWS, 4)["v"] is value


def test_what_was_given_is_left_alone():
    params = {"w": VALUES.copy(), "verbose": True}
    sliced = slice_metadata(params, ROWS, 4)
    sliced["w"][:] = 0
    assert_array_equal(params["w"], VALUES)
    assert list(sliced) == ["w", "verbose"]


def test_check_metadata():
    assert check_metadata(None, 4) == {}
    params = {"sample_weight": VALUES, "clf__sample_weight": None, "flag": [1, 2]}
    checked = check_metadata(params, 4)
    assert checked == params
    assert checked is not params
    assert check_metadata({"sample_weight": 1.0}, 4) == {"sample_weight": 1.0}


@pytest.mark.parametrize("name", ["sample_weight", "clf__sample_weight"])
def test_weights_of_other_rows_are_refused(name):
    """Two weights would fit the two rows that half of four leave."""
    with pytest.raises(ValueError, match=f"'{name}' of length 2, but X has 4 rows"):
        check_metadata({name: [1.0, 2.0]}, 4)


def test_params_that_are_no_dict():
    with pytest.raises(TypeError, match=r"must be a dict of metadata .* Got list"):
        check_metadata([("sample_weight", VALUES)], 4)


def test_weights_are_one_column_without_the_column():
    """Compared with 0, a column of them is no mask of rows, or one of n x n."""
    weights = {"step__sample_weight": np.ones((3, 1))}
    for check in (check_metadata, has_no_weight):
        with pytest.raises(ValueError, match=r"1D, .* shape \(3, 1\)"):
            check(weights, 3)
