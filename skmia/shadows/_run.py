"""Shadows that are fitted by workers, but for those that are there already."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from skmia._models import own_parts
from skmia.shadows._cache import ShadowCache
from skmia.shadows._cost import seconds_left, tell_cost
from skmia.shadows._pool import Pool
from skmia.shadows._task import ShadowResult, ShadowTask
from skmia.shadows._threads import are_quick
from skmia.shadows._warnings import Warned, gather, intercept
from skmia.shadows._workers import Workers
from skmia.utils import progress


def fit_missing(
    task: ShadowTask,
    pool: Pool,
    member: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    n_jobs: int | None,
    verbose: int,
    cache: ShadowCache | None,
    before: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], Warned, bool | None]:
    """Fit the shadows that the cache does not hold.

    `before` are the arrays that were returned of the first shadows, which are not
    fitted again. Beside the arrays of all come what was warned of, and whether fits
    drew from a generator that threads share (see `Workers.drew_from_shared`).
    """
    n_shadows, n_records = member.shape
    arrays = {name: np.empty(member.shape, np.float32) for name in task.signals}
    seconds = np.zeros((2, n_shadows))
    models: list[Any] = [None] * n_shadows
    kept: list[Any] = [None] * n_shadows
    missing, told = 0, False
    warned: Warned = Counter()
    n_before = 0
    if before is not None:
        n_before, told = len(before["results"]), True
        missing = before["n_missing_classes"]
        for name, array in arrays.items():
            array[:n_before] = before["signals"][name]
        seconds[:, :n_before] = before["fit_seconds"], before["predict_seconds"]
        models[:n_before] = before["models"] or models[:n_before]
        kept[:n_before] = before["results"]

    def keep(k: int, result: ShadowResult) -> None:
        nonlocal missing
        for name, array in arrays.items():
            array[k] = result.signals[name]
        seconds[:, k] = result.fit_seconds, result.predict_seconds
        models[k] = result.model
        # What is in the arrays already is not held twice.
        kept[k] = replace(result, signals={}, model=None)
        missing += result.n_missing_classes
        warned.update(result.warned)

    workers = Workers(n_jobs, are_quick=are_quick(task, pool))
    # Where workers have other disks, or none that lasts, entries are written here.
    theirs = None
    if cache is not None and cache.is_local and workers.on_this_machine:
        theirs = cache
    names: dict[int, str] = {}
    with progress("shadows", n_shadows, verbose, done=n_before) as shown:
        tasks, took = [], list[float]()
        for k in range(n_before, n_shadows):
            if cache is not None:
                names[k] = cache.name(member[k], int(seeds[k]))
                done = cache.load(names[k], n_records)
                if done is not None:
                    keep(k, done)
                    shown.update()
                    continue
            entry = None if theirs is None else names[k]
            tasks.append((task, k, member[k], int(seeds[k]), theirs, entry))
        if cache is not None:
            cache.warn_of_unsigned()
        packages = {type(part).__module__ for part in own_parts(task.estimator)}
        with intercept() as elsewhere, threadpool_limits(1):
            results = workers.run(_fit_one, pool, tasks, packages)
            # Closing the generator is what stops the workers when we are interrupted.
            with closing(results):
                for k, result in results:
                    if cache is not None and theirs is None:
                        cache.store(names[k], result)
                    keep(k, result)
                    asked = result.predict_seconds + result.counterfactual_seconds
                    took.append(result.fit_seconds + asked)
                    if not told:
                        cost = result.fit_seconds, asked
                        tell_cost(*cost, len(tasks), n_jobs, verbose)
                        told = True
                    n_left = len(tasks) - len(took)
                    shown.update(left=seconds_left(took, n_left, n_jobs))
    fields = {
        "signals": arrays,
        "results": kept,
        "n_missing_classes": missing,
        "fit_seconds": seconds[0],
        "predict_seconds": seconds[1],
        "models": models if task.keep_model else None,
        "other_sides": _other_sides(kept) if task.keep_model else None,
    }
    return fields, warned + elsewhere, workers.drew_from_shared


def _other_sides(results: list[ShadowResult]) -> list[Any] | None:
    sides = [result.other_side for result in results]
    return None if any(side is None for side in sides) else sides


def _fit_one(
    pool: Pool,
    task: ShadowTask,
    k: int,
    rows: NDArray[np.bool_],
    seed: int,
    cache: ShadowCache | None,
    name: str | None,
) -> tuple[int, ShadowResult]:
    """Run in a worker: one shadow, with its warnings, and its entry in the cache."""
    with gather() as warned:
        try:
            result = task.run(pool, rows, seed)
        except Exception as error:
            error.add_note(f"Raised while shadow model {k} was fitted or asked.")
            raise
    result.warned = warned
    if cache is not None and name is not None:
        cache.store(name, result)
    return k, result
