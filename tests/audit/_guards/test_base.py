"""Every guard on cases counted by hand: it fires, and it stays silent."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from skmia.audit import AuditReport, Guard
from skmia.audit._guards._base import (
    below_chance,
    duplicate_rows,
    members_less_accurate,
    missing_classes,
    resolution,
    saturated_probabilities,
    shared_rows,
    tied_scores,
)

SIDES = np.repeat([True, False], [6, 10])


def test_shared_rows():
    assert shared_rows(0, 0) == []
    (guard,) = shared_rows(3, 2)
    assert (guard.name, guard.severity, guard.count) == ("shared_rows", "warning", 5)
    assert "3 rows of the members and 2 rows of the non-members" in guard.message


def test_duplicate_rows():
    distinct = np.arange(16, dtype=np.uint64)
    assert duplicate_rows(distinct, SIDES) == []
    # Three equal members are two repeats; two equal non-members are one.
    repeated = distinct.copy()
    repeated[:3] = 99
    repeated[14:] = 77
    (guard,) = duplicate_rows(repeated, SIDES)
    assert (guard.name, guard.count, guard.value) == ("duplicate_rows", 3, 3 / 16)
    assert guard.severity == "warning"
    assert "2 rows of the members and 1 row of the non-members" in guard.message
    many = np.arange(100, dtype=np.uint64)
    many[1] = 0
    (guard,) = duplicate_rows(many, np.arange(100) < 50)
    assert guard.severity == "note"


def test_resolution():
    assert resolution(10_000, (0.1, 0.01, 0.001)) == []
    note, warning = resolution(250, (0.1, 0.01, 0.001))
    assert (note.name, note.severity, note.count) == ("few_false_positives", "note", 2)
    assert "TPR at 1 % FPR rests on 2 wrongly accused non-members" in note.message
    assert "1,000 non-members would make it steadier" in note.message
    assert (warning.name, warning.severity) == ("unresolvable_fpr", "warning")
    assert "needs 1,000 non-members, and there are 250" in warning.message
    (one,) = resolution(10, (0.1,))
    assert "rests on 1 wrongly accused non-member;" in one.message


@pytest.mark.parametrize(("n", "names"), [(999, ["u"]), (1000, ["f"]), (9999, ["f"])])
def test_resolution_at_its_borders(n, names):
    assert [guard.name[0] for guard in resolution(n, (0.001,))] == names


def test_tied_scores_inside_a_block():
    # At 30 % three non-members may be accused. One lies above the block of five equal
    # non-members, so the TPR is read at 10 %.
    scores = np.array([9, 9.5, 5, 5, 5, 1.5, 9.1, 5, 5, 5, 5, 5, 4, 3, 2, 1])
    (guard,) = tied_scores("loss", SIDES, scores, (0.3,))
    assert (guard.name, guard.severity) == ("tied_scores", "warning")
    assert (guard.attack, guard.count, guard.value) == ("loss", 8, 0.5)
    assert "TPR at 30 % FPR is read at 10 % FPR" in guard.message
    assert "the next 8 rows share one score" in guard.message
    # The block ends where 60 % do, so that nothing is lost there.
    (guard,) = tied_scores("loss", SIDES, scores, (0.6,))
    assert guard.severity == "note"
    assert "50 % of the records" in guard.message
    assert "the largest block has 8 rows" in guard.message
    assert "is read at" not in guard.message


def test_tied_scores_at_the_very_top():
    scores = np.zeros(16)
    (guard,) = tied_scores("a", SIDES, scores, (0.3, 0.1))
    assert guard.message.count("is read at 0 % FPR") == 2
    assert guard.value == 1.0


def test_tied_scores_silent():
    rng = np.random.default_rng(0)
    member = np.arange(1000) < 500
    scores = rng.normal(size=1000)
    assert tied_scores("a", member, scores, (0.1, 0.01)) == []
    scores[[3, 700]] = scores[[4, 701]]  # four rows in two pairs
    assert tied_scores("a", member, scores, (0.1,)) == []


def test_saturated_probabilities():
    columns = np.array([0, 1, 1, 0])
    inner = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.999999, 1e-6]])
    assert saturated_probabilities(inner, columns) == []
    edge = inner.copy()
    edge[0], edge[1] = [1, 0], [1, 0]  # right, and wrong, with certainty
    (guard,) = saturated_probabilities(edge, columns)
    assert guard.name == "saturated_probabilities"
    assert (guard.severity, guard.count, guard.value) == ("warning", 2, 0.5)
    assert "50 % of the rows" in guard.message
    # A certain zero for a class that is not the row's own says nothing of it.
    other = np.array([[0.5, 0.5, 0.0]] * 4)
    assert saturated_probabilities(other, columns) == []
    tiled = np.tile(inner, (50, 1))
    tiled[0] = [1, 0]
    assert saturated_probabilities(tiled, np.tile(columns, 50))[0].severity == "note"


def test_missing_classes():
    assert missing_classes(0, 16) == []
    (guard,) = missing_classes(5, 16)
    assert (guard.name, guard.severity, guard.count) == (
        "missing_classes",
        "warning",
        5,
    )
    assert "5 times, over 16 shadows" in guard.message


@pytest.mark.parametrize("n_correct", [50, 60, 70, 80, 90])
def test_members_less_accurate_against_the_hypergeometric(n_correct):
    # 100 members and 80 non-members, of whom 72 are right.
    member = np.repeat([True, False], [100, 80])
    correct = np.r_[np.arange(100) < n_correct, np.arange(80) < 72]
    p_value = hypergeom(180, n_correct + 72, 100).cdf(n_correct)
    guards = members_less_accurate(correct, member)
    assert bool(guards) == (p_value < 0.001)
    for guard in guards:
        assert guard.value == pytest.approx(n_correct / 100 - 0.9)
        assert f"right on {n_correct} % of the members" in guard.message
        assert "on 90 % of the non-members" in guard.message


def test_members_less_accurate_both_ways():
    member = np.arange(200) < 100
    assert members_less_accurate(member, member) == []
    (guard,) = members_less_accurate(~member, member)
    assert guard.name == "members_less_accurate"


def test_below_chance():
    assert below_chance("loss", 0.48, 0.51) == []
    (guard,) = below_chance("loss", 0.41, 0.45)
    assert (guard.name, guard.attack, guard.value) == ("below_chance", "loss", 0.41)


def test_a_report_adds_the_guards_of_its_scores():
    rng = np.random.default_rng(3)
    member = np.repeat([True, False], 200)
    swapped = rng.normal(size=400) - member
    tied = np.round(rng.normal(size=400))
    given = Guard("missing_classes", "note", "Given.", 1)
    report = AuditReport(
        member, {"swapped": swapped, "tied": tied}, max_fprs=(0.1,), guards=[given]
    )
    found = [(guard.name, guard.attack) for guard in report.guards]
    assert ("below_chance", "swapped") in found
    assert ("tied_scores", "tied") in found
    assert ("tied_scores", "swapped") not in found
    assert given in report.guards
    # Warnings come first, whatever the order in which they were found.
    severities = [guard.severity for guard in report.guards]
    assert severities == sorted(severities, reverse=True)
    text = " ".join(report.summary().split())
    for guard in report.guards:
        assert guard.message in text
