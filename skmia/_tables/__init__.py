"""Rows of any container, by position and by content."""

from skmia._tables._alignment import check_alignment
from skmia._tables._comparable import (
    ComparableRows,
    Counts,
    Overlap,
    comparable_rows,
    count_sides,
    one_of_copies,
)
from skmia._tables._containers import (
    as_rows,
    blocks,
    column_types,
    concat_rows,
    copy_rows,
    is_pandas,
    is_polars,
    n_rows,
    replace_column,
    split_columns,
    take_column,
    take_rows,
    values_per_row,
)
from skmia._tables._content import (
    any_copy,
    content_groups,
    hash_rows,
    keep_hashes,
    match_rows,
    occurs_once,
)
from skmia._tables._encoding import ColumnEncoder, as_numbers, encode_columns
from skmia._tables._hashed_once import hashing_once
from skmia._tables._metadata import (
    check_metadata,
    check_no_rows_of,
    has_no_weight,
    is_per_row,
    is_weight,
    slice_metadata,
)
from skmia._tables._near_copies import find_near_copies
from skmia._tables._persons import (
    Persons,
    any_seen,
    check_drawn_whole,
    draw_units,
    person_means,
    split_persons,
)
from skmia._tables._perturbation import Perturbation, is_numeric
from skmia._tables._queries import Copies, Queries, Strengths, mean_answer
from skmia._tables._row_noise import RowNoise
from skmia._tables._value_bits import Hashes, is_missing, mix, value_bits, which_missing
