"""What copies that are fitted are told: few threads, and no output."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from joblib import parallel, parallel_config
from threadpoolctl import threadpool_limits

from skmia._models._cloning import own_parts

# What the number of threads is called: by scikit-learn, CatBoost, and the aliases of
# LightGBM and XGBoost.
_THREADS = (
    "n_jobs",
    "thread_count",
    "nthread",
    "nthreads",
    "num_thread",
    "num_threads",
)
# Fewer are fitted as fast by one OpenMP thread, or nearly so.
_FEW_ROWS = 100_000
# By library: parameters that say what is printed, and how nothing is. Files are written
# to the working folder, where parallel fits would overwrite each other's.
_VERBOSITY = ("verbose", "logging_level", "silent", "metric_period")
_FILES = ("allow_writing_files", "train_dir", "save_snapshot", "snapshot_file")
_SILENT: dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]] = {
    "catboost": [
        (_VERBOSITY, {"verbose": False}),
        (_FILES, {"allow_writing_files": False}),
    ],
    "lightgbm": [(("verbose", "verbosity"), {"verbosity": -1})],
}


def limit_threads(copy: Any, *, always: bool = False) -> None:
    """Give a clone one thread, with all estimators in it, in containers too.

    What a library takes None for, or where nothing is set, is its own: one job for
    scikit-learn, and all cores for the boosters, which several at a time are slowed
    down by many times. With `always`, 1 is written where it stands or is meant, too:
    some estimators remember what has been set.
    """
    for part in own_parts(copy):
        changes = {}
        for name, value in _threads_of(part).items():
            is_one = value is None and _is_scikit_learns(type(part), name)
            if always or not (value == 1 or is_one):
                changes[name] = 1
        if changes:
            part.set_params(**changes)


def few_threads(n: int) -> threadpool_limits:
    """One OpenMP thread for `n` rows that are few, where threads wait for one another.

    Boosting does so at every split. Where others use the cores as well, a fit of a
    second takes a minute.
    """
    return threadpool_limits(1 if n < _FEW_ROWS else None, user_api="openmp")


@contextmanager
def own_jobs() -> Iterator[None]:
    """Ask a model in as many jobs as it says itself, one if it says nothing.

    What joblib is configured for is for shadow models. A forest that is asked with a
    cluster of 64 workers around it starts 64 threads here, and adds its trees' answers
    up in the order in which they come, so that the last digit differs.
    """
    backend, n_jobs = parallel.get_active_backend()
    local = map(parallel.BACKENDS.get, ("sequential", "threading", "loky"))
    if n_jobs == 1 and type(backend) in local:
        yield
        return
    with parallel_config("loky", n_jobs=1):
        yield


def silence(copy: Any) -> None:
    """Let the boosters in a clone print nothing, but for what the user asked for."""
    for part in own_parts(copy):
        for library in _libraries(type(part)) & _SILENT.keys():
            given = part.get_params(deep=False)
            for names, settings in _SILENT[library]:
                if all(given.get(name) is None for name in names):
                    part.set_params(**settings)


def _threads_of(part: Any) -> dict[str, Any]:
    given = part.get_params(deep=False)
    # CatBoost lists the parameters that were given, and no others.
    kind: Any = type(part)
    known = given.keys() | _constructor_parameters(kind)
    return {name: given.get(name) for name in _THREADS if name in known}


@lru_cache(maxsize=1024)
def _constructor_parameters(cls: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(cls).parameters)
    except (TypeError, ValueError):  # of a compiled class
        return frozenset()


def _is_scikit_learns(cls: type, name: str) -> bool:
    """Whether a class of scikit-learn has the parameter, with None for one job."""
    return any(
        base.__module__.partition(".")[0] == "sklearn"
        and name in _constructor_parameters(base)
        for base in cls.__mro__
    )


def _libraries(cls: type) -> set[str]:
    return {base.__module__.partition(".")[0] for base in cls.__mro__}
