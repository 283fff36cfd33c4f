"""One driver in a fresh process: its wall time, CPU time, peak memory and answer."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

DRIVERS = Path(__file__).with_name("_peers")
MIB = 2**20
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Of Linux's prctl: processes whose parent has ended become children of this one.
PR_SET_CHILD_SUBREAPER = 36


def measure(python, driver, arrays, settings, timeout, inner_threads=None):
    """Run a driver on the data; figures and scores, or figures and what went wrong.

    The CPU time is that of the process and of all that it started, also of what it
    did not wait for. The peak memory is the sum over its processes, with shared pages
    counted once, looked at ten times a second.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    environment = {k: v for k, v in os.environ.items() if k not in THREADS}
    if inner_threads is not None:
        environment |= dict.fromkeys(THREADS, str(inner_threads))
    with tempfile.TemporaryDirectory() as folder:
        task, answer = Path(folder) / "task.npz", Path(folder) / "answer.json"
        settings = json.dumps({**settings, "scratch": folder})
        np.savez(task, settings=np.array(settings), **arrays)
        errors = Path(folder) / "errors"
        with errors.open("w") as file:
            command = [str(python), str(DRIVERS / driver), str(task), str(answer)]
            start = time.perf_counter()
            process = subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )
            watch = _Watch(process.pid, timeout)
            status, usage = os.wait4(process.pid, 0)[1:]
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            timed_out = watch.stop()
        left = _reap(process.pid)
        figures = {
            "wall_seconds": wall,
            "cpu_seconds": usage.ru_utime + usage.ru_stime + left,
            "cpu_of_processes_left": left,
            "peak_mib": watch.peak / MIB,
            "largest_process_mib": usage.ru_maxrss / 1024,
        }
        if timed_out:
            return {**figures, "problem": f"over {timeout:.0f} s"}, None
        if process.returncode or not answer.exists():
            lines = errors.read_text().strip().splitlines()
            why = lines[-1] if lines else f"exit status {process.returncode}"
            return {**figures, "problem": why}, None
        found = json.loads(answer.read_text())
        figures["attack_seconds"] = found["attack_seconds"]
        return figures, np.array(found["scores"])


class _Watch:
    """Looks at the memory of a session's processes, and ends them when time is up."""

    def __init__(self, session, timeout):
        self.peak, self._session = 0, session
        self._deadline = time.monotonic() + timeout
        self._stopped, self._timed_out = threading.Event(), False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._stopped.wait(0.1):
            found = [_memory(pid) for pid in _members(self._session)]
            self.peak = max(self.peak, sum(found))
            if time.monotonic() > self._deadline:
                self._timed_out = True
                _end_session(self._session)
                return

    def stop(self):
        self._stopped.set()
        self._thread.join()
        return self._timed_out


def _members(session):
    """The processes of a session, its leader and what that has started."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if os.getsid(int(folder.name)) == session:
                    yield int(folder.name)


def _memory(pid):
    """Bytes of a process; a page that several share is shared among them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _end_session(session):
    for pid in list(_members(session)):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _reap(session):
    """End what a session has left running; the CPU seconds of it."""
    seconds = 0.0
    while pids := list(_members(session)):
        _end_session(session)
        for pid in pids:
            # A process is a child of this one only once its own parent is gone.
            with contextlib.suppress(ChildProcessError):
                usage = os.wait4(pid, os.WNOHANG)[2]
                seconds += usage.ru_utime + usage.ru_stime
        time.sleep(0.01)
    return seconds
