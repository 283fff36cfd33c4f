"""Fitting many copies of a classifier on many halves of a pool."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmia._models import kept_generators
from skmia._tables import any_copy
from skmia.exceptions import ShadowFitWarning
from skmia.shadows._cache import ShadowCache
from skmia.shadows._counterfactual import NotCoveredError, finish
from skmia.shadows._design import steps_of
from skmia.shadows._models import FEWEST_FOR_AUTO, ShadowModels, check_shadows
from skmia.shadows._once import do_once
from skmia.shadows._pool import Pool
from skmia.shadows._prepare import Prepared, no_closed_form, prepare
from skmia.shadows._run import fit_missing
from skmia.shadows._signals import ShadowSignals
from skmia.shadows._task import ShadowTask
from skmia.shadows._virtual import as_exact, ask_virtual
from skmia.shadows._warnings import Warned, emit
from skmia.utils import own_random_state, warn


def fit_shadows(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    shadows: int | ShadowModels = 16,
    groups: ArrayLike | None = None,
    params: Mapping[str, Any] | None = None,
    fit: Callable[..., Any] | None = None,
    enough: Callable[[ShadowSignals], bool] | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> ShadowSignals:
    """Fit copies of a classifier on random parts of a pool, and ask them about it.

    Each shadow is a clone with seeds of its own, fitted on a random part of the
    records; its signals are taken on every record of the pool, and kept for any
    number of attacks. See the user guide, :doc:`/guide/shadows`.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is cloned; a FrozenEstimator is unwrapped. Preprocessing that was fitted
        on the members belongs inside a Pipeline. Of a fitted search its
        ``best_estimator_``, unless `shadows` has ``refit_search=True``.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        The pool. Sent to worker processes once, memory-mapped.
    y : array-like of shape (n_records,)
        Class labels.
    shadows : int or ShadowModels, default=16
        Number of shadow models, 2 at least, or how they are made. Membership is not
        known here: ``train_size="auto"`` is a half.
    groups : array-like of shape (n_records,), default=None
        Name of the person that each record belongs to, of any hashable kind. A shadow
        is fitted on all records of a person or on none.
    params : dict, default=None
        Metadata for ``estimator.fit``; what has one value per record, such as
        ``sample_weight``, is sliced for each shadow. A record of weight 0 is a member
        of none.
    fit : callable, default=None
        Called in place of ``estimator.fit`` for each shadow, as ``fit(estimator, X, y,
        rows, **params)``: an unfitted clone, its rows and labels, their positions in
        the pool, and what of `params` belongs to them. It fits the clone, or returns a
        fitted classifier. For early stopping on rows that it draws from these.
    enough : callable, default=None
        For ``n_models="auto"``: called with the shadows once there are 8, 16, 32 and
        so on, up to `max_models`; none are added where it returns True. The first are
        those of the `max_models` at once, if each is fitted on a half of the records.
        It is not called where shadows cost no fit.
    n_jobs : int, default=None
        Shadows fitted at a time, as in joblib. Inside, each runs single-threaded.
    random_state : int, RandomState or None, default=None
        Seeds the design and every shadow, estimators in lists and grids included.
        The result does not depend on `n_jobs`, on the backend, or on what the cache
        already held. NumPy's and Python's global generators are seeded for each fit
        and put back, except in threads.
    verbose : int, default=0
        Above 0, progress with the time left, and once the first shadow is there a line
        on what all of them will take: a bar on a terminal and in a notebook, else (and
        above 1) a line a minute.

    Returns
    -------
    ShadowSignals
        Every name of :data:`skmia.signals.SIGNALS`, 4 bytes for each record, shadow
        and name that does not follow from another; and no models unless asked for.

    Raises
    ------
    TypeError
        If `estimator` is a FunctionClassifier without an `estimator`, what `fit`
        returns has neither predict_proba nor decision_function, where `estimator` has,
        or `shadows` holds shadows that were fitted already.
    ValueError
        If it is no classifier or holds a fitted one that clones keep, X, y, weights and
        groups differ in length, a row has no person, a person has more records than a
        shadow is fitted on, there is one class only, a parameter is out of range, a
        shadow would see a single class, or `cache_dir` is given with a parameter that
        has no content to be told by.

    Warns
    -----
    Warning
        One for each category that shadow fits raised, with the count; those of
        shadows from the cache included.
    ShadowFitWarning
        Where fits in threads drew from a global generator.
    FreezingWarning
        Where clones keep another part that was fitted with labels.
    CacheWarning
        Where an entry of the cache is not what was stored there.

    See Also
    --------
    ShadowModels : How shadow models are made.
    ShadowSignals : The result, or what takes its place for models made elsewhere.

    Notes
    -----
    At a half, shadows come in complementary pairs, stratified by class, and every
    record is in exactly half of them. At another ``train_size`` every record is in the
    same number of shadows, give or take one. Rows of equal content (features and
    label) go together, so that "out" means that no copy was seen. With `groups` so do
    the rows of a person, and persons that have an equal row; where these would join
    more than a twentieth of the records, these persons are drawn one by one. A shadow
    is given its rows in a random order, whatever that of the pool. A class with a
    single record is in as many shadows as any other record; the others do not know
    that class and give it probability 0, which is counted.

    With ``n_queries``, a record has the same copies under every shadow, whatever
    records are asked about with it: they follow from its content, a seed, and what the
    pool says of each column. They cost ``n_queries`` further predictions for each
    record.

    Some learners (nearest neighbours, for one) answer for any training rows without a
    fit. Their shadows are not fitted, where the models are not kept: they answer as
    fits on the same rows would, and nothing is cached. Where one pass over the pool
    answers for all of them, there are 64 at least, as far as memory allows. In a
    Pipeline whose steps learn a few figures of each column by itself, such as
    StandardScaler, these steps are fitted on the rows of the first four shadows at
    most, and the other shadows share them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.shadows import fit_shadows
    >>> X, y = load_iris(return_X_y=True)
    >>> shadows = fit_shadows(DecisionTreeClassifier(), X, y, shadows=4, random_state=0)
    >>> shadows.signals["logit"].shape
    (4, 150)
    >>> bool((shadows.member.sum(axis=0) == 2).all())
    True
    """
    if isinstance(shadows, ShadowSignals):
        raise TypeError(
            "The 'shadows' parameter must be an int or a ShadowModels, which says how "
            f"shadow models are made. Got {shadows!r} instead, which an attack takes "
            "as it is."
        )
    adding = enough is not None
    # Fewer than two are enough where shadows cost no fit.
    models = check_shadows(shadows, least=1, allow_auto=adding)
    steps = None
    if models.n_models == "auto":
        size = float(models.train_size)
        steps = steps_of(models.max_models, size, FEWEST_FOR_AUTO)
    elif adding:
        raise ValueError(
            "The 'enough' parameter must be None where the number of shadow models is "
            f"given. Got {enough!r} and n_models={models.n_models!r} instead; pass "
            'shadows=ShadowModels("auto").'
        )
    given = estimator, X, y, models
    rng = own_random_state(random_state)
    state = rng.get_state()
    prepared = prepare(*given, rng, params, groups, fit, steps=steps)
    if prepared.without_fits:
        asked = steps[0] if steps else int(models.n_models)
        made = _run_without_fits(prepared, asked, n_jobs, verbose)
        if made is not None:
            return made
        rng.set_state(state)
        prepared = prepare(
            *given, rng, params, groups, fit, without_fits=False, steps=steps
        )
    check_shadows(shadows, least=2, allow_auto=adding)
    return _run_fits(prepared, models, n_jobs, verbose, steps, enough)


def _run_without_fits(
    prepared: Prepared, n_asked: int, n_jobs: int | None, verbose: int
) -> ShadowSignals | None:
    """Make shadows that cost no fit, or None where these have to be fitted."""
    task, pool, hashes, units, member, seeds, *_ = prepared
    plan: Any = task.plan
    try:
        with kept_generators():
            fields, warned, n_fits = ask_virtual(
                task, pool, units, member, seeds, n_asked, n_jobs, verbose
            )
    except NotCoveredError:
        return None
    except Exception as error:
        error.add_note("Raised while shadow model 0 was fitted or asked.")
        raise
    other, counterfactual = finish(
        as_exact(plan, n_fits),
        "",
        fields.pop("results"),
        fields["signals"],
        any_copy(prepared.learned, hashes),
        np.unique(hashes, return_index=True)[1],
        prepared.weightless,
    )
    if other is None:
        return None
    emit(warned, len(member))
    return ShadowSignals(
        fields.pop("signals"),
        prepared.learned,
        record_hashes=hashes,
        other=other,
        counterfactual=replace(counterfactual, n_fits=n_fits),
        **fields,
    )


def _run_fits(
    prepared: Prepared,
    models: ShadowModels,
    n_jobs: int | None,
    verbose: int,
    steps: list[int] | None,
    enough: Callable[[ShadowSignals], bool] | None,
) -> ShadowSignals:
    """Fit the shadows, all at once or until there are enough of them."""
    task, pool, _, _, member, seeds, *_ = prepared
    cache = None
    if models.cache_dir is not None:
        key = task.key(), pool.key()
        cache = ShadowCache(models.cache_dir, key, task.signals, task.keep_model)
    task, pool = do_once(task, pool)
    fields: dict[str, Any] | None = None
    all_warned: Warned = Counter()
    shared = False
    for n in steps or [len(member)]:
        with kept_generators() as moved:
            fields, warned, drew = fit_missing(
                *(task, pool, member[:n], seeds[:n], n_jobs, verbose, cache, fields)
            )
            shared |= bool(moved() if drew is None else drew)
        all_warned += warned
        # Before the last step, further shadows are added to what is there.
        own = fields if n == len(member) else _copied(fields)
        made = _judge(prepared, task, pool, models, own, n)
        if enough is not None and enough(made):
            break
    emit(all_warned, made.n_shadows)
    if shared:
        warn(
            "Shadow models drew from NumPy's or Python's global generator in threads, "
            "which share it: the result depends on which came first. Set the "
            "estimator's 'random_state', or let joblib fit in processes.",
            ShadowFitWarning,
        )
    return made


def _copied(fields: dict[str, Any]) -> dict[str, Any]:
    """The same arrays, in results that they can be taken out of."""
    results = [
        replace(one, other=None if one.other is None else dict(one.other))
        for one in fields["results"]
    ]
    return fields | {"results": results}


def _judge(
    prepared: Prepared,
    task: ShadowTask,
    pool: Pool,
    models: ShadowModels,
    fields: dict[str, Any],
    n: int,
) -> ShadowSignals:
    """The first `n` shadows, judged by what they say of the other side."""
    hashes, learned = prepared.hashes, prepared.learned[:n]
    other, counterfactual = finish(
        task.plan,
        prepared.why_not,
        fields.pop("results"),
        fields["signals"],
        any_copy(learned, hashes),
        np.unique(hashes, return_index=True)[1],
        prepared.weightless,
    )
    if models.counterfactual is True and other is None:
        raise no_closed_form(counterfactual.why_not)
    return ShadowSignals(
        fields.pop("signals"),
        learned,
        record_hashes=hashes,
        queries=None if pool.copies is None else pool.copies.queries,
        other=other,
        counterfactual=counterfactual,
        **fields,
    )
