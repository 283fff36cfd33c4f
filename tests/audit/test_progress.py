"""Progress covers the whole of an audit, and there is none unless asked for."""

import re

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


def test_every_stage_is_shown(capsys):
    quiet = audit(attacks=["loss", "lira"])
    report = audit(attacks=["loss", "lira"], verbose=1)
    out, err = capsys.readouterr()
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
    assert report.figures == quiet.figures


def test_without_shadows(capsys):
    audit(attacks=["loss"], verbose=1)
    shown, totals = stages(capsys.readouterr().err)
    assert "shadows" not in dict(shown)
    assert totals == {5}


def test_an_audit_that_fails_ends_its_bar(capsys):
    with pytest.raises(ValueError, match="same length"):
        audit(sets=(*SETS[:3], SETS[3][:2]), verbose=1)
    assert capsys.readouterr().err.endswith("\n")
    # The next audit is as silent as it is told to be.
    audit(attacks=["loss"])
    assert capsys.readouterr().err == ""


def test_attacks_of_the_user_show_what_they_do(capsys):
    own = LossThresholdAttack(None), LiRAAttack(None)
    audit(attacks=dict(zip("ab", own, strict=True)), verbose=1)
    assert own[1].verbose == 0
    assert "attack a" in capsys.readouterr().err
