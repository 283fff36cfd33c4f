"""Tasks on a dask.distributed cluster, which need no file that workers share.

joblib's own backend for dask sends data to one worker, and what a call asks for where
that worker dies is lost; where the scheduler goes, it gives no result and no error.
Here only its client is used.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError as _Cancelled
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from sklearn import config_context, get_config

from skmia.shadows._packages import different_packages, package_versions

# Seconds without any worker after which none is waited for, unless joblib's
# wait_for_workers_timeout says more: time for one that died to be replaced.
_PATIENCE = 60
# Times that all copies of the data are lost in a row, without a result in between.
_LOSSES = 4
# Seconds between looks at the cluster where nothing arrives.
_LOOK = 2


class _Held:
    """The value in the memory of a worker; dask looks into no object of ours."""

    def __init__(self, value: Any) -> None:
        self.value = value


def is_dask(backend: Any) -> bool:
    """Whether this backend of joblib is the one for dask, or made of it."""
    return any(c.__name__ == "DaskDistributedBackend" for c in type(backend).__mro__)


def run_on_dask(
    backend: Any,
    function: Callable[..., Any],
    value: Any,
    arguments: Iterable[tuple[Any, ...]],
    packages: Iterable[str],
) -> Generator[Any, None, None]:
    """Yield ``function(value, n_threads, *args)`` for each of `arguments`.

    In the order in which they finish; `n_threads` are those of the worker. A worker
    that dies while a call runs has it run elsewhere, by dask. What a worker holds is
    lost with it where no other has it; then the value is sent anew, and the calls that
    waited for it are made again.

    Raises
    ------
    ConnectionError
        If the scheduler goes away.
    RuntimeError
        If no worker is left, workers die again and again, or one has other versions of
        `packages`.
    """
    client = backend.client
    run = _Run(client, backend.submit_kwargs, backend.wait_for_workers_timeout)
    expected = package_versions(packages)
    waiting = deque(arguments)
    running: dict[Any, tuple[Any, ...]] = {}
    held, losses = None, 0
    try:
        run.wait_for_workers()
        while waiting or running:
            if held is None:
                run.check_import()
                held = run.scatter(value)
            while waiting and len(running) < 2 * run.n_threads:
                args = waiting.popleft()
                future = run.submit(_call, held, function, args, get_config(), expected)
                running[future] = args
            future = run.next_ended()
            if future not in running:
                continue
            args = running.pop(future)
            ended, result = run.result(future)
            if ended:
                losses = 0
                yield result
                continue
            waiting.append(args)
            if held.status != "finished" or not running:
                losses += 1
                if losses > _LOSSES:
                    raise RuntimeError(
                        "The workers of the dask cluster lost the data again and "
                        "again: those that were sent it died. Most often their memory "
                        "is too small; give them more, or start fewer on a machine."
                    )
                held = None
    finally:
        with suppress(Exception):  # the scheduler may have gone
            if running and client.status == "running":
                client.cancel(list(running), force=True)


class _Run:
    """A client, and what has ended of what was submitted to it."""

    def __init__(
        self, client: Any, options: dict[str, Any], timeout: float | None
    ) -> None:
        self.client = client
        self.options = options
        self.patience = max(timeout or 0, _PATIENCE)
        self.n_threads = 1
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._since: float | None = None

    def wait_for_workers(self) -> None:
        """Return once there is a worker, and count threads."""
        while not self._count():
            time.sleep(0.2)

    def _count(self) -> int:
        """Number of threads of all workers; raise where there is none for long."""
        self.check_scheduler()
        try:
            threads = sum(self.client.ncores().values())
        except Exception as error:
            raise self._gone() from error
        if threads:
            self._since, self.n_threads = None, threads
            return threads
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since > self.patience:
            raise RuntimeError(
                f"The dask cluster at {self._address()} has had no worker for "
                f"{self.patience:.0f} seconds. Start workers that reach its scheduler. "
                "For a cluster that takes longer to start them: joblib.parallel_config("
                "backend='dask', wait_for_workers_timeout=600)."
            )
        return 0

    def check_scheduler(self) -> None:
        if self.client.status not in ("running", "newly-created"):
            raise self._gone()

    def _gone(self) -> ConnectionError:
        return ConnectionError(
            f"The dask scheduler at {self._address()} has gone, or cannot be reached "
            "any more, and with it what the workers had not yet sent. Start it again, "
            "and repeat the call; with ShadowModels(cache_dir=...), shadow models that "
            "were finished are not fitted again."
        )

    def _address(self) -> str:
        scheduler = self.client.scheduler
        return getattr(scheduler, "address", None) or "an unknown address"

    def check_import(self) -> None:
        """Raise where a worker cannot import this package, before data is sent.

        In a task: what is sent would be unpickled, and all of this imported, in the
        thread that answers the scheduler, which takes a silent worker for a dead one.
        """
        futures = {
            address: self.client.submit(
                exec,
                "import skmia.shadows",
                key=f"skmia-import-{uuid4().hex}",
                pure=False,
                workers=[address],
                allow_other_workers=True,
            )
            for address in self.client.ncores()
        }
        for address, future in futures.items():
            while not future.done():
                self._count()
                time.sleep(0.1)
            error = future.exception() if future.status == "error" else None
            if isinstance(error, ImportError):
                raise ImportError(
                    f"The dask worker at {address} cannot import skmia ({error}). "
                    "Install the packages of this process there, in the same versions."
                ) from error
        self.check_scheduler()

    def scatter(self, value: Any) -> Any:
        """Send the value to all workers, once each."""
        while True:
            try:
                [held] = self.client.scatter([_Held(value)], broadcast=True, hash=False)
            except BaseException as error:
                # A worker that died meanwhile; or nothing that waiting would mend.
                if not isinstance(error, OSError | _Cancelled | asyncio.CancelledError):
                    raise
                self._count()
                time.sleep(0.5)
            else:
                return held

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        future = self.client.submit(
            function,
            *args,
            key=f"skmia-{uuid4().hex}",
            **{"pure": False} | self.options,
        )
        future.add_done_callback(self._ended.put)
        return future

    def next_ended(self) -> Any:
        """Return the next future that is done for, whatever became of it."""
        while True:
            try:
                return self._ended.get(timeout=_LOOK)
            except Empty:
                self._count()

    def result(self, future: Any) -> tuple[bool, Any]:
        """Return True and what a call returned, or False where it has to be repeated.

        What the call raised is raised here.
        """
        if future.status == "error":
            raise self._explained(future.exception())
        try:
            return True, future.result()
        except (_Cancelled, asyncio.CancelledError):
            self.check_scheduler()
            return False, None
        except OSError as error:
            if self.client.status != "running":
                raise self._gone() from error
            raise

    def _explained(self, error: BaseException) -> BaseException:
        if type(error).__name__ == "KilledWorker":
            error.add_note(
                "The workers that ran this died one after the other. Most often their "
                "memory is too small; give them more, or start fewer on a machine."
            )
        return error


def _call(
    held: _Held,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    config: dict[str, Any],
    expected: dict[str, str],
) -> Any:
    """Run in a worker."""
    different = different_packages(expected)
    if different:
        raise RuntimeError(
            "A dask worker has other versions than the process that asks it, and might "
            f"give other scores: {different}. Install the same versions there."
        )
    from distributed import get_worker

    with config_context(**config):
        return function(held.value, get_worker().state.nthreads, *args)
