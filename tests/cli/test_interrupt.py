"""Ctrl-C on a terminal ends an audit, in whatever stage it is."""

import contextlib
import os
import secrets
import signal
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc"),
]

# Seconds after which something hangs, on a machine that is as busy as it likes.
PATIENCE = 600
N = 10_000


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    """A model and tables that are large enough for every stage to take a while."""
    folder = tmp_path_factory.mktemp("interrupt")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2 * N, 4))
    y = (X[:, 0] + rng.standard_normal(2 * N) > 0).astype(int)
    names = list("abcd")
    table = pd.DataFrame(X, columns=names).assign(y=y)
    table[:N].to_csv(folder / "in.csv", index=False)
    table[N:].to_csv(folder / "out.csv", index=False)
    model = RandomForestClassifier(3, max_depth=8, random_state=0)
    joblib.dump(model.fit(table[names][:N], y[:N]), folder / "model.joblib")
    return [
        *("audit", str(folder / "model.joblib"), "--trust-pickle"),
        *("--members", str(folder / "in.csv"), "--nonmembers", str(folder / "out.csv")),
        *("--target", "y", "--shadows", "8", "--jobs", "2"),
    ]


def running(mark):
    """Processes that have `mark` in their environment, by number."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            environment = Path("/proc", name, "environ").read_bytes()
            if mark.encode() in environment.split(b"\0"):
                found.append(int(name))
    return found


class OnTerminal:
    """A command line on a terminal of its own."""

    def __init__(self, arguments):
        import pty
        import termios

        code = "import sys; from skmia.cli import main; sys.exit(main())"
        self.shown = ""
        # The audit has a session of its own, with its workers: they inherit this.
        self.mark = f"SKMIA_TEST_RUN={secrets.token_hex(8)}"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            name, _, value = self.mark.partition("=")
            own = {name: value, "PYTHONPATH": os.pathsep.join(sys.path)}
            command = [sys.executable, "-c", code, *arguments]
            os.execve(sys.executable, command, os.environ | own)
        # No bar is drawn on a terminal without columns.
        termios.tcsetwinsize(self.terminal, (24, 100))

    def read(self):
        """Read what was written since, or nothing where the terminal is closed."""
        try:
            read = os.read(self.terminal, 2**16).decode(errors="replace")
        except OSError:
            return ""
        self.shown += read
        return read

    def press_ctrl_c_in(self, stage):
        while f"audit: {stage}" not in self.shown:
            assert self.read(), self.shown[-2000:]
        os.write(self.terminal, b"\x03")

    def wait(self):
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in running(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self.terminal)


@pytest.mark.parametrize(
    ("stage", "later"),
    [
        ("shadows", "attack loss"),
        ("attack stacked", "figures"),
        ("figures", "guards"),
    ],
)
def test_ctrl_c_ends_an_audit_and_its_workers(arguments, stage, later):
    with OnTerminal(arguments) as run:
        run.press_ctrl_c_in(stage)
        assert run.wait() == 130, run.shown
        assert "skmia: error: interrupted" in run.shown
        assert "Traceback" not in run.shown
        assert f"audit: {later}" not in run.shown
        end = time.monotonic() + PATIENCE
        while running(run.mark):
            assert time.monotonic() < end
            time.sleep(0.05)
