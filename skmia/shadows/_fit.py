"""Fitting many copies of a classifier on many halves of a pool."""

import os
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from skmia.shadows._cache import ShadowCache, ShadowResult, describe
from skmia.shadows._design import check_design_parameters, draw_design
from skmia.shadows._shared import Shared
from skmia.shadows._signals import ShadowSignals
from skmia.signals import SIGNALS
from skmia.utils._cloning import draw_seeds, seeded_clone, unwrap_frozen
from skmia.utils._labels import check_labels, check_two_classes, encode_labels
from skmia.utils._metadata import slice_metadata
from skmia.utils._response import (
    check_has_response,
    check_is_classifier,
    iter_class_probabilities,
)
from skmia.utils._rows import content_groups, hash_rows, n_rows, take_rows
from skmia.utils._validation import check_has_features, own_random_state

DEFAULT_SIGNALS = ("logit", "hinge", "entropy", "modified_entropy")

# (category, message) of one warning.
_Warned = tuple[type[Warning], str]


def fit_shadows(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    n_shadows: int = 16,
    train_size: float = 0.5,
    signals: tuple[str, ...] = DEFAULT_SIGNALS,
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
        run that was stopped goes on where it was. Keyed by content; with
        ``keep_models`` the entries hold pickles, so keep the folder private.
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
        If it is no classifier, X and y differ in length, there is one class only, a
        parameter is out of range, or a shadow would see a single class.

    Warns
    -----
    Warning
        One for each category that shadow fits raised, with the count.

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
    task, member, seeds, hashes = _prepare(
        estimator, X, y, n_shadows, train_size, signals, random_state, params
    )
    task.keep_model = keep_models
    cache = None
    if cache_dir is not None:
        cache = ShadowCache(cache_dir, task.key(hashes), models=keep_models)
    results, warned = _run(task, member, seeds, n_jobs, verbose, cache)
    _emit(warned, n_shadows)
    return ShadowSignals(
        results.pop("signals"), member, record_hashes=hashes, **results
    )


@dataclass
class _Task:
    """All that the fits have in common; it crosses to each worker once."""

    estimator: Any
    X: Any
    y: NDArray
    y_column: NDArray[np.intp]
    classes: NDArray
    signals: tuple[str, ...]
    fit_params: dict[str, Any]
    keep_model: bool = False

    def key(self, hashes: NDArray[np.uint64]) -> tuple[Any, ...]:
        """Everything but the training rows and the seed that decides a result."""
        columns = getattr(self.X, "columns", ())
        types = getattr(self.X, "dtypes", getattr(self.X, "dtype", None))
        kinds = [str(t) for t in types] if np.ndim(types) else str(types)
        return (
            # Seeds and n_jobs are set in every shadow: those given do not matter.
            describe(seeded_clone(self.estimator, 0)),
            type(self.X).__name__,
            [str(c) for c in columns],
            kinds,
            hashes,
            self.y.dtype.str,
            self.signals,
            describe(self.fit_params),
        )

    def fit(self, rows: NDArray[np.bool_], seed: int) -> ShadowResult:
        """One shadow: fitted on `rows`, questioned on all."""
        index = np.flatnonzero(rows)
        n = len(rows)
        params = slice_metadata(self.fit_params, index, n)
        start = time.perf_counter()
        model = seeded_clone(self.estimator, seed)
        model.fit(take_rows(self.X, index), self.y[index], **params)
        fitted = time.perf_counter()
        kept = {name: np.empty(n, dtype=np.float32) for name in self.signals}
        for block, proba in iter_class_probabilities(model, self.X, self.classes):
            for name, values in kept.items():
                values[block] = SIGNALS[name](proba, self.y_column[block])
        return ShadowResult(
            kept,
            len(self.classes) - len(model.classes_),
            fitted - start,
            time.perf_counter() - fitted,
            model if self.keep_model else None,
        )


def _prepare(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    n_shadows: int,
    train_size: float,
    signals: tuple[str, ...],
    random_state: int | np.random.RandomState | None,
    params: Mapping[str, Any] | None,
) -> tuple[_Task, NDArray[np.bool_], NDArray[np.int64], NDArray[np.uint64]]:
    """Check every argument, then draw the design and the seeds."""
    check_design_parameters(n_shadows, train_size)
    names = tuple(dict.fromkeys(("logit", *signals)))
    if unknown := sorted(set(names) - set(SIGNALS)):
        raise ValueError(
            f"The 'signals' parameter must name signals of {sorted(SIGNALS)}. "
            f"Got {unknown} instead."
        )
    estimator = unwrap_frozen(estimator)
    check_is_classifier(estimator)
    check_has_response(estimator)
    if sparse.issparse(X):
        # Workers share the matrix read-only, so it is put in order beforehand.
        X = X.tocsr()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
    elif isinstance(X, list):
        X = np.asarray(X)
    check_has_features(X, "fit_shadows")
    labels = check_labels(y, n_rows(X), "fit_shadows")
    classes = np.unique(labels)
    check_two_classes(classes, "fit_shadows")
    column = encode_labels(labels, classes)

    rng = own_random_state(random_state)
    hashes = hash_rows(X, labels)
    group = content_groups(hashes)
    _, first = np.unique(group, return_index=True)
    member = draw_design(column[first], n_shadows, train_size, rng)[:, group]
    for k, rows in enumerate(member):
        if len(np.unique(column[rows])) < 2:
            raise ValueError(
                f"Shadow {k} would be fitted on {rows.sum()} records of fewer than "
                f"two classes: 'train_size'={train_size} of {len(column)} records is "
                "too small. Pass a larger share or more records."
            )
    seeds = draw_seeds(rng, n_shadows)
    task = _Task(estimator, X, labels, column, classes, names, dict(params or {}))
    return task, member, seeds, hashes


def _fit_one(
    shared: Any,
    k: int,
    rows: NDArray[np.bool_],
    seed: int,
    parent: int,
    cache: ShadowCache | None,
) -> tuple[int, ShadowResult, list[_Warned]]:
    """Run in a worker: one shadow, its warnings, and its entry in the cache."""
    path = None if cache is None else cache.path(rows, seed)
    if cache is not None and path is not None and (done := cache.load(path)):
        return k, done, []
    gathered: list[_Warned] = []
    with threadpool_limits(1):
        try:
            if os.getpid() == parent:
                # The parent is recording already, for all of its threads.
                result = shared.value.fit(rows, seed)
            else:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    result = shared.value.fit(rows, seed)
                gathered = [(w.category, str(w.message)) for w in caught]
        except Exception as error:
            error.add_note(f"Raised while shadow model {k} was fitted or questioned.")
            raise
    if cache is not None and path is not None:
        cache.store(path, result)
    return k, result, gathered


def _run(
    task: _Task,
    member: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    n_jobs: int | None,
    verbose: int,
    cache: ShadowCache | None,
) -> tuple[dict[str, Any], list[_Warned]]:
    n_shadows = len(member)
    arrays = {name: np.empty(member.shape, np.float32) for name in task.signals}
    seconds = np.zeros((2, n_shadows))
    models: list[Any] = [None] * n_shadows
    missing = 0
    warned: list[_Warned] = []
    shared = Shared(task)
    with (
        closing(shared),
        tqdm(total=n_shadows, desc="shadows", disable=not verbose) as bar,
        warnings.catch_warnings(record=True) as caught,
        threadpool_limits(1),
    ):
        warnings.simplefilter("always")
        results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
            delayed(_fit_one)(shared, k, member[k], int(seeds[k]), os.getpid(), cache)
            for k in range(n_shadows)
        )
        # Closing the generator is what stops the workers when we are interrupted.
        with closing(results):
            for k, result, gathered in results:
                for name, array in arrays.items():
                    array[k] = result.signals[name]
                seconds[:, k] = result.fit_seconds, result.predict_seconds
                missing += result.n_missing_classes
                models[k] = result.model
                warned += gathered
                bar.update()
    warned += [(w.category, str(w.message)) for w in caught]
    fields = {
        "signals": arrays,
        "n_missing_classes": missing,
        "fit_seconds": seconds[0],
        "predict_seconds": seconds[1],
        "models": models if task.keep_model else None,
    }
    return fields, warned


def _emit(warned: list[_Warned], n_shadows: int) -> None:
    """One warning for each category, with its count."""
    first = {category: message for category, message in reversed(warned)}
    for category, count in Counter(c for c, _ in warned).items():
        text = (
            f"{count} warning{'s' * (count > 1)} of this kind from {n_shadows} shadow "
            f"fits, the first: {first[category]}"
        )
        try:
            warning = category(text)
        except TypeError:  # a category whose constructor takes more than a text
            warning = UserWarning(f"{category.__name__}: {text}")
        warnings.warn(warning, stacklevel=3)


def iter_models(shadows: ShadowSignals) -> Iterator[Any]:
    """The kept models, or an error that says how to keep them."""
    if shadows.models is None:
        raise ValueError(
            "The shadow models were not kept. Pass keep_models=True where the shadows "
            "are fitted."
        )
    yield from shadows.models
