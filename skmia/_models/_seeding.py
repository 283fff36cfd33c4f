"""Seeds for copies of an estimator, so that no fit depends on a global generator."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models._cloning import contained, own_params, own_parts, unfitted_copy
from skmia._models._in_workers import limit_threads

MAX_SEED = np.iinfo(np.int32).max


def draw_seeds(random_state: np.random.RandomState, n: int) -> NDArray[np.int64]:
    """`n` seeds, drawn in the parent so that results do not depend on workers."""
    return random_state.randint(MAX_SEED, size=n, dtype=np.int64)


def seeded_clone(
    estimator: Any, seed: int, *, single_thread: bool = True, keep_seeds: bool = False
) -> Any:
    """Clone, with every nested `random_state` set from `seed`.

    Several parameters of the kind (a Pipeline of two random steps) get different
    seeds. An estimator without one is cloned as it is. Estimators and splitters in
    lists, dicts and grids of candidates count as well. With `single_thread`, all have
    one thread: the parallelism is one level up. With `keep_seeds`, only those that are
    None are set, and none in a part whose noise protects the rows: its seed would be in
    the fitted model, and whoever has that could take the noise away.
    """
    copy = unfitted_copy(estimator)
    if copy is not estimator:
        _seed(copy, np.random.RandomState(seed), keep_seeds)
        if single_thread:
            limit_threads(copy)
    return copy


def _seed(copy: Any, random_state: np.random.RandomState, keep: bool) -> None:
    """Seed an estimator that is ours, and what it holds in containers."""
    params = own_params(copy)
    protected = [f"{n}__" for n, value in params if _has_private_noise(value)]
    changes: dict[str, int] = {}
    for name, value in params:
        last = name.rpartition("__")[2]
        if last == "random_state":
            drawn = int(random_state.randint(MAX_SEED))
            noise = _has_private_noise(copy) or name.startswith(tuple(protected))
            if not keep or (value is None and not noise):
                changes[name] = drawn
        else:
            _seed_splitter(value, random_state)
    copy.set_params(**changes)
    done = {id(value) for _, value in params}
    for _, value in params:
        for part in contained(value):
            if isinstance(part, dict):
                _seed_candidates(part, random_state)
            elif id(part) not in done:
                done.add(id(part))
                if hasattr(part, "get_params"):
                    _seed(part, random_state, keep)
                else:
                    _seed_splitter(part, random_state)


def without_noise_seeds(copy: Any) -> Any:
    """Take the seeds of noise that protects the rows out of a clone, and return it."""
    for part in own_parts(copy):
        if _has_private_noise(part):
            part.set_params(random_state=None)
    return copy


def _has_private_noise(part: Any) -> bool:
    return (
        not isinstance(part, type)
        and getattr(type(part), "_private_noise", False) is True
    )


def _seed_splitter(value: Any, random_state: np.random.RandomState) -> None:
    """Seed a splitter, which has no set_params; without a seed it would draw one."""
    if hasattr(value, "split") and getattr(value, "random_state", 0) is None:
        value.random_state = int(random_state.randint(MAX_SEED))


def _seed_candidates(grid: dict[Any, Any], random_state: np.random.RandomState) -> None:
    """Put a seed in place of each None that a grid, or keywords, have for one."""
    for key, values in grid.items():
        if isinstance(key, str) and key.rpartition("__")[2] == "random_state":
            if values is None:
                grid[key] = int(random_state.randint(MAX_SEED))
            elif isinstance(values, (list, tuple)):
                grid[key] = [
                    int(random_state.randint(MAX_SEED)) if value is None else value
                    for value in values
                ]


_is_owner: ContextVar[bool] = ContextVar("_is_owner", default=False)


@contextmanager
def owning_generators() -> Iterator[None]:
    """Take the global generators for this thread's, which is the only one to fit."""
    token = _is_owner.set(True)
    try:
        yield
    finally:
        _is_owner.reset(token)


def _owns_generators() -> bool:
    main = threading.current_thread() is threading.main_thread()
    return main or _is_owner.get()


@contextmanager
def own_generators(seed: int) -> Iterator[None]:
    """Seed Python's and NumPy's global generators, and put them back afterwards.

    What draws from them, code of the user's own for the most part, then neither moves
    them nor depends on what moved them before. They belong to all threads: in another
    than the main one nothing is done, since the threads would undo each other's work.
    """
    with kept_generators():
        if _owns_generators():
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
        yield


@contextmanager
def kept_generators() -> Iterator[Callable[[], bool]]:
    """Put Python's and NumPy's global generators back, as they were before.

    Yields
    ------
    callable
        Tells whether they have moved since. In another than the main thread they are
        not put back: others may have drawn from them by right.
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002

    def moved() -> bool:
        now = np.random.get_state()  # noqa: NPY002
        same = all(map(np.array_equal, numpy, now))
        return not same or random.getstate() != python

    try:
        yield moved
    finally:
        if _owns_generators() and moved():
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
