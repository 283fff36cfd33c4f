"""A dask cluster whose workers share no folder with the process that asks."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import distributed

# Seconds after which something hangs.
PATIENCE = 300


class Cluster:
    """A scheduler and workers, each a process with folders of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = []
        address = folder / "scheduler.json"
        self.scheduler = self.start(
            "scheduler",
            "scheduler",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(address),
        )
        self.wait_for(address.exists)
        self.address = str(address)
        self.client = distributed.Client(scheduler_file=self.address, timeout="20s")

    def start(self, name, *command, core=None):
        folder = self.folder / name
        (folder / "tmp").mkdir(parents=True)
        env = {
            "TMPDIR": str(folder / "tmp"),
            "DASK_TEMPORARY_DIRECTORY": str(folder / "tmp"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "OMP_NUM_THREADS": "1",
        }
        # Before there are threads, which would keep what they began with.
        pin = None if core is None else partial(os.sched_setaffinity, 0, {core})
        with (folder / "log").open("w") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"distributed.cli.dask_{command[0]}",
                    *command[1:],
                ],
                env=os.environ | env,
                cwd=folder,
                stdout=log,
                stderr=log,
                preexec_fn=pin,
            )

    def add_workers(self, n, wait=True, core=None):
        for _ in range(n):
            name = f"worker{len(self.workers)}"
            self.workers.append(
                self.start(
                    name,
                    "worker",
                    "--scheduler-file",
                    self.address,
                    "--no-nanny",
                    "--nthreads",
                    "1",
                    "--name",
                    name,
                    "--no-dashboard",
                    core=core,
                )
            )
        if wait and self.workers:
            self.client.wait_for_workers(len(self.workers), timeout=PATIENCE)

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    def close(self):
        self.client.close(timeout=1)
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder, n):
    with ExitStack() as stack:
        made = Cluster(folder)
        stack.callback(made.close)
        made.add_workers(n)
        yield made
