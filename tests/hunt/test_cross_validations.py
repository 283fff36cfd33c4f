"""`audit_cv` and `leakage_scorer`, over scikit-learn's splitters."""

import pytest

from hunt._hunt import hunt, lengths
from hunt._plays import play_cv, play_scorer
from hunt._scenarios import cross_validated, ignorant, layered, leaking, scored
from hunt._splitters import REPEATED, SINGLE, SPLITTERS

every_family = pytest.mark.parametrize(
    "splitters", [REPEATED, SINGLE], ids=["repeated", "single"]
)


@lengths(2, 120)
@every_family
def test_audit_cv_finds_nothing_where_nothing_is(splitters, n_scenarios):
    hunt(play_cv, cross_validated(ignorant, splitters), n_scenarios)


@lengths(2, 120)
@every_family
def test_audit_cv_finds_what_leaks(splitters, n_scenarios):
    hunt(play_cv, cross_validated(leaking, splitters), n_scenarios)


@lengths(2, 120)
def test_audit_cv_finds_what_leaks_in_layers(n_scenarios):
    hunt(play_cv, cross_validated(layered, REPEATED), n_scenarios)


@lengths(4, 250)
def test_scorers_find_nothing_where_nothing_is(n_scenarios):
    # The larger of two readings of a single held-out row is far above chance.
    several = {k: v for k, v in SPLITTERS.items() if k != "LeaveOneOut"}
    hunt(play_scorer, scored(ignorant, several), n_scenarios)


@lengths(4, 250)
def test_scorers_find_what_leaks(n_scenarios):
    hunt(play_scorer, scored(leaking, SPLITTERS), n_scenarios)


@lengths(1, 120)
def test_scorers_find_what_leaks_in_layers(n_scenarios):
    hunt(play_scorer, scored(layered, SPLITTERS), n_scenarios)
