"""Copies of an estimator that are fit to be trained in a worker."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

MAX_SEED = np.iinfo(np.int32).max


def unwrap_frozen(estimator: Any) -> Any:
    """The estimator inside a FrozenEstimator, or the estimator itself."""
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator


def draw_seeds(random_state: np.random.RandomState, n: int) -> NDArray[np.int64]:
    """`n` seeds, drawn in the parent so that results do not depend on workers."""
    return random_state.randint(MAX_SEED, size=n, dtype=np.int64)


def seeded_clone(estimator: Any, seed: int, *, single_thread: bool = True) -> Any:
    """A clone with every nested `random_state` set from `seed`.

    Several parameters of the kind (a Pipeline of two random steps) get different
    seeds. An estimator without one is cloned as it is. With `single_thread`, nested
    `n_jobs` are set to 1: the parallelism is one level up.
    """
    copy = clone(estimator)
    random_state = np.random.RandomState(seed)
    changes: dict[str, int] = {}
    for name, value in sorted(copy.get_params(deep=True).items()):
        last = name.rpartition("__")[2]
        if last == "random_state":
            changes[name] = int(random_state.randint(MAX_SEED))
        elif last == "n_jobs" and single_thread and value not in (None, 1):
            changes[name] = 1
    return copy.set_params(**changes)
