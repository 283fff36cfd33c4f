"""Every attack by itself, on a frozen target."""

import pytest

from hunt._hunt import hunt, lengths
from hunt._plays import play_attack
from hunt._scenarios import ignorant, layered, leaking, of_attack
from hunt._wrappers import HOLDING
from skmia.attacks import ATTACKS

every_attack = pytest.mark.parametrize("name", ATTACKS)


@lengths(2, 60)
@every_attack
def test_attacks_find_nothing_where_nothing_is(name, n_scenarios):
    hunt(play_attack, ignorant(of_attack(name)), n_scenarios)


@lengths(2, 60)
@every_attack
def test_attacks_find_what_leaks(name, n_scenarios):
    hunt(play_attack, leaking(of_attack(name)), n_scenarios)


@lengths(1, 60)
@every_attack
def test_attacks_find_what_leaks_in_layers(name, n_scenarios):
    # What a mask hides an attack cannot find: audits run others as well.
    hunt(play_attack, layered(of_attack(name), ("", "", "", *HOLDING)), n_scenarios)
