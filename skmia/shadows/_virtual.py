"""Shadows that cost no fit: their answers follow from one pass over the pool.

Where a learner's answers can be worked out for any training rows at once, as those of
nearest neighbours can, the shadows of a design need no fit, and there can be as many as
memory holds. They are shadows like any other: the design is drawn in the same way, and
what they answer, on both sides of each record, is what fits would answer.

Steps of a Pipeline are fitted, on the rows of the first few shadows; the others share
them (`_shared_steps`).
"""

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from skmia._models import (
    class_probabilities,
    own_generators,
    seeded_clone,
    silence,
)
from skmia._tables import blocks, copy_rows, n_rows
from skmia.shadows._counterfactual import (
    TWO_SIDED,
    NotCoveredError,
    OneByOne,
    Plan,
    TrainingRows,
    last_step,
)
from skmia.shadows._models import ShadowModels
from skmia.shadows._pool import Pool
from skmia.shadows._shared_steps import can_be_shared, check_rows_are_hardly_seen
from skmia.shadows._task import ShadowResult, ShadowTask
from skmia.shadows._threads import is_small
from skmia.shadows._warnings import Warned, gather, intercept
from skmia.shadows._workers import Workers
from skmia.signals import SIGNALS, BoolArray, IndexArray
from skmia.utils import progress

Signals = dict[str, NDArray[np.float32]]

# Values of one signal, 4 bytes each, that more shadows than were asked for may hold.
_VALUES = 20_000_000
# Fits of the steps of a Pipeline, at most.
_FITS = 4
# Probabilities of all shadows in one block.
_BLOCK_VALUES = 2**21


