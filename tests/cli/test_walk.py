"""The walk of the guide: its files and commands, in order, in an empty folder."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/guide/walk.md").read_text(encoding="utf-8")
FILE_OR_COMMANDS = re.compile(
    r"`(?P<name>[\w.]+)`:\n\n```(?:python|toml)\n(?P<text>.*?)```"
    r"|```console\n(?P<console>.*?)```",
    re.DOTALL,
)


def steps(console):
    """Commands of a block, each with the output that the page shows."""
    command, shown = None, []
    for line in console.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, "\n".join(shown)
            command, shown = line[2:], []
        elif command.endswith("\\"):
            command = command[:-1] + line
        else:
            shown.append(line)
    yield command, "\n".join(shown)


def alike(text):
    """Text in which figures, and the attack that has them, may be others."""
    text = re.sub(r"\b(loss|lira|rmia|stacked)\b", "ATTACK", text)
    return " ".join(re.sub(r"[-+]?\d+(\.\d+)?", "#", text).split())


def check_output(shown, output):
    """What stands between the dots of the page comes in this order."""
    parts = [re.escape(alike(part)) for part in shown.split("...")]
    assert re.fullmatch(r".*".join(parts), alike(output), re.DOTALL), output


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a line in the shell: its status and its output."""
    programs = tmp_path / "programs"
    programs.mkdir()
    # Python and the code that run the tests, wherever they are installed.
    for name, module in (("python", ""), ("skmia", "-m skmia.cli")):
        script = f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    # Without a home: no settings of whoever runs the tests.
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OMP_NUM_THREADS": "1",
        "HOME": str(tmp_path),
    }

    def run(line):
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        return done.returncode, done.stdout

    return run


@pytest.mark.slow
def test_every_step_does_what_the_page_says(shell):
    status, statuses, commands = 0, [], []
    for block in FILE_OR_COMMANDS.finditer(PAGE):
        if block["name"]:
            Path(block["name"]).write_text(block["text"], encoding="utf-8")
            continue
        lines = list(steps(block["console"]))
        following = [command for command, _ in lines[1:]] + [""]
        for (command, shown), after in zip(lines, following, strict=True):
            if command == "echo $?":
                assert status == int(shown), commands[-1]
                statuses.append(status)
                continue
            status, output = shell(command)
            commands.append(command)
            check_output(shown, output)
            # Where the page does not show the status, the command succeeds.
            assert status == 0 or after == "echo $?", (command, output)
    assert statuses == [0, 1, 0]
    assert [c.split()[1] for c in commands if c.startswith("skmia ")] == [
        "audit",
        "report",
        "audit",
        "compare",
    ]
    # What the page tells to read on the report is there.
    page = html.unescape(Path("before.html").read_text(encoding="utf-8"))
    headings = re.findall(r"^\d\. \*(.*?)\*", PAGE, re.MULTILINE)
    assert len(headings) == 6
    assert [h for h in headings if f">{h}</h2>" not in page] == []
    assert page.count(">What the policy says</h2>") == 1
    assert "First draft" not in page
    assert "House rules" in Path("after.html").read_text(encoding="utf-8")
    assert "before.json" in Path("comparison.html").read_text(encoding="utf-8")
