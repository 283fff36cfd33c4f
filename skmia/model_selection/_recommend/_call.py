"""recommend_defense: one call from a classifier and a limit to a defended model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from skmia._models import (
    check_can_be_refitted,
    check_is_classifier,
    draw_seeds,
    own_generators,
    seeded_clone,
)
from skmia.defenses import PrivacyLoss, compose_privacy
from skmia.exceptions import LeakageLimitWarning
from skmia.model_selection._recommend._answer import DefenseRecommendation
from skmia.model_selection._recommend._candidates import (
    Candidate,
    make_candidates,
    undefended,
)
from skmia.model_selection._recommend._cost import SearchCost, estimate, tell
from skmia.model_selection._recommend._file import said_of_file
from skmia.model_selection._recommend._plan import make_plan, within_budget
from skmia.model_selection._recommend._private import (
    all_reasons,
    seeds_left,
    spending_of,
    without_seeds,
)
from skmia.model_selection._recommend._rows import Rows, make_rows
from skmia.model_selection._recommend._search import Entry, Search, once_each
from skmia.model_selection._recommend._settings import Settings
from skmia.utils import own_random_state, warn


@overload
def recommend_defense(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    estimate_only: Literal[True],
    max_leakage: float,
    budget: float | None = ...,
    scoring: str | Callable[..., float] = ...,
    metric: str = ...,
    defenses: str | Sequence[str] = ...,
    n_models: int = ...,
    check_size: float = ...,
    groups: ArrayLike | None = ...,
    params: Mapping[str, Any] | None = ...,
    n_jobs: int | None = ...,
    random_state: int | np.random.RandomState | None = ...,
    verbose: int = ...,
) -> SearchCost: ...


@overload
def recommend_defense(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    max_leakage: float,
    budget: float | None = ...,
    scoring: str | Callable[..., float] = ...,
    metric: str = ...,
    defenses: str | Sequence[str] = ...,
    n_models: int = ...,
    check_size: float = ...,
    groups: ArrayLike | None = ...,
    params: Mapping[str, Any] | None = ...,
    estimate_only: Literal[False] = ...,
    n_jobs: int | None = ...,
    random_state: int | np.random.RandomState | None = ...,
    verbose: int = ...,
) -> DefenseRecommendation: ...


def recommend_defense(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    max_leakage: float,
    budget: float | None = None,
    scoring: str | Callable[..., float] = "accuracy",
    metric: str = "auc",
    defenses: str | Sequence[str] = "all",
    n_models: int = 16,
    check_size: float = 0.3,
    groups: ArrayLike | None = None,
    params: Mapping[str, Any] | None = None,
    estimate_only: bool = False,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> DefenseRecommendation | SearchCost:
    """Find the defense that keeps a classifier under a limit at the least cost.

    It compares the classifier as it is with its own regularisation, ensembles of small
    shares, self-distillation (SELENA), high-entropy labels and masked outputs (HAMP),
    and differential privacy, each at several strengths, by a halving search. The most
    useful one whose leakage is surely under the limit is fitted on all rows.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is to be defended; not touched. Preprocessing that learns from rows belongs
        inside. Defenses go around the whole Pipeline; for ensembles of small shares,
        the last step is replaced.
    X : array-like, frame or sparse matrix of shape (n_samples, n_features)
        Training rows, a few hundred at least.
    y : array-like of shape (n_samples,)
        Class labels.
    max_leakage : float
        The limit, in [0, 1], in the units of `metric`: an AUC of 0.5 is no leakage.
    budget : float, default=None
        What the search may cost at most, in plain fits: fits of `estimator` on a half
        of the rows. A defense that fits ten models on 60 % of these rows counts six.
        A private fit counts one, whatever it takes.
        None compares everything. What the budget does not hold is left out, and said.
        Time does not count, so that the result is the same on another machine.
    scoring : str or callable, default="accuracy"
        The utility, greater is better: a scorer of scikit-learn or its name. It does
        not see weights. Take ``"neg_log_loss"`` where probabilities are used: the
        accuracy of a model says nothing of them, and some defenses give them up.
    metric : str, default="auc"
        What is limited: ``"auc"``, ``"advantage"``, or ``"tpr@"`` and a false positive
        rate, such as ``"tpr@0.01"``; see :func:`skmia.metrics.get_metric`.
    defenses : "all" or sequence of str, default="all"
        Families that are compared: ``"regularization"``, ``"bagging"``, ``"private"``,
        ``"hamp"``, ``"selena"``.
    n_models : int, default=16
        Models of each candidate of the last rung, an even number, 8 at least. Each is
        fitted on a half of the rows.
    check_size : float, default=0.3
        Fraction of the rows that the choice does not look at, in (0, 1). What they say
        of the candidates of the last rung is no better for having been chosen.
    groups : array-like of shape (n_samples,), default=None
        Name of the person that each row belongs to. Persons are drawn whole, and the
        leakage is the larger one of those per row and per person. Private models get
        them: their epsilon is for all rows of a person, of which they learn from
        `group_size` at most. That number is chosen here, for nine in ten rows to stay.
    params : dict, default=None
        Metadata for ``estimator.fit``, such as ``sample_weight``; what has one value
        per row is sliced for each model. Candidates that cannot take it are left out.
    estimate_only : bool, default=False
        Return what the search would cost, after four plain fits and, where private
        learners are compared, four of one of them.
    n_jobs : int, default=None
        Models fitted at a time, as in joblib. The result does not depend on it.
    random_state : int, RandomState or None, default=None
        Draws the halves and the rows of the check, and seeds the models. A private
        model that is recommended is fitted without a seed: whoever knows it could take
        the noise away again.
    verbose : int, default=0
        Above 0, a line on the cost before the search, and on a terminal a bar for each
        rung.

    Returns
    -------
    DefenseRecommendation or SearchCost
        The verdict, with ``best_estimator_``, ``to_frame()``, ``plot()`` and
        ``summary()``; or what the search would cost.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range or of another type, the budget holds no defense,
        none can be fitted around this classifier, there are too few rows for the
        metric, or a utility is not finite.

    Warns
    -----
    LeakageLimitWarning
        Where nothing stays under the limit: nothing is recommended then, and there is
        no ``best_estimator_``. Also where the recommended model keeps training rows,
        which whoever has its file reads: the limit is for its answers alone.

    See Also
    --------
    best_under_leakage : Chooses in a search of your own.
    regularization_grid : The values of the classifier's own parameters.
    skmia.audit.audit_classifier : Audits the model that you publish.

    Notes
    -----
    *What is compared.* Every candidate is fitted on the same random halves of the rows,
    in complementary pairs. Its models are each other's shadows, fitted with the
    defense: the attacker knows it, and attacks with shadow models cost no further fit.
    The strongest of LiRA, RMIA, the loss, and the label alone counts; of a defense that
    masks its outputs also label-only attacks and answers about perturbed copies of the
    rows. An attack that does worse than guessing, by its whole interval,
    is turned round. The upper end of the mean, for other rows of the same source, is
    what has to stay under the limit.

    *Halving.* Each rung adds models: 4, 8, 16. On the first all candidates are played,
    on the next a third of them. All models are of as many rows: halving on rows, as
    ``HalvingGridSearchCV`` does by default, would compare other things, since models
    leak more of few rows, and private ones learn less. A third is taken by three rules
    in turn: the most useful of those under the limit, of those that would be if the
    attack grew stronger, and of those whose mean is.

    *The check.* The figure of the chosen one is the best of several. A part of the rows
    takes no part in the choice: models are trained on them as on others, and what is
    said of them is read for the last rung only. A candidate whose mean is over the
    limit there is passed over.

    *Differential privacy.* The choice reads exact figures, and has no guarantee; see
    the summary.

    Figures are about models of half of the rows. Audit the model that you release.

    References
    ----------
    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
    Optimization", AISTATS 2016.

    Carlini, Chien, Nasr, Song, Terzis and Tramer, "Membership Inference Attacks From
    First Principles", IEEE S&P 2022.

    Zarifzadeh, Liu and Shokri, "Low-Cost High-Power Membership Inference Attacks", ICML
    2024.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.model_selection import recommend_defense
    >>> X, y = make_classification(500, 12, n_informative=6, flip_y=0.2, random_state=0)
    >>> found = recommend_defense(
    ...     DecisionTreeClassifier(),
    ...     X,
    ...     y,
    ...     max_leakage=0.65,
    ...     defenses=["regularization"],
    ...     n_models=8,
    ...     random_state=0,
    ... )
    >>> found.best_params_["defense"]
    'own regularization'
    """
    settings = Settings(
        max_leakage, budget, scoring, metric, defenses, n_models, check_size
    )
    check_is_classifier(estimator)
    check_can_be_refitted(estimator)
    rng = own_random_state(random_state)
    rows = make_rows(X, y, groups, params, settings.check_size, rng)
    candidates, left_out = _within(estimator, rows, settings)
    plan = make_plan(len(candidates), settings.n_models)
    seeds = draw_seeds(rng, len(plan.models) + 1)
    search = Search(
        rows,
        plan,
        seeds[1:],
        settings.metric,
        settings.max_leakage,
        settings.scorer,
        n_jobs,
        verbose,
        left_out=left_out,
    )
    with once_each():
        seconds = search.start(undefended(estimator))
        costs = [c.work for c in candidates]
        times = search.times(candidates, seconds)
        cost = estimate(plan, costs, times, seconds, n_jobs, left_out)
        tell(cost, verbose)
        if estimate_only:
            return cost
        search.run(candidates)
        chosen = search.choose()
        model = None
        if chosen is not None:
            given = dict(params or {})
            if chosen.candidate.needs_persons:
                given["groups"] = groups
            model = _fitted(chosen.candidate, X, y, given, int(seeds[0]))
    file, holds_rows = ((), False) if model is None else said_of_file(model, X)
    found = _answer(search, chosen, model, cost, settings, file)
    if chosen is None:
        warn(f"{found.verdict} Nothing is recommended.", LeakageLimitWarning)
    elif holds_rows:
        warn(found._file[0], LeakageLimitWarning)
    return found


def _within(
    estimator: Any, rows: Rows, settings: Settings
) -> tuple[list[Candidate], dict[str, str]]:
    """Candidates that the budget holds, and those that are left out."""
    found, left_out = make_candidates(
        estimator, settings.families, len(rows.classes), rows.group_size
    )
    if not found:
        raise ValueError(
            f"The 'defenses' parameter leaves nothing to compare: {left_out}. Pass "
            "further defenses."
        )
    costs = [candidate.work for candidate in found]
    held = within_budget(costs, settings.n_models, settings.budget)
    if not held:
        least = make_plan(1, settings.n_models).work([min(costs)])
        raise ValueError(
            "The 'budget' parameter must hold one defense beside the classifier as it "
            f"is, which takes {least:.4g} plain fits with n_models="
            f"{settings.n_models}. Got {settings.budget!r} instead."
        )
    for i in sorted(set(range(len(found))) - set(held)):
        left_out[found[i].name] = f"more than the budget of {settings.budget:g} holds"
    return [found[i] for i in held], left_out


def _fitted(
    candidate: Candidate, X: Any, y: Any, given: Mapping[str, Any], seed: int
) -> Any:
    """The model of all rows."""
    if candidate.is_private:
        # Whoever knows the seed can take the noise away again.
        return without_seeds(candidate.estimator).fit(X, y, **given)
    model = seeded_clone(
        candidate.estimator, seed, single_thread=False, keep_seeds=True
    )
    with own_generators(seed):
        return model.fit(X, y, **given)


def _answer(
    search: Search,
    chosen: Entry | None,
    model: Any,
    cost: SearchCost,
    settings: Settings,
    file: tuple[str, ...],
) -> DefenseRecommendation:
    entries = tuple(search.entries)
    shown = search.closest() if chosen is None else chosen
    position = next(i for i, entry in enumerate(entries) if entry is shown)
    work = sum(e.play.n_models * e.candidate.work for e in entries)
    if chosen is not None:
        work += 2 * chosen.candidate.work
    n_check = int(search.rows.check.sum())
    spent, reasons = _spent(entries, chosen, model)
    return DefenseRecommendation(
        _entries=entries,
        _model=model,
        _metric=settings.metric,
        best_index_=None if chosen is None else position,
        closest_index_=position,
        utility=settings.utility,
        max_leakage=settings.max_leakage,
        cost_=cost,
        work_=float(work),
        left_out_=dict(search.left_out),
        spent_=spent,
        _unbounded=reasons,
        _file=file,
        _has_persons=search.rows.persons is not None,
        _n_rows=(len(search.rows.y) - n_check, n_check),
    )


def _spent(
    entries: Sequence[Entry], chosen: Entry | None, model: Any
) -> tuple[PrivacyLoss | None, tuple[str, ...]]:
    """What private fits have cost a row, and why that is no bound where it is none.

    Of a pair of halves a row is in one.
    """
    found = [each for entry in entries for each in entry.play.spent[::2]]
    if not found:
        return None, ()
    reasons: tuple[str, ...] = ()
    if chosen is not None and chosen.candidate.is_private:
        found.append(spending_of(model))
        reasons = seeds_left(model)
    reasons = (*reasons, *all_reasons(found))
    if reasons:
        return PrivacyLoss(np.inf), reasons
    return compose_privacy([each.loss for each in found]), ()
