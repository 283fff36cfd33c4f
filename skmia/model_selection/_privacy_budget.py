"""What a search has spent of the privacy of any one row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skmia._models import attributes, deep_params, unwrap_frozen
from skmia.defenses import PrivacyLoss, PrivacyPromise, compose_privacy, privacy_promise
from skmia.model_selection._privacy_totals import CandidateBudget, PrivacyBudget
from skmia.model_selection._row_counts import Places, splits_of
from skmia.model_selection._worst_row import losses_of_worst_row

_SCORES = (
    "Not covered: the candidates were compared by exact scores on held-out rows, and "
    "the choice depends on them. To cover it, compare candidates on public rows, or "
    "fix the parameters beforehand. The scores themselves, in cv_results_, are no "
    "private answers either."
)
_SAME_NOISE = (
    "With a random_state, fits have the same noise, which what differs between them is "
    "free of. Leave random_state at None."
)
_ONE_MODEL = (
    "Not covered: whatever else was read from these rows without noise, such as "
    "scores, columns that were chosen, or the range that they were scaled by."
)
# Patterns of the splits that rows were in, each of which is added up.
_MAX_PATTERNS = 1000


@dataclass
class _Count:
    """What was found of a search: losses of the worst row, and all of what they are."""

    losses: list[PrivacyLoss] = field(default_factory=list)
    promises: list[PrivacyPromise] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)
    candidates: dict[str, tuple[Mapping[str, Any], list[PrivacyLoss]]] = field(
        default_factory=dict
    )
    n_made: int = 0
    planned: bool = True
    chosen: bool = False
    told: list[str] = field(default_factory=list)

    def price(self, model: Any, what: str, *, planned: bool = False) -> PrivacyLoss:
        """What one fit of `model` spends."""
        promise = privacy_promise(model)
        if promise is None:
            self.reasons.append(f"{what} is not private.")
            return PrivacyLoss(np.inf)
        self.promises.append(promise)
        if promise.voided:
            self.reasons += promise.voided
            return PrivacyLoss(np.inf)
        self.caveats += promise.unchecked
        return PrivacyLoss(promise.epsilon, promise.delta, promise.mu)


def privacy_budget(search: Any, *, delta: float | None = None) -> PrivacyBudget:
    """Add up what candidates, folds and the refit have spent on the same rows.

    Parameters
    ----------
    search : fitted search, dict, fitted classifier or sequence of them
        A GridSearchCV, RandomizedSearchCV or halving search over a
        :class:`~skmia.defenses.DifferentialPrivacyClassifier`, alone, at the end of a
        Pipeline or in an :class:`AuditableClassifier`; what ``cross_validate`` returns
        with ``return_estimator=True``; one fitted classifier; or several of these that
        were made on the same rows.
    delta : float, default=None
        The delta that the total is read at. None takes that of one fit where all are
        Gaussian, and the sum of all of them else.

    Returns
    -------
    PrivacyBudget
        The total for the row that was in the most fits, the same per candidate, and
        sentences that say what it covers.

    Raises
    ------
    ValueError
        If something else than that is given, a split has a row twice, fits promise
        something for different neighbours, which cannot be added up, or the parameters
        of a search are not those that it was fitted with.
    sklearn.exceptions.NotFittedError
        If a search is not fitted.

    See Also
    --------
    skmia.defenses.PrivacyAccountant : Adds up all fits while they are made, and stops
        at a ceiling. It does not know who is in which fold, and its total is larger.
    skmia.defenses.compose_privacy : How the losses are added up.

    Notes
    -----
    It is worked out from the parameters of the candidates, so that `n_jobs` does not
    matter, and a candidate whose fit failed counts as well. What was refitted counts as
    it was fitted, whatever its parameters were set to since. With ``refit=False``
    nothing of a fit is left: parameters of the search must not have been changed.

    A row is in all training folds but one, for every candidate. Of a person with
    several rows (`group_size`), and with any splitter that may leave a row out of no
    test set, all are counted. Of halving searches, whose rungs take a part of the rows
    each, the row is counted that is in all of them.

    That splits are told apart from rows is taken for granted: the fold of a row must
    not depend on the other rows. It does where folds are cut from the order of the
    rows or stratified by their labels, and one row more moves others to the next fold.
    What holds without reservation is a fold by something of each row alone, such as a
    hash of its number, in ``cv=PredefinedSplit(fold)``. The sentences say so.

    **The choice is not covered.** Held-out scores are exact, and the candidate that is
    refitted was chosen by them. The total is what the models themselves tell of a row.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import GridSearchCV, PredefinedSplit
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant
    >>> from skmia.model_selection import privacy_budget
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = GridSearchCV(
    ...     DifferentialPrivacyClassifier(
    ...         GaussianNB(), epsilon=0.5, accountant=PrivacyAccountant()
    ...     ),
    ...     {"bounds_fraction": [0.2, 0.4]},
    ...     cv=PredefinedSplit(np.arange(len(y)) % 3),
    ... ).fit(X, y)
    >>> budget = privacy_budget(search)
    >>> budget.n_fits  # 2 candidates x 2 of 3 folds, and the refit
    5
    >>> round(budget.epsilon, 1)
    1.2
    """
    count = _Count()
    _add(search, count)
    neighbors = {promise.neighbors for promise in count.promises}
    if len(neighbors) > 1:
        raise ValueError(
            "The 'search' parameter must hold fits for the same kind of neighbours, or "
            f"their budgets cannot be added up. Got {sorted(neighbors)} instead."
        )
    if len(count.losses) > 1 and any(promise.seeded for promise in count.promises):
        count.reasons.append(_SAME_NOISE)
    if count.reasons:
        count.losses = [PrivacyLoss(np.inf)] * len(count.losses)
    total = compose_privacy(count.losses, delta=delta, planned=count.planned)
    candidates = []
    for params, losses in count.candidates.values():
        spent = compose_privacy(losses, delta=delta, planned=True)
        candidates.append(CandidateBudget(params, len(losses), *spent))
    group_size = min((promise.group_size for promise in count.promises), default=1)
    budget = PrivacyBudget(
        *total,
        next(iter(neighbors), "add_remove"),
        group_size,
        len(count.losses),
        count.n_made,
        tuple(candidates),
        (),
        tuple(count.losses),
        count.planned,
    )
    object.__setattr__(budget, "sentences", tuple(_sentences(budget, count)))
    return budget


def _add(search: Any, count: _Count) -> None:
    """Add the fits of whatever was passed."""
    if isinstance(search, Mapping):
        _add_cross_validation(search, count)
    elif isinstance(search, (list, tuple)):
        if not search:
            raise ValueError(
                "The 'search' parameter must hold at least one fitted search or "
                f"classifier. Got {search!r} instead."
            )
        for each in search:
            _add(each, count)
        count.planned = False
    elif hasattr(search := unwrap_frozen(search), "get_params"):
        if _is_search(search):
            _add_search(search, count)
        else:
            count.losses.append(count.price(search, type(search).__name__))
            count.n_made += 1
            count.told.append("one fit")
    else:
        raise ValueError(
            "The 'search' parameter must be a fitted search or classifier, what "
            "cross_validate returned with return_estimator=True, or a sequence of "
            f"these. Got {type(search).__name__} instead."
        )


def _is_search(part: Any) -> bool:
    # One that sets a threshold has no candidates whose fits may fail.
    names = ("cv", "refit", "error_score", "get_params")
    return not isinstance(part, type) and all(hasattr(part, n) for n in names)


def _add_search(search: Any, count: _Count) -> None:
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    beginning = len(count.promises)
    losses = [
        _price_of(_candidate(search, params), params, count)
        for params in results["params"]
    ]
    group_size = max((p.group_size for p in count.promises[beginning:]), default=1)
    splits = splits_of(search, group_size)
    for params, loss in zip(results["params"], losses, strict=True):
        of = count.candidates.setdefault(repr(sorted(params.items())), (params, []))
        of[1].extend([loss] * splits.n_training)
        count.losses += [loss] * splits.n_training
    count.n_made += len(losses) * splits.n_splits
    told = (
        f"{splits.n_training} of {splits.n_splits} training sets for each of "
        f"{len(losses)} candidates"
    )
    if "iter" in results:
        told += " over all rungs"
    best = attributes(search).get("best_estimator_")
    if best is not None:
        _check_unchanged(search, best)
        loss = count.price(best, "The refit")
        count.losses.append(loss)
        count.n_made += 1
        losses.append(loss)
        told += ", and in the refit"
    count.told.append(told)
    # Which candidates go on, and which is refitted, is decided on the way.
    decided = "iter" in results or best is not None
    count.planned &= len(set(losses)) == 1 or not decided
    count.chosen = True
    count.caveats += splits.caveats


def _check_unchanged(search: Any, best: Any) -> None:
    """Raise where the parameters of the search are not those that it fitted."""
    planned = _candidate(search, search.best_params_)
    fitted, now = privacy_promise(best), privacy_promise(planned)
    if fitted is None or now is None:
        changed = fitted is not now
    else:
        changed = _guarantee(fitted) != _guarantee(now)
    if changed:
        raise ValueError(
            "The 'search' parameter must have the parameters that it was fitted with, "
            "which the budgets of its candidates are read from. Got a best_estimator_ "
            f"that was fitted with {fitted}, where the search by now says {now}; set "
            "'estimator' to what it was, or fit the search again."
        )


def _guarantee(promise: PrivacyPromise) -> tuple[Any, ...]:
    spent = (f"{x:.9g}" for x in (promise.epsilon, promise.delta))
    return (*spent, promise.neighbors, promise.group_size, promise.seeded)


def _candidate(search: Any, params: Mapping[str, Any]) -> Any:
    return clone(search.estimator).set_params(**clone(params, safe=False))


def _price_of(model: Any, params: Mapping[str, Any], count: _Count) -> PrivacyLoss:
    inside = [value for _, value in deep_params(model)]
    if any(_is_search(part) for part in (model, *inside)):
        raise ValueError(
            "The 'search' parameter must not search inside of its candidates, whose "
            "fits cannot be counted from outside. Pass the results of "
            "cross_validate(search, ..., return_estimator=True) instead, or take a "
            "skmia.defenses.PrivacyAccountant, which every fit is charged to."
        )
    try:
        return count.price(model, f"The candidate {dict(params)!r}")
    except ValueError:
        # Raised by its fit as well, before a row was looked at.
        return PrivacyLoss(0.0)


def _add_cross_validation(results: Mapping[str, Any], count: _Count) -> None:
    if "estimator" not in results:
        raise ValueError(
            "The 'search' parameter must have the fitted models where it is what "
            f"cross_validate returned. Got the keys {sorted(map(str, results))} "
            "instead; pass return_estimator=True to cross_validate, and "
            "return_indices=True for a total that knows which rows were left out."
        )
    parts = []
    for model in results["estimator"]:
        part = _Count(promises=count.promises)
        _add(model, part)
        parts.append(part)
        count.n_made += part.n_made
        count.reasons += part.reasons
        count.caveats += part.caveats
        count.chosen |= part.chosen
    of_persons = any(promise.group_size > 1 for promise in count.promises)
    inside = None
    if "indices" in results and not of_persons:
        inside = Places.of(results["indices"]["train"])
    rows = _kinds_of_rows(len(parts), inside)
    count.losses += losses_of_worst_row(
        [[loss for i in fits for loss in parts[i].losses] for fits in rows]
    )
    most = max(map(len, rows))
    count.told.append(f"{most} of {len(parts)} training sets")
    losses = {loss for part in parts for loss in part.losses}
    count.planned &= all(part.planned for part in parts) and len(losses) == 1


def _kinds_of_rows(n_fits: int, places: Places | None) -> list[NDArray[np.intp]]:
    """The fits that rows were in, for all rows that differ in it."""
    everything = [np.arange(n_fits)]
    if places is None:
        return everything
    patterns = places.patterns()
    if len(patterns) > _MAX_PATTERNS:
        return everything
    return [np.flatnonzero(pattern) for pattern in patterns]


def _sentences(budget: PrivacyBudget, count: _Count) -> list[str]:
    where = "; ".join(count.told)
    whom = "One row" if budget.group_size == 1 else "The rows of one person"
    first = (
        f"{whom} may have been in {budget.n_fits} of {budget.n_fits_made} fits "
        f"({where})."
        if where != "one fit"
        else f"{whom} was in one fit."
    )
    if count.reasons:
        why = " ".join(dict.fromkeys(count.reasons))
        return [f"{first} There is no guarantee for them: {why}"]
    gaussian = "" if budget.mu is None else f" (mu = {budget.mu:.4g})"
    changed = {
        "add_remove": "are added or left out",
        "replace": "are replaced by others",
    }.get(budget.neighbors, budget.neighbors)
    if budget.group_size == 1:
        changed = changed.replace("are", "is", 1).replace("others", "another")
    what = "it" if budget.group_size == 1 else f"up to {budget.group_size} of them"
    second = (
        f"Together these fits have spent epsilon = {budget.epsilon:.4g} at delta = "
        f"{budget.delta:g}{gaussian}, where {what} {changed}."
    )
    last = _SCORES if count.chosen else _ONE_MODEL
    return [first, second, last, *dict.fromkeys(count.caveats)]
