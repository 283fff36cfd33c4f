"""Quick fits run in threads, where nobody asked joblib for anything else.

A process has to be started and to import scikit-learn, which takes longer than all the
shadows of a decision tree together. Some learners spend nearly all of a fit in code
that lets other threads run meanwhile, draw from nothing but their own generators, and
leave a small model: their shadows are fitted in threads of this process. The results
are those of processes, to the last bit. What takes long stays in processes, which can
be stopped in the middle of a fit.
"""

from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import islice
from typing import Any

import numpy as np
from joblib import effective_n_jobs, parallel
from sklearn import config_context, get_config

from skmia._models import deep_params
from skmia._tables import n_rows, values_per_row
from skmia.shadows._counterfactual import last_step
from skmia.shadows._pool import Pool
from skmia.shadows._task import ShadowTask

# A forest is left out for the size of the fitted model, and what uses liblinear or
# libsvm since all threads draw from the one generator of these.
_LEARNERS = {
    "BernoulliNB",
    "CategoricalNB",
    "ComplementNB",
    "DecisionTreeClassifier",
    "DummyClassifier",
    "ExtraTreeClassifier",
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LogisticRegression",
    "MultinomialNB",
    "QuadraticDiscriminantAnalysis",
    "RidgeClassifier",
}
_STEPS = {
    "Binarizer",
    "ColumnTransformer",
    "KBinsDiscretizer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "Pipeline",
    "PolynomialFeatures",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "VarianceThreshold",
}
# Values of the pool, times the classes: of so many, a fit takes a few seconds at most.
_MOST = 10**8
# More threads would wait for one another.
_MOST_THREADS = 8


def are_quick(task: ShadowTask, pool: Pool) -> bool:
    """Whether shadows are fitted as well in threads, and in no time."""
    # Threads take turns at text.
    if not (_is_of_numbers(pool.X) and is_small(pool.X, len(task.classes))):
        return False
    if task.fit is not None or pool.copies is not None:
        return False
    return _is_quick(task.estimator)


def is_small(X: Any, n_classes: int) -> bool:
    """Whether nothing that is done with all of the pool at once takes long."""
    return n_rows(X) * values_per_row(X) * n_classes <= _MOST


def _is_of_numbers(X: Any) -> bool:
    """Whether it is an array of numbers, or a frame whose columns are."""
    dtypes = [X.dtype] if isinstance(X, np.ndarray) else [None]
    if len(getattr(X, "shape", ())) == 2:  # not a Series, of texts mostly
        dtypes = getattr(X, "dtypes", dtypes)
    return all(isinstance(d, np.dtype) and d.kind in "biuf" for d in dtypes)


def _is_quick(estimator: Any) -> bool:
    learner = last_step(estimator)
    if getattr(learner, "solver", None) == "liblinear":
        return False
    values = [value for _, value in deep_params(estimator)]
    if any(map(_holds_function, values)):
        return False
    steps = [v for v in (estimator, *values) if hasattr(v, "fit") and v is not learner]
    return _is_one_of(learner, _LEARNERS) and all(
        _is_one_of(step, _STEPS) and getattr(step, "memory", None) is None
        for step in steps
    )


def _holds_function(value: Any) -> bool:
    """Whether a parameter is a function, which may do anything, or holds one."""
    if isinstance(value, (list, tuple)):
        return any(map(_holds_function, value))
    if isinstance(value, type) or type(value).__module__.startswith("sklearn."):
        return False
    return callable(value)


def _is_one_of(part: Any, names: set[str]) -> bool:
    kind = type(part)
    return kind.__module__.startswith("sklearn.") and kind.__qualname__ in names


def n_threads(n_jobs: int | None) -> int:
    """How many threads quick fits are given, and 0 where joblib decides.

    That is where a backend was chosen (by ``joblib.parallel_config``, or by code that
    runs in a worker), where processes are preferred, and for many jobs.
    """
    default, _ = parallel.get_active_backend()
    if type(default) is not parallel.BACKENDS["loky"]:
        return 0
    try:
        # A preference gives way to a backend that was chosen, and this error is the
        # only sign of one that was given.
        parallel.get_active_backend(require="sharedmem")
    except ValueError:
        return 0
    preferred, _ = parallel.get_active_backend(prefer="threads")
    if type(preferred) is type(default):
        return 0
    n = effective_n_jobs(n_jobs)
    return n if 1 < n <= _MOST_THREADS else 0


def run_in_threads(
    call: Callable[..., Any], arguments: list[tuple[Any, ...]], n: int
) -> Generator[Any, None, None]:
    """Yield ``call(*args)`` for each of `arguments`, as they finish.

    Closing the generator waits for the calls that run, and begins no more.
    """
    config = get_config()

    def configured(*args: Any) -> Any:
        with config_context(**config):  # which each thread has for itself
            return call(*args)

    waiting = iter(arguments)
    running: set[Future[Any]] = set()
    pool = ThreadPoolExecutor(n, thread_name_prefix="skmia-shadow")

    def begin(n_calls: int) -> None:
        for args in islice(waiting, n_calls):
            running.add(pool.submit(copy_context().run, configured, *args))

    try:
        begin(2 * n)  # one each that is there when the one before is finished
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            running -= done
            begin(len(done))
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
