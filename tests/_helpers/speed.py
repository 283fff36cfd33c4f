"""How much longer something takes than a reference, whatever machine it runs on."""

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_limits

# Seconds that a run takes at least, so that single interrupts hardly show.
_LEAST = 0.02


def _seconds(function: Callable[[], Any], n_calls: int) -> float:
    """CPU seconds of this process, all of its threads together."""
    start = time.process_time()
    for _ in range(n_calls):
        function()
    return time.process_time() - start


def _calls_per_run(function: Callable[[], Any]) -> int:
    function()  # the first call also fills caches
    return 1 + int(_LEAST / max(_seconds(function, 1), 1e-6))


def times_of(
    function: Callable[[], Any], reference: Callable[[], Any], n_runs: int = 5
) -> float:
    """CPU time of a call of `function` over that of `reference`.

    The median over pairs of runs that follow one another: what else the machine does
    is in both.
    """
    ours, theirs = _calls_per_run(function), _calls_per_run(reference)
    ratios = []
    gc.collect()
    gc.disable()
    try:
        with threadpool_limits(1):
            for _ in range(n_runs):
                seconds = _seconds(function, ours) / ours
                ratios.append(seconds / (_seconds(reference, theirs) / theirs))
    finally:
        gc.enable()
    return statistics.median(ratios)
