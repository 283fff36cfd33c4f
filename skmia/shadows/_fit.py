"""Fitting many copies of a classifier on many halves of a pool."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from skmia._models import (
    check_can_be_refitted,
    check_has_response,
    check_is_classifier,
    draw_seeds,
    unwrap_frozen,
)
from skmia._tables import Copies, Queries, Strengths, content_groups
from skmia.shadows._cache import ShadowCache
from skmia.shadows._design import check_design_parameters, draw_design
from skmia.shadows._pool import Pool, make_pool
from skmia.shadows._shared import Shared
from skmia.shadows._signals import ShadowSignals
from skmia.shadows._task import ShadowResult, ShadowTask
from skmia.shadows._warnings import Warned, emit, gather, intercept
from skmia.signals import SIGNALS
from skmia.utils import own_random_state

DEFAULT_SIGNALS = ("logit", "hinge", "entropy", "modified_entropy")


def fit_shadows(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    n_shadows: int = 16,
    train_size: float = 0.5,
    signals: tuple[str, ...] = DEFAULT_SIGNALS,
    n_queries: int = 0,
    perturb: str = "auto",
    noise: Strengths = 0.1,
    flip_rate: Strengths = 0.05,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    keep_models: bool = False,
    verbose: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
    params: Mapping[str, Any] | None = None,
) -> ShadowSignals:
    """Fit copies of `estimator` on random shares of the pool and question them all.

    Each shadow is a clone with seeds of its own, fitted on about ``train_size`` of
    the records; its signals are taken on every record of the pool. At a half,
    shadows come in complementary pairs, stratified by class, and every record is in
    exactly half of them. At other shares every record is in the same number of
    shadows, give or take one. Rows of equal content (features and label) go
    together, so that "out" means that no copy was seen. A class with a single
    record is in as many shadows as any other record; the others do not know that
    class and give it probability 0, which is counted.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is cloned; a FrozenEstimator is unwrapped. Preprocessing that was fitted
        on the members belongs inside a Pipeline.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        The pool. Sent to worker processes once, memory-mapped.
    y : array-like of shape (n_records,)
        Class labels.
    n_shadows : int, default=16
        Number of shadow models, 2 at least.
    train_size : float, default=0.5
        Share of the records that each shadow is fitted on.
    signals : tuple of str, default=("logit", "hinge", "entropy", "modified_entropy")
        What to keep of the predictions, 4 bytes each per record and shadow. The
        logit is always kept; the loss and the confidence follow from it.
    n_queries : int, default=0
        Number of perturbed copies of each record that all models are asked about
        beside the record itself, their answers averaged: for targets trained with
        noise or augmentation.
    perturb : {"auto", "noise", "resample"}, default="auto"
        What is done to a column of the copies; see
        :class:`skmia.attacks.LabelOnlyAttack`.
    noise : float or sequence of float, default=0.1
        Standard deviations of the copies' noise, in those of the column. The queries
        take them in turn.
    flip_rate : float or sequence of float, default=0.05
        Probabilities with which a value of a copy is resampled. The queries take them
        in turn.
    n_jobs : int, default=None
        Shadows fitted at a time, as in joblib. Inside, each runs single-threaded.
    random_state : int, RandomState or None, default=None
        Seeds the design and every shadow. The result does not depend on `n_jobs`,
        on the backend, or on what the cache already held.
    keep_models : bool, default=False
        Keep the fitted shadows in ``models``.
    verbose : int, default=0
        A progress bar where it is above 0.
    cache_dir : path-like, default=None
        A folder of the user's own where each finished shadow is stored, so that a
        run that was stopped goes on where it was. Keyed by content, your own code
        included but for what it imports while it runs; packages are told by their
        version. With ``keep_models`` the entries hold pickles, so keep the folder
        private.
    params : dict, default=None
        Metadata for ``estimator.fit``; what has one value per record, such as
        ``sample_weight``, is sliced for each shadow.

    Returns
    -------
    ShadowSignals
        The arrays, and no models unless asked for.

    Raises
    ------
    TypeError
        If `estimator` has neither predict_proba nor decision_function.
    ValueError
        If it is no classifier, X, y and weights differ in length, there is one class
        only, a parameter is out of range, a shadow would see a single class, or
        `cache_dir` is given with a parameter that has no content to be told by.

    Warns
    -----
    Warning
        One for each category that shadow fits raised, with the count; those of
        shadows from the cache included.

    Notes
    -----
    With `n_queries`, the probabilities are averaged over the record and its copies,
    and the signals are taken of that mean. A record has the same copies under every
    shadow, whatever records are asked about with it: they follow from its content, a
    seed, and what the pool says of each column. They are made block by block for each
    shadow, and cost ``n_queries`` further predictions for each record.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.shadows import fit_shadows
    >>> X, y = load_iris(return_X_y=True)
    >>> shadows = fit_shadows(
    ...     DecisionTreeClassifier(), X, y, n_shadows=4, random_state=0
    ... )
    >>> shadows.signals["logit"].shape
    (4, 150)
    >>> bool((shadows.member.sum(axis=0) == 2).all())
    True
    """
    queries = Queries.checked(n_queries, perturb, noise, flip_rate)
    task, pool, hashes, member, seeds = _prepare(
        estimator, X, y, n_shadows, train_size, signals, queries, random_state, params
    )
    task.keep_model = keep_models
    cache = None
    if cache_dir is not None:
        cache = ShadowCache(cache_dir, (task.key(), pool.key(hashes)), keep_models)
    fields, warned = _run(task, pool, member, seeds, n_jobs, verbose, cache)
    emit(warned, n_shadows)
    return ShadowSignals(
        fields.pop("signals"),
        member,
        record_hashes=hashes,
        queries=None if pool.copies is None else pool.copies.queries,
        **fields,
    )


def _prepare(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    n_shadows: int,
    train_size: float,
    signals: tuple[str, ...],
    queries: Queries,
    random_state: int | np.random.RandomState | None,
    params: Mapping[str, Any] | None,
) -> tuple[ShadowTask, Pool, NDArray[np.uint64], NDArray[np.bool_], NDArray[np.int64]]:
    """Check every argument, then draw the design and the seeds."""
    check_design_parameters(n_shadows, train_size)
    names = _check_signals(signals)
    estimator = unwrap_frozen(estimator)
    check_is_classifier(estimator)
    check_can_be_refitted(estimator)
    check_has_response(estimator)
    pool, classes, rest, hashes = make_pool(X, y, params, "fit_shadows")

    rng = own_random_state(random_state)
    group = content_groups(hashes)
    _, first = np.unique(group, return_index=True)
    rarest = np.bincount(pool.columns[first]).min()
    member = draw_design(pool.columns[first], n_shadows, train_size, rng)[:, group]
    for k, rows in enumerate(member):
        if np.count_nonzero(np.bincount(pool.columns[rows])) < 2:
            raise ValueError(
                f"Shadow {k} would be fitted on {rows.sum()} of {len(rows)} records, "
                f"of fewer than two classes: with 'train_size'={train_size}, and "
                f"{rarest} distinct records of the rarest class, classes are left "
                "out. Pass more records of the rare classes, or a larger share."
            )
    seeds = draw_seeds(rng, n_shadows)
    if queries.n_queries:
        # Drawn last: the shadows are those that would be asked about records alone.
        queries = replace(queries, seed=int(draw_seeds(rng, 1)[0]))
        pool.copies = Copies(queries, pool.X)
    return ShadowTask(estimator, classes, names, rest), pool, hashes, member, seeds


def _check_signals(signals: Any) -> tuple[str, ...]:
    """Return the names of `signals`, each once, and the logit."""
    known = sorted(SIGNALS)
    if isinstance(signals, str) or not np.iterable(signals):
        raise TypeError(
            f"The 'signals' parameter must be a tuple of names of {known}. "
            f"Got {signals!r} instead."
        )
    names = tuple(dict.fromkeys(("logit", *signals)))
    if unknown := [name for name in names if name not in known]:
        raise ValueError(
            f"The 'signals' parameter must name signals of {known}. "
            f"Got {unknown} instead."
        )
    return names


def _fit_one(
    task: ShadowTask,
    shared: Any,
    k: int,
    rows: NDArray[np.bool_],
    seed: int,
    parent: int,
    cache: ShadowCache | None,
    path: Path | None,
) -> tuple[int, ShadowResult]:
    """Run in a worker: one shadow, with its warnings, and its entry in the cache."""
    # In the parent, and so in its threads, warnings are intercepted already.
    silenced = nullcontext() if os.getpid() == parent else intercept()
    with silenced, gather() as warned, threadpool_limits(1):
        try:
            result = task.run(shared.value, rows, seed)
        except Exception as error:
            error.add_note(f"Raised while shadow model {k} was fitted or questioned.")
            raise
    result.warned = warned
    if cache is not None and path is not None:
        cache.store(path, result)
    return k, result


def _run(
    task: ShadowTask,
    pool: Pool,
    member: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    n_jobs: int | None,
    verbose: int,
    cache: ShadowCache | None,
) -> tuple[dict[str, Any], Warned]:
    """Fit what the cache does not hold; return the arrays, and what was warned of."""
    n_shadows = len(member)
    arrays = {name: np.empty(member.shape, np.float32) for name in task.signals}
    seconds = np.zeros((2, n_shadows))
    models: list[Any] = [None] * n_shadows
    missing = 0
    warned: Warned = Counter()

    def keep(k: int, result: ShadowResult) -> None:
        nonlocal missing
        for name, array in arrays.items():
            array[k] = result.signals[name]
        seconds[:, k] = result.fit_seconds, result.predict_seconds
        models[k] = result.model
        missing += result.n_missing_classes
        warned.update(result.warned)
        bar.update()

    with (
        closing(Shared(pool)) as shared,
        tqdm(total=n_shadows, desc="shadows", disable=not verbose) as bar,
        intercept() as elsewhere,
        threadpool_limits(1),
    ):
        tasks = []
        for k in range(n_shadows):
            path = None if cache is None else cache.path(member[k], int(seeds[k]))
            done = None if cache is None or path is None else cache.load(path)
            if done is not None:
                keep(k, done)
                continue
            args = task, shared, k, member[k], int(seeds[k]), os.getpid(), cache, path
            tasks.append(delayed(_fit_one)(*args))
        results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks)
        # Closing the generator is what stops the workers when we are interrupted.
        with closing(results):
            for k, result in results:
                keep(k, result)
    fields = {
        "signals": arrays,
        "n_missing_classes": missing,
        "fit_seconds": seconds[0],
        "predict_seconds": seconds[1],
        "models": models if task.keep_model else None,
    }
    return fields, warned + elsewhere


def iter_models(shadows: ShadowSignals) -> Iterator[Any]:
    """Yield the kept models, or raise an error that says how to keep them."""
    if shadows.models is None:
        raise ValueError(
            "The shadow models were not kept. Pass keep_models=True where the shadows "
            "are fitted."
        )
    yield from shadows.models
