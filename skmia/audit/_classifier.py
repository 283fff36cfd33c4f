"""One call, one report: the audit of a fitted classifier."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia._models import (
    ask_once,
    asking_once,
    check_can_be_refitted,
    check_hook,
    find_mismatches,
    hook_name,
    shadow_recipe,
)
from skmia._tables import hashing_once
from skmia.audit._answers import ask_target
from skmia.audit._attacks import (
    configure,
    describe_attack,
    make_attacks,
    taking_shadows,
)
from skmia.audit._enough import EnoughShadows
from skmia.audit._evidence import Evidence
from skmia.audit._inputs import check_reading, check_scores, resolve_seed
from skmia.audit._persons import person_evidence
from skmia.audit._pool import Pool, make_pool
from skmia.audit._progress import (
    enter_stage,
    expect_attacks,
    expect_stages,
    with_progress,
)
from skmia.audit._promise import find_promise
from skmia.audit._provenance import Beginning
from skmia.audit._reach import Reach
from skmia.audit._report import AuditReport
from skmia.audit._shared_shadows import NO_SHADOWS, describe_shadows, share_shadows
from skmia.audit._structure import structure_of_members
from skmia.audit._target import find_target
from skmia.exceptions import OverlapWarning, UninformativeShadowsWarning
from skmia.shadows import ShadowModels, ShadowSignals, check_shadows


@with_progress
@hashing_once()
@asking_once()
def audit_classifier(
    estimator: Any,
    X_members: Any,
    y_members: ArrayLike,
    X_nonmembers: Any,
    y_nonmembers: ArrayLike,
    *,
    attacks: Any = "default",
    shadows: int | Literal["auto"] | ShadowModels | ShadowSignals = 16,
    max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
    confidence_level: float = 0.95,
    fit_params: Mapping[str, Any] | None = None,
    fit: Callable[..., Any] | None = None,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> AuditReport:
    """Attack a fitted classifier and report what it leaks about its training rows.

    The estimator itself is never refitted. Attacks that need shadow models share one
    set: clones of the estimator, fitted on random parts of the members and non-members
    together. Figures and records are about rows that occur once in both sets together:
    of equal rows, it is a matter of chance which one is a member. The others are
    counted, and the shadows see them all.

    Parameters
    ----------
    estimator : fitted classifier or Pipeline
        What is audited. Preprocessing that was fitted on the members belongs in a
        Pipeline with it, so that the shadow models repeat it. A model that gives labels
        only is audited by the attacks that labels suffice for; functions and services
        are wrapped in a :class:`skmia.attacks.FunctionClassifier`.
        A search is audited as its ``best_estimator_``, and a threshold wrapper as the
        classifier inside: see `refit_search` of :class:`skmia.shadows.ShadowModels`.
    X_members : array-like, frame or sparse matrix of shape (n_members, n_features)
        The rows that the model was trained on. With a part of them only, the shadows
        learn from fewer rows than the model did, and attacks with shadows read less.
    y_members : array-like of shape (n_members,)
        Their labels.
    X_nonmembers : array-like, frame or sparse matrix
        Rows from the same source that the model was not trained on, such as a held-out
        test set, with the same columns. 1,000 of them are needed to read the TPR at
        0.1 % FPR.
    y_nonmembers : array-like of shape (n_nonmembers,)
        Their labels.
    attacks : "default", "all", str, attack, sequence or dict, default="default"
        The default is ``["loss", "lira", "rmia", "stacked"]``, the strongest attacks
        on one set of shadows. Names of ready-made attacks: these, ``"calibrated"``,
        ``"shadow_classifier"``, ``"quantile"`` and ``"label_only"``, all of them for
        ``"all"``; or unfitted attacks, whose `estimator` is replaced by this one and
        whose `shadows` by the shared set. One, a sequence of either kind, or a dict
        of names to attacks. ``"label_only"`` is added where a defense changes the
        outputs only: attacks on confidences underestimate leakage there. Of a model
        that gives labels only, the default is ``["gap", "label_only", "lira", "rmia",
        "stacked"]``; of a function that cannot be fitted, what takes no shadow models.
    shadows : int, "auto", ShadowModels or ShadowSignals, default=16
        Number of shadow models, or how they are made; none are fitted where no attack
        takes any. ``"auto"`` adds them until further ones would add little to the
        figures, or there are 64: see `precision` of ShadowModels. ``train_size="auto"``
        is the fraction of members among the rows, as near as leaves two shadows on each
        side of every row. Or shadows of
        :func:`skmia.shadows.fit_shadows` that are there already, fitted on the very
        rows of this audit: all members first, then all non-members, without those of
        weight 0. With fewer than 8, a model that is not like them may pass unnoticed.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    fit_params : dict of str to object, default=None
        What the model was fitted with, and its shadows are to be. With one value per
        row, a pair (values of the members, values of the non-members), whose lengths
        are those of the two sets: ``{"sample_weight": (weight_members,
        weight_nonmembers)}``. Anything else is a constant, such as ``{"cat_features":
        ["job"]}``. For a step of a Pipeline the name is ``"step__sample_weight"``. A
        row of weight 0 was not trained on, and is left out.
    fit : callable, default=None
        Called for each shadow in place of the estimator's ``fit``, as ``fit(estimator,
        X, y, rows, **fit_params)``: an unfitted clone, the shadow's rows and labels,
        their positions (members first, then non-members, as passed), and the values
        that belong to them. It fits the clone, or returns a fitted classifier. For a
        model that was stopped early, on a validation set that it draws from these rows.
    groups : pair of array-like, default=None
        Name of the person that each row belongs to, of any hashable kind, as a pair
        (of the members, of the non-members). Persons, patients or customers with
        several rows are then drawn whole for the shadows, figures are per person as
        well as per row, and persons with rows in both sets are left out and counted.
        Without it, several rows per person make attacks with shadows read too little.
    n_jobs : int, default=None
        Shadows fitted at a time, as in joblib.
    random_state : int, RandomState or None, default=None
        Seeds the shadows and the blind classifier. What was drawn where it is None is
        in ``settings["random_state"]``, to repeat the audit.
    verbose : int, default=0
        Above 0, the stages of the audit, how many shadows there are and about how long
        all that is left takes: as bars on a terminal and in a notebook, else as lines,
        one a minute at most within a stage. Above 1, as lines in any case. With 0
        nothing is shown, and of an audit of more than a minute these lines go to the
        logger ``"skmia"``, at the level INFO.

    Returns
    -------
    AuditReport
        Per attack the AUC, the advantage and the TPR at each FPR, each with an
        interval; the guards that fired; the score of every record. The attack
        ``"gap"``, which takes a row for a member where the predicted label is right, is
        there wherever it reads more than all others.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted. It is a ValueError too.
    TypeError
        If the model is none, an attack is none, or needs confidences of a model that
        gives labels only, or the two tables are not of the same kind.
    ValueError
        If a set is empty or has no row that occurs once, X and y differ in length, the
        columns differ, a label is unknown to the model, there is one class only, the
        model is no classifier or a search with ``refit=False``, holds a fitted one that
        clones keep or remembers other training rows, or a parameter is out of range.
        All of it before any shadow model is fitted.

    See Also
    --------
    AuditReport : What can be done with the result.
    skmia.shadows.fit_shadows : How the shadow models are made.

    Notes
    -----
    The model is asked about each row once, for its label and its confidences, and all
    attacks read these answers. Up to 200 rows are asked about a second time: a model
    that answers otherwise then is named by a guard.

    An attack bounds what leaks from below: a low figure does not prove that the model
    is safe. The guards of the report name what would make a figure misleading: copies
    and near copies, rows of weight 0, sets that differ without any model [2]_, too few
    non-members, tied scores, saturated probabilities and classes that a shadow lacked.

    References
    ----------
    .. [1] N. Carlini et al., "Membership Inference Attacks From First Principles",
       IEEE S&P 2022. https://doi.org/10.1109/SP46214.2022.9833649
    .. [2] D. Das, J. Zhang and F. Tramèr, "Blind baselines beat membership inference
       attacks for foundation models", 2024. https://arxiv.org/abs/2406.16201

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_classifier
    >>> X, y = make_classification(600, flip_y=0.2, random_state=0)
    >>> X_in, X_out, y_in, y_out = train_test_split(X, y, test_size=0.5, random_state=0)
    >>> model = DecisionTreeClassifier(random_state=0).fit(X_in, y_in)
    >>> report = audit_classifier(
    ...     model,
    ...     X_in,
    ...     y_in,
    ...     X_out,
    ...     y_out,
    ...     attacks=["loss", "lira"],
    ...     shadows=4,
    ...     random_state=0,
    ... )
    >>> report.attacks
    ('loss', 'lira')
    >>> report.worst("auc")[1] > 0.6
    True
    """
    beginning = Beginning()
    audited = find_target(estimator, shadows, (y_members, y_nonmembers))
    estimator = audited.deployed
    reach = Reach.of(estimator, shadows)
    max_fprs, confidence_level = check_reading(max_fprs, confidence_level)
    seed = resolve_seed(random_state)
    n_nonmembers = np.size(y_nonmembers)
    chosen = make_attacks(attacks, estimator, reach=reach, n_nonmembers=n_nonmembers)
    reach.check(chosen, estimator)
    wanted = taking_shadows(chosen)
    least = 4 if wanted else 2
    check_shadows(shadows, least=least, estimator=audited.model, allow_auto=True)
    check_hook(fit)
    if fit is not None and isinstance(shadows, ShadowSignals):
        raise ValueError(
            "The 'fit' parameter must be None where 'shadows' are there already: they "
            f"were fitted. Got {fit!r} instead; pass it to fit_shadows, or a number of "
            "shadows here."
        )
    for attack in chosen.values():
        configure(attack, seed, verbose)
    if wanted and not isinstance(shadows, ShadowSignals):
        check_can_be_refitted(shadow_recipe(audited.model))
    expect_stages(len(chosen) + 4 + bool(wanted) + (groups is not None))
    enter_stage("comparing rows")
    pool = make_pool(
        X_members, y_members, X_nonmembers, y_nonmembers, estimator, fit_params, groups
    )
    expect_attacks(len(chosen), len(pool.y))
    enter_stage("asking the model")
    ask_once(estimator, pool.X, pool.kept_rows, pool.rows.kept)
    # The model is asked before a shadow is fitted: what it cannot answer fails early.
    answers = ask_target(audited, pool, reach, seed)
    structure = replace(
        structure_of_members(estimator, pool.X, pool.y, pool.member, pool.persons),
        estimator=audited.name,
        sha256=pool.described["members"]["sha256"],
    )
    made = NO_SHADOWS
    if wanted:
        enter_stage("shadows")
        made = share_shadows(
            *(audited, reach, pool, answers.proba, answers.columns, shadows),
            fit=fit,
            enough=lambda models: EnoughShadows(
                {name: chosen[name] for name in wanted},
                pool.persons,
                pool.rows.kept,
                max_fprs,
                confidence_level,
                models.precision,
            ),
            n_jobs=n_jobs,
            seed=seed,
            verbose=verbose,
        )
        for name in wanted:
            chosen[name].set_params(shadows=made.signals)
    scores = {name: _score(name, attack, pool) for name, attack in chosen.items()}
    if groups is not None:
        enter_stage("persons")
    persons = person_evidence(
        *(chosen, made.signals, pool.persons, pool.names, pool.rows.kept),
        *(pool.rows.split, pool.member),
    )
    # A fit of the user's own is the one that the model had, whatever it stores.
    known = (audited.model, pool.member_counts, pool.fit_params, pool.member)
    mismatches = () if fit is not None else tuple(find_mismatches(*known))
    evidence = Evidence(
        scores=scores,
        max_fprs=max_fprs,
        confidence_level=confidence_level,
        estimator=audited.name,
        audited=audited,
        seed=seed,
        beginning=beginning.of(estimator, **pool.described),
        settings={
            "attacks": {name: describe_attack(a) for name, a in chosen.items()},
            "shadows": describe_shadows(shadows),
            "max_fprs": max_fprs,
            "fit_params": sorted(pool.fit_params),
            "fit": hook_name(fit),
            "random_state": seed,
        },
        not_run=reach.out_of_reach(estimator),
        mismatches=mismatches,
        structure=structure,
        promise=find_promise(estimator, pool.persons, pool.X),
        **pool.facts,
        **answers.facts,
        **made.facts,
        **persons,
    )
    report = AuditReport._of(evidence).including(structure)
    return report if evidence.promise is None else report.including(report._promised())


def _score(name: str, attack: Any, pool: Pool) -> NDArray[np.float64]:
    """Fit an attack on the whole pool, and ask it about the rows of the figures."""
    enter_stage(f"attack {name}")
    try:
        with warnings.catch_warnings():
            # The report's own guards say so, and count who is left out.
            warnings.simplefilter("ignore", UninformativeShadowsWarning)
            warnings.simplefilter("ignore", OverlapWarning)
            attack.fit(pool.X, pool.y, membership=pool.rows.seen, **pool.known_persons)
        scores = attack.score_samples(pool.kept_rows, pool.kept_labels)
    except Exception as error:
        error.add_note(f"Raised by the attack {name!r} of the audit.")
        raise
    return check_scores(name, scores, len(pool.kept_labels))
