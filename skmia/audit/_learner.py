"""The membership game, played many times: what a learning algorithm leaks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia._models import check_hook, gives_confidences, hook_name
from skmia._tables import any_seen
from skmia.attacks import ShadowAttack
from skmia.audit._attacks import configure, describe_attack, make_attacks
from skmia.audit._evidence import Evidence
from skmia.audit._game import Game
from skmia.audit._inputs import (
    check_reading,
    check_scores,
    describe_estimator,
    resolve_seed,
)
from skmia.audit._learner_plays import (
    AnyOfThem,
    Reader,
    check_plays,
    needs_models,
    play,
    play_live,
    play_without,
)
from skmia.audit._learner_run import (
    LearnerRun,
    check_learner,
    check_models,
    run_learner,
)
from skmia.audit._persons import Rule
from skmia.audit._progress import (
    enter_stage,
    expect_attacks,
    expect_stages,
    with_progress,
)
from skmia.audit._provenance import Beginning, describe_rows
from skmia.audit._reach import Reach
from skmia.audit._report import AuditReport
from skmia.audit._row_order import RowOrder
from skmia.audit._rows import digest_rows
from skmia.audit._separations import separations_of_targets
from skmia.audit._shared_shadows import describe_shadows
from skmia.defenses import masks_outputs
from skmia.metrics import metrics_at
from skmia.shadows import ShadowModels, shadows_move

_UNITS = ("row", "person")


@with_progress
def audit_learner(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    n_models: int | ShadowModels = 64,
    attacks: Any = "default",
    max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
    confidence_level: float = 0.95,
    fit_params: Mapping[str, Any] | None = None,
    fit: Callable[..., Any] | None = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> AuditReport:
    """Measure what a learning algorithm leaks, over many models of one pool of rows.

    Models are fitted on random halves of the rows, in pairs: what one is trained on,
    its partner is not. Each is a target once, and a shadow model of all others but its
    partner, which would tell its members. Figures are means over the targets, and no
    more than `n_models` models are fitted.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What is fitted: a clone for each model, with preprocessing, defense and search
        as they are. What it learnt before does not matter.
    X : array-like, frame or sparse matrix of shape (n_records, n_features)
        The pool of rows. A model is trained on half of them.
    y : array-like of shape (n_records,)
        Their labels.
    n_models : int or ShadowModels, default=64
        How many models are fitted, an even number of 8 at least; or how they are made,
        with halves as the training size. ``cache_dir`` lets a run that was stopped go
        on.
    attacks : "default", "all", str, attack, sequence or dict, default="default"
        As in :func:`audit_classifier`. Attacks that ask a model again, such as
        ``"label_only"`` and ``"quantile"``, are run on every model, and all models are
        kept in memory for them. ``"label_only"`` is added for a learner that masks its
        outputs.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    fit_params : dict of str to object, default=None
        What the learner is fitted with beside X and y, as `params` of
        :func:`skmia.shadows.fit_shadows`: values of rows are sliced for each model, and
        rows of weight 0 are left out.
    fit : callable, default=None
        Called in place of the estimator's ``fit``, as ``fit(estimator, X, y, rows,
        **fit_params)``; see :func:`audit_classifier`. `rows` are positions in `X`.
    groups : array-like of shape (n_records,), default=None
        Name of the person that each row belongs to. Halves are then of whole persons,
        and figures per person as well as per row.
    n_jobs : int, default=None
        Models fitted, and attacks run, at a time.
    random_state : int, RandomState or None, default=None
        Seeds the halves, the models and the attacks. Two audits of one pool with equal
        seeds have equal halves, and are compared half by half.
    verbose : int, default=0
        Above 0, the stages, how many models there are and about how long all that is
        left takes, as in :func:`audit_classifier`.

    Returns
    -------
    AuditReport
        Its ``records()`` have a row for every model and record.

    Raises
    ------
    TypeError
        If the estimator is no classifier, or an attack cannot judge shadow models.
    ValueError
        If it is frozen or holds a fitted part that clones keep, `n_models` is odd or
        below 8, no row can be told apart, or a parameter is out of range.

    See Also
    --------
    audit_classifier : Audits one fitted model, which is the one that is released.
    audit_cv : Audits the models of a cross-validation.
    compare : Sets two reports side by side.

    Notes
    -----
    An interval is about the mean over all models that the learner may give on random
    halves of *these* rows, each judged by ``n_models - 2`` others. The rows are taken
    as they are: it says nothing of another pool, nor of the one model that is released.
    Intervals of :func:`audit_classifier` are about one model and other rows like these.

    Targets are not independent. The two of a pair share no row, and count as one draw;
    all share shadow models, and what this adds is measured by leaving out an eighth of
    the pairs at a time, as targets and as shadows, without another fit or query. The
    interval is Student's [1]_.

    A model is trained on half of the rows. One that is trained on all of them mostly
    leaks less.

    Of rows that are equal, features and label alike, the first is in the figures: they
    are drawn together. The predicted label is that of the highest probability; a
    threshold of the learner's own moves no figure.

    References
    ----------
    .. [1] B. Efron and C. Stein, "The Jackknife Estimate of Variance", Annals of
       Statistics 1981.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_learner
    >>> X, y = make_classification(300, flip_y=0.2, random_state=0)
    >>> report = audit_learner(
    ...     DecisionTreeClassifier(max_depth=6),
    ...     X,
    ...     y,
    ...     n_models=16,
    ...     attacks=["loss", "lira"],
    ...     random_state=0,
    ... )
    >>> report.n_models, report.n_members
    (16, 150)
    >>> report.strongest("auc").low > 0.6
    True
    """
    beginning = Beginning()
    max_fprs, confidence_level = check_reading(max_fprs, confidence_level)
    seed = resolve_seed(random_state)
    learner, models = check_learner(estimator), check_models(n_models)
    check_hook(fit)
    reach = Reach(confidences=gives_confidences(learner))
    masked = masks_outputs(learner)
    chosen = make_attacks(
        attacks, learner, masked, reach=reach, n_nonmembers=np.size(y) // 2
    )
    reach.check(chosen, learner)
    check_plays(chosen)
    for attack in chosen.values():
        configure(attack, seed)
    keep = any(map(needs_models, chosen.values()))
    expect_stages(len(chosen) + 4)
    enter_stage("models")
    expect_attacks(len(chosen), np.size(y))
    run = run_learner(
        *(learner, X, y, models),
        keep_models=keep,
        fit_params=fit_params,
        fit=fit,
        groups=groups,
        n_jobs=n_jobs,
        seed=seed,
        verbose=verbose,
    )
    described = {name: describe_attack(a) for name, a in chosen.items()}
    reader, scores = _reader(run, max_fprs), {}
    for name, attack in chosen.items():
        enter_stage(f"attack {name}")
        scores[name] = _play(name, attack, run, masked)
    rules = {name: reader.choose_rules(found) for name, found in scores.items()}
    enter_stage("without each group")
    without = play_without(chosen, run.signals, run.X, run.y, reader, rules, n_jobs)
    shadowed = [name for name, a in chosen.items() if isinstance(a, ShadowAttack)]
    like_others = [name for name in shadowed if name not in without]
    games = _games(reader, scores, rules, without, like_others)
    evidence = Evidence(
        scores={
            name: check_scores(name, found[run.asked], int(run.asked.sum()))
            for name, found in scores.items()
        },
        max_fprs=max_fprs,
        confidence_level=confidence_level,
        estimator=describe_estimator(learner),
        seed=seed,
        beginning=beginning.of(learner, rows=describe_rows(run.X, run.hashes)),
        settings={
            "audit": "learner",
            "attacks": described,
            "models": describe_shadows(models),
            "max_fprs": max_fprs,
            "fit_params": sorted(fit_params or {}),
            "fit": hook_name(fit),
            "random_state": seed,
        },
        not_run=reach.out_of_reach(learner),
        person_rules=rules if run.persons is not None else {},
        **_facts(run, reach),
        **games,
    )
    return AuditReport._of(evidence)


def _reader(run: LearnerRun, max_fprs: tuple[float, ...]) -> Reader:
    metrics = metrics_at(max_fprs)
    fewest = {"row": int((run.asked & ~run.member).sum(axis=1).min())}
    if run.persons is not None:
        of = [
            len(np.unique(run.persons[asked & ~member]))
            for asked, member in zip(run.asked, run.member, strict=True)
        ]
        fewest["person"] = min(of)
    resolvable = {
        unit: [metric for metric in metrics if n >= metric.needed_nonmembers]
        for unit, n in fewest.items()
    }
    return Reader(resolvable, run.member, run.asked, run.persons)


def _play(name: str, attack: Any, run: LearnerRun, masked: bool) -> NDArray[np.float64]:
    """Scores of every model and record; NaN where figures are not about them."""
    rows = run.signals, run.X, run.y, run.persons, run.asked
    try:
        if needs_models(attack):
            return play_live(attack, *rows, run.classes, run.member)
        if isinstance(attack, ShadowAttack):
            attack.set_params(estimator=AnyOfThem.frozen(run.classes, run.X))
        return play(attack, *rows)
    except Exception as error:
        error.add_note(f"Raised by the attack {name!r} of the audit.")
        raise


def _games(
    reader: Reader,
    scores: Mapping[str, NDArray[np.float64]],
    rules: Mapping[str, Sequence[Rule]],
    without: Mapping[str, Mapping[tuple[str, str], NDArray[np.float64]]],
    like_others: Sequence[str],
) -> dict[str, Any]:
    """What was read of each target, for figures per row and per person."""
    values: dict[str, dict[tuple[str, str], Any]] = {unit: {} for unit in _UNITS}
    rest: dict[str, dict[tuple[str, str], Any]] = {unit: {} for unit in _UNITS}
    for name, found in scores.items():
        for (unit, metric), figures in reader.read(found, rules[name]).items():
            values[unit][name, metric] = figures
            if name in without:
                rest[unit][name, metric] = without[name][unit, metric]
    membership, like = reader.member[reader.asked], tuple(like_others)
    return {
        "membership": membership,
        "game": Game(membership, values["row"], rest["row"], like),
        # Of its persons, whose membership follows.
        "person_game": Game(membership, values["person"], rest["person"], like),
    }


def _separations(run: LearnerRun) -> dict[str, Any]:
    """How far apart the others but its complement have the records of each model."""
    signals = run.signals
    models = np.arange(signals.n_shadows)
    games = [
        (k, np.setdiff1d(models, [k, complement]), np.flatnonzero(asked))
        for k, (complement, asked) in enumerate(
            zip(signals.complements, run.asked, strict=True)
        )
    ]
    seen = any_seen(signals.member, run.hashes, run.persons)
    return separations_of_targets(signals.get("logit"), seen, games, run.persons)


def _facts(run: LearnerRun, reach: Reach) -> dict[str, Any]:
    """Fields of an :class:`Evidence` that are not about attacks."""
    signals, asked = run.signals, run.asked
    target, row = np.nonzero(asked)
    positions = run.positions[row]
    index = run.X.index[row] if hasattr(run.X, "iloc") else positions
    persons = {}
    if run.persons is not None:
        persons = {"persons": run.persons[row], "person_names": run.names}
    hashes = signals.record_hashes
    assert hashes is not None
    own = signals.get("confidence")[asked] if reach.confidences else None
    return {
        "labels": run.y[row],
        "index": index,
        "target": target,
        "record": row,
        "are_pairs": True,
        "positions": positions,
        "lengths": (run.n_passed,),
        "order": RowOrder.of(run.X).take(row),
        "digest": digest_rows(hashes, run.kept),
        "correct": signals.get("correctness")[asked] > 0,
        "own_proba": own,
        "shadows": {"n_shadows": signals.n_shadows - 2, "train_size": 0.5},
        "shadows_move": shadows_move(signals.get("logit")),
        "n_missing_classes": signals.n_missing_classes,
        "n_models": signals.n_shadows,
        **(_separations(run) if reach.confidences else {}),
        "n_copied_rows": int((~run.kept).sum()),
        "n_weightless": (run.n_passed - len(run.positions), 0),
        **persons,
    }
