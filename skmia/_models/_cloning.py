"""Copies of an estimator and of its rows, for a fit that leaves no trace on either."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

MAX_SEED = np.iinfo(np.int32).max

# What scikit-learn writes into an estimator before it is fitted: by set_*_request,
# set_output and set_callbacks, and in a search with callbacks.
_SCIKIT_LEARNS = ("_metadata_request", "_sklearn_", "_skl_", "_parent_callback")


def unwrap_frozen(estimator: Any) -> Any:
    """Return the estimator inside a FrozenEstimator, or the estimator itself."""
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator


def forget_fit(estimator: Any) -> None:
    """Delete what was fitted, or a fit that is interrupted leaves the last one's.

    Fitted attributes have an underscore at either end.
    """
    for name in list(vars(estimator)):
        private = name.startswith("_") and not name.startswith(_SCIKIT_LEARNS)
        if private or name.endswith("_"):
            delattr(estimator, name)


def deep_params(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Nested parameters, those inside of FrozenEstimators too.

    A FrozenEstimator keeps its inside from ``get_params``, and so from every check.
    """
    for name, value in unwrap_frozen(estimator).get_params(deep=True).items():
        yield name, value
        if isinstance(value, FrozenEstimator):
            yield from ((f"{name}__{n}", v) for n, v in deep_params(value))


def draw_seeds(random_state: np.random.RandomState, n: int) -> NDArray[np.int64]:
    """`n` seeds, drawn in the parent so that results do not depend on workers."""
    return random_state.randint(MAX_SEED, size=n, dtype=np.int64)


def seeded_clone(estimator: Any, seed: int, *, single_thread: bool = True) -> Any:
    """Clone, with every nested `random_state` set from `seed`.

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
        elif hasattr(value, "split") and getattr(value, "random_state", 0) is None:
            # A splitter has no set_params, and without a seed it would draw from
            # NumPy's global generator. It is the clone's own copy.
            value.random_state = int(random_state.randint(MAX_SEED))
    return copy.set_params(**changes)
