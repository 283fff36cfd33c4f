"""Rows left out, on cases counted by hand."""

import numpy as np
import pytest

from skmia._tables import Overlap
from skmia.audit._guards._rows import (
    duplicate_rows,
    near_copies,
    partial_members,
    shared_rows,
    weightless_rows,
)

SIDES = np.repeat([True, False], [60, 100])
MORE, AS_MANY, FEWER = (Overlap(100, n, 50) for n in (90, 50, 10))


def test_shared_rows(evidence):
    assert not list(shared_rows(evidence(SIDES)))
    (guard,) = shared_rows(evidence(SIDES, n_shared=(3, 2), overlap=AS_MANY))
    assert (guard.name, guard.severity, guard.count) == ("shared_rows", "note", 5)
    assert guard.value == 5 / 165
    assert "3 rows of the members and 2 rows of the non-members" in guard.message
    (guard,) = shared_rows(evidence(SIDES, n_shared=(1, 1), overlap=MORE))
    assert guard.severity == "warning"
    assert "check that the non-members were held out" in guard.message
    (guard,) = shared_rows(evidence(SIDES, n_shared=(10, 30), overlap=AS_MANY))
    assert guard.severity == "warning"


def test_duplicate_rows(evidence):
    assert not list(duplicate_rows(evidence(SIDES, overlap=AS_MANY)))
    (guard,) = duplicate_rows(evidence(SIDES, n_repeated=(2, 0), overlap=AS_MANY))
    assert (guard.name, guard.count, guard.value) == ("duplicate_rows", 2, 2 / 162)
    assert guard.severity == "note"
    assert "2 rows of the members and 0 rows of the non-members" in guard.message
    (guard,) = duplicate_rows(evidence(SIDES, n_repeated=(40, 0)))
    assert guard.severity == "warning"


@pytest.mark.parametrize(("count", "severity"), [(1, "note"), (1234, "warning")])
def test_copies_of_a_cross_validation(evidence, count, severity):
    (guard,) = duplicate_rows(evidence(SIDES, n_copied_rows=count))
    assert (guard.name, guard.severity) == ("duplicate_rows", severity)
    assert guard.count == count
    assert "another row of the cross-validation" in guard.message


def test_copies_made_within_a_side(evidence):
    facts = {"n_repeated": (2, 0), "overlap": FEWER}
    (guard,) = duplicate_rows(evidence(SIDES, **facts, once_per_side=True))
    assert guard.severity == "note"
    assert "each record counts once" in guard.message
    chance = facts | {"overlap": Overlap(100, 20, 50)}
    (guard,) = duplicate_rows(evidence(SIDES, **chance, once_per_side=True))
    assert guard.severity == "warning"
    assert "the larger set loses more" in guard.message
    (guard,) = duplicate_rows(evidence(SIDES, **facts))
    assert guard.severity == "warning"
    assert "which leak more, are not in the figures" in guard.message


@pytest.mark.parametrize(
    ("check", "facts", "count", "severity", "text"),
    [
        (
            near_copies,
            {"n_near": (2, 3), "resolution": "float32"},
            5,
            "warning",
            "compared at float32",
        ),
        (weightless_rows, {"n_weightless": (1, 0)}, 1, "note", "1 row of the members"),
        (weightless_rows, {"n_weightless": (0, 80)}, 80, "warning", "80 rows of the"),
        (partial_members, {"n_not_passed": 7}, 7, "warning", "trained on 7 rows more"),
    ],
)
def test_others(evidence, check, facts, count, severity, text):
    assert not list(check(evidence(SIDES)))
    (guard,) = check(evidence(SIDES, **facts))
    assert (guard.name, guard.count) == (check.__name__, count)
    assert guard.severity == severity
    assert text in guard.message
