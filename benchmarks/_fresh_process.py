"""Steps of a benchmark in a process of its own: what each takes, and the memory.

Seconds are of the processor, so that other work on the machine counts little.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
from pathlib import Path

MIB = 2**20
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_fresh_process(script, *args):
    """Run a benchmark with ``--measure *args``; what it prints last is the result."""
    done = subprocess.run(
        [sys.executable, str(script), "--measure", *map(str, args)],
        check=True,
        env=os.environ | dict.fromkeys(THREADS, "1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def memory(field="VmHWM", pid="self"):
    """MiB of a process: the largest resident size, or another field of its status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peak():
    """Let the largest resident size begin anew with the present one."""
    # As of Linux: see clear_refs in its manual page of /proc. The peak that
    # getrusage gives cannot be put back, and would hide all but the largest step.
    Path("/proc/self/clear_refs").write_text("5")


def children():
    """Numbers of the processes that this one has started, and that still run."""
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def seconds_of(pid):
    """Seconds of the processor that a process has taken, with all of its threads."""
    # Counted after the name, which may have blanks: user's and system's.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def give_back():
    """Let the allocator return what is free, so that a peak is not hidden in it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # as in glibc
        trim(0)


class Steps:
    """What each step takes: seconds, and the peak of its memory."""

    def __init__(self):
        self.steps = []

    def run(self, step, function):
        """Call the function, and note what it took beside what was there before."""
        give_back()
        forget_peak()
        before = memory("VmRSS")
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        self.steps.append(
            {
                "step": step,
                "cpu": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "before_mib": before,
                "peak_mib": memory() - before,
            }
        )
        return result