def n_virtual(
    plan: Plan | str,
    estimator: Any,
    pool: Pool,
    params: dict[str, Any],
    models: ShadowModels,
    n_asked: int,
) -> int | None:
    """Number of shadows to make without a fit, or None where they are to be fitted."""
    if isinstance(plan, str) or plan.family.virtual is None or models.keep_models:
        return None
    if params or set(pool.metadata) - {plan.weight}:
        return None
    if plan.weight is not None and not has_fit_parameter(
        last_step(estimator), "sample_weight"
    ):
        return None  # a fit says that it takes none
    if type(estimator) is Pipeline:
        steps, last = estimator.steps[:-1], estimator.steps[-1][1]
        if type(last) is Pipeline or not all(can_be_shared(s) for _, s in steps):
            return None
    return max(n_asked, min(plan.family.at_least, _VALUES // len(pool.y)))


@dataclass
class _Asked:
    """What answers for shadows, and what their signals are taken of."""

    worlds: Any
    member: BoolArray
    columns: IndexArray
    margins: bool
    n_classes: int


class _Answering:
    """A classifier of all classes that has given its answers."""

    def __init__(self, answers: NDArray, n_classes: int) -> None:
        self.answers = answers
        self.classes_ = np.arange(n_classes)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}


class _WithProbabilities(_Answering):
    def predict_proba(self, X: Any) -> NDArray:
        return self.answers


class _WithMargins(_Answering):
    def decision_function(self, X: Any) -> NDArray:
        return self.answers


def ask_virtual(
    task: ShadowTask,
    pool: Pool,
    units: IndexArray,
    member: BoolArray,
    seeds: NDArray[np.int64],
    n_asked: int,
    n_jobs: int | None,
    verbose: int,
) -> tuple[dict[str, Any], Warned, int]:
    """Answer for all shadows of a design.

    Parameters
    ----------
    task : ShadowTask
        What the shadows have in common.
    pool : Pool
        The records.
    units : ndarray of int of shape (n_records,)
        Number of what is drawn together with each record.
    member : ndarray of bool of shape (n_shadows, n_records)
        The design.
    seeds : ndarray of int of shape (n_shadows,)
        Seed of each shadow; those of the first are for steps.
    n_asked : int
        Number of shadows that were asked for: no more fits of the steps than that.
    n_jobs : int or None
        Blocks of records at a time, as in joblib. The result does not depend on it.
    verbose : int
        Above 0, a progress bar.

    Returns
    -------
    fields : dict
        Of `ShadowSignals`, with a result of each shadow for its other side.
    warned : Counter
        What was warned of.
    n_fits : int
        How many times the steps were fitted.

    Raises
    ------
    NotCoveredError
        Where the closed form cannot answer for this design.
    """
    n_shadows, n = member.shape
    has_steps = type(task.estimator) is Pipeline and len(task.estimator.steps) > 1
    n_groups = min(_FITS, n_asked) if has_steps else 1
    own = {name: np.empty(member.shape, np.float32) for name in task.signals}
    other = {name: np.empty(member.shape, np.float32) for name in TWO_SIDED}
    seconds = np.zeros((2, n_shadows))
    warned: Warned = Counter()
    with (
        intercept() as elsewhere,
        threadpool_limits(1),
        progress("shadows", n_shadows, verbose) as shown,
    ):
        for group in range(n_groups):
            which = np.arange(group, n_shadows, n_groups)
            start = time.perf_counter()
            with gather() as warned_here, np.errstate(**task.errors):
                asked = _prepare(task, pool, units, member, which, int(seeds[group]))
            warned.update(warned_here)
            if has_steps:
                seconds[0, group] = time.perf_counter() - start
                start = time.perf_counter()
            workers = Workers(n_jobs, are_quick=is_small(pool.X, len(task.classes)))
            warned.update(_fill(task, asked, which, n, workers, own, other))
            seconds[1, which] = (time.perf_counter() - start) / len(which)
            shown.update(len(which))
    absent = [len(task.classes) - len(np.unique(pool.columns[r])) for r in member]
    results = [
        ShadowResult({}, absent[k], 0.0, 0.0, other={s: other[s][k] for s in other})
        for k in range(n_shadows)
    ]
    fields = {
        "signals": own,
        "results": results,
        "n_missing_classes": sum(absent),
        "fit_seconds": seconds[0],
        "predict_seconds": seconds[1],
    }
    return fields, warned + elsewhere, n_groups if has_steps else 0


def as_exact(plan: Plan, n_fits: int) -> Plan:
    """The plan of shadows that follow exactly, of persons too, but for shared steps."""
    return replace(plan, exact=plan.family.exact and not n_fits, trusted=True)


def _prepare(
    task: ShadowTask,
    pool: Pool,
    units: IndexArray,
    member: BoolArray,
    which: IndexArray,
    seed: int,
) -> _Asked:
    """Fit the steps on the rows of the first of these shadows, and prepare them all."""
    plan: Any = task.plan
    estimator, X = task.estimator, pool.X
    classifier = clone(estimator)
    if type(estimator) is Pipeline:
        with own_generators(seed):
            model = seeded_clone(estimator, seed)
            silence(model)
            classifier = model.steps[-1][1]
            if len(model.steps) > 1:
                steps = model[:-1]
                index = np.flatnonzero(member[which[0]])
                index = np.random.default_rng(seed).permutation(index)
                steps.fit(copy_rows(X, index), pool.y[index])
                X = steps.transform(copy_rows(X, np.arange(n_rows(X))))
                check_rows_are_hardly_seen(steps, (pool.X, X), units)
    _name_columns(classifier, task.classes)
    weight = np.ones(len(units))
    if plan.weight is not None:
        weight = np.asarray(pool.metadata[plan.weight], dtype=np.float64)
    rows = TrainingRows(X, pool.columns, weight, np.asarray(units))
    worlds = plan.family.virtual(classifier, rows, member[which], seed)
    margins = not hasattr(classifier, "predict_proba")
    return _Asked(worlds, member[which], pool.columns, margins, len(task.classes))


def _name_columns(classifier: Any, classes: NDArray) -> None:
    """Let weights of classes be those of their columns, which stand for labels here."""
    weights = getattr(classifier, "class_weight", None)
    if not isinstance(weights, dict):
        return
    columns = {label: column for column, label in enumerate(classes)}
    if not set(weights) <= set(columns):
        raise NotCoveredError("a class that is not there has a weight")
    classifier.set_params(class_weight={columns[c]: w for c, w in weights.items()})


def _fill(
    task: ShadowTask,
    asked: _Asked,
    which: IndexArray,
    n: int,
    workers: Workers,
    own: dict[str, NDArray[np.float32]],
    other: dict[str, NDArray[np.float32]],
) -> Warned:
    """Ask about all records, for the rows `which` of the arrays.

    In blocks of the records, or one shadow after the other.
    """
    warned: Warned = Counter()
    if isinstance(asked.worlds, OneByOne):
        parts = [(slice(k, k + 1), slice(0, n)) for k in range(len(which))]
    else:
        cost = len(which) * asked.n_classes
        every = slice(0, len(which))
        parts = [(every, block) for block in blocks(n, cost, _BLOCK_VALUES)]
    calls = [(*part, task.signals, task.errors) for part in parts]
    with closing(workers.run(_ask, asked, calls)) as results:
        for shadows, block, part, opposite, warned_here in results:
            for arrays, values in ((own, part), (other, opposite)):
                for name, array in arrays.items():
                    array[which[shadows], block] = values[name]
            warned.update(warned_here)
    return warned


def _ask(
    asked: _Asked,
    shadows: slice,
    block: slice,
    signals: tuple[str, ...],
    errors: dict[str, Any],
) -> tuple[slice, slice, Signals, Signals, Warned]:
    """Run in a worker: what shadows say of a block, on the side of each and not.

    Of shadows that are worked out one by one, it is one of them.
    """
    with gather() as warned, np.errstate(**errors):
        if not isinstance(asked.worlds, OneByOne):
            own, other = _both(asked, asked.worlds(block), shadows, block, signals)
            return shadows, block, own, other, warned
        shadow = asked.worlds.shadow(shadows.start)
        own = {s: np.empty((1, block.stop), np.float32) for s in signals}
        other = {s: np.empty((1, block.stop), np.float32) for s in TWO_SIDED}
        for part in blocks(block.stop, asked.n_classes, _BLOCK_VALUES):
            worlds = tuple(answers[np.newaxis] for answers in shadow(part))
            told = _both(asked, worlds, shadows, part, signals)
            for arrays, values in zip((own, other), told, strict=True):
                for name, array in arrays.items():
                    array[:, part] = values[name]
    return shadows, block, own, other, warned


def _both(
    asked: _Asked,
    worlds: tuple[NDArray, ...],
    shadows: slice,
    block: slice,
    signals: tuple[str, ...],
) -> tuple[Signals, Signals]:
    """Signals on the side of each shadow, and on the other."""
    without, with_it = map(np.asarray, worlds)
    inside = asked.member[shadows, block]
    side = inside if without.ndim == 2 else inside[:, :, None]
    own = _signals(asked, np.where(side, with_it, without), block, signals)
    if any(np.isnan(values).any() for values in own.values()):
        raise NotCoveredError("it does not answer for every shadow")
    opposite = np.where(side, without, with_it)
    return own, _signals(asked, opposite, block, TWO_SIDED)


def _signals(
    asked: _Asked, answers: NDArray, block: slice, names: tuple[str, ...]
) -> Signals:
    """Signals of all shadows' answers; NaN where these are."""
    shape = answers.shape[:2]
    flat = answers.reshape(-1, *answers.shape[2:])
    known = ~np.isnan(flat) if flat.ndim == 1 else ~np.isnan(flat).any(axis=1)
    columns = np.tile(asked.columns[block], shape[0])[known]
    kind = _WithMargins if asked.margins else _WithProbabilities
    proba = class_probabilities(kind(flat[known], asked.n_classes), None)
    values = {}
    for name in names:
        array = np.full(len(flat), np.nan, dtype=np.float32)
        array[known] = SIGNALS[name](proba, columns)
        values[name] = array.reshape(shape)
    return values
