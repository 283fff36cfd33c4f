"""Where the tasks of a call run: here, in other processes, or on other machines.

joblib's active backend decides; where there is but its default, quick calls run in
threads (`_threads`). Workers on this machine read the data from a file
(`_shared`), a dask cluster is asked directly (`_dask`), and workers of any other
backend may be anywhere: they are sent the data itself.
"""

import os
import secrets
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import numpy as np
from joblib import effective_n_jobs, parallel, parallel_config
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from skmia._models import owning_generators
from skmia.shadows._dask import is_dask, run_on_dask
from skmia.shadows._shared import share
from skmia.shadows._threads import n_threads, run_in_threads
from skmia.shadows._warnings import intercept

# Numbers of processes are not enough: in containers, they are alike.
_TOKEN = secrets.token_hex(8)


class Workers:
    """The workers of joblib's active backend.

    Parameters
    ----------
    n_jobs : int or None
        As in joblib.
    are_quick : bool, default=False
        Whether calls are as well run in threads, where no backend was chosen.
    """

    def __init__(self, n_jobs: int | None, *, are_quick: bool = False) -> None:
        self.n_jobs = n_jobs
        self._n_threads = n_threads(n_jobs) if are_quick else 0
        self._backend, _ = parallel.get_active_backend()
        # Whether a call drew from a generator that threads of a worker share; None
        # where that shows in the generators of this process.
        self.drew_from_shared = False if is_dask(self._backend) else None

    @property
    def on_this_machine(self) -> bool:
        """Whether all of them see the files of this process."""
        local = ("threading", "sequential", "multiprocessing", "loky")
        return type(self._backend) in map(parallel.BACKENDS.get, local)

    def run(
        self,
        function: Callable[..., Any],
        value: Any,
        arguments: Iterable[tuple[Any, ...]],
        packages: Iterable[str] = (),
    ) -> Generator[Any, None, None]:
        """Yield ``function(value, *args)`` for each of `arguments`, as they finish.

        Parameters
        ----------
        function : callable
            Of a module.
        value : object
            What all calls share. It crosses to each worker once.
        arguments : iterable of tuple
            What a call has for itself.
        packages : iterable of str
            Whose versions must be the same on other machines, beside our own and
            those that we need.

        Yields
        ------
        object
            What a call returned. Closing the generator stops the workers.
        """
        home = os.getpid(), _TOKEN
        if is_dask(self._backend):
            tasks = [(function, home, args) for args in arguments]
            results = run_on_dask(self._backend, _call_far, value, tasks, packages)
            with closing(results):
                for drew, result in results:
                    self.drew_from_shared = self.drew_from_shared or drew
                    yield result
            return
        if self._n_threads:
            each = [(value, function, home, args) for args in arguments]
            yield from run_in_threads(call, each, self._n_threads)
            return
        shared = share(value, self._backend, self.on_this_machine)
        with closing(shared):
            calls = [delayed(_call)(shared, function, home, a) for a in arguments]
            if self._backend.supports_return_generator:
                pool = Parallel(n_jobs=self.n_jobs, return_as="generator_unordered")
                # Closing the generator is what stops the workers on an interrupt.
                with closing(pool(calls)) as results:
                    yield from results
                return
            # It gives no result before the last is there, so it is given few at a time.
            with Parallel(n_jobs=self.n_jobs) as pool:
                size = 2 * effective_n_jobs(self.n_jobs)
                for start in range(0, len(calls), size):
                    yield from pool(calls[start : start + size])


def _call(shared: Any, function: Any, home: tuple[int, str], args: Any) -> Any:
    return call(shared.value, function, home, args)


def _call_far(
    value: Any, n_threads: int, function: Any, home: tuple[int, str], args: Any
) -> tuple[bool, Any]:
    """Run in a thread of a worker that has `n_threads` for calls."""
    if n_threads == 1 and home != (os.getpid(), _TOKEN):
        with owning_generators():
            return False, call(value, function, home, args)
    # NumPy's alone: dask itself draws from Python's, in a thread of its own.
    before = np.random.get_state()  # noqa: NPY002
    result = call(value, function, home, args)
    after = np.random.get_state()  # noqa: NPY002
    return not all(map(np.array_equal, before, after)), result


def call(value: Any, function: Any, home: tuple[int, str], args: Any) -> Any:
    """Run in a worker: one call, on one thread, in silence."""
    # n_jobs for what asks joblib for as many jobs as the caller's context says.
    with _quiet(home), threadpool_limits(1), parallel_config(n_jobs=1):
        return function(value, *args)


_lock = threading.Lock()
_n_calls = 0
_entered = ExitStack()


@contextmanager
def _quiet(home: tuple[int, str]) -> Iterator[None]:
    """Intercept warnings, and hold libraries to one thread, while calls run.

    Both are settings of the whole process, and a worker may run calls in several
    threads: the first sets them, and the last puts them back. In the process that the
    calls come from, and so in its threads, both are set already.
    """
    global _n_calls
    if home == (os.getpid(), _TOKEN):
        yield
        return
    with _lock:
        if _n_calls == 0:
            _entered.enter_context(intercept())
            _entered.enter_context(threadpool_limits(1))
        _n_calls += 1
    try:
        yield
    finally:
        with _lock:
            _n_calls -= 1
            if _n_calls == 0:
                _entered.close()
