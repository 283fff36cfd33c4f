"""How far something is: where it is shown, and what is said of the time left."""

import logging
import time

import pytest

from skmia.utils import _progress as module
from skmia.utils import progress, shows_bar


class Clock:
    """A clock that is set by hand."""

    now = 0.0


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: Clock.now)
    Clock.now = 0.0
    return Clock


def test_a_bar_only_where_it_can_be_seen(terminal, monkeypatch):
    assert shows_bar(1)
    assert not shows_bar(0)
    assert not shows_bar(2)
    monkeypatch.undo()
    assert not shows_bar(1)
    monkeypatch.setattr(module, "_IN_NOTEBOOK", True)
    assert shows_bar(1)
    monkeypatch.setattr("sys.stderr", None)
    assert shows_bar(1)
    monkeypatch.setattr(module, "_IN_NOTEBOOK", False)
    assert not shows_bar(1)


def test_one_line_a_minute(capsys, clock):
    with progress("shadows", 200, 1) as shown:
        for _ in range(200):
            clock.now += 1
            shown.update(left=200 - clock.now)
    assert capsys.readouterr().err.splitlines() == [
        "shadows: 60 of 200, about 2.3 min left",
        "shadows: 120 of 200, about 80 s left",
        "shadows: 180 of 200, about 20 s left",
    ]


def test_the_whole_tells_of_its_part_and_what_follows(capsys, clock):
    with progress("audit", 2, 1, in_stages=True) as whole:
        whole.later = 5.0
        whole.enter("shadows")
        with progress("shadows", 4, 1, done=1) as shown:
            clock.now += 100
            shown.update(left=20)
        whole.enter("figures")
    assert capsys.readouterr().err.splitlines() == [
        "audit: shadows (1 of 2)",
        "audit: shadows 2 of 4, about 40 s left",
        "audit: figures (2 of 2)",
    ]


def test_a_part_that_is_asked_for_is_shown_beside_a_silent_whole(capsys, clock, caplog):
    with (
        caplog.at_level(logging.INFO, "skmia"),
        progress("audit", 1, 0, in_stages=True) as whole,
    ):
        whole.enter("attack a")
        with progress("shadows", 2, 1) as shown:
            clock.now += 100
            shown.update()
    assert capsys.readouterr().err == "shadows: 1 of 2\n"
    assert not caplog.records


def test_nothing_is_left_behind_by_one_that_fails(capsys, clock):
    with pytest.raises(ValueError, match="lost"), progress("audit", 1, 1):
        raise ValueError("lost")
    clock.now += 100
    with progress("shadows", 2, 1) as shown:
        clock.now += 100
        shown.update()
    assert capsys.readouterr().err == "shadows: 1 of 2\n"


def test_where_there_is_no_standard_error(monkeypatch, clock):
    monkeypatch.setattr("sys.stderr", None)
    with progress("audit", 1, 1, in_stages=True) as whole:
        whole.enter("figures")
