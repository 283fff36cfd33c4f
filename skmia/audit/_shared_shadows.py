"""One set of shadow models for all attacks of an audit, and what they tell of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skmia._models import RowsOf, answering, ask_probabilities
from skmia._tables import Copies, any_seen, check_drawn_whole
from skmia.audit._enough import EnoughShadows
from skmia.audit._pool import Pool
from skmia.audit._reach import Reach, only_right
from skmia.audit._separations import separations
from skmia.audit._target import AuditTarget
from skmia.shadows import (
    Counterfactual,
    ShadowModels,
    ShadowSignals,
    check_shadows,
    find_difference,
    fit_shadows,
    outside_means,
    shadows_move,
)
from skmia.signals import logit


@dataclass(frozen=True)
class SharedShadows:
    """Shadow models of the whole pool, and the facts that guards read.

    Attributes
    ----------
    signals : ShadowSignals or None
        What attacks get; None where no attack takes any.
    facts : dict of str to object
        Fields of an :class:`Evidence`.
    """

    signals: ShadowSignals | None
    facts: dict[str, Any]


NO_SHADOWS = SharedShadows(None, {})


def share_shadows(
    audited: AuditTarget,
    reach: Reach,
    pool: Pool,
    proba: NDArray[np.floating],
    columns: NDArray[np.intp],
    shadows: int | Literal["auto"] | ShadowModels | ShadowSignals,
    *,
    fit: Callable[..., Any] | None,
    enough: Callable[[ShadowModels], EnoughShadows],
    n_jobs: int | None,
    seed: int,
    verbose: int,
) -> SharedShadows:
    """Fit or check the shadows, and compare the model with them.

    `proba` is what the model says of the rows that figures are about, and `columns`
    their classes.
    """
    made, fraction, auto = make_shadows(
        audited.model, pool, shadows, fit, n_jobs, seed, verbose, enough
    )
    kept, persons = pool.rows.kept, pool.persons
    theirs = made.get("logit")
    seen = any_seen(made.member, pool.hashes, persons)
    moved = shadows_move(theirs)
    means = outside_means(theirs, seen)[kept]
    if made.queries:
        # The shadows' answers are means over each record and its copies.
        own_copies = Copies(made.queries, pool.X)
        classes = np.asarray(audited.deployed.classes_)
        proba = ask_probabilities(
            answering(audited.deployed), pool.kept_rows, classes, own_copies
        )
    ours, theirs = logit(proba, columns), theirs[:, kept]
    apart = separations(
        *(ours, theirs, seen[:, kept], None if persons is None else persons[kept])
    )
    if not reach.confidences:
        ours, theirs = only_right(ours), only_right(theirs)
    difference = find_difference(
        ours,
        pool.member[kept],
        theirs,
        seen[:, kept],
        pool.y[kept],
    )
    return SharedShadows(
        made,
        {
            "shadows": {
                "n_shadows": made.n_shadows,
                "train_size": fraction,
                "counterfactual": _about(made.counterfactual_),
                "auto": auto,
            },
            "shadows_move": moved,
            "outside_means": means,
            "difference": difference,
            "n_missing_classes": made.n_missing_classes,
            "n_models": made.n_shadows,
            **(apart if reach.confidences else {}),
        },
    )


def _about(counterfactual: Counterfactual) -> dict[str, Any]:
    """What a report says of the other side of records, of the logit."""
    values: dict[str, Any] = {
        name: getattr(counterfactual, name)
        for name in ("family", "used", "exact", "why_not", "n_fits", "n_unknown")
    }
    for name in ("slope", "correlation"):
        by_signal = getattr(counterfactual, name)
        pair = None if by_signal is None else by_signal.get("logit")
        values[name] = pair and [v if np.isfinite(v) else None for v in pair]
    return values


def make_shadows(
    estimator: Any,
    pool: Pool,
    shadows: int | Literal["auto"] | ShadowModels | ShadowSignals,
    fit: Callable[..., Any] | None,
    n_jobs: int | None,
    seed: int,
    verbose: int,
    enough: Callable[[ShadowModels], EnoughShadows] | None = None,
) -> tuple[ShadowSignals, float, dict[str, Any] | None]:
    """One set for all attacks, and its training fraction: fitted here, or checked.

    With ``"auto"``, which takes an `enough`, also what a report says of their number.
    """
    models = check_shadows(
        shadows, pool.member, estimator=estimator, allow_auto=enough is not None
    )
    if isinstance(models, ShadowModels):
        auto = models.n_models == "auto"
        adding = enough(models) if auto and enough is not None else None
        made = fit_shadows(
            estimator,
            pool.X,
            pool.y,
            shadows=models,
            groups=pool.persons,
            params=pool.fit_params,
            fit=None if fit is None else RowsOf(fit, pool.positions),
            enough=adding,
            n_jobs=n_jobs,
            random_state=seed,
            verbose=verbose,
        )
        about = None if adding is None else adding.about(models.max_models)
        return made, float(models.train_size), about
    known = models.record_hashes
    if known is None or not np.array_equal(known, pool.hashes):
        raise ValueError(
            "The 'shadows' parameter must be a ShadowSignals of the rows of this "
            f"audit, {len(pool.y)} of them: members first, then non-members, all that "
            f"have a weight. Got {models!r}, "
            + ("without record_hashes." if known is None else "of other rows.")
            + " Pass fit_shadows(estimator, X, y) of these rows, or a ShadowModels."
        )
    if pool.persons is not None:
        check_drawn_whole(models.member, pool.persons)
    return models, float(models.member.mean()), None


def describe_shadows(
    shadows: int | Literal["auto"] | ShadowModels | ShadowSignals,
) -> dict[str, Any]:
    """What of `shadows` decides the figures, for the report's settings."""
    if isinstance(shadows, ShadowSignals):
        return {"given": repr(shadows)}
    if isinstance(shadows, str):
        shadows = ShadowModels("auto")
    if not isinstance(shadows, ShadowModels):
        return {"n_models": int(shadows)}
    decide_nothing = {"keep_models", "cache_dir"}
    if shadows.n_models != "auto":
        decide_nothing |= {"max_models", "precision"}
    params = shadows.get_params()
    return {k: v for k, v in params.items() if k not in decide_nothing}
