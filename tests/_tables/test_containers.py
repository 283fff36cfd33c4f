"""Rows are taken, joined and matched in every container a classifier takes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from _helpers import ArrayInterface, small_integers
from skmia._tables import (
    as_rows,
    concat_rows,
    content_groups,
    hash_rows,
    match_rows,
    n_rows,
    take_rows,
)

SPARSE_FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


CONTAINERS = {
    "list": lambda X: X.tolist(),
    "array": np.array,
    "matrix": lambda X: X.view(np.matrix),
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcde"), index=X[:, 0]),
    "polars": lambda X: pl.DataFrame(X, schema=list("abcde")),
    "Series": lambda X: pd.Series(X[:, 0], name="s"),
    "polars Series": lambda X: pl.Series("s", X[:, 0]),
    **{
        name: lambda X, n=name: sparse.csr_array(X).asformat(n)
        for name in SPARSE_FORMATS
    },
    "csr matrix": sparse.csr_matrix,
}


@pytest.mark.parametrize(
    "rows",
    [
        [["a", 1, None], ["b", 2.5, True]],
        (("a", 1, None), ["b", 2.5, True]),
        [np.array(["a", 1, None], dtype=object), ["b", 2.5, True]],
    ],
)
def test_lists_keep_each_value(rows):
    # numpy.asarray makes text of rows without the None.
    entered = as_rows(rows)
    assert entered.dtype == object
    assert entered.tolist() == [["a", 1, None], ["b", 2.5, True]]
    assert [type(v) for v in as_rows([["a", 1], ["b", 2.5]])[:, 1]] == [int, float]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([[1, 2], [3, 4]], "i"),
        ([[1, 2.5], [3, True]], "f"),
        ([np.array([1, 2]), np.array([3.5, 4])], "f"),
        (ArrayInterface([[1, 2]]), "i"),
        (["one text", "another"], "O"),
        ([np.array(["a", "b"]), np.array([1, 2])], "O"),
        ([{"a": 1}, {"b": 2}], "O"),
        ([], "f"),
    ],
)
def test_lists_become_arrays(rows, kind):
    assert as_rows(rows).dtype.kind == kind


@pytest.mark.parametrize("make", SPARSE_FORMATS)
def test_sparse_rows_become_canonical(make):
    X = small_integers()
    entered = as_rows(getattr(sparse, f"{make}_array")(X))
    assert entered.format == "csr"
    assert entered.has_canonical_format
    assert_array_equal(entered.toarray(), X)


def test_the_callers_matrix_is_left_alone():
    X = sparse.csr_array(([1, 2], [1, 1], [0, 2]), shape=(1, 3))
    assert_array_equal(as_rows(X).data, [3])
    assert_array_equal(X.data, [1, 2])


def test_strided_views_become_contiguous():
    X = small_integers()
    entered = as_rows(X[::2, ::2])
    assert entered.flags.c_contiguous
    assert_array_equal(entered, X[::2, ::2])


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_has_come_in_stays_as_it_is(name):
    X = CONTAINERS[name](small_integers())
    entered = as_rows(X)
    assert as_rows(entered) is entered
    if name in ("array", "F", "csr", "csr matrix", "pandas", "polars"):
        assert entered is X


@pytest.mark.parametrize("not_rows", [None, 3, "text", {1, 2}])
def test_what_has_no_rows_is_named_by_whoever_counts_them(not_rows):
    assert as_rows(not_rows) is not_rows


def test_match_rows_finds_the_first_of_equals():
    rng = np.random.default_rng(6)
    pool = rng.integers(0, 60, size=100).astype(np.uint64) << np.uint64(58)
    query = rng.integers(0, 80, size=200).astype(np.uint64) << np.uint64(58)
    listed = pool.tolist()
    expected = [listed.index(q) if q in listed else -1 for q in query.tolist()]
    found = match_rows(query, pool)
    assert found.dtype == np.intp
    assert_array_equal(found, expected)


def test_match_rows_above_every_pool_row_and_without_rows():
    top = np.array([2**64 - 1, 0], dtype=np.uint64)
    none = np.array([], dtype=np.uint64)
    assert_array_equal(match_rows(top, top[1:]), [-1, 0])
    assert_array_equal(match_rows(top, none), [-1, -1])
    assert match_rows(top, none).dtype == np.intp
    assert match_rows(none, top).shape == (0,)


def test_rows_are_matched_across_containers():
    frame = pd.DataFrame({"a": [1, 2, 3, 2], "s": ["x", "y", None, "y"]})
    query = [[2, "y"], [3, None], [2, "x"]]
    assert_array_equal(match_rows(hash_rows(query), hash_rows(frame)), [1, 2, -1])


def test_content_groups_are_numbered_by_first_appearance():
    hashes = np.array([9, 2, 9, 5, 2, 1], dtype=np.uint64)
    groups = content_groups(hashes)
    assert groups.dtype == np.intp
    assert_array_equal(groups, [0, 1, 0, 2, 1, 3])
    assert_array_equal(groups, pd.factorize(hashes)[0])
    assert content_groups(hashes[:0]).shape == (0,)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("rows", [[3, 0, 3, -1], np.array([], dtype=int), [], [7]])
def test_take_rows_by_position(name, rows):
    X = small_integers()
    taken = take_rows(CONTAINERS[name](X), rows)
    expected = CONTAINERS[name](X[np.array(rows, dtype=int)])
    assert isinstance(taken, type(expected)) or taken.format == "csr"
    assert n_rows(taken) == len(rows)
    assert_array_equal(hash_rows(taken), hash_rows(expected) if len(rows) else [])


@pytest.mark.parametrize("name", CONTAINERS)
def test_take_rows_by_mask(name):
    X = small_integers()
    mask = X[:, 1] > 0
    container = CONTAINERS[name](X)
    for given in (mask, mask.tolist(), pd.Series(mask, index=mask[::-1] * 9)):
        taken = take_rows(container, given)
        assert_array_equal(hash_rows(taken), hash_rows(CONTAINERS[name](X[mask])))
    nothing = take_rows(container, np.zeros(len(X), dtype=bool))
    assert n_rows(nothing) == 0
    with pytest.raises(ValueError, match=r"\(39,\).*40 rows.*one boolean per row"):
        take_rows(container, mask[1:])


def test_take_rows_keeps_what_the_container_knows():
    frame = pd.DataFrame(
        {"s": pd.Categorical(["x", "y", "z"]), "n": pd.array([1, None, 3], "Int64")},
        index=["p", "q", "r"],
    )
    taken = take_rows(frame, np.array([2, 0]))
    pd.testing.assert_frame_equal(taken, frame.loc[["r", "p"]])
    assert taken.dtypes.equals(frame.dtypes)
    for kind in (sparse.coo_matrix, sparse.coo_array):
        taken = take_rows(kind(np.eye(3)), [1])
        assert taken.format == "csr"
        assert isinstance(taken, sparse.sparray) == (kind is sparse.coo_array)
    assert take_rows(("a", "b", "c"), [2, 0]) == ["c", "a"]
    assert_array_equal(take_rows(ArrayInterface([5, 6, 7]), [2]), [7])
    assert_array_equal(take_rows(pd.Index([5, 6, 7]), [2]), [7])


@pytest.mark.parametrize("name", CONTAINERS)
def test_n_rows(name):
    assert n_rows(CONTAINERS[name](small_integers(13))) == 13


def test_n_rows_of_bare_sequences():
    assert n_rows(["a", "b"]) == 2
    assert n_rows(range(4)) == 4
    assert n_rows(ArrayInterface(np.zeros((3, 2)))) == 3


@pytest.mark.parametrize("name", CONTAINERS)
def test_concat_rows_in_one_container(name):
    first, second = small_integers(7, seed=1), small_integers(5, seed=2)
    make = CONTAINERS[name]
    joined = concat_rows(make(first), make(second))
    expected = hash_rows(make(np.concatenate([first, second])))
    assert_array_equal(hash_rows(joined), expected)
    if sparse.issparse(joined):
        assert joined.format == "csr"
        assert isinstance(joined, sparse.sparray) == (name != "csr matrix")
    elif name not in ("matrix", "list"):  # lists become arrays
        assert type(joined) is type(make(first))


def test_concat_rows_keeps_dtypes_and_index():
    first = pd.DataFrame(
        {
            "i": np.array([1, 2], dtype=np.int8),
            "n": pd.array([1, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "s": pd.array(["x", None], "string"),
            "c": pd.Categorical(["x", "y"]),
            "t": pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"),
        },
        index=["p", "q"],
    )
    joined = concat_rows(first, first.iloc[:1])
    assert joined.dtypes.equals(first.dtypes)
    assert joined.index.tolist() == ["p", "q", "p"]
    assert_array_equal(hash_rows(joined), hash_rows(first)[[0, 1, 0]])


@pytest.mark.parametrize("as_series", [False, True])
@pytest.mark.parametrize(
    ("a", "b", "categories", "ordered"),
    [
        # One side knows more, both know more, another order, other types.
        (("x", "y"), ("y",), ["x", "y"], False),
        (("y",), ("x", "y"), ["y", "x"], False),
        (("x", "y"), ("z", "y"), ["x", "y", "z"], False),
        (("x", "y"), ("y", "x"), ["x", "y"], False),
        ((1, 2), ("x",), [1, 2, "x"], False),
        # The order of the second is within that of the first, or it is not.
        (("x", "y", "z"), ("x", "z"), ["x", "y", "z"], True),
        (("x", "y", "z"), ("z", "x"), ["x", "y", "z"], False),
        (("x", "y"), ("y", "z"), ["x", "y", "z"], False),
    ],
)
def test_concat_rows_keeps_categories(a, b, categories, ordered, as_series):
    both_ordered = ordered or len(a) == 3 or b == ("y", "z")
    columns = [
        pd.Series(pd.Categorical([*values, None], values, ordered=both_ordered))
        for values in (a, b)
    ]
    if as_series:
        joined = concat_rows(*columns)
    else:
        # Two columns of one name: places count, not names.
        frames = [pd.concat([c, c], axis=1, keys=["k", "k"]) for c in columns]
        joined = concat_rows(*frames)
        assert joined.columns.tolist() == ["k", "k"]
        assert joined.iloc[:, 0].equals(joined.iloc[:, 1])
        joined = joined.iloc[:, 0]
    assert joined.dtype == pd.CategoricalDtype(categories, ordered=ordered)
    assert joined.cat.categories.tolist() == categories
    assert joined.astype(object).fillna("-").tolist() == [*a, "-", *b, "-"]
    assert columns[0].cat.categories.tolist() == list(a)
    assert columns[1].cat.categories.tolist() == list(b)


def test_concat_rows_of_polars_finds_a_common_type():
    first = pl.DataFrame(
        {"a": [1, 2], "c": pl.Series(["x", "y"], dtype=pl.Categorical)}
    )
    second = pl.DataFrame({"a": [0.5], "c": pl.Series(["z"], dtype=pl.Categorical)})
    joined = concat_rows(first, second)
    assert joined.to_dict(as_series=False) == {"a": [1, 2, 0.5], "c": ["x", "y", "z"]}
    assert joined.dtypes == [pl.Float64, pl.Categorical]
    series = concat_rows(first["a"], second["a"].alias("other"))
    assert series.name == "a"
    assert series.to_list() == [1, 2, 0.5]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_concat_rows_names_differing_columns(make):
    first = make({"a": [1], "b": [2], "c": [3]})
    with pytest.raises(ValueError, match=r"Only in A: \['c'\]; only in B: \['d'\]"):
        concat_rows(first, make({"a": [1], "b": [2], "d": [3]}), ("A", "B"))
    with pytest.raises(
        ValueError, match=r"same order.*'b', 'c'\] and \['b', 'a', 'c'\]"
    ):
        concat_rows(first, make({"b": [1], "a": [2], "c": [3]}))


def test_concat_rows_of_the_same_columns_in_another_number():
    first = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"\['a', 'a'\] and \['a'\]"):
        concat_rows(first, first.iloc[:, :1])


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("pandas", "array", "pandas.DataFrame and numpy.ndarray"),
        ("array", "polars", "numpy.ndarray and polars.DataFrame"),
        ("pandas", "polars", "pandas.DataFrame and polars.DataFrame"),
        ("pandas", "Series", "pandas.DataFrame and pandas.Series"),
        ("list", "csr", "numpy.ndarray and scipy.csr_array"),
        ("coo", "array", "scipy.csr_array and numpy.ndarray"),
    ],
)
def test_concat_rows_refuses_mixed_containers(first, second, names):
    X = small_integers()
    with pytest.raises(
        TypeError, match=f"must be of the same kind. Got {names} instead"
    ):
        concat_rows(CONTAINERS[first](X), CONTAINERS[second](X))


def test_concat_rows_of_sequences_and_arrays():
    assert concat_rows([1, 2], (3,)).tolist() == [1, 2, 3]
    assert_array_equal(concat_rows([[1, 2]], np.array([[3, 4]])), [[1, 2], [3, 4]])
    assert concat_rows(["a", 1], np.array([None], dtype=object)).tolist() == [
        "a",
        1,
        None,
    ]
    assert concat_rows(np.array(["a"]), np.array(["long"])).tolist() == ["a", "long"]


def test_concat_rows_does_not_write_numbers_out_as_text():
    # numpy.concatenate gives ['a', '1'].
    with pytest.raises(TypeError, match=r"numbers in both .* Got dtypes <U1 and int64"):
        concat_rows(np.array(["a"]), np.array([1], dtype=np.int64))


def test_struct_columns_are_named():
    frame = pl.DataFrame({"a": [1, 2], "s": [{"x": 1}, {"x": 2}]})
    with pytest.raises(TypeError, match=r"columns \['s'\] of type Struct"):
        as_rows(frame)
    assert as_rows(frame.unnest("s")).columns == ["a", "x"]
