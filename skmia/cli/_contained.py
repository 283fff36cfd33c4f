"""An audit in a process of its own, so that what a model does to it stays in there.

Compiled code follows the numbers in a model without checking all of them. A file that
is damaged, or made to harm, can crash the interpreter, fill the memory or go on for
ever; each of these ends in one line and a status.
"""

import atexit
import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skmia.cli._messages import EXIT_INPUT, EXIT_INTERRUPTED, say

#: The share of the machine's memory that one process of an audit may take.
MEMORY_SHARE = 0.75
#: Seconds that an audit may take: a day.
TIME_LIMIT = 86400.0

# What lets an audit that is told to end put away its temporary files.
_GRACE = 10.0
_GIGABYTE = 10**9
# Of the names of folders for temporary files.
_PREFIX = "skmia-audit-"

# Modules come from where they came from here: the folder of a model must not be one of
# those places, as it would be by itself with -c.
_CODE = """
import signal, sys
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of an import
sys.path[:] = {path!r}
import skmia.cli
sys.exit({call})
"""


class _Stopped(BaseException):
    """A signal that ends this process, and the audit first."""


def run_contained(call: str, arguments: Sequence[str], time_limit: float) -> int:
    """Run a function of ``skmia.cli`` in another interpreter.

    It writes to the same terminal and is interrupted like this process.

    Parameters
    ----------
    call : str
        The expression that runs it, whose value is its exit status.
    arguments : sequence of str
        What it finds in ``sys.argv[1:]``.
    time_limit : float
        Seconds after which it is ended.

    Returns
    -------
    int
        Its exit status; 2, with a line that tells why, where it had none of its own.
    """
    code = _CODE.format(path=sys.path, call=call)
    # What the audit leaves there, rows of the tables among it, goes however it ends.
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments],
        # Closed when this process ends in any way; see follow_parent.
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"TMPDIR": folder},
    )
    try:
        with _passing_signals(process):
            status = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        say("error", f"the audit took longer than --time-limit {time_limit:g} seconds")
        return EXIT_INPUT
    except _Stopped as stopped:
        return 128 + int(stopped.args[0])
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)
    # On Windows a crash is a large number.
    if 0 <= status < 256:
        return status
    if status == -signal.SIGINT:
        say("error", "interrupted")
        return EXIT_INTERRUPTED
    say("error", _last_words(status))
    return EXIT_INPUT


def _last_words(status: int) -> str:
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"status {status}"
    if name == "SIGXCPU":
        return "the audit took more time of the processors than --time-limit allows"
    if name == "SIGKILL":
        return f"the audit was killed ({name}), as happens where memory runs out"
    return (
        f"the model crashed the interpreter ({name}): its file is damaged, made to "
        "harm, or of other versions of its packages"
    )


@contextmanager
def _passing_signals(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """Hand on what the terminal sends: the audit is in a session of its own."""
    if not hasattr(os, "killpg"):
        yield
        return
    n_interrupts = 0

    def interrupt(number: int, frame: Any) -> None:
        nonlocal n_interrupts
        n_interrupts += 1
        if n_interrupts > 1:
            raise _Stopped(number)
        _signal_all(process, number)

    def stop(number: int, frame: Any) -> None:
        raise _Stopped(number)

    def pause(number: int, frame: Any) -> None:
        _signal_all(process, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        _signal_all(process, signal.SIGCONT)

    handlers = {
        signal.SIGINT: interrupt,
        signal.SIGTERM: stop,
        signal.SIGHUP: stop,
        signal.SIGTSTP: pause,
    }
    # A signal that whoever started this process has switched off stays so.
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal_all(process: "subprocess.Popen[Any]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end(process: "subprocess.Popen[Any]") -> None:
    """End the audit if it still runs, and then its workers."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()
    if hasattr(os, "killpg"):
        # Not SIGKILL: joblib's process that clears shared memory outlives this one.
        _signal_all(process, signal.SIGTERM)


def follow_parent() -> None:
    """Make this process end with the one that started it, and quietly when told to."""

    def watch() -> None:
        # Not through sys.stdin, which would be locked when the interpreter ends.
        os.read(0, 1)
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGTERM)  # which ends this process as well
        _remove_temporary()
        time.sleep(_GRACE)
        _remove_temporary()
        os._exit(EXIT_INPUT)

    # Last of all: what is registered later runs before.
    atexit.register(_remove_temporary)
    threading.Thread(target=watch, daemon=True).start()
    # joblib's workers would write pages on a crash.
    os.environ.setdefault("PYTHONFAULTHANDLER", "")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _remove_temporary() -> None:
    """Remove the folder that this process was given for its temporary files."""
    folder = Path(os.environ.get("TMPDIR", ""))
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def limit_resources(gigabytes: float | None, time_limit: float) -> None:
    """Bound what this process, and each that it starts, may take from now on.

    Bounds hold on Linux only.

    Parameters
    ----------
    gigabytes : float or None
        The memory, without what is taken already; three quarters of the machine's
        where it is None.
    time_limit : float
        Seconds that the audit may take. The process that started this one keeps them;
        the bound here is on the time of all processors, and ends this process where
        that one is gone and compiled code listens to no signal.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    # A memory image would hold the rows of the tables.
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, math.ceil(time_limit * (os.cpu_count() or 1)) + 1)
    allowed = (
        MEMORY_SHARE * _machine_memory() if gigabytes is None else gigabytes * _GIGABYTE
    )
    # Threads and libraries reserve far more addresses than they use.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _lower(resource.RLIMIT_AS, int(pages * resource.getpagesize() + allowed))


def _lower(which: int, bound: int) -> None:
    import resource

    soft, hard = resource.getrlimit(which)
    if soft == resource.RLIM_INFINITY or bound < soft:
        resource.setrlimit(which, (bound, hard))


def _machine_memory() -> int:
    """Return the bytes of memory that there are, for this container where it is one."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            found.append(int(Path("/sys/fs/cgroup", name).read_text()))
    return min(found)
