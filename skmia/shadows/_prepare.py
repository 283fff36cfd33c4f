"""What a call of fit_shadows asks for: arguments checked, shadows drawn."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia._models import (
    bare_clone,
    check_can_be_refitted,
    check_has_response,
    check_hook,
    check_is_classifier,
    draw_seeds,
    gives_confidences,
    look_inside,
    shadow_recipe,
    unwrap_frozen,
)
from skmia._tables import (
    Copies,
    Queries,
    any_copy,
    check_alignment,
    draw_units,
    has_no_weight,
)
from skmia.shadows._counterfactual import Plan, find_plan
from skmia.shadows._design import draw_design, draw_in_steps
from skmia.shadows._models import ShadowModels
from skmia.shadows._pool import Pool, make_pool
from skmia.shadows._signals import STORED
from skmia.shadows._task import ShadowTask
from skmia.shadows._virtual import n_virtual
from skmia.utils import check_groups, own_random_state


class Prepared(NamedTuple):
    """What follows from the arguments, and what was drawn."""

    task: ShadowTask
    pool: Pool
    hashes: NDArray[np.uint64]
    # Number of what is drawn together with each record.
    units: NDArray[np.intp]
    member: NDArray[np.bool_]
    seeds: NDArray[np.int64]
    # Why there is no closed form, where there is none.
    why_not: str
    # Whether the design is of shadows that cost no fit.
    without_fits: bool

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Which records each shadow learns from.

        Of weight 0 a row is passed to the fit, as to the target's, and not learned
        from.
        """
        return self.member & ~has_no_weight(self.pool.metadata, len(self.hashes))

    @property
    def weightless(self) -> NDArray[np.bool_]:
        """Records that no fit learns from, nor from a copy of them."""
        has_weight = ~has_no_weight(self.pool.metadata, len(self.hashes))
        return ~any_copy(has_weight[None], self.hashes)[0]


def prepare(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    models: ShadowModels,
    random_state: int | np.random.RandomState | None,
    params: Mapping[str, Any] | None,
    groups: ArrayLike | None = None,
    fit: Callable[..., Any] | None = None,
    *,
    without_fits: bool = True,
    steps: list[int] | None = None,
) -> Prepared:
    """Check every argument, then draw the design and the seeds.

    With `without_fits` for shadows that cost no fit, where they do. With `steps` the
    first so many shadows are a design as well.
    """
    check_hook(fit)
    target = unwrap_frozen(estimator)
    estimator = shadow_recipe(target)
    check_is_classifier(estimator)
    stands_in = estimator is not target
    if not models.refit_search:
        estimator, _ = look_inside(estimator)
    check_can_be_refitted(estimator, params if isinstance(params, Mapping) else None)
    if stands_in and gives_confidences(target):
        check_has_response(estimator)
    pool, classes, rest, hashes = make_pool(X, y, params, "fit_shadows")

    rng = own_random_state(random_state)
    beside = {} if hasattr(X, "iloc") else {"y": y}
    check_alignment(X, beside | {"groups": groups})
    persons = None if groups is None else check_groups(groups, len(hashes))
    if persons is not None:
        _check_largest(persons, float(models.train_size))
    labels_only = stands_in and not gives_confidences(target)
    plan: Plan | str = find_plan(
        estimator,
        params,
        len(hashes),
        persons=persons is not None,
        other=_other_reason(models, fit, labels_only or stands_in),
    )
    if models.counterfactual is True and isinstance(plan, str):
        raise no_closed_form(plan)
    n_asked = steps[0] if steps else int(models.n_models)
    n_made = None
    if without_fits:
        n_made = n_virtual(plan, estimator, pool, rest, models, n_asked)
    units = draw_units(hashes, persons)
    size = float(models.train_size)
    if n_made is None and steps:
        member = draw_in_steps(pool.columns, steps, size, rng, units=units)
    else:
        number = n_asked if n_made is None else n_made
        member = draw_design(pool.columns, number, size, rng, units=units)
    n_models = len(member)
    _, first = np.unique(hashes, return_index=True)
    rarest = np.bincount(pool.columns[first]).min()
    for k, rows in enumerate(member & ~has_no_weight(pool.metadata, len(hashes))):
        if np.count_nonzero(np.bincount(pool.columns[rows])) < 2:
            whole, of = ",", "records"
            if persons is not None:
                of = "persons"
                whole = f", {len(np.unique(persons))} persons drawn whole,"
            raise ValueError(
                f"Shadow {k} would be fitted on {rows.sum()} of {len(rows)} records, "
                f"of fewer than two classes: with 'train_size'={models.train_size}"
                f"{whole} and {rarest} distinct records of the rarest class, "
                f"classes are left out. Pass more {of} of the rare classes, or a "
                "larger fraction."
            )
    seeds = draw_seeds(rng, n_models)
    queries = Queries.checked(
        models.n_queries, models.perturb, models.noise, models.flip_rate
    )
    if queries.n_queries:
        # Drawn last: the shadows are those that would be asked about records alone.
        queries = replace(queries, seed=int(draw_seeds(rng, 1)[0]))
        pool.copies = Copies(queries, pool.X)
    # Workers are sent the recipe, and not what the target has learnt.
    recipe = bare_clone(estimator)
    keep = bool(models.keep_models)
    found, why_not = (None, plan) if isinstance(plan, str) else (plan, "")
    task = ShadowTask(
        recipe,
        classes,
        STORED,
        rest,
        keep,
        fit,
        labels_only,
        found,
    )
    for model in (target, estimator):
        task.remember(model)
    made = n_made is not None
    return Prepared(task, pool, hashes, units, member, seeds, why_not, made)


def _other_reason(models: ShadowModels, fit: Any, labels_only: bool) -> str | None:
    """Say why there is no closed form, whatever the classifier."""
    if not models.counterfactual:
        return "it was switched off with counterfactual=False"
    if fit is not None:
        return "a fit of your own may do anything with the rows"
    if models.n_queries:
        return "answers are means over perturbed copies, with n_queries"
    if labels_only:
        return "the target gives labels only"
    return None


def no_closed_form(why: str) -> ValueError:
    return ValueError(
        "The 'counterfactual' parameter must be 'auto' or False where shadow models "
        f"have no closed form. Got True instead, and {why}."
    )


def _check_largest(persons: NDArray[np.intp], train_size: float) -> None:
    """Raise where one person has more rows than a shadow is fitted on."""
    largest, n = int(np.bincount(persons).max()), len(persons)
    if largest > round(train_size * n):
        raise ValueError(
            f"The 'groups' parameter has a person with {largest} of {n} records, and "
            f"with 'train_size'={train_size:g} a shadow is fitted on about "
            f"{round(train_size * n)}: no shadow could hold this person and be like "
            "the target. Leave this person's rows out, or some of them, or check that "
            "`groups` has the name of a person and not of a larger group."
        )
