"""The models of a cross-validation as targets, and as each other's shadows."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia._models import SecondAnswers, ask_again, ask_labels
from skmia._tables import take_rows
from skmia.audit._attacks import (
    configure,
    describe_attack,
    make_attacks,
    taking_shadows,
)
from skmia.audit._cv_run import Run
from skmia.audit._evidence import Evidence
from skmia.audit._inputs import (
    check_reading,
    check_scores,
    describe_estimator,
    resolve_seed,
)
from skmia.audit._persons import person_evidence
from skmia.audit._provenance import Beginning, describe_rows
from skmia.audit._reach import Reach
from skmia.audit._report import AuditReport
from skmia.audit._row_order import RowOrder
from skmia.audit._separations import separations_of_targets
from skmia.audit._splits import find_shadows
from skmia.audit._target import count_choices
from skmia.defenses import masks_outputs
from skmia.exceptions import OneSidedRecordsWarning, UninformativeShadowsWarning
from skmia.shadows import ShadowSignals, shadows_move


def audit_cv(
    cv_results: Mapping[str, Any],
    X: Any,
    y: ArrayLike,
    *,
    attacks: Any = "default",
    max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
    confidence_level: float = 0.95,
    groups: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> AuditReport:
    """Audit the models that ``cross_validate`` has fitted, without fitting any more.

    Each model is a target: its training rows are the members, its test rows the
    non-members, and every figure is the mean over the models. Models from splits that
    were drawn independently of the target's, such as those of the other repeats of a
    repeated k-fold or of other shuffled splits, are its shadow models. A single k-fold
    has none, since each of its folds tells who is in the others: only attacks without
    shadows are run.

    Parameters
    ----------
    cv_results : dict
        What ``cross_validate(..., return_estimator=True, return_indices=True)``
        returned.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        The rows that were given to it, in the same order.
    y : array-like of shape (n_records,)
        Their labels.
    attacks : "default", "all", str, attack, sequence or dict, default="default"
        As in :func:`audit_classifier`. Where there are no shadows, ``"default"`` is
        ``["loss"]``, and ``"all"`` what takes none.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    groups : array-like of shape (n_records,), default=None
        Name of the person that each row belongs to. Figures are then per person as well
        as per row. The splits are to keep persons whole, as GroupKFold and
        GroupShuffleSplit do with the same `groups`: persons on both sides of a split
        are left out and counted.
    random_state : int, RandomState or None, default=None
        Seeds the attacks. What was drawn where it is None is in
        ``settings["random_state"]``.

    Returns
    -------
    AuditReport
        Its ``records()`` have a row for every model and record.

    Raises
    ------
    TypeError
        If `cv_results` is no dict, or a model has no confidences.
    ValueError
        If estimators or indices are missing, X and y are not those of the
        cross-validation, a model is frozen, no row is left to compare, or an attack
        takes shadows and there are none.
    sklearn.exceptions.NotFittedError
        If the fit of a split has failed.

    See Also
    --------
    audit_classifier : Audits one fitted model.
    skmia.model_selection.leakage_scorer : Measures leakage while a search runs.

    Notes
    -----
    The figures are about the learning procedure, preprocessing, defense and tuning
    included, and not about one model; the shadows have been through the same. They hold
    for training sets of the size of the splits': a model that is fitted on all rows
    mostly leaks less.

    Rows whose features and label are there more than once are in no figure; copies
    that every split keeps together are one record.

    Rows that were trained with a weight of 0 are left out where an
    :class:`skmia.model_selection.AuditableClassifier` remembers the weights. Else they
    count as members here: leave them out.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_cv
    >>> X, y = make_classification(400, flip_y=0.2, random_state=0)
    >>> cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=5, random_state=0)
    >>> results = cross_validate(
    ...     DecisionTreeClassifier(max_depth=6, random_state=0),
    ...     X,
    ...     y,
    ...     cv=cv,
    ...     return_estimator=True,
    ...     return_indices=True,
    ... )
    >>> report = audit_cv(results, X, y, attacks=["loss", "lira"], random_state=0)
    >>> report.attacks
    ('loss', 'lira')
    >>> report.shadows
    {'n_shadows': 8, 'train_size': 0.5}
    >>> report.worst("auc")[1] > 0.6
    True
    """
    beginning = Beginning()
    max_fprs, confidence_level = check_reading(max_fprs, confidence_level)
    seed = resolve_seed(random_state)
    run = Run.of(cv_results, X, y, groups)
    found = find_shadows(run.member[:, run.moving], run.held_out[:, run.moving])
    targets = np.intersect1d(run.targets, found.targets)
    has_shadows = len(targets) > 0
    if not has_shadows:
        targets = run.targets
    # A search may choose a mask in one split and none in the next: all are asked for
    # their labels, or the figures would be those of some splits.
    masked = any(map(masks_outputs, run.models))
    reach = Reach(shadows=has_shadows)
    chosen = make_attacks(attacks, run.models[0], masked, reach=reach)
    if (wanted := taking_shadows(chosen)) and not has_shadows:
        raise ValueError(
            f"The attacks {wanted} take shadow models, and these splits give none. "
            f"{found.problem}"
        )

    shadows: list[ShadowSignals | None] = [None] * len(run.models)
    fitted_with, moved = None, True
    apart: dict[str, Any] = {}
    asked = [np.flatnonzero(run.member[k] | run.held_out[k]) for k in targets]
    if has_shadows:
        signals = run.signals()
        moved = shadows_move(signals["logit"])
        for k in targets:
            shadows[k] = run.shadows(signals, found.of[k])
        fitted_with = {
            "n_shadows": min(len(found.of[k]) for k in targets),
            "train_size": float(run.seen.mean()),
        }
        games = [(k, found.of[k], of) for k, of in zip(targets, asked, strict=True)]
        known = (signals["logit"], run.seen, games, run.persons)
        apart = separations_of_targets(*known)
    target = np.repeat(targets, list(map(len, asked)))
    record = np.concatenate(asked)
    fitted, scores, correct, own_proba, again = _score(
        run, chosen, shadows, targets, asked, seed, masked
    )
    evidence = Evidence(
        membership=run.member[target, record],
        scores=scores,
        max_fprs=max_fprs,
        confidence_level=confidence_level,
        labels=run.y[record],
        index=run.X.index[record] if hasattr(run.X, "iloc") else record,
        target=target,
        record=record,
        positions=record,
        lengths=(len(run.y),),
        order=RowOrder.of(run.X).take(record),
        estimator=describe_estimator(run.models[0].model),
        seed=seed,
        beginning=beginning.of(
            run.models[0].model, rows=describe_rows(run.X, run.hashes)
        ),
        settings={
            "attacks": {name: describe_attack(a) for name, a in chosen.items()},
            "n_splits": len(run.models),
            "max_fprs": max_fprs,
            "random_state": seed,
        },
        # Where all records are on either side equally often, nothing that is the same
        # for all models could tell the sides apart.
        X=None if _is_even(run, targets) else run.X,
        persons=None if run.persons is None else run.persons[record],
        **person_evidence(
            fitted,
            shadows[targets[-1]],
            run.persons,
            run.names,
            np.flatnonzero(run.kept),
            run.split,
            np.ones(len(run.y), dtype=bool),
        ),
        other_scores=run.other_scores,
        n_copied_rows=run.n_copied,
        n_weightless=(run.n_weightless, 0),
        correct=correct,
        own_proba=own_proba,
        again=again,
        shadows=fitted_with,
        shadows_move=moved,
        **apart,
        n_missing_classes=run.n_missing_classes,
        n_models=len(run.models),
        one_sided_fraction=_one_sided_fraction(run, [found.of[k] for k in targets]),
        no_shadows="" if has_shadows else found.problem,
        n_choices=count_choices([model.model for model in run.models]),
        n_without_shadows=len(run.targets) - len(targets),
    )
    return AuditReport._of(evidence)


def _score(
    run: Run,
    attacks: Mapping[str, Any],
    shadows: Sequence[ShadowSignals | None],
    targets: NDArray[np.intp],
    asked: Sequence[NDArray[np.intp]],
    seed: int,
    masked: bool,
) -> tuple[
    dict[str, Any],
    dict[str, NDArray],
    NDArray[np.bool_],
    NDArray[np.float64],
    SecondAnswers,
]:
    """Scores, right answers and own-class probability of every model and record.

    And the attacks on the last model, and what the models say of some of the records
    when asked again.
    """
    fitted: dict[str, Any] = {}
    scores: dict[str, list[NDArray]] = {}
    correct, own, again = [], [], []
    for k, rows in zip(targets, asked, strict=True):
        model = run.models[k]
        X, y = take_rows(run.X, rows), run.y[rows]
        correct.append(ask_labels(model, X) == y)
        proba = model.predict_proba(X)
        own.append(proba[np.arange(len(rows)), run.columns[rows]])
        again.append(
            ask_again(
                model,
                *(X, model.classes, proba, run.member[k][rows]),
                n_per_side=20,
                n_alone=4,
                random_state=seed,
            )
        )
        fitted = make_attacks(attacks, model, masked)
        for name, attack in fitted.items():
            configure(attack, seed)
            if "shadows" in attack.get_params(False):
                attack.set_params(shadows=shadows[k])
            try:
                with warnings.catch_warnings():
                    # The report's own guards say so for all targets together.
                    warnings.simplefilter("ignore", OneSidedRecordsWarning)
                    warnings.simplefilter("ignore", UninformativeShadowsWarning)
                    attack.fit(
                        run.X, run.y, membership=run.seen[k], **run.known_persons
                    )
                values = attack.score_samples(X, y)
            except Exception as error:
                error.add_note(f"Raised by the attack {name!r} on split {k}.")
                raise
            checked = check_scores(name, values, len(rows))
            scores.setdefault(name, []).append(checked)
    joined = {name: np.concatenate(parts) for name, parts in scores.items()}
    return (
        fitted,
        joined,
        np.concatenate(correct),
        np.concatenate(own),
        SecondAnswers.joined(again),
    )


def _is_even(run: Run, targets: NDArray[np.intp]) -> bool:
    """Whether all records are equally often a member, and a non-member."""
    sides = run.member[targets], run.held_out[targets]
    return all(np.ptp(side.sum(axis=0)[run.kept]) == 0 for side in sides)


def _one_sided_fraction(run: Run, shadows: Sequence[NDArray[np.intp]]) -> float:
    """Fraction of the records that all shadows of a target hold, or none."""
    held = [
        run.seen[others][:, run.kept].mean(axis=0) for others in shadows if len(others)
    ]
    if not held:
        return 0.0
    return float(np.mean([(part == 0) | (part == 1) for part in held]))
