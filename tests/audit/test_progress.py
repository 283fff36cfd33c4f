"""Progress covers the whole of an audit, and there is none unless asked for."""

import logging
import re
import time

import pytest

from _helpers.audits import SETS, audit
from skmia.attacks import LiRAAttack, LossThresholdAttack


def stages(err):
    """Stages that a terminal was shown, in order, with how many were over."""
    shown = re.findall(r"audit: ([\w ]+?): +\d+%\|.*?\| (\d+)/(\d+) ", err)
    return list(dict.fromkeys((name, int(done)) for name, done, _ in shown)), {
        int(total) for _, _, total in shown
    }


def test_silent_unless_asked(capsys):
    audit()
    assert capsys.readouterr() == ("", "")


def test_every_stage_is_shown(terminal):
    quiet = audit(attacks=["loss", "lira"])
    report = audit(attacks=["loss", "lira"], verbose=1)
    out, err = terminal.readouterr()
    assert out == ""
    shown, totals = stages(err)
    names = list(dict.fromkeys(name for name, _ in shown))
    assert names == [
        "comparing rows",
        "asking the model",
        "shadows",
        "attack loss",
        "attack lira",
        "figures",
        "guards",
    ]
    assert totals == {len(names)}
    assert err.rstrip().splitlines()[-1].count("7/7") == 1
    assert "4 fits x" in err
    # Of the whole audit, on its own bar.
    assert re.search(r"audit: shadows: .*/7 \[[\d:]+, about [\d.e-]+ s left\]", err)
    assert report.figures == quiet.figures


@pytest.mark.parametrize("verbose", [1, 2])
def test_lines_where_there_is_no_terminal(capsys, verbose):
    audit(attacks=["loss", "lira"], verbose=verbose)
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    lines = err.splitlines()
    assert [line for line in lines if " fits x " not in line] == [
        "audit: comparing rows (1 of 7)",
        "audit: asking the model (2 of 7)",
        "audit: shadows (3 of 7)",
        "audit: attack loss (4 of 7)",
        "audit: attack lira (5 of 7)",
        "audit: figures (6 of 7)",
        "audit: guards (7 of 7)",
    ]
    assert len(lines) == 8


def test_lines_on_a_terminal_if_asked_for(terminal):
    audit(attacks=["loss"], verbose=2)
    err = terminal.readouterr().err
    assert "\r" not in err
    assert err.splitlines()[0] == "audit: comparing rows (1 of 5)"


@pytest.fixture
def hasty_clock(monkeypatch):
    """A clock that goes a minute forward whenever it is read."""
    now = iter(range(0, 10**6, 61))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))


@pytest.mark.usefixtures("hasty_clock")
def test_long_stages_tell_how_far_they_are(capsys):
    audit(attacks=["loss", "lira"], verbose=1)
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("audit: shadows ")]
    assert [line.split(",")[0] for line in told[1:]] == [
        f"audit: shadows {done} of 4" for done in range(1, 5)
    ]
    assert all(re.search(r", about [\d.e-]+ s left$", line) for line in told[1:])


@pytest.mark.usefixtures("hasty_clock")
def test_long_audits_are_logged(capsys, caplog):
    with caplog.at_level(logging.INFO, "skmia"):
        audit(attacks=["loss", "lira"])
    assert capsys.readouterr() == ("", "")
    told = [record.getMessage() for record in caplog.records]
    assert "audit: attack lira (5 of 7)" in told
    assert any(line.startswith("audit: shadows 3 of 4, about ") for line in told)
    assert {record.levelno for record in caplog.records} == {logging.INFO}


def test_short_audits_are_not(caplog):
    with caplog.at_level(logging.INFO, "skmia"):
        audit(attacks=["loss", "lira"])
    assert not caplog.records


def test_what_is_shown_is_not_logged(capsys, caplog):
    with caplog.at_level(logging.INFO, "skmia"):
        audit(attacks=["loss", "lira"], verbose=1)
    assert not caplog.records
    assert "attack lira" in capsys.readouterr().err


def test_without_shadows(terminal):
    audit(attacks=["loss"], verbose=1)
    shown, totals = stages(terminal.readouterr().err)
    assert "shadows" not in dict(shown)
    assert totals == {5}


def test_an_audit_that_fails_ends_its_bar(terminal):
    with pytest.raises(ValueError, match="same length"):
        audit(sets=(*SETS[:3], SETS[3][:2]), verbose=1)
    assert terminal.readouterr().err.endswith("\n")
    # The next audit is as silent as it is told to be.
    audit(attacks=["loss"])
    assert terminal.readouterr().err == ""


class Interrupted(LossThresholdAttack):
    def score_samples(self, X, y):
        raise KeyboardInterrupt


def test_an_audit_that_is_interrupted_ends_its_bar(terminal):
    with pytest.raises(KeyboardInterrupt):
        audit(attacks={"own": Interrupted(None)}, verbose=1)
    err = terminal.readouterr().err
    assert err.endswith("\n")
    assert "figures" not in err
    audit(attacks=["loss"])
    assert terminal.readouterr().err == ""


def test_attacks_of_the_user_show_what_they_do(terminal):
    own = LossThresholdAttack(None), LiRAAttack(None)
    audit(attacks=dict(zip("ab", own, strict=True)), verbose=1)
    assert own[1].verbose == 0
    assert "attack a" in terminal.readouterr().err
