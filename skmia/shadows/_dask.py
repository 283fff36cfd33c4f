"""Tasks on a dask.distributed cluster, which need no file that workers share.

joblib's own backend for dask sends data to one worker, and what a call asks for where
that worker dies is lost; where the scheduler goes, it gives no result and no error.
Here only its client is used.
"""

import asyncio
import pickle
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
from skmia.shadows._shared import Packed, pack, unpack

# Seconds without any worker after which none is waited for, unless joblib's
# wait_for_workers_timeout says more: time for one that died to be replaced.
_PATIENCE = 60
# Times that all copies of the data are lost in a row, without a result in between.
_LOSSES = 4
# Seconds between looks at the cluster.
_LOOK = 2
# Seconds for an answer of the scheduler, after which it counts as gone.
_SILENCE = 30


# What a worker evaluates. The scheduler unpickles what is submitted, and so does the
# thread of a worker that answers it: neither is made to import anything of ours, or of
# the user's. A silent worker is taken for a dead one.
_CALL = "__import__('skmia.shadows._dask', fromlist=['_call'])._call(*sent)"


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
    expected, packed = package_versions(packages), pack(value)
    waiting = deque(arguments)
    running: dict[Any, tuple[Any, ...]] = {}
    held, repeats, losses = None, False, 0
    try:
        while waiting or running:
            if held is None:
                held = run.scatter(packed)
            while waiting and not repeats and len(running) < 2 * run.n_threads:
                args = waiting.popleft()
                running[run.submit(expected, held, (function, args))] = args
            future = run.next_ended(running)
            if future in running:
                args = running.pop(future)
                ended, result = run.result(future)
                if ended:
                    losses = 0
                    yield result
                else:
                    # The data may be lost, though dask has not said so yet.
                    waiting.append(args)
                    repeats = True
            if held.status != "finished":
                waiting.extend(running.values())
                client.cancel(list(running), force=True)
                running.clear()
                repeats = True
            if repeats and not running:
                losses += 1
                if losses > _LOSSES:
                    raise RuntimeError(
                        "The workers of the dask cluster lost the data again and "
                        "again: those that were sent it died. Most often their memory "
                        "is too small; give them more, or start fewer on a machine."
                    )
                held, repeats = None, False
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
        self._looked = 0.0

    def wait_for_workers(self) -> None:
        """Return once there is a worker, and count threads."""
        while not self._count():
            time.sleep(0.2)

    def _count(self) -> int:
        """Number of threads of all workers; raise where there is none for long."""
        self.check_scheduler()
        self._looked = time.monotonic()
        ask = self.client.scheduler.ncores
        try:
            found = self.client.sync(ask, callback_timeout=_SILENCE)
            threads = sum(found.values())
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

    def scatter(self, packed: Packed) -> Any:
        """Send the value to all workers, once each."""
        tries = 0
        while True:
            self.wait_for_workers()
            try:
                [held] = self.client.scatter([packed], broadcast=True, hash=False)
            except (Exception, asyncio.CancelledError):
                # A worker that died meanwhile; or nothing that waiting would mend.
                tries += 1
                if tries > _LOSSES:
                    raise
                time.sleep(0.5)
            else:
                return held

    def submit(self, expected: dict[str, str], held: Any, call: Any) -> Any:
        import cloudpickle  # dask needs it

        sent = [expected, held, cloudpickle.dumps((get_config(), *call))]
        key = f"skmia-{uuid4().hex}"
        options = {"pure": False} | self.options
        future = self.client.submit(eval, _CALL, {"sent": sent}, key=key, **options)
        future.add_done_callback(self._ended.put)
        return future

    def next_ended(self, running: Iterable[Any]) -> Any:
        """Return a future that is done for, or None where none is for a while."""
        if time.monotonic() - self._looked > _LOOK:
            self._count()
        try:
            return self._ended.get(timeout=_LOOK)
        except Empty:
            # Nobody is called for what was lost.
            return next((f for f in running if f.status != "pending"), None)

    def result(self, future: Any) -> tuple[bool, Any]:
        """Return True and what a call returned, or False where it has to be repeated.

        What the call raised is raised here.
        """
        if future.status == "error":
            raise self._explained(future.exception())
        patience = _SILENCE
        while future.status == "finished":
            try:
                return True, future.result(timeout=patience)
            except (_Cancelled, asyncio.CancelledError):
                break
            except TimeoutError:
                # The worker that has it may have died; or the network is slow.
                self._count()
                patience *= 2
            except OSError as error:
                if self.client.status != "running":
                    raise self._gone() from error
                raise
        self.check_scheduler()
        return False, None

    def _explained(self, error: BaseException) -> BaseException:
        if isinstance(error, ImportError):
            error.add_note(
                "Raised by a dask worker. Install the packages of this process there, "
                "in the same versions, and modules of your own too."
            )
        if type(error).__name__ == "KilledWorker":
            error.add_note(
                "The workers that ran this died one after the other. Most often their "
                "memory is too small; give them more, or start fewer on a machine."
            )
        return error


def _call(expected: dict[str, str], packed: Packed, sent: bytes) -> Any:
    """Run in a worker."""
    different = different_packages(expected)
    if different:
        raise RuntimeError(
            "A dask worker has other versions than the process that asks it, and might "
            f"give other scores: {different}. Install the same versions there."
        )
    from distributed import get_worker

    config, function, args = pickle.loads(sent)
    with config_context(**config):
        return function(unpack(packed), get_worker().state.nthreads, *args)
