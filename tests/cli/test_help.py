"""Every option is told in the help, which fits a terminal, and in the guide."""

import re
from pathlib import Path

import pytest
import typer

from skmia.cli import run
from skmia.cli._app import make_app

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/guide/command_line.md"


def commands():
    """The commands by name, with their parameters."""
    return typer.main.get_command(make_app()).commands


NAMES = sorted(commands())


def section(name):
    """The part of the guide about a command."""
    text = GUIDE.read_text()
    (_, _, rest) = text.partition(f"\n## skmia {name}\n")
    assert rest, f"no section on {name}"
    return re.split(r"\n## ", rest)[0]


def options(command):
    return {
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    }


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_a_terminal(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    assert run([*filter(None, [name]), "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    for option in options(commands()[name]) if name else NAMES:
        # Whole, and at the beginning of a line.
        assert any(re.match(rf"  {option}\b", line) for line in lines), option
    # What a command does stands whole in the list.
    assert not [line for line in lines[1:] if not name and line.endswith("...")]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_help_and_is_in_the_guide(name):
    command = commands()[name]
    assert command.help
    told = section(name)
    for parameter in command.params:
        assert getattr(parameter, "help", "")
    missing = {o for o in options(command) if f"`{o}`" not in told}
    assert missing == set()
    # And none that there is not.
    named = set(re.findall(r"`(--[a-z-]+)", told))
    assert named <= options(command)


def test_the_guide_tells_every_exit_status():
    text = GUIDE.read_text()
    table = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert table == ["0", "1", "2", "3", "130"]
    assert [*map(int, table)] == sorted(map(int, table))


def test_the_guide_has_a_line_for_each_command():
    usage = GUIDE.read_text().partition("```console")[2].partition("```")[0]
    assert set(re.findall(r"\$ skmia ([a-z-]+)", usage)) == set(NAMES)
