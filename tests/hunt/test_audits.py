"""`audit_classifier`."""

from hunt._hunt import hunt, lengths
from hunt._plays import play_audit
from hunt._scenarios import audits, ignorant, layered, leaking


@lengths(4, 250)
def test_audits_find_nothing_where_nothing_is(n_scenarios):
    hunt(play_audit, ignorant(audits), n_scenarios)


@lengths(4, 250)
def test_audits_find_what_leaks(n_scenarios):
    hunt(play_audit, leaking(audits), n_scenarios)


@lengths(4, 250)
def test_audits_find_what_leaks_in_layers(n_scenarios):
    hunt(play_audit, layered(audits), n_scenarios)
