"""Rows on both sides and repeated rows, on cases counted by hand."""

import numpy as np

from skmia.audit._guards._rows import duplicate_rows, shared_rows

SIDES = np.repeat([True, False], [6, 10])


def test_shared_rows(evidence):
    assert not list(shared_rows(evidence(SIDES)))
    (guard,) = shared_rows(evidence(SIDES, n_shared=(3, 2)))
    assert (guard.name, guard.severity, guard.count) == ("shared_rows", "warning", 5)
    assert "3 rows of the members and 2 rows of the non-members" in guard.message
    (guard,) = shared_rows(evidence(SIDES, n_copied_rows=1234))
    assert (guard.name, guard.count) == ("shared_rows", 1234)
    assert "1,234 rows had the same" in guard.message


def test_duplicate_rows(evidence):
    assert not list(duplicate_rows(evidence(SIDES)))
    distinct = np.arange(16, dtype=np.uint64)
    assert not list(duplicate_rows(evidence(SIDES, hashes=distinct)))
    # Three equal members are two repeats; two equal non-members are one.
    repeated = distinct.copy()
    repeated[:3] = 99
    repeated[14:] = 77
    (guard,) = duplicate_rows(evidence(SIDES, hashes=repeated))
    assert (guard.name, guard.count, guard.value) == ("duplicate_rows", 3, 3 / 16)
    assert guard.severity == "warning"
    assert "2 rows of the members and 1 row of the non-members" in guard.message
    many = np.arange(100, dtype=np.uint64)
    many[1] = 0
    (guard,) = duplicate_rows(evidence(np.arange(100) < 50, hashes=many))
    assert guard.severity == "note"
