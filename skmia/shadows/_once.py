"""Steps of a Pipeline that learn nothing: done once, and not in every shadow.

A hashed text is the same whatever the other rows are. Where the first steps of a
Pipeline are such, the whole pool goes through them once, and shadows are fitted by the
steps that are left: on the same rows as before, to the last bit.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline

from skmia._tables import as_rows, copy_rows, n_rows
from skmia.shadows._pool import Pool
from skmia.shadows._task import ShadowTask
from skmia.shadows._warnings import gather, intercept

#: Steps that take each row by itself, learn nothing, and give the same to the last bit
#: whatever rows they are given together. Normalizer does not where columns are stored
#: one after the other, and other quick steps gain too little
#: (benchmarks/cheaper_fits.py).
_STATELESS = {"Binarizer", "FeatureHasher", "HashingVectorizer"}


def do_once(task: ShadowTask, pool: Pool) -> tuple[ShadowTask, Pool]:
    """Take the steps that learn nothing out of a task, and put the pool through them.

    What is returned gives the results of what was given, which is also returned where
    there are no such steps, or where they warn or fail: then that is for each shadow to
    tell.
    """
    estimator = task.estimator
    n_steps = _n_stateless(task, pool)
    if not n_steps:
        return task, pool
    steps = clone(Pipeline(estimator.steps[:n_steps]))
    try:
        with intercept(), gather() as warned:
            X = copy_rows(pool.X, np.arange(n_rows(pool.X)))
            X = as_rows(steps.fit(X, pool.y).transform(X))
    except Exception:
        return task, pool
    if warned:
        return task, pool
    rest = Pipeline(estimator.steps[n_steps:])
    return replace(task, estimator=rest), replace(pool, X=X)


def _n_stateless(task: ShadowTask, pool: Pool) -> int:
    """Number of steps at the start that are done once."""
    estimator = task.estimator
    if type(estimator) is not Pipeline or estimator.memory is not None:
        return 0
    if getattr(estimator, "transform_input", None) is not None:
        return 0
    # A kept model answers about rows as they are; so does a hook, which gets them. And
    # copies of rows are made of rows as they are.
    if task.keep_model or task.fit is not None or pool.copies is not None:
        return 0
    if get_config().get("enable_metadata_routing"):
        return 0
    given = {name.partition("__")[0] for name in {**task.params, **pool.metadata}}
    n_steps = 0
    for name, step in estimator.steps[:-1]:
        if name in given or not _learns_nothing(step):
            break
        n_steps += 1
    return n_steps


def _learns_nothing(step: Any) -> bool:
    kind = type(step)
    if kind is Pipeline:
        return step.memory is None and all(_learns_nothing(s) for _, s in step.steps)
    if kind is FeatureUnion:
        return all(_learns_nothing(part) for _, part in step.transformer_list)
    if not (kind.__module__.startswith("sklearn.") and kind.__qualname__ in _STATELESS):
        return False
    # A function of the caller's may do anything, and a file is read only once.
    own = ("preprocessor", "tokenizer", "analyzer")
    if any(callable(getattr(step, name, None)) for name in own):
        return False
    return getattr(step, "input", None) != "file"
