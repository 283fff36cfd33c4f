"""Figures that few non-members, ties or a wrong sign make less than they look."""

import numpy as np
import pytest

from skmia.audit._guards._scores import (
    below_chance,
    few_false_positives,
    tied_scores,
    unresolvable_fpr,
)
from skmia.metrics import roc_auc

SIDES = np.repeat([True, False], [6, 10])


def resolution(evidence, n_nonmembers, max_fprs):
    facts = evidence(np.arange(1 + n_nonmembers) < 1, max_fprs=max_fprs)
    return [*unresolvable_fpr(facts), *few_false_positives(facts)]


def test_resolution(evidence):
    assert resolution(evidence, 10_000, (0.1, 0.01, 0.001)) == []
    warning, note = resolution(evidence, 250, (0.1, 0.01, 0.001))
    assert (note.name, note.severity, note.count) == ("few_false_positives", "note", 2)
    assert "TPR at 1 % FPR rests on 2 wrongly accused non-members" in note.message
    assert "1,000 non-members would make it steadier" in note.message
    assert (warning.name, warning.severity) == ("unresolvable_fpr", "warning")
    assert "needs 1,000 non-members, and there are 250" in warning.message
    (one,) = resolution(evidence, 10, (0.1,))
    assert "rests on 1 wrongly accused non-member;" in one.message


@pytest.mark.parametrize(("n", "names"), [(999, ["u"]), (1000, ["f"]), (9999, ["f"])])
def test_resolution_at_its_borders(evidence, n, names):
    assert [guard.name[0] for guard in resolution(evidence, n, (0.001,))] == names


def ties(evidence, scores, max_fprs, sides=SIDES):
    facts = {"scores": {"loss": np.asarray(scores)}, "max_fprs": max_fprs}
    return list(tied_scores(evidence(sides, **facts)))


def test_tied_scores_inside_a_block(evidence):
    # At 30 % three non-members may be accused. One lies above the block of five equal
    # non-members, and two of those may be drawn.
    scores = [9, 9.5, 5, 5, 5, 1.5, 9.1, 5, 5, 5, 5, 5, 4, 3, 2, 1]
    (guard,) = ties(evidence, scores, (0.3,))
    assert (guard.name, guard.severity) == ("tied_scores", "note")
    assert (guard.attack, guard.count, guard.value) == ("loss", 8, 0.5)
    assert "TPR at 30 % FPR is read inside a block of 8 rows" in guard.message
    assert "draw a part of them at random" in guard.message
    # The block ends where 60 % do, so that nothing is lost there.
    (guard,) = ties(evidence, scores, (0.6,))
    assert guard.severity == "note"
    assert "50 % of the records" in guard.message
    assert "the largest block has 8 rows" in guard.message
    assert "is read inside" not in guard.message


def test_tied_scores_at_the_very_top(evidence):
    (guard,) = ties(evidence, np.zeros(16), (0.3, 0.1))
    assert guard.message.count("is read inside a block of 16 rows") == 2
    assert guard.value == 1.0


def test_tied_scores_silent(evidence):
    rng = np.random.default_rng(0)
    member = np.arange(1000) < 500
    scores = rng.normal(size=1000)
    assert ties(evidence, scores, (0.1, 0.01), member) == []
    scores[[3, 700]] = scores[[4, 701]]  # four rows in two pairs
    assert ties(evidence, scores, (0.1,), member) == []


@pytest.mark.parametrize(
    ("shift", "fires"), [(0.0, False), (-0.1, False), (-0.5, True)]
)
def test_below_chance(evidence, shift, fires):
    rng = np.random.default_rng(0)
    member = np.arange(400) < 200
    scores = rng.normal(size=400) + shift * member
    found = list(below_chance(evidence(member, scores={"loss": scores})))
    assert bool(found) == fires
    for guard in found:
        assert (guard.name, guard.attack) == ("below_chance", "loss")
        assert guard.value == roc_auc(member, scores)
